//! The few messages the shim makes itself: why a request was not answered by the gateway, in constant words.
//!
//! A `tools/call` gets a result with `isError: true`, which agents show to their model; every other request gets
//! a JSON-RPC error.

use super::glance::{Glance, glance};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

const TOOLS_CALL: &str = "tools/call";
/// As the gateway's own refusals are marked for programs.
const META_KEY: &str = "app.doorward/refusal";
/// The gateway's code for an upstream that could not be asked; here it is the gateway itself.
const NOT_REACHED: i64 = -32010;
/// The gateway's code for what is refused at the door.
const REFUSED: i64 = -32011;

const LOST_CALL: &str = "Doorward was restarted while this call was under way. Call again with identical arguments: \
if it is held, it takes up its place. It may have run already, if it had been released.";
const LOST_REQUEST: &str = "Doorward was restarted while this request was under way. Send it again.";
const LOST_QUESTION: &str = "Doorward was restarted";

/// Why requests are not passed on, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    kind: &'static str,
    code: i64,
    words: String,
}

impl Reason {
    /// Nobody listens on the home's socket.
    pub(super) fn away(words: impl Into<String>) -> Reason {
        Reason { kind: "not_running", code: NOT_REACHED, words: words.into() }
    }

    /// The gateway said no; its own code where it gave one.
    pub(super) fn refused(code: Option<i64>, words: impl Into<String>) -> Reason {
        Reason { kind: "refused", code: code.unwrap_or(NOT_REACHED), words: words.into() }
    }

    pub(super) fn words(&self) -> &str {
        &self.words
    }
}

/// How a request is answered: what it is, and under which id.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    pub(super) id: &'a RawValue,
    pub(super) is_call: bool,
    pub(super) is_modern: bool,
}

impl<'a> Asker<'a> {
    pub(super) fn new(id: &'a RawValue, method: &str, is_modern: bool) -> Asker<'a> {
        Asker { id, is_call: method == TOOLS_CALL, is_modern }
    }

    fn answer(&self, kind: &str, code: i64, words: &str) -> Vec<u8> {
        if !self.is_call {
            return error(Some(self.id), code, words);
        }
        let mut result = json!({
            "content": [{ "type": "text", "text": words }],
            "isError": true,
            "_meta": { META_KEY: { "code": kind } },
        });
        if self.is_modern
            && let Some(members) = result.as_object_mut()
        {
            members.insert("resultType".to_owned(), "complete".into());
        }
        line(&Answer { jsonrpc: "2.0", id: Some(self.id), result: Some(result), error: None })
    }

    /// It had been passed on when the gateway went away.
    pub(super) fn lost(&self) -> Vec<u8> {
        self.answer("restarted", NOT_REACHED, if self.is_call { LOST_CALL } else { LOST_REQUEST })
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// The answer to a line that is not passed on; none where nobody waits for one.
pub(super) fn turned_away(text: &[u8], reason: &Reason) -> Option<Vec<u8>> {
    match glance(text) {
        Glance::Request { id, method, modern } => {
            Some(Asker::new(id, &method, modern).answer(reason.kind, reason.code, &reason.words))
        }
        Glance::Unreadable => Some(error(None, reason.code, &reason.words)),
        Glance::Notification { .. } | Glance::Answer { .. } | Glance::Blank => None,
    }
}

/// The answer to a message that was longer than is taken; its id was not read.
pub(super) fn too_long(limit: usize) -> Vec<u8> {
    error(None, REFUSED, &format!("a message may have at most {limit} bytes; this one was not passed on"))
}

/// Takes back a question that the gateway had asked the agent.
pub(super) fn question_lost(id: &RawValue) -> Vec<u8> {
    #[derive(Serialize)]
    struct Params<'a> {
        #[serde(rename = "requestId")]
        id: &'a RawValue,
        reason: &'static str,
    }
    #[derive(Serialize)]
    struct Notification<'a> {
        jsonrpc: &'static str,
        method: &'static str,
        params: Params<'a>,
    }
    let params = Params { id, reason: LOST_QUESTION };
    line(&Notification { jsonrpc: "2.0", method: "notifications/cancelled", params })
}

fn error(id: Option<&RawValue>, code: i64, words: &str) -> Vec<u8> {
    let error = json!({ "code": code, "message": words });
    line(&Answer { jsonrpc: "2.0", id, result: None, error: Some(error) })
}

fn line(message: &impl Serialize) -> Vec<u8> {
    // These types have text keys and finite numbers only: writing them to memory cannot fail.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &str) -> Value {
        let answer = turned_away(line.as_bytes(), &Reason::away("not there")).unwrap();
        assert_eq!(answer.iter().filter(|byte| **byte == b'\n').count(), 1);
        serde_json::from_slice(&answer).unwrap()
    }

    #[test]
    fn a_call_gets_a_result_and_another_request_an_error() {
        let called = answer(r#"{"id":"x","method":"tools/call","params":{}}"#);
        assert_eq!(called["id"], "x");
        assert_eq!(called["result"]["isError"], true);
        assert_eq!(called["result"]["content"][0]["text"], "not there");
        assert_eq!(called["result"]["_meta"][META_KEY]["code"], "not_running");
        assert_eq!(called["result"].get("resultType"), None);
        let other = answer(r#"{"id":1.50,"method":"tools/list"}"#);
        assert_eq!(other["error"], json!({ "code": -32010, "message": "not there" }));
        let text = turned_away(br#"{"id":1.50,"method":"a"}"#, &Reason::away("")).unwrap();
        assert!(String::from_utf8(text).unwrap().contains("\"id\":1.50,"), "as it was written");
    }

    #[test]
    fn a_modern_result_says_that_it_is_complete() {
        let meta = r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#;
        let called = answer(&format!(r#"{{"id":1,"method":"tools/call","params":{meta}}}"#));
        assert_eq!(called["result"]["resultType"], "complete");
    }

    #[test]
    fn what_wants_no_answer_gets_none_and_what_cannot_be_read_gets_one_without_an_id() {
        for line in [r#"{"method":"notifications/initialized"}"#, r#"{"id":1,"result":{}}"#, "\n"] {
            assert_eq!(turned_away(line.as_bytes(), &Reason::away("")), None, "{line}");
        }
        assert_eq!(answer("[]")["id"], Value::Null);
    }
}
