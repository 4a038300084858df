//! `doorward upstream`: MCP servers behind the gateway, changed directly or through the process that owns the home.

use crate::{
    args::{AddUpstream, UpstreamCommand},
    desk::Desk,
    failure::Failure,
    init::typed,
    say,
};
use gateway::home::{BookError, Transport, UpstreamConfig};
use serde_json::json;
use std::{collections::BTreeMap, path::Path, process::ExitCode};

pub(crate) async fn run(dir: &Path, command: UpstreamCommand) -> Result<ExitCode, Failure> {
    match command {
        UpstreamCommand::Add(add) => {
            let config = config(add)?;
            let listen = match Desk::of(dir).await? {
                Desk::Running(socket) => {
                    let () = socket.post("/desk/v1/upstreams", &config).await?;
                    socket.status().await?.listen
                }
                Desk::Ours(home) => {
                    home.upstreams()?.add(config.clone())?;
                    home.settings().listen.to_string()
                }
            };
            say(format_args!("Added the upstream `{}`: {}", config.name, config.shown()));
            say(format_args!("Agents reach it at http://{listen}/mcp/{}", config.name));
        }
        UpstreamCommand::List => {
            let upstreams: Vec<UpstreamConfig> = match Desk::of(dir).await? {
                Desk::Running(socket) => socket.get("/desk/v1/upstreams").await?,
                Desk::Ours(home) => home.upstreams()?.list().to_vec(),
            };
            if upstreams.is_empty() {
                say(format_args!(
                    "There are no upstreams: add one with `{} upstream add NAME -- COMMAND`.",
                    typed(dir)
                ));
            }
            for config in upstreams {
                say(format_args!("{}  {}", config.name, config.shown()));
            }
        }
        UpstreamCommand::Remove { name } => {
            match Desk::of(dir).await? {
                Desk::Running(socket) => {
                    socket.post("/desk/v1/upstreams/remove", &json!({ "name": name })).await?
                }
                Desk::Ours(home) => home.upstreams()?.remove(&name)?,
            }
            say(format_args!("Removed the upstream `{name}`."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn config(add: AddUpstream) -> Result<UpstreamConfig, Failure> {
    let AddUpstream { name, url, headers, env, cwd, strict_schema, command } = add;
    let transport = match url {
        Some(url) => Transport::Http { url, headers: pairs(&headers, ':', "--header 'Name: value'")? },
        None => {
            let mut words = command.into_iter();
            let env = pairs(&env, '=', "--env NAME=VALUE")?;
            // A relative folder is meant from here.
            let cwd = cwd.map(|cwd| std::path::absolute(&cwd).unwrap_or(cwd));
            Transport::Stdio { command: words.next().unwrap_or_default(), args: words.collect(), env, cwd }
        }
    };
    UpstreamConfig::new(name.parse()?, transport, strict_schema)
        .map_err(|error| BookError::Config(error).into())
}

fn pairs(given: &[String], between: char, form: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut pairs = BTreeMap::new();
    for pair in given {
        let (name, value) = pair
            .split_once(between)
            .ok_or_else(|| Failure::new(format!("`{pair}` has no `{between}`"), format!("write {form}")))?;
        let value = if between == ':' { value.trim() } else { value };
        if pairs.insert(name.trim().to_owned(), value.to_owned()).is_some() {
            return Err(Failure::new(format!("`{}` is given twice", name.trim()), "leave one of them out"));
        }
    }
    Ok(pairs)
}
