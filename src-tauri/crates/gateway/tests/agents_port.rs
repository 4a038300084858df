//! MCP between an agent and a child over the agents' port: what passes, both ways, and under which ids.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use policy::Value;
use reqwest::StatusCode;
use support::{Bench, Events, INITIALIZE, call, json, script};

/// The upstream that the other tests start; does nothing by itself.
#[test]
fn scripted() {
    script::run_if_asked();
}

fn sent(answer: &Value) -> String {
    answer.get("result").unwrap().get("sent").unwrap_or_else(|| panic!("{}", answer.to_json())).to_json()
}

#[tokio::test]
async fn initialize_passes_as_written_and_opens_a_session_of_its_own() {
    let bench = Bench::new().await;
    let (one, two) = (bench.agent("claude").await, bench.agent("codex").await);
    assert_ne!(one.session, two.session);
    assert_eq!(bench.engine.upstream_sessions("script"), 2);
    let raised = bench.received_of("initialize");
    assert_eq!(raised.len(), 2);
    let expected = json(INITIALIZE).get("params").unwrap().to_json();
    assert_eq!(raised[0].get("params").unwrap().to_json(), expected);
}

#[tokio::test]
async fn i12_a_call_goes_up_with_the_numbers_as_written_and_its_answer_comes_back_under_the_agents_id() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    for id in ["7", "\"a text\"", "1.50", "-0", "123456789012345678901234567890"] {
        let body = call("echo", r#"{"n":[1.0,1e3,12345678901234567890.10]}"#)
            .replace("\"id\":7", &format!("\"id\":{id}"));
        let body =
            body.replace(r#""params":{"#, r#""params":{"_meta":{"progressToken":1.0,"x":[]},"later":{},"#);
        let answer = agent.ask(body).await;
        assert_eq!(answer.get("id").unwrap().to_json(), id);
        let expected = r#"{"name":"echo","arguments":{"n":[1.0,1e3,12345678901234567890.10]},"_meta":{"progressToken":1.0,"x":[]},"later":{}}"#;
        assert_eq!(sent(&answer), expected);
    }
}

#[tokio::test]
async fn whatever_is_not_a_call_passes_whole() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let requests = [
        r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":"p","method":"resources/subscribe","params":{"uri":"x:é\u2028","y":1e400}}"#,
        r#"{"jsonrpc":"2.0","id":"p","z":{"n":-0.0},"method":"unknown/method","params":[1,2.50]}"#,
        r#"{"method":"completion/complete","params":{"_meta":{"progressToken":5}},"id":"p","jsonrpc":"2.0"}"#,
    ];
    for request in requests {
        let answer = agent.ask(request).await;
        assert_eq!(answer.get("id"), Some(&"p".into()));
        let echoed = answer.get("result").unwrap();
        let ours = echoed.get("id").unwrap().to_json();
        assert_eq!(echoed.to_json(), json(&request.replace("\"p\"", &ours)).to_json());
    }
    let note = r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{"n":1.0},"w":0}"#;
    assert_eq!(agent.post(note).send().await.unwrap().status(), StatusCode::ACCEPTED);
    agent.ask(requests[0]).await;
    assert_eq!(bench.received_of("notifications/roots/list_changed")[0].to_json(), note);
    let list = agent.ask(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).await;
    assert!(
        list.to_json().contains(r#""x-limit":1.50"#) && list.to_json().contains("nextCursor"),
        "as listed"
    );
}

#[tokio::test]
async fn progress_and_questions_of_a_call_come_on_its_own_stream() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let body = call("progress", "{}").replace(r#""params":{"#, r#""params":{"_meta":{"progressToken":"t"},"#);
    let mut events = Events::new(agent.post(body).send().await.unwrap());
    assert!(events.is_stream());
    let progress = events.next().await.unwrap();
    assert_eq!(progress.get("params").unwrap().to_json(), r#"{"progressToken":"t","progress":1}"#);
    assert_eq!(events.next().await.unwrap().get("id"), Some(&7.into()));
    assert_eq!(events.next().await, None);

    let mut events = Events::new(agent.post(call("ask", "{}")).send().await.unwrap());
    let question = events.next().await.unwrap();
    assert_eq!(question.get("method"), Some(&"sampling/createMessage".into()));
    let id = question.get("id").unwrap().to_json();
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"text":1.0}}}}"#);
    // Another agent cannot answer for this one.
    let other = bench.agent("codex").await;
    assert_eq!(other.post(answer.replace("1.0", "6.6")).send().await.unwrap().status(), StatusCode::ACCEPTED);
    assert_eq!(agent.post(answer).send().await.unwrap().status(), StatusCode::ACCEPTED);
    let done = events.next().await.unwrap();
    assert_eq!(
        done.get("result").unwrap().to_json(),
        r#"{"jsonrpc":"2.0","id":"ask-1","result":{"text":1.0}}"#
    );
}

#[tokio::test]
async fn what_belongs_to_no_request_comes_on_the_standing_stream_also_if_it_opens_later() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let say = |n: u32| {
        let said = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{{"n":{n}.0}}}}"#
        );
        (format!(r#"{{"jsonrpc":"2.0","method":"test/say","params":{said}}}"#), said)
    };
    for n in 0..3 {
        agent.post(say(n).0).send().await.unwrap();
    }
    let mut first = Events::new(agent.get().send().await.unwrap());
    assert!(first.is_stream());
    for n in 0..3 {
        assert_eq!(first.next().await.unwrap().to_json(), say(n).1);
    }
    // A second stream takes over; the first one ends.
    let mut second = Events::new(agent.get().send().await.unwrap());
    assert_eq!(first.next().await, None);
    agent.post(say(3).0).send().await.unwrap();
    assert_eq!(second.next().await.unwrap().to_json(), say(3).1);
    // The end of the session ends it.
    agent.delete().send().await.unwrap();
    assert_eq!(second.next().await, None);
}

#[tokio::test]
async fn a_cancel_reaches_the_upstream_under_the_id_it_knows_and_the_request_ends_without_an_answer() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let caller = agent.clone();
    let waiting = tokio::spawn(async move { caller.post(call("hang", "{}")).send().await.unwrap() });
    while bench.received_of("tools/call").is_empty() {
        tokio::task::yield_now().await;
    }
    // Another agent's cancel of the same id is nothing to this call.
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"stop","x":1.0}}"#;
    bench.agent("codex").await.post(cancel).send().await.unwrap();
    assert_eq!(agent.post(cancel).send().await.unwrap().status(), StatusCode::ACCEPTED);
    while bench.received_of("notifications/cancelled").is_empty() {
        tokio::task::yield_now().await;
    }
    let cancelled = bench.received_of("notifications/cancelled");
    let id = bench.received_of("tools/call")[0].get("id").unwrap().to_json();
    let expected = format!(r#"{{"requestId":{id},"reason":"stop","x":1.0}}"#);
    assert_eq!((cancelled.len(), cancelled[0].get("params").unwrap().to_json()), (1, expected));
    // The session goes on; the cancelled request ends when its upstream is gone, without an answer.
    agent.ask(call("echo", "{}")).await;
    agent.post(r#"{"jsonrpc":"2.0","method":"test/exit"}"#).send().await.unwrap();
    let response = waiting.await.unwrap();
    let is_plain = response.status() == StatusCode::ACCEPTED;
    let mut events = Events::new(response);
    assert!(is_plain || events.is_stream());
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn an_upstream_that_stops_is_an_answer_in_words_and_the_next_call_runs() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let answer = agent.ask(r#"{"jsonrpc":"2.0","id":1,"method":"test/exit"}"#).await;
    let message = answer.get("error").unwrap().get("message").and_then(Value::as_text).unwrap().to_owned();
    assert!(message.starts_with("the upstream `script` stopped before it answered"), "{message}");
    let answer = agent.ask(call("exit", "{}")).await;
    let result = answer.get("result").unwrap();
    assert_eq!(result.get("isError"), Some(&true.into()), "{}", answer.to_json());
    assert!(!answer.to_json().contains("out of paper"), "I8: an upstream's words stay here");
    sent(&agent.ask(call("echo", "{}")).await);
    assert_eq!(bench.received_of("tools/call").len(), 2, "nothing was sent twice");
}

#[tokio::test]
async fn a_held_call_opens_its_stream_at_once_and_an_agent_that_leaves_sends_nothing_up() {
    let policy = "name = \"People decide\"\n[target]\ntools = [\"script/echo\"]\n[action]\nkind = \"request_approval\"\n";
    let bench = Bench::with_policies(&[("hold.toml", policy)]).await;
    let agent = bench.agent("claude").await;
    let body = call("echo", "{}").replace(r#""params":{"#, r#""params":{"_meta":{"progressToken":"t"},"#);
    let mut events = Events::new(agent.post(body).send().await.unwrap());
    assert!(events.is_stream());
    let progress = events.next().await.unwrap();
    let params = progress.get("params").unwrap();
    assert_eq!(
        (params.get("progressToken"), params.get("progress").unwrap().to_json()),
        (Some(&"t".into()), "0.000001".to_owned())
    );
    assert!(params.get("message").and_then(Value::as_text).is_some_and(|message| !message.is_empty()));
    assert_eq!(bench.engine.desk().inbox().len(), 1);
    drop(events);
    agent
        .ask(call("progress", "{}").replace(r#""params":{"#, r#""params":{"_meta":{"progressToken":"u"},"#))
        .await;
    assert_eq!(bench.received_of("tools/call").len(), 1, "the held one is still held");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_that_use_the_same_ids_at_once_never_get_each_others_answers() {
    let bench = Bench::new().await;
    let mut agents = tokio::task::JoinSet::new();
    for name in ["claude", "codex", "gemini"] {
        let agent = bench.agent(name).await;
        agents.spawn(async move {
            let mut calls = tokio::task::JoinSet::new();
            for n in 0..40 {
                let agent = agent.clone();
                calls.spawn(async move {
                    let arguments = format!(r#"{{"who":"{name}","n":{n}}}"#);
                    let body = call("echo", &arguments).replace("\"id\":7", &format!("\"id\":{}", n % 5));
                    let answer = agent.ask(body).await;
                    assert_eq!(answer.get("id").unwrap().to_json(), (n % 5).to_string());
                    assert_eq!(sent(&answer), format!(r#"{{"name":"echo","arguments":{arguments}}}"#));
                });
            }
            calls.join_all().await;
        });
    }
    agents.join_all().await;
}

#[tokio::test]
async fn removing_an_agent_ends_its_session_and_stopping_ends_every_child() {
    let bench = Bench::new().await;
    let (one, two) = (bench.agent("claude").await, bench.agent("codex").await);
    let mut standing = Events::new(one.get().send().await.unwrap());
    bench.engine.remove_agent("claude").unwrap();
    assert_eq!(standing.next().await, None);
    assert_eq!(one.post(call("echo", "{}")).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(bench.engine.upstream_sessions("script"), 1);
    let child = two.ask(call("child", "{}")).await.get("result").unwrap().get("pid").unwrap().to_json();
    bench.engine.shutdown().await;
    // It was killed; the kernel may take a moment to let go of it.
    let is_running = || {
        let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    let gone = async {
        while is_running() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.expect("the child's child is gone");
}
