//! Agents' own configuration files and this home: which of their servers go around the door, how these are moved behind
//! it, and how that is undone. The window and the command line use it; both add upstreams and pair agents themselves.
//!
//! `plan` says what would change, `verify` shakes hands through what was written, `watch` notices what is added later.
//! No value that looks secret leaves here but for the keychain and the file it came from (I8).

mod error;
mod moves;
mod parts;
mod pasted;
mod plan;
mod verify;
mod watch;

pub use agents::Dirs;
pub use error::ConnectError;
pub use pasted::{Pasted, pasted};
pub use plan::{Choice, FileDiff, Pick, Plan, Written};
pub use verify::{Verified, verify};
pub use watch::Around;
pub(crate) use watch::Watched;

use crate::connect::Shim;
use crate::home::UpstreamConfig;
use crate::keychain::{KeychainError, Secret};
use agents::{Door, FileState, Keep, KeepError, Reach, Scope, Seen, SeenFile, Server, UndoneFile};
use policy::{AgentName, UpstreamName};
use serde::Serialize;
use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use ts_rs::TS;

/// Looks up what the keychain has for a secret of an upstream. Blocks.
pub type Kept<'a> = dyn Fn(&UpstreamName, &str) -> Result<Option<Secret>, KeychainError> + 'a;

/// What a plan is made on top of.
#[derive(Clone, Copy)]
pub struct InForce<'a> {
    pub upstreams: &'a [UpstreamConfig],
    pub agents: &'a [AgentName],
    /// The value that the keychain has for a secret of an upstream. Blocks.
    pub kept: &'a Kept<'a>,
}

/// The agents of this machine, beside one home.
#[derive(Clone, Debug)]
pub struct Machine {
    dirs: Dirs,
    door: Door,
    keep: Keep,
}

/// One agent program, for people.
#[derive(Clone, Debug, Serialize, TS)]
pub struct FoundAgent {
    pub id: String,
    pub title: String,
    pub is_installed: bool,
    /// The agent it was connected as.
    pub connected_as: Option<String>,
    /// A changed file is read without starting the program again.
    pub reloads: bool,
    pub files: Vec<FoundFile>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct FoundFile {
    pub path: String,
    /// The folder whose file it is; none for the user's own.
    pub project: Option<String>,
    pub exists: bool,
    /// Why it cannot be read; it is left alone.
    pub problem: Option<String>,
    pub servers: Vec<FoundServer>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct FoundServer {
    pub name: String,
    /// Keys that lead to its table.
    pub table: Vec<String>,
    /// The upstream it reaches behind the door; none where it goes around it.
    pub behind: Option<String>,
    /// The exact command or address.
    pub shown: String,
    /// Why it cannot be moved.
    pub stays: Option<String>,
    /// The agent does not use it at the moment.
    pub is_off: bool,
    /// Names of values that look secret.
    pub secrets: Vec<String>,
    /// It was added around the door after its agent was connected.
    pub is_new: bool,
}

impl Machine {
    /// Of the user this process runs as; none without a home folder.
    #[must_use]
    pub fn of(home: &Path, listen: SocketAddr) -> Option<Machine> {
        Some(Machine::at(Dirs::of(|name| env::var_os(name).map(PathBuf::from))?, home, listen))
    }

    /// Of a person whose folders are these.
    #[must_use]
    pub fn at(dirs: Dirs, home: &Path, listen: SocketAddr) -> Machine {
        Machine { dirs, door: Shim::of(home).door(listen), keep: Keep::of(home) }
    }

    /// Every known agent program. Blocks on the disk.
    #[must_use]
    pub fn found(&self, projects: &[PathBuf]) -> Vec<FoundAgent> {
        self.look(projects).iter().map(|seen| self.found_agent(seen)).collect()
    }

    fn look(&self, projects: &[PathBuf]) -> Vec<Seen> {
        agents::look(&self.dirs, projects)
    }

    fn found_agent(&self, seen: &Seen) -> FoundAgent {
        let records = self.keep.records(seen.known.id).unwrap_or_default();
        let left: Vec<&String> = records.iter().flat_map(|record| &record.left).collect();
        let file = |file: &SeenFile| {
            let (problem, servers) = match &file.state {
                FileState::Absent => (None, &[][..]),
                FileState::Read { servers, .. } => (None, servers.as_slice()),
                FileState::Broken { why } => (Some(why.clone()), &[][..]),
            };
            let servers = servers.iter().map(|server| {
                let mut found = self.found_server(server);
                let is_left = left.contains(&&address_of(&file.path, server));
                found.is_new = !records.is_empty() && found.behind.is_none() && !is_left;
                found
            });
            FoundFile {
                path: file.path.display().to_string(),
                project: match &file.scope {
                    Scope::User => None,
                    Scope::Project(folder) => Some(folder.display().to_string()),
                },
                exists: file.state != FileState::Absent,
                problem,
                servers: servers.collect(),
            }
        };
        FoundAgent {
            id: seen.known.id.to_owned(),
            title: seen.known.title.to_owned(),
            is_installed: seen.is_installed,
            connected_as: records.last().map(|record| record.agent.clone()),
            reloads: seen.known.reloads,
            files: seen.files.iter().map(file).collect(),
        }
    }

    fn found_server(&self, server: &Server) -> FoundServer {
        FoundServer {
            name: server.name.clone(),
            table: server.table.clone(),
            behind: self.door.behind(&server.reach),
            shown: parts::shown(&server.reach),
            stays: match &server.reach {
                Reach::Unclear { why } => Some(why.clone()),
                reach => parts::why_not_taken(reach),
            },
            is_off: server.is_off,
            secrets: parts::secret_names(&server.reach),
            is_new: false,
        }
    }

    /// Puts an agent's files back, and says which agents were paired for them. Blocks on the disk.
    ///
    /// # Errors
    /// The first file that could not be put back; it and its backup stay on record.
    pub fn undo(&self, id: &str) -> Result<(Vec<UndoneFile>, Vec<String>), KeepError> {
        let records = self.keep.records(id)?;
        let files = self.keep.undo(id, &self.door)?;
        let paired = records.into_iter().filter(|record| record.paired).map(|record| record.agent);
        Ok((files, paired.collect()))
    }

    /// Ids of agents whose files were changed and not put back. Blocks on the disk.
    #[must_use]
    pub fn connected(&self) -> Vec<&'static str> {
        let has = |id: &&str| !self.keep.records(id).is_ok_and(|records| records.is_empty());
        agents::KNOWN.iter().map(|known| known.id).filter(has).collect()
    }
}

/// How a server is named among those that a person left around the door.
fn address_of(path: &Path, server: &Server) -> String {
    format!("{}#{}.{}", path.display(), server.table.join("."), server.name)
}
