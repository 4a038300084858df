//! What the agent reads when a call does not go through: constant words, the policy's message and the
//! approver's reason where given, and a typed `_meta` for programs. Never the names of policies or approvers.

use crate::outcomes::Outcome;
use crate::pipeline::Waiting;
use crate::upstream::Reply;
use crate::waits::Era;
use approvals::{HoldId, Refusal};
use policy::{Timestamp, Value};

/// The `_meta` key of every refusal (MCP: keys of our own carry a reversed domain).
pub(crate) const META_KEY: &str = "app.doorward/refusal";

/// A `tools/call` result with `isError: true`; JSON-RPC's error is kept for what is wrong with the message.
pub(crate) fn reply(refusal: &Refusal, hold: Option<&HoldId>) -> Reply {
    let (said, added) = words(refusal);
    let text = match added {
        Some((label, added)) => format!("{said} {label}: {added}"),
        None => said.to_owned(),
    };
    let mut meta = policy::Map::default();
    meta.insert("code", Value::from(refusal.code()));
    if let Some(hold) = hold {
        meta.insert("hold", Value::from(hold.to_string()));
    }
    error_result(&text, meta)
}

/// The call was not run because something on this machine failed, not because anybody decided so.
pub(crate) fn failed(code: &str, text: &str) -> Reply {
    let mut meta = policy::Map::default();
    meta.insert("code", Value::from(code));
    error_result(text, meta)
}

/// What came of an earlier, identical call, for an agent that comes back. An answer is given as it came.
pub(crate) fn outcome(outcome: &Outcome, hold: &HoldId) -> Reply {
    let (code, text) = match outcome {
        Outcome::Answered(reply) => return Reply::clone(reply),
        Outcome::Refused(refusal) => return reply(refusal, Some(hold)),
        Outcome::AnswerLost => (
            "answer_lost",
            "This call was approved and ran once, but its answer is not here any more. It is not run again by itself: look at what it did before you ask again.",
        ),
        Outcome::Unknown => (
            "outcome_unknown",
            "This call was approved and sent, and whether it ran is not known. It is never run again by itself: look before you ask again.",
        ),
        Outcome::Failed(why) => ("upstream_failed", why.as_str()),
    };
    let mut meta = policy::Map::default();
    meta.insert("code", Value::from(code));
    meta.insert("hold", Value::from(hold.to_string()));
    error_result(text, meta)
}

/// The agent was kept waiting for as long as it puts up with; its place at the hold stays.
pub(crate) fn still_waiting(waiting: &Waiting) -> Reply {
    let mut meta = policy::Map::default();
    meta.insert("code", Value::from("still_waiting"));
    meta.insert("hold", Value::from(waiting.hold.to_string()));
    if waiting.is_running {
        meta.insert("state", Value::from("running"));
        let text = "This call was approved and is running; it has not answered yet. Call again with identical arguments: it is not run a second time, and you get its answer.";
        return error_result(text, meta);
    }
    meta.insert("state", Value::from("waiting"));
    if let Some(until) = waiting.until.and_then(rfc3339) {
        meta.insert("expires", Value::from(until));
    }
    let text = "This call still waits for a person to decide. Nothing was run. Call again with identical arguments: you take up the same place, and nobody is asked twice.";
    error_result(text, meta)
}

pub(crate) fn rfc3339(at: Timestamp) -> Option<String> {
    Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_string())
}

/// A result of our own in the shape that the agent's era asks for; an error has the same in both.
pub(crate) fn fit(reply: Reply, era: Era) -> Reply {
    if era == Era::Legacy {
        return reply;
    }
    reply.map_result(|result| match result {
        Value::Map(mut result) => {
            result.insert("resultType", Value::from("complete"));
            Value::Map(result)
        }
        other => other,
    })
}

fn error_result(text: &str, meta: policy::Map) -> Reply {
    Reply::result(Value::object([
        (
            "content",
            Value::List(vec![Value::object([("type", Value::from("text")), ("text", Value::from(text))])]),
        ),
        ("isError", Value::from(true)),
        ("_meta", Value::object([(META_KEY, Value::Map(meta))])),
    ]))
}

/// MCP's answer to a tool that does not exist: a protocol error, invalid params.
pub(crate) fn unknown_tool(qualified: &str) -> Reply {
    Reply::error(Value::object([
        ("code", Value::from(-32602)),
        (
            "message",
            Value::from(format!(
                "Unknown tool: `{qualified}`. Its upstream does not list it; call tools/list."
            )),
        ),
    ]))
}

type Added<'a> = Option<(&'static str, &'a str)>;

fn words(refusal: &Refusal) -> (&'static str, Added<'_>) {
    match refusal {
        Refusal::Denied { message } => (
            "Doorward denied this call: a policy on this machine forbids it. It was not run, and the identical call will be denied again.",
            message.as_deref().map(|m| ("The policy says", m)),
        ),
        Refusal::StepUpNotSetUp => (
            "This call needs a step-up by the person you act for, and step-up is not set up on this machine. It was not run. Tell the person.",
            None,
        ),
        Refusal::UnknownTool => {
            ("This upstream does not list such a tool. It was not run; call tools/list.", None)
        }
        Refusal::ToolChanged => (
            "The definition of this tool changed since it was first seen here, so it stays closed until a person on this machine accepts the change. It was not run. Tell the person.",
            None,
        ),
        Refusal::TooManyHolds => (
            "Too many of your calls wait for a person already. This one was not run; wait for those to be decided.",
            None,
        ),
        Refusal::PathMoved => (
            "A path in this call now leads elsewhere than when the call was judged, so it was not run. Call again to have it judged anew.",
            None,
        ),
        Refusal::Rejected { reason } => (
            "A person rejected this call. It was not run. Do not repeat it unchanged.",
            reason.as_deref().map(|r| ("Their reason", r)),
        ),
        Refusal::Expired => (
            "Nobody decided on this call in time, so it expired. It was not run. You may ask again when the person is there.",
            None,
        ),
        Refusal::Withdrawn => (
            "This call was withdrawn: the agent, upstream or user it belongs to was removed. It was not run.",
            None,
        ),
        Refusal::Uncollected => (
            "This call was approved, but not collected within 10 minutes, so the approval ended. It was not run. You may ask again.",
            None,
        ),
        Refusal::RefusedByNewerPolicy { message } => (
            "While this call waited, the policies changed and now deny it. It was not run.",
            message.as_deref().map(|m| ("The policy says", m)),
        ),
    }
}
