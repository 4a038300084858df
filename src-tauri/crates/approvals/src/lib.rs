//! What becomes of a decision: a call goes, waits for people, or is refused.
//!
//! [`admit`] turns a decision into an [`Admission`]; a [`HeldCall`] takes [`Event`]s and knows where it stands;
//! a [`ReleasedCall`] is the single-use permit that nothing outside this crate can make. Pure (I9): time and
//! randomness come in as arguments, and replaying a hold's events gives the same hold.
//!
//! Not here: waiting, clocks, the disk, what agents read. The desk drives this, the journal keeps it.

mod admit;
mod continuation;
mod course;
mod flow;
mod grant;
mod granting;
mod hold;
mod id;
mod proof;
mod refusal;
mod release;
mod vote;

pub use admit::{Admission, AtDesk, Ids, admit};
pub use continuation::Continuation;
pub use flow::StageView;
pub use grant::{Asked, Bound, Grant, Limit, SHORT, may_be_granted};
pub use granting::{GrantMaker, GrantTerms, LONGEST, NoGrant};
pub use hold::{COLLECT_WITHIN, Event, FlowError, HeldCall, HoldState, Opened, STEP_UP_WITHIN, Verdict};
pub use id::{GrantId, HoldId, IdError, ProofId, ReleaseId};
pub use proof::{Authenticator, ProofMethod, ProofWindow, StepUpProof, kind_of};
pub use refusal::Refusal;
pub use release::{Basis, Given, ReleaseParts, ReleasedCall};
pub use vote::{Choice, Judged, Means, Vote, Voter, Voters};
