//! How long a gateway takes from its start to its first answer, and what it costs while nobody asks.

use super::median;
use crate::{
    Plan,
    door::{Home, UPSTREAM},
    process::Process,
    report::{Section, Target},
    session::{Call, Session, Wants},
};
use anyhow::{Context, Result};
use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::{Duration, Instant},
};

const UPSTREAMS: usize = 20;
const STARTS: usize = 11;

pub(crate) async fn times(plan: &Plan) -> Result<Section> {
    let mut upstream = Process::part(&["upstream"])?;
    let address = upstream.address()?;
    let home = Home::new(&plan.doorward, 100)?;
    home.add_address(UPSTREAM, address)?;
    for number in 1..UPSTREAMS {
        home.add_address(&format!("other-{number}"), address)?;
    }
    let token = home.pair("bench")?;
    let call = Call { tool: "echo", bytes: 1_000, wants: Wants::Echo };
    let (mut answers, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let started = Instant::now();
        let door = home.serve()?;
        let mut session = Session::open(&door.place(&token)).await?;
        answers.push(milliseconds(started));
        session.call(&call).await?;
        calls.push(milliseconds(started));
    }
    let door = home.serve()?;
    let mut session = Session::open(&door.place(&token)).await?;
    session.call(&call).await?;
    let shim = shim(&home)?;
    drop(session);
    let before = door.process.usage()?;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let after = door.process.usage()?;
    let idle = (after.cpu.saturating_sub(before.cpu)).as_secs_f64() / 20.0 * 100.0;
    let mut section = Section::new(format!("start, {UPSTREAMS} upstreams configured, median of {STARTS}"));
    section.targets = vec![
        Target::at_most("start to the answer to `initialize`", median(answers), 50.0, " ms"),
        Target::at_most("start to the answer to the first call", median(calls), 100.0, " ms"),
        Target::at_most("`doorward connect` to its first answer", shim, 30.0, " ms"),
        Target::at_most("resident while idle", after.resident_kib as f64 / 1024.0, 25.0, " MiB"),
        Target::at_most("CPU while idle, of one core", idle, 0.05, " %"),
    ];
    Ok(section)
}

/// From the start of `doorward connect` until what it forwarded is answered.
fn shim(home: &Home) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let mut child = home
            .command(&["connect", UPSTREAM, "--agent", "bench"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut input = child.stdin.take().context("no input")?;
        writeln!(
            input,
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"2025-06-18","capabilities":{{}},"clientInfo":{{"name":"bench","version":"1"}}}}}}"#
        )?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        anyhow::ensure!(line.contains("\"protocolVersion\""), "`doorward connect` answered: {line}");
        times.push(milliseconds(started));
        drop(input);
        child.wait()?;
    }
    Ok(median(times))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
