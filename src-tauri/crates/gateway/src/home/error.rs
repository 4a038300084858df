//! What can be wrong with a home folder and its files, in words with a next step.
//!
//! `Display` is the message; `hint` is the next step; `code` is stable for programs.

use super::upstreams::ConfigError;
use crate::sets::SetError;
use policy::set::DocumentError;
use std::{io, net::SocketAddr, path::PathBuf};

/// One file that could not be read, understood or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot {doing} `{}`: {why}", .path.display())]
    Io { doing: &'static str, path: PathBuf, why: io::Error },
    #[error("{}:{line}:{column}: {message}", .path.display())]
    Toml { path: PathBuf, line: usize, column: usize, message: String },
    #[error("{}: {error}", .folder.display())]
    Document { folder: PathBuf, error: Box<DocumentError> },
    #[error("`{}` is not UTF-8 text", .path.display())]
    NotText { path: PathBuf },
    #[error("`{}` has {bytes} bytes, more than the {limit} taken", .path.display())]
    TooLarge { path: PathBuf, bytes: u64, limit: u64 },
    #[error("`{}` has more than {limit} files", .path.display())]
    TooMany { path: PathBuf, limit: usize },
    #[error("`{}` lies deeper than policies may", .path.display())]
    TooDeep { path: PathBuf },
    #[error("`{path}` cannot name a file below the policies folder")]
    BadPath { path: String },
}

impl FileError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            FileError::Io { .. } => "file_unreadable",
            FileError::Toml { .. } | FileError::Document { .. } | FileError::NotText { .. } => "file_broken",
            FileError::TooLarge { .. } | FileError::TooMany { .. } => "file_too_large",
            FileError::TooDeep { .. } | FileError::BadPath { .. } => "file_misplaced",
        }
    }

    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            FileError::Io { path, .. } => {
                format!("check that `{}` exists, is yours and can be read and written", path.display())
            }
            FileError::Toml { path, line, .. } => {
                format!("mend line {line} of `{}`, or put the file back as it was", path.display())
            }
            FileError::Document { error, .. } => {
                error.hint.clone().unwrap_or_else(|| "mend the file, or put it back as it was".to_owned())
            }
            FileError::NotText { .. } => "save the file as UTF-8 text".to_owned(),
            FileError::TooLarge { .. } | FileError::TooMany { .. } => {
                "move what is no policy out of the folder".to_owned()
            }
            FileError::TooDeep { .. } => {
                "keep policies in the folder itself, flows in `flows/` and contexts in `contexts/`".to_owned()
            }
            FileError::BadPath { .. } => "use a relative path with `/` and without `..`".to_owned(),
        }
    }

    /// An IO error with what was being done to which path.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> FileError {
        let path = path.into();
        move |why| FileError::Io { doing, path, why }
    }

    /// A TOML error of the text of `path`, with the place counted from 1.
    pub(super) fn toml(path: &std::path::Path, text: &str, error: &toml_edit::de::Error) -> FileError {
        let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let message = error.message().trim_end_matches('.').replace('\n', ", ");
        FileError::Toml { path: path.to_owned(), line, column, message }
    }
}

/// Why a home folder was not made or not opened.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Book(#[from] BookError),
    #[error("there is no home folder at `{}`", .path.display())]
    Absent { path: PathBuf },
    #[error("`{}` is not a folder", .path.display())]
    NotAFolder { path: PathBuf },
    #[error("`{}` holds other files and no `doorward.toml`", .path.display())]
    NotAHome { path: PathBuf },
    #[error("`{}` is a home folder already", .path.display())]
    AlreadyAHome { path: PathBuf },
    #[error("the home folder `{}` belongs to another user (uid {uid})", .path.display())]
    NotOurs { path: PathBuf, uid: u32 },
    #[error("the home folder `{}` is open to other users (mode {mode:03o})", .path.display())]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("the home folder `{}` is closed to its own user (mode {mode:03o})", .path.display())]
    Closed { path: PathBuf, mode: u32 },
    #[error("the path `{}` is too long for a socket", .path.display())]
    PathTooLong { path: PathBuf },
    #[error("the home folder `{}` is in use by {}", .path.display(), process(*.pid))]
    InUse { path: PathBuf, pid: Option<u32> },
    #[error("`{listen}` is not a loopback address")]
    NotLoopback { listen: SocketAddr },
    #[error("`{key}` in `{}` is not what this home was made with", .path.display())]
    BirthChanged { key: &'static str, path: PathBuf },
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl HomeError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            HomeError::File(error) => error.code(),
            HomeError::Book(error) => error.code(),
            HomeError::Absent { .. } => "home_absent",
            HomeError::NotAFolder { .. } | HomeError::NotAHome { .. } => "home_not_a_home",
            HomeError::AlreadyAHome { .. } => "home_exists",
            HomeError::NotOurs { .. } | HomeError::TooOpen { .. } | HomeError::Closed { .. } => {
                "home_permissions"
            }
            HomeError::PathTooLong { .. } => "home_path_too_long",
            HomeError::InUse { .. } => "home_in_use",
            HomeError::NotLoopback { .. } => "listen_not_loopback",
            HomeError::BirthChanged { .. } => "home_birth_changed",
        }
    }

    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            HomeError::File(error) => error.hint(),
            HomeError::Book(error) => error.hint(),
            HomeError::Absent { path } => {
                format!("make it with `doorward --home {} init`, or name another with --home", path.display())
            }
            HomeError::NotAFolder { .. } | HomeError::NotAHome { .. } => {
                "name an empty or absent folder with --home or DOORWARD_HOME".to_owned()
            }
            HomeError::AlreadyAHome { path } => {
                format!("use it as it is, or move `{}` away first", path.display())
            }
            HomeError::NotOurs { .. } => {
                "use a home folder of your own with --home or DOORWARD_HOME".to_owned()
            }
            HomeError::TooOpen { path, .. } | HomeError::Closed { path, .. } => {
                format!("run `chmod 700 {}`", path.display())
            }
            HomeError::PathTooLong { .. } => {
                "name a home folder with a shorter path (at most 90 bytes) with --home or DOORWARD_HOME"
                    .to_owned()
            }
            HomeError::InUse { .. } => {
                "stop the Doorward that runs on it, or name another home with --home".to_owned()
            }
            HomeError::NotLoopback { listen } => format!("use 127.0.0.1:{0} or [::1]:{0}", listen.port()),
            HomeError::BirthChanged { key, .. } => {
                format!("set `{key}` back, or make a new home with `doorward init`")
            }
        }
    }
}

/// Why a book (agents, upstreams) was not read or not changed.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("there is no user `{user}` in `people.toml`")]
    NoSuchUser { user: String },
    #[error("there is an agent `{name}` already")]
    AgentExists { name: String },
    #[error("there is no agent `{name}`")]
    NoSuchAgent { name: String },
    #[error("`{program}` has not called in the name of `{name}` lately")]
    NoSuchProgram { name: String, program: String },
    #[error("there is an upstream `{name}` already")]
    UpstreamExists { name: String },
    #[error("there is no upstream `{name}`")]
    NoSuchUpstream { name: String },
    #[error("`{name}` stands twice in `{}`", .path.display())]
    Twice { name: String, path: PathBuf },
    #[error("a wait limit is at least a second and at most a day")]
    WaitLimit,
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Set(Box<SetError>),
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
}

impl From<SetError> for BookError {
    fn from(error: SetError) -> BookError {
        BookError::Set(Box::new(error))
    }
}

impl BookError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            BookError::File(error) => error.code(),
            BookError::NoSuchUser { .. } => "no_such_user",
            BookError::AgentExists { .. } => "agent_exists",
            BookError::NoSuchAgent { .. } => "no_such_agent",
            BookError::NoSuchProgram { .. } => "no_such_program",
            BookError::UpstreamExists { .. } => "upstream_exists",
            BookError::NoSuchUpstream { .. } => "no_such_upstream",
            BookError::Twice { .. } => "file_broken",
            BookError::WaitLimit => "wait_limit_not_valid",
            BookError::Config(_) => "upstream_not_valid",
            BookError::Set(error) => error.code(),
            BookError::NoRandomness(_) => "no_randomness",
        }
    }

    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            BookError::Set(error) => error.hint(),
            BookError::File(error) => error.hint(),
            BookError::NoSuchUser { .. } => {
                "add the user to `people.toml`, or name one that is there".to_owned()
            }
            BookError::AgentExists { name } => {
                format!("choose another name, or remove it first with `doorward agent remove {name}`")
            }
            BookError::NoSuchAgent { .. } => "`doorward agent list` shows the agents there are".to_owned(),
            BookError::NoSuchProgram { .. } => {
                "accept one that is shown as another program of the agent; each is shown for a day".to_owned()
            }
            BookError::UpstreamExists { name } => {
                format!("choose another name, or remove it first with `doorward upstream remove {name}`")
            }
            BookError::NoSuchUpstream { .. } => {
                "`doorward upstream list` shows the upstreams there are".to_owned()
            }
            BookError::Twice { .. } => "remove one of the two entries".to_owned(),
            BookError::WaitLimit => "write it like `45s`, `20m` or `1h30m`".to_owned(),
            BookError::Config(error) => error.hint().to_owned(),
            BookError::NoRandomness(_) => "check that the system's random number source works".to_owned(),
        }
    }
}
