//! What becomes of a decision: a call goes, waits for people, or is refused.
//!
//! [`admit`] turns a decision into an [`Admission`]; a [`HeldCall`] takes [`Event`]s and knows where it stands;
//! a [`ReleasedCall`] is the single-use permit that nothing outside this crate can make. Pure (I9): time and
//! randomness come in as arguments, and replaying a hold's events gives the same hold.
//!
//! Not here: waiting, clocks, the disk, what agents read. The desk drives this, the journal keeps it.

mod admit;
mod continuation;
mod flow;
mod hold;
mod id;
mod refusal;
mod release;
mod vote;

pub use admit::{Admission, Ids, admit};
pub use continuation::Continuation;
pub use flow::StageView;
pub use hold::{COLLECT_WITHIN, Event, FlowError, HeldCall, HoldState, Opened, Verdict};
pub use id::{HoldId, IdError, ReleaseId};
pub use refusal::Refusal;
pub use release::{Basis, ReleaseParts, ReleasedCall};
pub use vote::{Choice, Means, Owner, Vote};
