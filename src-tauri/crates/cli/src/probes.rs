//! What `doorward doctor` tries outside the home: keychain, notification service, display, upstreams.

use crate::failure::Failure;
use gateway::{
    home::UpstreamConfig,
    keychain::{Keychain, KeychainError},
    secrets::Supply,
    upstream::UpstreamSession,
};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};

/// What was found: fine, with what it says, or not, with what to do.
pub(crate) type Finding = Result<String, Failure>;

/// Longest wait for an upstream to start and list its tools.
const UPSTREAM_WAIT: Duration = Duration::from_secs(30);

/// Whether somebody tells if the screen is locked. Nothing is broken where nobody does.
pub(crate) async fn screen() -> Finding {
    Ok(match gateway::is_screen_locked().await {
        Ok(true) => "locked, as the system tells".to_owned(),
        Ok(false) => "unlocked, as the system tells".to_owned(),
        Err(why) => format!("whether it is locked is not known: {why}. {}", gateway::UNKNOWN_MEANS),
    })
}

/// Really stores, reads and deletes a secret of a fresh name.
pub(crate) fn keychain(keychain: &dyn Keychain) -> Result<(), Failure> {
    let failed = |error: KeychainError| Failure::new(error.to_string(), error.hint());
    let mut probe = [0; 24];
    getrandom::fill(&mut probe).map_err(|error| failed(KeychainError::NoRandomness(error)))?;
    let (name, secret) = probe.split_at(8);
    let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("doctor-probe/{name}");
    keychain.set(&name, secret).map_err(failed)?;
    let read = keychain.get(&name);
    let deleted = keychain.delete(&name);
    let same = read.map_err(failed)?.is_some_and(|read| read.as_slice() == secret);
    deleted.map_err(failed)?;
    if same && keychain.get(&name).map_err(failed)?.is_none() {
        Ok(())
    } else {
        Err(Failure::new(
            "the keychain does not give back what it was given",
            "look at the keychain service's own log",
        ))
    }
}

/// Starts or reaches the upstream and lists its tools, as the gateway would.
pub(crate) async fn upstream(config: &UpstreamConfig, supply: &Supply) -> Finding {
    // Nobody is behind this session: what the upstream asks meanwhile is dropped unread.
    let (to_agent, _dropped) = mpsc::channel(16);
    let tried = timeout(UPSTREAM_WAIT, async {
        let session = UpstreamSession::open(config, supply, to_agent).await?;
        let tools = match session.introduce().await {
            Ok(()) => session.tools(false).await,
            Err(error) => Err(error),
        };
        session.close().await;
        tools
    });
    let hint = format!("try it by hand: {}", config.shown());
    match tried.await {
        Ok(Ok(tools)) if tools.is_empty() => Err(Failure::new("it answers, but offers no tools", hint)),
        Ok(Ok(tools)) => Ok(format!("answers and offers {} tools", tools.len())),
        Ok(Err(error)) => Err(Failure::new(error.to_string(), hint)),
        Err(_) => Err(Failure::new(format!("no answer within {} s", UPSTREAM_WAIT.as_secs()), hint)),
    }
}

/// Asks the notification service who it is; the bus starts it if it can.
#[cfg(all(unix, not(target_os = "macos")))]
pub(crate) async fn notifications() -> Finding {
    const NAME: &str = "org.freedesktop.Notifications";
    let failed = |why: String| {
        Failure::new(
            why,
            "log in to a desktop session, or start a notification service (such as dunst or notification-daemon) in this one; without it holds show in the inbox only",
        )
    };
    let asked = timeout(Duration::from_secs(10), async {
        let bus =
            zbus::Connection::session().await.map_err(|error| format!("there is no session bus: {error}"))?;
        let answer = bus
            .call_method(
                Some(NAME),
                "/org/freedesktop/Notifications",
                Some(NAME),
                "GetServerInformation",
                &(),
            )
            .await
            .map_err(|error| format!("no notification service answers: {error}"))?;
        let (name, _vendor, version, _spec): (String, String, String, String) =
            answer
                .body()
                .deserialize()
                .map_err(|error| format!("the notification service answers oddly: {error}"))?;
        Ok::<_, String>(format!("{name} {version}"))
    });
    match asked.await {
        Ok(outcome) => {
            outcome.map(|said| gateway::visible::marked(&said)).map_err(|why| failed(why.replace('\n', " ")))
        }
        Err(_) => Err(failed("the notification service does not answer within 10 s".to_owned())),
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
pub(crate) async fn notifications() -> Finding {
    Ok("the system's own".to_owned())
}

/// Really connects to the display that is named.
#[cfg(all(unix, not(target_os = "macos")))]
pub(crate) fn display() -> Finding {
    let failed =
        |why: String| Failure::new(why, "log in to a desktop session; without one use `doorward serve`");
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut tried = Vec::new();
    if let Some(wayland) = named("WAYLAND_DISPLAY") {
        let path = std::path::Path::new(&named("XDG_RUNTIME_DIR").unwrap_or_default()).join(&wayland);
        match std::os::unix::net::UnixStream::connect(&path) {
            Ok(_) => return Ok(format!("Wayland `{wayland}` answers")),
            Err(error) => tried.push(format!("Wayland `{wayland}` does not answer: {error}")),
        }
    }
    if let Some(x11) = named("DISPLAY") {
        match connect_x11(&x11) {
            Ok(()) => return Ok(format!("X11 `{x11}` answers")),
            Err(error) => tried.push(format!("X11 `{x11}` does not answer: {error}")),
        }
    }
    if tried.is_empty() {
        tried.push("neither WAYLAND_DISPLAY nor DISPLAY is set".to_owned());
    }
    Err(failed(tried.join("; ")))
}

/// `:N[.S]` is a local socket, `host:N[.S]` a TCP port.
#[cfg(all(unix, not(target_os = "macos")))]
fn connect_x11(display: &str) -> std::io::Result<()> {
    let odd = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is not written as HOST:NUMBER");
    let (host, number) = display.rsplit_once(':').ok_or_else(odd)?;
    let number: u16 = number.split('.').next().unwrap_or_default().parse().map_err(|_| odd())?;
    if host.is_empty() || host == "unix" {
        std::os::unix::net::UnixStream::connect(format!("/tmp/.X11-unix/X{number}")).map(drop)
    } else {
        let port = 6000_u16.checked_add(number).ok_or_else(odd)?;
        std::net::TcpStream::connect((host, port)).map(drop)
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
pub(crate) fn display() -> Finding {
    Ok("the system's own".to_owned())
}
