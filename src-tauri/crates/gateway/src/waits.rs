//! How long an agent is kept waiting.

/// What bears on how long one agent is kept waiting for one call.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "no limit is set yet")]
pub(crate) struct Patience {
    pub(crate) era: Era,
    pub(crate) has_progress_token: bool,
    /// The agent declared that it can show a person an address (URL elicitation).
    pub(crate) takes_urls: bool,
}

/// Which of MCP's two shapes the agent speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// `initialize`, sessions, streams: up to 2025-11-25.
    Legacy,
    /// Stateless: 2026-07-28.
    Modern,
}
