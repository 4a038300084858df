//! JSON-RPC and MCP: one line in, at most one message out.

use super::{store::Store, tools};
use policy::{Map, Value};

/// Newest first.
const VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;

/// A JSON-RPC error to be.
struct Fault {
    code: i64,
    message: String,
}

fn fault(code: i64, message: impl Into<String>) -> Fault {
    Fault { code, message: message.into() }
}

pub(super) struct Server {
    store: Store,
    initialized: bool,
}

impl Server {
    pub(super) fn new(store: Store) -> Server {
        Server { store, initialized: false }
    }

    /// The answer to one message; none for notifications and for answers to questions we never ask.
    pub(super) fn handle(&mut self, line: &[u8]) -> Option<Value> {
        let message = match Value::parse(line) {
            Ok(message) => message,
            Err(error) => return Some(failed(Value::Null, &fault(PARSE_ERROR, error.to_string()))),
        };
        let Some(members) = message.as_map() else {
            return Some(failed(
                Value::Null,
                &fault(INVALID_REQUEST, "a message is one JSON object; batches are not taken"),
            ));
        };
        let id = members.get("id");
        let Some(method) = members.get("method").and_then(Value::as_text) else {
            let is_answer = members.get("result").is_some() || members.get("error").is_some();
            return if is_answer {
                None
            } else {
                Some(failed(
                    id.cloned().unwrap_or(Value::Null),
                    &fault(INVALID_REQUEST, "`method` is missing"),
                ))
            };
        };
        let id = id?.clone();
        if !matches!(id, Value::Text(_) | Value::Number(_)) {
            return Some(failed(Value::Null, &fault(INVALID_REQUEST, "`id` must be text or a number")));
        }
        Some(match self.answer(method, members.get("params")) {
            Ok(result) => Value::object([("jsonrpc", "2.0".into()), ("id", id), ("result", result)]),
            Err(fault) => failed(id, &fault),
        })
    }

    fn answer(&mut self, method: &str, params: Option<&Value>) -> Result<Value, Fault> {
        match method {
            "initialize" => {
                self.initialized = true;
                Ok(initialize(params))
            }
            "ping" => Ok(Value::Map(Map::default())),
            "tools/list" | "tools/call" if !self.initialized => {
                Err(fault(INVALID_REQUEST, format!("`{method}` came before `initialize`")))
            }
            "tools/list" => list(params),
            "tools/call" => self.call(params),
            // `server/discover` lands here: a modern agent then falls back to `initialize`.
            _ => Err(fault(METHOD_NOT_FOUND, format!("there is no method `{method}`"))),
        }
    }

    fn call(&mut self, params: Option<&Value>) -> Result<Value, Fault> {
        let name = params.and_then(|params| params.get("name")).and_then(Value::as_text);
        let name = name.ok_or_else(|| fault(INVALID_PARAMS, "`name` is missing"))?;
        let none = Value::Map(Map::default());
        let arguments = params.and_then(|params| params.get("arguments")).unwrap_or(&none);
        let arguments =
            arguments.as_map().ok_or_else(|| fault(INVALID_PARAMS, "`arguments` must be an object"))?;
        tools::call(&mut self.store, name, arguments)
            .ok_or_else(|| fault(INVALID_PARAMS, format!("there is no tool `{name}`")))
    }
}

fn failed(id: Value, fault: &Fault) -> Value {
    let error = Value::object([("code", fault.code.into()), ("message", fault.message.as_str().into())]);
    Value::object([("jsonrpc", "2.0".into()), ("id", id), ("error", error)])
}

/// The version asked for where we speak it, else our newest (MCP lifecycle, version negotiation).
fn initialize(params: Option<&Value>) -> Value {
    let asked = params.and_then(|params| params.get("protocolVersion")).and_then(Value::as_text);
    let version = VERSIONS.iter().find(|version| Some(**version) == asked).unwrap_or(&VERSIONS[0]);
    let tools = Value::object([("listChanged", false.into())]);
    Value::object([
        ("protocolVersion", (*version).into()),
        ("capabilities", Value::object([("tools", tools)])),
        (
            "serverInfo",
            Value::object([
                ("name", "doorward-practice".into()),
                ("title", "Doorward practice".into()),
                ("version", env!("CARGO_PKG_VERSION").into()),
            ]),
        ),
        (
            "instructions",
            "A practice ledger: expenses, customers and payments in a local file. Nothing leaves this machine.".into(),
        ),
    ])
}

fn list(params: Option<&Value>) -> Result<Value, Fault> {
    if params.and_then(|params| params.get("cursor")).is_some() {
        return Err(fault(INVALID_PARAMS, "there is only one page, and no cursor to it"));
    }
    Ok(Value::object([("tools", tools::definitions())]))
}
