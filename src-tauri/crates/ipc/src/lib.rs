//! What the window may ask of the engine: one declared command list, typed both ways. No Tauri here.
//!
//! The shell calls [`Host::call`] for every command and forwards [`Changed`] events; it knows neither the
//! engine nor the policies.

mod activity;
pub mod activity_counts;
mod answering;
pub mod answers;
pub mod authoring;
mod autostart;
mod backups;
mod changed_tools;
mod commands;
mod connecting;
mod exporting;
mod host;
mod passphrase;
mod pausing;
mod practice;
mod reset;
mod security;
pub mod settings;
mod signed;
pub mod together;
pub mod typescript;
mod views;
pub mod wire;

pub use approvals::Means;
pub use gateway::card::{Card, CardArgument, CardReason, CardStage, CardState, ReasonKind};
pub use gateway::visible::{Piece, is_plain, marked, pieces};
pub use host::{Host, Options, StartFailure};
pub use policy::ActionKind;
pub use wire::{Changed, IpcError, Tag};

/// The home folder where none is named: `DOORWARD_HOME`, else the usual place of this system.
#[must_use]
pub fn default_home() -> std::path::PathBuf {
    gateway::home::Home::default_dir()
}

/// The log of the desktop program in this home.
#[must_use]
pub fn log_of(home: &std::path::Path) -> std::path::PathBuf {
    gateway::home::Paths::new(home).log()
}
