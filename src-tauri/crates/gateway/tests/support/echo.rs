//! An upstream over HTTP, shared by all who reach it, that answers every request with the request.

use super::Bench;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use gateway::home::{Transport, UpstreamConfig};
use policy::Value;
use std::sync::{Arc, Mutex};

pub(crate) struct Echo {
    received: Arc<Mutex<Vec<Value>>>,
    url: String,
}

impl Echo {
    pub(crate) async fn start() -> Echo {
        let received = Arc::<Mutex<Vec<Value>>>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let router = Router::new().route("/mcp", post(echo)).with_state(Arc::clone(&received));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Echo { received, url }
    }

    /// The engine knows it as `echo`.
    pub(crate) fn put_behind(&self, bench: &Bench) {
        let transport = Transport::Http { url: self.url.clone(), headers: [].into() };
        let config = UpstreamConfig::new("echo".parse().unwrap(), transport, false).unwrap();
        bench.engine.add_upstream(config).unwrap();
    }

    /// Messages of methods that MCP does not have, `x/…`, in their order.
    pub(crate) fn received(&self) -> Vec<Value> {
        self.received.lock().unwrap().clone()
    }
}

async fn echo(State(received): State<Arc<Mutex<Vec<Value>>>>, body: Bytes) -> Response {
    let message = Value::parse(&body).unwrap();
    let method = message.get("method").and_then(Value::as_text).unwrap_or_default().to_owned();
    if method.starts_with("x/") {
        received.lock().unwrap().push(message.clone());
    }
    let Some(id) = message.get("id") else { return StatusCode::ACCEPTED.into_response() };
    let result = match method.as_str() {
        "initialize" => {
            r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"e","version":"1"}}"#
                .to_owned()
        }
        "tools/list" => r#"{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}"#.to_owned(),
        _ => message.to_json(),
    };
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id.to_json());
    // Half of the answers as an event stream: both forms carry everything.
    if message.to_json().len().is_multiple_of(2) {
        return ([("content-type", "application/json")], answer).into_response();
    }
    ([("content-type", "text/event-stream")], format!("event: message\ndata: {answer}\n\n")).into_response()
}
