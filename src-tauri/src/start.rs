//! The start, in order: the environment is made safe, a display and a running Doorward are looked for, then
//! the engine, the window, the tray and the notifications are put together. Everything ends here, too.

use crate::arguments::Arguments;
use crate::door::{self, Door};
use crate::environment::Found;
use crate::log_file::LogFile;
use crate::notifier::SystemNotifier;
use crate::{approval, bell, environment, summon, tray, window};
use clap::Parser;
use ipc::{Host, Options};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tauri::{App, AppHandle};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// A home that is in use is known at once; a keychain may ask a person first, and the window comes up meanwhile.
const BEFORE_THE_WINDOW: Duration = Duration::from_secs(2);
/// Sessions get this long to end.
const AT_THE_END: Duration = Duration::from_secs(5);
const HOME_IN_USE: &str = "home_in_use";

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("{name} is set; a release build does not let a WebDriver press its buttons: unset it", name = environment::AUTOMATION)]
    Automation,
    #[error("could not start again without the variables that load foreign code: {0}; unset {1}")]
    Clean(std::io::Error, String),
    #[error("{0}")]
    Screen(String),
    #[error("{message}; {hint}")]
    Home { message: String, hint: String },
    #[error("the threads could not be started: {0}; free some memory and start again")]
    Threads(#[source] std::io::Error),
    #[error("the window could not be made: {0}; run `doorward serve` for the gateway without a window")]
    Window(#[from] tauri::Error),
}

/// What the start came to.
enum Started {
    /// The app ran and ended.
    Ran(i32),
    /// Another start owns the home, and its window is up now.
    Elsewhere(PathBuf),
}

/// Everything the program does.
#[must_use]
pub fn start() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(Started::Ran(code)) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Ok(Started::Elsewhere(home)) => {
            println!("Doorward runs already for {}; its window is up", home.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("doorward-desktop: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Started, StartError> {
    clean_environment()?;
    become_private();
    look_for_screen()?;
    let home = arguments
        .home
        .clone()
        .map_or_else(ipc::default_home, |home| std::path::absolute(&home).unwrap_or(home));
    if summoned(&home) {
        return Ok(Started::Elsewhere(home));
    }
    let log = log();
    let runtime = Runtime::new().map_err(StartError::Threads)?;
    tauri::async_runtime::set(runtime.handle().clone());
    let door = open(&runtime, &home);
    let host = runtime.block_on(soon(&door));
    let failure = host.as_ref().and_then(|host| host.failure());
    if let Some(failure) = failure {
        if failure.code == HOME_IN_USE {
            // Another start may have taken the home between the first knock and now.
            if summoned(&home) {
                return Ok(Started::Elsewhere(home));
            }
            return Err(StartError::Home { message: failure.message.clone(), hint: failure.hint.clone() });
        }
        tracing::error!(code = failure.code, message = failure.message, "the gateway is off");
    }
    // A folder that did not turn out to be a home of ours gets nothing written into it.
    let ours = failure.is_none_or(|failure| !failure.code.starts_with("home_"));
    if ours {
        log.keep_in(&ipc::log_of(&home));
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "Doorward started");
    }
    let code = run_window(&runtime, door.clone(), ours.then_some(home.as_path()), arguments.hidden)?;
    let ended = async {
        if let Some(host) = soon(&door).await {
            host.shutdown().await;
        }
    };
    if runtime.block_on(async { tokio::time::timeout(AT_THE_END, ended).await }).is_err() {
        tracing::warn!("some sessions did not end in time");
    }
    // A thread that waits for a keychain's dialogue must not keep the program.
    runtime.shutdown_background();
    Ok(Started::Ran(code))
}

/// Starts again without the variables that would load foreign code; the second time there are none.
fn clean_environment() -> Result<(), StartError> {
    let unwanted = match environment::look(std::env::vars_os(), !cfg!(debug_assertions)) {
        Found::Clean => return Ok(()),
        Found::Automation => return Err(StartError::Automation),
        Found::Unwanted(names) => names,
    };
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let listed = unwanted.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join(", ");
        let program = std::env::current_exe().map_err(|error| StartError::Clean(error, listed.clone()))?;
        let mut again = std::process::Command::new(program);
        again.args(std::env::args_os().skip(1));
        for name in &unwanted {
            again.env_remove(name);
        }
        // Comes back only if it could not.
        Err(StartError::Clean(again.exec(), listed))
    }
    #[cfg(not(unix))]
    Ok(())
}

/// Other programs of the same user cannot read this process's memory, and no dump of it is written.
fn become_private() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        eprintln!("doorward-desktop: other programs may read this one's memory: {error}");
    }
}

fn look_for_screen() -> Result<(), StartError> {
    #[cfg(target_os = "linux")]
    {
        let answers = |path: &Path| std::os::unix::net::UnixStream::connect(path).is_ok();
        let screen = environment::Screen::find(&environment::ScreenNames::of_process(), answers);
        screen.complaint().map_or(Ok(()), |complaint| Err(StartError::Screen(complaint)))
    }
    #[cfg(not(target_os = "linux"))]
    Ok(())
}

fn summoned(home: &Path) -> bool {
    #[cfg(unix)]
    return summon::knock(&summon::socket(home));
    #[cfg(not(unix))]
    return false;
}

/// `DOORWARD_LOG` takes the usual filter, as `debug` or `gateway=trace`, for standard error. The file has our own
/// notes and everybody's warnings, whatever is asked for here.
fn log() -> LogFile {
    use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};
    let asked = EnvFilter::try_from_env("DOORWARD_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let kept = EnvFilter::new("warn,gateway=info,journal=info,ipc=info,doorward_desktop=info");
    let file = LogFile::default();
    let writer = file.clone();
    tracing_subscriber::registry()
        .with(fmt::layer().with_writer(std::io::stderr).with_filter(asked))
        .with(fmt::layer().with_ansi(false).with_writer(move || writer.clone()).with_filter(kept))
        .init();
    file
}

fn open(runtime: &Runtime, home: &Path) -> Door {
    let (opened, door) = watch::channel(None);
    let options = Options { home: home.to_owned() };
    runtime.spawn(async move {
        let host = Host::start(options).await;
        opened.send_replace(Some(host));
    });
    Door::new(door)
}

async fn soon(door: &Door) -> Option<Arc<Host>> {
    tokio::time::timeout(BEFORE_THE_WINDOW, door.host()).await.ok().flatten()
}

fn run_window(runtime: &Runtime, door: Door, home: Option<&Path>, hidden: bool) -> Result<i32, StartError> {
    let app = tauri::Builder::default()
        .manage(door.clone())
        .manage(approval::Shown::default())
        .invoke_handler(tauri::generate_handler![
            door::ipc,
            approval::shown_hold,
            approval::put_away,
            approval::open_in_inbox
        ])
        .build(tauri::generate_context!())?;
    window::make(app.handle())?;
    if !hidden {
        window::show(app.handle());
    }
    let _hung = home.and_then(|home| hang_bell(&app, home));
    let tray = tray::make(app.handle());
    runtime.spawn(end_on_signal(app.handle().clone()));
    let (silence, ending) = bell::end();
    runtime.spawn(attend(app.handle().clone(), door, tray, ending));
    let code = app.run_return(|_, _| {});
    runtime.block_on(silence.silence());
    Ok(code)
}

/// What follows the host: the window's events, the tray, the notifications.
async fn attend(app: AppHandle, door: Door, tray: Option<tray::Tray>, ending: bell::Ending) {
    let Some(host) = door.host().await else { return };
    host.open_pages_with(crate::browser::open);
    tokio::spawn(door::pass_on(app.clone(), host.subscribe()));
    tokio::spawn(window::show_asked(app.clone(), host.asked()));
    if let Some(tray) = tray {
        tokio::spawn(tray.follow(Arc::clone(&host)));
    }
    let connected = SystemNotifier::connect().await;
    bell::ring(app, host, connected, ending).await;
}

/// Later starts bring this window up. Without it they only learn that the home is in use.
#[cfg(unix)]
fn hang_bell(app: &App, home: &Path) -> Option<summon::Hung> {
    let app = app.handle().clone();
    let answer = |bell: summon::Bell| {
        std::thread::Builder::new().name("summon".into()).spawn(move || bell.answer(|| window::show(&app)))
    };
    let hung = summon::hang(&summon::socket(home)).and_then(|(bell, hung)| answer(bell).map(|_| hung));
    hung.inspect_err(|error| tracing::warn!(%error, "a second start cannot show this window")).ok()
}

#[cfg(not(unix))]
fn hang_bell(_app: &App, _home: &Path) -> Option<()> {
    None
}

async fn end_on_signal(app: AppHandle) {
    let asked = async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                _ = terminate.recv() => Ok(()),
                asked = tokio::signal::ctrl_c() => asked,
            }
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    };
    let asked: std::io::Result<()> = asked.await;
    match asked {
        Ok(()) => app.exit(0),
        Err(error) => tracing::warn!(%error, "signals to end are not heard"),
    }
}
