//! The record: what was asked, decided, voted, released and answered, in one SQLite file.
//!
//! Entries are chained by hash and sealed with a key derived from the home's root key. [`Journal::commit`]
//! turns a release into a [`JournalledCall`], the only thing that can be forwarded (I1, I2, I3). Everything is
//! synchronous and may be called from any thread; what writes blocks on the disk. A full disk or a broken
//! file is an error of the call that met it, and nothing is lost silently.
//!
//! Not here: when to record what, clocks (one comes in), and words for agents.

mod accepted;
mod activity;
mod anchor;
mod applied;
mod approved;
mod bind;
mod chain;
mod counted;
mod ended;
mod entry;
mod error;
mod export;
mod exported;
mod grants;
mod holds;
mod index;
mod key;
mod latest;
mod marks;
mod migrate;
mod named;
mod open;
mod passkeys;
mod passphrase;
mod paused;
mod pins;
mod queue;
mod read;
mod recorded;
mod redact;
mod release;
mod retain;
mod schema;
mod seal;
mod seek;
mod set;
mod sides;
mod sums;
mod table;
mod verify;
mod write;

pub use activity::{
    ActivityFound, ActivityOutcome, ActivityQuery, ActivityRow, DecidingPolicy, ROWS_AT_ONCE,
};
pub use anchor::{Anchor, AnchorError};
pub use counted::{Counted, MOST_BUCKETS, QUARTER};
pub use ended::EndedHold;
pub use entry::Entry;
pub use error::{BadEntry, JournalError};
pub use export::{ExportError, ExportFormat, InClear};
pub use exported::{ExportedEntry, VerifiedExport, verify_export, verify_export_each};
pub use grants::{RecordedGrant, Revoked};
pub use holds::Course;
pub use key::{MacKey, RootKey};
pub use marks::is_secret_name; // for whoever takes values from elsewhere and must know which are secret
pub use open::Journal;
pub use passkeys::PasskeyEntry;
pub use passphrase::PassphraseEntry;
pub use pins::PinnedDefinition;
pub use read::{ENTRIES_AT_ONCE, StoredEntry};
pub use recorded::{
    ArgumentsKept, CallFilter, CallsOnRecord, PastCall, PastCalls, PastTold, RecordedCall, RecordedPage,
};
pub use release::{Completion, JournalledCall};
pub use retain::{Retention, Trimmed};
pub use set::SetInForce;
pub use verify::Verified;
