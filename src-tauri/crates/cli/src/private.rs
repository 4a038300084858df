//! What `doorward serve` does before anything else: foreign code in its environment is left behind, and other programs
//! of the same user cannot read its memory.

use crate::failure::Failure;
use std::ffi::{OsStr, OsString};

/// Make every dynamically linked program load foreign code.
const LOADS_CODE: [&str; 4] = ["LD_PRELOAD", "LD_AUDIT", "GTK_MODULES", "GTK3_MODULES"];

/// Starts again without what would load foreign code; the second time there is none. No dump of the memory, in which
/// secrets pass, is written, and no other program of the same user may look into it.
pub(crate) fn become_private() -> Result<(), Failure> {
    let unwanted = unwanted(std::env::vars_os().map(|(name, _)| name));
    if !unwanted.is_empty() {
        return Err(start_again(&unwanted));
    }
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).map_err(
        |error| {
            Failure::new(
                format!("other programs could read this one's memory: {error}"),
                "see the system's limits on prctl",
            )
        },
    )?;
    Ok(())
}

fn unwanted(names: impl Iterator<Item = OsString>) -> Vec<OsString> {
    names.filter(|name| LOADS_CODE.iter().any(|known| OsStr::new(known) == name)).collect()
}

/// Comes back only if it could not.
fn start_again(without: &[OsString]) -> Failure {
    use std::os::unix::process::CommandExt as _;
    let failed = |error: std::io::Error| {
        let listed = without.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join(", ");
        Failure::new(format!("cannot start again without {listed}: {error}"), format!("unset {listed}"))
    };
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(error),
    };
    let mut again = std::process::Command::new(program);
    again.args(std::env::args_os().skip(1));
    for name in without {
        again.env_remove(name);
    }
    failed(again.exec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loads_foreign_code_is_left_behind_and_nothing_else() {
        let given = ["HOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "GTK_MODULES", "PATH"].map(OsString::from);
        assert_eq!(unwanted(given.into_iter()), ["LD_PRELOAD", "GTK_MODULES"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_memory_of_a_private_process_cannot_be_read_by_others() {
        become_private().unwrap();
        let now = rustix::process::dumpable_behavior().unwrap();
        assert_eq!(now, rustix::process::DumpableBehavior::NotDumpable);
    }
}
