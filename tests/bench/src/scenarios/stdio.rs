//! An upstream that is a program: talking to it directly, and through the door.

use crate::{
    Plan,
    arms::{Arm, figures},
    door::{Home, UPSTREAM},
    load,
    report::{Section, Target},
    session::{Call, Wants},
};
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

pub(crate) async fn compare(plan: &Plan, turn: Duration) -> Result<Section> {
    let own = std::env::current_exe()?;
    let own = own.to_str().context("the path of this program is no text")?;
    let home = Home::new(&plan.doorward, 100)?;
    home.add_program(UPSTREAM, &[own, "stdio"])?;
    let token = home.pair("bench")?;
    let door = home.serve()?;
    let call = Call { tool: "echo", bytes: 1_000, wants: Wants::Echo };
    let mut sessions = load::open(&door.place(&token), 1, &call).await?;
    let (mut straight, mut through) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        straight.push(direct(own, turn).await?);
        let before = door.process.usage()?;
        let (back, measured) = load::closed(sessions, &call, turn).await?;
        sessions = back;
        let cpu = door.process.usage()?.cpu.saturating_sub(before.cpu);
        through.push(figures(Arm::Doorward, &measured, Some(cpu)));
    }
    let mut section = Section::new("allowed, 1 session, 1 KB, upstream over standard input and output");
    straight.sort_by(f64::total_cmp);
    through.sort_by(|one, other| one.p50.total_cmp(&other.p50));
    let direct = straight.get(plan.rounds / 2).copied().context("no round")?;
    let door = through.get(plan.rounds / 2).cloned().context("no round")?;
    section.figure("p50 directly", format!("{direct:.0} us"));
    section.targets = vec![Target::at_most("p50 added", door.p50 - direct, 100.0, " us")];
    section.arms = vec![door];
    Ok(section)
}

/// Microseconds of the middle call to the program itself.
async fn direct(program: &str, lasting: Duration) -> Result<f64> {
    let mut child = tokio::process::Command::new(program)
        .arg("stdio")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = child.stdin.take().context("no input")?;
    let mut output = BufReader::new(child.stdout.take().context("no output")?);
    let text = "x".repeat(1_000);
    let mut latency = Histogram::<u64>::new(3)?;
    let (started, mut line) = (Instant::now(), String::new());
    for id in 0_u64.. {
        if started.elapsed() >= lasting {
            break;
        }
        let call = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\"arguments\":{{\"text\":\"{text}\"}}}}}}\n"
        );
        let sent = Instant::now();
        input.write_all(call.as_bytes()).await?;
        line.clear();
        output.read_line(&mut line).await?;
        latency.record(u64::try_from(sent.elapsed().as_nanos())?)?;
        ensure!(line.contains(&format!("\"id\":{id},")) && line.contains(&text), "a wrong answer: {line}");
    }
    Ok(latency.value_at_quantile(0.5) as f64 / 1_000.0)
}
