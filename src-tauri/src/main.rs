//! The desktop program `doorward-desktop`. Everything it does is in the library beside it.

// A release on Windows opens no console window.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    doorward_desktop::start()
}
