//! Requests as nobody's client library would write them: raw bodies over loopback, and raw HTTP on any stream.

use super::answer::Answer;
use super::within;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// An agent that writes its own JSON.
pub(crate) struct Wire {
    client: Client,
    url: String,
    token: String,
    session: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) session: Option<String>,
    /// The last event's data where it was a stream.
    pub(crate) body: String,
}

impl Wire {
    /// Without a session yet.
    pub(crate) fn new(door: SocketAddr, upstream: &str, token: &str) -> Wire {
        let url = format!("http://{door}/mcp/{upstream}");
        Wire { client: Client::new(), url, token: token.to_owned(), session: None }
    }

    /// With a session.
    pub(crate) async fn open(door: SocketAddr, upstream: &str, token: &str) -> Wire {
        Wire::new(door, upstream, token).opened().await
    }

    /// The same agent in another session.
    pub(crate) async fn again(&self) -> Wire {
        let (url, token) = (self.url.clone(), self.token.clone());
        Wire { client: Client::new(), url, token, session: None }.opened().await
    }

    async fn opened(self) -> Wire {
        let mut wire = self;
        let hello = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"wire","version":"1"}}}"#;
        let response = wire.send(hello).await;
        assert_eq!(response.status, StatusCode::OK, "{response:?}");
        wire.session = response.session;
        let ready = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert_eq!(wire.send(ready).await.status, StatusCode::ACCEPTED);
        wire
    }

    /// A request with everything a good one has.
    pub(crate) fn post(&self) -> RequestBuilder {
        let request = self
            .client
            .post(&self.url)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json");
        match &self.session {
            Some(session) => {
                request.header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25")
            }
            None => request,
        }
    }

    pub(crate) async fn send(&self, body: impl Into<reqwest::Body>) -> Response {
        finish(self.post().body(body)).await
    }

    /// One `tools/call` with its arguments as written here.
    pub(crate) async fn call(&self, tool: &str, arguments: &str) -> Answer {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        );
        let response = self.send(body).await;
        assert_eq!(response.status, StatusCode::OK, "{response:?}");
        let mut message: Value = serde_json::from_str(&response.body).expect("a JSON-RPC message");
        assert!(message["result"].is_object(), "no result: {message}");
        Answer(message["result"].take())
    }
}

/// Sends it and reads the answer to its end.
pub(crate) async fn finish(request: RequestBuilder) -> Response {
    within("an answer over HTTP", async {
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let text = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (session, kind) = (text("mcp-session-id"), text("content-type").unwrap_or_default());
        let body = response.text().await.expect("a whole answer");
        let body = if kind.starts_with("text/event-stream") { last_event(&body) } else { body };
        Response { status, session, body }
    })
    .await
}

fn last_event(stream: &str) -> String {
    let mut data = stream.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    data.rfind(|data| !data.is_empty()).unwrap_or_default().to_owned()
}

/// One request, written and read as text, on a connection of its own.
pub(crate) async fn raw(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str, body: &str) -> String {
    let request = format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    within("an answer to raw HTTP", async {
        stream.write_all(request.as_bytes()).await.expect("the request is written");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the answer is read");
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
}
