//! Files only their owner can read, written whole or not at all; the check that a home folder is private.

use super::error::{FileError, HomeError};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

/// Longest settings, book or policy file taken, in bytes.
pub(super) const FILE_LIMIT: u64 = 1024 * 1024;

/// The home folder must be a folder, ours, and open to nobody else.
///
/// It looks at the mode rather than trying to open something: for root every file opens.
pub(super) fn check_private(path: &Path) -> Result<(), HomeError> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(HomeError::Absent { path: path.to_owned() });
        }
        Err(error) => return Err(FileError::io("look at the home folder", path)(error).into()),
    };
    if !meta.is_dir() {
        return Err(HomeError::NotAFolder { path: path.to_owned() });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(HomeError::NotOurs { path: path.to_owned(), uid: meta.uid() });
        }
        let mode = meta.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(HomeError::TooOpen { path: path.to_owned(), mode });
        }
        if mode != 0o700 {
            return Err(HomeError::Closed { path: path.to_owned(), mode });
        }
    }
    Ok(())
}

/// Makes the folder (and those above it) with mode 0700; an existing folder is left as it is.
pub(crate) fn make_private(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(FileError::io("make the folder", path))
}

/// Options for a file with mode 0600.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Reads a whole text file of at most [`FILE_LIMIT`] bytes.
pub(crate) fn read_text(path: &Path) -> Result<String, FileError> {
    let failed = || FileError::io("read", path);
    let file = File::open(path).map_err(failed())?;
    let bytes = file.metadata().map_err(failed())?.len();
    let mut text = Vec::new();
    // One byte more than the limit, so that a file growing meanwhile is seen.
    file.take(FILE_LIMIT + 1).read_to_end(&mut text).map_err(failed())?;
    if bytes > FILE_LIMIT || text.len() as u64 > FILE_LIMIT {
        let bytes = bytes.max(text.len() as u64);
        return Err(FileError::TooLarge { path: path.to_owned(), bytes, limit: FILE_LIMIT });
    }
    String::from_utf8(text).map_err(|_| FileError::NotText { path: path.to_owned() })
}

/// Replaces `path` by `text` in one step: a reader sees the old file or the new one, and a crash leaves one.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), FileError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // The leading dot keeps a left-over of a crash from being read as a policy.
    let temporary = path.with_file_name(format!(".{name}.{}-{count}", std::process::id()));
    let written = write_new(&temporary, text).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // The first error is the one to tell; a left-over is harmless.
        let _ = fs::remove_file(&temporary);
        return Err(FileError::io("write", path)(error));
    }
    // The rename is durable once the folder is.
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(FileError::io("write", path))?;
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private().write(true).create(true).truncate(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
