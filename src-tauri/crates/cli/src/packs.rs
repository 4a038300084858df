//! What `doorward init --pack` begins a home with.

use crate::{args::PackName, failure::Failure};
use gateway::home::{Pack, Paths, write_document, write_documents};
use policy::Documents;
use std::path::Path;

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
    if pack == PackName::Starter {
        return Ok(());
    }
    let files = Pack::named(name(pack)).map(|pack| pack.files).unwrap_or_default();
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
    use clap::ValueEnum;

    #[test]
    fn every_pack_that_can_be_named_is_built_in() {
        for pack in PackName::value_variants() {
            assert!(Pack::named(name(*pack)).is_some(), "{pack:?}");
        }
    }
}
