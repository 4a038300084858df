//! Children: what passes through, what they may do wrong, and how they end.

use super::script::{program, received, received_of};
use super::{super::*, Releases, config, json};
use crate::{
    home::Transport,
    message::{Message, Notification, Request, Response, classify},
    pipeline::StreamItem,
};
use policy::Value;
use std::path::PathBuf;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The upstream that the other tests start; does nothing by itself.
#[test]
fn scripted() {
    super::script::run_if_asked();
}

struct Bench {
    session: UpstreamSession,
    standing: mpsc::Receiver<FromUpstream>,
    releases: Releases,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let (command, args, mut env) = program("upstream::tests::stdio::scripted", &log);
    env.insert("SECRET".to_owned(), "from the configuration".to_owned());
    let (to_agent, standing) = mpsc::channel(64);
    let config = config(Transport::Stdio { command, args, env, cwd: None });
    let session = UpstreamSession::open(&config, &crate::secrets::Supply::default(), to_agent).await.unwrap();
    session.introduce().await.unwrap();
    Bench { session, standing, releases: Releases::new(), log, _folder: folder }
}

struct Way {
    route: CallRoute,
    stream: mpsc::Sender<StreamItem>,
    items: mpsc::Receiver<StreamItem>,
    cancel: CancellationToken,
}

fn way() -> Way {
    let (stream, items) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    Way { route: CallRoute::new(stream.clone(), cancel.clone(), 1.into()), stream, items, cancel }
}

impl Bench {
    async fn call(
        &self,
        tool: &str,
        arguments: &str,
        extras: &str,
        route: CallRoute,
    ) -> Result<Reply, UpstreamError> {
        let call = self.releases.of(&self.session, tool, arguments).await;
        let Value::Map(extras) = json(extras) else { panic!("an object") };
        self.session.forward(call, Along { params: extras, ..Along::default() }, route).await
    }

    async fn simple(&self, tool: &str) -> Result<Reply, UpstreamError> {
        self.call(tool, "{}", "{}", CallRoute::nowhere()).await
    }
}

async fn next_message(items: &mut mpsc::Receiver<StreamItem>) -> Value {
    match items.recv().await {
        Some(StreamItem::Message(message)) => message,
        _ => panic!("a message"),
    }
}

fn result(reply: Result<Reply, UpstreamError>) -> Value {
    match reply.unwrap().outcome() {
        Ok(result) => result.clone(),
        Err(error) => panic!("an error: {}", error.to_json()),
    }
}

#[tokio::test]
async fn i12_a_forwarded_call_carries_exactly_the_judged_name_and_arguments() {
    let bench = bench().await;
    let extras = r#"{"_meta":{"a":1.50},"task":{"ttl":1e3},"name":"exit","arguments":{"x":1},"Arguments":{"x":2},"NAME":"exit"}"#;
    let sent = result(
        bench.call("echo", r#"{"amount":5000.10,"n":12345678901234567890}"#, extras, way().route).await,
    );
    let expected = r#"{"name":"echo","arguments":{"amount":5000.10,"n":12345678901234567890},"_meta":{"a":1.50},"task":{"ttl":1e3}}"#;
    assert_eq!(sent.get("sent").unwrap().to_json(), expected);
}

#[tokio::test]
async fn i1_nothing_but_forward_sends_a_tools_call_up() {
    let bench = bench().await;
    let params = Some(json(r#"{"name":"echo","arguments":{}}"#));
    let refused = bench.session.request("tools/call", params.clone(), way().route).await.unwrap_err();
    assert_eq!(refused, UpstreamError::NeedsRelease { method: "tools/call".to_owned() });
    assert!(!refused.was_sent());
    assert!(bench.session.notify("tools/call", params).await.is_err());
    result(bench.simple("echo").await);
    assert_eq!(received_of(&bench.log, "tools/call").len(), 1, "only the released one");
}

#[tokio::test]
async fn envelopes_and_numbers_pass_through_and_only_the_id_is_ours() {
    let bench = bench().await;
    let text = r#"{"jsonrpc":"2.0","x":{"deep":[1.0,-0]},"id":"agents own","method":"resources/read","params":{"n":1e400}}"#;
    let Ok(Message::Request(request)) = classify(json(text)) else { panic!("a request") };
    let answer = bench.session.ask(request, way().route).await.unwrap().outcome().unwrap();
    let id = answer.get("id").unwrap().to_json();
    assert!(id.parse::<u64>().is_ok(), "{id}");
    assert_eq!(answer.to_json(), text.replace("\"agents own\"", &id));
}

#[tokio::test]
async fn tools_are_listed_over_all_pages_and_again_when_they_change() {
    let mut bench = bench().await;
    let tools = bench.session.tools(false).await.unwrap();
    assert_eq!(tools.len(), 11);
    assert!(tools[0].to_json().contains(r#""x-limit":1.50"#));
    bench.session.tools(false).await.unwrap();
    assert_eq!(received_of(&bench.log, "tools/list").len(), 2, "kept");
    let stale = bench.releases.of(&bench.session, "echo", "{}").await;

    bench.session.notify("test/change", None).await.unwrap();
    let changed = bench.standing.recv().await.unwrap().into_message();
    assert_eq!(changed.get("method"), Some(&Value::from("notifications/tools/list_changed")));
    let refused = bench.session.forward(stale, Along::default(), way().route).await.unwrap_err();
    assert!(matches!(refused, UpstreamError::ToolChanged { .. }) && !refused.was_sent(), "{refused}");
    assert!(received_of(&bench.log, "tools/call").is_empty());
    let tools = bench.session.tools(false).await.unwrap();
    assert!(tools[0].to_json().contains("redefined"));
}

#[tokio::test]
async fn a_link_turned_between_judging_and_sending_stops_an_allowed_call() {
    let bench = bench().await;
    let folder = tempfile::tempdir().unwrap();
    let (link, mine) = (folder.path().join("link"), folder.path().join("mine"));
    std::fs::write(&mine, "x").unwrap();
    std::os::unix::fs::symlink(&mine, &link).unwrap();
    let arguments = Value::object([("path", link.to_str().unwrap().into())]);
    let paths = crate::facts::paths(&arguments, &bench.session.inner.config);
    assert_eq!(paths.len(), 1);
    let along = Along { paths, ..Along::default() };
    let call = bench.releases.of(&bench.session, "echo", &arguments.to_json()).await;
    result(bench.session.forward(call, along.clone(), way().route).await);
    let call = bench.releases.of(&bench.session, "echo", &arguments.to_json()).await;
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    let refused = bench.session.forward(call, along, way().route).await.unwrap_err();
    assert_eq!(refused, UpstreamError::PathMoved { at: "args.path".to_owned() });
    assert!(!refused.was_sent());
    assert_eq!(received_of(&bench.log, "tools/call").len(), 1, "only the one before");
}

#[tokio::test]
async fn lines_that_are_no_json_are_borne() {
    let bench = bench().await;
    result(bench.simple("garbage").await);
    assert!(bench.session.is_alive());
}

#[tokio::test]
async fn answers_under_other_ids_reach_nobody() {
    let bench = bench().await;
    for _ in 0..2 {
        let answer = result(bench.simple("lies").await);
        assert_eq!(answer.get("lie"), None);
    }
}

#[tokio::test]
async fn an_upstream_that_exits_fails_every_pending_request_and_is_started_again() {
    let bench = bench().await;
    let hanging = bench.session.clone();
    let hanging = tokio::spawn(async move { hanging.request("test/hang", None, way().route).await });
    let died = bench.simple("exit").await.unwrap_err();
    assert!(died.to_string().starts_with("the upstream `test` stopped before it answered"), "{died}");
    assert!(died.to_string().contains("out of paper"), "{died}");
    assert!(!died.for_agent().contains("out of paper"), "I8: an upstream's words stay here");
    assert!(died.was_sent());
    assert!(matches!(hanging.await.unwrap(), Err(UpstreamError::Stopped { .. })));
    assert!(!bench.session.is_alive());

    // The next request starts it again and introduces the agent anew.
    result(bench.simple("echo").await);
    assert!(bench.session.is_alive());
    assert_eq!(received_of(&bench.log, "initialize").len(), 2);
    assert_eq!(received_of(&bench.log, "notifications/initialized").len(), 2);
    assert_eq!(received_of(&bench.log, "tools/call").len(), 2, "the one that died was not sent again");
}

#[tokio::test]
async fn an_upstream_that_cannot_be_started_says_why() {
    let (to_agent, _) = mpsc::channel(1);
    let transport =
        Transport::Stdio { command: "/no/such/program".into(), args: vec![], env: [].into(), cwd: None };
    let error = UpstreamSession::open(&config(transport), &crate::secrets::Supply::default(), to_agent)
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("`/no/such/program`") && !error.was_sent(), "{error}");
    assert!(!error.for_agent().contains("/no/such"));
}

#[tokio::test]
async fn an_endless_line_ends_the_session_and_not_the_memory() {
    let bench = bench().await;
    let error = bench.simple("long").await.unwrap_err();
    assert!(matches!(error, UpstreamError::TooLarge { .. }), "{error}");
    result(bench.simple("echo").await);
}

#[tokio::test]
async fn an_answer_with_a_key_twice_fails_its_request_at_once() {
    let bench = bench().await;
    let error = bench.simple("twice").await.unwrap_err();
    assert!(
        matches!(&error, UpstreamError::Unreadable { why, .. } if why.contains("`a` stands twice")),
        "{error}"
    );
    assert!(bench.session.is_alive());
}

#[tokio::test]
async fn progress_goes_to_the_call_that_gave_the_token_before_its_answer() {
    let bench = bench().await;
    let (mut first, mut second) = (way(), way());
    result(bench.call("progress", "{}", r#"{"_meta":{"progressToken":"one"}}"#, first.route.clone()).await);
    result(bench.call("progress", "{}", r#"{"_meta":{"progressToken":2}}"#, second.route.clone()).await);
    for (way, token) in [(&mut first, r#""one""#), (&mut second, "2")] {
        let Ok(StreamItem::Message(message)) = way.items.try_recv() else {
            panic!("there before the answer")
        };
        assert_eq!(message.get("params").unwrap().get("progressToken").unwrap().to_json(), token);
        assert!(way.items.try_recv().is_err());
    }
}

#[tokio::test]
async fn an_upstreams_question_reaches_the_agent_under_our_id_and_the_answer_goes_back_under_its_own() {
    let bench = bench().await;
    let mut way = way();
    let call = bench.releases.of(&bench.session, "ask", "{}").await;
    let (session, route) = (bench.session.clone(), way.route.clone());
    let call = tokio::spawn(async move { session.forward(call, Along::default(), route).await });
    let question = next_message(&mut way.items).await;
    let ours = question.get("id").unwrap().clone();
    let expected =
        r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":1e2},"x":1}"#;
    assert_eq!(question.to_json(), expected.replace(":1,\"method", &format!(":{},\"method", ours.to_json())));

    // Answers to what was not asked go nowhere.
    for id in [Value::from("ask-1"), 99.into()] {
        bench.session.answer(Response::result(id, json(r#"{"forged":true}"#))).await.unwrap();
    }
    bench.session.answer(Response::result(ours.clone(), json(r#"{"text":1.0}"#))).await.unwrap();
    let answer = result(call.await.unwrap());
    assert_eq!(answer.to_json(), r#"{"jsonrpc":"2.0","id":"ask-1","result":{"text":1.0}}"#);
    // A second answer to the same question neither.
    bench.session.answer(Response::result(ours, json("{}"))).await.unwrap();
    result(bench.simple("echo").await);
    let answers = received(&bench.log).into_iter().filter(|message| message.get("result").is_some());
    assert_eq!(answers.count(), 1);
}

#[tokio::test]
async fn a_cancel_passes_up_under_the_rewritten_id_with_what_the_agent_wrote() {
    let bench = bench().await;
    let way = way();
    let call = bench.releases.of(&bench.session, "hang", "{}").await;
    let (session, route) = (bench.session.clone(), way.route.clone());
    let call = tokio::spawn(async move { session.forward(call, Along::default(), route).await });
    let cancel = || {
        let params = json(r#"{"requestId":"mine","reason":"no longer","x":1.0}"#);
        Notification::new("notifications/cancelled", Some(params))
    };
    while !bench.session.cancel(&way.stream, cancel()).await {
        tokio::task::yield_now().await;
    }
    assert!(!bench.session.cancel(&way.stream, cancel()).await, "once");
    tokio::time::pause();
    way.cancel.cancel();
    assert!(matches!(call.await.unwrap(), Err(UpstreamError::Cancelled { .. })));
    tokio::time::resume();
    result(bench.simple("echo").await);
    let sent = received_of(&bench.log, "tools/call")[0].get("id").unwrap().to_json();
    let cancels = received_of(&bench.log, "notifications/cancelled");
    assert_eq!(cancels.len(), 1);
    let expected = format!(r#"{{"requestId":{sent},"reason":"no longer","x":1.0}}"#);
    assert_eq!(cancels[0].get("params").unwrap().to_json(), expected);
}

#[tokio::test]
async fn a_call_that_is_cancelled_already_is_not_sent() {
    let bench = bench().await;
    let way = way();
    way.cancel.cancel();
    let error = bench.call("echo", "{}", "{}", way.route.clone()).await.unwrap_err();
    assert!(matches!(error, UpstreamError::CancelledUnsent { .. }) && !error.was_sent());
    assert!(received_of(&bench.log, "tools/call").is_empty());
}

#[tokio::test]
async fn what_belongs_to_no_request_goes_to_the_standing_stream_and_a_ping_is_answered_for_the_agent() {
    let mut bench = bench().await;
    let said = r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"n":1.0}}"#;
    bench.session.notify("test/say", Some(json(said))).await.unwrap();
    assert_eq!(bench.standing.recv().await.unwrap().into_message().to_json(), said);

    let ping = json(r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#);
    bench.session.notify("test/say", Some(ping.clone())).await.unwrap();
    result(bench.simple("echo").await);
    let is_pong = |message: &Value| message.get("id") == Some(&"p".into()) && message.get("result").is_some();
    while !received(&bench.log).iter().any(is_pong) {
        tokio::task::yield_now().await;
    }
    assert!(bench.standing.try_recv().is_err());

    // An agent that listens is asked itself; its id is ours.
    bench.session.set_listening(true);
    bench.session.notify("test/say", Some(ping)).await.unwrap();
    let asked = bench.standing.recv().await.unwrap().into_message();
    assert_ne!(asked.get("id"), Some(&"p".into()));
    // The upstream takes its question back: the agent hears of it under the id it knows.
    let withdrawn =
        json(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"p"}}"#);
    bench.session.notify("test/say", Some(withdrawn.clone())).await.unwrap();
    let cancelled = bench.standing.recv().await.unwrap().into_message();
    assert_eq!(cancelled.get("params").unwrap().get("requestId"), asked.get("id"));
    // Only once.
    bench.session.notify("test/say", Some(withdrawn)).await.unwrap();
    result(bench.simple("echo").await);
    assert!(bench.standing.try_recv().is_err());
}

#[tokio::test]
async fn a_child_gets_the_configured_environment_without_bus_display_and_ours() {
    let bench = bench().await;
    let answer = result(bench.simple("env").await);
    let names: Vec<&str> =
        answer.get("names").and_then(Value::as_list).unwrap().iter().filter_map(Value::as_text).collect();
    assert!(names.contains(&"SECRET") && names.contains(&"PATH"));
    let withheld =
        ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"];
    let ours = |name: &&&str| withheld.contains(name) || name.starts_with("DOORWARD_");
    assert_eq!(names.iter().find(ours), None);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn closing_a_session_ends_the_child_and_its_children() {
    let bench = bench().await;
    let pid = result(bench.simple("child").await).get("pid").unwrap().to_json();
    let is_running = || {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    assert!(is_running());
    bench.session.close().await;
    while is_running() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_closed_session_stays_closed() {
    let bench = bench().await;
    bench.session.clone().close().await;
    let error = bench.session.request("ping", None, way().route).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Stopped { .. }), "{error}");
    let request = Request::new(1.into(), "initialize", None);
    assert!(bench.session.ask(request, way().route).await.is_err());
}
