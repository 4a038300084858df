//! A model that is none: it speaks to agents' programs as their providers' APIs do (Messages of Anthropic, Responses of
//! OpenAI), asks once for the tool of a given name, and then says that it is done. What the tool answered is kept.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running model; dropping it ends it.
pub(crate) struct Model {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

struct Shared {
    tool: String,
    answers: Mutex<Vec<String>>,
}

impl Model {
    /// Asks for a tool whose name ends with this one.
    pub(crate) async fn asking_for(tool: &str) -> Model {
        let shared = Arc::new(Shared { tool: tool.to_owned(), answers: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Model { shared, address, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the tool answered, as the program passed it on.
    pub(crate) fn answers(&self) -> Vec<String> {
        self.shared.answers.lock().expect("whole").clone()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match uri.path() {
        "/v1/messages" => messages(&shared, &body),
        "/v1/responses" => responses(&shared, &body),
        _ => axum::Json(json!({})).into_response(),
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

impl Shared {
    fn is_wanted(&self, tool: &Value) -> bool {
        tool["name"].as_str().is_some_and(|name| name.ends_with(&self.tool))
    }

    /// Keeps what a tool answered; true where something did.
    fn keep<'a>(&self, answers: impl Iterator<Item = &'a Value>) -> bool {
        let kept: Vec<String> = answers.map(Value::to_string).collect();
        let is_some = !kept.is_empty();
        self.answers.lock().expect("whole").extend(kept);
        is_some
    }
}

fn messages(shared: &Shared, body: &Value) -> Response {
    let parts = list(body, "messages").iter().flat_map(|message| list(message, "content"));
    let is_over = shared.keep(parts.filter(|part| part["type"] == "tool_result"));
    let wanted = list(body, "tools").iter().find(|tool| !is_over && shared.is_wanted(tool));
    let (block, delta, why) = match wanted {
        Some(tool) => (
            json!({ "type": "tool_use", "id": "toolu_1", "name": tool["name"], "input": {} }),
            json!({ "type": "input_json_delta", "partial_json": "{}" }),
            "tool_use",
        ),
        None => {
            let (block, delta) =
                (json!({ "type": "text", "text": "" }), json!({ "type": "text_delta", "text": "done" }));
            (block, delta, "end_turn")
        }
    };
    let usage = json!({ "input_tokens": 1, "output_tokens": 1 });
    let message = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage });
    stream(&[
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "content_block_start", "index": 0, "content_block": block }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": why, "stop_sequence": null },
            "usage": { "output_tokens": 1 } }),
        json!({ "type": "message_stop" }),
    ])
}

fn responses(shared: &Shared, body: &Value) -> Response {
    let is_over =
        shared.keep(list(body, "input").iter().filter(|item| item["type"] == "function_call_output"));
    let tools = list(body, "tools");
    // A server's tools are functions by themselves, or stand together in a namespace.
    let alone = tools.iter().map(|tool| (None, tool));
    let inside =
        tools.iter().flat_map(|space| list(space, "tools").iter().map(move |tool| (Some(space), tool)));
    let wanted = alone.chain(inside).find(|(_, tool)| !is_over && shared.is_wanted(tool));
    let item = match wanted {
        Some((space, tool)) => {
            let mut item = json!({ "type": "function_call", "id": "f1", "call_id": "c1", "name": tool["name"],
                "arguments": "{}", "status": "completed" });
            if let Some(space) = space {
                item["namespace"] = space["name"].clone();
            }
            item
        }
        None => json!({ "type": "message", "id": "m1", "role": "assistant", "status": "completed",
            "content": [{ "type": "output_text", "text": "done", "annotations": [] }] }),
    };
    let usage = json!({ "input_tokens": 1, "output_tokens": 1, "total_tokens": 2 });
    let response = json!({ "id": "resp_1", "object": "response", "status": "completed", "output": [item],
        "usage": usage });
    stream(&[
        json!({ "type": "response.created", "response": { "id": "resp_1" } }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": response }),
    ])
}

fn stream(events: &[Value]) -> Response {
    let line =
        |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    let text: String = events.iter().map(line).collect();
    ([(header::CONTENT_TYPE, "text/event-stream")], text).into_response()
}
