//! What is under way between the agent and the gateway, so that a restart of Doorward leaves nobody waiting: open
//! requests both ways, and how the agent introduced itself.
//!
//! It never sends a request again. What it replays is the introduction alone, which runs nothing.

use super::{
    answers::{self, Asker},
    glance::{self, Glance, Id, glance},
};
use serde_json::value::RawValue;
use std::collections::{HashMap, HashSet};

/// Most entries of each kind; a request past it is passed on, but would not be settled.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Requests of the agent without an answer yet.
    open: HashMap<Id, Open>,
    /// Requests of the gateway that the agent has not answered yet.
    asked: HashMap<Id, Box<RawValue>>,
    /// Requests of a gateway that is gone: late answers to them are nobody's.
    stale: HashSet<Id>,
    /// The `initialize` under way.
    greeting: Option<(Id, Vec<u8>)>,
    hello: Option<Hello>,
    count: u64,
}

#[derive(Debug)]
struct Open {
    raw: Box<RawValue>,
    is_call: bool,
    is_modern: bool,
    /// Answers are made in the order of the requests.
    place: u64,
}

/// How the agent introduced itself in the legacy era, and what was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) id: Id,
    pub(super) line: Vec<u8>,
    pub(super) version: Option<String>,
    /// Its `notifications/initialized`, once it was sent.
    pub(super) ready: Option<Vec<u8>>,
}

impl Ledger {
    /// Notes a line of the agent that is about to be passed on. False: it is not to be passed on.
    pub(super) fn note_agent(&mut self, line: &[u8]) -> bool {
        match glance(line) {
            Glance::Request { id, method, modern } => self.open(id, &method, modern, line),
            Glance::Notification { method, params } => match method.as_str() {
                "notifications/initialized" => {
                    if let Some(hello) = &mut self.hello {
                        hello.ready = Some(line.to_owned());
                    }
                }
                "notifications/cancelled" => {
                    if let Some(id) = glance::cancelled(params) {
                        self.open.remove(&id);
                    }
                }
                _ => {}
            },
            Glance::Answer { id, .. } => {
                let id = Id::of(id);
                return self.asked.remove(&id).is_some() || !self.stale.remove(&id);
            }
            Glance::Blank | Glance::Unreadable => {}
        }
        true
    }

    fn open(&mut self, raw: &RawValue, method: &str, is_modern: bool, line: &[u8]) {
        let id = Id::of(raw);
        if method == "initialize" && !is_modern {
            self.greeting = Some((id.clone(), line.to_owned()));
        }
        if self.open.len() < MOST {
            let Asker { is_call, .. } = Asker::new(raw, method, is_modern);
            self.count += 1;
            self.open.insert(id, Open { raw: raw.to_owned(), is_call, is_modern, place: self.count });
        }
    }

    /// Notes a request that the agent makes while nobody is there to take it.
    pub(super) fn note_turned_away(&mut self, method: &str) {
        // It introduces itself anew: from now on that counts, and not how it did before.
        if method == "initialize" {
            self.hello = None;
        }
    }

    /// Notes a line of the gateway as it is handed to the agent.
    pub(super) fn note_gateway(&mut self, line: &[u8]) {
        match glance(line) {
            Glance::Answer { id, result } => {
                let id = Id::of(id);
                self.open.remove(&id);
                if let Some((_, line)) = self.greeting.take_if(|(greeting, _)| *greeting == id)
                    && let Some(result) = result
                {
                    let version = glance::agreed_version(result);
                    self.hello = Some(Hello { id, line, version, ready: None });
                }
            }
            Glance::Request { id, .. } => {
                self.stale.remove(&Id::of(id));
                if self.asked.len() < MOST {
                    self.asked.insert(Id::of(id), id.to_owned());
                }
            }
            Glance::Notification { method, params } if method == "notifications/cancelled" => {
                if let Some(id) = glance::cancelled(params) {
                    self.asked.remove(&id);
                }
            }
            Glance::Notification { .. } | Glance::Blank | Glance::Unreadable => {}
        }
    }

    /// The introduction to replay to a gateway that does not know the agent yet.
    pub(super) fn hello(&self) -> Option<Hello> {
        self.hello.clone()
    }

    pub(super) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// The gateway is gone: what the agent has to be told, and nothing is under way any more.
    pub(super) fn settle(&mut self) -> Vec<Vec<u8>> {
        self.greeting = None;
        let mut told: Vec<Vec<u8>> = Vec::new();
        for (id, raw) in self.asked.drain() {
            told.push(answers::question_lost(&raw));
            if self.stale.len() < MOST {
                self.stale.insert(id);
            }
        }
        let mut open: Vec<Open> = self.open.drain().map(|(_, open)| open).collect();
        open.sort_by_key(|open| open.place);
        told.extend(
            open.iter()
                .map(|open| Asker { id: &open.raw, is_call: open.is_call, is_modern: open.is_modern }.lost()),
        );
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn settled(ledger: &mut Ledger) -> Vec<Value> {
        ledger.settle().iter().map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[test]
    fn what_was_answered_or_cancelled_is_not_settled_and_the_rest_is_in_order() {
        let mut ledger = Ledger::default();
        for (id, method) in [(3, "tools/call"), (1, "tools/list"), (2, "tools/call"), (9, "ping")] {
            assert!(ledger.note_agent(json!({ "id": id, "method": method }).to_string().as_bytes()));
        }
        ledger.note_gateway(br#"{"id":3,"result":{}}"#);
        ledger.note_agent(br#"{"method":"notifications/cancelled","params":{"requestId":9}}"#);
        let told = settled(&mut ledger);
        assert_eq!(told.iter().map(|line| line["id"].clone()).collect::<Vec<_>>(), [json!(1), json!(2)]);
        assert_eq!(told[0]["error"]["code"], -32010);
        assert_eq!(told[1]["result"]["isError"], true);
        assert!(ledger.is_settled() && ledger.settle().is_empty());
    }

    #[test]
    fn questions_of_the_gateway_are_taken_back_and_late_answers_to_them_are_nobodys() {
        let mut ledger = Ledger::default();
        for id in [1, 2, 3] {
            ledger
                .note_gateway(json!({ "id": id, "method": "sampling/createMessage" }).to_string().as_bytes());
        }
        assert!(ledger.note_agent(br#"{"id":1,"result":{}}"#));
        ledger.note_gateway(br#"{"method":"notifications/cancelled","params":{"requestId":2}}"#);
        let told = settled(&mut ledger);
        assert_eq!(told.len(), 1);
        assert_eq!(
            (&told[0]["method"], &told[0]["params"]["requestId"]),
            (&json!("notifications/cancelled"), &json!(3))
        );
        assert!(!ledger.note_agent(br#"{"id":3,"result":{}}"#), "late");
        // The next gateway may use the same id.
        ledger.note_gateway(br#"{"id":3,"method":"ping"}"#);
        assert!(ledger.note_agent(br#"{"id":3,"result":{}}"#));
    }

    #[test]
    fn the_introduction_is_kept_once_it_was_answered() {
        let mut ledger = Ledger::default();
        let hello = br#"{"id":0,"method":"initialize","params":{}}"#;
        ledger.note_agent(hello);
        assert_eq!(ledger.hello(), None);
        ledger.note_gateway(br#"{"id":0,"error":{"code":1,"message":"no"}}"#);
        assert_eq!(ledger.hello(), None, "an error introduces nobody");
        ledger.note_agent(hello);
        ledger.note_gateway(br#"{"id":0,"result":{"protocolVersion":"2025-06-18"}}"#);
        let ready = br#"{"method":"notifications/initialized"}"#;
        ledger.note_agent(ready);
        let kept = ledger.hello().unwrap();
        assert_eq!((kept.line.as_slice(), kept.version.as_deref()), (&hello[..], Some("2025-06-18")));
        assert_eq!(kept.ready.as_deref(), Some(&ready[..]));
    }

    #[test]
    fn a_ledger_does_not_grow_without_end() {
        let mut ledger = Ledger::default();
        for id in 0..MOST + 5 {
            ledger.note_agent(json!({ "id": id, "method": "ping" }).to_string().as_bytes());
            ledger.note_gateway(json!({ "id": id, "method": "ping" }).to_string().as_bytes());
        }
        assert_eq!(ledger.settle().len(), 2 * MOST);
    }
}
