//! `cargo xtask fuzz`: coverage-guided runs of the fuzz targets, one after the other, with the compiler at hand. What
//! is found stays in the target folder; what fails is named, with the file that makes it fail.

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use crate::arguments::FuzzOptions;
use crate::failure::Failure;
use crate::job::Job;
use crate::process::Program;
use crate::test::show_tail;
use crate::workspace::Workspace;

/// For building, beside the run.
const BUILD: Duration = Duration::from_secs(30 * 60);

pub(crate) fn run(options: &FuzzOptions) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let folder = workspace.root().join("src-tauri").join("crates").join("policy").join("fuzz");
    let targets = chosen(&folder.join("targets"), &options.targets)?;
    for target in targets {
        println!("{target}: {} minutes …", options.minutes);
        let limit = BUILD + Duration::from_secs(60 * options.minutes);
        let mut job =
            Job::start(workspace.notes().join("logs").join(format!("fuzz-{target}.log")), limit, false);
        let minutes = options.minutes.to_string();
        let script = folder.join("run").display().to_string();
        let program = Program::new("bash", &folder).args([script.as_str(), &target, &minutes]);
        let built = workspace.target().join("fuzz").display().to_string();
        if let Err(failure) = job.run(&program.env("CARGO_TARGET_DIR", &built)) {
            show_tail(&job);
            return Err(failure);
        }
        let printed = fs::read_to_string(job.log()).unwrap_or_default();
        for line in printed.lines().filter(|line| line.starts_with("stat::")) {
            println!("  {}", line.trim_start_matches("stat::"));
        }
    }
    println!("Nothing failed.");
    Ok(ExitCode::SUCCESS)
}

fn chosen(folder: &std::path::Path, only: &[String]) -> Result<Vec<String>, Failure> {
    let listed = fs::read_dir(folder).map_err(|error| {
        Failure::new(format!("cannot list `{}`: {error}", folder.display()), "check the clone is whole")
    })?;
    let mut found: Vec<String> = listed
        .flatten()
        .filter_map(|entry| entry.file_name().to_string_lossy().strip_suffix(".rs").map(str::to_owned))
        .collect();
    found.sort();
    if let Some(unknown) = only.iter().find(|name| !found.contains(name)) {
        return Err(Failure::new(
            format!("there is no fuzz target `{unknown}`"),
            format!("there are: {}", found.join(", ")),
        ));
    }
    Ok(found.into_iter().filter(|name| only.is_empty() || only.contains(name)).collect())
}
