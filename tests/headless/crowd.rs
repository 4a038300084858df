//! Many holds of many agents, and a gateway that is killed in their middle: every hold is there again, nothing runs
//! twice, and whoever comes back finds its place. 100 holds of 10 agents; with `DOORWARD_DEEP` 1,000 of 50.

use super::support::answer::Answer;
use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome, address, pair};
use super::support::journal::{Line, lines};
use super::support::program::{Program, doorward};
use super::support::recorder::{Manner, Recorder};
use super::support::wire::Wire;
use gateway::home::{AgentBook, UpstreamBook};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const ASK: (&str, &str) = (
    "customers.toml",
    "name = \"Customers are deleted by people\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"request_approval\"\nflow = \"slow\"\n",
);
const SLOW: (&str, &str) =
    ("flows/slow.toml", "name = \"Whenever the owner is there\"\n[[stage]]\nwithin = \"2h\"\n");
/// The crowd may take longer than one hold.
const LIMIT: Duration = Duration::from_secs(280);

struct Crowd {
    home: TestHome,
    bus: Bus,
    upstream: Recorder,
    tokens: Vec<String>,
}

impl Crowd {
    async fn made(agents: usize) -> Crowd {
        let (home, bus) = (TestHome::folder(), Bus::with_keyring().await);
        let upstream = Recorder::start().await;
        let crowd = Crowd { home, bus, upstream, tokens: Vec::new() };
        let (status, said) = crowd.run(&["init", "--listen", "127.0.0.1:0", "--terminal-votes"]).finish();
        assert!(status.success(), "{said}");
        crowd.home.write_policies(&[ALLOW, ASK, SLOW]);
        let mut upstreams = UpstreamBook::load(crowd.home.paths().upstreams()).unwrap();
        upstreams.add(address("ledger", &crowd.upstream.url())).unwrap();
        let tokens = (0..agents).map(|number| {
            let name = format!("agent-{number}");
            let token = pair(&crowd.home, &name);
            let mut book = AgentBook::load(crowd.home.paths().agents()).unwrap();
            book.set_wait_limit(&name, Some(LIMIT)).unwrap();
            token
        });
        let tokens = tokens.collect();
        Crowd { tokens, ..crowd }
    }

    fn run(&self, args: &[&str]) -> Program {
        let mut command = doorward(&self.home.dir(), args);
        self.bus.surround(&mut command);
        Program::start(&mut command)
    }

    fn serve(&self) -> (Program, SocketAddr) {
        let serve = self.run(&["serve"]);
        let line = serve.line("that it listens", |line| line.contains("listens on http://127.0.0.1:"));
        serve.line("what to type", |line| line.starts_with("Holds are printed here."));
        let at = line.split("http://").nth(1).unwrap();
        let end = at.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(at.len());
        (serve, at[..end].parse().unwrap())
    }

    /// Every agent makes its share of the calls whose number is wanted, all at once.
    async fn call(&self, door: SocketAddr, calls: usize, is_wanted: impl Fn(usize) -> bool) -> Calls {
        let mut under_way = JoinSet::new();
        for (agent, token) in self.tokens.iter().enumerate() {
            let wire = Arc::new(Wire::open(door, "ledger", token).await);
            for number in (agent..calls).step_by(self.tokens.len()).filter(|number| is_wanted(*number)) {
                let wire = Arc::clone(&wire);
                under_way.spawn(async move { (number, answer(&wire, number, "").await) });
            }
        }
        under_way
    }

    /// The record once there are so many entries of a kind.
    fn until(&self, kind: &str, count: usize) -> Vec<Line> {
        let limit = Instant::now() + LIMIT;
        loop {
            let all = lines(&self.home.paths().journal());
            let found = all.iter().filter(|line| line.kind == kind).count();
            if found >= count {
                return all;
            }
            assert!(Instant::now() < limit, "{found} of {count} {kind}");
            std::thread::yield_now();
        }
    }

    /// How often each call reached the upstream.
    fn runs(&self) -> BTreeMap<usize, usize> {
        let mut runs = BTreeMap::new();
        for params in self.upstream.calls() {
            let params: Value = serde_json::from_str(&params).unwrap();
            let customer = params["arguments"]["customer_id"].as_str().unwrap();
            *runs.entry(customer.trim_start_matches("c-").parse().unwrap()).or_default() += 1;
        }
        runs
    }
}

type Calls = JoinSet<(usize, Option<Answer>)>;

/// None when the gateway went away. `more` stands behind the number among the arguments.
pub(super) async fn answer(wire: &Wire, number: usize, more: &str) -> Option<Answer> {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":{{"name":"delete_customer","arguments":{{"customer_id":"c-{number}"{more}}}}}}}"#
    );
    let text = wire.post().body(body).send().await.ok()?.text().await.ok()?;
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).rfind(|data| !data.is_empty());
    let mut message: Value = serde_json::from_str(data.unwrap_or(&text)).ok()?;
    (message["id"] == number).then(|| Answer(message["result"].take()))
}

fn holds(record: &[Line], kind: &str) -> BTreeSet<String> {
    record.iter().filter(|line| line.kind == kind).filter_map(|line| line.hold.clone()).collect()
}

fn approve<'a>(serve: &mut Program, holds: impl IntoIterator<Item = &'a String>) {
    for hold in holds {
        serve.type_line(&format!("approve {hold}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_every_hold_of_a_crowd_outlives_a_killed_gateway_and_none_runs_twice() {
    let (calls, agents) = if std::env::var_os("DOORWARD_DEEP").is_some() { (1_000, 50) } else { (100, 10) };
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let crowd = Crowd::made(agents).await;
    let quarter = calls / 4;

    let (mut serve, door) = crowd.serve();
    let mut first = crowd.call(door, calls, |_| true).await;
    let opened = holds(&crowd.until("hold_opened", calls), "hold_opened");
    assert_eq!(opened.len(), calls);
    // One quarter runs and is answered.
    approve(&mut serve, opened.iter().take(quarter));
    let mut answered = BTreeSet::new();
    while answered.len() < quarter {
        let (number, answer) = first.join_next().await.unwrap().unwrap();
        answer.expect("the gateway is there").ran();
        answered.insert(number);
    }
    crowd.until("outcome_read", quarter);
    // The next quarter is sent and not answered yet when the gateway is killed.
    crowd.upstream.behave(Manner::Stalls);
    approve(&mut serve, opened.iter().skip(quarter).take(quarter));
    crowd.until("call_released", 2 * quarter);
    let limit = Instant::now() + LIMIT;
    while crowd.upstream.calls().len() < 2 * quarter {
        assert!(Instant::now() < limit, "{} calls went up", crowd.upstream.calls().len());
        tokio::task::yield_now().await;
    }
    drop(serve);
    while let Some(broken) = first.join_next().await {
        assert!(broken.unwrap().1.is_none(), "nobody was answered by a killed gateway");
    }
    crowd.upstream.behave(Manner::Answers);
    let sent: BTreeSet<usize> =
        crowd.runs().into_keys().filter(|number| !answered.contains(number)).collect();
    assert_eq!(sent.len(), quarter);

    // Whoever was not answered comes back, all at once.
    let (mut serve, door) = crowd.serve();
    let mut again = crowd.call(door, calls, |number| !answered.contains(&number)).await;
    let mut unknown = BTreeSet::new();
    while unknown.len() < quarter {
        let (number, answer) = again.join_next().await.unwrap().unwrap();
        answer.expect("the gateway is there").refused("outcome_unknown");
        unknown.insert(number);
    }
    assert_eq!(unknown, sent, "who was sent is told so, and nobody else");
    approve(&mut serve, opened.iter().skip(2 * quarter));
    let mut ran = answered;
    while let Some(settled) = again.join_next().await {
        let (number, answer) = settled.unwrap();
        answer.expect("the gateway is there").ran();
        ran.insert(number);
    }
    assert_eq!((ran.len(), ran.intersection(&sent).count()), (calls - quarter, 0));
    let runs = crowd.runs();
    assert_eq!(runs.len(), calls);
    assert!(runs.values().all(|times| *times == 1), "I2: {runs:?}");
    let record = crowd.until("outcome_read", calls);
    assert_eq!(holds(&record, "hold_opened"), opened, "nobody was asked twice");
    assert_eq!(holds(&record, "call_released"), opened);
    assert!(serve.terminate().success());
    let (status, said) = crowd.run(&["journal", "verify"]).finish();
    assert!(status.success(), "{said}");
}
