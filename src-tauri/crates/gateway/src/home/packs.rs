//! The shipped packs, built into the program: what a home can begin with, and what can be added to one later.

/// A folder of policies as it is shipped.
#[derive(Clone, Copy, Debug)]
pub struct Pack {
    pub name: &'static str,
    /// Path below the pack's folder, and text.
    pub files: &'static [(&'static str, &'static str)],
}

macro_rules! pack {
    ($name:literal: $($path:literal),* $(,)?) => {
        Pack {
            name: $name,
            files: &[$(($path, include_str!(concat!("../../../../../policies/", $name, "/", $path)))),*],
        }
    };
}

const STARTER: Pack = pack!["starter":
    "README.md", "cases.toml", "customer-deletion.toml", "expense-limit.toml", "flows/owner.toml", "payments.toml",
    "set.toml", "writers.toml"
];

/// Every pack, in the order in which they are offered.
pub const PACKS: &[Pack] = &[
    STARTER,
    pack!["filesystem":
        "README.md", "cases.toml", "contexts/unattended.toml", "moving.toml", "outside.toml", "secrets.toml",
        "set.toml", "writing-unattended.toml"
    ],
    pack!["git":
        "README.md", "cases.toml", "commits.toml", "force.toml", "protected.toml", "push.toml", "remotes.toml",
        "set.toml"
    ],
    pack!["payments":
        "README.md", "cases.toml", "contexts/night.toml", "currencies.toml", "flows/finance.toml", "flows/two.toml",
        "large.toml", "nights.toml", "pace.toml", "proof.toml", "refunds.toml", "set.toml"
    ],
    pack!["database":
        "README.md", "cases.toml", "flows/database.toml", "more-than-one.toml", "reading.toml", "set.toml",
        "schema-changes.toml", "writing.toml"
    ],
    pack!["strict-home":
        "README.md", "cases.toml", "destroying.toml", "flows/owner.toml", "guests.toml", "locked.toml",
        "reading.toml", "set.toml"
    ],
];

impl Pack {
    #[must_use]
    pub fn named(name: &str) -> Option<Pack> {
        PACKS.iter().copied().find(|pack| pack.name == name)
    }
}

/// What every new home is made with.
pub(super) const fn starter() -> Pack {
    STARTER
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    #[test]
    fn every_shipped_file_of_every_shipped_pack_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        let folders = fs::read_dir(&root).unwrap().flatten().filter(|entry| entry.path().is_dir());
        let there: BTreeSet<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        let built: BTreeSet<String> = PACKS.iter().map(|pack| pack.name.to_owned()).collect();
        assert_eq!(built, there);
        for pack in PACKS {
            let mut there = BTreeSet::new();
            for folder in ["", "flows", "contexts"] {
                let Ok(entries) = fs::read_dir(root.join(pack.name).join(folder)) else { continue };
                for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
                    let name = entry.file_name().into_string().unwrap();
                    there.insert(if folder.is_empty() { name } else { format!("{folder}/{name}") });
                }
            }
            let built: BTreeSet<String> = pack.files.iter().map(|(path, _)| (*path).to_owned()).collect();
            assert_eq!(built, there, "{}", pack.name);
        }
    }
}
