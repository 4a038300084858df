//! Looks at the machine: its system, its programs, libraries and packages, its display. Looks only; `setup` changes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What can be asked of a machine. The tests ask one that is made up.
pub(crate) trait Machine {
    fn has_program(&self, name: &str) -> bool;
    fn has_library(&self, name: &str) -> bool;
    fn has_file(&self, path: &str) -> bool;
    fn has_module(&self, name: &str) -> bool;
    /// Which of these Debian packages are installed.
    fn installed_packages(&self, names: &[&str]) -> Vec<String>;
}

/// The machine this program runs on.
pub(crate) struct ThisMachine;

/// What kind of system it is, as far as installing goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum System {
    /// apt-get can install what is missing.
    Debian { name: String },
    /// Another Linux distribution.
    Linux { name: String },
    /// macOS, Windows and the rest.
    Other { name: String },
}

impl Machine for ThisMachine {
    fn has_program(&self, name: &str) -> bool {
        find_program(name).is_some()
    }

    fn has_library(&self, name: &str) -> bool {
        succeeds("pkg-config", &["--exists", name])
    }

    fn has_file(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn has_module(&self, name: &str) -> bool {
        succeeds("python3", &["-c", &format!("import {name}")])
    }

    fn installed_packages(&self, names: &[&str]) -> Vec<String> {
        let format = "-f=${db:Status-Status} ${Package}\\n";
        let answer =
            Command::new("dpkg-query").arg("-W").arg(format).args(names).stderr(Stdio::null()).output();
        // It answers for the packages it knows and fails for the others: what it printed counts.
        answer.map(|output| installed_in(&String::from_utf8_lossy(&output.stdout))).unwrap_or_default()
    }
}

impl System {
    pub(crate) fn of_this_machine() -> Self {
        if !cfg!(target_os = "linux") {
            return Self::Other { name: std::env::consts::OS.to_owned() };
        }
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        Self::from_os_release(&release, find_program("apt-get").is_some())
    }

    fn from_os_release(text: &str, has_apt: bool) -> Self {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.map(|value| value.trim().trim_matches(['"', '\'']).to_owned()).unwrap_or_default()
        };
        let kinds = format!("{} {}", value("ID"), value("ID_LIKE"));
        let pretty = value("PRETTY_NAME");
        let name = if pretty.is_empty() { "this Linux distribution".to_owned() } else { pretty };
        let is_debian = kinds.split_whitespace().any(|kind| kind == "debian" || kind == "ubuntu");
        if is_debian && has_apt { Self::Debian { name } } else { Self::Linux { name } }
    }

    pub(crate) fn is_linux(&self) -> bool {
        !matches!(self, Self::Other { .. })
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Debian { name } | Self::Linux { name } | Self::Other { name } => name,
        }
    }
}

fn installed_in(answer: &str) -> Vec<String> {
    answer.lines().filter_map(|line| line.strip_prefix("installed ")).map(str::to_owned).collect()
}

/// The program's file on the path, as a shell would find it.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    find_program_in(name, &path)
}

fn find_program_in(name: &str, path: &OsStr) -> Option<PathBuf> {
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    std::env::split_paths(path)
        .flat_map(|folder| endings.iter().map(move |ending| folder.join(format!("{name}{ending}"))))
        .find(|file| file.is_file())
}

/// Whether the program exists and says yes; what it prints is not shown.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What the program prints, if it exists and succeeds.
pub(crate) fn answer_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a window could be shown. Only Linux can lack a display without its own say.
pub(crate) fn has_display(linux: bool) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !linux || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Whether the session bus offers a Secret Service whose default collection exists and is unlocked: only then can a
/// root key be kept without anybody at a screen.
pub(crate) fn has_open_secret_service() -> bool {
    let answer = answer_of(
        "dbus-send",
        &[
            "--session",
            "--print-reply=literal",
            "--reply-timeout=3000",
            "--dest=org.freedesktop.secrets",
            "/org/freedesktop/secrets/aliases/default",
            "org.freedesktop.DBus.Properties.Get",
            "string:org.freedesktop.Secret.Collection",
            "string:Locked",
        ],
    );
    answer.is_some_and(|text| says_unlocked(&text))
}

fn says_unlocked(answer: &str) -> bool {
    answer.split_whitespace().collect::<Vec<_>>().ends_with(&["boolean", "false"])
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n";
    const MINT: &str =
        "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\nPRETTY_NAME='Linux Mint 22'\n";
    const FEDORA: &str = "ID=fedora\nPRETTY_NAME=\"Fedora Linux 43\"\n";

    #[test]
    fn debian_and_what_descends_from_it_can_be_installed_on() {
        let debian = System::from_os_release(DEBIAN, true);
        assert_eq!(debian, System::Debian { name: "Debian GNU/Linux 12 (bookworm)".to_owned() });
        assert_eq!(System::from_os_release(MINT, true), System::Debian { name: "Linux Mint 22".to_owned() });
    }

    #[test]
    fn another_distribution_is_named_but_not_touched() {
        assert_eq!(
            System::from_os_release(FEDORA, false),
            System::Linux { name: "Fedora Linux 43".to_owned() }
        );
        assert_eq!(System::from_os_release("", false).name(), "this Linux distribution");
        assert!(
            matches!(System::from_os_release(DEBIAN, false), System::Linux { .. }),
            "no apt-get, no installing"
        );
    }

    #[test]
    fn a_removed_package_with_configuration_left_is_not_installed() {
        let answer = "installed xvfb\nconfig-files dunst\nnot-installed gcr\ninstalled dbus\n";
        assert_eq!(installed_in(answer), ["xvfb", "dbus"]);
    }

    #[test]
    fn programs_are_found_on_the_path_and_only_there() {
        let folder = std::env::temp_dir().join(format!("xtask-path-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("doorward-probe{}", std::env::consts::EXE_SUFFIX));
        std::fs::write(&file, "").unwrap();
        assert_eq!(find_program_in("doorward-probe", folder.as_os_str()), Some(file));
        assert_eq!(find_program_in("doorward-absent", folder.as_os_str()), None);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn only_an_unlocked_collection_counts_as_a_secret_service() {
        assert!(says_unlocked("   variant       boolean false"));
        assert!(!says_unlocked("   variant       boolean true"));
        assert!(!says_unlocked(""));
    }
}
