//! `doorward agent`: pairs agents, directly or through the process that owns the home.

use crate::{
    args::AgentCommand,
    connecting,
    desk::Desk,
    failure::Failure,
    init::typed,
    say,
    waits::{Became, Waits},
};
use gateway::{
    connect::{Newcomer, Shim},
    home::{BookError, Home, UpstreamConfig},
};
use policy::{
    AgentName, UserId,
    time::{length, length_text},
};
use serde::Deserialize;
use serde_json::json;
use std::{net::SocketAddr, path::Path, process::ExitCode, time::Duration};

#[derive(Deserialize)]
struct Paired {
    token: String,
    waits: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    user: String,
    /// Seconds.
    wait: Option<u64>,
    /// Paths.
    programs: Vec<String>,
}

pub(crate) async fn run(dir: &Path, command: AgentCommand) -> Result<ExitCode, Failure> {
    let command = match command {
        AgentCommand::List { known: true, format } => return connecting::list(dir, format).await,
        AgentCommand::Connect(options) => return connecting::connect(dir, options).await,
        AgentCommand::Undo { name } => return connecting::undo(dir, &name).await,
        command => command,
    };
    let desk = Desk::of(dir).await?;
    match command {
        AgentCommand::Connect(_) | AgentCommand::Undo { .. } => {}
        AgentCommand::Add { name, user } => add(dir, &desk, name.parse()?, user.parse()?).await?,
        AgentCommand::List { .. } => list(dir, &desk).await?,
        AgentCommand::Wait { name, limit } => wait(&desk, &name, &limit).await?,
        AgentCommand::Remove { name } => {
            let waits = match &desk {
                Desk::Running(socket) => {
                    let became: Became =
                        socket.post("/desk/v1/agents/remove", &json!({ "name": name })).await?;
                    became.into()
                }
                Desk::Ours(home) => {
                    home.agents()?.remove(&name)?;
                    // Free, whoever guards the home.
                    Waits::default()
                }
            };
            match waits.sentence() {
                None => say(format_args!("Removed the agent `{name}`; its token no longer works.")),
                Some(waits) => say(format_args!("The agent `{name}` is still there. {waits}")),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(dir: &Path, desk: &Desk, name: AgentName, user: UserId) -> Result<(), Failure> {
    let (token, waits, listen, upstreams): (String, Waits, SocketAddr, Vec<UpstreamConfig>) = match desk {
        Desk::Running(socket) => {
            let status = socket.status().await?;
            let listen = status.listen.parse().map_err(|_| {
                Failure::new(
                    format!("`{}` is no address", status.listen),
                    "use the same version of Doorward everywhere",
                )
            })?;
            let upstreams = socket.get("/desk/v1/upstreams").await?;
            let paired: Paired =
                socket.post("/desk/v1/agents", &json!({ "name": name, "user": user })).await?;
            (paired.token, Waits::of(paired.waits), listen, upstreams)
        }
        Desk::Ours(home) => {
            let token = add_directly(home, &name, user)?;
            (token, Waits::at_the_start(dir), home.settings().listen, home.upstreams()?.list().to_vec())
        }
    };
    match waits.sentence() {
        None => say(format_args!("Added the agent `{name}`. Its token is shown this once:")),
        Some(waits) => {
            say(format_args!("The agent `{name}` is not in force yet. {waits}"));
            say("Until then its token is refused. It is shown this once:");
        }
    }
    say("");
    say(format_args!("  {token}"));
    if upstreams.is_empty() {
        say("");
        say(format_args!(
            "There is no upstream yet: add one with `{} upstream add NAME -- COMMAND`.",
            typed(dir)
        ));
    }
    let shim = Shim::of(dir);
    let newcomer = Newcomer { listen, upstreams: &upstreams, agent: &name, token: &token, shim };
    for help in gateway::connect::help(&newcomer) {
        say("");
        say(format_args!("{}:", help.title));
        say(help.text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"));
    }
    Ok(())
}

fn add_directly(home: &Home, name: &AgentName, user: UserId) -> Result<String, Failure> {
    if home.people()?.get(&user).is_none() {
        return Err(BookError::NoSuchUser { user: user.into() }.into());
    }
    Ok(home.agents()?.add(name.clone(), user)?.as_str().to_owned())
}

async fn wait(desk: &Desk, name: &str, limit: &str) -> Result<(), Failure> {
    let limit = match limit {
        "default" => None,
        text => Some(length(text).ok_or_else(|| {
            Failure::new(format!("`{text}` is no length of time"), "write it like `45s`, `20m` or `1h30m`")
        })?),
    };
    match desk {
        Desk::Running(socket) => {
            let wait = limit.map(|limit| limit.as_secs());
            socket.post("/desk/v1/agents/wait", &json!({ "name": name, "wait": wait })).await?
        }
        Desk::Ours(home) => home.agents()?.set_wait_limit(name, limit)?,
    }
    match limit {
        Some(limit) => say(format_args!(
            "The agent `{name}` is kept waiting for {} from its next call.",
            length_text(limit)
        )),
        None => say(format_args!("The agent `{name}` is kept waiting as long as its program puts up with.")),
    }
    Ok(())
}

async fn list(dir: &Path, desk: &Desk) -> Result<(), Failure> {
    let lines: Vec<Line> = match desk {
        Desk::Running(socket) => socket.get("/desk/v1/agents").await?,
        Desk::Ours(home) => {
            let book = home.agents()?;
            let rows = book.list().iter();
            rows.map(|row| Line {
                name: row.name.to_string(),
                user: row.user.to_string(),
                wait: row.wait_limit.map(|limit| limit.as_secs()),
                programs: row.programs.clone(),
            })
            .collect()
        }
    };
    if lines.is_empty() {
        say(format_args!("There are no agents: add one with `{} agent add NAME --user me`.", typed(dir)));
    }
    for Line { name, user, wait, programs } in lines {
        let waits =
            wait.map(|wait| format!(", is kept waiting for {}", length_text(Duration::from_secs(wait))));
        say(format_args!("{name}  acts for {user}{}", waits.unwrap_or_default()));
        for program in programs {
            say(format_args!("    program {}", gateway::visible::marked(&program)));
        }
    }
    Ok(())
}
