//! Random JSON-RPC between agents and upstreams, over every pair of wires: what goes in at one end comes out at the
//! other with the same value, number for number and key for key, and in the same order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use policy::Value;
use proptest::{prelude::*, test_runner::TestRunner};
use reqwest::StatusCode;
use std::collections::BTreeSet;
use support::{Agent, Bench, Events, call, echo::Echo, json, lines::Lines, script};
use tokio::runtime::Runtime;

/// The upstream that the other tests start; does nothing by itself.
#[test]
fn scripted() {
    script::run_if_asked();
}

/// JSON text of any value: numbers in every spelling, text in every script, keys of any kind.
fn value() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?",
        Just("-0".to_owned()),
        Just("1e400".to_owned()),
        Just("0.10000000000000000000000000001".to_owned()),
    ];
    let text = any::<String>().prop_map(|text| Value::from(text.as_str()).to_json());
    let leaf = prop_oneof![number, text, Just("null".to_owned()), Just("true".to_owned())];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            members(inner).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec((any::<String>(), value), 0..4).prop_map(|pairs| {
        let mut seen = BTreeSet::new();
        let fresh = pairs.into_iter().filter(|(key, _)| seen.insert(key.clone()));
        fresh.map(|(key, value)| format!("{}:{value}", Value::from(key.as_str()).to_json())).collect()
    })
}

/// What follows the id of a message: members that JSON-RPC does not know, the method, the parameters.
fn rest() -> impl Strategy<Value = String> {
    let unknown = ("x-[a-z]{1,8}", value()).prop_map(|(key, value)| format!("\"{key}\":{value},"));
    let method = "\"x/[a-zA-Z_.]{1,12}\"";
    let params = prop_oneof![
        members(value()).prop_map(|members| format!("{{{}}}", members.join(","))),
        prop::collection::vec(value(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
    ];
    (prop::option::of(unknown), method, params).prop_map(|(unknown, method, params)| {
        format!("{}\"method\":{method},\"params\":{params}}}", unknown.unwrap_or_default())
    })
}

/// Several messages, some of which want an answer.
fn traffic() -> impl Strategy<Value = Vec<(bool, String)>> {
    prop::collection::vec((any::<bool>(), rest()), 1..8)
}

fn cases() -> u32 {
    if std::env::var_os("DOORWARD_DEEP").is_some() { 2_000 } else { 60 }
}

/// The message as its sender writes it.
fn written(id: Option<&str>, rest: &str) -> String {
    let id = id.map(|id| format!("\"id\":{id},")).unwrap_or_default();
    format!("{{\"jsonrpc\":\"2.0\",{id}{rest}")
}

/// The same without its id, member for member in the order in which they came.
fn without_id(message: &Value) -> String {
    let Value::Map(mut members) = message.clone() else { panic!("an object: {}", message.to_json()) };
    members.remove("id");
    Value::Map(members).to_json()
}

/// The traffic, checked from both ends: answers repeat what the upstream received.
fn run(
    runtime: &Runtime,
    mut exchange: impl AsyncFnMut(Vec<(Option<String>, String)>) -> Vec<Value>,
    received: impl Fn() -> Vec<Value>,
) {
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let exchange = std::cell::RefCell::new(&mut exchange);
    let checked = runner.run(&traffic(), |traffic| {
        let before = received().len();
        let numbered = traffic.iter().enumerate();
        let messages: Vec<_> = numbered
            .map(|(n, (wants_answer, rest))| {
                let id = wants_answer.then(|| format!("\"request-{n}\""));
                let text = written(id.as_deref(), rest);
                (id, text)
            })
            .collect();
        let answers = runtime.block_on((exchange.borrow_mut())(messages.clone()));
        let sent: Vec<_> = messages.iter().map(|(_, text)| without_id(&json(text))).collect();
        let arrived: Vec<_> = received().iter().skip(before).map(without_id).collect();
        prop_assert_eq!(&arrived, &sent, "what the upstream received, in order");
        let asked: Vec<_> = messages.iter().filter(|(id, _)| id.is_some()).collect();
        prop_assert_eq!(answers.len(), asked.len());
        for (id, text) in asked {
            let id = id.as_deref().map(json);
            let answer = answers.iter().find(|answer| answer.get("id") == id.as_ref());
            let echoed = answer.and_then(|answer| answer.get("result")).expect("each request has its answer");
            prop_assert_eq!(without_id(echoed), without_id(&json(text)), "what came back");
        }
        Ok(())
    });
    checked.unwrap();
}

/// Over HTTP a message is on its way when the one before was taken: one after the other.
async fn over_http(agent: &Agent, messages: Vec<(Option<String>, String)>) -> Vec<Value> {
    let mut answers = Vec::new();
    for (id, text) in messages {
        match id {
            Some(_) => answers.push(agent.ask(text).await),
            None => assert_eq!(agent.post(text).send().await.unwrap().status(), StatusCode::ACCEPTED),
        }
    }
    // A notification is answered when it was handed over; the child reads it in its own time.
    agent.ask(r#"{"jsonrpc":"2.0","id":"last","method":"test/last"}"#).await;
    answers
}

/// On lines everything is sent at once.
async fn over_lines(lines: &mut Lines, messages: Vec<(Option<String>, String)>) -> Vec<Value> {
    let wanted = messages.iter().filter(|(id, _)| id.is_some()).count();
    for (_, text) in messages {
        lines.send(&text).await;
    }
    lines.send(r#"{"jsonrpc":"2.0","id":"last","method":"test/last"}"#).await;
    let mut answers = Vec::new();
    let mut is_done = false;
    while answers.len() < wanted || !is_done {
        let answer = lines.next().await;
        match answer.get("id") == Some(&"last".into()) {
            true => is_done = true,
            false => answers.push(answer),
        }
    }
    answers
}

/// What reached the child, but for the opening of the session and our own marks.
fn of_child(bench: &Bench) -> Vec<Value> {
    let is_ours = |message: &Value| {
        let method = message.get("method").and_then(Value::as_text).unwrap_or_default();
        method.starts_with("x/")
    };
    script::received(&bench.log).into_iter().filter(is_ours).collect()
}

#[test]
fn what_agents_say_over_http_reaches_a_child_unchanged_and_its_answers_them() {
    let runtime = Runtime::new().unwrap();
    let bench = runtime.block_on(Bench::new());
    let agent = runtime.block_on(bench.agent("claude"));
    run(&runtime, async |messages| over_http(&agent, messages).await, || of_child(&bench));
}

#[test]
fn what_agents_say_on_lines_reaches_a_child_unchanged_and_its_answers_them() {
    let runtime = Runtime::new().unwrap();
    let bench = runtime.block_on(Bench::new());
    bench.pair("claude");
    let mut lines = runtime.block_on(Lines::open(&bench, "script", "claude"));
    run(&runtime, async |messages| over_lines(&mut lines, messages).await, || of_child(&bench));
}

#[test]
fn what_agents_say_reaches_an_upstream_over_http_unchanged_and_its_answers_them() {
    let runtime = Runtime::new().unwrap();
    let (bench, echo, agent) = runtime.block_on(async {
        let (bench, echo) = (Bench::new().await, Echo::start().await);
        echo.put_behind(&bench);
        let mut agent = bench.pair("claude");
        agent.url = agent.url.replace("script", "echo");
        agent.open().await;
        (bench, echo, agent)
    });
    let received = || echo.received();
    run(&runtime, async |messages| over_http(&agent, messages).await, received);
    runtime.block_on(bench.engine.shutdown());
}

#[test]
fn what_an_upstream_says_by_itself_reaches_the_agent_unchanged_and_in_order() {
    let runtime = Runtime::new().unwrap();
    let bench = runtime.block_on(Bench::new());
    let (agent, standing) = runtime.block_on(async {
        let agent = bench.agent("claude").await;
        let standing = Events::new(agent.get().send().await.unwrap());
        (agent, standing)
    });
    bench.pair("codex");
    let lines = runtime.block_on(Lines::open(&bench, "script", "codex"));
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    let said = prop::collection::vec(rest(), 1..6);
    let ends = std::cell::RefCell::new((standing, lines));
    let checked = TestRunner::new(config).run(&said, |said| {
        let (standing, lines) = &mut *ends.borrow_mut();
        let (over_http, on_lines) = runtime.block_on(async {
            let (mut over_http, mut on_lines) = (Vec::new(), Vec::new());
            for rest in &said {
                let say =
                    format!(r#"{{"jsonrpc":"2.0","method":"test/say","params":{}}}"#, written(None, rest));
                assert_eq!(agent.post(say.clone()).send().await.unwrap().status(), StatusCode::ACCEPTED);
                lines.send(&say).await;
            }
            for _ in &said {
                over_http.push(standing.next().await.unwrap().to_json());
                on_lines.push(lines.next().await.to_json());
            }
            (over_http, on_lines)
        });
        let expected: Vec<_> = said.iter().map(|rest| json(&written(None, rest)).to_json()).collect();
        prop_assert_eq!(&over_http, &expected);
        prop_assert_eq!(&on_lines, &expected);
        Ok(())
    });
    checked.unwrap();
}

#[tokio::test]
async fn calls_on_lines_go_up_in_the_order_in_which_they_came_and_a_held_one_keeps_nobody() {
    let hold = "name = \"Some wait\"\nwhen = 'wait'\n[target]\ntools = [\"script/echo\"]\n[action]\nkind = \"request_approval\"\n";
    let bench = Bench::with_policies(&[("hold.toml", hold)]).await;
    bench.pair("claude");
    let mut lines = Lines::open(&bench, "script", "claude").await;
    for n in 0..40 {
        let is_held = n % 8 == 3;
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":{n},"method":"tools/call","params":{{"name":"echo","arguments":{{"n":{n},"wait":{is_held}}}}}}}"#
        );
        lines.send(&text).await;
    }
    for _ in 0..35 {
        assert!(lines.next().await.get("result").is_some());
    }
    let number = |call: &Value| call.get("params")?.get("arguments")?.get("n").map(Value::to_json);
    let arrived: Vec<_> = bench.received_of("tools/call").iter().filter_map(number).collect();
    let expected: Vec<_> = (0..40).filter(|n| n % 8 != 3).map(|n| n.to_string()).collect();
    assert_eq!(arrived, expected);
    assert_eq!(bench.engine.desk().inbox().len(), 5);
}

#[tokio::test]
async fn a_request_that_is_taken_back_before_its_turn_is_not_begun() {
    let bench = Bench::new().await;
    bench.pair("claude");
    let mut lines = Lines::open(&bench, "script", "claude").await;
    // All in one write, so that the cancel is read while the call waits behind the others.
    let mut burst: String =
        (0..20).map(|n| call("echo", "{}").replace("\"id\":7", &format!("\"id\":{n}")) + "\n").collect();
    burst += &(call("echo", r#"{"late":true}"#).replace("\"id\":7", "\"id\":\"late\"") + "\n");
    burst += r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"late"}}"#;
    lines.send(&burst).await;
    lines.send(&call("echo", "{}").replace("\"id\":7", "\"id\":\"last\"")).await;
    loop {
        let answer = lines.next().await;
        assert_ne!(answer.get("id"), Some(&"late".into()), "what was cancelled is not answered");
        if answer.get("id") == Some(&"last".into()) {
            break;
        }
    }
    assert!(!bench.received_of("tools/call").iter().any(|call| call.to_json().contains("late")));
}

#[tokio::test]
async fn arguments_that_are_left_out_stay_out() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let bare = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#;
    agent.ask(bare).await;
    agent.ask(call("echo", "{}")).await;
    let sent: Vec<_> =
        bench.received_of("tools/call").iter().map(|call| call.get("params").unwrap().to_json()).collect();
    assert_eq!(sent, [r#"{"name":"echo"}"#, r#"{"name":"echo","arguments":{}}"#]);
}

#[tokio::test]
async fn lines_are_refused_to_whoever_is_not_paired_and_an_agent_that_is_removed_loses_them() {
    let bench = Bench::new().await;
    let refused = Lines::try_open(&bench, "script", "stranger").await.err().unwrap();
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("doorward agent add"), "{refused}");
    bench.pair("claude");
    let refused = Lines::try_open(&bench, "nowhere", "claude").await.err().unwrap();
    assert!(refused.starts_with("HTTP/1.1 404") && refused.contains("upstream"), "{refused}");
    let mut lines = Lines::open(&bench, "script", "claude").await;
    bench.engine.remove_agent("claude").unwrap();
    lines.ended().await;
    assert_eq!(bench.engine.upstream_sessions("script"), 0);
}
