//! Replays what the fuzz targets keep, so that an input once found never fails again; with
//! `DOORWARD_FUZZ_MINUTES` set, goes on with random changes of those inputs for that long, for each target.

#[path = "../../fuzz/claims.rs"]
mod claims;

use proptest::{
    prelude::Rng,
    test_runner::{RngAlgorithm, TestRng},
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

type Claim = fn(&[u8]);

/// One input may keep a processor busy for so long. Where that is not told, a thread may also have waited on a busy
/// machine, so that a slow one is tried again.
const LONGEST: Duration = Duration::from_secs(1);

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}

fn in_time(claim: Claim, input: &[u8]) -> bool {
    (0..3).any(|_| {
        let (start, busy) = (Instant::now(), busy());
        claim(input);
        let took = busy.zip(self::busy()).map(|(before, after)| after.saturating_sub(before));
        took.unwrap_or_else(|| start.elapsed()) < LONGEST
    })
}

/// How long this thread has run, where Linux tells.
fn busy() -> Option<Duration> {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn run(target: &str, claim: Claim) {
    let corpus = corpus(target);
    assert!(corpus.len() >= 20, "{target} has only {} inputs", corpus.len());
    for (path, input) in &corpus {
        assert!(in_time(claim, input), "{path} takes over a second");
    }
    let minutes = std::env::var("DOORWARD_FUZZ_MINUTES").ok().and_then(|minutes| minutes.parse::<f64>().ok());
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut tried = 0_u64;
    while until.map_or(tried < 200, |until| Instant::now() < until) {
        let input = changed(&corpus, &mut rng);
        assert!(in_time(claim, &input), "over a second: {:?}", String::from_utf8_lossy(&input));
        tried += 1;
    }
    println!("{target}: {tried} changed inputs besides {} kept ones", corpus.len());
}

/// One kept input with a few cuts, repeats, flips, and pieces of another.
fn changed(corpus: &[(String, Vec<u8>)], rng: &mut TestRng) -> Vec<u8> {
    let mut below = |most: usize| usize::try_from(rng.next_u64() % (most.max(1) as u64)).unwrap();
    let mut input = corpus[below(corpus.len())].1.clone();
    for _ in 0..=below(4) {
        let at = below(input.len() + 1);
        let end = (at + below(12)).min(input.len());
        match below(6) {
            0 => drop(input.drain(at..end)),
            1 => input.splice(at..at, vec![input.get(at).copied().unwrap_or(b'('); below(60)]).for_each(drop),
            2 => input.splice(at..end, input[at..end].repeat(1 + below(30))).for_each(drop),
            3 => {
                let other = &corpus[below(corpus.len())].1;
                let from = below(other.len());
                let to = (from + below(40)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied()).for_each(drop);
            }
            4 => input
                .splice(at..end, b"&&||!()[]{}\"'.,0e-9\n"[below(20)..].iter().copied().take(1))
                .for_each(drop),
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << below(8);
                }
            }
        }
        input.truncate(6_000);
    }
    input
}

#[test]
fn no_document_breaks_the_reader() {
    run("document", claims::document);
}

#[test]
fn no_condition_breaks_the_reader_or_its_three_values() {
    run("condition", claims::condition);
}

#[test]
fn i7_no_call_breaks_a_decision() {
    run("decide", claims::decide);
}
