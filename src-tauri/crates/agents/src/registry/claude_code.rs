//! Claude Code. User and local scope share `~/.claude.json`: `mcpServers` at the top, and the same under
//! `projects.<folder>`; a project's own servers are in `.mcp.json`. `CLAUDE_CONFIG_DIR` moves the first file.
//! A command has `command`, `args`, `env`; an address has `type: "http"`, `url`, `headers`; `${NAME}` is a variable.
//!
//! From: code.claude.com/docs/en/mcp (scopes, transports, expansion of variables), read November 2026.

use super::{Format, Known};

pub(super) static CLAUDE_CODE: Known = Known {
    id: "claude-code",
    title: "Claude Code",
    format: Format::Json,
    user: |dirs| match dirs.variable("CLAUDE_CONFIG_DIR") {
        Some(moved) => vec![moved.join(".claude.json")],
        None => vec![dirs.home.join(".claude.json")],
    },
    markers: |dirs| vec![dirs.home.join(".claude")],
    project: Some(".mcp.json"),
    tables: &[&["mcpServers"], &["projects", "*", "mcpServers"]],
    folders: Some("projects"),
    url: &["url"],
    headers: "headers",
    kind: Some(("http", "stdio")),
    bare_variables: false,
    reloads: false,
};
