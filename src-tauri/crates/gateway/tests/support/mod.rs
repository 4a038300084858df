//! An engine in a home of its own, a scripted child as its upstream, and agents that write their own bytes.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod echo;
pub(crate) mod lines;
#[path = "../upstream/script.rs"]
pub(crate) mod script;

use gateway::{
    ChangePolicy, Engine, Options,
    home::{Home, InitOptions, KeychainKind, Paths, Transport, UpstreamConfig},
};
use policy::Value;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What hangs is given up after so long; a machine under load is not.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"x":1.0},"clientInfo":{"name":"test","version":"1"}}}"#;
pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

pub(crate) fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

/// A `tools/call` with the id 7.
pub(crate) fn call(tool: &str, arguments: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
    )
}

pub(crate) struct Bench {
    pub(crate) engine: Arc<Engine>,
    pub(crate) log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// The upstream is called `script`; the test `scripted` of the same binary plays it.
    pub(crate) async fn new() -> Bench {
        Bench::with_policies(&[]).await
    }

    pub(crate) async fn with_policies(policies: &[(&str, &str)]) -> Bench {
        let folder = tempfile::Builder::new().prefix("dw-").tempdir_in("/tmp").unwrap();
        let dir = folder.path().join("home");
        let options = InitOptions { keychain: KeychainKind::Memory, ..InitOptions::default() };
        Home::init(&dir, &options).unwrap();
        let folder_of_policies = Paths::new(&dir).policies();
        std::fs::remove_dir_all(&folder_of_policies).unwrap();
        std::fs::create_dir(&folder_of_policies).unwrap();
        std::fs::write(folder_of_policies.join("set.toml"), "default = \"allow\"\n").unwrap();
        for (path, text) in policies {
            std::fs::write(folder_of_policies.join(path), text).unwrap();
        }
        let listen = Some("127.0.0.1:0".parse().unwrap());
        let options = Options { home: dir, listen, on_change: ChangePolicy::TakeAtStart };
        let engine = Engine::start(options).await.unwrap();
        let log = folder.path().join("log");
        let (command, args, env) = script::program("scripted", &log);
        let transport = Transport::Stdio { command, args, env, cwd: None };
        let config = UpstreamConfig::new("script".parse().unwrap(), transport, false).unwrap();
        engine.add_upstream(config).unwrap();
        Bench { engine, log, _folder: folder }
    }

    /// Pairs an agent, without a session yet.
    pub(crate) fn pair(&self, name: &str) -> Agent {
        let token = self.engine.add_agent(name.parse().unwrap(), "me".parse().unwrap()).unwrap();
        let url = format!("http://{}/mcp/script", self.engine.listen_addr());
        let client = Client::builder().no_proxy().build().unwrap();
        Agent { client, url, token: token.as_str().to_owned(), session: None }
    }

    /// A paired agent with an initialised session.
    pub(crate) async fn agent(&self, name: &str) -> Agent {
        let mut agent = self.pair(name);
        agent.open().await;
        agent
    }

    pub(crate) fn received_of(&self, method: &str) -> Vec<Value> {
        script::received_of(&self.log, method)
    }
}

#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) client: Client,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) session: Option<String>,
}

impl Agent {
    pub(crate) async fn open(&mut self) {
        let response = self.post(INITIALIZE).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        self.session = response.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
        assert!(self.session.is_some(), "{}", response.text().await.unwrap());
        assert_eq!(self.post(INITIALIZED).send().await.unwrap().status(), StatusCode::ACCEPTED);
    }

    fn with_headers(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.bearer_auth(&self.token);
        match &self.session {
            Some(session) => request.header("mcp-session-id", session),
            None => request,
        }
    }

    /// A good POST.
    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.with_headers(self.client.post(&self.url))
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .body(body)
    }

    pub(crate) fn get(&self) -> RequestBuilder {
        self.with_headers(self.client.get(&self.url)).header("accept", "text/event-stream")
    }

    pub(crate) fn delete(&self) -> RequestBuilder {
        self.with_headers(self.client.delete(&self.url))
    }

    /// The answer to one request: plain, or the last event of its stream.
    pub(crate) async fn ask(&self, body: impl Into<reqwest::Body>) -> Value {
        let response = self.post(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let mut events = Events::new(response);
        if !events.is_stream() {
            return json(&events.response.text().await.unwrap());
        }
        let mut last = None;
        while let Some(event) = events.next().await {
            last = Some(event);
        }
        last.unwrap()
    }
}

/// Status and JSON-RPC error code of a refusal.
pub(crate) async fn refusal(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = json(&response.text().await.unwrap());
    let error = body.get("error").unwrap_or_else(|| panic!("an error: {}", body.to_json()));
    let message = error.get("message").and_then(Value::as_text).unwrap().to_owned();
    (status, error.get("code").unwrap().to_json(), message)
}

/// The messages of an event stream as they come.
pub(crate) struct Events {
    response: Response,
    text: String,
}

impl Events {
    pub(crate) fn new(response: Response) -> Events {
        Events { response, text: String::new() }
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream")
    }

    pub(crate) async fn next(&mut self) -> Option<Value> {
        let reading = async {
            loop {
                if let Some((event, rest)) = self.text.split_once("\n\n") {
                    let (event, rest) = (event.to_owned(), rest.to_owned());
                    self.text = rest;
                    let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                    if let Some(data) = data.filter(|data| !data.is_empty()) {
                        return Some(json(data));
                    }
                    continue;
                }
                let chunk = self.response.chunk().await.unwrap()?;
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("an event comes")
    }
}
