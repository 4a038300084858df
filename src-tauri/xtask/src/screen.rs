//! What the window tests need around them: a screen in memory, a session bus of their own with an unlocked Secret
//! Service, and folders that are thrown away. Nothing of the person's own session is seen or touched.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::failure::Failure;
use crate::process::{Program, end_with_descendants};

/// Runs on the session bus before the tests: services that the bus starts later must know the screen, and a keyring
/// without a password prompt is one that is unlocked from the start.
const PREPARE: &str = "\
dbus-update-activation-environment DISPLAY XDG_RUNTIME_DIR XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME >/dev/null 2>&1
printf practice | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
exec \"$@\"";

/// Lives as long as the tests do; dropping it ends the screen and removes the folders.
pub(crate) struct Screen {
    server: Child,
    display: String,
    folder: PathBuf,
}

impl Screen {
    pub(crate) fn start() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("doorward-{}", std::process::id()));
        make_folders(&folder).map_err(|error| Failure::file("create", &folder, &error))?;
        let (server, display) = start_server().map_err(|error| {
            Failure::new(
                format!("the screen for the window tests (Xvfb) did not start: {error}"),
                "run `Xvfb -displayfd 1` by hand to see why",
            )
        })?;
        Ok(Self { server, display, folder })
    }

    /// The program on this screen, on a bus of its own.
    pub(crate) fn around(&self, program: Program) -> Program {
        let mut program = program
            .under(&["dbus-run-session", "--", "sh", "-c", PREPARE, "sh"])
            .env("DISPLAY", &self.display)
            .without("WAYLAND_DISPLAY")
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1");
        for (name, sub) in FOLDERS {
            program = program.env(name, self.folder.join(sub));
        }
        program
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        end_with_descendants(&mut self.server);
        // Left to the system's own clean-up if something still writes there.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const FOLDERS: [(&str, &str); 4] = [
    ("XDG_RUNTIME_DIR", "run"),
    ("XDG_DATA_HOME", "data"),
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_CACHE_HOME", "cache"),
];

fn make_folders(folder: &Path) -> io::Result<()> {
    for (_, sub) in FOLDERS {
        let path = folder.join(sub);
        fs::create_dir_all(&path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // A runtime folder that others may read is refused by what uses it.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        }
    }
    Ok(())
}

/// The server picks a free number itself and tells it, so that two runs never meet on one screen.
fn start_server() -> io::Result<(Child, String)> {
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1440x1000x24", "-nolisten", "tcp", "-noreset"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    if let Some(output) = server.stdout.take() {
        BufReader::new(output).read_line(&mut line)?;
    }
    let number = line.trim();
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        end_with_descendants(&mut server);
        return Err(io::Error::other("it named no screen"));
    }
    Ok((server, format!(":{number}")))
}
