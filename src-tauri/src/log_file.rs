//! The log that a person can open: `doorward.log` in the home folder, for its user's eyes only, two files of at most
//! half a megabyte. What is noted before the home is known to be ours waits in memory; a folder that is none gets nothing.
//!
//! What is written are ids and reasons, never arguments, answers or secrets (I8): that is up to whoever notes it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Of each of the two files.
const LARGEST: u64 = 512 * 1024;
/// Kept in memory until there is a file.
const EARLY: usize = 64 * 1024;

/// Where the program notes what happened; clones write to the same place.
#[derive(Clone, Default)]
pub(crate) struct LogFile(Arc<Mutex<Place>>);

#[derive(Default)]
struct Place {
    early: Vec<u8>,
    open: Option<Open>,
}

struct Open {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl LogFile {
    /// From now on into `path`, beginning with what waited. A log that cannot be written stops nothing.
    pub(crate) fn keep_in(&self, path: &Path) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match Open::at(path) {
            Ok(mut open) => {
                let early = std::mem::take(&mut place.early);
                // The second-best place for a complaint about the log is nowhere.
                let _ = open.write(&early);
                place.open = Some(open);
            }
            Err(error) => eprintln!("doorward-desktop: `{}` cannot be written: {error}", path.display()),
        }
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Open> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        Ok(Open { path: path.to_owned(), bytes: file.metadata()?.len(), file })
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let more = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.bytes > 0 && self.bytes.saturating_add(more) > LARGEST {
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
            *self = Open::at(&self.path)?;
        }
        self.file.write_all(line)?;
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Two fields at once, through the lock's guard.
        let place = &mut *place;
        match &mut place.open {
            Some(open) => open.write(line)?,
            None if place.early.len() + line.len() <= EARLY => place.early.extend_from_slice(line),
            None => {}
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_begins_with_what_waited_and_never_takes_more_than_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.log");
        let mut log = LogFile::default();
        log.write_all(b"early\n").unwrap();
        assert!(!path.exists());
        log.keep_in(&path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "early\n");
        let line = [b'x'; 1000];
        for _ in 0..2_000 {
            log.write_all(&line).unwrap();
        }
        let sizes: Vec<u64> = ["doorward.log", "doorward.log.1"]
            .map(|name| fs::metadata(folder.path().join(name)).unwrap().len())
            .to_vec();
        assert!(sizes.iter().all(|size| *size <= LARGEST && *size > 0), "{sizes:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        #[cfg(unix)]
        for entry in fs::read_dir(folder.path()).unwrap() {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_log_that_has_no_place_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = LogFile::default();
        log.keep_in(&folder.path().join("no/such/doorward.log"));
        for _ in 0..200 {
            log.write_all(&[b'x'; 1000]).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
