//! How the desk learns that an outcome reached somebody: the writer of the answer hands the slip in.
//!
//! A slip that is dropped says nothing: the outcome stays unread, and its agent may come back for it.

use crate::desk::Desk;
use crate::upstream::Reply;
use approvals::HoldId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What an agent is to read, and the slip to hand in once it was written to the agent.
pub(crate) struct Answered {
    pub(crate) reply: Reply,
    pub(crate) slip: Option<Slip>,
}

/// Goes with the outcome of a held call, up to whoever writes it.
#[must_use = "an outcome whose slip is not handed in counts as unread"]
pub(crate) struct Slip {
    desk: Arc<Desk>,
    hold: HoldId,
    read: Arc<AtomicBool>,
}

impl Slip {
    pub(crate) fn new(desk: &Arc<Desk>, hold: &HoldId, read: Arc<AtomicBool>) -> Slip {
        Slip { desk: Arc::clone(desk), hold: hold.clone(), read }
    }

    /// The outcome was written to an agent. Marks it at once, so that whoever reads it cannot ask before it
    /// counts as read; recording it follows.
    pub(crate) fn written(self) {
        if !self.read.swap(true, Ordering::AcqRel) {
            self.desk.record_read(self.hold);
        }
    }
}

impl From<Reply> for Answered {
    /// An answer that nobody needs to hear of.
    fn from(reply: Reply) -> Answered {
        Answered { reply, slip: None }
    }
}
