//! Codex CLI, its editor extension and its desktop app. `~/.codex/config.toml`, moved by `CODEX_HOME`; in a project it
//! trusts also `.codex/config.toml`. A server is a table `mcp_servers.<name>`: `command`, `args`, `env`, `cwd`, or `url`
//! with `http_headers`. `bearer_token_env_var`, `env_http_headers` and `env_vars` name variables of Codex's environment.
//!
//! From: developers.openai.com/codex/mcp and developers.openai.com/codex/config-reference, read November 2026.

use super::{Format, Known};

pub(super) static CODEX: Known = Known {
    id: "codex",
    title: "Codex CLI",
    format: Format::Toml,
    user: |dirs| vec![folder(dirs).join("config.toml")],
    markers: |dirs| vec![folder(dirs)],
    project: Some(".codex/config.toml"),
    tables: &[&["mcp_servers"]],
    folders: Some("projects"),
    url: &["url"],
    headers: "http_headers",
    kind: None,
    bare_variables: false,
    reloads: false,
};

fn folder(dirs: &crate::look::Dirs) -> std::path::PathBuf {
    dirs.variable("CODEX_HOME").unwrap_or_else(|| dirs.home.join(".codex"))
}
