//! Tool definitions are pinned on first sight: a tool that an upstream does not list is unknown, one that it
//! redefines stays closed.

use crate::upstream::{UpstreamError, UpstreamSession};
use journal::{Journal, JournalError};
use policy::{DefinitionHash, UpstreamName, Value};

/// Where a tool stands against its pin.
pub(crate) enum Pin {
    /// As first seen (just now, or before).
    Same {
        hash: DefinitionHash,
        definition: Value,
    },
    /// Listed now with another definition than the pinned one, or twice.
    Changed,
    Unknown,
}

/// Why a tool could not be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PinError {
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Asks the session's list, once more afresh where the tool is not on it. The pin is read and written by
/// `journal` calls that block for a moment.
pub(crate) async fn check(
    journal: &Journal,
    session: &UpstreamSession,
    upstream: &UpstreamName,
    tool: &str,
) -> Result<Pin, PinError> {
    let mut tools = session.tools(false).await?;
    let mut listed = named(&tools, tool);
    if listed.is_empty() {
        tools = session.tools(true).await?;
        listed = named(&tools, tool);
    }
    let definition = match listed.len() {
        0 => return Ok(Pin::Unknown),
        1 => listed.swap_remove(0),
        _ => return Ok(Pin::Changed),
    };
    let hash = DefinitionHash::of(&definition);
    match journal.pin(upstream.as_str(), tool)? {
        Some(pinned) if pinned.hash == hash => Ok(Pin::Same { hash, definition }),
        Some(_) => Ok(Pin::Changed),
        None => {
            // First sight is of the whole list: what changes between now and a tool's first call is seen too.
            let all = tools.iter().filter_map(|tool| Some((tool.get("name")?.as_text()?, tool)));
            journal.set_pins(upstream.as_str(), all)?;
            Ok(Pin::Same { hash, definition })
        }
    }
}

fn named(tools: &[Value], name: &str) -> Vec<Value> {
    tools.iter().filter(|tool| tool.get("name").and_then(Value::as_text) == Some(name)).cloned().collect()
}
