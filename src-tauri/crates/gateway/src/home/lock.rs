//! One process owns a home: it holds the lock on `lock`, which names it for everybody else.

use super::{
    error::{FileError, HomeError},
    folder,
};
use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

/// The lock on a home folder; the operating system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(home: &Path, path: &Path) -> Result<Lock, HomeError> {
        let failed = || FileError::io("lock", path);
        let mut file = folder::private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who holds it is a courtesy: an unreadable number must not hide that it is held.
                let _ = file.take(20).read_to_string(&mut text);
                return Err(HomeError::InUse { path: home.to_owned(), pid: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(failed()(error).into()),
        }
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{}", std::process::id()))
            .map_err(failed())?;
        Ok(Lock { _file: file })
    }
}
