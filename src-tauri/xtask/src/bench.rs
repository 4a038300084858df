//! `cargo xtask bench`: runs the benchmarks of the crates that have one, one after the other, and prints what each
//! measured as a table. Figures are of this machine and this moment: compare within one run.

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::bench_door;
use crate::bench_ui;
use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::job::Job;
use crate::report::short_time;
use crate::setup;
use crate::test::show_tail;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(60 * 60);

/// One criterion figure: name, and lowest, middle and highest estimate as printed.
#[derive(Debug, PartialEq, Eq)]
struct Figure {
    name: String,
    middle: String,
    range: String,
}

/// `only` are packages, `door` or `ui`; all that have a benchmark where it is empty.
pub(crate) fn run(only: &[String]) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
    let of_crates: Vec<String> = only
        .iter()
        .filter(|name| ![bench_door::NAME, bench_ui::NAME].contains(&name.as_str()))
        .cloned()
        .collect();
    let packages =
        if only.is_empty() || !of_crates.is_empty() { chosen(&workspace, &of_crates)? } else { Vec::new() };
    let mut cargo = Cargo::new(&workspace);
    println!("Doorward's benchmarks on {}", setup::describe_machine());
    for package in packages {
        let started = Instant::now();
        let printed = printed(&workspace, &package, LIMIT, |job| {
            cargo.fetch(job)?;
            job.run(&cargo.only("bench", &[&package]).args(["--benches", "--", "--noplot"]))
        })?;
        println!("\n{package} ({})", short_time(started.elapsed()));
        print!("{}", table(&figures(&printed)));
    }
    if is_wanted(bench_door::NAME) {
        bench_door::run(&workspace, &mut cargo)?;
    }
    if is_wanted(bench_ui::NAME) {
        bench_ui::run(&workspace, &mut cargo)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `work` printed, as a program of its own with a log and a limit.
pub(crate) fn printed(
    workspace: &Workspace,
    name: &str,
    limit: Duration,
    work: impl FnOnce(&mut Job) -> Result<(), Failure>,
) -> Result<String, Failure> {
    let log = workspace.notes().join("logs").join(format!("bench-{name}.log"));
    let mut job = Job::start(log, limit, false);
    if let Err(failure) = work(&mut job) {
        show_tail(&job);
        return Err(failure);
    }
    Ok(fs::read_to_string(job.log()).unwrap_or_default())
}

/// Crates with a folder of benchmarks.
fn chosen(workspace: &Workspace, only: &[String]) -> Result<Vec<String>, Failure> {
    let crates = workspace.root().join("src-tauri").join("crates");
    let listed = fs::read_dir(&crates).map_err(|error| {
        Failure::new(format!("cannot list `{}`: {error}", crates.display()), "check the clone is whole")
    })?;
    let mut found: Vec<String> = listed
        .flatten()
        .filter(|entry| entry.path().join("benches").is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    if let Some(unknown) = only.iter().find(|name| !found.contains(name)) {
        return Err(Failure::new(
            format!("there is no benchmark of `{unknown}`"),
            format!("there are: {}, {}, {}", found.join(", "), bench_door::NAME, bench_ui::NAME),
        ));
    }
    Ok(found.into_iter().filter(|name| only.is_empty() || only.contains(name)).collect())
}

/// `name  time: [low middle high]`, where a long name stands on the line before.
fn figures(printed: &str) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut before = "";
    for line in printed.lines() {
        if let Some((name, estimate)) = line.split_once("time:") {
            let words: Vec<&str> =
                estimate.trim().trim_start_matches('[').trim_end_matches(']').split_whitespace().collect();
            if let [low, low_unit, middle, middle_unit, high, high_unit] = words.as_slice() {
                let name = if name.trim().is_empty() { before } else { name }.trim().to_owned();
                figures.push(Figure {
                    name,
                    middle: format!("{middle} {middle_unit}"),
                    range: format!("{low} {low_unit} to {high} {high_unit}"),
                });
            }
        }
        before = line;
    }
    figures
}

fn table(figures: &[Figure]) -> String {
    let width = figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
    figures
        .iter()
        .map(|Figure { name, middle, range }| format!("  {name:<width$}  {middle:>10}   {range}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_with_their_names_on_the_line_or_before_it() {
        let printed = "compile/1,000 policies  time:   [7.2453 ms 7.2703 ms 7.2967 ms]\n\
                       decide/11 of 1,000, held\n                        time:   [894.92 ns 895.94 ns 896.97 ns]\n\
                       Found 5 outliers among 100 measurements (5.00%)\n";
        let figure = |name: &str, middle: &str, range: &str| Figure {
            name: name.to_owned(),
            middle: middle.to_owned(),
            range: range.to_owned(),
        };
        assert_eq!(
            figures(printed),
            [
                figure("compile/1,000 policies", "7.2703 ms", "7.2453 ms to 7.2967 ms"),
                figure("decide/11 of 1,000, held", "895.94 ns", "894.92 ns to 896.97 ns"),
            ]
        );
        assert!(table(&figures(printed)).contains("decide/11 of 1,000, held   895.94 ns"));
    }

    #[test]
    fn a_mistyped_package_is_refused_with_the_names_there_are() {
        let failure = chosen(&Workspace::find().unwrap(), &["polciy".to_owned()]).unwrap_err();
        assert!(failure.to_string().contains("there are: journal, policy"), "{failure}");
    }
}
