//! Opens a page of ours in the system's browser: the only place where a passkey can be used.
//!
//! Called for ceremonies alone; nothing that an agent sends reaches this.

use std::process::{Command, Stdio};

/// False where no program for it could be started; the address is shown in the window then.
pub(crate) fn open(url: &str) -> bool {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(target_os = "windows") {
        Command::new("explorer")
    } else {
        Command::new("xdg-open")
    };
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        Ok(mut child) => {
            // It ends by itself; nobody is left behind as a zombie.
            std::thread::spawn(move || child.wait());
            true
        }
        Err(error) => {
            tracing::warn!(%error, "no browser could be opened; the window shows the address");
            false
        }
    }
}
