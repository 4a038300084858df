//! A long run at a high pace: what it holds and how long it takes must not grow.

use crate::{
    Plan,
    arms::{Arm, Bench},
    door::Home,
    load,
    process::Usage,
    report::{Section, Target},
    session::{Call, Wants},
};
use anyhow::{Context, Result};
use std::time::Duration;

/// How many equal parts the run is looked at in; the first is for warming up.
const PARTS: u32 = 10;
const SESSIONS: usize = 16;
const PER_SECOND: u32 = 2_000;
/// Calls that are refused are on the disk before anybody is told: their time is the journal's.
const DENIED: usize = 200;

/// One part's end.
struct Part {
    usage: Usage,
    /// Microseconds of an allowed call and of one that is refused.
    allowed: f64,
    denied: f64,
}

pub(crate) async fn long(plan: &Plan) -> Result<Section> {
    let home = Home::new(&plan.doorward, 100)?;
    let bench = Bench::start(&home, false)?;
    let (echo, forbidden) = (
        Call { tool: "echo", bytes: 1_000, wants: Wants::Echo },
        Call { tool: "forbidden", bytes: 1_000, wants: Wants::Refusal },
    );
    let mut sessions = bench.open(Arm::Doorward, SESSIONS, &echo).await?;
    let mut refused = bench.open(Arm::Doorward, 1, &forbidden).await?;
    let lasting = Duration::from_secs_f64(plan.soak_minutes * 60.0 / f64::from(PARTS));
    let (mut parts, mut calls) = (Vec::new(), 0);
    for _ in 0..PARTS {
        let (back, measured) = load::open_loop(sessions, &echo, PER_SECOND, lasting).await?;
        sessions = back;
        calls += measured.calls();
        let (back, denied) = load::counted(refused, &forbidden, DENIED).await?;
        refused = back;
        let usage = bench.door.process.usage()?;
        parts.push(Part { usage, allowed: measured.quantile(0.5), denied: denied.quantile(0.5) });
    }
    let ([_, early, ..], Some(last)) = (parts.as_slice(), parts.last()) else {
        return Err(anyhow::anyhow!("a soak has at least two parts"));
    };
    let mut section = Section::new(format!(
        "{:.0} minutes at {PER_SECOND} calls a second, {SESSIONS} sessions",
        plan.soak_minutes
    ));
    section.figure("calls", calls.to_string());
    let listed = |of: fn(&Part) -> f64| {
        parts.iter().map(|part| format!("{:.0}", of(part))).collect::<Vec<_>>().join(", ")
    };
    section.figure("resident, MiB", listed(|part| part.usage.resident_kib as f64 / 1_024.0));
    section.figure("descriptors", listed(|part| part.usage.descriptors as f64));
    section.figure("p50 of an allowed call, us", listed(|part| part.allowed));
    section.figure("p50 of a refused call, us", listed(|part| part.denied));
    let grown = |of: fn(&Part) -> f64| of(last) / of(early).max(1.0);
    section.targets = vec![
        Target::at_most(
            "resident, last part against the second",
            grown(|part| part.usage.resident_kib as f64),
            1.1,
            " x",
        ),
        Target::at_most(
            "descriptors more than in the second part",
            last.usage.descriptors.saturating_sub(early.usage.descriptors) as f64,
            4.0,
            "",
        ),
        Target::at_most(
            "p50 of an allowed call, last part against the second",
            grown(|part| part.allowed),
            1.3,
            " x",
        ),
        Target::at_most(
            "p50 of a refused call, last part against the second",
            grown(|part| part.denied),
            1.3,
            " x",
        ),
    ];
    drop(sessions);
    bench.door.process.usage().context("the door ended during the soak")?;
    Ok(section)
}
