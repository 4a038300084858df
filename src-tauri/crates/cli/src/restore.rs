//! `doorward restore`: a backup becomes a home again, with the passphrase typed at a terminal.

use crate::{args::Restore, failure::Failure, init::typed, note, prompt, say};
use gateway::{
    backup::{self, BackupError},
    home::KeychainKind,
    keychain,
};
use policy::Timestamp;
use std::{
    fs,
    path::Path,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

/// Far more than any home's policies.
const LONGEST: u64 = 64 * 1024 * 1024;

pub(crate) fn run(home: &Path, options: &Restore) -> Result<ExitCode, Failure> {
    let unreadable = |why: String| {
        Failure::new(format!("cannot read `{}`: {why}", options.file.display()), "check the path")
    };
    let length = fs::metadata(&options.file).map_err(|error| unreadable(error.to_string()))?.len();
    if length > LONGEST {
        return Err(refused(&BackupError::NotABackup));
    }
    let bytes = fs::read(&options.file).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refused(&BackupError::NotABackup))?;
    let typed_in = prompt::hidden("Passphrase of the backup (it is not shown)")?;
    let passphrase = std::str::from_utf8(&typed_in).map_err(|_| refused(&BackupError::WrongPassphrase))?;
    let keychain = keychain::open(KeychainKind::Os);
    let restored = backup::restore(&text, passphrase, home, &keychain, now(), options.older)
        .map_err(|error| refused(&error))?;
    say(format_args!("Restored the home `{}` from the backup of {}.", home.display(), restored.made));
    for secret in restored.secrets {
        note(format_args!("Type this secret anew: {} upstream secret {secret}", typed(home)));
    }
    say(format_args!("Next: {} serve    # or open the desktop app", typed(home)));
    Ok(ExitCode::SUCCESS)
}

fn refused(error: &BackupError) -> Failure {
    Failure::new(error.to_string(), error.hint())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
