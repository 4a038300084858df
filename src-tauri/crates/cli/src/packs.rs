//! The shipped packs, built into the program: what `doorward init --pack` begins a home with.

use crate::{args::PackName, failure::Failure};
use gateway::home::{Paths, write_document, write_documents};
use policy::Documents;
use std::path::Path;

/// Path below `policies/`, and text.
type Files = &'static [(&'static str, &'static str)];

macro_rules! pack {
    ($name:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../policies/", $name, "/", $path)))),*]
    };
}

const DATABASE: Files = pack!["database":
    "README.md", "cases.toml", "flows/database.toml", "more-than-one.toml", "reading.toml", "set.toml",
    "schema-changes.toml", "writing.toml"
];
const FILESYSTEM: Files = pack!["filesystem":
    "README.md", "cases.toml", "contexts/unattended.toml", "moving.toml", "outside.toml", "secrets.toml", "set.toml",
    "writing-unattended.toml"
];
const GIT: Files = pack!["git":
    "README.md", "cases.toml", "commits.toml", "force.toml", "protected.toml", "push.toml", "remotes.toml", "set.toml"
];
const PAYMENTS: Files = pack!["payments":
    "README.md", "cases.toml", "contexts/night.toml", "currencies.toml", "flows/finance.toml", "flows/two.toml",
    "large.toml", "nights.toml", "pace.toml", "proof.toml", "refunds.toml", "set.toml"
];
const STRICT_HOME: Files = pack!["strict-home":
    "README.md", "cases.toml", "destroying.toml", "flows/owner.toml", "guests.toml", "locked.toml", "reading.toml",
    "set.toml"
];

pub(crate) fn name(pack: PackName) -> &'static str {
    match pack {
        PackName::Starter => "starter",
        PackName::Database => "database",
        PackName::Filesystem => "filesystem",
        PackName::Git => "git",
        PackName::Payments => "payments",
        PackName::StrictHome => "strict-home",
    }
}

/// Makes a new home's policies exactly this pack. Every home is made with the starter pack first.
pub(crate) fn install(pack: PackName, home: &Path) -> Result<(), Failure> {
    let files = match pack {
        PackName::Starter => return Ok(()),
        PackName::Database => DATABASE,
        PackName::Filesystem => FILESYSTEM,
        PackName::Git => GIT,
        PackName::Payments => PAYMENTS,
        PackName::StrictHome => STRICT_HOME,
    };
    let policies = Paths::new(home).policies();
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    let documents: Documents = files.iter().filter(|(path, _)| Documents::takes(path)).map(owned).collect();
    write_documents(&policies, &documents)?;
    for (path, text) in files.iter().filter(|(path, _)| !Documents::takes(path)) {
        write_document(&policies, path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs};

    #[test]
    fn every_shipped_file_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        for (pack, files) in [
            ("database", DATABASE),
            ("filesystem", FILESYSTEM),
            ("git", GIT),
            ("payments", PAYMENTS),
            ("strict-home", STRICT_HOME),
        ] {
            let mut there = BTreeSet::new();
            for folder in ["", "flows", "contexts"] {
                let Ok(entries) = fs::read_dir(root.join(pack).join(folder)) else { continue };
                for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
                    let name = entry.file_name().into_string().unwrap();
                    there.insert(if folder.is_empty() { name } else { format!("{folder}/{name}") });
                }
            }
            let built: BTreeSet<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
            assert_eq!(built, there, "{pack}");
        }
    }
}
