//! An approver's own arguments in the place of those asked: judged anew, and told to the agent.
//!
//! What was asked stays the key by which the agent finds its call again; what was approved is what is sent (I12), and
//! all of it is on record with the vote.

use crate::desk::{Ballot, VoteError, VoteReceipt};
use crate::home::UpstreamConfig;
use crate::upstream::Reply;
use crate::{Engine, facts, judging, secrets};
use approvals::{Choice, HoldId, Judged, Means, StepUpProof};
use policy::{CallDigest, Decision, Facts, Map, ToolCall, UserId, Value};
use std::collections::BTreeMap;

/// Longest value told in the note; the agent knows its own, and the rest is on record.
const LONGEST: usize = 200;
/// For programs, beside the note.
const META_KEY: &str = "app.doorward/edited";

impl Engine {
    /// An approval with other arguments, judged by the set of this moment with the facts of the call as it came; only
    /// where its paths lead is looked up anew. Blocks on the disk.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub fn approve_edited(
        &self,
        hold: &HoldId,
        digest: CallDigest,
        arguments: Value,
        (means, by): (Means, &UserId),
        proof: Option<StepUpProof>,
    ) -> Result<VoteReceipt, VoteError> {
        let (asked, frozen, was_paused) = self.desk().look(hold, |held| {
            (held.opened().call.clone(), held.opened().facts.clone(), held.decision().trace.paused)
        })?;
        let call = ToolCall { arguments: arguments.clone(), ..asked };
        let upstream = self.upstream(call.upstream.as_str());
        let paths = upstream.map_or_else(BTreeMap::new, |upstream| facts::paths(&call.arguments, &upstream));
        let facts = Facts { paths, ..frozen };
        let decision =
            judging::judge(&self.sets().current().set, &call, &facts, was_paused || self.is_paused());
        let judged = Box::new(Judged { facts, decision });
        let choice = Choice::ApproveEdited { arguments, judged };
        let (hold, by) = (hold.clone(), by.clone());
        self.desk().cast(Ballot { hold, digest, choice, means, by, proof })
    }
}

/// The decision and the facts of a call that goes on with an approver's arguments; `facts` are those of the re-send.
/// Blocks on the disk.
pub(crate) fn judged_as_sent(
    engine: &Engine,
    call: &ToolCall,
    facts: &Facts,
    upstream: &UpstreamConfig,
) -> (Decision, Facts) {
    let facts = Facts { paths: facts::paths(&call.arguments, upstream), ..facts.clone() };
    let decision = judging::judge(&engine.sets().current().set, call, &facts, engine.is_paused());
    (secrets::require_proof(decision, upstream), facts)
}

/// The answer with a note of what was changed at its beginning.
pub(crate) fn told(reply: Reply, asked: &Value, sent: &Value) -> Reply {
    let (changes, names) = changes(asked, sent);
    let note = format!("A person approved this call with changes, and it ran with them. {changes}");
    match reply.outcome() {
        Ok(_) => reply.map_result(|result| with_note(result, &note, names)),
        Err(error) => {
            let Value::Map(mut error) = error.clone() else { return reply };
            let said = error.get("message").and_then(Value::as_text).unwrap_or_default().to_owned();
            error.insert("message", Value::from(format!("{note} {said}")));
            Reply::error(Value::Map(error))
        }
    }
}

fn with_note(result: Value, note: &str, names: Vec<Value>) -> Value {
    let Value::Map(mut result) = result else { return result };
    let text = Value::object([("type", "text".into()), ("text", note.into())]);
    if let Some(content) = result.get("content").and_then(Value::as_list) {
        let content = std::iter::once(text).chain(content.iter().cloned()).collect();
        result.insert("content", Value::List(content));
    }
    let mut meta = result.get("_meta").and_then(Value::as_map).cloned().unwrap_or_default();
    meta.insert(META_KEY, Value::object([("note", note.into()), ("changed", Value::List(names))]));
    result.insert("_meta", Value::Map(meta));
    Value::Map(result)
}

/// What differs, in words and by name.
fn changes(asked: &Value, sent: &Value) -> (String, Vec<Value>) {
    let none = Map::default();
    let (asked, sent) = (asked.as_map().unwrap_or(&none), sent.as_map().unwrap_or(&none));
    let (mut words, mut names) = (Vec::new(), Vec::new());
    for (key, value) in asked.iter() {
        match sent.get(key) {
            Some(now) if now == value => continue,
            Some(now) => {
                words.push(format!("`{key}` was {}, and is {} instead.", shown(value), shown(now)));
            }
            None => words.push(format!("`{key}` was {}, and was left out.", shown(value))),
        }
        names.push(Value::from(key));
    }
    for (key, value) in sent.iter().filter(|(key, _)| asked.get(key).is_none()) {
        words.push(format!("`{key}` was added: {}.", shown(value)));
        names.push(Value::from(key));
    }
    (words.join(" "), names)
}

fn shown(value: &Value) -> String {
    let json = value.to_json();
    let length = json.chars().count();
    if length <= LONGEST {
        return json;
    }
    let beginning: String = json.chars().take(LONGEST).collect();
    format!("{beginning}… ({length} characters)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_result_begins_with_what_was_changed() {
        let reply = Reply::result(value(r#"{"content":[{"type":"text","text":"done"}],"_meta":{"a":1}}"#));
        let asked = value(r#"{"amount":7250.00,"note":"x","to":"ana"}"#);
        let told = told(reply, &asked, &value(r#"{"amount":70.50,"to":"ana","cc":"bob"}"#));
        let result = told.outcome().unwrap();
        let first = result.get("content").unwrap().as_list().unwrap()[0].get("text").unwrap();
        assert_eq!(
            first.as_text().unwrap(),
            "A person approved this call with changes, and it ran with them. `amount` was 7250.00, and is 70.50 \
             instead. `note` was \"x\", and was left out. `cc` was added: \"bob\"."
        );
        let meta = result.get("_meta").unwrap();
        assert_eq!(meta.get("a").unwrap().to_json(), "1", "the upstream's own stays");
        assert_eq!(
            meta.get(META_KEY).unwrap().get("changed").unwrap().to_json(),
            r#"["amount","note","cc"]"#
        );
    }

    #[test]
    fn a_protocol_error_says_it_as_well() {
        let reply = Reply::error(value(r#"{"code":-32602,"message":"no such account"}"#));
        let told = told(reply, &value("{}"), &value(r#"{"a":1}"#));
        let error = told.outcome().unwrap_err();
        let message = error.get("message").unwrap().as_text().unwrap();
        assert!(
            message.starts_with("A person approved") && message.ends_with("no such account"),
            "{message}"
        );
        assert_eq!(error.get("code").unwrap().to_json(), "-32602");
    }
}
