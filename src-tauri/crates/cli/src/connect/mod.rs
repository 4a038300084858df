//! `doorward connect`: MCP on standard input and output for agents that speak nothing else, passed line by line to
//! the running Doorward over the home's socket. There is no token: the socket opens for its user only.
//!
//! It judges nothing, changes nothing and keeps nothing. When Doorward is restarted, it settles what was under way
//! ([`ledger`]), introduces the agent anew and goes on; it never sends a request a second time. Standard output
//! carries MCP and nothing else.

mod answers;
mod glance;
mod knock;
mod ledger;
mod lines;
mod link;
mod starter;

use crate::{args, failure::Failure, init::typed, note};
use answers::Reason;
use glance::{Glance, Id, agreed_version, glance};
use knock::Knock;
use ledger::{Hello, Ledger};
use lines::{FromAgent, Gatherer, LIMIT, Line, ToAgent};
use link::{Door, FromGateway, Link, NoLink};
use starter::{Start, Starter};
use std::{cell::RefCell, path::PathBuf, pin::pin, process::ExitCode, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::unix::OwnedWriteHalf,
    signal::unix::{SignalKind, signal},
    sync::{Notify, mpsc},
    time::{Instant, sleep_until, timeout},
};

/// How long messages wait for a Doorward that just went away, or is not there yet, before they are answered.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same while the app is being started: a cold start with a keychain takes its time.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// How long the agent's last requests may take once it has closed its side; agents kill after 2 s.
const LAST_ANSWERS: Duration = Duration::from_millis(1500);
/// How long the last lines may take to be written.
const LAST_LINES: Duration = Duration::from_millis(500);
/// A link that lived shorter than this is not tried again at once.
const STEADY: Duration = Duration::from_secs(5);
/// A refusal is not asked for again sooner.
const REFUSED_FOR: Duration = Duration::from_secs(2);
/// How long a new gateway may take to welcome the agent: it may have to start the upstream first.
const WELCOME_LIMIT: Duration = Duration::from_secs(60);
/// Longest line taken from the gateway: what an upstream answers is longer than what an agent asks.
const GATEWAY_LIMIT: usize = 64 * 1024 * 1024;

pub(crate) async fn run(dir: PathBuf, options: args::Connect) -> Result<ExitCode, Failure> {
    let door = Door { upstream: options.upstream.parse()?, agent: options.agent.parse()?, home: dir };
    let signals =
        |kind| signal(kind).map_err(|error| Failure::new(format!("cannot listen for signals: {error}"), ""));
    let (mut interrupt, mut terminate, mut hangup) = (
        signals(SignalKind::interrupt())?,
        signals(SignalKind::terminate())?,
        signals(SignalKind::hangup())?,
    );
    let mut out = ToAgent::start();
    let shim = Shim {
        knock: Knock::new(door.socket()),
        starter: options.start.then(|| Starter::new(door.home.clone())),
        door,
        input: FromAgent::start(),
        out: out.lines,
        under_way: UnderWay::default(),
    };
    tokio::select! {
        () = shim.run() => {
            // The thread that writes has the last lines still.
            let _ = timeout(LAST_LINES, &mut out.written).await;
        }
        // Nobody reads us any more.
        _ = &mut out.written => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(ExitCode::SUCCESS)
}

struct Shim {
    door: Door,
    input: FromAgent,
    out: mpsc::Sender<Vec<u8>>,
    under_way: UnderWay,
    knock: Knock,
    /// Until Doorward was there once.
    starter: Option<Starter>,
}

/// The ledger, and a bell for when it has no open request any more.
#[derive(Default)]
struct UnderWay {
    ledger: RefCell<Ledger>,
    settled: Notify,
}

/// How a link ended.
enum End {
    AgentLeft,
    /// After it had lived that long.
    Lost(Duration),
    /// The new gateway does not take the agent as the old one did.
    Unwelcome(Reason),
}

/// What comes after a while without a link.
enum Next {
    TryAgain,
    AgentLeft,
}

impl Shim {
    async fn run(mut self) {
        // Since when Doorward is away, and what was last told of it.
        let mut away: Option<(Instant, Option<String>)> = Some((Instant::now(), None));
        loop {
            let next = match self.door.open().await {
                Ok(link) => {
                    if away.take().is_some_and(|(_, told)| told.is_some()) {
                        note("doorward connect: Doorward is there.");
                    }
                    self.starter = None;
                    self.knock.rest();
                    match self.serve(link).await {
                        End::AgentLeft => return,
                        End::Lost(lived) => {
                            let told = self.settle().await;
                            note(format_args!(
                                "doorward connect: Doorward went away; {told} messages settled."
                            ));
                            away = Some((Instant::now(), None));
                            if lived >= STEADY {
                                self.knock.reset();
                                Next::TryAgain
                            } else {
                                self.wait(Instant::now() + PATIENCE, &self.not_running(None)).await
                            }
                        }
                        End::Unwelcome(reason) => {
                            self.settle().await;
                            note(format_args!("doorward connect: {}", reason.words()));
                            self.refuse(&reason).await
                        }
                    }
                }
                Err(NoLink::Refused { reason, hint }) => {
                    away = None;
                    note(format_args!("doorward connect: {}", reason.words()));
                    if !hint.is_empty() {
                        note(format_args!("  try: {hint}"));
                    }
                    self.refuse(&reason).await
                }
                Err(NoLink::Away(why)) => {
                    let (since, told) = away.get_or_insert_with(|| (Instant::now(), None));
                    let (reason, patience) = match self.starter.as_mut().map(Starter::start) {
                        None => (self.not_running(why.as_deref()), PATIENCE),
                        Some(Start::Coming) => {
                            (self.not_running(Some("it is being started")), START_PATIENCE)
                        }
                        Some(Start::Failed(why)) => (self.not_running(Some(&why)), PATIENCE),
                    };
                    if told.as_deref() != Some(reason.words()) {
                        note(format_args!("doorward connect: {}", reason.words()));
                        *told = Some(reason.words().to_owned());
                    }
                    let until = *since + patience;
                    self.wait(until, &reason).await
                }
            };
            if let Next::AgentLeft = next {
                return;
            }
        }
    }

    /// What the agent is told while nobody is there.
    fn not_running(&self, why: Option<&str>) -> Reason {
        let typed = typed(&self.door.home);
        let state = match why {
            Some(why) => format!("cannot be reached ({why})"),
            None => "is not running".to_owned(),
        };
        Reason::away(format!(
            "Doorward {state}, so this was not passed on. Open the Doorward app, or run `{typed} serve`; then try again."
        ))
    }

    /// Waits until it is worth trying again. Messages wait too, up to a moment; from then on each is answered.
    async fn wait(&mut self, until: Instant, reason: &Reason) -> Next {
        let ended = self.input.ended();
        let (mut ended, mut knock) = (pin!(ended), pin!(self.knock.wait()));
        let mut is_patient = Instant::now() < until;
        loop {
            tokio::select! {
                () = &mut knock => return Next::TryAgain,
                () = sleep_until(until), if is_patient => is_patient = false,
                () = &mut ended, if is_patient => is_patient = false,
                line = self.input.next(), if !is_patient => match line {
                    Some(line) => turn_away(line, reason, &self.out, &self.under_way).await,
                    None => return Next::AgentLeft,
                },
            }
        }
    }

    /// Answers with the gateway's words. It is asked again for a request, and no sooner than after a while.
    async fn refuse(&mut self, reason: &Reason) -> Next {
        let again = Instant::now() + REFUSED_FOR;
        while let Some(line) = self.input.next().await {
            if Instant::now() >= again
                && let Line::Whole(text) = &line
                && let Glance::Request { method, .. } = glance(text)
            {
                // An agent that introduces itself again is not to be introduced as before.
                self.under_way.ledger.borrow_mut().note_turned_away(&method);
                self.input.put_back(line);
                return Next::TryAgain;
            }
            turn_away(line, reason, &self.out, &self.under_way).await;
        }
        Next::AgentLeft
    }

    /// Tells the agent what the loss of the link means for what was under way: how many messages that took.
    async fn settle(&mut self) -> usize {
        let told = self.under_way.ledger.borrow_mut().settle();
        let count = told.len();
        for line in told {
            // The agent is gone as well: `run` ends us.
            let _ = self.out.send(line).await;
        }
        count
    }

    /// Passes lines both ways until one side ends.
    async fn serve(&mut self, link: Link) -> End {
        let began = Instant::now();
        let Link { mut from, mut to } = link;
        let mut gatherer = Gatherer::new(GATEWAY_LIMIT);
        let hello = self.under_way.ledger.borrow().hello();
        if let Some(hello) = hello {
            let welcomed = self.introduce(&hello, &mut gatherer, &mut from, &mut to);
            match timeout(WELCOME_LIMIT, welcomed).await {
                Ok(Ok(())) => {}
                Ok(Err(None)) => return End::Lost(began.elapsed()),
                Ok(Err(Some(reason))) => return End::Unwelcome(reason),
                Err(_) => {
                    return End::Unwelcome(Reason::refused(
                        None,
                        "Doorward was restarted and does not welcome this agent. Try again later.",
                    ));
                }
            }
        }
        let down = down(&mut gatherer, &mut from, &self.out, &self.under_way);
        let mut down = pin!(down);
        let to = tokio::select! {
            () = &mut down => return End::Lost(began.elapsed()),
            to = up(&mut self.input, to, &self.out, &self.under_way) => to,
        };
        let Some(mut to) = to else {
            // The gateway reads no more; it may have written before it went.
            let _ = timeout(LAST_LINES, down).await;
            return End::Lost(began.elapsed());
        };
        let answered = async {
            tokio::select! {
                () = &mut down => {}
                () = self.under_way.all_answered() => {}
            }
        };
        let _ = timeout(LAST_ANSWERS, answered).await;
        let _ = to.shutdown().await;
        End::AgentLeft
    }

    /// Replays the agent's own introduction. Fails without a reason if the link was lost meanwhile.
    async fn introduce(
        &self,
        hello: &Hello,
        gatherer: &mut Gatherer,
        from: &mut FromGateway,
        to: &mut OwnedWriteHalf,
    ) -> Result<(), Option<Reason>> {
        to.write_all(&hello.line).await.map_err(|_| None)?;
        let version = loop {
            let Ok(Some(Line::Whole(line))) = gatherer.next(from).await else { return Err(None) };
            if let Glance::Answer { id, result } = glance(&line)
                && Id::of(id) == hello.id
            {
                // The agent has its answer: this one is ours.
                match result {
                    Some(result) => break agreed_version(result),
                    None => {
                        return Err(Some(Reason::refused(
                            None,
                            "Doorward was restarted and cannot reach this upstream now. Try again later.",
                        )));
                    }
                }
            }
            self.under_way.ledger.borrow_mut().note_gateway(&line);
            self.out.send(line).await.map_err(|_| None)?;
        };
        if version != hello.version {
            return Err(Some(Reason::refused(
                None,
                "Doorward was restarted and this upstream speaks another version of MCP now. Connect to it anew.",
            )));
        }
        match &hello.ready {
            Some(ready) => to.write_all(ready).await.map_err(|_| None),
            None => Ok(()),
        }
    }
}

impl UnderWay {
    async fn all_answered(&self) {
        while !self.ledger.borrow().is_settled() {
            self.settled.notified().await;
        }
    }
}

/// From the agent to the gateway: the socket once the agent has closed its side, none once the gateway has.
async fn up(
    input: &mut FromAgent,
    mut to: OwnedWriteHalf,
    out: &mpsc::Sender<Vec<u8>>,
    under_way: &UnderWay,
) -> Option<OwnedWriteHalf> {
    while let Some(line) = input.next().await {
        match line {
            Line::Whole(line) => {
                let passes = under_way.ledger.borrow_mut().note_agent(&line);
                if passes && to.write_all(&line).await.is_err() {
                    return None;
                }
            }
            Line::TooLong => {
                let _ = out.send(answers::too_long(LIMIT)).await;
            }
        }
    }
    Some(to)
}

/// From the gateway to the agent, until the gateway ends or the agent reads no more.
async fn down(
    gatherer: &mut Gatherer,
    from: &mut FromGateway,
    out: &mpsc::Sender<Vec<u8>>,
    under_way: &UnderWay,
) {
    while let Ok(Some(Line::Whole(line))) = gatherer.next(from).await {
        // Noted only once there is room: what is not handed over is settled as lost.
        let Ok(room) = out.reserve().await else { return };
        under_way.ledger.borrow_mut().note_gateway(&line);
        room.send(line);
        under_way.settled.notify_one();
    }
}

/// Answers a line that is not passed on, where somebody waits for an answer.
async fn turn_away(line: Line, reason: &Reason, out: &mpsc::Sender<Vec<u8>>, under_way: &UnderWay) {
    let answer = match line {
        Line::Whole(line) => {
            if let Glance::Request { method, .. } = glance(&line) {
                under_way.ledger.borrow_mut().note_turned_away(&method);
            }
            answers::turned_away(&line, reason)
        }
        Line::TooLong => Some(answers::too_long(LIMIT)),
    };
    if let Some(answer) = answer {
        // The agent is gone: `run` ends us.
        let _ = out.send(answer).await;
    }
}
