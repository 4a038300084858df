//! The record: what was asked, decided, voted, released and answered, in one SQLite file.
//!
//! Entries are chained by hash and sealed with a key derived from the home's root key. [`Journal::commit`]
//! turns a release into a [`JournalledCall`], the only thing that can be forwarded (I1, I2, I3). Everything is
//! synchronous and may be called from any thread; what writes blocks on the disk. A full disk or a broken
//! file is an error of the call that met it, and nothing is lost silently.
//!
//! Not here: when to record what, clocks (one comes in), and words for agents.

mod activity;
mod chain;
mod ended;
mod entry;
mod error;
mod grants;
mod holds;
mod key;
mod open;
mod paused;
mod pins;
mod read;
mod recorded;
mod release;
mod schema;
mod seal;
mod set;
mod verify;
mod write;

pub use activity::{ActivityOutcome, ActivityQuery, ActivityRow, DecidingPolicy, ROWS_AT_ONCE};
pub use ended::EndedHold;
pub use entry::Entry;
pub use error::{BadEntry, JournalError};
pub use grants::{RecordedGrant, Revoked};
pub use holds::Course;
pub use key::RootKey;
pub use open::Journal;
pub use pins::PinnedDefinition;
pub use read::{ENTRIES_AT_ONCE, StoredEntry};
pub use recorded::{ArgumentsKept, CallFilter, CallsOnRecord, RecordedCall, RecordedPage};
pub use release::{Completion, JournalledCall};
pub use set::SetInForce;
pub use verify::Verified;
