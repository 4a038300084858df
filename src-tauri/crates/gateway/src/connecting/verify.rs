//! A real handshake through what was written into an agent's file: `initialize`, as the agent would send it, and its
//! answer. No tool is called, so no program is paired by it.

use agents::Reach;
use futures_util::StreamExt as _;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
    time::timeout,
};
use ts_rs::TS;

/// How long a server may take to start and answer: the first start of one may download it.
const PATIENCE: Duration = Duration::from_secs(90);
/// No greeting is longer.
const LONGEST: usize = 4 * 1024 * 1024;

/// How one handshake went.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Verified {
    /// The server, as the agent's file names it.
    pub server: String,
    /// What answered calls itself so.
    pub answered_as: Option<String>,
    /// Why nothing did.
    pub problem: Option<String>,
}

/// Shakes hands through each entry, all at once.
pub async fn verify(entries: &[(String, Reach)]) -> Vec<Verified> {
    let each = entries.iter().map(|(server, reach)| async move {
        let said = match timeout(PATIENCE, greet(reach)).await {
            Ok(said) => said,
            Err(_) => Err(format!("nothing answered within {} seconds", PATIENCE.as_secs())),
        };
        let (answered_as, problem) = match said {
            Ok(name) => (Some(name), None),
            Err(why) => (None, Some(why)),
        };
        Verified { server: server.clone(), answered_as, problem }
    });
    futures_util::future::join_all(each).await
}

fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "doorward", "version": env!("CARGO_PKG_VERSION") },
        },
    })
}

async fn greet(reach: &Reach) -> Result<String, String> {
    match reach {
        Reach::Address { url, headers } => by_address(url, headers.iter()).await,
        Reach::Command { command, args, env, cwd } => {
            let mut child = Command::new(command);
            child.args(args).envs(env).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            child.kill_on_drop(true);
            if let Some(cwd) = cwd {
                child.current_dir(cwd);
            }
            by_command(child).await
        }
        Reach::Unclear { why } => Err(format!("it {why}")),
    }
}

async fn by_address(url: &str, headers: impl Iterator<Item = (&String, &String)>) -> Result<String, String> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    let client = client.map_err(|error| error.to_string())?;
    let mut sent = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        sent.insert(name, HeaderValue::from_str(value).map_err(|error| error.to_string())?);
    }
    let request = client.post(url).headers(sent.clone()).header("content-type", "application/json");
    let request =
        request.header("accept", "application/json, text/event-stream").body(initialize().to_string());
    let response = request.send().await.map_err(|error| error.without_url().to_string())?;
    let status = response.status();
    let session = response.headers().get("mcp-session-id").cloned();
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    let mut said = None;
    while said.is_none() && body.len() < LONGEST {
        let Some(chunk) = chunks.next().await else { break };
        body.extend_from_slice(&chunk.map_err(|error| error.without_url().to_string())?);
        let text = String::from_utf8_lossy(&body);
        said = text.lines().find_map(|line| answer(line.strip_prefix("data:").unwrap_or(line)));
    }
    drop(chunks);
    if let Some(session) = session {
        // The session ends by itself as well.
        let _ = client.delete(url).headers(sent).header("mcp-session-id", session).send().await;
    }
    let text = String::from_utf8_lossy(&body);
    said.or_else(|| answer(&text)).unwrap_or_else(|| {
        let shown: String = text.chars().take(200).collect();
        Err(format!("it answered {status}: {}", shown.trim()))
    })
}

async fn by_command(mut command: Command) -> Result<String, String> {
    let mut child = command.spawn().map_err(|error| format!("it could not be started: {error}"))?;
    let (Some(mut stdin), Some(stdout), Some(mut stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err("it could not be started".to_owned());
    };
    let line = format!("{}\n", initialize());
    let sent = stdin.write_all(line.as_bytes()).await;
    let mut lines = BufReader::new(stdout.take(LONGEST as u64)).lines();
    while let (Ok(()), Ok(Some(line))) = (&sent, lines.next_line().await) {
        if let Some(said) = answer(&line) {
            drop(stdin);
            // It ends by itself once nobody speaks to it any more; else with the handle.
            let _ = timeout(Duration::from_secs(5), child.wait()).await;
            return said;
        }
    }
    let mut words = Vec::new();
    let _ = timeout(Duration::from_secs(2), (&mut stderr).take(2000).read_to_end(&mut words)).await;
    Err(format!("it ended without an answer: {}", String::from_utf8_lossy(&words).trim()))
}

/// The answer to our question, where the text is one: the server's name, or what it says is wrong.
fn answer(text: &str) -> Option<Result<String, String>> {
    let said: Value = serde_json::from_str(text.trim()).ok()?;
    if let Some(error) = said.get("error") {
        let message = error.get("message").and_then(Value::as_str).unwrap_or("an error without words");
        return Some(Err(message.to_owned()));
    }
    let result = said.get("result").filter(|_| said.get("id") == Some(&json!(1)))?;
    let name =
        result.pointer("/serverInfo/name").and_then(Value::as_str).unwrap_or("a server without a name");
    Some(Ok(name.to_owned()))
}
