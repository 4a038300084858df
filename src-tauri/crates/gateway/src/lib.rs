//! The engine between agents and upstreams: MCP in, judged, held or released, MCP out.
//!
//! [`pipeline::handle`] is the one function to read first. No Tauri here; the window speaks to it through
//! `ipc`, the command line through [`Engine`] and the home's socket.

pub mod card;
pub mod desk;
mod downstream;
mod engine;
mod facts;
pub mod home;
pub mod keychain;
mod message;
mod pins;
mod pipeline;
mod refusal;
mod sets;
mod socket;
pub mod upstream;

pub use desk::{Desk, DeskEvent};
pub use engine::{Engine, Options, StartError};
