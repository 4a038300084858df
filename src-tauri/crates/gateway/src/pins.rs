//! Tool definitions are pinned on first sight: a tool that an upstream does not list is unknown, and calls to one that it
//! redefines wait for the desk's owner, with the difference, until a person accepts the new definition.

use crate::upstream::{Definition, Listed, UpstreamError, UpstreamSession};
use journal::{Journal, JournalError};
use policy::UpstreamName;

/// Where a tool stands against its pin.
pub(crate) enum Pin {
    /// As first seen (just now, or before).
    Same(Definition),
    /// Listed now with another definition than the pinned one.
    Changed(Definition),
    /// Listed twice: nobody could say which one a call means.
    Twice,
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
    let mut listed = session.listed(&tools, tool);
    if matches!(listed, Listed::No) {
        tools = session.tools(true).await?;
        listed = session.listed(&tools, tool);
    }
    let definition = match listed {
        Listed::No => return Ok(Pin::Unknown),
        Listed::Once(definition) => definition,
        Listed::Often => return Ok(Pin::Twice),
    };
    match journal.pinned_hash(upstream.as_str(), tool)? {
        Some(pinned) if pinned == definition.hash => Ok(Pin::Same(definition)),
        Some(_) => Ok(Pin::Changed(definition)),
        None => {
            // First sight is of the whole list: what changes between now and a tool's first call is seen too.
            let all = tools.iter().filter_map(|tool| Some((tool.get("name")?.as_text()?, tool)));
            journal.set_pins(upstream.as_str(), all)?;
            Ok(Pin::Same(definition))
        }
    }
}
