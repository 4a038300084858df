//! The engine between agents and upstreams: MCP in, judged, held or released, MCP out.
//!
//! [`pipeline::handle`] is the one function to read first. No Tauri here; the window speaks to it through
//! `ipc`, the command line through [`Engine`] and the home's socket.

mod authoring;
mod away;
pub mod backup;
mod books;
pub mod card;
pub mod ceremony;
mod changed_tools;
mod checking;
mod clock;
pub mod connect;
pub mod connecting;
mod continuations;
pub mod desk;
mod downstream;
mod edits;
mod engine;
mod exports;
mod facts;
pub mod grants;
mod history;
pub mod home;
mod judging;
pub mod keychain;
mod knocks;
mod last_approved;
mod listing;
mod look_alike;
mod message;
mod mirrored;
mod moved;
mod opened;
mod outcomes;
mod pace;
mod pairing;
pub mod passphrase;
mod pausing;
mod pins;
mod pipeline;
mod presence;
mod readable;
mod refusal;
mod reset;
mod retry_key;
pub mod routes;
pub mod secrets;
mod set_edits;
mod sets;
mod sightings;
mod signing;
mod slip;
mod socket;
mod start_error;
mod tasks;
mod ticket;
mod together;
mod turned_away;
pub mod upstream;
pub mod visible;
mod waits;

pub use approvals::{Choice, HoldId, Means}; // what a vote is made of, for those who cast it
pub use authoring::{Hypothetical, HypotheticalError};
pub use away::AwayDigest;
pub use changed_tools::{AcceptError, ChangedTool};
pub use clock::Clock;
pub use desk::{Desk, DeskEvent};
pub use engine::{ChangePolicy, Engine, Options};
pub use exports::{ExportFailed, ExportMade, ExportWish};
pub use pausing::PauseError;
pub use presence::{Presence, PresenceEvent, UNKNOWN_MEANS, is_screen_locked};
pub use reset::{DELAY as RESET_DELAY, PendingReset, ResetError};
pub use sets::{
    Bundle, DocumentEdit, InForce, Origin, Proposed, Reason, SetError, Sets, Signature, Signers,
    WaitingChange, binding, needs_proof,
};
pub use sightings::OtherProgram;
pub use signing::SigningError;
pub use start_error::StartError;
pub use together::{NotReady, Together};
