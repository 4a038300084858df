//! What a server was sent, as a file kept by `tests/node/tap.mjs` has it: through the door it is what the client sends
//! when there is none, but for the numbers that tell requests apart, and for what the gateway asks by itself.

use serde_json::{Value, json};
use std::path::Path;

/// Every message that the server was sent.
#[track_caller]
pub(crate) fn messages(record: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(record).expect("what the server was sent");
    text.lines().map(|line| serde_json::from_str(line).expect("a message is JSON")).collect()
}

/// The same messages were sent, and in the same order.
#[track_caller]
pub(crate) fn is_in_order_as(through: &Path, direct: &Path) {
    is_as(through, direct);
    assert_eq!(known(through), known(direct), "the order is another one");
}

/// The same messages were sent, in whatever order.
#[track_caller]
pub(crate) fn is_as(through: &Path, direct: &Path) {
    let (through, direct) = (known(through), known(direct));
    let only_in = |one: &[String], other: &[String]| {
        let mut left = other.to_vec();
        let more = one.iter().filter(|line| match left.iter().position(|known| known == *line) {
            Some(found) => {
                left.remove(found);
                false
            }
            None => true,
        });
        more.cloned().collect::<Vec<_>>().join("\n")
    };
    assert!(
        through.len() == direct.len() && only_in(&through, &direct).is_empty(),
        "only directly:\n{}\nonly through the door:\n{}",
        only_in(&direct, &through),
        only_in(&through, &direct)
    );
}

/// The messages without what differs between any two runs.
fn known(record: &Path) -> Vec<String> {
    let messages = messages(record).into_iter().filter(|message| {
        // The gateway lists the tools to compare them with their pins; the tours ask `waited` as often as it takes.
        message["method"] != "tools/list" && message["params"]["name"] != "waited"
    });
    let lines = messages.map(|mut message| {
        let is_request = message.as_object_mut().is_some_and(|members| members.remove("id").is_some());
        if let Some(params) = message["params"].as_object_mut() {
            for own in ["requestId", "requestState"] {
                if let Some(own) = params.get_mut(own) {
                    *own = json!("another in each run");
                }
            }
            if let Some(token) = params.get_mut("_meta").and_then(|meta| meta.get_mut("progressToken")) {
                *token = json!("another in each run");
            }
        }
        format!("{} {message}", if is_request { "with an id" } else { "without" })
    });
    lines.collect()
}
