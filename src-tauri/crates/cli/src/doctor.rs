//! `doorward doctor`: one line a thing that Doorward needs, tried for real, with what to do where it fails.

use crate::{
    desk::Socket,
    failure::Failure,
    init::typed,
    probes::{self, Finding},
    say,
};
use gateway::{
    home::{
        AgentBook, Home, HomeError, KeychainKind, Paths, Settings, UpstreamBook, default_listen,
        read_documents, read_people,
    },
    keychain,
    secrets::Supply,
};
use policy::PolicySet;
use std::{net::SocketAddr, path::Path, process::ExitCode};
use tokio::{net::TcpListener, task::spawn_blocking};

pub(crate) async fn run(dir: &Path) -> Result<ExitCode, Failure> {
    let settings = Home::peek(dir);
    let mut all_ok = true;
    let mut tell = |name: &str, finding: Finding| match finding {
        Ok(said) => say(format_args!("ok      {name}: {said}")),
        Err(Failure { message, hint }) => {
            all_ok = false;
            say(format_args!("not ok  {name}: {message}"));
            if !hint.is_empty() {
                say(format_args!("        try: {hint}"));
            }
        }
    };
    tell("home folder", home(dir, &settings));
    tell("port", port(dir, settings.as_ref().ok()).await);
    tell("keychain", keychain_works(dir, settings.as_ref().ok()).await);
    tell("notification service", probes::notifications().await);
    tell("display", probes::display());
    tell("screen", probes::screen().await);
    if settings.is_ok() {
        tell("policies", policies(dir));
        let paths = Paths::new(dir);
        tell(
            "agents",
            AgentBook::load(paths.agents())
                .map(|book| format!("{} paired", book.list().len()))
                .map_err(Failure::from),
        );
        match UpstreamBook::load(paths.upstreams()) {
            Ok(book) if book.list().is_empty() => tell("upstreams", no_upstream(dir)),
            Ok(book) => {
                let supply = settings.as_ref().map_or_else(
                    |_| Supply::default(),
                    |settings| Supply::new(keychain::open(settings.keychain), &settings.id, None),
                );
                for config in book.list() {
                    tell(&format!("upstream {}", config.name), probes::upstream(config, &supply).await);
                }
            }
            Err(error) => tell("upstreams", Err(error.into())),
        }
    }
    Ok(if all_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn home(dir: &Path, settings: &Result<Settings, HomeError>) -> Finding {
    match settings {
        Ok(_) => Ok(format!("`{}` is private to its user", dir.display())),
        Err(error) => Err(Failure::new(error.to_string(), error.hint())),
    }
}

fn no_upstream(dir: &Path) -> Finding {
    Err(Failure::new("there is none", format!("`{} upstream add NAME -- COMMAND`", typed(dir))))
}

/// Ours already, or free to be taken.
async fn port(dir: &Path, settings: Option<&Settings>) -> Finding {
    let socket = if settings.is_some() { Socket::find(dir).await? } else { None };
    if let Some(socket) = socket {
        let status = socket.status().await?;
        let (listen, pid) = (status.listen, status.pid);
        return Ok(format!(
            "Doorward {} serves {listen} (process {pid}, {} open holds)",
            status.version, status.holds
        ));
    }
    let listen: SocketAddr = settings.map_or_else(default_listen, |settings| settings.listen);
    match TcpListener::bind(listen).await {
        Ok(_) => Ok(format!("{listen} is free")),
        Err(error) => Err(Failure::new(
            format!("{listen} cannot be taken: {error}"),
            format!(
                "stop the program that uses port {}, or set another `listen` in `{}`",
                listen.port(),
                Paths::new(dir).settings().display()
            ),
        )),
    }
}

/// Sets, reads and deletes an entry, and looks whether this home's root key is there if it must be.
async fn keychain_works(dir: &Path, settings: Option<&Settings>) -> Finding {
    let kind = settings.map_or(KeychainKind::Os, |settings| settings.keychain);
    if kind == KeychainKind::Memory {
        return Ok("this home keeps its root key in memory; its sealed history ends with each run".to_owned());
    }
    let key_of = settings.filter(|_| Paths::new(dir).journal().exists()).map(|settings| settings.id.clone());
    let tried = spawn_blocking(move || {
        let keychain = keychain::open(kind);
        probes::keychain(&*keychain)?;
        if let Some(home_id) = key_of {
            keychain::existing_root_key(&*keychain, &home_id)
                .map_err(|error| Failure::new(error.to_string(), error.hint()))?;
            return Ok("stores, gives back and deletes a secret; this home's root key is there".to_owned());
        }
        Ok("stores, gives back and deletes a secret".to_owned())
    });
    tried.await.map_err(|error| Failure::new(format!("the keychain could not be tried: {error}"), ""))?
}

fn policies(dir: &Path) -> Finding {
    let paths = Paths::new(dir);
    let documents = read_documents(&paths.policies())?;
    read_people(&paths.people())?;
    match PolicySet::compile(&documents) {
        Ok(set) => Ok(format!("{} compiled, and `people.toml` can be read", set.policies().count())),
        Err(errors) => {
            let first = errors.first().map(ToString::to_string).unwrap_or_default();
            Err(Failure::new(
                format!("{} errors; the first: {first}", errors.len()),
                format!("`{} check` shows all", typed(dir)),
            ))
        }
    }
}
