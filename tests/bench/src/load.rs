//! Load: N sessions that call one after the other (closed loop), or calls at a fixed pace whatever comes back (open
//! loop). An open loop's latency counts from when a call was due, not from when there was room to send it.

use crate::session::{Call, Place, Session};
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, task::JoinSet};

/// Nanoseconds up to a minute, to three digits.
fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1_000, 60_000_000_000, 3)?)
}

/// What one stretch of load came to.
pub(crate) struct Measured {
    pub(crate) latency: Histogram<u64>,
    pub(crate) took: Duration,
}

impl Measured {
    pub(crate) fn calls(&self) -> u64 {
        self.latency.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.calls() as f64 / self.took.as_secs_f64()
    }

    /// Microseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1_000.0
    }
}

/// Opens the sessions, warmed by a few calls each.
pub(crate) async fn open(place: &Place, sessions: usize, call: &Call) -> Result<Vec<Session>> {
    let mut opened = Vec::with_capacity(sessions);
    for _ in 0..sessions {
        let mut session = Session::open(place).await?;
        for _ in 0..3 {
            session.call(call).await?;
        }
        opened.push(session);
    }
    Ok(opened)
}

/// Each session calls as soon as it has its answer. The sessions come back for the next stretch.
pub(crate) async fn closed(
    sessions: Vec<Session>,
    call: &Call,
    lasting: Duration,
) -> Result<(Vec<Session>, Measured)> {
    let started = Instant::now();
    let end = started + lasting;
    let mut running = JoinSet::new();
    for mut session in sessions {
        let call = call.clone();
        running.spawn(async move {
            let mut latency = histogram()?;
            loop {
                let sent = Instant::now();
                if sent >= end {
                    return Ok::<_, anyhow::Error>((session, latency));
                }
                session.call(&call).await?;
                latency.saturating_record(nanoseconds(sent.elapsed()));
            }
        });
    }
    let (back, all) = gathered(running).await?;
    Ok((back, Measured { latency: all, took: started.elapsed() }))
}

/// All sessions and all their latencies, once each has ended.
async fn gathered(
    mut running: JoinSet<Result<(Session, Histogram<u64>)>>,
) -> Result<(Vec<Session>, Histogram<u64>)> {
    let (mut back, mut all) = (Vec::new(), histogram()?);
    while let Some(ended) = running.join_next().await {
        let (session, latency) = ended??;
        all.add(&latency)?;
        back.push(session);
    }
    Ok((back, all))
}

/// A number of calls by the first session, one after the other.
pub(crate) async fn counted(
    mut sessions: Vec<Session>,
    call: &Call,
    calls: usize,
) -> Result<(Vec<Session>, Measured)> {
    let session = sessions.first_mut().context("no session")?;
    let (started, mut latency) = (Instant::now(), histogram()?);
    for _ in 0..calls {
        let sent = Instant::now();
        session.call(call).await?;
        latency.saturating_record(nanoseconds(sent.elapsed()));
    }
    Ok((sessions, Measured { latency, took: started.elapsed() }))
}

/// Calls are due at a fixed pace; each is made by the next session that is free. The clock is a thread of its own, as
/// the runtime's timers tick in whole milliseconds.
pub(crate) async fn open_loop(
    sessions: Vec<Session>,
    call: &Call,
    per_second: u32,
    lasting: Duration,
) -> Result<(Vec<Session>, Measured)> {
    let (due, waiting) = tokio::sync::mpsc::unbounded_channel::<Instant>();
    let started = Instant::now();
    let clock = std::thread::spawn(move || {
        let pause = Duration::from_secs_f64(1.0 / f64::from(per_second));
        let mut next = started;
        while next < started + lasting {
            let now = Instant::now();
            if next > now {
                std::thread::sleep(next - now);
            }
            if due.send(next).is_err() {
                return;
            }
            next += pause;
        }
    });
    let waiting = Arc::new(Mutex::new(waiting));
    let mut running = JoinSet::new();
    for mut session in sessions {
        let (call, waiting) = (call.clone(), Arc::clone(&waiting));
        running.spawn(async move {
            let mut latency = histogram()?;
            loop {
                let Some(due) = waiting.lock().await.recv().await else {
                    return Ok::<_, anyhow::Error>((session, latency));
                };
                session.call(&call).await?;
                latency.saturating_record(nanoseconds(due.elapsed()));
            }
        });
    }
    let (back, all) = gathered(running).await?;
    clock.join().ok().context("the clock's thread broke")?;
    Ok((back, Measured { latency: all, took: started.elapsed() }))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
