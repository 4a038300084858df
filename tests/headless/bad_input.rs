//! What a broken or hostile neighbour can send. Each has a clear error, none is forwarded, and after each the
//! engine still carries a good call.

use super::POLICIES;
use super::support::agent::Agent;
use super::support::home::{ALLOW, TestHome, address, program};
use super::support::node::{fragile_server, node};
use super::support::recorder::Manner;
use super::support::wire::{Response, Wire, finish, raw};
use super::support::world::{TestClock, World, start};
use gateway::ChangePolicy;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use tokio::net::{TcpListener, TcpStream};

const CALL: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_expenses","arguments":{}}}"#;

/// The engine still works, and the call before did not reach the upstream.
async fn a_good_call_still_runs(world: &World, wire: &Wire) {
    world.upstream.saw_nothing();
    wire.call("list_expenses", "{}").await.ran();
    assert_eq!(world.upstream.calls().len(), 1);
}

#[track_caller]
fn refused(response: &Response, status: u16, says: &str) {
    assert_eq!(response.status.as_u16(), status, "{response:?}");
    assert!(response.body.contains("\"error\"") && response.body.contains(says), "{response:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_hundred_megabytes_is_refused() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    let token = world.pair("raw");
    // Announced: refused by its length alone. On a raw connection, because few clients read an answer that
    // comes while they still send.
    let head = format!(
        "POST /mcp/ledger HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: 104857600\r\nConnection: close\r\n\r\n",
        world.door()
    );
    let answer = answer_to_bytes(&world, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("at most"), "{answer}");
    // Not announced: refused once it has grown past the limit.
    let mut chunked = head.replace("Content-Length: 104857600", "Transfer-Encoding: chunked").into_bytes();
    for _ in 0..9 {
        chunked.extend_from_slice(b"100000\r\n");
        chunked.resize(chunked.len() + 0x10_0000, b' ');
        chunked.extend_from_slice(b"\r\n");
    }
    let answer = answer_to_bytes(&world, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // The whole of it, sent by a client that reads only afterwards, ends in an error and in no call.
    let mut padded = CALL.as_bytes().to_vec();
    padded.resize(100 * 1024 * 1024, b' ');
    match wire.post().body(padded).send().await {
        Ok(response) => assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE),
        Err(error) => assert!(error.is_request(), "the connection is closed on it: {error:?}"),
    }
    a_good_call_still_runs(&world, &wire).await;
}

/// Sends exactly these bytes and reads what comes until the connection ends.
async fn answer_to_bytes(world: &World, bytes: &[u8]) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (mut reads, mut writes) = TcpStream::connect(world.door()).await.unwrap().into_split();
    let read = async {
        let mut answer = Vec::new();
        let _ = reads.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    // The other side may stop reading before all is written.
    let write = async { drop(writes.write_all(bytes).await) };
    super::support::within("an answer", async { tokio::join!(read, write).0 }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_token_nobody_is_heard() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    let hello = CALL.replace("tools/call", "initialize");
    let client = reqwest::Client::new();
    let url = format!("http://{}/mcp/ledger", world.door());
    let bare = || {
        client
            .post(&url)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .body(hello.clone())
    };
    refused(&finish(bare()).await, 401, "no token");
    for wrong in ["Bearer dw_wrong", "Bearer ", "Bearer", "Basic Y2xhdWRlOng=", "dw_wrong"] {
        let response = finish(bare().header(AUTHORIZATION, wrong)).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{wrong}: {response:?}");
    }
    // On the agents' port a name is no token.
    refused(&finish(bare().header("doorward-agent", "claude")).await, 401, "no token");
    // A session belongs to the agent that opened it.
    let token = world.pair("codex");
    let mut stolen = wire.post().body(CALL).build().unwrap();
    stolen.headers_mut().insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
    assert_eq!(client.execute(stolen).await.unwrap().status(), StatusCode::NOT_FOUND);
    // A removed agent's token is not known any more.
    world.engine.remove_agent("codex").unwrap();
    let response = finish(bare().header(AUTHORIZATION, format!("Bearer {token}"))).await;
    refused(&response, 401, "not known");
    a_good_call_still_runs(&world, &wire).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_is_refused_whatever_it_says_it_is() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    let own = world.door().to_string();
    for host in
        ["evil.example", "evil.example:80", "127.0.0.1:1", "localhost.evil.example", "169.254.169.254", ""]
    {
        let response = finish(changed(&wire, HOST, host)).await;
        refused(&response, 403, "Host");
    }
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost:5173",
        "tauri://localhost",
        &format!("https://{own}"),
    ] {
        let response = finish(changed(&wire, ORIGIN, origin)).await;
        refused(&response, 403, "Origin");
    }
    let preflight = format!(
        "OPTIONS /mcp/ledger HTTP/1.1\r\nHost: {own}\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST"
    );
    let answer = raw(TcpStream::connect(world.door()).await.unwrap(), &preflight, "").await;
    assert!(
        answer.starts_with("HTTP/1.1 403") && !answer.to_lowercase().contains("access-control-allow"),
        "{answer}"
    );
    a_good_call_still_runs(&world, &wire).await;
}

/// A good call with one header as given.
fn changed(wire: &Wire, name: HeaderName, value: &str) -> reqwest::RequestBuilder {
    let mut request = wire.post().body(CALL).build().unwrap();
    request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    reqwest::RequestBuilder::from_parts(reqwest::Client::new(), request)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_parsers_could_read_differently_is_refused() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    let call = |arguments: &str| CALL.replace("{}", arguments).replace("list_expenses", "create_expense");
    let bodies = [
        ("no JSON at all", "hello".to_owned()),
        ("an empty body", String::new()),
        ("cut off", CALL[..CALL.len() - 2].to_owned()),
        ("two documents", format!("{CALL}{CALL}")),
        ("a key twice", call(r#"{"amount":1,"amount":9000}"#)),
        ("a key twice, written differently", call(r#"{"amount":1,"\u0061mount":9000}"#)),
        ("a method twice", CALL.replace(r#""method""#, r#""method":"ping","method""#)),
        ("a lone surrogate", call(r#"{"amount":1,"note":"\ud800"}"#)),
        ("a number that is none", call(r#"{"amount":01}"#)),
        ("not a number", call(r#"{"amount":NaN}"#)),
        ("deep nesting", call(&format!(r#"{{"amount":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000)))),
        ("a batch", format!("[{CALL},{CALL}]")),
        ("another JSON-RPC", CALL.replace("2.0", "1.0")),
    ];
    for (what, body) in bodies {
        let response = wire.send(body).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{what}: {response:?}");
        let error: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        assert!(!error["error"]["message"].as_str().unwrap().is_empty(), "{what}: {error}");
    }
    let not_text = wire.send(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec()).await;
    assert_eq!(not_text.status, StatusCode::BAD_REQUEST);
    // Arguments that are no object are an error of the protocol, and no call.
    for arguments in ["[]", "\"x\"", "1"] {
        let response = wire.send(call(arguments)).await;
        assert!(response.body.contains("\"error\""), "{arguments}: {response:?}");
    }
    a_good_call_still_runs(&world, &wire).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_not_there_is_named_and_hurts_no_other() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    let token = world.pair("codex");
    // A port that nobody listens on any more.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    world.engine.add_upstream(address("gone", &format!("http://{gone}/mcp"))).unwrap();
    world.engine.add_upstream(program("missing", "/nowhere/at/all".as_ref(), &[])).unwrap();
    world.engine.add_upstream(program("silent", "/bin/true".as_ref(), &[])).unwrap();
    let hello = CALL.replace("tools/call", "initialize").replace("list_expenses", "x");
    for name in ["gone", "missing", "silent"] {
        let response = Wire::new(world.door(), name, &token).send(hello.clone()).await;
        assert!(response.body.contains("\"error\"") && response.body.contains(name), "{name}: {response:?}");
        let said = world.engine.upstream_error(&name.parse().unwrap());
        assert!(said.is_some_and(|said| said.contains(name)), "the window shows why `{name}` failed");
    }
    let response = Wire::new(world.door(), "nobody", &token).send(hello).await;
    assert_eq!(response.status, StatusCode::NOT_FOUND, "{response:?}");
    a_good_call_still_runs(&world, &wire).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_falls_over_in_the_middle_of_a_call_leaves_its_outcome_unknown() {
    let world = World::new(&POLICIES).await;
    let record = world.home.beside("record").join("calls");
    let (script, record_arg) = (fragile_server().display().to_string(), record.display().to_string());
    world.engine.add_upstream(program("fragile", &node(), &[&script, &record_arg])).unwrap();
    let token = world.pair("claude");
    let agent = Agent::connect(world.door(), "fragile", &token).await;
    assert_eq!(agent.call("answer", json!({})).await.ran(), "answer ran");
    let text = agent.call("exit", json!({})).await.refused("outcome_unknown");
    assert!(text.contains("fragile") && text.contains("not known"), "{text}");
    // The next session gets a new process, and the call that may have run was not repeated.
    let agent = Agent::connect(world.door(), "fragile", &token).await;
    assert_eq!(agent.call("answer", json!({})).await.ran(), "answer ran");
    assert_eq!(std::fs::read_to_string(&record).unwrap(), "answer\nexit\nanswer\n");
    // What is not JSON on its output is passed over, or ends its session; its answer comes, or a clear error.
    let babbled = agent.call("babble", json!({})).await;
    assert!(babbled.text().contains("ran") || babbled.code() == Some("outcome_unknown"), "{babbled:?}");

    let ledger = Agent::connect(world.door(), "ledger", &token).await;
    world.upstream.behave(Manner::BreaksOff);
    ledger.call("list_expenses", json!({})).await.refused("outcome_unknown");
    assert_eq!(world.upstream.calls().len(), 1, "it is not sent again");
    world.upstream.behave(Manner::Answers);
    ledger.call("list_expenses", json!({})).await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_or_a_port_that_cannot_be_had_is_an_error_with_a_next_step() {
    let clock = TestClock::default();
    let refused = async |home: &TestHome, code: &str| {
        let error = start(home, ChangePolicy::ConfirmInWindow, &clock).await.err().expect("no start");
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.to_string().is_empty() && !error.hint().is_empty());
        error
    };
    let mode = |home: &TestHome, mode: u32| {
        std::fs::set_permissions(home.dir(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let home = TestHome::in_memory(&[ALLOW]);
    for open in [0o755, 0o770, 0o701] {
        mode(&home, open);
        refused(&home, "home_permissions").await;
    }
    for closed in [0o000, 0o500, 0o300] {
        mode(&home, closed);
        refused(&home, "home_permissions").await;
    }
    mode(&home, 0o700);
    std::fs::write(home.paths().settings(), "listen = [").unwrap();
    refused(&home, "file_broken").await;

    let file = TestHome::folder();
    std::fs::write(file.dir(), "not a folder").unwrap();
    refused(&file, "home_not_a_home").await;
    let foreign = TestHome::folder();
    std::fs::create_dir(foreign.dir()).unwrap();
    mode(&foreign, 0o700);
    std::fs::write(foreign.dir().join("thesis.txt"), "mine").unwrap();
    refused(&foreign, "home_not_a_home").await;
    assert_eq!(std::fs::read_dir(foreign.dir()).unwrap().count(), 1, "nothing was put there");

    // The same home twice, and the same port twice.
    let world = World::new(&[ALLOW]).await;
    refused(&world.home, "home_in_use").await;
    let other = TestHome::in_memory(&[ALLOW]);
    let options = gateway::Options {
        home: other.dir(),
        listen: Some(world.door()),
        on_change: ChangePolicy::ConfirmInWindow,
    };
    let error = gateway::Engine::start(options).await.err().expect("the port is taken");
    assert_eq!(error.code(), "port_in_use");
    assert!(error.to_string().contains(&world.door().port().to_string()), "{error}");
    world.agent("claude").await.call("list_expenses", json!({})).await.ran();
}
