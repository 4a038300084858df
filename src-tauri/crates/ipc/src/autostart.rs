//! Starting with the desktop session: a file of ours in the folder that desktops read (the freedesktop autostart
//! specification), which the person can also see and take away there. Elsewhere the system's own list does it.

use crate::wire::IpcError;
use std::path::{Path, PathBuf};

const NAME: &str = "doorward.desktop";

/// The entry of one user.
pub(crate) struct Autostart {
    path: PathBuf,
}

impl Autostart {
    /// None where programs are not started that way.
    pub(crate) fn of_this_user() -> Option<Autostart> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let named = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
        let folder = named.or_else(|| Some(std::env::home_dir()?.join(".config")))?;
        Some(Autostart::below(&folder))
    }

    fn below(folder: &Path) -> Autostart {
        Autostart { path: folder.join("autostart").join(NAME) }
    }

    /// There is one, and nobody switched it off in the desktop's own list.
    pub(crate) fn is_on(&self) -> bool {
        let off = ["Hidden=true", "X-GNOME-Autostart-enabled=false"];
        std::fs::read_to_string(&self.path)
            .is_ok_and(|text| !text.lines().any(|line| off.contains(&line.trim())))
    }

    fn write(&self, program: &Path, home: &Path) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&self.path, entry(program, home))
    }

    fn remove(&self) -> std::io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

pub(crate) fn switch(on: bool, home: &Path) -> Result<(), IpcError> {
    let failed = |error: std::io::Error| {
        let message = format!("the list of programs that start with your session cannot be changed: {error}");
        IpcError::new("autostart", message, "check that `~/.config/autostart` is yours, then try again")
    };
    let Some(entry) = Autostart::of_this_user() else {
        let message = "Doorward cannot put itself among the programs that start with your session";
        return Err(IpcError::new("autostart", message, "add it in the settings of your system"));
    };
    if !on {
        return entry.remove().map_err(failed);
    }
    // An AppImage is started by its own file, not by what it unpacks.
    let image = std::env::var_os("APPIMAGE").map(PathBuf::from).filter(|path| path.is_absolute());
    let program = image.map_or_else(std::env::current_exe, Ok).map_err(failed)?;
    entry.write(&program, home).map_err(failed)
}

fn entry(program: &Path, home: &Path) -> String {
    format!(
        "[Desktop Entry]\nType=Application\nName=Doorward\nComment=Keeps the door between AI agents and their tools\n\
         Exec={} --hidden --home {}\nTerminal=false\n",
        quoted(program),
        quoted(home)
    )
}

/// As an argument of `Exec`: quoted, with what means something inside quotes escaped, and `%` doubled.
fn quoted(path: &Path) -> String {
    let mut quoted = String::from("\"");
    for c in path.to_string_lossy().chars() {
        match c {
            // The file's own escapes come on top: a backslash is two in a value.
            '"' | '`' | '$' => quoted.push_str("\\\\"),
            '\\' => quoted.push_str("\\\\\\"),
            '%' => quoted.push('%'),
            _ => {}
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_starts_this_program_in_the_tray_with_this_home_and_goes_again() {
        let folder = tempfile::tempdir().unwrap();
        let autostart = Autostart::below(folder.path());
        assert!(!autostart.is_on());
        autostart
            .write(Path::new("/opt/Door ward/doorward-desktop"), Path::new("/home/ana/$x/100%"))
            .unwrap();
        assert!(autostart.is_on());
        let text = std::fs::read_to_string(&autostart.path).unwrap();
        let exec = text.lines().find(|line| line.starts_with("Exec=")).unwrap();
        assert_eq!(exec, r#"Exec="/opt/Door ward/doorward-desktop" --hidden --home "/home/ana/\\$x/100%%""#);
        std::fs::write(&autostart.path, format!("{text}Hidden=true\n")).unwrap();
        assert!(!autostart.is_on(), "switched off in the desktop's own list");
        autostart.remove().unwrap();
        autostart.remove().unwrap();
        assert!(!autostart.is_on());
    }
}
