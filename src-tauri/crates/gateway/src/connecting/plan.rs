//! What connecting an agent would do: files with their differences, upstreams that come to be, secrets for the keychain.
//! Nothing changes until [`Plan::write`], and that only where every file still is what the plan was made from.

use super::{ConnectError, Machine, address_of};
use crate::{
    home::{SecretPlace, SecretUse, Transport, UpstreamConfig},
    keychain::Secret,
};
use agents::{
    Changed, FileState, Known, Moved, Put, Reach, Record, Scope, SeenFile, Server, Way, apply, diff,
};
use policy::{AgentName, UpstreamName};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};
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
    /// What connecting would do, on top of these upstreams and agents. Blocks on the disk.
    ///
    /// # Errors
    /// [`ConnectError`]: a choice that cannot be had, or a file that cannot be changed.
    pub fn plan(
        &self,
        choice: &Choice,
        projects: &[PathBuf],
        upstreams: &[UpstreamConfig],
        agents: &[AgentName],
    ) -> Result<Plan, ConnectError> {
        let known = agents::known(&choice.id).ok_or_else(|| ConnectError::Unknown(choice.id.clone()))?;
        let seen = self.look(projects).into_iter().find(|seen| seen.known.id == known.id);
        let files = seen.map(|seen| seen.files).unwrap_or_default();
        let (agent, token) = self.who(known, &files, agents)?;
        let mut plan = Plan {
            known,
            agent,
            token,
            files: Vec::new(),
            upstreams: Vec::new(),
            secrets: Vec::new(),
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
                        moves.push(plan.moved(server, upstreams, choice.keep_secrets)?);
                    }
                    (None, None) => moves.push(plan.moved(server, upstreams, choice.keep_secrets)?),
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
        self.reach(&mut plan, &files, &choice.upstreams, upstreams)?;
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

    /// The upstream a server becomes: one that is there already and is the same, else a new one.
    fn moved(
        &mut self,
        server: &Server,
        upstreams: &[UpstreamConfig],
        keep_secrets: bool,
    ) -> Result<Moved, ConnectError> {
        let stays = |why: String| ConnectError::Stays { server: server.name.clone(), why };
        let parts = parts(&server.reach, keep_secrets);
        let (transport, secrets) = parts.ok_or_else(|| stays("cannot be read".to_owned()))?;
        let uses: Vec<SecretUse> = secrets.iter().map(|(used, _)| used.clone()).collect();
        let slug = slug(&server.name).ok_or_else(|| ConnectError::BadName(server.name.clone()))?;
        let names = std::iter::once(slug.clone()).chain((2..100).map(|n| format!("{slug}-{n}")));
        for name in names.filter_map(|name| name.parse::<UpstreamName>().ok()) {
            let config = UpstreamConfig::new(name.clone(), transport.clone(), false)
                .and_then(|config| config.with_secrets(uses.clone()))
                .map_err(|error| stays(format!("is not taken as an upstream: {error}")))?;
            let taken = upstreams.iter().chain(&self.upstreams).find(|other| other.name == name);
            match taken {
                // Values are not compared: two servers of one name and command with two tokens are two upstreams.
                Some(other) if *other == config && (uses.is_empty() || self.has_values(&name, &secrets)) => {}
                Some(_) => continue,
                None => {
                    for (used, value) in secrets {
                        self.secrets.push((name.clone(), used.name, Secret::new(value.into_bytes())));
                    }
                    self.upstreams.push(config);
                }
            }
            let (table, server) = (server.table.clone(), server.name.clone());
            return Ok(Moved { table, name: server, upstream: name.to_string() });
        }
        Err(ConnectError::BadName(server.name.clone()))
    }

    fn has_values(&self, upstream: &UpstreamName, secrets: &[(SecretUse, String)]) -> bool {
        secrets.iter().all(|(used, value)| {
            self.secrets.iter().any(|(of, name, kept)| {
                of == upstream && *name == used.name && kept.as_slice() == value.as_bytes()
            })
        })
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

fn why_it_stays(server: &Server) -> Option<String> {
    match &server.reach {
        Reach::Unclear { why } => Some(why.clone()),
        reach => why_not_taken(reach),
    }
}

/// Why no upstream can be made of it, where that is so.
pub(super) fn why_not_taken(reach: &Reach) -> Option<String> {
    let (transport, secrets) = parts(reach, true)?;
    let uses = secrets.into_iter().map(|(used, _)| used).collect();
    let name = "x".parse().ok()?;
    let config = UpstreamConfig::new(name, transport, false).and_then(|config| config.with_secrets(uses));
    let error = config.err()?.to_string();
    Some(format!("is not taken: {}", error.trim_start_matches("upstream `x`: ")))
}

/// The exact command or address.
pub(super) fn shown(reach: &Reach) -> String {
    match reach {
        Reach::Command { command, args, .. } => std::iter::once(command)
            .chain(args)
            .map(|word| crate::home::quoted(word))
            .collect::<Vec<_>>()
            .join(" "),
        Reach::Address { url, .. } => url.clone(),
        Reach::Unclear { .. } => String::new(),
    }
}

pub(super) fn secret_names(reach: &Reach) -> Vec<String> {
    let secrets = parts(reach, true).map(|(_, secrets)| secrets).unwrap_or_default();
    let name = |used: SecretUse| match used.place {
        SecretPlace::Variable(variable) => variable,
        SecretPlace::Header { header, .. } => header,
    };
    secrets.into_iter().map(|(used, _)| name(used)).collect()
}

/// As an upstream has it: what looks secret apart from the rest, where it is to be kept.
pub(super) fn parts(reach: &Reach, keep_secrets: bool) -> Option<(Transport, Vec<(SecretUse, String)>)> {
    let mut secrets = Vec::new();
    let mut take = |name: &str, value: &str, place: SecretPlace| {
        let is_secret = keep_secrets && !value.is_empty() && journal::is_secret_name(name);
        let used = is_secret.then(|| SecretUse::new(secret_name(name), place, false).ok()).flatten();
        let is_kept = used.is_some();
        secrets.extend(used.map(|used| (used, value.to_owned())));
        !is_kept
    };
    let transport = match reach {
        Reach::Command { command, args, env, cwd } => {
            let env =
                env.iter().filter(|(name, value)| take(name, value, SecretPlace::Variable((*name).clone())));
            let env: BTreeMap<String, String> =
                env.map(|(name, value)| (name.clone(), value.clone())).collect();
            Transport::Stdio { command: command.clone(), args: args.clone(), env, cwd: cwd.clone() }
        }
        Reach::Address { url, headers } => {
            let mut plain = BTreeMap::new();
            for (header, text) in headers {
                let (prefix, value) = match text.split_once(' ') {
                    Some((scheme, value)) if header.eq_ignore_ascii_case("authorization") => {
                        (format!("{scheme} "), value)
                    }
                    _ => (String::new(), text.as_str()),
                };
                if take(header, value, SecretPlace::Header { header: header.clone(), prefix }) {
                    plain.insert(header.clone(), text.clone());
                }
            }
            Transport::Http { url: url.clone(), headers: plain }
        }
        Reach::Unclear { .. } => return None,
    };
    Some((transport, secrets))
}

fn secret_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    name.chars().map(plain).take(64).collect()
}

/// As an upstream may be called.
pub(super) fn slug(name: &str) -> Option<String> {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') => c,
        _ => '-',
    };
    let slug: String = name.chars().map(plain).take(56).collect();
    let slug = slug.trim_start_matches(['.', '_', '-']);
    (!slug.is_empty()).then(|| slug.to_owned())
}
