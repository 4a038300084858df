//! Calls of the official clients that are held until somebody votes: they are told so while they wait, and get the
//! tool's own answer, or the reason why there is none.

use super::door::{Command, Door};
use super::tour::{Guide, Tour};
use super::typescript::OURS;
use super::{python, typescript};
use crate::support::home::{ALLOW, TestHome};
use serde_json::{Value, json};

const REPEATS: (&str, &str) = (
    "repeats.toml",
    "name = \"Repeats are looked at\"\n[target]\ntools = [\"ours/repeat\"]\n[action]\nkind = \"request_approval\"\n",
);

/// Five calls, each of which knows that it waits.
fn tours(door: &Door) -> [Tour; 5] {
    let (node, snake) = ((Guide::TypeScript, typescript::AGENT), (Guide::Python, python::AGENT));
    let http = |agent| door.http(agent, "ours");
    let connect = |agent| door.connect(agent, "ours").reach();
    let ways: [(_, _, &dyn Fn(&'static str) -> Value, _); 5] = [
        (node, "legacy", &http, "one"),
        (node, "auto", &http, "two"),
        (snake, "auto", &http, "three"),
        (node, "auto", &connect, "four"),
        (snake, "legacy", &connect, "five"),
    ];
    let tours = ways.map(|((guide, agent), era, way, words)| {
        Tour::start(guide, "held", era, way(agent), json!({ "words": format!("say {words}") }))
    });
    // An answer that comes in one piece with the first word of waiting would hide it from some client libraries.
    tours.iter().for_each(|tour| tour.says("told"));
    tours
}

#[test]
fn i2_a_held_call_of_each_client_runs_once_it_was_approved() {
    let folder = TestHome::folder();
    let record = folder.beside("record").join("lines");
    let mut door = Door::voting(&[ALLOW, REPEATS], "ours", &Command::node(OURS, &[]).tapped(&record));
    let waiting = tours(&door);
    let mut from = 0;
    for _ in &waiting {
        let (hold, next) = door.held(from);
        from = next;
        door.vote(&format!("approve {hold}"));
    }
    for tour in waiting {
        let notebook = tour.notebook();
        assert_eq!(notebook.text("held"), "{words}");
        assert_eq!(notebook.saw("told while it waited"), true);
    }
    let sent = std::fs::read_to_string(&record).expect("what the server was sent");
    let calls: Vec<&str> = sent.lines().filter(|line| line.contains("\"tools/call\"")).collect();
    assert_eq!(calls.len(), 5, "{calls:#?}");
    for words in ["one", "two", "three", "four", "five"] {
        assert_eq!(calls.iter().filter(|line| line.contains(&format!("say {words}"))).count(), 1, "{words}");
    }
    door.close();
}

#[test]
fn a_rejected_call_of_each_client_is_a_result_that_says_why() {
    let mut door = Door::voting(&[ALLOW, REPEATS], "ours", &Command::node(OURS, &[]));
    let waiting = tours(&door);
    let mut from = 0;
    for _ in &waiting {
        let (hold, next) = door.held(from);
        from = next;
        door.vote(&format!("reject {hold} Not today"));
    }
    for tour in waiting {
        let notebook = tour.notebook();
        assert_eq!(notebook.saw("held")["isError"], true);
        assert!(notebook.text("held").contains("Not today"), "{}", notebook.saw("held"));
        assert_eq!(notebook.saw("told while it waited"), true);
    }
    door.close();
}
