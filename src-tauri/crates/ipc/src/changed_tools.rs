//! Tools that are not as they were first seen, in the window: how they differ, and accepting what they are now.

use crate::host::Host;
use crate::wire::{IpcError, Nothing};
use gateway::{AcceptError, ChangedTool, Engine};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One tool whose calls wait for that.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct ChangedToolRow {
    upstream: String,
    tool: String,
    /// Of the definition that is shown: what is accepted is that one.
    hash: String,
    /// Line by line, `+` and `-` in front.
    difference: String,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub(crate) struct AcceptToolRequest {
    upstream: String,
    tool: String,
    hash: String,
}

impl From<AcceptError> for IpcError {
    fn from(error: AcceptError) -> IpcError {
        let (code, hint) = match error {
            AcceptError::Ceremony(error) => return error.into(),
            AcceptError::Stale(_) => {
                ("tool_stale", "look at the difference that is shown now; nothing was changed")
            }
            AcceptError::Journal(_) => ("journal", "see what `doorward doctor` says; nothing was changed"),
            AcceptError::BrokenOff => ("broken_off", "try again"),
        };
        IpcError::new(code, error.to_string(), hint)
    }
}

fn rows(engine: &Engine) -> Vec<ChangedToolRow> {
    let row = |ChangedTool { upstream, tool, hash, difference }| ChangedToolRow {
        upstream: upstream.to_string(),
        tool,
        hash: String::from(hash),
        difference,
    };
    engine.changed_tools().into_iter().map(row).collect()
}

impl Host {
    pub(crate) async fn changed_tools(&self, _: Nothing) -> Result<Vec<ChangedToolRow>, IpcError> {
        Ok(rows(self.engine()?))
    }

    pub(crate) async fn accept_tool(
        &self,
        request: AcceptToolRequest,
    ) -> Result<Vec<ChangedToolRow>, IpcError> {
        let engine = self.engine()?;
        let AcceptToolRequest { upstream, tool, hash } = request;
        let is_it = |one: &ChangedTool| {
            one.upstream.as_str() == upstream && one.tool == tool && String::from(one.hash) == hash
        };
        let stale = || AcceptError::Stale(format!("{upstream}/{tool}"));
        let shown = engine.changed_tools().into_iter().find(is_it).ok_or_else(stale)?;
        engine.accept_tool(shown).await?;
        Ok(rows(engine))
    }
}
