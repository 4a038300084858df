//! The three ways to the same upstream: straight, through the raw pipe, through the door. A scenario runs them in turn,
//! round after round, and takes the middle of the rounds: figures are comparable within one run only.

use crate::{
    door::{Door, Home, UPSTREAM},
    load::{self, Measured},
    process::{Process, Usage},
    session::{Call, Place, Session},
};
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Arm {
    Direct,
    Raw,
    Doorward,
}

pub(crate) const ARMS: [Arm; 3] = [Arm::Direct, Arm::Raw, Arm::Doorward];

/// One arm's figures: the middle of its rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) arm: Arm,
    pub(crate) calls: u64,
    pub(crate) per_second: f64,
    /// Microseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Microseconds of the process in the middle, per call; of none on the direct way.
    pub(crate) cpu: Option<f64>,
}

/// Everything that runs beside the load.
pub(crate) struct Bench {
    _upstream: Process,
    pipe: Process,
    pub(crate) door: Door,
    /// Of each arm; of the door one an agent.
    places: [Vec<Place>; 3],
}

/// Sessions that one agent opens here: it may have twice as many, and those of an earlier load are still open.
const SESSIONS_OF_ONE: usize = 16;
const AGENTS: usize = 4;

impl Bench {
    /// An upstream that answers in JSON or as an event stream, the pipe to it, and the door of new agents.
    pub(crate) fn start(home: &Home, is_stream: bool) -> Result<Bench> {
        Bench::start_watched(home, is_stream, |_| {})
    }

    /// The same; every line that the door prints goes to `look`.
    pub(crate) fn start_watched(
        home: &Home,
        is_stream: bool,
        look: impl FnMut(&str) + Send + 'static,
    ) -> Result<Bench> {
        let mut upstream = Process::part(if is_stream { &["upstream", "--stream"] } else { &["upstream"] })?;
        let address = upstream.address()?;
        let mut pipe = Process::part(&["pipe", &address.to_string()])?;
        let piped = pipe.address()?;
        home.add_address(UPSTREAM, address)?;
        let tokens =
            (0..AGENTS).map(|number| home.pair(&format!("bench-{number}"))).collect::<Result<Vec<_>>>()?;
        let door = home.serve_watched(look)?;
        let place = |address| vec![Place { address, path: "/mcp".to_owned(), token: None }];
        let through = tokens.iter().map(|token| door.place(token)).collect();
        let places = [place(address), place(piped), through];
        Ok(Bench { _upstream: upstream, pipe, door, places })
    }

    /// Opens so many sessions on an arm; those on the door belong to several agents.
    pub(crate) async fn open(&self, arm: Arm, sessions: usize, call: &Call) -> Result<Vec<Session>> {
        let [direct, raw, doorward] = &self.places;
        let (places, most) = match arm {
            Arm::Direct => (direct, usize::MAX),
            Arm::Raw => (raw, usize::MAX),
            Arm::Doorward => (doorward, SESSIONS_OF_ONE),
        };
        let mut opened = Vec::with_capacity(sessions);
        for place in places {
            let missing = sessions - opened.len();
            opened.extend(load::open(place, missing.min(most), call).await?);
        }
        ensure!(opened.len() == sessions, "{sessions} sessions are more than {AGENTS} agents open here");
        Ok(opened)
    }

    fn usage(&self, arm: Arm) -> Result<Option<Usage>> {
        match arm {
            Arm::Direct => Ok(None),
            Arm::Raw => self.pipe.usage().map(Some),
            Arm::Doorward => self.door.process.usage().map(Some),
        }
    }

    /// The same load on every arm in turn; `load` gives the sessions back.
    pub(crate) async fn compare(
        &self,
        sessions: usize,
        calls: [&Call; 3],
        rounds: usize,
        load: &Load,
    ) -> Result<Vec<Figures>> {
        let mut opened: Vec<Option<Vec<Session>>> = Vec::new();
        for (arm, call) in ARMS.into_iter().zip(calls) {
            opened.push(Some(self.open(arm, sessions, call).await?));
        }
        let mut rows: [Vec<Figures>; 3] = Default::default();
        for _ in 0..rounds {
            for (((arm, call), sessions), rows) in ARMS.into_iter().zip(calls).zip(&mut opened).zip(&mut rows)
            {
                let before = self.usage(arm)?;
                let own = sessions.take().context("the sessions are in use")?;
                let (back, measured) = load.run(own, call).await?;
                *sessions = Some(back);
                // What is written behind belongs to these calls as well.
                if arm == Arm::Doorward {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                let cpu =
                    before.zip(self.usage(arm)?).map(|(before, after)| after.cpu.saturating_sub(before.cpu));
                rows.push(figures(arm, &measured, cpu));
            }
        }
        rows.into_iter().map(middle).collect()
    }
}

/// How the calls come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    Closed { lasting: Duration },
    Open { per_second: u32, lasting: Duration },
}

impl Load {
    async fn run(&self, sessions: Vec<Session>, call: &Call) -> Result<(Vec<Session>, Measured)> {
        match *self {
            Load::Closed { lasting } => load::closed(sessions, call, lasting).await,
            Load::Open { per_second, lasting } => load::open_loop(sessions, call, per_second, lasting).await,
        }
    }
}

pub(crate) fn figures(arm: Arm, measured: &Measured, cpu: Option<Duration>) -> Figures {
    let calls = measured.calls();
    let per_call = |cpu: Duration| cpu.as_secs_f64() * 1e6 / calls.max(1) as f64;
    Figures {
        arm,
        calls,
        per_second: measured.per_second(),
        p50: measured.quantile(0.5),
        p99: measured.quantile(0.99),
        cpu: cpu.map(per_call),
    }
}

/// Each figure's median over the rounds.
fn middle(rounds: Vec<Figures>) -> Result<Figures> {
    let arm = rounds.first().context("no round")?.arm;
    let median = |of: &dyn Fn(&Figures) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Ok(Figures {
        arm,
        calls: rounds.iter().map(|figures| figures.calls).sum(),
        per_second: median(&|figures| figures.per_second),
        p50: median(&|figures| figures.p50),
        p99: median(&|figures| figures.p99),
        cpu: rounds
            .iter()
            .all(|figures| figures.cpu.is_some())
            .then(|| median(&|figures| figures.cpu.unwrap_or(0.0))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_rounds_is_taken_figure_by_figure() {
        let round =
            |p50, cpu| Figures { arm: Arm::Raw, calls: 10, per_second: 1.0, p50, p99: 9.0, cpu: Some(cpu) };
        let middle =
            middle(vec![round(3.0, 30.0), round(1.0, 10.0), round(2.0, 90.0)]).expect("three rounds");
        assert_eq!((middle.calls, middle.p50, middle.cpu), (30, 2.0, Some(30.0)));
    }
}
