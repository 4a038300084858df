//! `doorward agent connect`, `agent undo`, `agent list --known` and `disconnect`: agents' own configuration files, changed
//! here, as the user who asks. Upstreams and agents are added through the process that owns the home; secrets go from
//! here into the keychain, and over no socket.

use crate::{
    args::{ConnectAgent, ListFormat},
    desk::{Desk, Socket},
    failure::Failure,
    init::typed,
    note, say,
    waits::Became,
};
use agents::{Undone, UndoneFile};
use gateway::{
    connecting::{Choice, ConnectError, FoundAgent, InForce, Machine, Pick, Plan, Verified, verify},
    home::{Home, KeychainKind, Paths, UpstreamConfig, read_people},
    keychain, secrets,
};
use policy::{AgentName, UpstreamName};
use serde::Deserialize;
use serde_json::json;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        Failure::new(error.to_string(), error.hint())
    }
}

impl From<agents::KeepError> for Failure {
    fn from(error: agents::KeepError) -> Failure {
        Failure::new(error.to_string(), error.hint())
    }
}

fn machine(dir: &Path, listen: SocketAddr) -> Result<Machine, Failure> {
    Machine::of(dir, listen)
        .ok_or_else(|| Failure::new("there is no home folder to look for agents in", "set HOME"))
}

/// Where agents' files may be besides the user's own: the folder this runs in.
fn projects() -> Vec<PathBuf> {
    std::env::current_dir().into_iter().collect()
}

/// Where the gateway listens, running or not.
async fn listen(dir: &Path) -> Result<(SocketAddr, Option<Socket>), Failure> {
    let settings = Home::peek(dir)?;
    let Some(socket) = Socket::find(dir).await? else { return Ok((settings.listen, None)) };
    let listen = socket.status().await?.listen.parse();
    let listen = listen.map_err(|_| {
        Failure::new("the running Doorward says no address", "use the same version everywhere")
    })?;
    Ok((listen, Some(socket)))
}

pub(crate) async fn list(dir: &Path, format: ListFormat) -> Result<ExitCode, Failure> {
    let found = machine(dir, listen(dir).await?.0)?.found(&projects());
    if format == ListFormat::Json {
        let text =
            serde_json::to_string_pretty(&found).map_err(|error| Failure::new(error.to_string(), ""))?;
        say(text);
        return Ok(ExitCode::SUCCESS);
    }
    for agent in found.iter().filter(|agent| agent.is_installed || agent.files.iter().any(|file| file.exists))
    {
        print(agent);
    }
    let absent: Vec<&str> =
        found.iter().filter(|agent| !agent.is_installed).map(|agent| agent.title.as_str()).collect();
    if !absent.is_empty() {
        say(format_args!("Not found here: {}.", absent.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

fn print(agent: &FoundAgent) {
    let connected = agent.connected_as.as_ref().map(|name| format!(", connected as `{name}`"));
    say(format_args!("{}  {}{}", agent.id, agent.title, connected.unwrap_or_default()));
    for file in agent.files.iter().filter(|file| file.exists) {
        say(format_args!("    {}", gateway::visible::marked(&file.path)));
        if let Some(problem) = &file.problem {
            say(format_args!("      left alone: {problem}"));
        }
        for server in &file.servers {
            let name = gateway::visible::marked(&server.name);
            let leads = match (&server.behind, &server.stays) {
                (Some(upstream), _) => format!("behind Doorward, as `{upstream}`"),
                (None, Some(why)) => format!("goes around, and stays there: it {why}"),
                (None, None) => format!("goes around: {}", gateway::visible::marked(&server.shown)),
            };
            let new = if server.is_new { ", NEW" } else { "" };
            let off = if server.is_off { ", off" } else { "" };
            say(format_args!("      {name}{new}{off}  {leads}"));
        }
    }
}

#[derive(Deserialize)]
struct Line {
    name: AgentName,
}

#[derive(Deserialize)]
struct Added {
    token: Option<String>,
}

pub(crate) async fn connect(dir: &Path, options: ConnectAgent) -> Result<ExitCode, Failure> {
    let (listen, socket) = listen(dir).await?;
    let socket = socket.ok_or_else(|| {
        Failure::new(
            "Doorward does not run, so nobody would answer the agent",
            format!("start the app or `{} serve`, then connect again", typed(dir)),
        )
    })?;
    let machine = machine(dir, listen)?;
    let upstreams: Vec<UpstreamConfig> = socket.get("/desk/v1/upstreams").await?;
    let agents: Vec<Line> = socket.get("/desk/v1/agents").await?;
    let agents: Vec<AgentName> = agents.into_iter().map(|line| line.name).collect();
    let pick = |name: String| Pick { name, path: None, table: None };
    let has_keychain = Home::peek(dir)?.keychain == KeychainKind::Os;
    let choice = Choice {
        id: options.name.clone(),
        servers: options.servers.map(|names| names.into_iter().map(pick).collect()),
        upstreams: options.upstreams,
        keep_secrets: has_keychain && !options.plain_secrets,
    };
    let settings = Home::peek(dir)?;
    let keychain = keychain::open(settings.keychain);
    let kept = |upstream: &UpstreamName, name: &str| {
        secrets::kept(&*keychain, &settings.id, upstream.as_str(), name)
    };
    let in_force = InForce { upstreams: &upstreams, agents: &agents, kept: &kept };
    let plan = machine.plan(&choice, &projects(), &in_force)?;
    for file in plan.diffs(&machine)? {
        say(format_args!("{}", file.path));
        say(file.diff.trim_end());
        say("");
    }
    for config in &plan.upstreams {
        say(format_args!("New upstream `{}`: {}", config.name, config.shown()));
        for used in &config.secrets {
            say(format_args!("    secret {used}, moved into the keychain"));
        }
    }
    for warning in plan.warnings() {
        note(warning);
    }
    if !has_keychain && !options.plain_secrets {
        note("This home keeps its keys in memory: what looks secret stays in upstreams.toml.");
    }
    if options.dry_run {
        say("Nothing was changed.");
        return Ok(ExitCode::SUCCESS);
    }
    let token = settle(dir, &socket, &plan).await?;
    let written = match plan.write(&machine, token.as_deref(), now()) {
        Ok(written) => written,
        Err(error) => {
            take_back(&socket, &plan).await;
            return Err(error.into());
        }
    };
    for file in &written.files {
        say(format_args!("Changed {}; the file as it was is kept.", file.display()));
    }
    say(format_args!("Connected {} as `{}`.", options.name, plan.agent));
    let verified = verify(&written.entries).await;
    let all_well = verified.iter().all(|one| one.problem.is_none());
    for Verified { server, answered_as, problem } in verified {
        match problem {
            None => say(format_args!("  {server}: answered, as {}", answered_as.unwrap_or_default())),
            Some(problem) => say(format_args!("  {server}: NO ANSWER, {problem}")),
        }
    }
    let undo = format!("`{} agent undo {}`", typed(dir), options.name);
    say(format_args!("Undo with {undo}."));
    if all_well {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new(
        "not every server answered",
        format!("look at what it says, or put everything back with {undo}"),
    ))
}

/// Upstreams and the agent as one change, and the secrets before it, once it is known that no passkey is asked for;
/// nothing of them stays where one cannot be had.
async fn settle(dir: &Path, socket: &Socket, plan: &Plan) -> Result<Option<String>, Failure> {
    add(dir, socket, plan, true).await?;
    let settings = Home::peek(dir)?;
    let keychain = keychain::open(settings.keychain);
    let kept = plan.secrets.iter().try_for_each(|(upstream, name, value)| {
        secrets::store(&*keychain, &settings.id, upstream.as_str(), name, value)
            .map_err(|error| Failure::new(error.to_string(), error.hint()))
    });
    let outcome = match kept {
        Ok(()) => add(dir, socket, plan, false).await,
        Err(failure) => Err(failure),
    };
    if outcome.is_err() {
        for config in &plan.upstreams {
            if let Err(error) = secrets::forget(&*keychain, &settings.id, config) {
                note(format_args!("secrets of `{}` stay in the keychain: {error}", config.name));
            }
        }
    }
    outcome
}

async fn add(dir: &Path, socket: &Socket, plan: &Plan, rehearse: bool) -> Result<Option<String>, Failure> {
    if plan.upstreams.is_empty() && !plan.pairs() {
        return Ok(None);
    }
    let owner = || {
        let owner = read_people(&Paths::new(dir).people())?.owner().map(|owner| owner.id.clone());
        owner.ok_or_else(|| {
            Failure::new(
                "this home has no owner the agent could act for",
                "mark one user as `owner` in people.toml",
            )
        })
    };
    let agent = if plan.pairs() { json!({ "name": plan.agent, "user": owner()? }) } else { json!(null) };
    let all = json!({ "upstreams": plan.upstreams, "agent": agent, "rehearse": rehearse });
    let added: Added = socket.post("/desk/v1/connect", &all).await?;
    Ok(added.token)
}

/// What was added for files that could not be written. No passkey is asked for here: none was for adding it.
async fn take_back(socket: &Socket, plan: &Plan) {
    for config in &plan.upstreams {
        let removed: Result<Became, Failure> =
            socket.post("/desk/v1/upstreams/remove", &json!({ "name": config.name })).await;
        if let Err(failure) = removed {
            note(format_args!("The upstream `{}` stays: {}", config.name, failure.message));
        }
    }
    if plan.pairs() {
        let removed: Result<Became, Failure> =
            socket.post("/desk/v1/agents/remove", &json!({ "name": plan.agent })).await;
        if let Err(failure) = removed {
            note(format_args!("The agent `{}` stays: {}", plan.agent, failure.message));
        }
    }
}

pub(crate) async fn undo(dir: &Path, id: &str) -> Result<ExitCode, Failure> {
    let desk = Desk::of(dir).await?;
    put_back(&desk, &machine(dir, listen(dir).await?.0)?, id).await?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn disconnect(dir: &Path) -> Result<ExitCode, Failure> {
    let desk = Desk::of(dir).await?;
    let machine = machine(dir, listen(dir).await?.0)?;
    let connected = machine.connected();
    if connected.is_empty() {
        say("No agent is connected through its own file.");
    }
    let mut failed = None;
    for id in connected {
        // One file that cannot be put back keeps no other from it.
        if let Err(failure) = put_back(&desk, &machine, id).await {
            note(format_args!("{id}: {failure}"));
            failed = Some(Failure::new(
                "not every agent is as it was",
                "mend what is named above, then run this again",
            ));
        }
    }
    failed.map_or(Ok(ExitCode::SUCCESS), Err)
}

async fn put_back(desk: &Desk, machine: &Machine, id: &str) -> Result<(), Failure> {
    let (files, paired) = machine.undo(id)?;
    for UndoneFile { path, how } in files {
        let path = path.display();
        match how {
            Undone::Exactly => say(format_args!("{path} is as it was, byte for byte.")),
            Undone::OnlyOurs => {
                say(format_args!("{path} was edited since: only what Doorward had put there was taken out."));
            }
            Undone::NothingLeft => say(format_args!("{path} had nothing of Doorward's in it any more.")),
        }
    }
    for name in paired {
        let removed = match desk {
            Desk::Running(socket) => {
                let removed: Result<Became, Failure> =
                    socket.post("/desk/v1/agents/remove", &json!({ "name": name })).await;
                removed.map(drop)
            }
            Desk::Ours(home) => home.agents()?.remove(&name).map_err(Failure::from),
        };
        match removed {
            Ok(()) => say(format_args!("Removed the agent `{name}`; its token no longer works.")),
            Err(failure) => note(format_args!("The agent `{name}` was not removed: {}", failure.message)),
        }
    }
    Ok(())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
