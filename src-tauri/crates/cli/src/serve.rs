//! `doorward serve`: the gateway without a window. Prints every hold as a card; in a home made for it, votes are
//! typed on standard input.
//!
//! A vote counts for the card that was printed: it carries that card's digest (I2).

use crate::{
    desk::Socket,
    failure::Failure,
    init::{memory_warning, typed},
    note, say,
    votes::{self, Typed},
};
use gateway::{
    ChangePolicy, ChangedTool, Choice, DeskEvent, Engine, HoldId, Means, Options,
    card::{Card, CardState},
    ceremony::{CeremonyEnd, Subject},
    home::{Home, KeychainKind},
};
use policy::{CallDigest, Timestamp};
use std::{
    collections::BTreeMap,
    io::{self, BufRead, IsTerminal},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{broadcast::error::RecvError, mpsc},
};
use tracing_subscriber::EnvFilter;

pub(crate) async fn run(dir: PathBuf, listen: Option<SocketAddr>) -> Result<ExitCode, Failure> {
    // `serve` does not make a home: one made in passing takes no votes from a terminal.
    Home::peek(&dir)?;
    let filter = EnvFilter::try_from_env("DOORWARD_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    log.with_ansi(io::stderr().is_terminal()).init();
    let signals =
        |kind| signal(kind).map_err(|error| Failure::new(format!("cannot listen for signals: {error}"), ""));
    // Before the engine: a signal that comes early still ends it cleanly.
    let (mut interrupt, mut terminate) =
        (signals(SignalKind::interrupt())?, signals(SignalKind::terminate())?);

    let options = Options { home: dir.clone(), listen, on_change: ChangePolicy::TakeAtStart };
    let engine = match Engine::start(options).await {
        Ok(engine) => engine,
        Err(error) => {
            if error.code() == "home_in_use"
                && let Ok(Some(socket)) = Socket::find(&dir).await
            {
                // Whoever owns the home puts it on record; that it cannot is no reason to start.
                let _: Result<(), Failure> = socket.post("/desk/v1/second-start", &()).await;
            }
            return Err(error.into());
        }
    };
    engine.show_ceremonies_with(Box::new(|url| {
        say(format_args!("Open this in your browser within two minutes, and use your passkey there: {url}"));
        true
    }));
    engine.watch_screen();
    let mut events = engine.desk().events();
    let mut terminal = Terminal { engine: Arc::clone(&engine), shown: BTreeMap::new(), tools: Vec::new() };
    greet(&engine, &dir);
    terminal.show_waiting();
    let mut lines = if engine.settings().terminal_votes { Some(typed_lines()) } else { None };

    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            event = events.recv() => match event {
                Ok(event) => terminal.tell(event),
                Err(RecvError::Lagged(_)) => terminal.show_waiting(),
                Err(RecvError::Closed) => break,
            },
            line = next(&mut lines) => match line {
                Some(line) => terminal.take(&line).await,
                None => lines = None,
            },
        }
    }
    say("Stopping. Open holds are kept and can be decided after the next start.");
    engine.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// Lines typed on standard input, read on a thread of their own: a blocked read must not keep the gateway.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            // Text that is no UTF-8 is no command; the input ends when it cannot be read any more.
            let line = match line {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => "\u{fffd}".to_owned(),
                Ok(line) => line,
                Err(_) => return,
            };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn next(lines: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

fn greet(engine: &Engine, dir: &Path) {
    let (listen, typed) = (engine.listen_addr(), typed(dir));
    say(format_args!(
        "Doorward {} listens on http://{listen} for the home `{}`.",
        env!("CARGO_PKG_VERSION"),
        dir.display()
    ));
    let upstreams = engine.upstreams();
    for upstream in &upstreams {
        say(format_args!(
            "  {}  {}",
            gateway::connect::address(listen, upstream.name.as_str()),
            upstream.shown()
        ));
    }
    if upstreams.is_empty() {
        say(format_args!("  no upstream yet: `{typed} upstream add NAME -- COMMAND`"));
    }
    say(format_args!(
        "Connect an agent: `{typed} agent add NAME --user me` prints its token and the lines to paste."
    ));
    if let Some(problem) = &engine.sets().current().problem {
        say(format_args!("Attention: {problem}"));
    }
    if engine.settings().terminal_votes {
        say(format_args!("Holds are printed here. {}", votes::HELP));
    } else {
        say(
            "Holds are printed here. This home takes no votes from a terminal: decide in the window, or make a home with `doorward init --terminal-votes`.",
        );
    }
    if engine.settings().keychain == KeychainKind::Memory {
        memory_warning();
    }
}

struct Terminal {
    engine: Arc<Engine>,
    /// Holds whose card was printed.
    shown: BTreeMap<String, Shown>,
    /// Tools whose difference was printed: what is accepted is what was shown.
    tools: Vec<ChangedTool>,
}

struct Shown {
    hold: HoldId,
    /// What the card showed, and a vote counts for.
    digest: CallDigest,
    /// Why it waits, and for whom: a change of these is worth another look, one of its agent's presence is not.
    needs: String,
    /// What was last said of it: events come more often than news.
    told: String,
}

fn needs(card: &Card) -> String {
    format!("{:?} {:?}", card.reasons, card.stages)
}

impl Terminal {
    fn show_waiting(&mut self) {
        for held in self.engine.desk().inbox() {
            self.show(&held.hold);
        }
    }

    /// Prints the card, and remembers for what a vote will count.
    fn show(&mut self, hold: &HoldId) {
        let Some(card) = self.engine.desk().card(hold) else { return };
        let Ok(digest) = CallDigest::try_from(card.digest.clone()) else { return };
        let shown = Shown { hold: hold.clone(), digest, needs: needs(&card), told: String::new() };
        self.shown.insert(hold.to_string(), shown);
        say("");
        say(card.plain_text(now()).trim_end());
        if self.engine.settings().terminal_votes && card.state == CardState::Waiting {
            let yes = if self.engine.proof_offer(hold).is_some() { "prove" } else { "approve" };
            say(format_args!("  {yes} {hold}   or   reject {hold} reason…"));
        }
    }

    fn tell(&mut self, event: DeskEvent) {
        match event {
            DeskEvent::HoldOpened { hold } | DeskEvent::Asked { hold } => self.show(&hold),
            DeskEvent::HoldChanged { hold } => self.tell_state(&hold),
            DeskEvent::HoldEnded { hold } => {
                self.tell_state(&hold);
                self.shown.remove(hold.as_str());
            }
            DeskEvent::SetChanged if self.engine.sets().waiting().is_some() => {
                say(
                    "The policy files have changed on disk. What was in force stays so until `doorward serve` starts again.",
                );
            }
            DeskEvent::Upstreams => self.show_changed_tools(),
            DeskEvent::Returned => {
                if let Some(sentence) = self.engine.away_digest().and_then(|digest| digest.sentence()) {
                    say(sentence);
                }
            }
            DeskEvent::Journal => match self.engine.journal().trouble() {
                Some(trouble) => say(format_args!(
                    "Calls cannot be recorded: {trouble}. Held calls are refused until then, and once too many wait to be recorded, every call. Nothing has to be restarted."
                )),
                None => say("Calls are recorded again."),
            },
            DeskEvent::SetChanged
            | DeskEvent::Activity
            | DeskEvent::Grants
            | DeskEvent::Agents
            | DeskEvent::Passkeys
            | DeskEvent::Paused
            | DeskEvent::Screen => {}
        }
    }

    fn tell_state(&mut self, hold: &HoldId) {
        let Some(card) = self.engine.desk().card(hold) else { return };
        let Some(shown) = self.shown.get_mut(hold.as_str()) else { return };
        let words = match card.state {
            // A newer set asked for more: what is needed now stands on a new card.
            CardState::Waiting if shown.needs != needs(&card) => return self.show(hold),
            CardState::Waiting => return,
            CardState::Approved => "approved; it runs as soon as its agent collects it".to_owned(),
            CardState::Released => "released".to_owned(),
            CardState::Ended => card.verdict.unwrap_or_else(|| "ended".to_owned()),
        };
        if shown.told != words {
            say(format_args!("{hold}: {}", gateway::visible::marked(&words)));
            shown.told = words;
        }
        if card.state == CardState::Released {
            self.shown.remove(hold.as_str());
        }
    }

    async fn take(&mut self, line: &str) {
        let outcome = match Typed::read(line) {
            Ok(Typed::Nothing) => Ok(()),
            Ok(Typed::Help) => {
                say(votes::HELP);
                Ok(())
            }
            Ok(Typed::List) => {
                self.list();
                Ok(())
            }
            Ok(Typed::Accept { tool }) => self.accept(&tool),
            Ok(Typed::Approve { hold }) => self.answer(&hold, Some(Choice::Approve)).await,
            Ok(Typed::Extend { hold }) => self.answer(&hold, None).await,
            Ok(Typed::Prove { hold }) => self.prove(&hold).await,
            Ok(Typed::Enrol { name }) => self.enrol(name).await,
            Ok(Typed::Reject { hold, reason }) => self.answer(&hold, Some(Choice::Reject { reason })).await,
            Err(sentence) => Err(sentence),
        };
        if let Err(sentence) = outcome {
            say(gateway::visible::marked(&sentence));
        }
    }

    fn list(&mut self) {
        if self.engine.desk().inbox().is_empty() {
            say("No call waits.");
        }
        self.show_waiting();
        self.tools.clear();
        self.show_changed_tools();
    }

    /// Prints how tools changed that were not printed so yet.
    fn show_changed_tools(&mut self) {
        let now = self.engine.changed_tools();
        for tool in now.iter().filter(|tool| !self.tools.contains(tool)) {
            let name = gateway::visible::marked(&tool.written());
            say(format_args!("\n{name} is not as it was first seen; its calls wait for you:"));
            say(tool.difference.trim_end());
            if self.engine.settings().terminal_votes {
                say(format_args!("  accept {name}"));
            }
        }
        self.tools = now;
    }

    /// Takes a tool as it was printed; with a passkey, where one is enrolled, on a page whose address is printed.
    fn accept(&self, typed: &str) -> Result<(), String> {
        let Some(shown) = self.tools.iter().find(|tool| tool.written() == typed).cloned() else {
            return Err(format!("no tool `{typed}` was shown as changed; `list` shows those that are"));
        };
        let engine = Arc::clone(&self.engine);
        tokio::spawn(async move {
            let name = gateway::visible::marked(&shown.written());
            match engine.accept_tool(shown).await {
                Ok(()) => say(format_args!("{name} is accepted as it is now. Its grants have ended.")),
                Err(error) => say(gateway::visible::marked(&error.to_string())),
            }
        });
        Ok(())
    }

    /// The page for a card that was printed; its address is printed too.
    async fn prove(&mut self, typed: &str) -> Result<(), String> {
        let open: Vec<String> = self.engine.desk().inbox().iter().map(|held| held.hold.to_string()).collect();
        let found = votes::find(typed, open.iter().map(String::as_str))?;
        let Some(Shown { hold, .. }) = self.shown.get(found) else {
            return Err(format!("`{found}` was not shown yet; `list` shows it"));
        };
        self.open(Subject::Hold { hold: hold.clone() }).await
    }

    /// The page where the owner makes a passkey: the way of a machine without the window.
    async fn enrol(&mut self, name: String) -> Result<(), String> {
        if !gateway::ceremony::is_good_name(&name) {
            return Err("a passkey's name has 1 to 60 characters and none that are hidden".to_owned());
        }
        let person = self.engine.owner_id().ok_or("this home has no owner; mark one user in people.toml")?;
        self.open(Subject::Enrol { person, name }).await
    }

    async fn open(&self, subject: Subject) -> Result<(), String> {
        let ceremony = self.engine.start_ceremony(subject).await.map_err(|error| error.to_string())?;
        tokio::spawn(async move {
            match ceremony.ended().await {
                CeremonyEnd::Proven(_) => say("Proven."),
                CeremonyEnd::Enrolled(_) => say("The passkey is enrolled."),
                CeremonyEnd::Rejected => say("Rejected on the page."),
                CeremonyEnd::Expired => say("Nobody used a passkey in time; type it again."),
                CeremonyEnd::Stopped => say("The page ended, and nothing was done."),
            }
        });
        Ok(())
    }

    /// The owner's vote on a card that was printed, or its deadline put off where there is none. One file sync; off this thread, which also tells of others.
    async fn answer(&mut self, typed: &str, choice: Option<Choice>) -> Result<(), String> {
        let open: Vec<String> = self.engine.desk().inbox().iter().map(|held| held.hold.to_string()).collect();
        let found = votes::find(typed, open.iter().map(String::as_str))?;
        let Some(Shown { hold, digest, .. }) = self.shown.get(found) else {
            return Err(format!("`{found}` was not shown yet; `list` shows it"));
        };
        let (hold, digest) = (hold.clone(), *digest);
        let Some(owner) = self.engine.owner_id() else {
            return Err(
                "this home has no owner who could vote; mark one user as `owner` in people.toml".to_owned()
            );
        };
        let engine = Arc::clone(&self.engine);
        let cast = tokio::task::spawn_blocking(move || match choice {
            Some(choice) => engine.desk().vote(&hold, digest, choice, Means::Terminal, &owner),
            None => engine.desk().extend(&hold, &owner),
        });
        match cast.await {
            Ok(Ok(receipt)) => {
                say(gateway::visible::marked(&receipt.message));
                Ok(())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => {
                note(error);
                Err(format!("what you typed for `{typed}` was not done; type it again"))
            }
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
