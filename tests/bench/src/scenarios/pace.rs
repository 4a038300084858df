//! Allowed and denied calls over HTTP: how fast, how many, at what cost, against the direct way and the raw pipe.

use crate::{
    Plan,
    arms::{ARMS, Arm, Bench, Figures, Load},
    door::Home,
    plot::Point,
    report::{Section, Target},
    session::{Call, Wants},
};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

const POLICIES: usize = 100;

fn echo(bytes: usize) -> Call {
    Call { tool: "echo", bytes, wants: Wants::Echo }
}

/// 1, 16 and 64 sessions, calls of 1 KB.
pub(crate) async fn sessions(plan: &Plan, turn: Duration) -> Result<Vec<Section>> {
    let home = Home::new(&plan.doorward, POLICIES)?;
    let bench = Bench::start(&home, false)?;
    let call = echo(1_000);
    let mut sections = Vec::new();
    for sessions in [1, 16, 64] {
        let load = Load::Closed { lasting: turn };
        let mut section = Section::new(format!("allowed, {sessions} sessions, 1 KB"));
        section.arms = bench.compare(sessions, [&call; 3], plan.rounds, &load).await?;
        let [direct, raw, door] = arms(&section)?;
        let mut targets = Vec::new();
        if sessions == 1 {
            let added = |figures: &Figures, of: fn(&Figures) -> f64| of(figures) - of(&direct);
            let ratio = |of: fn(&Figures) -> f64| added(&door, of) / added(&raw, of).max(1.0);
            targets.push(Target::at_most("p50 added, against the raw pipe's", ratio(|f| f.p50), 2.0, " x"));
            targets.push(Target::at_most("p99 added, against the raw pipe's", ratio(|f| f.p99), 2.5, " x"));
        } else {
            let part = door.per_second / raw.per_second;
            targets.push(Target::at_least("calls a second, against the raw pipe's", part, 0.6, " x"));
        }
        if sessions == 16 {
            targets.push(Target::at_most(
                "CPU a call, against the raw pipe's",
                cpu_ratio(&door, &raw)?,
                2.0,
                " x",
            ));
        }
        section.targets = targets;
        sections.push(section);
    }
    Ok(sections)
}

/// Latency at growing paces, for the picture; it stops where the slowest arm does not keep up.
pub(crate) async fn curve(plan: &Plan, turn: Duration) -> Result<Vec<Point>> {
    let home = Home::new(&plan.doorward, POLICIES)?;
    let bench = Bench::start(&home, false)?;
    let call = echo(1_000);
    let mut points = Vec::new();
    for per_second in [500, 1_000, 2_000, 4_000, 6_000, 8_000, 12_000, 16_000] {
        let load = Load::Open { per_second, lasting: turn };
        let figures = bench.compare(16, [&call; 3], 1, &load).await?;
        let is_kept = |figures: &Figures| figures.per_second > 0.9 * f64::from(per_second);
        let behind = figures.iter().filter(|figures| !is_kept(figures)).count();
        points.extend(figures.iter().filter(|figures| is_kept(figures)).map(|figures| Point {
            arm: figures.arm,
            load: f64::from(per_second),
            p50: figures.p50,
            p99: figures.p99,
        }));
        if behind == ARMS.len() {
            break;
        }
    }
    Ok(points)
}

/// 1 MB there and back, against the raw pipe and one parse of it.
pub(crate) async fn megabyte(plan: &Plan, turn: Duration) -> Result<Section> {
    let home = Home::new(&plan.doorward, POLICIES)?;
    let bench = Bench::start(&home, false)?;
    let call = echo(1_000_000);
    let mut section = Section::new("allowed, 4 sessions, 1 MB there and back");
    section.arms = bench.compare(4, [&call; 3], plan.rounds, &Load::Closed { lasting: turn }).await?;
    let [_, raw, door] = arms(&section)?;
    let parse = one_parse(1_000_000)?;
    let limit = 1.5 * cpu(&raw)? + parse;
    section.figure("one JSON parse of it", format!("{parse:.0} us"));
    section.targets = vec![Target::at_most(
        "CPU a call, against 1.5 x the raw pipe's and a parse",
        cpu(&door)? / limit,
        1.0,
        " x",
    )];
    Ok(section)
}

/// An upstream that answers with event streams.
pub(crate) async fn stream(plan: &Plan, turn: Duration) -> Result<Section> {
    let home = Home::new(&plan.doorward, POLICIES)?;
    let bench = Bench::start(&home, true)?;
    let call = echo(1_000);
    let mut section = Section::new("allowed, 16 sessions, 1 KB, answered as an event stream");
    section.arms = bench.compare(16, [&call; 3], plan.rounds, &Load::Closed { lasting: turn }).await?;
    let [_, raw, door] = arms(&section)?;
    section.figure("CPU a call, against the raw pipe's", format!("{:.2} x", cpu_ratio(&door, &raw)?));
    Ok(section)
}

/// A denied call needs no second hop.
pub(crate) async fn denied(plan: &Plan, turn: Duration) -> Result<Section> {
    let home = Home::new(&plan.doorward, POLICIES)?;
    let bench = Bench::start(&home, false)?;
    let (call, denied) = (echo(1_000), Call { tool: "forbidden", bytes: 1_000, wants: Wants::Refusal });
    let mut section = Section::new("denied, 1 session, 1 KB (the other arms: allowed)");
    let load = Load::Closed { lasting: turn };
    section.arms = bench.compare(1, [&call, &call, &denied], plan.rounds, &load).await?;
    let [_, raw, door] = arms(&section)?;
    section.targets = vec![Target::at_most("p50, against the raw pipe's", door.p50 / raw.p50, 1.0, " x")];
    Ok(section)
}

/// Direct, raw, Doorward.
fn arms(section: &Section) -> Result<[Figures; 3]> {
    let arm = |arm: Arm| section.arm(arm).cloned().context("an arm is missing");
    Ok([arm(Arm::Direct)?, arm(Arm::Raw)?, arm(Arm::Doorward)?])
}

fn cpu(figures: &Figures) -> Result<f64> {
    figures.cpu.context("no CPU was measured")
}

fn cpu_ratio(door: &Figures, raw: &Figures) -> Result<f64> {
    Ok(cpu(door)? / cpu(raw)?)
}

/// Microseconds to read a call of so many bytes once, by the usual library.
fn one_parse(bytes: usize) -> Result<f64> {
    let text = format!(r#"{{"arguments":{{"text":"{}"}}}}"#, "x".repeat(bytes));
    let rounds: u32 = 20;
    let started = Instant::now();
    for _ in 0..rounds {
        let _: serde_json::Value = serde_json::from_str(std::hint::black_box(&text))?;
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds))
}
