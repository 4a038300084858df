//! What an agent got back for one `tools/call`.

use serde_json::Value;

/// A `tools/call` result.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    /// The text that an agent's model reads.
    pub(crate) fn text(&self) -> String {
        let blocks = self.0["content"].as_array().expect("a result has content");
        blocks.iter().filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn is_error(&self) -> bool {
        self.0["isError"].as_bool().unwrap_or(false)
    }

    /// Doorward's own word for why it did not let the call through; none for an upstream's answer.
    pub(crate) fn code(&self) -> Option<&str> {
        self.0["_meta"]["app.doorward/refusal"]["code"].as_str()
    }

    /// The call ran, and this is what the upstream said.
    #[track_caller]
    pub(crate) fn ran(&self) -> String {
        assert!(!self.is_error() && self.code().is_none(), "it should have run: {}", self.0);
        self.text()
    }

    /// The call was refused for this reason; its text.
    #[track_caller]
    pub(crate) fn refused(&self, code: &str) -> String {
        assert!(self.is_error(), "`isError` is not set: {}", self.0);
        assert_eq!(self.code(), Some(code), "{}", self.0);
        self.text()
    }
}
