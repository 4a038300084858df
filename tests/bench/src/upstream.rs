//! An MCP server that does next to nothing, fast: it answers a call with the text it was called with. Over HTTP, as
//! JSON or as an event stream, and over standard input and output.

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    convert::Infallible,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
};
use tokio::net::TcpListener;

/// Tools that differ only in name, as policies are about names.
pub(crate) const TOOLS: [&str; 3] = ["echo", "forbidden", "asked"];

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    arguments: Arguments<'a>,
}

#[derive(Deserialize)]
struct Arguments<'a> {
    /// JSON text, quotes and all.
    #[serde(borrow)]
    text: &'a RawValue,
}

/// Listens on a free port of 127.0.0.1, prints its address, and never ends by itself.
pub(crate) async fn http(is_stream: bool, tools: usize) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, is_stream, tools));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    is_stream: bool,
    tools: usize,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    if request.method() != Method::POST {
        // No standing stream; a session's end needs no words.
        *response.status_mut() = match *request.method() {
            Method::DELETE => StatusCode::OK,
            _ => StatusCode::METHOD_NOT_ALLOWED,
        };
        return Ok(response);
    }
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    match reply(&body, tools) {
        Ok(Some(reply)) => {
            let (kind, reply) = match is_stream {
                true => ("text/event-stream", format!("event: message\ndata: {reply}\n\n")),
                false => ("application/json", reply),
            };
            response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
            *response.body_mut() = Full::new(Bytes::from(reply));
        }
        Ok(None) => *response.status_mut() = StatusCode::ACCEPTED,
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    Ok(response)
}

/// A line a message, until the input ends.
pub(crate) fn stdio() -> Result<()> {
    let mut lines = BufReader::with_capacity(1 << 20, std::io::stdin().lock());
    let mut output = std::io::stdout().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if let Some(mut reply) = reply(&line, TOOLS.len())? {
            reply.push('\n');
            output.write_all(reply.as_bytes())?;
            output.flush()?;
        }
    }
}

/// The answer to one message; none to what wants none.
fn reply(text: &[u8], tools: usize) -> Result<Option<String>> {
    let message: Message<'_> = serde_json::from_slice(text)?;
    let Some(id) = message.id.map(RawValue::get) else { return Ok(None) };
    let result = match message.method.as_ref() {
        "tools/call" => {
            let params = message.params.context("a call has params")?;
            let Params { arguments: Arguments { text } } = serde_json::from_str(params.get())?;
            format!(r#"{{"content":[{{"type":"text","text":{}}}]}}"#, text.get())
        }
        "initialize" => {
            r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1"}}"#
                .to_owned()
        }
        "tools/list" => format!(r#"{{"tools":[{}]}}"#, listed(tools)),
        "ping" => "{}".to_owned(),
        _ => {
            let error = r#"{"code":-32601,"message":"no such method"}"#;
            return Ok(Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)));
        }
    };
    Ok(Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)))
}

fn listed(tools: usize) -> String {
    let others = (TOOLS.len()..tools).map(|number| tool(&format!("tool_{number}")));
    TOOLS.iter().map(|name| tool(name)).chain(others).collect::<Vec<_>>().join(",")
}

fn tool(name: &str) -> String {
    let schema = r#"{"type":"object","properties":{"text":{"type":"string"},"amount":{"type":"number"},"region":{"type":"string"}},"required":["text"]}"#;
    format!(r#"{{"name":"{name}","description":"Says what it was told","inputSchema":{schema}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_answered_with_its_own_text() {
        let call = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a\"b"}}}"#;
        let reply = reply(call, 3).expect("a good call").expect("an answer");
        assert_eq!(reply, r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"a\"b"}]}}"#);
    }

    #[test]
    fn what_wants_no_answer_gets_none() {
        let told = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert!(reply(told, 3).expect("a good message").is_none());
    }
}
