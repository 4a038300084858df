//! `cargo xtask conformance`: runs the official conformance suites against an upstream of our own, straight at it and
//! through a gateway in front of it, and compares what each check said.
//!
//! The gateway's home is made for the run and thrown away with it. What only the gateway passes is shown apart; every
//! other difference counts, and so does a check that the upstream itself fails where it is not told to be lenient.

mod compare;
mod outcome;
mod service;
mod sets;
mod stage;
mod table;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::arguments::ConformanceOptions;
use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::job::Job;
use crate::needs::Purpose;
use crate::node;
use crate::report::short_time;
use crate::run::BUILD_LIMIT;
use crate::setup;
use crate::workspace::Workspace;
use compare::Comparison;
use sets::{Lane, SETS, Set};
use stage::Stage;

pub(crate) fn run(options: &ConformanceOptions) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let sets = chosen(options)?;
    let workspace = Workspace::find()?;
    node::check()?;
    let install_limit = Duration::from_secs(10 * 60);
    let mut job = Job::start(workspace.notes().join("conformance-packages.log"), install_limit, false);
    node::install(&workspace.conformance(), &mut job)?;
    if !options.direct_only && !options.built {
        build(&workspace)?;
    }

    let stage = Stage::set(&workspace, !options.direct_only)?;
    println!("Running {} sets of scenarios …", sets.len());
    let compared = play_all(&stage, &sets, &options.scenarios)?;
    drop(stage);
    if compared.is_empty() {
        return Err(Failure::new(
            "no set has a scenario of that name",
            "`cargo xtask conformance` without `--scenario` shows them all",
        ));
    }
    for comparison in &compared {
        print!("{}", if options.summary { table::line(comparison) } else { table::whole(comparison) });
    }
    println!("\nWhole run: {}.", short_time(started.elapsed()));
    print!("{}", table::ending(&compared));
    let is_sound = compared.iter().all(|comparison| comparison.differences().next().is_none());
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All sets, in their order. Most of a scenario is waiting, so sets of different lanes run at the same time; those of
/// one lane share upstreams, and so run one after the other.
fn play_all(stage: &Stage, sets: &[&'static Set], only: &[String]) -> Result<Vec<Comparison>, Failure> {
    let lane = |lane: Lane| {
        let own = sets.iter().enumerate().filter(move |(_, set)| set.lane() == lane);
        own.map(|(index, set)| Ok((index, played(stage, set, only)?))).collect::<Result<Vec<_>, Failure>>()
    };
    let lane = &lane;
    let mut compared = std::thread::scope(|scope| {
        let lanes = Lane::ALL.map(|each| scope.spawn(move || lane(each)));
        let mut compared = Vec::new();
        for outcome in lanes.map(std::thread::ScopedJoinHandle::join) {
            compared.extend(
                outcome.map_err(|_| Failure::new("a run broke off", "run it again, and report this"))??,
            );
        }
        Ok::<_, Failure>(compared)
    })?;
    compared.sort_by_key(|(index, _)| *index);
    Ok(compared.into_iter().map(|(_, comparison)| comparison).filter(|each| !each.is_empty()).collect())
}

/// One set on both sides; again, as often as the set allows, while they are not alike.
fn played(stage: &Stage, set: &'static Set, only: &[String]) -> Result<Comparison, Failure> {
    let mut left = set.tries;
    loop {
        let (direct, gateway) = stage.play(set, only)?;
        let comparison = Comparison::of(set, direct, gateway);
        left = left.saturating_sub(1);
        if left == 0 || comparison.differences().next().is_none() {
            return Ok(comparison);
        }
    }
}

fn build(workspace: &Workspace) -> Result<(), Failure> {
    setup::system_packages(&[Purpose::Compile], workspace)?;
    let mut job = Job::start(workspace.notes().join("conformance-build.log"), BUILD_LIMIT, false);
    let built = job.run(&Cargo::new(workspace).only("build", &["cli"]));
    if built.is_err() {
        crate::test::show_tail(&job);
    }
    built
}

fn chosen(options: &ConformanceOptions) -> Result<Vec<&'static Set>, Failure> {
    let is_chosen = |set: &&Set| {
        options.suites.is_empty() || options.suites.iter().any(|name| name == set.suite || name == set.name)
    };
    let sets: Vec<&Set> = SETS.iter().filter(is_chosen).collect();
    if sets.is_empty() {
        let names: Vec<String> = SETS.iter().map(|set| format!("{} {}", set.suite, set.name)).collect();
        return Err(Failure::new(
            "no suite and no set has that name",
            format!("the suites and their sets are: {}", names.join(", ")),
        ));
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_or_a_set_can_be_chosen_by_name() {
        let with = |names: &[&str]| ConformanceOptions {
            suites: names.iter().map(|name| (*name).to_owned()).collect(),
            ..ConformanceOptions::default()
        };
        assert_eq!(chosen(&with(&[])).unwrap().len(), SETS.len());
        assert!(
            chosen(&with(&["conformance-0.1"])).unwrap().iter().all(|set| set.suite == "conformance-0.1")
        );
        assert_eq!(chosen(&with(&["2026-07-28"])).unwrap().len(), 1);
        assert!(chosen(&with(&["conformance-9"])).is_err());
    }
}
