//! What the record costs, each beside what it is measured by: `cargo bench -p journal`. The files are in the folder of
//! temporary files; on one that is kept in memory a sync costs nothing, so point `TMPDIR` at a disk.
//!
//! Targets: an allowed call pays 20 µs at the median; a durable release 1.5 times a bare commit with its sync; a page of
//! Activity among 1,000,000 entries twice the page among 10,000; 200,000 entries verified a second.
//! Figures, with their date and machine, are in `README.md` beside this file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, dead_code, reason = "a benchmark")]

#[path = "../tests/support/mod.rs"]
mod support;

use approvals::{Admission, Ids, ReleasedCall, admit};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use journal::{ActivityQuery, Completion, Journal};
use policy::{Outcome, Timestamp};
use rusqlite::Connection;
use std::time::{Duration, Instant};
use support::*;

fn random(n: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    bytes.rotate_left(4);
    bytes
}

fn allowed(n: u64, at: Timestamp) -> ReleasedCall {
    let mut call = call("12.50");
    if n.is_multiple_of(1_000) {
        call.agent = "rare".parse().unwrap();
    }
    call.tool = format!("tool_{}", n % 20).parse().unwrap();
    let ids = Ids::from_random(random(n), random(n));
    match admit(traced(decision(Outcome::Allowed)), call, facts(), owner(), ids, at) {
        Admission::Released(released) => released,
        other => panic!("released, not {other:?}"),
    }
}

/// So many calls that no policy held, two entries each.
fn fill(scene: &Scene, journal: &Journal, entries: u64) {
    for n in 0..entries / 2 {
        scene.pass(1_000);
        let released = allowed(n, scene.now());
        let release = released.id().clone();
        drop(journal.commit(released).unwrap());
        journal.complete(&release, &Completion::answered(false, b"{}")).unwrap();
    }
    journal.settle().unwrap();
}

fn median(mut each: Vec<Duration>) -> Duration {
    each.sort();
    each[each.len() / 2]
}

/// As the pipeline pays for it: `commit` and `complete`, while the thread behind writes.
fn allowed_calls(c: &mut Criterion) {
    let scene = Scene::new();
    let journal = scene.open();
    let mut group = c.benchmark_group("allowed call");
    let mut n = 1_000_000;
    group.bench_function("commit and complete, median", |b| {
        b.iter_custom(|count| {
            let mut each = Vec::with_capacity(count as usize);
            for _ in 0..count {
                n += 1;
                let released = allowed(n, scene.now());
                let release = released.id().clone();
                let started = Instant::now();
                let journalled = journal.commit(released).unwrap();
                journal.complete(&release, &Completion::answered(false, b"{}")).unwrap();
                each.push(started.elapsed());
                drop(journalled);
                // Calls come apart: two thousand a second is more than any machine's agents make.
                while started.elapsed() < Duration::from_micros(500) {
                    std::thread::yield_now();
                }
            }
            median(each) * u32::try_from(count).unwrap()
        });
    });
    group.finish();
}

/// Each beside the other: both are timed in the same round of opening, voting, releasing and a commit of one row in
/// another file, so that the disk and the processor are as awake for the one as for the other.
fn durable_release(c: &mut Criterion) {
    let scene = Scene::new();
    let journal = scene.open();
    let folder = tempfile::tempdir().unwrap();
    let bare = Connection::open(folder.path().join("bare.sqlite")).unwrap();
    bare.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    bare.pragma_update(None, "synchronous", "FULL").unwrap();
    bare.execute_batch("CREATE TABLE entries (seq INTEGER PRIMARY KEY, body BLOB)").unwrap();
    let mut n = 2_000_000;
    let mut round = || {
        n += 1;
        let mut held = scene.hold_as(&journal, Ids::from_random(random(n), random(n)));
        let vote = approval(&held);
        scene.happen(&journal, &mut held, vote);
        let decision = held.decision().clone();
        let release = approvals::ReleaseId::from_random(random(n));
        let released = held.release(&decision, release, scene.now()).unwrap();
        let id = released.id().clone();
        let started = Instant::now();
        drop(journal.commit(released).unwrap());
        let release = started.elapsed();
        journal.complete(&id, &Completion::answered(false, b"{}")).unwrap();
        let started = Instant::now();
        let mut row = bare.prepare_cached("INSERT INTO entries (body) VALUES (zeroblob(400))").unwrap();
        row.execute([]).unwrap();
        [started.elapsed(), release]
    };
    let mut group = c.benchmark_group("durable release");
    group.sample_size(20).measurement_time(Duration::from_secs(4));
    for (which, name) in
        ["bare commit with sync, median", "release of a held call, median"].into_iter().enumerate()
    {
        group.bench_function(name, |b| {
            b.iter_custom(|count| {
                median((0..count).map(|_| round()[which]).collect()) * u32::try_from(count).unwrap()
            });
        });
    }
    group.finish();
}

fn big_journals(c: &mut Criterion) {
    // Filling takes a minute: not for somebody who asked for another group.
    if std::env::args().any(|word| ["allowed", "durable"].iter().any(|group| word.starts_with(group))) {
        return;
    }
    let sizes = [10_000_u64, 1_000_000];
    let filled: Vec<(u64, Scene, Journal)> = sizes
        .into_iter()
        .map(|size| {
            let scene = Scene::new();
            let journal = scene.open();
            fill(&scene, &journal, size);
            (size, scene, journal)
        })
        .collect();
    let named =
        |agent: &str| ActivityQuery { agent: Some(agent.into()), limit: 50, ..ActivityQuery::default() };
    let queries = [
        ("all", ActivityQuery { limit: 50, ..ActivityQuery::default() }),
        ("one agent of many calls", named("coder")),
        ("one agent of few calls", ActivityQuery { limit: 5, ..named("rare") }),
        ("text", ActivityQuery { text: Some("tool_17".into()), limit: 50, ..ActivityQuery::default() }),
        (
            "agent, outcome, policy and days",
            ActivityQuery {
                outcome: Some(journal::ActivityOutcome::Allowed),
                policy: Some("large".parse().unwrap()),
                since: Some(at(60_000)),
                ..named("coder")
            },
        ),
        (
            "nothing fits",
            ActivityQuery { text: Some("no such name".into()), limit: 50, ..ActivityQuery::default() },
        ),
    ];
    for (name, query) in &queries {
        let mut group = c.benchmark_group(format!("activity, {name}"));
        for (size, _, journal) in &filled {
            group.bench_with_input(BenchmarkId::from_parameter(size), journal, |b, journal| {
                b.iter(|| journal.activity_page(query).unwrap());
            });
        }
        group.finish();
    }
    let mut group = c.benchmark_group("verify");
    group.sample_size(10);
    let (size, _, journal) = &filled[1];
    group.throughput(Throughput::Elements(*size));
    group.bench_function("a million entries", |b| b.iter(|| journal.verify().unwrap()));
    group.finish();
}

criterion_group!(benches, allowed_calls, durable_release, big_journals);
criterion_main!(benches);
