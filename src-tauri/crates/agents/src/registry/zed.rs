//! Zed. `context_servers` of `settings.json`, for the user and, in `.zed/settings.json`, for a project: `command`, `args`,
//! `env`, or `url` with `headers`. Older settings have a table with `path`, `args`, `env` as `command`. An entry with
//! neither belongs to an extension.
//!
//! From: zed.dev/docs/ai/mcp and zed.dev/docs/configuring-zed (paths), read November 2026.

use super::{Format, Known};
use crate::look::{Dirs, System};
use std::path::PathBuf;

pub(super) static ZED: Known = Known {
    id: "zed",
    title: "Zed",
    format: Format::Json,
    user: |dirs| vec![folder(dirs).join("settings.json")],
    markers: |dirs| vec![folder(dirs)],
    project: Some(".zed/settings.json"),
    tables: &[&["context_servers"]],
    folders: None,
    url: &["url"],
    headers: "headers",
    kind: None,
    bare_variables: false,
    reloads: true,
};

fn folder(dirs: &Dirs) -> PathBuf {
    match dirs.system {
        System::Linux => dirs.config.join("zed"),
        System::Mac => dirs.home.join(".config").join("zed"),
        System::Windows => dirs.config.join("Zed"),
    }
}
