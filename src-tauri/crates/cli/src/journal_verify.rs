//! `doorward journal verify`: reads the whole chain and every list beside it, of the home's journal, of a copy, or of an
//! export; works beside a running Doorward and writes nothing. Then whether the passkeys' signatures in it, and the releases
//! that went by them, hold; of an export it names each, for which nothing but the export is needed.

use crate::{failure::Failure, history, journal_proofs, say};
use journal::{BadEntry, Journal, RootKey, Verified, VerifiedExport};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

pub(crate) fn run(dir: &Path, file: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let Some(file) = file else {
        let Some(journal) = history::open(dir)? else {
            say("The journal has not begun: no call was made in this home.");
            return Ok(ExitCode::SUCCESS);
        };
        return told_of(&journal);
    };
    // Elsewhere there may be no home, and the chain can be checked without its key.
    let key = history::key(dir).ok().flatten();
    let cannot = |error: std::io::Error| {
        Failure::new(format!("cannot read `{}`: {error}", file.display()), "name a journal or an export")
    };
    let mut start = Vec::new();
    File::open(&file).and_then(|file| file.take(16).read_to_end(&mut start)).map_err(cannot)?;
    if start.starts_with(b"SQLite format 3") {
        let key = key.map_or_else(history::unrelated_key, Ok)?;
        let journal = Journal::open_to_read(&file, &key).map_err(|error| history::failed(&error))?;
        return told_of(&journal);
    }
    let open = || File::open(&file).map(BufReader::new).map_err(cannot);
    told_of_export(&mut open()?, &mut open()?, key.as_ref())
}

fn told_of(journal: &Journal) -> Result<ExitCode, Failure> {
    let verified = journal.verify();
    let is_whole = verified.is_ok();
    let code = tell(verified, whole);
    if !is_whole {
        return Ok(code);
    }
    let audit = journal_proofs::audit_own(journal).map_err(|error| history::failed(&error))?;
    Ok(journal_proofs::tell_own(&audit))
}

/// Read twice: first for its passkeys, as a journal that lost its beginning says them again further on.
fn told_of_export(
    first: &mut impl BufRead,
    again: &mut impl BufRead,
    key: Option<&RootKey>,
) -> Result<ExitCode, Failure> {
    match journal_proofs::audit(first, again, key) {
        Ok((verified, audit)) => {
            exported(&verified);
            Ok(journal_proofs::tell(&audit))
        }
        Err(bad) => Ok(tell(Err::<(), _>(bad), |()| {})),
    }
}

fn tell<T>(result: Result<T, BadEntry>, whole: impl FnOnce(&T)) -> ExitCode {
    match result {
        Ok(verified) => {
            whole(&verified);
            ExitCode::SUCCESS
        }
        Err(bad) => {
            let name = bad.name();
            let mut letters = name.chars();
            let name: String =
                letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
            say(format_args!("{name} is bad: {}.", bad.why));
            say(
                "Entries before it are as they were written; restore a backup, and find out who wrote to the file.",
            );
            ExitCode::FAILURE
        }
    }
}

fn whole(verified: &Verified) {
    say(format_args!("The journal is whole: {} entries, each as it was written.", verified.entries));
    if verified.cut > 0 {
        say(format_args!(
            "{} older ones were removed by the settings for how long history is kept.",
            verified.cut
        ));
    }
    if verified.replaced > 0 {
        say(format_args!(
            "{} of them were shortened since: without secrets, or without a body.",
            verified.replaced
        ));
    }
    if verified.unreadable > 0 {
        say(format_args!(
            "{} of them were sealed with a key that is gone: in place, but not readable.",
            verified.unreadable
        ));
    }
}

fn exported(verified: &VerifiedExport) {
    say(format_args!("The export is whole: {} entries, each in its place.", verified.entries));
    match verified.is_ours {
        Some(true) => say("This home wrote it, and what it says is what is on record."),
        Some(false) => say("It was not written with this home's key: compare its last line with its home's."),
        None => {
            say("No root key is at hand: its home can also tell that the bodies are as they were written.")
        }
    }
}
