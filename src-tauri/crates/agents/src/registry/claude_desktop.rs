//! Claude Desktop. `claude_desktop_config.json` with `mcpServers`; a server is `command`, `args`, `env` and nothing else:
//! an address needs a program that speaks for it. It is read when the program starts.
//!
//! From: modelcontextprotocol.io/docs/develop/connect-local-servers (paths of macOS and Windows, format), read November
//! 2026. Linux builds keep it below the configuration folder.

use super::{Format, Known};

pub(super) static CLAUDE_DESKTOP: Known = Known {
    id: "claude-desktop",
    title: "Claude Desktop",
    format: Format::Json,
    user: |dirs| vec![dirs.config.join("Claude").join("claude_desktop_config.json")],
    markers: |dirs| vec![dirs.config.join("Claude")],
    project: None,
    tables: &[&["mcpServers"]],
    folders: None,
    url: &[],
    headers: "headers",
    kind: None,
    bare_variables: false,
    reloads: false,
};
