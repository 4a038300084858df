//! `doorward journal verify`: reads the whole chain; works beside a running Doorward and writes nothing.

use crate::{failure::Failure, say};
use gateway::{
    home::{Home, KeychainKind, Paths},
    keychain,
};
use journal::{Journal, RootKey};
use std::{path::Path, process::ExitCode};

pub(crate) fn run(dir: &Path) -> Result<ExitCode, Failure> {
    let settings = Home::peek(dir)?;
    let path = Paths::new(dir).journal();
    if !path.exists() {
        say("The journal has not begun: no call was made in this home.");
        return Ok(ExitCode::SUCCESS);
    }
    let key = match settings.keychain {
        KeychainKind::Os => keychain::existing_root_key(&*keychain::open(KeychainKind::Os), &settings.id)
            .map_err(|error| Failure::new(error.to_string(), error.hint()))?,
        // The key was in the memory of the process that wrote: the chain can be checked without it.
        KeychainKind::Memory => unrelated_key()?,
    };
    let failed = |error: &dyn std::fmt::Display| Failure::new(error.to_string(), "");
    let journal = Journal::open_to_read(&path, &key).map_err(|error| failed(&error))?;
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

fn unrelated_key() -> Result<RootKey, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(format!("the system gives no random bytes: {error}"), "restart the machine")
    })?;
    Ok(RootKey::new(bytes))
}
