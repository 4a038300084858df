//! What is measured, one after the other; each has its own home and processes.

mod holds;
mod listing;
mod pace;
mod soak;
mod start;
mod stdio;

use crate::{Plan, plot, report::Section};
use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{fs, time::Duration};

const NAMES: [&str; 9] =
    ["sessions", "megabyte", "stream", "denied", "stdio", "listing", "holds", "start", "soak"];

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    println!("The door beside the direct way and the raw pipe");
    raise_limit_of_open_files();
    let turn = Duration::from_secs_f64(plan.seconds);
    let mut sections: Vec<Section> = Vec::new();
    let mut show = |section: Section| {
        print!("{}", section.text());
        sections.push(section);
    };
    for name in NAMES {
        if !plan.only.is_empty() && !plan.only.iter().any(|only| name.starts_with(only.as_str())) {
            continue;
        }
        let failed = || format!("the scenario `{name}` failed");
        match name {
            "sessions" => {
                for section in pace::sessions(plan, turn).await.with_context(failed)? {
                    show(section);
                }
                let points = pace::curve(plan, turn).await.with_context(failed)?;
                fs::write(plan.out.join("latency.svg"), plot::svg(&points))?;
            }
            "megabyte" => show(pace::megabyte(plan, turn).await.with_context(failed)?),
            "stream" => show(pace::stream(plan, turn).await.with_context(failed)?),
            "denied" => show(pace::denied(plan, turn).await.with_context(failed)?),
            "stdio" => show(stdio::compare(plan, turn).await.with_context(failed)?),
            "holds" => show(holds::crowd(plan).await.with_context(failed)?),
            "listing" => show(listing::lists(plan).await.with_context(failed)?),
            "soak" => show(soak::long(plan).await.with_context(failed)?),
            _ => show(start::times(plan).await.with_context(failed)?),
        }
    }
    let missed = sections.iter().flat_map(|section| &section.targets).filter(|target| !target.holds).count();
    println!("\n{missed} targets missed");
    fs::write(plan.out.join("results.json"), serde_json::to_string_pretty(&sections)? + "\n")?;
    Ok(())
}

/// As far as this process may; a crowd of connections needs it.
fn raise_limit_of_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
