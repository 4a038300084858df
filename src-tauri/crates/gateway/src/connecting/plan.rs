//! What connecting an agent would do: files with their differences, upstreams that come to be, secrets for the keychain.
//! Nothing changes until [`Plan::write`], and that only where every file still is what the plan was made from.

use super::parts::{parts, why_it_stays};
use super::{ConnectError, InForce, Machine, address_of};
use crate::{home::UpstreamConfig, keychain::Secret};
use agents::{
    Changed, DiskError, FileState, Known, Moved, Put, Reach, Record, Scope, SeenFile, Server, Way, apply,
    diff,
};
use policy::{AgentName, UpstreamName};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use ts_rs::TS;

/// Stands in a shown difference where the agent's token will be.
const TOKEN_TO_COME: &str = "(its token)";
/// Stands where a value looks secret.
const MASKED: &str = "••••••";

/// What a person chose.
#[derive(Clone, Debug, Default, Deserialize, TS)]
#[ts(rename = "ConnectChoice")]
pub struct Choice {
    /// The agent program.
    pub id: String,
    /// Servers to move; none is every one that can be.
    pub servers: Option<Vec<Pick>>,
    /// Upstreams of ours that it shall reach as well.
    pub upstreams: Vec<String>,
    /// Values that look secret go into the keychain.
    pub keep_secrets: bool,
}

/// One server, by its name, and by its file where several have that name.
#[derive(Clone, Debug, Deserialize, TS)]
#[ts(rename = "ServerPick")]
pub struct Pick {
    pub name: String,
    pub path: Option<String>,
    pub table: Option<Vec<String>>,
}

/// How a file would change, line by line; secret values and the token are masked.
#[derive(Clone, Debug, Serialize, TS)]
pub struct FileDiff {
    pub path: String,
    pub diff: String,
}

/// What would be done.
#[derive(Debug)]
pub struct Plan {
    known: &'static Known,
    /// The agent it is, or will be paired as.
    pub agent: AgentName,
    /// The token found in its own files; none where it is yet to be paired.
    token: Option<String>,
    files: Vec<PlannedFile>,
    /// Upstreams to add.
    pub upstreams: Vec<UpstreamConfig>,
    /// Values for the keychain: upstream, name, value.
    pub secrets: Vec<(UpstreamName, String, Secret)>,
    /// New upstreams whose own name another one has, with that name: policies for it do not see them.
    pub beside: Vec<(UpstreamName, String)>,
    left: Vec<String>,
    /// Every value of the files that looks secret: none of them is shown (I8).
    hidden: Vec<Secret>,
}

#[derive(Debug)]
struct PlannedFile {
    path: PathBuf,
    before: Option<String>,
    is_project: bool,
    moves: Vec<Moved>,
}

/// What was written, for the handshake.
#[derive(Debug)]
pub struct Written {
    /// Server name and how its agent reaches it now.
    pub entries: Vec<(String, Reach)>,
    pub files: Vec<PathBuf>,
}

impl Machine {
    /// What connecting would do, on top of what is in force. Blocks on the disk and the keychain.
    ///
    /// # Errors
    /// [`ConnectError`]: a choice that cannot be had, or a file that cannot be changed.
    pub fn plan(
        &self,
        choice: &Choice,
        projects: &[PathBuf],
        in_force: &InForce<'_>,
    ) -> Result<Plan, ConnectError> {
        let known = agents::known(&choice.id).ok_or_else(|| ConnectError::Unknown(choice.id.clone()))?;
        let seen = self.look(projects).into_iter().find(|seen| seen.known.id == known.id);
        let files = seen.map(|seen| seen.files).unwrap_or_default();
        let (agent, token) = self.who(known, &files, in_force.agents)?;
        let mut plan = Plan {
            known,
            agent,
            token,
            files: Vec::new(),
            upstreams: Vec::new(),
            secrets: Vec::new(),
            beside: Vec::new(),
            left: Vec::new(),
            hidden: Vec::new(),
        };
        let mut found: Vec<bool> = choice.servers.iter().flatten().map(|_| false).collect();
        for file in &files {
            let FileState::Read { text, servers } = &file.state else { continue };
            let secrets = servers.iter().filter_map(|server| parts(&server.reach, true));
            let values =
                secrets.flat_map(|(_, secrets)| secrets).map(|(_, value)| Secret::new(value.into_bytes()));
            plan.hidden.extend(values);
            let mut moves = Vec::new();
            for server in servers.iter().filter(|server| self.door.behind(&server.reach).is_none()) {
                let at =
                    choice.servers.as_ref().map(|picks| picks.iter().position(|pick| pick.is(file, server)));
                let stays = why_it_stays(server);
                match (at, stays) {
                    (Some(Some(at)), stays) => {
                        if let Some(is_found) = found.get_mut(at) {
                            *is_found = true;
                        }
                        if let Some(why) = stays {
                            return Err(ConnectError::Stays { server: server.name.clone(), why });
                        }
                        moves.push(plan.moved(server, in_force, choice.keep_secrets)?);
                    }
                    (None, None) => moves.push(plan.moved(server, in_force, choice.keep_secrets)?),
                    (Some(None), _) | (None, Some(_)) => plan.left.push(address_of(&file.path, server)),
                }
            }
            plan.note(file, Some(text), moves);
        }
        if let Some((pick, _)) = choice.servers.iter().flatten().zip(&found).find(|(_, is_found)| !**is_found)
        {
            let (agent, server) = (known.title.to_owned(), pick.name.clone());
            return Err(ConnectError::NoServer { agent, server });
        }
        self.reach(&mut plan, &files, &choice.upstreams, in_force.upstreams)?;
        if plan.files.is_empty() {
            return Err(ConnectError::Nothing(known.title.to_owned()));
        }
        plan.texts(self, TOKEN_TO_COME)?;
        Ok(plan)
    }

    /// The agent whose token its files show, else a new name.
    fn who(
        &self,
        known: &Known,
        files: &[SeenFile],
        agents: &[AgentName],
    ) -> Result<(AgentName, Option<String>), ConnectError> {
        let records = self.keep.records(known.id)?;
        let bad = || ConnectError::BadName(known.id.to_owned());
        if let Some(record) = records.last()
            && let Some(agent) = agents.iter().find(|agent| agent.as_str() == record.agent)
        {
            let servers = files.iter().flat_map(|file| match &file.state {
                FileState::Read { servers, .. } => servers.as_slice(),
                _ => &[],
            });
            let token = servers.into_iter().find_map(|server| self.door.token(&server.reach));
            if token.is_some() || known.url.is_empty() {
                return Ok((agent.clone(), Some(token.unwrap_or_default().to_owned())));
            }
        }
        // Over the home's socket an agent is known by its name: one that is there already is this one.
        if known.url.is_empty()
            && let Some(agent) = agents.iter().find(|agent| agent.as_str() == known.id)
        {
            return Ok((agent.clone(), Some(String::new())));
        }
        let names = std::iter::once(known.id.to_owned()).chain((2..100).map(|n| format!("{}-{n}", known.id)));
        let free = names.filter_map(|name| name.parse().ok()).find(|name| !agents.contains(name));
        Ok((free.ok_or_else(bad)?, None))
    }

    /// Entries for upstreams of ours, in the user's first file.
    fn reach(
        &self,
        plan: &mut Plan,
        files: &[SeenFile],
        chosen: &[String],
        upstreams: &[UpstreamConfig],
    ) -> Result<(), ConnectError> {
        let Some(file) = files.iter().find(|file| file.scope == Scope::User) else { return Ok(()) };
        let (text, servers) = match &file.state {
            FileState::Absent => (None, &[][..]),
            FileState::Read { text, servers } => (Some(text), servers.as_slice()),
            FileState::Broken { why } if chosen.is_empty() => {
                let _ = why;
                return Ok(());
            }
            FileState::Broken { why } => {
                return Err(ConnectError::Broken { path: file.path.clone(), why: why.clone() });
            }
        };
        let table: Vec<String> = plan
            .known
            .tables
            .first()
            .into_iter()
            .flat_map(|keys| keys.iter())
            .map(|key| (*key).to_owned())
            .collect();
        let mut moves = Vec::new();
        for upstream in chosen {
            if !upstreams.iter().any(|config| config.name.as_str() == upstream) {
                return Err(ConnectError::NoUpstream(upstream.clone()));
            }
            let has = |server: &Server| server.table == table && server.name == *upstream;
            match servers.iter().find(|server| has(server)) {
                Some(server) if self.door.behind(&server.reach).is_some() => {}
                Some(server) => {
                    let why = "has the name of the upstream and leads elsewhere".to_owned();
                    return Err(ConnectError::Stays { server: server.name.clone(), why });
                }
                None => moves.push(Moved {
                    table: table.clone(),
                    name: upstream.clone(),
                    upstream: upstream.clone(),
                }),
            }
        }
        plan.note(file, text, moves);
        Ok(())
    }
}

impl Pick {
    fn is(&self, file: &SeenFile, server: &Server) -> bool {
        self.name == server.name
            && self.path.as_ref().is_none_or(|path| *path == file.path.display().to_string())
            && self.table.as_ref().is_none_or(|table| *table == server.table)
    }
}

impl Plan {
    /// Whether the agent is yet to be paired.
    #[must_use]
    pub fn pairs(&self) -> bool {
        self.token.is_none()
    }

    fn note(&mut self, file: &SeenFile, text: Option<&String>, moves: Vec<Moved>) {
        if moves.is_empty() {
            return;
        }
        if let Some(planned) = self.files.iter_mut().find(|planned| planned.path == file.path) {
            planned.moves.extend(moves);
            return;
        }
        let is_project = file.scope != Scope::User;
        self.files.push(PlannedFile { path: file.path.clone(), before: text.cloned(), is_project, moves });
    }

    /// The new text of every file.
    fn texts(&self, machine: &Machine, token: &str) -> Result<Vec<String>, ConnectError> {
        let text = |file: &PlannedFile| {
            let puts = file.moves.iter().map(|moved| {
                // A project's file is everybody's, and no place for a token.
                let way = if file.is_project || self.known.url.is_empty() {
                    Way::Command { agent: self.agent.as_str() }
                } else {
                    Way::Address { token }
                };
                let keys = machine.door.entry(self.known, &moved.upstream, way);
                Put { table: moved.table.clone(), name: moved.name.clone(), keys }
            });
            let puts: Vec<Put> = puts.collect();
            apply(self.known, file.before.as_deref().unwrap_or_default(), &puts)
                .map_err(|error| ConnectError::Edit { path: file.path.clone(), error })
        };
        self.files.iter().map(text).collect()
    }

    /// Every file's difference, for people.
    ///
    /// # Errors
    /// A file cannot be changed.
    pub fn diffs(&self, machine: &Machine) -> Result<Vec<FileDiff>, ConnectError> {
        let texts = self.texts(machine, TOKEN_TO_COME)?;
        let values = self.hidden.iter().filter_map(|value| std::str::from_utf8(value).ok());
        // As it is, and as a file may write it.
        let forms = values.filter(|value| value.len() > 2).flat_map(|value| {
            let quoted = serde_json::Value::from(value).to_string();
            [Secret::new(value.into()), Secret::new(quoted.trim_matches('"').into())]
        });
        let mut hidden: Vec<Secret> = forms.collect();
        hidden.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let shown = self.files.iter().zip(texts).map(|(file, after)| {
            let text = diff(file.before.as_deref().unwrap_or_default(), &after);
            let masked = hidden.iter().fold(text, |text, value| match std::str::from_utf8(value) {
                Ok(value) => text.replace(value, MASKED),
                Err(_) => text,
            });
            FileDiff { path: file.path.display().to_string(), diff: masked }
        });
        Ok(shown.collect())
    }

    /// Whether every file is still what the plan was made from. Blocks on the disk.
    ///
    /// # Errors
    /// The first that is not.
    pub fn is_current(&self) -> Result<(), DiskError> {
        for PlannedFile { path, before, .. } in &self.files {
            if agents::read(path)? != *before {
                return Err(DiskError::Changed { path: path.clone() });
            }
        }
        Ok(())
    }

    /// Backs up and writes every file; what was written before a failure is put back. Blocks on the disk.
    ///
    /// # Errors
    /// A file is another one by now or cannot be written; every file is as it was then.
    pub fn write(&self, machine: &Machine, token: Option<&str>, at: i64) -> Result<Written, ConnectError> {
        let token = token.or(self.token.as_deref()).unwrap_or_default();
        let texts = self.texts(machine, token)?;
        let mut files = Vec::new();
        for (file, after) in self.files.iter().zip(&texts) {
            let before = file.before.as_deref().map(|text| machine.keep.back_up(text)).transpose()?;
            let after = machine.keep.back_up(after)?;
            files.push(Changed { path: file.path.clone(), before, after, servers: file.moves.clone() });
        }
        let record = Record {
            agent: self.agent.to_string(),
            paired: self.pairs(),
            at,
            files,
            left: self.left.clone(),
        };
        machine.keep.remember(self.known.id, record)?;
        for (index, (file, after)) in self.files.iter().zip(&texts).enumerate() {
            if let Err(error) = agents::write(&file.path, file.before.as_deref(), Some(after)) {
                self.take_back(machine, &texts, index)?;
                return Err(error.into());
            }
        }
        let entries = self.files.iter().flat_map(|file| {
            let after = agents::read(&file.path).ok().flatten().unwrap_or_default();
            let servers = agents::servers(self.known, &after).unwrap_or_default();
            let of = |moved: &Moved| {
                let found =
                    servers.iter().find(|server| server.table == moved.table && server.name == moved.name);
                let gone = || Reach::Unclear { why: "is gone from the file again".to_owned() };
                (moved.name.clone(), found.map_or_else(gone, |server| server.reach.clone()))
            };
            file.moves.iter().map(of).collect::<Vec<_>>()
        });
        let entries = entries.collect();
        Ok(Written { entries, files: self.files.iter().map(|file| file.path.clone()).collect() })
    }

    fn take_back(&self, machine: &Machine, texts: &[String], failed: usize) -> Result<(), ConnectError> {
        for (file, after) in self.files.iter().zip(texts).take(failed) {
            agents::write(&file.path, Some(after), file.before.as_deref())?;
        }
        Ok(machine.keep.forget_newest(self.known.id)?)
    }
}
