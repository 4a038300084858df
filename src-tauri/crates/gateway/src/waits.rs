//! How long an agent is kept waiting for a held call, before it is told "still waiting" and calls again.
//!
//! Each limit lies below what that agent's program puts up with. Programs are told apart by what they call
//! themselves: a false name only costs its agent a worse wait. `wait_limit` in `agents.toml` goes before all.

use crate::continuations::REQUEST_STATE;
use approvals::HoldId;
use policy::{Map, Value};
use std::net::SocketAddr;
use std::time::Duration;

/// What bears on how long one agent is kept waiting for one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) era: Era,
    pub(crate) has_progress_token: bool,
    /// The agent declared that it can show a person an address (URL elicitation).
    pub(crate) takes_urls: bool,
}

/// Which of MCP's two shapes the agent speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// `initialize`, sessions, streams: up to 2025-11-25.
    Legacy,
    /// Stateless: 2026-07-28.
    Modern,
}

const MINUTE: u64 = 60;

/// By how the program's name begins, in lower case: seconds with progress, and without.
const LIMITS: [(&str, u64, u64); 4] = [
    // Counts silence, 300 s of it; progress breaks it, comments do not.
    ("claude-code", 25 * MINUTE, 280),
    // 300 s in all.
    ("codex", 280, 280),
    // 600 s in all.
    ("gemini-cli", 9 * MINUTE, 9 * MINUTE),
    // The command line of Doorward itself waits as long as a person wants to.
    ("doorward-call", 24 * 60 * MINUTE, 24 * 60 * MINUTE),
];

/// Whoever else it is may give up after a minute.
const UNKNOWN: u64 = 45;

/// How long this agent is kept waiting, from the arrival of its call.
pub(crate) fn limit(
    claimed_client: Option<&str>,
    configured: Option<Duration>,
    patience: Patience,
) -> Duration {
    if let Some(configured) = configured {
        return configured;
    }
    let (with_progress, without) = known(claimed_client.unwrap_or_default()).unwrap_or((UNKNOWN, UNKNOWN));
    Duration::from_secs(if patience.has_progress_token { with_progress } else { without })
}

/// Seconds with progress, and without, of a program that is known.
fn known(client: &str) -> Option<(u64, u64)> {
    let name = client.to_lowercase();
    let known = LIMITS.iter().find(|(begins, ..)| name.starts_with(begins));
    known.map(|(_, with_progress, without)| (*with_progress, *without))
}

/// How long an agent that calls itself so is kept waiting where nobody set that, for a person.
pub(crate) fn words(client: &str) -> String {
    match known(client) {
        Some((with_progress, without)) if with_progress == without => length(without),
        Some((with_progress, without)) => {
            format!("{}, or {} for a call without progress", length(with_progress), length(without))
        }
        None => format!("{}, as for any program that Doorward does not know", length(UNKNOWN)),
    }
}

/// `25 min`, `4 min 40 s`, `24 h`
fn length(seconds: u64) -> String {
    let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    parts.join(" ")
}

/// How a state begins that we handed out ourselves. It names nothing: the identical call finds its place by itself.
const OUR_STATE: &str = "doorward:";

/// For an agent that can show an address to its person: the page that brings Doorward's window up, and the request
/// to send the call again. What comes back with it is never an approval (I11).
pub(crate) fn please_look(listen: SocketAddr, hold: &HoldId) -> Value {
    let message = "This call waits for a person to decide in Doorward. Open this page to bring its window up; the decision is made there.";
    let params = Value::object([
        ("mode", "url".into()),
        ("message", message.into()),
        ("url", format!("http://{listen}/hold/{hold}").into()),
    ]);
    let request = Value::object([("method", "elicitation/create".into()), ("params", params)]);
    Value::object([
        ("resultType", "input_required".into()),
        ("inputRequests", Value::object([("doorward", request)])),
        (REQUEST_STATE, format!("{OUR_STATE}{hold}").into()),
    ])
}

/// What an agent sends back to [`please_look`] is for nobody: neither an answer, nor anything for the upstream.
pub(crate) fn forget_our_state(extras: &mut Map) {
    let state = extras.get(REQUEST_STATE).and_then(Value::as_text);
    if state.is_some_and(|state| state.starts_with(OUR_STATE)) {
        extras.remove(REQUEST_STATE);
        extras.remove("inputResponses");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(name: Option<&str>, has_progress_token: bool) -> u64 {
        let patience = Patience { era: Era::Legacy, has_progress_token, takes_urls: false };
        limit(name, None, patience).as_secs()
    }

    #[test]
    fn each_program_waits_a_little_less_than_it_puts_up_with() {
        for (name, with_progress, without) in [
            (Some("claude-code 2.1.330"), 1_500, 280),
            (Some("Claude-Code"), 1_500, 280),
            (Some("codex-mcp-client 0.169.0"), 280, 280),
            (Some("gemini-cli-mcp-client-files 0.0.1"), 540, 540),
            (Some("claude-ai 0.1.0"), 45, 45),
            (Some("my claude-code"), 45, 45),
            (None, 45, 45),
        ] {
            assert_eq!((seconds(name, true), seconds(name, false)), (with_progress, without), "{name:?}");
        }
    }

    #[test]
    fn what_comes_back_to_our_own_question_goes_nowhere() {
        let hold = HoldId::from_random([1; 16]);
        let asked = please_look("127.0.0.1:7717".parse().unwrap(), &hold);
        let request = asked.get("inputRequests").unwrap().get("doorward").unwrap();
        let url = request.get("params").unwrap().get("url").unwrap().as_text().unwrap();
        assert_eq!(url, format!("http://127.0.0.1:7717/hold/{hold}"));
        let again = |state: Value| {
            let answers = Value::parse(br#"{"doorward":{"action":"accept"}}"#).unwrap();
            let mut extras = Map::default();
            extras.insert("_meta", Value::Null);
            extras.insert(REQUEST_STATE, state);
            extras.insert("inputResponses", answers);
            forget_our_state(&mut extras);
            extras.iter().count()
        };
        assert_eq!(again(asked.get(REQUEST_STATE).unwrap().clone()), 1);
        assert_eq!(again("the upstream's own".into()), 3);
    }

    #[test]
    fn a_wait_is_said_in_words() {
        assert_eq!(words("claude-code 2.1.330"), "25 min, or 4 min 40 s for a call without progress");
        assert_eq!(words("codex-mcp-client 0.169.0"), "4 min 40 s");
        assert_eq!(words("doorward-call"), "24 h");
        assert_eq!(words("zed"), "45 s, as for any program that Doorward does not know");
    }

    #[test]
    fn what_a_person_set_goes_before_what_the_program_calls_itself() {
        let patience = Patience { era: Era::Modern, has_progress_token: true, takes_urls: false };
        let set = Some(Duration::from_secs(1_200));
        assert_eq!(limit(Some("claude-code"), set, patience), Duration::from_secs(1_200));
    }
}
