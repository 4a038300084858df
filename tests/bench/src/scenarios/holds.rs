//! A crowd of held calls: what each costs while it waits, what others notice of it, and how fast all are let go.

use crate::{
    Plan,
    arms::{Arm, Bench},
    door::Home,
    load,
    report::{Section, Target},
    session::{Call, Session, Wants},
};
use anyhow::{Context, Result, bail};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// As many as one agent may have.
const HOLDS_OF_ONE: usize = 50;
const LISTEN: Duration = Duration::from_secs(30);

pub(crate) async fn crowd(plan: &Plan) -> Result<Section> {
    let home = Home::new(&plan.doorward, 100)?;
    let agents = plan.holds.div_ceil(HOLDS_OF_ONE);
    let mut tokens = Vec::with_capacity(agents);
    for number in 0..agents {
        let name = format!("agent-{number}");
        tokens.push(home.pair(&name)?);
        // Nobody is to be asked to call again while the crowd is looked at.
        home.run(&["agent", "wait", &name, "2h"])?;
    }
    let (shown, ids) = mpsc::channel();
    let mut bench = Bench::start_watched(&home, false, move |line| {
        if let Some(id) = line.trim().strip_prefix("approve ").and_then(|rest| rest.split_whitespace().next())
        {
            let _ = shown.send(id.to_owned());
        }
    })?;
    let other = Call { tool: "echo", bytes: 1_000, wants: Wants::Echo };
    let others = bench.open(Arm::Doorward, 1, &other).await?;
    let (others, alone) = load::closed(others, &other, Duration::from_secs(5)).await?;

    let before = bench.door.process.usage()?;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut waiting = JoinSet::new();
    for (number, token) in tokens.iter().enumerate() {
        let own = HOLDS_OF_ONE.min(plan.holds - number * HOLDS_OF_ONE);
        let place = bench.door.place(token);
        let first = Session::open(&place).await?;
        for nth in 0..own {
            let mut session = first.join(nth).await?;
            let answered = Arc::clone(&answered);
            waiting.spawn(async move {
                let asked = Call { tool: "asked", bytes: 1_000, wants: Wants::Echo };
                session.call(&asked).await?;
                answered.fetch_add(1, Ordering::Relaxed);
                Ok::<_, anyhow::Error>(())
            });
        }
    }
    let mut held = Vec::with_capacity(plan.holds);
    while held.len() < plan.holds {
        match ids.recv_timeout(Duration::from_secs(60)) {
            Ok(id) => held.push(id),
            Err(_) => bail!("only {} of {} calls were held within a minute", held.len(), plan.holds),
        }
        if let Some(ended) = waiting.try_join_next() {
            ended??;
            bail!("a call that should be held was answered");
        }
    }
    let during = bench.door.process.usage()?;
    let each = during.resident_kib.saturating_sub(before.resident_kib) as f64 / plan.holds as f64;
    let (others, beside) = load::closed(others, &other, Duration::from_secs(5)).await?;
    let quiet = bench.door.process.usage()?;
    tokio::time::sleep(LISTEN).await;
    let progress =
        bench.door.process.usage()?.cpu.saturating_sub(quiet.cpu).as_secs_f64() / LISTEN.as_secs_f64();

    let started = Instant::now();
    for id in &held {
        bench.door.process.type_line(&format!("approve {id}"))?;
    }
    while let Some(ended) = waiting.join_next().await {
        ended.context("a waiter broke")??;
    }
    let approved = started.elapsed();
    drop(others);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = bench.door.process.usage()?;

    let mut section = Section::new(format!("{} calls held at once, of {agents} agents", plan.holds));
    section.figure("answered once each", answered.load(Ordering::Relaxed).to_string());
    section.figure("descriptors while held", during.descriptors.to_string());
    section.figure(
        "resident before, during, after",
        format!(
            "{}, {}, {} MiB",
            before.resident_kib / 1024,
            during.resident_kib / 1024,
            after.resident_kib / 1024
        ),
    );
    let given_back = (during.resident_kib.saturating_sub(after.resident_kib)) as f64
        / during.resident_kib.saturating_sub(before.resident_kib).max(1) as f64;
    section.targets = vec![
        Target::at_most("resident for each", each, 32.0, " KiB"),
        Target::at_least("of that given back after the release", given_back, 0.8, ""),
        Target::at_most(
            "p50 of other calls, against before",
            beside.quantile(0.5) / alone.quantile(0.5),
            1.1,
            " x",
        ),
        Target::at_most("all approved and answered", approved.as_secs_f64(), 5.0, " s"),
        Target::at_most("CPU of one core for the progress of all", progress * 100.0, 10.0, " %"),
    ];
    Ok(section)
}
