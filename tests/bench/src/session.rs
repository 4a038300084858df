//! One agent's session over one connection, every answer checked: a wrong answer ends the run.

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::{borrow::Cow, net::SocketAddr};
use tokio::net::TcpStream;

/// Where a session goes, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
}

/// What is called, and what has to come back.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) tool: &'static str,
    /// Bytes of text in the call, and again in its answer.
    pub(crate) bytes: usize,
    pub(crate) wants: Wants,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// The text it was called with.
    Echo,
    /// A refusal: `isError`, and not the text.
    Refusal,
}

pub(crate) struct Session {
    sender: SendRequest<Full<Bytes>>,
    place: Place,
    id: Option<HeaderValue>,
    calls: u64,
    filling: String,
}

#[derive(Deserialize)]
struct Answer<'a> {
    id: u64,
    #[serde(borrow)]
    result: Option<Outcome<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    #[serde(borrow)]
    content: Vec<Content<'a>>,
    #[serde(default)]
    is_error: bool,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Listing {
    id: u64,
    result: Tools,
}

#[derive(Deserialize)]
struct Tools {
    tools: Vec<serde::de::IgnoredAny>,
}

impl Session {
    pub(crate) async fn open(place: &Place) -> Result<Session> {
        let sender = connected(place.address).await?;
        let mut session =
            Session { sender, place: place.clone(), id: None, calls: 0, filling: String::new() };
        let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;
        let (head, _) = session.post(initialize.into()).await?;
        session.id = head.headers.get("mcp-session-id").cloned();
        session.post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.into()).await?;
        Ok(session)
    }

    /// Another connection of the same session; `nth` keeps its calls apart from the others'.
    pub(crate) async fn join(&self, nth: usize) -> Result<Session> {
        let sender = connected(self.place.address).await?;
        let calls = (nth as u64 + 1) * 1_000_000;
        Ok(Session { sender, place: self.place.clone(), id: self.id.clone(), calls, filling: String::new() })
    }

    /// Calls once, and checks what comes back.
    pub(crate) async fn call(&mut self, call: &Call) -> Result<()> {
        self.calls += 1;
        let (id, text) = (self.calls, self.text(call.bytes));
        let tool = call.tool;
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{"text":"{text}","amount":12.50,"region":"eu"}}}}}}"#
        );
        let (head, body) = self.post(body.into()).await?;
        let is_stream = head
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        check(&body, is_stream, id, &text, call.wants).with_context(|| {
            let shown: String = String::from_utf8_lossy(&body).chars().take(400).collect();
            format!("a wrong answer to call {id} of `{tool}` at {}: {shown}", self.place.address)
        })
    }

    /// How many tools are listed.
    pub(crate) async fn list(&mut self) -> Result<usize> {
        self.calls += 1;
        let id = self.calls;
        let (_, body) =
            self.post(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"}}"#).into()).await?;
        let answer: Listing = serde_json::from_slice(&body)?;
        ensure!(answer.id == id, "the list is the answer to {}", answer.id);
        Ok(answer.result.tools.len())
    }

    /// Differs from call to call and has the length asked for, give or take the number's.
    fn text(&mut self, bytes: usize) -> String {
        let number = format!("{:020}", self.calls);
        if self.filling.len() < bytes {
            self.filling = "all work and no play ".repeat(bytes / 20 + 1);
        }
        let filling = self.filling.get(..bytes.saturating_sub(number.len())).unwrap_or_default();
        format!("{number}{filling}")
    }

    async fn post(&mut self, body: Bytes) -> Result<(hyper::http::response::Parts, Bytes)> {
        let mut request = Request::post(&self.place.path)
            .header(HOST, self.place.address.to_string())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18");
        if let Some(token) = &self.place.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(id) = &self.id {
            request = request.header("mcp-session-id", id);
        }
        self.sender.ready().await?;
        let response = self.sender.send_request(request.body(Full::new(body))?).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if head.status != StatusCode::OK && head.status != StatusCode::ACCEPTED {
            bail!("HTTP {}: {}", head.status, String::from_utf8_lossy(&body));
        }
        Ok((head, body))
    }
}

async fn connected(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

fn check(body: &[u8], is_stream: bool, id: u64, text: &str, wants: Wants) -> Result<()> {
    let body = std::str::from_utf8(body)?;
    let message = match is_stream {
        // The last one: a held call's progress comes before it.
        true => body.lines().rev().find_map(|line| line.strip_prefix("data: ")).context("no event")?,
        false => body,
    };
    let answer: Answer<'_> = serde_json::from_str(message)?;
    ensure!(answer.id == id, "the answer is to call {}", answer.id);
    let result = answer.result.context("an error instead of a result")?;
    let told = result.content.first().map(|content| content.text.as_ref()).unwrap_or_default();
    match wants {
        Wants::Echo => ensure!(!result.is_error && told == text, "not the text it was called with"),
        Wants::Refusal => ensure!(result.is_error && !told.contains(text), "not a refusal"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = br#"{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"said"}]}}"#;

    #[test]
    fn only_the_own_answer_to_the_own_text_is_good() {
        assert!(check(GOOD, false, 3, "said", Wants::Echo).is_ok());
        assert!(check(GOOD, false, 4, "said", Wants::Echo).is_err());
        assert!(check(GOOD, false, 3, "other", Wants::Echo).is_err());
        assert!(check(GOOD, false, 3, "said", Wants::Refusal).is_err());
        let stream = [b"event: message\ndata: ", GOOD, b"\n\n"].concat();
        assert!(check(&stream, true, 3, "said", Wants::Echo).is_ok());
    }
}
