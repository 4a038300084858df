//! Agents as they are: how each calls itself, what it puts up with, and how it leaves.

use reqwest::{Client, Response};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How an agent behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Under which it is paired.
    pub(crate) name: &'static str,
    /// `clientInfo.name`.
    pub(crate) calls_itself: &'static str,
    pub(crate) sends_progress_token: bool,
    /// After so much silence it gives up; progress breaks silence, comments do not.
    pub(crate) idle: Option<Duration>,
    /// After so long it gives up, whatever comes.
    pub(crate) whole: Option<Duration>,
    pub(crate) leaves: Leaves,
    /// Doorward's own limit for it.
    pub(crate) limit: Duration,
}

/// What an agent that gives up does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// Its connection stays open, and nothing is said.
    WithoutASign,
    Closing,
    CancellingAndClosing,
}

/// Agents that got no headers for so long give up.
const HEADERS: Duration = Duration::from_secs(60);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const CLAUDE: Kind = Kind {
    name: "claude",
    calls_itself: "claude-code",
    sends_progress_token: true,
    idle: Some(seconds(300)),
    whole: None,
    leaves: Leaves::WithoutASign,
    limit: seconds(25 * 60),
};
pub(crate) const SILENT_CLAUDE: Kind =
    Kind { name: "silent-claude", sends_progress_token: false, limit: seconds(280), ..CLAUDE };
pub(crate) const CODEX: Kind = Kind {
    name: "codex",
    calls_itself: "codex-mcp-client",
    sends_progress_token: true,
    idle: None,
    whole: Some(seconds(300)),
    leaves: Leaves::CancellingAndClosing,
    limit: seconds(280),
};
pub(crate) const GEMINI: Kind = Kind {
    name: "gemini",
    calls_itself: "gemini-cli-mcp-client-ledger",
    sends_progress_token: true,
    idle: None,
    whole: Some(seconds(600)),
    leaves: Leaves::Closing,
    limit: seconds(540),
};
pub(crate) const CURSOR: Kind = Kind {
    name: "cursor",
    calls_itself: "cursor-vscode",
    sends_progress_token: true,
    idle: None,
    whole: Some(seconds(60)),
    leaves: Leaves::WithoutASign,
    limit: seconds(45),
};

/// A `tools/call` result.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    pub(crate) fn meta(&self) -> &Value {
        &self.0["result"]["_meta"]["app.doorward/refusal"]
    }

    pub(crate) fn code(&self) -> Option<String> {
        self.meta()["code"].as_str().map(str::to_owned)
    }

    pub(crate) fn text(&self) -> String {
        self.0["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn ran(&self) -> bool {
        self.0["result"]["isError"] != true && self.text().ends_with(" ran")
    }
}

/// How a call ended for its agent.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) answer: Answer,
    /// Times it called.
    pub(crate) turns: usize,
    /// It ran out of patience at least once.
    pub(crate) gave_up: bool,
}

/// A connected agent.
pub(crate) struct Agent {
    pub(crate) kind: Kind,
    pub(crate) client: Client,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) session: String,
    /// Connections it does not read any more.
    pub(crate) abandoned: std::sync::Mutex<Vec<Response>>,
}

impl Agent {
    pub(crate) async fn connect(kind: Kind, url: String, token: String) -> Agent {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let abandoned = std::sync::Mutex::default();
        let mut agent = Agent { kind, client, url, token, session: String::new(), abandoned };
        agent.open().await;
        agent
    }

    /// A new session.
    pub(crate) async fn open(&mut self) {
        self.session.clear();
        let hello = format!(
            r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"2025-11-25","capabilities":{{}},"clientInfo":{{"name":"{}","version":"1"}}}}}}"#,
            self.kind.calls_itself
        );
        let response = self.post(hello).await;
        self.session = response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        response.text().await.unwrap();
        self.post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned()).await;
    }

    async fn post(&self, body: String) -> Response {
        let mut request = self
            .client
            .post(&self.url)
            .bearer_auth(&self.token)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json");
        if !self.session.is_empty() {
            request = request.header("mcp-session-id", &self.session);
        }
        request.body(body).send().await.unwrap()
    }

    /// One call, for as long as this agent waits; none when it gave up, and left as it does.
    pub(crate) async fn call_once(&self, customer: &str) -> Option<Answer> {
        let began = Instant::now();
        let meta = if self.kind.sends_progress_token { r#""_meta":{"progressToken":"p"},"# } else { "" };
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{{meta}"name":"delete_customer","arguments":{{"customer_id":"{customer}"}}}}}}"#
        );
        let whole = self.kind.whole.map(|whole| began + whole);
        let headers = whole.map_or(began + HEADERS, |whole| whole.min(began + HEADERS));
        let mut response = timeout_at(headers, self.post(body)).await.expect("headers come at once");
        assert_eq!(response.status(), 200);
        let is_stream = response.headers()["content-type"] == "text/event-stream";
        let (mut text, mut heard) = (String::new(), Instant::now());
        loop {
            let idle = self.kind.idle.map(|idle| heard + idle);
            let until = [whole, idle].into_iter().flatten().min().expect("nobody waits without end");
            let Ok(chunk) = timeout_at(until, response.chunk()).await else {
                self.leave(response).await;
                return None;
            };
            match chunk.unwrap() {
                Some(chunk) => text.push_str(std::str::from_utf8(&chunk).unwrap()),
                None if !is_stream => return Some(Answer(serde_json::from_str(&text).unwrap())),
                // How a cancelled call ends.
                None => return None,
            }
            while let Some((event, rest)) = text.split_once("\n\n").map(|(e, r)| (e.to_owned(), r.to_owned()))
            {
                text = rest;
                let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
                if data.is_empty() {
                    // An event that only names a place to resume from.
                    continue;
                }
                heard = Instant::now();
                let message: Value = serde_json::from_str(data).unwrap();
                if message["id"] == 7 {
                    return Some(Answer(message));
                }
            }
        }
    }

    /// Calls again with identical arguments when it is told to, and after it gave up.
    pub(crate) async fn call_until_settled(&self, customer: &str) -> Settled {
        let (mut turns, mut gave_up) = (0, false);
        loop {
            turns += 1;
            match self.call_once(customer).await {
                Some(answer) if answer.code().as_deref() == Some("still_waiting") => {}
                Some(answer) => return Settled { answer, turns, gave_up },
                None => gave_up = true,
            }
            // The model thinks for a moment.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// The answer to anything but a call.
    pub(crate) async fn ask(&self, body: &str) -> Value {
        let text = self.post(body.to_owned()).await.text().await.unwrap();
        let data = text.lines().rev().find_map(|line| line.strip_prefix("data: "));
        serde_json::from_str(data.unwrap_or(&text)).unwrap()
    }

    async fn leave(&self, response: Response) {
        if self.kind.leaves == Leaves::CancellingAndClosing {
            self.cancel().await;
        }
        if self.kind.leaves == Leaves::WithoutASign {
            self.abandoned.lock().unwrap().push(response);
        }
    }

    pub(crate) async fn cancel(&self) {
        let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#;
        assert_eq!(self.post(cancel.to_owned()).await.status(), 202);
    }
}
