//! Cursor. `~/.cursor/mcp.json` for the user, `.cursor/mcp.json` for a project, both with `mcpServers`: `command`, `args`,
//! `env`, `envFile`, or `url` with `headers`. `${env:NAME}` and others stand for what Cursor fills in.
//!
//! From: cursor.com/docs/context/mcp, read November 2026.

use super::{Format, Known};

pub(super) static CURSOR: Known = Known {
    id: "cursor",
    title: "Cursor",
    format: Format::Json,
    user: |dirs| vec![dirs.home.join(".cursor").join("mcp.json")],
    markers: |dirs| vec![dirs.home.join(".cursor")],
    project: Some(".cursor/mcp.json"),
    tables: &[&["mcpServers"]],
    folders: None,
    url: &["url"],
    headers: "headers",
    kind: None,
    bare_variables: false,
    reloads: true,
};
