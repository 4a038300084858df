//! One MCP server as an agent's file names it. Whatever Doorward could not do in the agent's place (fill in the agent's
//! variables, sign in for it) makes a server one that stays, with the reason.

use crate::registry::Known;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::PathBuf};

/// A server of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub name: String,
    /// Keys that lead to its table.
    pub table: Vec<String>,
    pub reach: Reach,
    /// The agent does not use it at the moment.
    pub is_off: bool,
}

/// How an agent reaches a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    Command {
        command: String,
        args: Vec<String>,
        env: BTreeMap<String, String>,
        cwd: Option<PathBuf>,
    },
    Address {
        url: String,
        headers: BTreeMap<String, String>,
    },
    /// Only the agent itself can; a sentence's end that says why.
    Unclear {
        why: String,
    },
}

/// Keys that say how a server is reached; every other key of an entry is the agent's own business and stays.
pub(crate) const REACH_KEYS: [&str; 19] = [
    "type",
    "transport",
    "command",
    "args",
    "env",
    "envFile",
    "env_vars",
    "cwd",
    "url",
    "httpUrl",
    "serverUrl",
    "headers",
    "http_headers",
    "env_http_headers",
    "bearer_token_env_var",
    "headersHelper",
    "oauth",
    "auth",
    "authProviderType",
];

/// Keys whose work only the agent can do, with what it is.
const ONLY_THE_AGENT: [(&str, &str); 8] = [
    ("envFile", "takes variables from a file that the agent reads"),
    ("env_vars", "takes variables from the agent's own environment"),
    ("env_http_headers", "takes headers from the agent's own environment"),
    ("bearer_token_env_var", "takes its token from the agent's own environment"),
    ("headersHelper", "has a program of the agent's make its headers"),
    ("oauth", "has the agent sign in"),
    ("auth", "has the agent sign in"),
    ("authProviderType", "has the agent sign in"),
];

pub(crate) fn read(known: &Known, name: &str, table: &[String], entry: &Value) -> Server {
    let entry = match entry {
        Value::Object(entry) => entry,
        _ => return server(name, table, false, unclear("is not written as a table")),
    };
    let flag = |key: &str| entry.get(key).and_then(Value::as_bool);
    let is_off = flag("disabled") == Some(true) || flag("enabled") == Some(false);
    server(name, table, is_off, reach(known, entry))
}

fn server(name: &str, table: &[String], is_off: bool, reach: Reach) -> Server {
    Server { name: name.to_owned(), table: table.to_vec(), reach, is_off }
}

fn unclear(why: &str) -> Reach {
    Reach::Unclear { why: why.to_owned() }
}

fn reach(known: &Known, entry: &Map<String, Value>) -> Reach {
    if let Some((_, why)) = ONLY_THE_AGENT.iter().find(|(key, _)| is_given(entry.get(*key))) {
        return unclear(why);
    }
    let kind = ["type", "transport"].iter().find_map(|key| entry.get(*key)).and_then(Value::as_str);
    let address = known.url.iter().find_map(|key| entry.get(*key).map(|url| (*key, url)));
    match (entry.get("command"), address) {
        (Some(_), Some(_)) => unclear("has both a command and an address"),
        (Some(command), None) => by_command(known, command, entry),
        (None, Some(_)) if kind == Some("sse") => unclear("speaks the older transport of server-sent events"),
        // Gemini's `url` without a type is that older transport as well.
        (None, Some(("url", _))) if known.id == "gemini" && kind.is_none() => {
            unclear("speaks the older transport of server-sent events")
        }
        (None, Some((_, url))) => by_address(known, url, entry.get(known.headers)),
        (None, None) => unclear("has neither a command nor an address"),
    }
}

fn is_given(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

fn by_command(known: &Known, command: &Value, entry: &Map<String, Value>) -> Reach {
    // Zed once had a table there.
    let (command, beside) = match command {
        Value::String(command) => (Some(command.clone()), entry),
        Value::Object(table) => (table.get("path").and_then(Value::as_str).map(str::to_owned), table),
        _ => (None, entry),
    };
    let Some(command) = command.filter(|command| !command.trim().is_empty()) else {
        return unclear("has a command that is no text");
    };
    let args = match beside.get("args") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|arg| arg.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    let cwd = entry.get("cwd").and_then(Value::as_str).map(PathBuf::from);
    let (Some(args), Some(env)) = (args, texts(beside.get("env"))) else {
        return unclear("has arguments or variables that are no texts");
    };
    let words = std::iter::once(&command).chain(&args).chain(env.values());
    if words.into_iter().any(|word| has_variable(known, word)) {
        return unclear("has variables that only the agent fills in");
    }
    match cwd {
        Some(cwd) if !cwd.is_absolute() => unclear("runs in a folder that only the agent knows"),
        cwd => Reach::Command { command, args, env, cwd },
    }
}

fn by_address(known: &Known, url: &Value, headers: Option<&Value>) -> Reach {
    let (Some(url), Some(headers)) = (url.as_str(), texts(headers)) else {
        return unclear("has an address or headers that are no texts");
    };
    if std::iter::once(url).chain(headers.values().map(String::as_str)).any(|word| has_variable(known, word))
    {
        return unclear("has variables that only the agent fills in");
    }
    Reach::Address { url: url.to_owned(), headers }
}

/// None where a value is no text or number.
fn texts(table: Option<&Value>) -> Option<BTreeMap<String, String>> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match table {
        None | Some(Value::Null) => Some(BTreeMap::new()),
        Some(Value::Object(map)) => map.iter().map(|(key, value)| Some((key.clone(), one(value)?))).collect(),
        Some(_) => None,
    }
}

fn has_variable(known: &Known, text: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.contains("${")
        || (known.bare_variables
            && text
                .match_indices('$')
                .any(|(at, _)| text.get(at + 1..).is_some_and(|rest| rest.starts_with(starts))))
}
