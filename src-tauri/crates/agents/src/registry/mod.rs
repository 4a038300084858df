//! Agent programs we know: where each keeps its MCP servers, and how it writes one. A program is one file here and one
//! line in [`KNOWN`].
//!
//! Paths are for Linux, macOS and Windows; each file's doc says which documentation they are taken from.

mod claude_code;
mod claude_desktop;
mod codex;
mod cursor;
mod gemini;
mod vs_code;
mod windsurf;
mod zed;

use crate::look::Dirs;
use std::path::PathBuf;

/// One agent program.
#[derive(Debug)]
pub struct Known {
    /// As it is typed: `claude-code`.
    pub id: &'static str,
    pub title: &'static str,
    pub format: Format,
    /// Files of the user's scope, the one that is written first.
    pub user: fn(&Dirs) -> Vec<PathBuf>,
    /// What shows that the program is installed, beside its files.
    pub markers: fn(&Dirs) -> Vec<PathBuf>,
    /// The file of a project, from its folder.
    pub project: Option<&'static str>,
    /// Keys that lead to the tables of servers; `*` is any key. The first is where new ones go.
    pub tables: &'static [&'static [&'static str]],
    /// The table whose keys are folders of projects.
    pub folders: Option<&'static str>,
    /// Keys of an address, the one that is written first; none where the program only starts commands.
    pub url: &'static [&'static str],
    pub headers: &'static str,
    /// What `type` says of an address and of a command, where the program wants it said.
    pub kind: Option<(&'static str, &'static str)>,
    /// Whether `$NAME` in a value stands for a variable, beside `${NAME}`.
    pub bare_variables: bool,
    /// Whether a changed file is read without starting the program again.
    pub reloads: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With comments and trailing commas.
    Json,
    Toml,
}

/// Every program, in the order in which they are shown.
pub static KNOWN: &[&Known] = &[
    &claude_code::CLAUDE_CODE,
    &claude_desktop::CLAUDE_DESKTOP,
    &codex::CODEX,
    &cursor::CURSOR,
    &vs_code::VS_CODE,
    &gemini::GEMINI,
    &zed::ZED,
    &windsurf::WINDSURF,
];

/// The program of that id.
#[must_use]
pub fn known(id: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.id == id).copied()
}
