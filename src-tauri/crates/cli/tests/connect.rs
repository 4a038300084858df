//! The stdio shim between a scripted agent and a scripted gateway: what passes, what is refused, what a restart of
//! Doorward leaves behind.

#[path = "connect/scripted.rs"]
mod scripted;
mod support;

use scripted::{Agent, Gateway, Wire};
use serde_json::json;
use std::{
    io::Write,
    sync::mpsc::channel,
    time::{Duration, Instant},
};
use support::TestHome;

const HELLO: &str = r#"{"jsonrpc":"2.0", "id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"sampling":{}}}}"#;
const WELCOME: &str = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}"#;
const READY: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;

/// An agent that is connected, for the upstream `files`.
fn connected(home: &TestHome) -> (Agent, Gateway, Wire) {
    let gateway = Gateway::start(home);
    let agent = Agent::start(home, &["files"]);
    let wire = gateway.welcome();
    (agent, gateway, wire)
}

/// The same, introduced in the legacy era.
fn introduced(home: &TestHome) -> (Agent, Gateway, Wire) {
    let (mut agent, gateway, mut wire) = connected(home);
    agent.say(HELLO);
    assert_eq!(wire.line(), HELLO);
    wire.say(WELCOME);
    assert_eq!(agent.line(), format!("{WELCOME}\n"));
    agent.say(READY);
    assert_eq!(wire.line(), READY);
    (agent, gateway, wire)
}

#[test]
fn it_knocks_with_one_head_that_names_agent_and_upstream_and_no_token() {
    for (arguments, name) in [(&["files", "--agent", "claude"][..], "claude"), (&["files"], "practice")] {
        let home = TestHome::made(&[]);
        let gateway = Gateway::start(&home);
        let _agent = Agent::start(&home, arguments);
        let head = gateway.accept().head.to_lowercase();
        let mut lines: Vec<&str> = head.trim_end().split("\r\n").collect();
        assert_eq!(lines.remove(0), "post /mcp/files/lines http/1.1");
        lines.sort_unstable();
        let agent = format!("doorward-agent: {name}");
        let upgrade = "upgrade: mcp-lines";
        assert_eq!(lines, ["connection: upgrade", "content-length: 0", &agent, "host: doorward", upgrade]);
    }
}

#[test]
fn lines_pass_both_ways_byte_for_byte() {
    let home = TestHome::made(&[]);
    let gateway = Gateway::start(&home);
    let mut agent = Agent::start(&home, &["files"]);
    let odd: [&[u8]; 8] = [
        b"{\"jsonrpc\":\"2.0\",\"id\":1e0,\"method\":\"odd/\\u00e9\",\"params\":{\"n\":12345678901234567890.10}}\n",
        b"  {\"id\" : \"\xe2\x80\xae\" , \"method\":\"x\", \"unknown\":[1,{}]}\t\r\n",
        b"\n",
        b"not json at all\n",
        b"[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"}]\n",
        b"{\"id\":1,\"method\":\"\xff\xfe\"}\n",
        b"{\"id\":1,\"id\":2,\"method\":\"twice\"}\n",
        b"{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{\"asked\":\"by nobody\"}}\n",
    ];
    // The gateway's first lines come in one write with its head.
    let mut wire = gateway.accept().welcome(&odd[..2].concat());
    for line in &odd[2..] {
        wire.write(line);
    }
    for line in odd {
        assert_eq!(agent.raw_line(), line);
    }
    agent.write(&odd.concat());
    for line in odd {
        assert_eq!(wire.raw_line(), line);
    }
    agent.close_input();
    assert!(agent.wait().success());
    assert!(agent.rest().is_empty());
}

#[test]
fn parts_of_a_line_are_passed_on_as_one_line_and_never_as_half_a_one() {
    let home = TestHome::made(&[]);
    let (mut agent, gateway, mut wire) = connected(&home);
    wire.write(b"{\"method\":\"no");
    agent.write(b"{\"id\":1,\"meth");
    agent.write(b"od\":\"ping\"}\n");
    assert_eq!(wire.line(), r#"{"id":1,"method":"ping"}"#);
    wire.write(b"te\"}\n{\"id\":1,\"resu");
    assert_eq!(agent.line(), "{\"method\":\"note\"}\n");
    drop((wire, gateway));
    assert_eq!(agent.json()["error"]["code"], -32010, "half an answer is none");
}

#[test]
fn a_large_line_passes_and_a_larger_one_is_refused() {
    let home = TestHome::made(&[]);
    let (mut agent, _gateway, mut wire) = connected(&home);
    let large = format!(r#"{{"id":1,"method":"x","params":"{}"}}"#, "a".repeat(5 * 1024 * 1024));
    let mut input = agent.take_input();
    let too_large = "b".repeat(8 * 1024 * 1024 + 1);
    let lines = format!("{large}\n{too_large}\n{PING}\n");
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()).map(|()| input));
    assert!(wire.line() == large);
    assert_eq!(wire.line(), PING);
    let refused = agent.json();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(null), &json!(-32011)));
    let _input = writing.join().unwrap().unwrap();
    wire.say(&large);
    assert!(agent.line().trim_end() == large);
}

#[test]
fn a_side_that_does_not_read_stops_its_own_direction_only() {
    let home = TestHome::made(&[]);
    let (mut agent, _gateway, mut wire) = connected(&home);
    let line = format!(r#"{{"method":"x","params":"{}"}}"#, "a".repeat(1024 * 1024));
    let count = 40;
    let (mut input, sent) = (agent.take_input(), line.clone());
    let (sender, written) = channel();
    let writing = std::thread::spawn(move || {
        for number in 0..count {
            writeln!(input, "{sent}").unwrap();
            sender.send(number).unwrap();
        }
        input
    });
    // Some lines wait on the way; nowhere near all of them, so the agent is made to wait.
    written.recv_timeout(scripted::PATIENCE).unwrap();
    for answer in 0..200 {
        wire.say(&format!(r#"{{"method":"still/{answer}"}}"#));
        assert_eq!(agent.line(), format!("{{\"method\":\"still/{answer}\"}}\n"));
    }
    let ahead = written.try_iter().count();
    assert!(ahead < count / 2, "{ahead} MB were taken that nobody reads");
    for _ in 0..count {
        assert!(wire.line() == line);
    }
    drop(writing.join().unwrap());
    assert!(agent.wait().success());
}

#[test]
fn a_refusal_answers_each_request_and_is_asked_for_again_only_later() {
    let home = TestHome::made(&[]);
    let gateway = Gateway::start(&home);
    let mut agent = Agent::start(&home, &["files", "--agent", "stranger"]);
    let words = "there is no agent of this name";
    let body = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32011, "message": words } });
    gateway.accept().refuse("401 Unauthorized", &body.to_string());
    agent.told("agent add NAME");
    let began = Instant::now();
    agent.say(READY);
    for id in 0..3 {
        agent.say(&json!({ "id": id, "method": "initialize" }).to_string());
        assert_eq!(
            agent.json(),
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32011, "message": words } })
        );
    }
    agent.say(r#"{"id":"c","method":"tools/call","params":{}}"#);
    let called = agent.json();
    assert_eq!(
        (&called["result"]["isError"], &called["result"]["content"][0]["text"]),
        (&json!(true), &json!(words))
    );
    gateway.nobody_for(Duration::from_secs(2).saturating_sub(began.elapsed()));
    // Paired meanwhile: the next request finds that out, and is the first to pass.
    agent.say(HELLO);
    assert_eq!(gateway.welcome().line(), HELLO);
}

#[test]
fn a_refusal_in_no_words_of_ours_says_its_status() {
    let home = TestHome::made(&[]);
    let gateway = Gateway::start(&home);
    let mut agent = Agent::start(&home, &["files"]);
    gateway.accept().refuse("503 Service Unavailable", "busy");
    agent.say(PING);
    let message = agent.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("503"), "{message}");
}

#[test]
fn a_restart_settles_what_was_under_way_and_introduces_the_agent_anew() {
    let home = TestHome::made(&[]);
    let (mut agent, gateway, mut wire) = introduced(&home);
    for (id, method) in [(1, "tools/call"), (2, "tools/list"), (3, "tools/call"), (4, "tools/call")] {
        agent.say(&json!({ "id": id, "method": method }).to_string());
        wire.line();
    }
    wire.say(r#"{"id":3,"result":{"content":[]}}"#);
    assert_eq!(agent.json()["id"], 3);
    agent.say(r#"{"method":"notifications/cancelled","params":{"requestId":4}}"#);
    wire.line();
    wire.say(r#"{"id":"q-1","method":"sampling/createMessage","params":{}}"#);
    assert_eq!(agent.json()["id"], "q-1");
    drop((wire, gateway));

    let cancelled = agent.json();
    assert_eq!(
        (&cancelled["method"], &cancelled["params"]["requestId"]),
        (&json!("notifications/cancelled"), &json!("q-1"))
    );
    let called = agent.json();
    assert_eq!((&called["id"], &called["result"]["isError"]), (&json!(1), &json!(true)));
    assert_eq!(called["result"].get("resultType"), None);
    let words = called["result"]["content"][0]["text"].as_str().unwrap();
    for part in ["restarted", "identical arguments", "may have run already"] {
        assert!(words.contains(part), "{words}");
    }
    let listed = agent.json();
    assert_eq!((&listed["id"], &listed["error"]["code"]), (&json!(2), &json!(-32010)));

    let gateway = Gateway::start(&home);
    let mut wire = gateway.welcome();
    assert_eq!(wire.line(), HELLO, "as the agent wrote it");
    agent.say(r#"{"id":"q-1","result":{"too":"late"}}"#);
    agent.say(PING);
    // What the gateway says before its welcome still passes; the welcome itself is not the agent's.
    wire.say(r#"{"method":"notifications/message"}"#);
    wire.say(WELCOME);
    assert_eq!(wire.line(), READY, "only now");
    assert_eq!(wire.line(), PING, "nothing was sent again, and the late answer is nobody's");
    wire.say(r#"{"id":"p","result":{}}"#);
    assert_eq!(agent.line(), "{\"method\":\"notifications/message\"}\n");
    assert_eq!(agent.line(), "{\"id\":\"p\",\"result\":{}}\n");
    agent.close_input();
    assert!(agent.wait().success());
    assert!(agent.rest().is_empty());
}

#[test]
fn an_introduction_that_was_not_finished_is_not_replayed() {
    let home = TestHome::made(&[]);
    let (mut agent, gateway, mut wire) = connected(&home);
    agent.say(HELLO);
    wire.line();
    drop((wire, gateway));
    assert_eq!(agent.json()["error"]["code"], -32010);
    let gateway = Gateway::start(&home);
    let mut wire = gateway.welcome();
    agent.say(PING);
    assert_eq!(wire.line(), PING);
}

#[test]
fn an_upstream_that_comes_back_with_another_version_is_not_spoken_to() {
    let home = TestHome::made(&[]);
    let (mut agent, gateway, wire) = introduced(&home);
    drop((wire, gateway));
    let gateway = Gateway::start(&home);
    let mut wire = gateway.welcome();
    assert_eq!(wire.line(), HELLO);
    agent.say(PING);
    wire.say(r#"{"id":0,"result":{"protocolVersion":"2025-11-25"}}"#);
    let answer = agent.json();
    assert_eq!(answer["id"], "p");
    assert!(answer["error"]["message"].as_str().unwrap().contains("another version of MCP"), "{answer}");
    assert_eq!(wire.raw_line(), b"", "it hung up");
}

#[test]
fn in_the_modern_era_nothing_is_replayed_and_results_say_that_they_are_complete() {
    let home = TestHome::made(&[]);
    let (mut agent, gateway, mut wire) = connected(&home);
    let modern = |id: &str, method: &str| {
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
        json!({ "id": id, "method": method, "params": { "_meta": meta } }).to_string()
    };
    for (id, method) in [("d", "server/discover"), ("s", "subscriptions/listen"), ("c", "tools/call")] {
        agent.say(&modern(id, method));
        wire.line();
    }
    wire.say(r#"{"id":"d","result":{"resultType":"complete","supportedVersions":["2026-07-28"]}}"#);
    assert_eq!(agent.json()["id"], "d");
    drop((wire, gateway));
    let listened = agent.json();
    assert_eq!((&listened["id"], &listened["error"]["code"]), (&json!("s"), &json!(-32010)));
    let called = agent.json();
    assert_eq!(
        (&called["id"], &called["result"]["resultType"], &called["result"]["isError"]),
        (&json!("c"), &json!("complete"), &json!(true))
    );
    let gateway = Gateway::start(&home);
    let mut wire = gateway.welcome();
    agent.say(&modern("e", "tools/list"));
    assert_eq!(wire.line(), modern("e", "tools/list"));
}
