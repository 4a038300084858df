//! The stdio shim with the real gateway, the practice upstream and the system's secret store: `doorward serve` is
//! killed in the middle of a held call, and comes back.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "connect/scripted.rs"]
mod scripted;
mod support;

use scripted::Agent;
use serde_json::{Value, json};
use std::process::Command;
use support::{Running, TestHome, word_after};

/// A session bus with an unlocked keyring, as long as it lives. Needs `dbus-run-session` and `gnome-keyring-daemon`.
struct Keyring {
    bus: Running,
    address: String,
}

impl Keyring {
    fn start(home: &TestHome) -> Keyring {
        let data = home.folder.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        // It ends with its input, which closes with this test.
        let script = "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; \
            echo \"bus=$DBUS_SESSION_BUS_ADDRESS\"; read -r _ || true";
        let mut command = Command::new("dbus-run-session");
        command.args(["--", "sh", "-eu", "-c", script]);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command.env("XDG_DATA_HOME", &data).env("XDG_RUNTIME_DIR", home.folder.path());
        let mut bus = Running::start(&mut command);
        let address = word_after(&bus.line_with("bus="), "bus=");
        Keyring { bus, address }
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        self.bus.close_input();
        self.bus.wait();
    }
}

fn serve(home: &TestHome, keyring: &Keyring) -> Running {
    let mut command = home.command(&["serve"]);
    let mut serve = Running::start(command.env("DBUS_SESSION_BUS_ADDRESS", &keyring.address));
    serve.line_with(" listens on http://");
    serve
}

fn introduce(agent: &mut Agent) {
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "claude-ai", "version": "0.1.0" },
    });
    agent.say(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }).to_string());
    assert_eq!(agent.json()["result"]["protocolVersion"], "2025-11-25");
    agent.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
}

fn call(agent: &mut Agent, id: u32, tool: &str, arguments: Value) {
    let params = json!({ "name": tool, "arguments": arguments });
    agent.say(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }).to_string());
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {answer}"))
}

#[test]
fn a_held_call_keeps_its_place_when_doorward_is_killed_and_comes_back() {
    let home = TestHome::absent();
    let said = home.run(&["init", "--terminal-votes", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 0, "{said:?}");
    let keyring = Keyring::start(&home);
    let mut gateway = serve(&home, &keyring);
    let mut agent = Agent::start(&home, &["practice"]);
    introduce(&mut agent);

    call(&mut agent, 1, "delete_customer", json!({ "customer_id": "c-1" }));
    let hold = word_after(&gateway.line_with("hold h-"), "hold ");
    gateway.signal("KILL");
    gateway.wait();
    let lost = agent.json();
    assert_eq!((&lost["id"], &lost["result"]["isError"]), (&json!(1), &json!(true)));
    assert!(
        text(&lost).contains("call again with identical arguments") || text(&lost).contains("Call again")
    );

    let mut gateway = serve(&home, &keyring);
    gateway.line_with(&format!("hold {hold}"));
    // The session is the same to the agent: it calls on, and the call takes up its place.
    call(&mut agent, 2, "delete_customer", json!({ "customer_id": "c-1" }));
    call(&mut agent, 3, "list_expenses", json!({}));
    let listed = agent.json();
    assert_eq!(listed["id"], 3, "the other one waits");
    gateway.type_line(&format!("approve {hold}"));
    let deleted = agent.json();
    assert_eq!(deleted["id"], 2);
    // One that had run before would not find the customer any more.
    assert!(text(&deleted).starts_with("Deleted customer c-1"), "{deleted}");

    agent.close_input();
    assert!(agent.wait().success());
    assert!(agent.rest().is_empty());
    assert!(gateway.seen.iter().filter(|line| line.contains("hold h-")).all(|line| line.contains(&hold)));
    drop(gateway);
}

#[test]
fn the_longest_message_that_the_shim_takes_is_one_that_the_gateway_takes() {
    let home = TestHome::made(&[]);
    let _gateway = home.serve(&[]);
    let mut agent = Agent::start(&home, &["practice"]);
    introduce(&mut agent);
    let ping = |id: u32, length: usize| {
        let bare =
            json!({ "jsonrpc": "2.0", "id": id, "method": "ping", "params": { "pad": "" } }).to_string();
        bare.replace(r#""pad":"""#, &format!(r#""pad":"{}""#, "x".repeat(length - bare.len())))
    };
    let longest = 8 * 1024 * 1024;
    agent.say(&ping(1, longest + 1));
    let refused = agent.json();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(null), &json!(-32011)));
    agent.say(&ping(2, longest));
    let answer = agent.json();
    assert_eq!((&answer["id"], &answer["result"]), (&json!(2), &json!({})), "the gateway did not hang up");
}

#[test]
fn an_agent_whose_upstream_was_removed_is_told_and_one_whose_upstream_is_back_goes_on() {
    let home = TestHome::made(&[]);
    let _gateway = home.serve(&[]);
    let program = env!("CARGO_BIN_EXE_doorward");
    let add = ["upstream", "add", "ledger", "--", program, "practice"];
    assert_eq!(home.run(&add).code, 0);
    let mut agent = Agent::start(&home, &["ledger"]);
    introduce(&mut agent);
    call(&mut agent, 1, "list_expenses", json!({}));
    assert_eq!(text(&agent.json()), "There are 0 expenses.");
    assert_eq!(home.run(&["upstream", "remove", "ledger"]).code, 0);
    agent.told("there is no upstream `ledger`");
    call(&mut agent, 2, "list_expenses", json!({}));
    assert!(text(&agent.json()).contains("there is no upstream `ledger`"));
    assert_eq!(home.run(&add).code, 0);
    // Asked for again at most every other second; until then the refusal holds.
    let found = (3..).find_map(|id| {
        call(&mut agent, id, "list_expenses", json!({}));
        let answer = agent.json();
        let is_refused = text(&answer).contains("there is no upstream");
        (!is_refused).then_some(answer)
    });
    assert_eq!(text(&found.unwrap()), "There are 0 expenses.");
}
