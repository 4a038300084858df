//! Looks for the library the tray icon needs, because the tray panics where it is missing.
//! Looks where the dynamic linker looks, at files of this machine's word size only; loads nothing.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// In the order in which the tray tries them.
const NAMES: [&str; 4] = [
    "libayatana-appindicator3.so.1",
    "libappindicator3.so.1",
    "libayatana-appindicator3.so",
    "libappindicator3.so",
];

/// The library that would be loaded, if there is one in these folders.
pub fn find(folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = folders.into_iter().collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| is_ours(path))
}

/// The folders of the dynamic linker: its variable, its configuration, its defaults.
#[must_use]
pub fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("LD_LIBRARY_PATH").iter().flat_map(std::env::split_paths).collect();
    folders.extend(configured(Path::new("/etc/ld.so.conf.d")));
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    for root in ["/lib", "/usr/lib", "/usr/local/lib"] {
        folders.push(Path::new(root).join(&triplet));
    }
    folders.extend(
        ["/lib64", "/usr/lib64", "/usr/local/lib64", "/lib", "/usr/lib", "/usr/local/lib"].map(PathBuf::from),
    );
    folders
}

/// The folders named in the linker's configuration files.
fn configured(directory: &Path) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<PathBuf> = files
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(OsStr::new("conf")))
        .collect();
    files.sort();
    let texts = files.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    texts
        .flat_map(|text| {
            text.lines()
                .map(str::trim)
                .filter(|line| line.starts_with('/'))
                .map(PathBuf::from)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// An ELF file of this program's word size: a 32-bit library beside a 64-bit program does not count.
fn is_ours(path: &Path) -> bool {
    let class = if cfg!(target_pointer_width = "64") { 2 } else { 1 };
    let mut head = [0_u8; 5];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == [0x7f, b'E', b'L', b'F', class]
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER_WORD_SIZE: u8 = if cfg!(target_pointer_width = "64") { 1 } else { 2 };

    fn library(folder: &Path, name: &str, class: u8) {
        std::fs::write(folder.join(name), [0x7f, b'E', b'L', b'F', class, 1, 1]).unwrap();
    }

    #[test]
    fn nothing_is_found_where_there_is_nothing() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(find([empty.path().to_owned(), PathBuf::from("/does/not/exist")]), None);
    }

    #[test]
    fn a_library_of_another_word_size_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        library(folder.path(), NAMES[0], OTHER_WORD_SIZE);
        assert_eq!(find([folder.path().to_owned()]), None);
    }

    #[test]
    fn the_maintained_library_is_preferred_over_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        library(folder.path(), NAMES[1], 3 - OTHER_WORD_SIZE);
        assert_eq!(find([folder.path().to_owned()]), Some(folder.path().join(NAMES[1])));
        library(folder.path(), NAMES[0], 3 - OTHER_WORD_SIZE);
        assert_eq!(find([folder.path().to_owned()]), Some(folder.path().join(NAMES[0])));
    }

    #[test]
    fn the_linkers_configuration_is_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b.conf"), "# comment\n/opt/b\n").unwrap();
        std::fs::write(folder.path().join("a.conf"), "/opt/a\n\n/opt/a2\n").unwrap();
        std::fs::write(folder.path().join("c.txt"), "/opt/c\n").unwrap();
        assert_eq!(configured(folder.path()), ["/opt/a", "/opt/a2", "/opt/b"].map(PathBuf::from));
    }
}
