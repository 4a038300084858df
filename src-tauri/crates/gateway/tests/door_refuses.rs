//! What the agents' port turns away. Each case says why, and the upstream sees nothing of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use reqwest::{Method, StatusCode};
use support::{Agent, Bench, INITIALIZE, INITIALIZED, call, refusal, script};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The upstream that the other tests start; does nothing by itself.
#[test]
fn scripted() {
    script::run_if_asked();
}

/// Nothing but the opening of the session went up, and the session still works.
async fn nothing_went_up(bench: &Bench, agent: &Agent) {
    agent.ask(call("echo", "{}")).await;
    let methods: Vec<_> = script::received(&bench.log)
        .iter()
        .map(|message| {
            message
                .get("method")
                .map_or("an answer".to_owned(), |method| method.as_text().unwrap().to_owned())
        })
        .collect();
    assert_eq!(
        methods,
        ["initialize", "notifications/initialized", "tools/list", "tools/list", "tools/call"]
    );
}

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused_whatever_the_method() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let own = format!("http://{}", bench.engine.listen_addr());
    for method in [Method::POST, Method::GET, Method::DELETE, Method::OPTIONS, Method::PUT] {
        let request = || {
            let good = agent.post(call("echo", "{}")).build().unwrap();
            let headers = good.headers().clone();
            agent.client.request(method.clone(), &agent.url).headers(headers).body(call("echo", "{}"))
        };
        for host in ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example"] {
            assert_eq!(refusal(request().header("host", host)).await.0, 403, "{method} {host}");
        }
        for origin in ["null", "https://evil.example", "http://localhost:1"] {
            assert_eq!(refusal(request().header("origin", origin)).await.0, 403, "{method} {origin}");
        }
    }
    for path in ["/", "/mcp", "/mcp/script/more", "/desk/v1/status", "/mcp/%2e%2e"] {
        let url = format!("{own}{path}");
        let request = || agent.client.get(&url).bearer_auth(&agent.token);
        assert_eq!(refusal(request()).await.0, 404, "{path}");
        assert_eq!(refusal(request().header("origin", "null")).await.0, 403, "{path}");
    }
    nothing_went_up(&bench, &agent).await;
}

#[tokio::test]
async fn without_the_right_token_nothing_is_told_not_even_which_upstreams_there_are() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let strangers = ["", "dw_wrong", "dw_", &"x".repeat(5000)];
    for upstream in ["script", "nobody"] {
        for token in strangers {
            let stranger = Agent {
                token: token.to_owned(),
                url: agent.url.replace("script", upstream),
                ..agent.clone()
            };
            for request in [stranger.post(call("echo", "{}")), stranger.get(), stranger.delete()] {
                let response = request.send().await.unwrap();
                assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{upstream} {token}");
                assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
            }
        }
    }
    let named = agent.client.post(&agent.url).header("doorward-agent", "claude").body(INITIALIZE);
    assert_eq!(refusal(named).await.0, 401, "a name is a token on the home's socket only");
    let nobody = Agent { url: agent.url.replace("script", "nobody"), ..agent.clone() };
    let (status, _, message) = refusal(nobody.post(INITIALIZE)).await;
    assert!(status == 404 && message.contains("`nobody`"), "{message}");
    nothing_went_up(&bench, &agent).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_without_reading_it_all() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let head = |length: &str| {
        format!(
            "POST /mcp/script HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nmcp-session-id: {}\r\n\
             content-type: application/json\r\naccept: */*\r\n{length}\r\n\r\n",
            bench.engine.listen_addr(),
            agent.token,
            agent.session.as_ref().unwrap()
        )
    };
    // Announced as 100 MB: not a byte of it is needed for the answer.
    let mut stream = TcpStream::connect(bench.engine.listen_addr()).await.unwrap();
    stream.write_all(head("content-length: 104857600").as_bytes()).await.unwrap();
    let mut answer = [0_u8; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");

    // Not announced: refused after eight.
    let stream = TcpStream::connect(bench.engine.listen_addr()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let head = head("transfer-encoding: chunked");
    let writing = tokio::spawn(async move {
        writer.write_all(head.as_bytes()).await.unwrap();
        let chunk = [b"100000\r\n".as_slice(), &[b' '; 0x10_0000], b"\r\n"].concat();
        for sent in 1..=100 {
            if writer.write_all(&chunk).await.is_err() {
                return sent;
            }
        }
        100
    });
    reader.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    drop(reader);
    assert!(writing.await.unwrap() < 100, "the rest was not read");

    // Just at the limit it is read, and refused for what it says.
    let at_limit = " ".repeat(8 * 1024 * 1024);
    let (status, code, _) = refusal(agent.post(at_limit.clone())).await;
    assert_eq!((status, code.as_str()), (400, "-32700"));
    assert_eq!(refusal(agent.post(at_limit + " ")).await.0, 413);
    nothing_went_up(&bench, &agent).await;
}

#[tokio::test]
async fn what_is_not_one_json_message_is_refused_in_words() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let good = call("echo", r#"{"a":1}"#);
    let cases = [
        ("hello".to_owned(), "-32700", "not valid JSON"),
        (String::new(), "-32700", "not valid JSON"),
        (good.replace(r#""a":1"#, r#""a":1,"a":2"#), "-32700", "`a` stands twice"),
        (good.replace(r#""a":1"#, r#""a":1,"\u0061":2"#), "-32700", "`a` stands twice"),
        (good.replace(r#""method""#, r#""method":"ping","method""#), "-32700", "`method` stands twice"),
        (format!("{good}{good}"), "-32700", "not valid JSON"),
        (format!("[{good},{good}]"), "-32600", "batches"),
        ("[]".to_owned(), "-32600", "batches"),
        (good.replace("2.0", "1.0"), "-32600", "jsonrpc"),
        (good.replace(r#""id":7"#, r#""id":null"#), "-32600", "id"),
        (good.replace(r#""id":7,"#, ""), "-32600", "needs an `id`"),
        (good.replace("tools/call", "Tools/Call"), "-32600", "differs from `tools/call`"),
        (good.replace(r#""id":7"#, r#""id":7,"Method":"ping""#), "-32600", "`Method` differs"),
        (good.replace(r#""id":7"#, r#""id":7,"result":{}"#), "-32600", "not several"),
    ];
    for (body, code, says) in cases {
        let (status, given, message) = refusal(agent.post(body.clone())).await;
        assert_eq!((status, given.as_str()), (400, code), "{body}: {message}");
        assert!(message.contains(says), "{body}: {message}");
    }
    let params = [
        r#"{"arguments":{}}"#,
        r#"{"name":7}"#,
        r#"{"name":"echo","arguments":[]}"#,
        r#"{"name":"echo","arguments":null}"#,
        r#"{"name":"echo","Name":"exit"}"#,
        "[]",
        r#""echo""#,
    ];
    for params in params {
        let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#);
        let (status, code, message) = refusal(agent.post(body)).await;
        assert_eq!((status, code.as_str()), (200, "-32602"), "{params}: {message}");
    }
    nothing_went_up(&bench, &agent).await;
}

#[tokio::test]
async fn types_and_versions_that_are_not_spoken_are_refused() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let with = |name: &'static str, value: &'static str| {
        let mut request = agent.post(call("echo", "{}")).build().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        reqwest::RequestBuilder::from_parts(agent.client.clone(), request)
    };
    assert_eq!(refusal(with("content-type", "text/plain")).await.0, 415);
    assert_eq!(refusal(with("accept", "application/json")).await.0, 406);
    let (status, _, message) = refusal(with("mcp-protocol-version", "1999-01-01")).await;
    assert!(status == 400 && message.contains("2025-11-25"), "{message}");
    assert_eq!(refusal(agent.get().header("mcp-protocol-version", "nonsense")).await.0, 400);
    assert_eq!(
        refusal(agent.client.get(&agent.url).bearer_auth(&agent.token).header("accept", "text/html")).await.0,
        406
    );
    let put = agent.client.put(&agent.url).bearer_auth(&agent.token);
    assert_eq!(put.send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    nothing_went_up(&bench, &agent).await;
}

#[tokio::test]
async fn a_session_is_its_agents_own_and_ends_when_it_says() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let mut other = bench.pair("codex");

    let (status, _, message) = refusal(other.post(call("echo", "{}"))).await;
    assert!(status == 400 && message.contains("Mcp-Session-Id"), "{message}");
    other.session = Some("00000000000000000000000000000000".to_owned());
    assert_eq!(refusal(other.post(call("echo", "{}"))).await.0, 404);
    other.session = agent.session.clone();
    for request in [other.post(call("echo", "{}")), other.post(INITIALIZED), other.get(), other.delete()] {
        assert_eq!(refusal(request).await.0, 404, "to anybody else it does not exist");
    }
    nothing_went_up(&bench, &agent).await;

    assert_eq!(bench.engine.upstream_sessions("script"), 1);
    assert_eq!(agent.delete().send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(bench.engine.upstream_sessions("script"), 0);
    assert_eq!(refusal(agent.post(call("echo", "{}"))).await.0, 404);
}

const META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

fn stateless(agent: &Agent, method: &str, params: &str) -> reqwest::RequestBuilder {
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":3,"method":"{method}","params":{{{params}"_meta":{META}}}}}"#);
    agent.post(body).header("mcp-protocol-version", "2026-07-28").header("mcp-method", method.to_owned())
}

#[tokio::test]
async fn agents_of_the_stateless_era_are_told_to_fall_back() {
    let bench = Bench::new().await;
    let agent = bench.pair("claude");
    let (status, code, message) = refusal(stateless(&agent, "server/discover", "")).await;
    assert_eq!((status, code.as_str()), (404, "-32601"), "{message}");
    assert_eq!(bench.engine.upstream_sessions("script"), 0, "what was opened for the question is closed");
    let agent = bench.agent("codex").await;
    agent.ask(call("echo", "{}")).await;
}

#[tokio::test]
async fn stateless_requests_that_contradict_their_headers_go_nowhere() {
    let bench = Bench::new().await;
    let agent = bench.pair("claude");
    let call = |headers: &[(&'static str, &'static str)]| {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{{"name":"echo","arguments":{{}},"_meta":{META}}}}}"#
        );
        headers.iter().fold(agent.post(body), |request, (name, text)| request.header(*name, *text))
    };
    let version = ("mcp-protocol-version", "2026-07-28");
    let method = ("mcp-method", "tools/call");
    let bad: [&[(&str, &str)]; 7] = [
        &[],
        &[version],
        &[version, method],
        &[version, method, ("mcp-name", "exit")],
        &[version, ("mcp-method", "tools/list"), ("mcp-name", "echo")],
        &[("mcp-protocol-version", "2025-11-25"), method, ("mcp-name", "echo")],
        &[version, method, ("mcp-name", "echo"), ("mcp-name", "exit")],
    ];
    for headers in bad {
        let (status, code, message) = refusal(call(headers)).await;
        assert_eq!((status, code.as_str()), (400, "-32020"), "{headers:?}: {message}");
    }
    let bare = agent.post(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#);
    let (status, code, message) = refusal(bare.header(version.0, version.1)).await;
    assert_eq!((status, code.as_str()), (400, "-32602"), "{message}");
    for request in [agent.get(), agent.delete()] {
        assert_eq!(refusal(request.header(version.0, version.1)).await.0, 405);
    }
    assert!(script::received(&bench.log).is_empty());
}

#[tokio::test]
async fn a_head_that_never_ends_holds_one_connection_and_nothing_else() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    let mut slow = TcpStream::connect(bench.engine.listen_addr()).await.unwrap();
    slow.write_all(b"POST /mcp/script HTTP/1.1\r\nhost:").await.unwrap();
    let mut long = TcpStream::connect(bench.engine.listen_addr()).await.unwrap();
    let endless = format!("GET /mcp/script HTTP/1.1\r\nx: {}", "y".repeat(100 * 1024));
    let _ = long.write_all(endless.as_bytes()).await;
    let mut answer = [0_u8; 12];
    long.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431");
    nothing_went_up(&bench, &agent).await;
}
