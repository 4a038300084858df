//! `doorward call`: one tool call through the running gateway, over the home's socket, as an agent makes it.
//!
//! Initializes a session, calls, tells what is said meanwhile, ends the session. It is judged like any other
//! call and can approve nothing.

use crate::{args, desk::Socket, failure::Failure, init::typed, note, say, sse::Events};
use bytes::Bytes;
use gateway::home::Home;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ACCEPT, CONTENT_TYPE, HOST},
};
use policy::{AgentName, UpstreamName, Value};
use std::{path::Path, process::ExitCode};

const VERSION: &str = "2025-11-25";
const SESSION: &str = "mcp-session-id";
const LOST: &str =
    "look in the app's Activity, or run `doorward journal verify`, before you call again: it may have run";

pub(crate) async fn run(dir: &Path, options: args::Call) -> Result<ExitCode, Failure> {
    let (upstream, tool) = options.tool.split_once('/').ok_or_else(|| {
        Failure::new(
            format!("`{}` is no tool", options.tool),
            "name it as UPSTREAM/TOOL, such as practice/list_expenses",
        )
    })?;
    let upstream: UpstreamName = upstream.parse()?;
    let agent: AgentName = options.agent.parse()?;
    let arguments = Value::parse(options.arguments.as_bytes()).map_err(|error| {
        Failure::new(format!("the arguments are {error}"), "write one JSON object, in single quotes")
    })?;
    if arguments.as_map().is_none() {
        return Err(Failure::new("the arguments are not a JSON object", "write them as {\"name\": value}"));
    }
    Home::peek(dir)?;
    let socket = Socket::find(dir).await?.ok_or_else(|| {
        Failure::new(
            format!("no Doorward runs on the home `{}`", dir.display()),
            format!("start it with `{} serve`, or open the desktop app on this home", typed(dir)),
        )
    })?;
    let mut session =
        Session { socket, path: format!("/mcp/{upstream}"), agent: agent.to_string(), id: None };
    let outcome = session.call(tool, arguments).await;
    session.end().await;
    let answer = outcome?;
    if options.json {
        say(answer.get("result").or_else(|| answer.get("error")).unwrap_or(&answer).to_json());
    }
    match (answer.get("result"), answer.get("error")) {
        (Some(result), _) => {
            if !options.json {
                say(shown(result));
            }
            let is_error = result.get("isError").and_then(Value::as_bool) == Some(true);
            Ok(if is_error { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
        (None, error) => {
            let said = error
                .and_then(|error| error.get("message"))
                .and_then(Value::as_text)
                .unwrap_or("an error without words");
            Err(Failure::new(format!("the gateway answered: {}", visible(said)), ""))
        }
    }
}

struct Session {
    socket: Socket,
    path: String,
    agent: String,
    id: Option<String>,
}

impl Session {
    /// Opens the session and makes the call: the JSON-RPC answer to it.
    async fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, Failure> {
        let client =
            Value::object([("name", "doorward-call".into()), ("version", env!("CARGO_PKG_VERSION").into())]);
        let hello = request(
            1,
            "initialize",
            Value::object([
                ("protocolVersion", VERSION.into()),
                ("capabilities", Value::Map(policy::Map::default())),
                ("clientInfo", client),
            ]),
        );
        let response = self.post(&hello).await?;
        self.id = response.headers().get(SESSION).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let answer = self.answer(response, 1).await?;
        if answer.get("error").is_some() {
            return Ok(answer);
        }
        let ready =
            Value::object([("jsonrpc", "2.0".into()), ("method", "notifications/initialized".into())]);
        self.accepted(&ready).await?;
        let params = Value::object([
            ("name", tool.into()),
            ("arguments", arguments),
            ("_meta", Value::object([("progressToken", "call".into())])),
        ]);
        let response = self.post(&request(2, "tools/call", params)).await?;
        self.answer(response, 2).await
    }

    async fn post(&self, message: &Value) -> Result<Response<Incoming>, Failure> {
        self.send(Method::POST, message.to_json().into()).await
    }

    async fn send(&self, method: Method, body: Bytes) -> Result<Response<Incoming>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(&self.path)
            .header(HOST, "localhost")
            .header("doorward-agent", &self.agent)
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json");
        if let Some(id) = &self.id {
            request = request.header(SESSION, id).header("mcp-protocol-version", VERSION);
        }
        let request = request.body(Full::new(body)).map_err(|error| Failure::new(error.to_string(), ""))?;
        self.socket.send(request).await
    }

    /// Sends what has no answer.
    async fn accepted(&self, message: &Value) -> Result<(), Failure> {
        let response = self.post(message).await?;
        if response.status().is_success() { Ok(()) } else { Err(self.refused(response).await) }
    }

    /// Reads the answer to request `id`, as JSON or as the event stream that ends with it.
    async fn answer(&self, response: Response<Incoming>, id: i64) -> Result<Value, Failure> {
        if response.status() != StatusCode::OK {
            return Err(self.refused(response).await);
        }
        let kind =
            response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("text/event-stream") {
            return parsed(&self.socket.whole(response).await?);
        }
        let mut body = response.into_body();
        let mut events = Events::default();
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| Failure::new(format!("the connection broke: {error}"), LOST))?;
            let Ok(data) = frame.into_data() else { continue };
            let complete =
                events.push(&data).map_err(|_| Failure::new("an event is too long to read", LOST))?;
            for event in complete.into_iter().filter(|event| !event.trim_ascii().is_empty()) {
                let message = parsed(&event)?;
                if is_answer_to(&message, id) {
                    return Ok(message);
                }
                self.meanwhile(&message).await?;
            }
        }
        Err(Failure::new("the gateway ended the stream without an answer", LOST))
    }

    /// What comes before the answer: progress is told, questions are answered in the negative.
    async fn meanwhile(&self, message: &Value) -> Result<(), Failure> {
        let method = message.get("method").and_then(Value::as_text).unwrap_or_default();
        if let Some(id) = message.get("id") {
            let mut answer = Value::object([("jsonrpc", "2.0".into()), ("id", id.clone())]);
            if let Value::Map(members) = &mut answer {
                if method == "ping" {
                    members.insert("result", Value::Map(policy::Map::default()));
                } else {
                    let error = [
                        ("code", (-32601).into()),
                        ("message", "`doorward call` answers no questions".into()),
                    ];
                    members.insert("error", Value::object(error));
                }
            }
            return self.accepted(&answer).await;
        }
        let params = message.get("params");
        let said = match method {
            "notifications/progress" => {
                params.and_then(|params| params.get("message")).and_then(Value::as_text)
            }
            "notifications/message" => params.and_then(|params| params.get("data")).and_then(Value::as_text),
            _ => None,
        };
        if let Some(said) = said {
            note(visible(said));
        }
        Ok(())
    }

    async fn refused(&self, response: Response<Incoming>) -> Failure {
        let status = response.status();
        let body = match self.socket.whole(response).await {
            Ok(body) => body,
            Err(failure) => return failure,
        };
        let said = Value::parse(&body).ok();
        let said = said.as_ref().and_then(|body| body.get("error")?.get("message")?.as_text());
        let words = said.map_or_else(|| String::from_utf8_lossy(&body).into_owned(), str::to_owned);
        let hint = match status {
            StatusCode::UNAUTHORIZED => {
                "`doorward agent list` shows the agents to call as, with --agent NAME"
            }
            StatusCode::NOT_FOUND => "`doorward upstream list` shows the upstreams there are",
            _ => "",
        };
        Failure::new(format!("the gateway refused ({}): {}", status.as_u16(), visible(words.trim())), hint)
    }

    /// Best effort: a session that stays ends by itself.
    async fn end(&self) {
        if self.id.is_some() {
            let _ = self.send(Method::DELETE, Bytes::new()).await;
        }
    }
}

fn request(id: i64, method: &str, params: Value) -> Value {
    Value::object([
        ("jsonrpc", "2.0".into()),
        ("id", id.into()),
        ("method", method.into()),
        ("params", params),
    ])
}

fn parsed(text: &[u8]) -> Result<Value, Failure> {
    Value::parse(text).map_err(|error| Failure::new(format!("the gateway's answer is {error}"), LOST))
}

fn is_answer_to(message: &Value, id: i64) -> bool {
    message.get("method").is_none() && message.get("id") == Some(&id.into())
}

/// A result for a person: its texts; anything else as JSON.
fn shown(result: &Value) -> String {
    let Some(content) = result.get("content").and_then(Value::as_list) else {
        return visible(&result.to_json());
    };
    let parts = content.iter().map(|part| match part.get("text").and_then(Value::as_text) {
        Some(text) => visible(text),
        None => visible(&part.to_json()),
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// Text from an upstream can neither move the terminal's cursor nor hide anything.
fn visible(text: &str) -> String {
    text.split('\n').map(gateway::visible::marked).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_shown_as_its_texts() {
        let result =
            Value::parse(br#"{"content":[{"type":"text","text":"one\ntwo"},{"type":"image","data":"x"}]}"#)
                .unwrap();
        assert_eq!(shown(&result), "one\ntwo\n{\"type\":\"image\",\"data\":\"x\"}");
    }

    #[test]
    fn an_answer_cannot_drive_the_terminal() {
        assert!(!visible("\u{1b}[2Jgone\r").contains(['\u{1b}', '\r']));
    }

    #[test]
    fn the_answer_is_told_from_questions_with_the_same_id() {
        let question = Value::parse(br#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).unwrap();
        let answer = Value::parse(br#"{"jsonrpc":"2.0","id":2,"result":{}}"#).unwrap();
        assert!(!is_answer_to(&question, 2) && is_answer_to(&answer, 2) && !is_answer_to(&answer, 1));
    }
}
