//! The engine in a process of its own, which a test may kill: this test binary once more, with a home to open. What its
//! person does is typed in, one line of JSON each, and what came of it is printed; the system bus is the test's own.

use super::support::PATIENCE;
use super::support::bus::Bus;
use super::support::home::TestHome;
use super::support::program::{Program, clean};
use super::support::world::TestClock;
use approvals::{Bound, Choice, GrantTerms, HeldCall, HoldState, Limit, Means, StageView};
use gateway::ceremony::Subject;
use gateway::desk::Ballot;
use gateway::{ChangePolicy, DeskEvent, Engine, HoldId, Options};
use policy::{CallDigest, Timestamp, Value as Json};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

const HOME: &str = "DOORWARD_TEST_APART";
/// By how many milliseconds its clock is ahead of the machine's.
const AHEAD: &str = "DOORWARD_TEST_AHEAD";
const SELF: &str = "apart::a_desk_in_a_process_of_its_own_does_what_is_typed_and_ends_with_its_input";
/// What it prints for the test begins so: the test runner prints as well.
const MARK: &str = "apart ";

/// See the module. Dropping it kills it.
pub(super) struct Apart {
    program: Program,
    pub(super) door: SocketAddr,
    asked: u64,
}

impl Apart {
    /// `surround` gives it its buses.
    pub(super) fn start(home: &TestHome, ahead: Duration, surround: impl FnOnce(&mut Command)) -> Apart {
        let mut command = clean(std::env::current_exe().unwrap());
        command.args([SELF, "--exact", "--nocapture", "--test-threads=1"]);
        command.env(HOME, home.dir()).env(AHEAD, ahead.as_millis().to_string());
        surround(&mut command);
        let program = Program::start(&mut command);
        // On a machine that has much else to do, a start takes its time.
        let fits = |line: &str| line.starts_with("apart listens ");
        let (_, line) = program.line_within(4 * PATIENCE, 0, "that it listens", fits);
        let door = line.rsplit(' ').next().unwrap().parse().unwrap();
        Apart { program, door, asked: 0 }
    }

    /// With a keychain and a logind on a bus of the test's own.
    pub(super) fn on(home: &TestHome, ahead: Duration, bus: &Bus) -> Apart {
        Apart::start(home, ahead, |command| {
            bus.surround(command);
            command.env("DBUS_SYSTEM_BUS_ADDRESS", &bus.address);
        })
    }

    /// Types it and goes on; the number its answer has.
    pub(super) fn tell(&mut self, mut what: Value) -> u64 {
        self.asked += 1;
        what["id"] = json!(self.asked);
        self.program.type_line(&what.to_string());
        self.asked
    }

    /// What came of it: the value, or the words of an error.
    #[track_caller]
    pub(super) fn ask(&mut self, what: Value) -> Result<Value, String> {
        let id = self.tell(what);
        let (_, line) =
            self.program.line_from(0, "an answer", |line| answer(line).is_some_and(|of| of.0 == id));
        answer(&line).unwrap().1
    }

    #[track_caller]
    pub(super) fn done(&mut self, what: Value) -> Value {
        self.ask(what).unwrap_or_else(|error| panic!("it was not done: {error}"))
    }

    /// Every answer printed so far.
    pub(super) fn answers(&self) -> Vec<(u64, Result<Value, String>)> {
        self.program.output().lines().filter_map(answer).collect()
    }

    /// Addresses of pages it wanted to show.
    pub(super) fn pages(&self) -> Vec<String> {
        let printed = self.program.output();
        printed.lines().filter_map(|line| Some(line.strip_prefix("apart page ")?.to_owned())).collect()
    }

    /// The next page that it shows after these.
    pub(super) fn page_after(&self, pages: usize) -> String {
        let mut seen = 0;
        let limit = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < limit {
            let all = self.pages();
            seen = all.len();
            if let Some(page) = all.get(pages) {
                return page.clone();
            }
            std::thread::yield_now();
        }
        panic!("it showed {seen} pages and not one more");
    }

    /// How often its desk heard of the screen.
    pub(super) fn screens(&self) -> usize {
        self.program.output().lines().filter(|line| *line == "apart screen").count()
    }

    /// Ends it in order.
    pub(super) fn end(mut self) {
        self.program.close_input();
        let (status, said) = self.program.finish();
        assert!(status.success(), "{said}");
    }
}

/// The number and the answer on a line, if there is one.
fn answer(line: &str) -> Option<(u64, Result<Value, String>)> {
    let said: Value = serde_json::from_str(line.strip_prefix(MARK)?).ok()?;
    let id = said["id"].as_u64()?;
    let no = said["no"].as_str().map(str::to_owned);
    Some((id, no.map_or_else(|| Ok(said["ok"].clone()), Err)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_in_a_process_of_its_own_does_what_is_typed_and_ends_with_its_input() {
    if let (Some(home), Ok(ahead)) = (std::env::var_os(HOME), std::env::var(AHEAD)) {
        return serve(Path::new(&home), Duration::from_millis(ahead.parse().unwrap())).await;
    }
    let home = TestHome::in_memory(&super::POLICIES);
    let mut apart = Apart::start(&home, Duration::ZERO, |_| {});
    assert_eq!(apart.done(json!({ "do": "holds" })), json!([]));
    assert_eq!(apart.done(json!({ "do": "screen" }))["locked"], Value::Null);
    let unknown = json!({ "do": "revoke", "grant": "g-aaaaaaaaaaaaaaaaaaaa" });
    assert!(apart.ask(unknown).is_err(), "there is no such grant");
    apart.end();
}

/// The other side.
async fn serve(home: &Path, ahead: Duration) {
    let clock = TestClock::default();
    clock.advance(ahead);
    let listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let options = Options { home: home.to_owned(), listen, on_change: ChangePolicy::TakeAtStart };
    let engine = Engine::start_with_clock(options, clock.clock()).await.expect("the engine starts");
    engine.show_ceremonies_with(Box::new(|url| {
        say(format_args!("page {url}"));
        true
    }));
    let mut told = engine.desk().events();
    tokio::spawn(async move {
        loop {
            match told.recv().await {
                Ok(DeskEvent::Screen) => say(format_args!("screen")),
                Err(RecvError::Closed) => return,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
            }
        }
    });
    engine.watch_screen();
    say(format_args!("listens {}", engine.listen_addr()));
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let (engine, clock) = (Arc::clone(&engine), clock.clone());
        tokio::spawn(async move {
            let what: Value = serde_json::from_str(&line).expect("one JSON text a line");
            let id = what["id"].clone();
            let said = match perform(&engine, &clock, &what).await {
                Ok(value) => json!({ "id": id, "ok": value }),
                Err(error) => json!({ "id": id, "no": error.to_string() }),
            };
            say(format_args!("{said}"));
        });
    }
    engine.shutdown().await;
}

/// In one piece, whatever else is printed.
fn say(words: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("\n{MARK}{words}\n").as_bytes());
    let _ = out.flush();
}

type Performed = Result<Value, Box<dyn std::error::Error + Send + Sync>>;

async fn perform(engine: &Arc<Engine>, clock: &TestClock, what: &Value) -> Performed {
    let desk = engine.desk();
    let text = |key: &str| what[key].as_str().unwrap_or_default().to_owned();
    let hold = || text("hold").parse::<HoldId>();
    let millis = || Duration::from_millis(what["ms"].as_u64().unwrap_or(0));
    match text("do").as_str() {
        "holds" => {
            let open = engine.journal().open_holds()?;
            let held = open.into_iter().filter_map(|(opened, events)| HeldCall::replay(opened, &events).ok());
            return Ok(held.map(|held| of_hold(&held)).collect());
        }
        "found_unknown" => return Ok(json!(engine.journal().found_unknown())),
        "vote" => {
            let choice = match text("choice").as_str() {
                "approve" => Choice::Approve,
                _ => Choice::Reject { reason: Some("not this one".to_owned()) },
            };
            drop(desk.cast(ballot(engine, &text("hold"), choice)?)?);
        }
        "edit" => {
            let arguments = Json::parse(what["arguments"].to_string().as_bytes())?;
            let (owner, digest) = (engine.owner_id().ok_or("no owner")?, digest_of(engine, &hold()?)?);
            drop(engine.approve_edited(&hold()?, digest, arguments, (Means::Window, &owner), None)?);
        }
        "extend" => drop(desk.extend(&hold()?, &engine.owner_id().ok_or("no owner")?)?),
        "grant" => {
            let owner = engine.owner_id().ok_or("no owner")?;
            let maker = engine.grant_maker(owner, Means::Window, engine.presence().is_locked())?;
            let ballot = ballot(engine, &text("hold"), Choice::Approve)?;
            drop(engine.approve_and_grant(ballot, terms(engine, &hold()?, what)?, maker).await?);
        }
        "grants" => {
            let row = |listed: gateway::grants::Listed| {
                let known = &listed.recorded;
                json!({
                    "id": known.grant.id.to_string(), "state": format!("{:?}", listed.state),
                    "hits": known.hits, "why": known.revoked.as_ref().map(|revoked| revoked.why.clone()),
                })
            };
            return Ok(engine.grants().into_iter().map(row).collect());
        }
        "revoke" => {
            desk.revoke(&text("grant").parse()?, engine.owner_id().as_ref(), "enough")?;
        }
        "pause" => engine.pause(what["on"] == true)?,
        "enrol" => {
            let subject = Subject::Enrol { person: text("person").parse()?, name: "Laptop".to_owned() };
            drop(engine.start_ceremony(subject).await?);
        }
        "prove" => drop(engine.start_ceremony(Subject::Hold { hold: hold()? }).await?),
        "screen" => {
            let (locked, why) = (engine.presence().is_locked(), engine.presence().why_unknown());
            return Ok(json!({ "locked": locked, "why": why }));
        }
        "advance" => {
            clock.advance(millis());
            desk.pass_deadlines();
        }
        "oversleep" => clock.oversleep(millis()),
        "set_back" => clock.set_back(millis()),
        other => return Err(format!("nobody knows how to `{other}`").into()),
    }
    Ok(Value::Null)
}

fn digest_of(engine: &Engine, hold: &HoldId) -> Result<CallDigest, String> {
    let card = engine.desk().card(hold).ok_or_else(|| format!("there is no hold `{hold}`"))?;
    CallDigest::try_from(card.digest).map_err(|error| error.to_string())
}

fn ballot(
    engine: &Engine,
    hold: &str,
    choice: Choice,
) -> Result<Ballot, Box<dyn std::error::Error + Send + Sync>> {
    let hold: HoldId = hold.parse()?;
    let (digest, by) = (digest_of(engine, &hold)?, engine.owner_id().ok_or("no owner")?);
    Ok(Ballot { hold, digest, choice, means: Means::Window, by, proof: None })
}

/// For `minutes`; an argument that `any` names may be anything, every other one is as it is.
fn terms(engine: &Engine, hold: &HoldId, what: &Value) -> Result<GrantTerms, String> {
    let standing = engine.desk().standing(hold).map_err(|error| error.to_string())?;
    let arguments = standing.editable.map_err(|error| error.to_string())?;
    let is_any = |name: &str| what["any"].as_array().is_some_and(|any| any.iter().any(|known| known == name));
    let row = |(name, value): (&str, &Json)| {
        let bound = if is_any(name) { Bound::Any } else { Bound::Exactly(value.clone()) };
        Limit { argument: name.to_owned(), bound }
    };
    let minutes = what["minutes"].as_u64().unwrap_or(60);
    Ok(GrantTerms {
        scope: arguments.as_map().into_iter().flat_map(policy::Map::iter).map(row).collect(),
        project: what["project"] == true,
        until: engine.desk().clock().now().after(Duration::from_secs(minutes * 60)),
        session: what["session"] == true,
        uses: what["uses"].as_u64().map(|uses| u32::try_from(uses).unwrap()),
    })
}

/// One open hold as it is on record.
fn of_hold(held: &HeldCall) -> Value {
    let stages = held.stages();
    let any = |what: fn(&StageView) -> bool| stages.iter().any(what);
    let mut is: Vec<&str> = Vec::new();
    for (word, so) in [
        ("approved", matches!(held.state(), HoldState::Approved { .. })),
        ("waits at its first stage", any(|view| view.current && view.number == 1 && view.votes.is_empty())),
        ("waits at its second stage", any(|view| view.current && view.number == 2)),
        ("partly voted", any(|view| view.current && !view.votes.is_empty())),
        ("edited", held.is_edited()),
        ("extended", any(|view| view.extended)),
        ("escalated", any(|view| view.escalated)),
        ("waits for a proof", held.waits_for_proof()),
        ("held with everything", held.decision().trace.paused),
    ] {
        if so {
            is.push(word);
        }
    }
    let asked = &held.opened().call.arguments;
    let Timestamp(deadline) = held.deadline();
    json!({
        "hold": held.id().to_string(), "is": is, "deadline": deadline,
        "asked": serde_json::from_str::<Value>(&asked.to_json()).unwrap(),
    })
}
