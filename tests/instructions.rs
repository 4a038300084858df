//! What deciding and passing on cost, in instructions that valgrind counts: times differ from
//! run to run, these do not. Each is counted twice, for a few rounds and for more; the difference is what a round takes.
//!
//! The figures are of unoptimised builds: they guard against work that is done twice, not against slow machine code.
//! What a change is meant to cost goes in here with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use policy::{Documents, PolicySet, Value, cases, conclude};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use support::program::{Program, clean};

/// The compiler the figures are of; another one makes other code of the same program.
const COMPILER: &str = "rustc 1.95.";
const DECIDE: Figure =
    Figure { name: "deciding among 100 policies, ten about the call", instructions: 88_095, percent: 5 };
const PASS: Figure = Figure { name: "reading and writing 1 KB of JSON", instructions: 880_625, percent: 5 };

/// How many rounds the child is to make.
const ROUNDS: &str = "DOORWARD_COUNTED_ROUNDS";

struct Figure {
    name: &'static str,
    instructions: u64,
    percent: u64,
}

impl Figure {
    #[track_caller]
    fn is_still(&self, counted: u64) {
        let Figure { name, instructions, percent } = self;
        println!("{name}: {counted} instructions, {instructions} on record");
        let compiler = Command::new("rustc").arg("--version").output().expect("the compiler");
        if !String::from_utf8_lossy(&compiler.stdout).starts_with(COMPILER) {
            println!("not compared: that is a figure of {COMPILER}");
            return;
        }
        let most = instructions * (100 + percent) / 100;
        let least = instructions * (100 - percent) / 100;
        assert!(
            (least..=most).contains(&counted),
            "{name}: {counted} instructions instead of {instructions}, give or take {percent} %. Where that is meant, \
             write the new figure into tests/instructions.rs, and why into the commit"
        );
    }
}

/// The command under valgrind; `logs` is where it writes what it counted.
fn counted(logs: &Path, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = clean("valgrind");
    command
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(format!("--log-file={}", logs.join("%p.log").display()))
        .arg(program.as_ref());
    command
}

/// What valgrind counted in all, once the program ended.
fn total(logs: &Path) -> u64 {
    let mut all = 0;
    for log in std::fs::read_dir(logs).unwrap().flatten() {
        let text = std::fs::read_to_string(log.path()).unwrap();
        let counts =
            text.lines().filter_map(|line| line.split_once("I   refs:").or(line.split_once("I refs:")));
        all += counts.map(|(_, count)| count.trim().replace(',', "").parse::<u64>().unwrap()).sum::<u64>();
    }
    assert!(all > 0, "valgrind counted nothing");
    all
}

/// What a round of one of the tests below takes, in a process of its own.
fn of_a_round(test: &str) -> u64 {
    let counts = [100, 1_100].map(|rounds: u64| {
        let logs = tempfile::tempdir().unwrap();
        let mut command = counted(logs.path(), std::env::current_exe().unwrap());
        command.args(["--exact", test, "--ignored", "--test-threads=1"]).env(ROUNDS, rounds.to_string());
        let (status, said) = Program::start(&mut command).finish();
        assert!(status.success() && said.contains("1 passed"), "{said}");
        total(logs.path())
    });
    (counts[1] - counts[0]) / 1_000
}

fn rounds() -> u64 {
    std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

#[test]
fn deciding_takes_no_more_than_it_did() {
    DECIDE.is_still(of_a_round("decide_often"));
}

#[test]
fn passing_json_on_takes_no_more_than_it_did() {
    PASS.is_still(of_a_round("pass_often"));
}

/// It looks at the call, and lets it go.
fn policy(number: usize, tool: &str) -> String {
    let amount = 1_000 + number;
    format!(
        "name = \"Policy {number}\"\nwhen = 'amount > {amount} && currency == \"EUR\"'\n[target]\ntools = [\"{tool}\"]\n[action]\nkind = \"deny\"\n"
    )
}

#[test]
#[ignore = "counted by the test above"]
fn decide_often() {
    let documents = (0..100).map(|number| {
        let tool =
            if number < 10 { "ledger/create_expense".to_owned() } else { format!("other/tool_{number}") };
        (format!("p{number:03}.toml"), policy(number, &tool))
    });
    let set = PolicySet::compile(&documents.collect::<Documents>()).unwrap();
    let case = "[[case]]\nname = \"x\"\ntool = \"ledger/create_expense\"\nexpect = \"allow\"\njson = '''{\"amount\":95.50,\"currency\":\"EUR\"}'''\n";
    let case = cases::parse(case).unwrap().remove(0);
    for _ in 0..rounds() {
        black_box(conclude(&set, black_box(&case.call), black_box(&case.facts)).kind());
    }
}

#[test]
#[ignore = "counted by the test above"]
fn pass_often() {
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":7,"result":{{"content":[{{"type":"text","text":"{}"}}],"amount":12.50,"rows":[1,2,3,true,null]}}}}"#,
        "all work and no play ".repeat(45)
    );
    for _ in 0..rounds() {
        black_box(Value::parse(black_box(text.as_bytes())).unwrap().to_json());
    }
}
