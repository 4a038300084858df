//! A call that its upstream asked more of goes on under the release it came from.
//!
//! INVARIANT(I1, I2): a [`Continuation`] comes only from a [`ReleasedCall`], is not cloned, and admits exactly the
//! call of that release, once. What that release did not satisfy is never waived, nor a person who holds everything
//! since, nor the question whether another program in the agent's name may.

use crate::release::Given;
use crate::{ReleaseId, ReleasedCall, kind_of};
use policy::{CallDigest, Decision, Facts, Outcome, Timestamp, ToolCall, Value};

/// The right to send the same call once more, with what its upstream asked for.
#[derive(Debug)]
#[must_use = "a continuation that is dropped lets nothing go"]
pub struct Continuation {
    release: ReleaseId,
    digest: CallDigest,
    edited: Option<Edited>,
    given: Given,
    /// It went while a person held everything.
    was_paused: bool,
    program: Option<String>,
}

/// An approver's arguments went up; the agent knows only its own.
#[derive(Debug)]
struct Edited {
    asked: CallDigest,
    asked_arguments: Value,
    sent: Value,
}

impl ReleasedCall {
    /// What may follow this release. Whoever keeps it sees to it that it is used for an answer of this release only.
    pub fn continuation(&self) -> Continuation {
        let edited = self.asked().map(|asked| Edited {
            asked: ToolCall { arguments: asked.clone(), ..self.call().clone() }.digest(),
            asked_arguments: asked.clone(),
            sent: self.call().arguments.clone(),
        });
        Continuation {
            release: self.id().clone(),
            digest: self.digest(),
            edited,
            given: self.given().clone(),
            was_paused: self.was_paused(),
            program: self.facts().agent.program.clone(),
        }
    }
}

impl Continuation {
    /// Whether it is for this call: same user, agent, tool, definition and arguments, as they were asked or as they
    /// were sent.
    #[must_use]
    pub fn is_for(&self, call: &ToolCall) -> bool {
        let digest = call.digest();
        self.digest == digest || self.edited.as_ref().is_some_and(|edited| edited.asked == digest)
    }

    /// The call as it goes on: with what an approver put in the place of what was asked. It is judged as such.
    #[must_use]
    pub fn as_sent(&self, call: &ToolCall) -> ToolCall {
        let edited = self.edited.as_ref().filter(|edited| edited.asked == call.digest());
        let arguments = edited.map_or(&call.arguments, |edited| &edited.sent);
        ToolCall { arguments: arguments.clone(), ..call.clone() }
    }

    /// Lets the call go once more, as it was sent, judged anew, where nothing is required that the release did not satisfy. None
    /// where something is, or it is another call: then it is admitted as any other.
    #[must_use]
    pub fn admit(
        self,
        decision: &Decision,
        call: &ToolCall,
        facts: &Facts,
        release: ReleaseId,
        now: Timestamp,
    ) -> Option<ReleasedCall> {
        let is_covered = match &decision.outcome {
            Outcome::Allowed => true,
            Outcome::Denied { .. } => false,
            Outcome::Held(required) => {
                let asks = !required.flows.is_empty() || required.step_up.is_some();
                let is_proven = required.step_up.is_none_or(|rule| {
                    self.given.proven.as_ref().is_some_and(|method| method.satisfies(kind_of(rule)))
                });
                asks && is_proven && required.flows.iter().all(|flow| self.given.flows.contains(flow))
            }
        };
        let is_unasked = decision.trace.paused && !self.was_paused;
        let is_stranger = facts.agent.is_other_program() && facts.agent.program != self.program;
        if !is_covered || is_unasked || is_stranger || self.digest != call.digest() {
            return None;
        }
        Some(ReleasedCall::by_continuation(
            release,
            call.clone(),
            facts.clone(),
            decision.clone(),
            (self.release, self.given),
            self.edited.map(|edited| edited.asked_arguments),
            now,
        ))
    }
}
