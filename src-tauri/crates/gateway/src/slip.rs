//! How the pipeline learns that an outcome reached somebody: the writer of the answer hands the slip in.
//!
//! A slip that is dropped says nothing: the outcome stays unread, and its agent may come back for it.

use crate::upstream::Reply;
use approvals::HoldId;

/// What an agent is to read, and the slip to hand in once it was written to the agent.
pub(crate) struct Answered {
    pub(crate) reply: Reply,
    pub(crate) slip: Option<Slip>,
}

/// Goes with the outcome of a held call, up to whoever writes it.
#[must_use = "an outcome whose slip is not handed in counts as unread"]
pub(crate) struct Slip {
    hold: HoldId,
}

impl Slip {
    pub(crate) fn new(hold: HoldId) -> Slip {
        Slip { hold }
    }

    /// The outcome was written to an agent.
    pub(crate) fn written(self) {
        tracing::debug!(hold = %self.hold, "the outcome of a held call was written to its agent");
    }
}

impl From<Reply> for Answered {
    /// An answer that nobody needs to hear of.
    fn from(reply: Reply) -> Answered {
        Answered { reply, slip: None }
    }
}
