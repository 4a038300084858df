//! Upstreams that run in Node: the npm packages of `tests/node`, and a small one of our own.

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("node")
}

/// The `node` program.
pub(crate) fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join("node")).find(|node| node.is_file());
    found.expect("`node` is on the path; `cargo xtask test` says how to get it")
}

/// The real `@modelcontextprotocol/server-filesystem`.
pub(crate) fn filesystem_server() -> PathBuf {
    let script = folder().join("node_modules/@modelcontextprotocol/server-filesystem/dist/index.js");
    assert!(script.is_file(), "{} is missing: run `npm ci` in tests/node", script.display());
    script
}

/// Our own upstream over standard input and output that falls over when asked to.
pub(crate) fn fragile_server() -> PathBuf {
    folder().join("fragile.mjs")
}

/// Our own upstream over standard input and output with a parameter of every kind.
pub(crate) fn every_kind_server() -> PathBuf {
    folder().join("every-kind.mjs")
}

/// Chromium with passkeys that a test can change.
pub(crate) fn ceremony_browser() -> PathBuf {
    folder().join("ceremony").join("browser.mjs")
}
