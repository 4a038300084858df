//! What agents are on a machine and what their files name. Reads the disk; folders and variables are given to it.

use crate::{
    disk,
    edit::{self, EditError},
    registry::{KNOWN, Known},
    server::Server,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Whose conventions paths follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    Linux,
    Mac,
    Windows,
}

/// The folders in which programs keep their settings.
#[derive(Clone, Debug)]
pub struct Dirs {
    pub system: System,
    pub home: PathBuf,
    /// `~/.config`, `~/Library/Application Support` or `%APPDATA%`.
    pub config: PathBuf,
    /// Variables that move files, such as `CODEX_HOME`.
    pub variables: BTreeMap<String, PathBuf>,
}

/// Variables that [`Dirs::of`] looks at, beside the home folder's.
const VARIABLES: [&str; 4] = ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "APPDATA"];

/// Folders of projects that are looked at, at most.
const MOST_PROJECTS: usize = 200;

impl Dirs {
    /// This machine's, by these variables; none without a home folder.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<Dirs> {
        let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
        let system = match std::env::consts::OS {
            "macos" => System::Mac,
            "windows" => System::Windows,
            _ => System::Linux,
        };
        let home = absolute(if system == System::Windows { "USERPROFILE" } else { "HOME" })?;
        let variables: BTreeMap<String, PathBuf> =
            VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), absolute(name)?))).collect();
        let given = |name: &str| variables.get(name).cloned();
        let config = match system {
            System::Linux => given("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")),
            System::Mac => home.join("Library").join("Application Support"),
            System::Windows => given("APPDATA").unwrap_or_else(|| home.join("AppData").join("Roaming")),
        };
        Some(Dirs { system, home, config, variables })
    }

    pub(crate) fn variable(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(name).cloned()
    }
}

/// For whom a file speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    User,
    /// Everybody who works in this folder.
    Project(PathBuf),
}

/// One agent program, as it was found.
#[derive(Clone, Debug)]
pub struct Seen {
    pub known: &'static Known,
    /// Its files or its folder are there.
    pub is_installed: bool,
    /// Files that are there, and the user's that could be made.
    pub files: Vec<SeenFile>,
}

#[derive(Clone, Debug)]
pub struct SeenFile {
    pub path: PathBuf,
    pub scope: Scope,
    pub state: FileState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    Absent,
    Read {
        text: String,
        servers: Vec<Server>,
    },
    /// Why it could not be read; it is left alone.
    Broken {
        why: String,
    },
}

/// Every known program, with these folders of projects and those that agents' own files name.
#[must_use]
pub fn look(dirs: &Dirs, projects: &[PathBuf]) -> Vec<Seen> {
    let mut folders: BTreeSet<PathBuf> = projects.iter().cloned().collect();
    for known in KNOWN {
        for path in (known.user)(dirs) {
            folders.extend(project_folders(known, &path));
        }
    }
    // A project in the home folder itself is the user's own scope.
    folders.remove(&dirs.home);
    KNOWN.iter().map(|known| look_at(known, dirs, &folders)).collect()
}

fn look_at(known: &'static Known, dirs: &Dirs, folders: &BTreeSet<PathBuf>) -> Seen {
    let user = (known.user)(dirs).into_iter().map(|path| (path, Scope::User));
    let projects = known.project.into_iter().flat_map(|relative| {
        folders
            .iter()
            .take(MOST_PROJECTS)
            .map(move |folder| (folder.join(relative), Scope::Project(folder.clone())))
    });
    let files = user.chain(projects).filter_map(|(path, scope)| {
        let state = state(known, &path);
        let is_shown = state != FileState::Absent || scope == Scope::User;
        is_shown.then_some(SeenFile { path, scope, state })
    });
    let files: Vec<SeenFile> = files.collect();
    let is_there = |file: &SeenFile| file.scope == Scope::User && file.state != FileState::Absent;
    let is_installed = files.iter().any(is_there) || (known.markers)(dirs).iter().any(|path| path.is_dir());
    Seen { known, is_installed, files }
}

fn state(known: &Known, path: &Path) -> FileState {
    match disk::read(path) {
        Ok(None) => FileState::Absent,
        Ok(Some(text)) => match edit::servers(known, &text) {
            Ok(servers) => FileState::Read { text, servers },
            Err(error) => FileState::Broken { why: error.to_string() },
        },
        Err(error) => FileState::Broken { why: error.to_string() },
    }
}

/// Folders of projects that an agent's own file names, as far as they exist.
#[must_use]
pub fn project_folders(known: &Known, path: &Path) -> Vec<PathBuf> {
    let named = || -> Option<Result<Value, EditError>> {
        let text = disk::read(path).ok().flatten()?;
        known.folders.map(|_| edit::value(known.format, &text))
    };
    let Some(Ok(root)) = named() else { return Vec::new() };
    let table = known.folders.and_then(|key| root.get(key)).and_then(Value::as_object);
    let folders = table.into_iter().flat_map(|table| table.keys()).map(PathBuf::from);
    folders.filter(|folder| folder.is_absolute() && folder.is_dir()).take(MOST_PROJECTS).collect()
}
