//! Activity as a file in the home's folder `exports`: the calls that a filter finds, or the whole journal.

use crate::activity;
use crate::host::Host;
use crate::wire::{ActivityRequest, IpcError};
use gateway::{ExportFailed, ExportMade, ExportWish};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

/// How the file is written.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportAs {
    /// One JSON object a line.
    Jsonl,
    /// For spreadsheets.
    Csv,
}

#[derive(Clone, Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportRequest {
    pub format: ExportAs,
    /// The calls that these find; `before` and `limit` do not count. None is the whole journal, entry by entry, which
    /// `doorward journal verify` can check.
    pub filters: Option<ActivityRequest>,
    /// Secret values too. Asks for a passkey where one is enrolled; the answer comes after it.
    pub clear: bool,
}

/// A file that was written.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct ExportView {
    pub path: String,
    /// Calls in it, or entries of the whole journal.
    #[ts(type = "number")]
    pub count: u64,
}

impl From<ExportFailed> for IpcError {
    fn from(error: ExportFailed) -> IpcError {
        match error {
            ExportFailed::Ceremony(error) => error.into(),
            ExportFailed::Export(_) | ExportFailed::Make { .. } => {
                let hint = "nothing was exported; see to it, then export again";
                IpcError::new("export", error.to_string(), hint)
            }
            ExportFailed::NoOwner | ExportFailed::BrokenOff => {
                IpcError::new("export", error.to_string(), "nothing was exported")
            }
        }
    }
}

impl Host {
    pub(crate) async fn export_activity(&self, request: ExportRequest) -> Result<ExportView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let calls = match &request.filters {
            None => None,
            Some(filters) => Some(activity::query(filters).ok_or_else(|| {
                let message = "no policy can have this name, so there are no calls to export";
                IpcError::new("export", message, "take the policy out of the filter")
            })?),
        };
        let format = match request.format {
            ExportAs::Jsonl => journal::ExportFormat::JsonLines,
            ExportAs::Csv => journal::ExportFormat::Csv,
        };
        let which = request.filters.as_ref().map_or_else(|| "the whole journal".to_owned(), which);
        let wish = ExportWish { format, calls, which, clear: request.clear };
        let ExportMade { path, count } = engine.export_activity(wish).await?;
        Ok(ExportView { path: path.display().to_string(), count })
    }
}

/// "calls: agent coder, tool send_payment"
fn which(filters: &ActivityRequest) -> String {
    let outcome = filters.outcome.map(|outcome| journal::ActivityOutcome::from(outcome).as_str().to_owned());
    let named = [
        ("agent", filters.agent.clone()),
        ("upstream", filters.upstream.clone()),
        ("tool", filters.tool.clone()),
        ("policy", filters.policy.clone()),
        ("outcome", outcome),
        ("text", filters.text.clone()),
    ];
    let mut parts: Vec<String> =
        named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))).collect();
    if filters.since.is_some() || filters.until.is_some() {
        parts.push("a span of days".to_owned());
    }
    if parts.is_empty() { "all calls".to_owned() } else { format!("calls: {}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exported_is_said_in_words() {
        let read = |text: &str| serde_json::from_str::<ActivityRequest>(text).expect("a filter");
        assert_eq!(which(&read(r#"{"limit":1}"#)), "all calls");
        let filters = read(r#"{"limit":1,"agent":"coder","outcome":"denied","since":5}"#);
        assert_eq!(which(&filters), "calls: agent coder, outcome denied, a span of days");
    }
}
