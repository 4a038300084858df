//! Windsurf. `~/.codeium/windsurf/mcp_config.json` on every system, with `mcpServers`: `command`, `args`, `env`, or
//! `serverUrl` (also `url`) with `headers`. There is no file for a project. `${env:NAME}` and `${file:…}` are filled in.
//!
//! From: docs.windsurf.com/windsurf/cascade/mcp, read November 2026.

use super::{Format, Known};

pub(super) static WINDSURF: Known = Known {
    id: "windsurf",
    title: "Windsurf",
    format: Format::Json,
    user: |dirs| vec![dirs.home.join(".codeium").join("windsurf").join("mcp_config.json")],
    markers: |dirs| vec![dirs.home.join(".codeium").join("windsurf")],
    project: None,
    tables: &[&["mcpServers"]],
    folders: None,
    url: &["serverUrl", "url"],
    headers: "headers",
    kind: None,
    bare_variables: false,
    reloads: false,
};
