//! An upstream of our own that writes down what reaches it, byte for byte: where a call must not have been
//! forwarded, this is who says so. Streamable HTTP, as far as MCP 2025-11-25 asks of a server without streams.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the upstream does with a `tools/call`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    #[default]
    Answers,
    /// Begins an answer and breaks off.
    BreaksOff,
    /// Writes the call down and never answers.
    Stalls,
    /// Asks for more first, with one state for all, as the stateless era has it.
    AsksMore,
    /// Answers with a task, whose id is `t-1`.
    MakesTasks,
}

/// A running upstream; dropping it ends it.
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

struct Shared {
    tools: Mutex<Vec<Value>>,
    /// `params` of every `tools/call`, as it was written.
    calls: Mutex<Vec<String>>,
    manner: Mutex<Manner>,
    /// Headers and bodies of everything, to look for what must not be there.
    received: Mutex<String>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

impl Recorder {
    /// Starts it with the tools of an expense ledger.
    pub(crate) async fn start() -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            tools: Mutex::new(tools()),
            calls: Mutex::default(),
            manner: Mutex::default(),
            received: Mutex::default(),
        });
        let router = Router::new().route("/mcp", post(answer)).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Recorder { shared, address, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// `params` of every `tools/call` that reached this upstream, as written.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// Every header and body that reached this upstream.
    pub(crate) fn received(&self) -> String {
        self.shared.received.lock().unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn saw_nothing(&self) {
        assert_eq!(self.calls(), Vec::<String>::new(), "a call reached the upstream");
    }

    /// From now on, calls are answered in this manner.
    pub(crate) fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// Another definition of one tool, from the next `tools/list` on.
    pub(crate) fn redefine(&self, tool: &str, description: &str) {
        let mut tools = self.shared.tools.lock().unwrap();
        let found = tools.iter_mut().find(|listed| listed["name"] == tool).expect("a tool of that name");
        found["description"] = description.into();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, headers: axum::http::HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).expect("JSON is text");
    shared.received.lock().unwrap().push_str(&format!("{headers:?}\n{text}\n"));
    let message: Message<'_> = serde_json::from_str(&text).expect("one JSON-RPC message");
    let (Some(id), Some(method)) = (message.id, message.method.as_deref()) else {
        return StatusCode::ACCEPTED.into_response();
    };
    let result = match method {
        "initialize" => json!({
            "protocolVersion": "2025-11-25",
            "capabilities": { "tools": { "listChanged": true } },
            "serverInfo": { "name": "recorder", "version": "1.0.0" },
        }),
        "tools/list" => json!({ "tools": *shared.tools.lock().unwrap() }),
        "tools/call" => {
            let params = message.params.map(RawValue::get).unwrap_or_default();
            shared.calls.lock().unwrap().push(params.to_owned());
            if *shared.manner.lock().unwrap() == Manner::BreaksOff {
                return broken();
            }
            let params = serde_json::from_str::<Value>(params).expect("params");
            let manner = *shared.manner.lock().unwrap();
            let ran = format!("{} ran", params["name"].as_str().unwrap_or_default());
            if manner == Manner::Stalls {
                std::future::pending::<()>().await;
            }
            match manner {
                Manner::AsksMore if params["requestState"] != "s-1" => json!({
                    "resultType": "input_required",
                    "inputRequests": { "name": { "method": "elicitation/create", "params": {} } },
                    "requestState": "s-1",
                }),
                Manner::MakesTasks => json!({ "task": { "taskId": "t-1", "status": "working" } }),
                _ => json!({ "content": [{ "type": "text", "text": ran }] }),
            }
        }
        "ping" => json!({}),
        _ => {
            let error = json!({ "code": -32601, "message": "Method not found" });
            return said(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#));
        }
    };
    said(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
}

fn said(body: String) -> Response {
    (
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::HeaderName::from_static("mcp-session-id"), "one"),
        ],
        body,
    )
        .into_response()
}

/// Half an answer, then the connection ends.
fn broken() -> Response {
    let half = futures_util::stream::iter([
        Ok(Bytes::from_static(br#"{"jsonrpc":"2.0","#)),
        Err(std::io::Error::other("the upstream fell over")),
    ]);
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(half)).into_response()
}

fn tools() -> Vec<Value> {
    let tool = |name: &str, properties: Value, required: &[&str]| {
        json!({
            "name": name,
            "description": format!("Does {name}."),
            "inputSchema": { "type": "object", "properties": properties, "required": required },
        })
    };
    vec![
        tool(
            "create_expense",
            json!({ "amount": { "type": "number" }, "currency": { "type": "string" }, "note": { "type": "string" } }),
            &["amount"],
        ),
        tool("delete_customer", json!({ "customer_id": { "type": "string" } }), &["customer_id"]),
        tool("list_expenses", json!({}), &[]),
        tool(
            "send_payment",
            json!({ "amount": { "type": "number" }, "to": { "type": "string" } }),
            &["amount", "to"],
        ),
    ]
}
