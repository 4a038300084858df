//! Why a call does not go through, as a code; the words an agent reads are the gateway's.

use crate::Verdict;
use serde::{Deserialize, Serialize};

/// What the agent is told when a call does not go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// `message` is the deciding policy's.
    Denied {
        message: Option<String>,
    },
    /// A step-up is required and this desk has none.
    StepUpNotSetUp,
    UnknownTool,
    /// The tool's definition is no longer the pinned one.
    ToolChanged,
    TooManyHolds,
    /// One of its paths leads elsewhere than when it was judged.
    PathMoved,
    /// `reason` is the approver's.
    Rejected {
        reason: Option<String>,
    },
    Expired,
    Withdrawn,
    /// Approved, but nobody came for it in time.
    Uncollected,
    RefusedByNewerPolicy {
        message: Option<String>,
    },
}

impl Refusal {
    /// Constant, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Denied { .. } => "denied",
            Refusal::StepUpNotSetUp => "step_up_not_set_up",
            Refusal::UnknownTool => "unknown_tool",
            Refusal::ToolChanged => "tool_changed",
            Refusal::TooManyHolds => "too_many_holds",
            Refusal::PathMoved => "path_moved",
            Refusal::Rejected { .. } => "rejected",
            Refusal::Expired => "expired",
            Refusal::Withdrawn => "withdrawn",
            Refusal::Uncollected => "uncollected",
            Refusal::RefusedByNewerPolicy { .. } => "refused_by_newer_policy",
        }
    }

    /// What a hold's end means for its agent; none for an approval.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Option<Refusal> {
        match verdict {
            Verdict::Approved => None,
            Verdict::Rejected { reason } => Some(Refusal::Rejected { reason: reason.clone() }),
            Verdict::Expired => Some(Refusal::Expired),
            Verdict::Withdrawn => Some(Refusal::Withdrawn),
            Verdict::Uncollected => Some(Refusal::Uncollected),
            Verdict::Refused { message } => Some(Refusal::RefusedByNewerPolicy { message: message.clone() }),
        }
    }
}
