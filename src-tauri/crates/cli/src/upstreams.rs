//! `doorward upstream`: MCP servers behind the gateway, changed directly or through the process that owns the home.

use crate::{
    args::{AddUpstream, UpstreamCommand},
    desk::{Desk, Socket},
    failure::Failure,
    init::typed,
    prompt, say,
    waits::{Became, Waits},
};
use gateway::{
    home::{
        BookError, ConfigError, Home, KeychainKind, SecretPlace, SecretUse, SecretUseError, Transport,
        UpstreamConfig,
    },
    keychain::{self, Keychain, KeychainError, Secret},
    secrets,
};
use serde::Deserialize;
use serde_json::json;
use std::{collections::BTreeMap, path::Path, process::ExitCode, sync::Arc};

/// A tool that is not as it was first seen, as the running Doorward says it.
#[derive(Deserialize)]
struct ChangedTool {
    upstream: String,
    tool: String,
    difference: String,
}

async fn changed(dir: &Path) -> Result<(), Failure> {
    let socket = Socket::find(dir).await?.ok_or_else(|| {
        Failure::new(
            "Doorward does not run, and a changed tool is seen only when it is called",
            format!("start the app or `{} serve`", typed(dir)),
        )
    })?;
    let tools: Vec<ChangedTool> = socket.get("/desk/v1/changed-tools").await?;
    if tools.is_empty() {
        say("Every tool that was called is as it was first seen.");
        return Ok(());
    }
    for ChangedTool { upstream, tool, difference } in tools {
        say(format_args!("{upstream}/{}", gateway::visible::marked(&tool)));
        say(difference.trim_end());
    }
    say("Calls to these wait for you. Accept them in the window, on Upstreams.");
    Ok(())
}

pub(crate) async fn run(dir: &Path, command: UpstreamCommand) -> Result<ExitCode, Failure> {
    match command {
        UpstreamCommand::Add(add) => {
            let config = config(add)?;
            let desk = Desk::of(dir).await?;
            if known(&desk).await?.iter().any(|other| other.name == config.name) {
                return Err(BookError::UpstreamExists { name: config.name.into() }.into());
            }
            let secrets = Typed::ask(dir, &config)?;
            secrets.keep()?;
            let (listen, waits) = match add_to(dir, desk, &config).await {
                Ok(added) => added,
                Err(failure) => {
                    secrets.take_back();
                    return Err(failure);
                }
            };
            match waits.sentence() {
                None => {
                    say(format_args!("Added the upstream `{}`: {}", config.name, config.shown()));
                    say(format_args!("Agents reach it at http://{listen}/mcp/{}", config.name));
                }
                Some(waits) => {
                    say(format_args!("The upstream `{}` is not in force yet. {waits}", config.name));
                    say(format_args!("From then on agents reach it at http://{listen}/mcp/{}", config.name));
                }
            }
        }
        UpstreamCommand::Changed => changed(dir).await?,
        UpstreamCommand::List => {
            let upstreams = known(&Desk::of(dir).await?).await?;
            if upstreams.is_empty() {
                say(format_args!(
                    "There are no upstreams: add one with `{} upstream add NAME -- COMMAND`.",
                    typed(dir)
                ));
            }
            for config in upstreams {
                say(format_args!("{}  {}", config.name, config.shown()));
                for used in &config.secrets {
                    say(format_args!("    secret {used}"));
                }
            }
        }
        UpstreamCommand::Secret { upstream, name } => {
            let known = known(&Desk::of(dir).await?).await?;
            let config = known.into_iter().find(|config| config.name.as_str() == upstream);
            let mut config = config.ok_or(BookError::NoSuchUpstream { name: upstream })?;
            config.secrets.retain(|used| used.name == name);
            if config.secrets.is_empty() {
                return Err(Failure::new(
                    format!("the upstream `{}` has no secret `{name}`", config.name),
                    format!("`{} upstream list` shows what it has", typed(dir)),
                ));
            }
            Typed::ask(dir, &config)?.keep()?;
            say(format_args!(
                "Kept the secret `{name}`; sessions of `{}` that are open already go on with the old one.",
                config.name
            ));
        }
        UpstreamCommand::Remove { name } => {
            let waits = match Desk::of(dir).await? {
                Desk::Running(socket) => {
                    let became: Became =
                        socket.post("/desk/v1/upstreams/remove", &json!({ "name": name })).await?;
                    became.into()
                }
                Desk::Ours(home) => {
                    let mut book = home.upstreams()?;
                    let config = book.get(&name).cloned();
                    book.remove(&name)?;
                    let waits = Waits::at_the_start(dir);
                    // Where the removal may yet be put back, its secrets stay.
                    let has_secrets = |config: &UpstreamConfig| !config.secrets.is_empty();
                    if let Some(config) = config.filter(has_secrets).filter(|_| waits.sentence().is_none()) {
                        let keychain = keychain::open(home.settings().keychain);
                        secrets::forget(&*keychain, &home.settings().id, &config).map_err(refused)?;
                    }
                    waits
                }
            };
            match waits.sentence() {
                None => say(format_args!("Removed the upstream `{name}`.")),
                Some(waits) => say(format_args!("The upstream `{name}` is still in force. {waits}")),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The upstreams of a home, whoever owns it.
async fn known(desk: &Desk) -> Result<Vec<UpstreamConfig>, Failure> {
    match desk {
        Desk::Running(socket) => socket.get("/desk/v1/upstreams").await,
        Desk::Ours(home) => Ok(home.upstreams()?.list().to_vec()),
    }
}

/// Where it listens that now has the upstream, and why it is not in force yet.
async fn add_to(dir: &Path, desk: Desk, config: &UpstreamConfig) -> Result<(String, Waits), Failure> {
    match desk {
        Desk::Running(socket) => {
            let became: Became = socket.post("/desk/v1/upstreams", config).await?;
            Ok((socket.status().await?.listen, became.into()))
        }
        Desk::Ours(home) => {
            home.upstreams()?.add(config.clone())?;
            Ok((home.settings().listen.to_string(), Waits::at_the_start(dir)))
        }
    }
}

fn refused(error: KeychainError) -> Failure {
    Failure::new(error.to_string(), error.hint())
}

/// Secrets as a person typed them. They go from here into the keychain, and over no socket.
struct Typed {
    keychain: Arc<dyn Keychain>,
    home_id: String,
    config: UpstreamConfig,
    values: Vec<Secret>,
}

impl Typed {
    fn ask(dir: &Path, config: &UpstreamConfig) -> Result<Typed, Failure> {
        let settings = Home::peek(dir)?;
        if settings.keychain == KeychainKind::Memory && !config.secrets.is_empty() {
            return Err(Failure::new(
                "this home keeps its keys in memory, and so no secret past its process",
                "make a home with the system's keychain: `doorward init` without `--keychain memory`",
            ));
        }
        let ask = |used: &SecretUse| {
            prompt::hidden(&format!("Value of the secret {} (it is not shown)", used.name))
        };
        let values = config.secrets.iter().map(ask).collect::<Result<_, _>>()?;
        let keychain = keychain::open(settings.keychain);
        Ok(Typed { keychain, home_id: settings.id, config: config.clone(), values })
    }

    fn keep(&self) -> Result<(), Failure> {
        for (used, value) in self.config.secrets.iter().zip(&self.values) {
            secrets::store(&*self.keychain, &self.home_id, self.config.name.as_str(), &used.name, value)
                .map_err(|error| {
                    self.take_back();
                    refused(error)
                })?;
        }
        Ok(())
    }

    fn take_back(&self) {
        // What stays is a value that nothing names.
        let _ = secrets::forget(&*self.keychain, &self.home_id, &self.config);
    }
}

fn config(add: AddUpstream) -> Result<UpstreamConfig, Failure> {
    let AddUpstream { name, url, headers, env, secrets, step_up_secrets, cwd, strict_schema, command } = add;
    let is_http = url.is_some();
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
    let name: policy::UpstreamName = name.parse()?;
    let plain = secrets.iter().map(|given| (given, false));
    let given = plain.chain(step_up_secrets.iter().map(|given| (given, true)));
    let secrets = given.map(|(given, step_up)| secret_use(given, is_http, step_up)).collect::<Result<_, _>>();
    let secrets = secrets.map_err(|error| ConfigError::Secret { name: name.clone(), error });
    let config = secrets.and_then(|secrets: Vec<SecretUse>| {
        UpstreamConfig::new(name, transport, strict_schema)?.with_secrets(secrets)
    });
    config.map_err(|error| BookError::Config(error).into())
}

/// `NAME`, `NAME=VARIABLE`, `NAME=Header` or `NAME=Header: prefix`.
fn secret_use(given: &str, is_http: bool, step_up: bool) -> Result<SecretUse, SecretUseError> {
    let (name, place) = match given.split_once('=') {
        Some((name, place)) => (name.trim(), Some(place.trim())),
        None => (given.trim(), None),
    };
    let place = if is_http {
        let (header, prefix) = match place {
            None => ("Authorization", "Bearer"),
            Some(place) => {
                place.split_once(':').map_or((place, ""), |(header, prefix)| (header, prefix.trim()))
            }
        };
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix} ") };
        SecretPlace::Header { header: header.trim().to_owned(), prefix }
    } else {
        SecretPlace::Variable(place.unwrap_or(name).to_owned())
    };
    SecretUse::new(name.to_owned(), place, step_up)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_says_by_name_where_its_value_goes() {
        let shown =
            |given: &str, is_http| secret_use(given, is_http, false).map(|used| (used.name, used.place));
        let variable = |name: &str| SecretPlace::Variable(name.to_owned());
        let header = |header: &str, prefix: &str| SecretPlace::Header {
            header: header.to_owned(),
            prefix: prefix.to_owned(),
        };
        assert_eq!(shown("TOKEN", false), Ok(("TOKEN".to_owned(), variable("TOKEN"))));
        assert_eq!(shown("t=API_TOKEN", false), Ok(("t".to_owned(), variable("API_TOKEN"))));
        assert_eq!(shown("t", true), Ok(("t".to_owned(), header("Authorization", "Bearer "))));
        assert_eq!(shown("t=X-Api-Key", true), Ok(("t".to_owned(), header("X-Api-Key", ""))));
        assert_eq!(
            shown("t=Authorization: Token", true),
            Ok(("t".to_owned(), header("Authorization", "Token ")))
        );
        assert!(shown("t=1x", false).is_err());
        assert!(shown("a b", true).is_err());
    }
}
