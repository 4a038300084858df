//! `doorward journal verify`: reads the whole chain; works beside a running Doorward and writes nothing.

use crate::{failure::Failure, history, say};
use std::{path::Path, process::ExitCode};

pub(crate) fn run(dir: &Path) -> Result<ExitCode, Failure> {
    let Some(journal) = history::open(dir)? else {
        say("The journal has not begun: no call was made in this home.");
        return Ok(ExitCode::SUCCESS);
    };
    match journal.verify() {
        Ok(verified) => {
            say(format_args!("The journal is whole: {} entries, each as it was written.", verified.entries));
            if verified.unreadable > 0 {
                say(format_args!(
                    "{} of them were sealed with a key that is gone: in place, but not readable.",
                    verified.unreadable
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(bad) => {
            say(format_args!("Entry {} is bad: {}.", bad.seq, bad.why));
            say(
                "Entries before it are as they were written; restore a backup, and find out who wrote to the file.",
            );
            Ok(ExitCode::FAILURE)
        }
    }
}
