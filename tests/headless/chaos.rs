//! A gateway that is killed at random moments, again and again, with holds in every state: no call runs twice, no vote
//! that a person saw confirmed is lost, and what is in doubt is told as unknown. 20 rounds; 200 with `DOORWARD_DEEP`.

use super::crowd::{Crowd, answer};
use super::support::answer::Answer;
use super::support::journal::lines;
use super::support::program::Program;
use super::support::recorder::Manner;
use super::support::wire::Wire;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// No round goes on for longer, even where nothing more happens in it.
const ROUND: Duration = Duration::from_secs(2);
const END: Duration = Duration::from_secs(60);

/// A random number below `bound`; the seed is printed where a test fails.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }
}

/// The person at the terminal, across all the starts.
#[derive(Default)]
struct Person {
    /// The hold of each call that was approved; another hold of the same call is rejected.
    approved: BTreeMap<usize, String>,
    rejected: BTreeSet<String>,
    confirmed: BTreeSet<String>,
}

impl Person {
    /// Votes on what was printed since the last look; `decides` says whether now, and which way.
    fn look(&mut self, serve: &mut Program, from: &mut usize, mut decides: impl FnMut() -> Option<bool>) {
        let printed = serve.output();
        let all: Vec<&str> = printed.lines().collect();
        let mut offered = Vec::new();
        for (at, line) in all.iter().enumerate().skip(*from) {
            if let Some(rest) = line.trim_start().strip_prefix("approve h-") {
                let hold = format!("h-{}", rest.split_whitespace().next().unwrap());
                let number =
                    all[..at].iter().rev().find_map(|line| number_in(line)).expect("a card has a number");
                offered.push((number, hold));
            } else if let Some((hold, said)) =
                line.split_once(": ").filter(|(hold, _)| hold.starts_with("h-"))
            {
                let said_so = ["approved", "released", "rejected"].iter().any(|word| said.contains(word));
                if said_so {
                    self.confirmed.insert(hold.to_owned());
                }
            }
        }
        *from = all.len();
        for (number, hold) in offered {
            let Some(approve) = decides() else { continue };
            let is_first = self.approved.get(&number).is_none_or(|known| *known == hold);
            if approve && is_first && !self.rejected.contains(&hold) {
                serve.type_line(&format!("approve {hold}"));
                self.approved.insert(number, hold);
            } else if self.approved.get(&number) != Some(&hold) {
                serve.type_line(&format!("reject {hold} not again"));
                self.rejected.insert(hold);
            }
        }
    }
}

fn number_in(line: &str) -> Option<usize> {
    let (_, rest) = line.split_once("c-")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

async fn start(
    crowd: &Crowd,
    door: SocketAddr,
    numbers: &BTreeSet<usize>,
) -> JoinSet<(usize, Option<Answer>)> {
    let mut wires = Vec::new();
    for token in &crowd.tokens {
        wires.push(Arc::new(Wire::open(door, "ledger", token).await));
    }
    let mut under_way = JoinSet::new();
    for number in numbers.iter().copied() {
        let wire = Arc::clone(&wires[number % wires.len()]);
        under_way.spawn(async move { (number, answer(&wire, number).await) });
    }
    under_way
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_a_gateway_that_is_killed_at_random_runs_no_call_twice_and_loses_no_vote() {
    let rounds = if std::env::var_os("DOORWARD_DEEP").is_some() { 200 } else { 20 };
    let seed = RandomState::new().hash_one("chaos");
    println!("the seed is {seed}");
    let mut dice = Dice(seed);
    let crowd = Crowd::made(2).await;
    let journal = crowd.home.paths().journal();
    let (mut person, mut answers) = (Person::default(), BTreeMap::<usize, Answer>::new());
    let (mut open, mut next) = (BTreeSet::new(), 0);
    for _ in 0..rounds {
        let fresh = if open.len() < 30 { 1 + dice.below(4) } else { 0 };
        open.extend(next..next + fresh);
        next += fresh;
        let manner = if dice.below(3) == 0 { Manner::Stalls } else { Manner::Answers };
        crowd.upstream.behave(manner);
        let (mut serve, door) = crowd.serve();
        let mut under_way = start(&crowd, door, &open).await;
        let goal = lines(&journal).len() + dice.below(6 * open.len());
        let (limit, mut from) = (Instant::now() + ROUND, 0);
        while lines(&journal).len() < goal && Instant::now() < limit {
            person.look(&mut serve, &mut from, || (dice.below(3) > 0).then(|| dice.below(4) > 0));
            tokio::task::yield_now().await;
        }
        // What the person saw last counts as well.
        person.look(&mut serve, &mut from, || None);
        drop(serve);
        while let Some(settled) = under_way.join_next().await {
            if let (number, Some(answer)) = settled.unwrap() {
                open.remove(&number);
                answers.insert(number, answer);
            }
        }
        let record = lines(&journal);
        let voted: BTreeSet<&str> = record
            .iter()
            .filter(|line| line.kind == "vote_cast")
            .filter_map(|line| line.hold.as_deref())
            .collect();
        let lost: Vec<&String> =
            person.confirmed.iter().filter(|hold| !voted.contains(hold.as_str())).collect();
        assert!(lost.is_empty(), "confirmed and not on record, with seed {seed}: {lost:?}");
    }

    // Then it is left alone, and everybody gets an answer.
    crowd.upstream.behave(Manner::Answers);
    let (mut serve, door) = crowd.serve();
    let mut under_way = start(&crowd, door, &open).await;
    let (limit, mut from) = (Instant::now() + END, 0);
    while !under_way.is_empty() {
        assert!(Instant::now() < limit, "{} calls have no answer, with seed {seed}", under_way.len());
        person.look(&mut serve, &mut from, || Some(true));
        while let Some(settled) = under_way.try_join_next() {
            let (number, answer) = settled.unwrap();
            answers.insert(number, answer.expect("the gateway is there"));
        }
        tokio::task::yield_now().await;
    }
    assert!(serve.terminate().success());

    let runs = crowd.runs();
    assert!(runs.values().all(|times| *times == 1), "I2: with seed {seed}: {runs:?}");
    assert_eq!(answers.len(), next);
    let mut told = BTreeMap::<String, usize>::new();
    for (number, answer) in &answers {
        let (ran, code) = (runs.contains_key(number), answer.code());
        *told.entry(code.unwrap_or("ran").to_owned()).or_default() += 1;
        let was_approved = person.approved.contains_key(number);
        assert!(!ran || was_approved, "I1: {number} ran and nobody approved it, with seed {seed}");
        match code {
            None => assert!(ran && !answer.is_error(), "{number}, with seed {seed}: {answer:?}"),
            // Its outcome may have been on its way when the gateway was killed; the person said no to a second time.
            Some("rejected") => assert!(!ran || was_approved, "{number}, with seed {seed}"),
            Some("outcome_unknown") => assert!(was_approved, "{number}, with seed {seed}"),
            Some("answer_lost") => assert!(ran, "{number}, with seed {seed}"),
            Some(other) => panic!("{number} was told `{other}`, with seed {seed}: {answer:?}"),
        }
    }
    println!("{rounds} rounds, {next} calls, {} votes confirmed; told {told:?}", person.confirmed.len());
    assert!(!person.confirmed.is_empty() && told.contains_key("ran"), "{told:?}");
    let file = rusqlite::Connection::open(&journal).unwrap();
    let running: i64 =
        file.query_row("SELECT count(*) FROM calls WHERE outcome = 'running'", [], |row| row.get(0)).unwrap();
    assert_eq!(running, 0, "nothing is said to run still");
    drop(file);
    let (status, said) = crowd.run(&["journal", "verify"]).finish();
    assert!(status.success(), "{said}");
}
