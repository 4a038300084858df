//! VS Code. `mcp.json` of the user's profile and `.vscode/mcp.json` of a project, both with `servers`: `type: "stdio"`
//! with `command`, `args`, `env`, `envFile`, `cwd`, or `type: "http"` with `url`, `headers`. `${input:…}` is asked for
//! when the server starts.
//!
//! From: code.visualstudio.com/docs/agents/reference/mcp-configuration, read November 2026; the profile's folder from
//! code.visualstudio.com/docs/configure/settings.

use super::{Format, Known};

pub(super) static VS_CODE: Known = Known {
    id: "vs-code",
    title: "VS Code",
    format: Format::Json,
    user: |dirs| vec![dirs.config.join("Code").join("User").join("mcp.json")],
    markers: |dirs| vec![dirs.config.join("Code").join("User")],
    project: Some(".vscode/mcp.json"),
    tables: &[&["servers"]],
    folders: None,
    url: &["url"],
    headers: "headers",
    kind: Some(("http", "stdio")),
    bare_variables: false,
    reloads: true,
};
