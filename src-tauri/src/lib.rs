//! The Tauri shell: window, tray, notifications, and the start that puts them together. Thin on purpose: what
//! is shown and what may be done is decided behind `ipc`; nothing here reads policies, holds or the journal.
//!
//! What needs no window is compiled and tested without the feature `desktop`.

pub mod arguments;
pub mod environment;
pub mod notice;
pub mod plain;
pub mod ringing;
pub mod shorten;
pub mod summon;
pub mod tray_library;

#[cfg(feature = "desktop")]
mod approval;
#[cfg(feature = "desktop")]
mod bell;
#[cfg(feature = "desktop")]
mod browser;
#[cfg(feature = "desktop")]
mod door;
#[cfg(any(feature = "desktop", test))]
mod log_file;
#[cfg(feature = "desktop")]
mod notifier;
#[cfg(feature = "desktop")]
mod start;
#[cfg(feature = "desktop")]
mod tray;
#[cfg(feature = "desktop")]
mod window;

#[cfg(feature = "desktop")]
pub use start::start;
