//! One file, read as text and written as a whole or not at all. What was seen is compared with what stands there at the
//! very moment of writing: another program's edit is never lost.
//!
//! The new text is written beside the file and then changes places with it in one step, where the system can; what came
//! out is compared once more, and put back if it is not what was seen. A symlink stays, its target is written; the mode
//! stays; a file that somebody made read-only is theirs.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

/// Larger files are not read: no configuration is that long.
pub const LARGEST: u64 = 32 * 1024 * 1024;

/// Why a file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    #[error("`{}` cannot be {what}: {error}", .path.display())]
    Io { path: PathBuf, what: &'static str, error: io::Error },
    #[error("`{}` is no file", .path.display())]
    NotAFile { path: PathBuf },
    #[error("`{}` is larger than {} MB", .path.display(), LARGEST / 1024 / 1024)]
    TooLarge { path: PathBuf },
    #[error("`{}` is not UTF-8 text", .path.display())]
    NotText { path: PathBuf },
    #[error("`{}` is read-only", .path.display())]
    ReadOnly { path: PathBuf },
    #[error("`{}` has a second name on this disk, which would go on with the old text", .path.display())]
    HardLinked { path: PathBuf },
    #[error("`{}` was changed by something else meanwhile", .path.display())]
    Changed { path: PathBuf },
}

impl DiskError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            DiskError::Io { .. } => "check that the disk has room and that the file and its folder are yours",
            DiskError::NotAFile { .. } => "look at what stands there",
            DiskError::TooLarge { .. } => "change it by hand",
            DiskError::NotText { .. } => "save it as UTF-8",
            DiskError::ReadOnly { .. } => "make it writable, or leave this file out",
            DiskError::HardLinked { .. } => "use a symlink in place of the second name",
            DiskError::Changed { .. } => "look at the change again; nothing was written",
        }
    }
}

/// The text of a file; none where there is none.
///
/// # Errors
/// [`DiskError`], and never part of a file.
pub fn read(path: &Path) -> Result<Option<String>, DiskError> {
    let failed = |what| move |error| DiskError::Io { path: path.to_owned(), what, error };
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        // A dangling symlink is a file that is yet to be made.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(failed("read")(error)),
    };
    if !meta.is_file() {
        return Err(DiskError::NotAFile { path: path.to_owned() });
    }
    if meta.len() > LARGEST {
        return Err(DiskError::TooLarge { path: path.to_owned() });
    }
    let bytes = fs::read(path).map_err(failed("read"))?;
    String::from_utf8(bytes).map(Some).map_err(|_| DiskError::NotText { path: path.to_owned() })
}

/// Puts `new` in the place of `seen`; none is no file.
///
/// # Errors
/// [`DiskError::Changed`] where something else stands there by now; nothing was changed then, as with every other error.
pub fn write(path: &Path, seen: Option<&str>, new: Option<&str>) -> Result<(), DiskError> {
    let target = target(path)?;
    if read(&target)?.as_deref() != seen {
        return Err(DiskError::Changed { path: path.to_owned() });
    }
    match (seen, new) {
        (None, None) => Ok(()),
        (Some(_), None) => {
            writable(&target)?;
            fs::remove_file(&target).map_err(|error| io_error(&target, "removed", error))
        }
        (seen, Some(new)) => put(&target, seen, new),
    }
}

fn io_error(path: &Path, what: &'static str, error: io::Error) -> DiskError {
    DiskError::Io { path: path.to_owned(), what, error }
}

/// The file itself, behind symlinks; the last part of it may not exist yet.
fn target(path: &Path) -> Result<PathBuf, DiskError> {
    match fs::canonicalize(path) {
        Ok(target) => Ok(target),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(link) => Ok(path.parent().unwrap_or(Path::new("/")).join(link)),
            Err(_) => Ok(path.to_owned()),
        },
        Err(error) => Err(io_error(path, "found", error)),
    }
}

fn writable(path: &Path) -> Result<fs::Metadata, DiskError> {
    let meta = fs::metadata(path).map_err(|error| io_error(path, "read", error))?;
    if meta.permissions().readonly() {
        return Err(DiskError::ReadOnly { path: path.to_owned() });
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&meta) > 1 {
        return Err(DiskError::HardLinked { path: path.to_owned() });
    }
    Ok(meta)
}

fn put(path: &Path, seen: Option<&str>, new: &str) -> Result<(), DiskError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let before = seen.map(|_| writable(path)).transpose()?;
    fs::create_dir_all(folder).map_err(|error| io_error(folder, "made", error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = folder.join(format!(".{name}.doorward-{}", std::process::id()));
    let done = written(&beside, new, before.as_ref()).and_then(|()| swap(path, &beside, seen));
    if done.is_err() {
        // What is left is ours, and half of nothing.
        let _ = fs::remove_file(&beside);
    }
    done
}

/// The new text on the disk, with the mode of the old.
fn written(beside: &Path, new: &str, before: Option<&fs::Metadata>) -> Result<(), DiskError> {
    let failed = |error| io_error(beside, "written", error);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    // Nobody else may read it before its mode is the file's.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = fs::remove_file(beside);
    let mut file = options.open(beside).map_err(failed)?;
    file.write_all(new.as_bytes()).map_err(failed)?;
    if let Some(before) = before {
        file.set_permissions(before.permissions()).map_err(failed)?;
    }
    file.sync_all().map_err(failed)
}

fn swap(path: &Path, beside: &Path, seen: Option<&str>) -> Result<(), DiskError> {
    let changed = || DiskError::Changed { path: path.to_owned() };
    let Some(seen) = seen else {
        // Fails where a file came into being meanwhile.
        return match fs::hard_link(beside, path) {
            Ok(()) => fs::remove_file(beside).map_err(|error| io_error(beside, "removed", error)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(changed()),
            Err(error) => Err(io_error(path, "made", error)),
        };
    };
    if exchange(path, beside) {
        if read(beside)?.as_deref() == Some(seen) {
            return fs::remove_file(beside).map_err(|error| io_error(beside, "removed", error));
        }
        // Somebody else's text came out: it goes back in.
        exchange(path, beside);
        return Err(changed());
    }
    if read(path)?.as_deref() != Some(seen) {
        return Err(changed());
    }
    fs::rename(beside, path).map_err(|error| io_error(path, "replaced", error))
}

/// False where the system or the disk cannot.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> bool {
    false
}
