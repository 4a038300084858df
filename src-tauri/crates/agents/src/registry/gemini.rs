//! Gemini CLI. `~/.gemini/settings.json` for the user, `.gemini/settings.json` for a project, both with `mcpServers`:
//! `command`, `args`, `env`, `cwd`; or `url` with `type: "http"`; or `httpUrl`, the older way to say the same. A `url`
//! alone is the older transport of server-sent events. `$NAME` and `${NAME}` are variables.
//!
//! From: geminicli.com/docs/tools/mcp-server and geminicli.com/docs/reference/configuration, read November 2026.

use super::{Format, Known};

pub(super) static GEMINI: Known = Known {
    id: "gemini",
    title: "Gemini CLI",
    format: Format::Json,
    user: |dirs| vec![dirs.home.join(".gemini").join("settings.json")],
    markers: |dirs| vec![dirs.home.join(".gemini")],
    project: Some(".gemini/settings.json"),
    tables: &[&["mcpServers"]],
    folders: None,
    url: &["url", "httpUrl"],
    headers: "headers",
    kind: Some(("http", "stdio")),
    bare_variables: true,
    reloads: false,
};
