//! `cargo xtask test`: set-up, then the steps in their order, each with its time; at the end a table and one line with
//! the number of tests. A step that fails says what to try next, and the command that runs it alone.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::arguments::TestOptions;
use crate::cargo::Cargo;
use crate::counts::Counts;
use crate::failure::Failure;
use crate::job::Job;
use crate::needs::Purpose;
use crate::node;
use crate::report::{Line, Outcome, closing_line, short_time, table};
use crate::setup;
use crate::steps::{Done, Parts, STEPS, Step};
use crate::workspace::Workspace;

/// How much longer a step may take in the deep run.
const DEEP_TIMES: u32 = 12;

pub(crate) fn run(options: &TestOptions) -> Result<ExitCode, Failure> {
    if options.list {
        print_list();
        return Ok(ExitCode::SUCCESS);
    }
    let steps = chosen(options)?;
    let workspace = Workspace::find()?;
    let started = Instant::now();
    println!("Doorward's tests on {}\n", setup::describe_machine());
    node::check()?;
    setup::system_packages(&[Purpose::Compile, Purpose::Window, Purpose::Test], &workspace)?;
    println!("Set-up: everything needed is here ({}).\n", short_time(started.elapsed()));

    let cargo = Cargo::new(&workspace).deep(options.deep);
    let mut parts = Parts { workspace, cargo };
    let mut lines = Vec::new();
    let mut failed = false;
    for (number, step) in steps.iter().enumerate() {
        if failed && !options.keep_going {
            let not_run = Outcome::NotRun;
            lines.push(Line {
                step: step.name,
                outcome: not_run,
                time: Duration::ZERO,
                counts: Counts::default(),
            });
            continue;
        }
        println!("[{}/{}] {}: {}", number + 1, steps.len(), step.name, step.what);
        let line = run_step(step, &mut parts, options);
        failed |= line.outcome == Outcome::Failed;
        lines.push(line);
    }

    println!("\n{}\n", table(&lines));
    println!("Whole run: {}. Logs: {}/", short_time(started.elapsed()), parts.workspace.typed(&logs(&parts)));
    for line in lines.iter().filter(|line| line.outcome == Outcome::Failed) {
        println!("Failed: {step}. Again, alone: cargo xtask test --only {step}", step = line.step);
    }
    println!("{}", closing_line(&lines));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// `cargo xtask generate`: the generator is a test that writes when it is told to, so that what it writes and what it
/// checks are the same.
pub(crate) fn generate() -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let mut job = Job::start(workspace.notes().join("generate.log"), Duration::from_secs(30 * 60), false);
    let program = Cargo::new(&workspace).only("test", &["ipc"]).args(["--test", "generated"]);
    let written = job.run(&program.env("DOORWARD_GENERATE", "1"));
    if written.is_err() {
        show_tail(&job);
    }
    written?;
    println!("Written: ui/src/ipc/generated");
    Ok(ExitCode::SUCCESS)
}

fn run_step(step: &Step, parts: &mut Parts, options: &TestOptions) -> Line {
    let started = Instant::now();
    let limit = step.limit() * if options.deep { DEEP_TIMES } else { 1 };
    let mut job = Job::start(logs(parts).join(format!("{}.log", step.name)), limit, options.verbose);
    let done = (step.work)(parts, &mut job);
    let counts = job.counts();
    let outcome = match judge(step, done, counts) {
        Ok(Done::Yes) => Outcome::Ok,
        Ok(Done::Skipped(why)) => Outcome::Skipped(why),
        Err(failure) => {
            show_tail(&job);
            println!("\nstep `{}` failed\n{failure}\ntry:   {}", step.name, step.hint);
            println!("again: cargo xtask test --only {}\n", step.name);
            Outcome::Failed
        }
    };
    let time = started.elapsed();
    match outcome {
        Outcome::Ok => println!("      ok, {}", short_time(time)),
        Outcome::Skipped(why) => println!("      nothing to do: {why}"),
        Outcome::Failed | Outcome::NotRun => {}
    }
    Line { step: step.name, outcome, time, counts }
}

/// A step whose programs ended well may still have failed: with a failed test that its runner forgave, or with no
/// test at all.
fn judge(step: &Step, done: Result<Done, Failure>, counts: Counts) -> Result<Done, Failure> {
    let done = done?;
    if counts.failed > 0 {
        return Err(Failure::new(
            format!("{} tests failed", counts.failed),
            "read what they printed, in the log",
        ));
    }
    if step.has_tests && done == Done::Yes && counts.passed == 0 {
        return Err(Failure::new(
            "it ran no test",
            "check that its tests are still where the step looks for them",
        ));
    }
    Ok(done)
}

/// The last lines of a job's log, set off from what is around them.
pub(crate) fn show_tail(job: &Job) {
    let mut lines = job.tail().peekable();
    if lines.peek().is_some() {
        println!("\n  the end of {}:", job.log().display());
    }
    for line in lines {
        println!("  | {line}");
    }
}

fn logs(parts: &Parts) -> std::path::PathBuf {
    parts.workspace.notes().join("logs")
}

fn print_list() {
    let width = STEPS.iter().map(|step| step.name.len()).max().unwrap_or(0);
    for step in &STEPS {
        println!("{:width$}  {}", step.name, step.what);
    }
}

fn chosen(options: &TestOptions) -> Result<Vec<&'static Step>, Failure> {
    let position = |name: &str| {
        STEPS.iter().position(|step| step.name == name).ok_or_else(|| {
            let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
            Failure::new(format!("unknown step `{name}`"), format!("the steps are: {}", names.join(", ")))
        })
    };
    let first = options.from.as_deref().map_or(Ok(0), position)?;
    let only = options.only.iter().map(|name| position(name)).collect::<Result<Vec<usize>, Failure>>()?;
    let is_chosen = |index: &usize| *index >= first && (only.is_empty() || only.contains(index));
    Ok(STEPS.iter().enumerate().filter(|(index, _)| is_chosen(index)).map(|(_, step)| step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &TestOptions) -> Vec<&'static str> {
        chosen(options).unwrap().into_iter().map(|step| step.name).collect()
    }

    #[test]
    fn all_steps_run_unless_some_are_named() {
        assert_eq!(names(&TestOptions::default()).len(), STEPS.len());
        let only = TestOptions { only: vec!["rust".into(), "format".into()], ..Default::default() };
        assert_eq!(names(&only), ["format", "rust"], "in the order of the list");
    }

    #[test]
    fn a_run_can_start_in_the_middle() {
        let from = TestOptions { from: Some("app".into()), ..Default::default() };
        assert_eq!(names(&from), ["app", "licences"]);
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_names_there_are() {
        let options = TestOptions { only: vec!["lint".into()], ..Default::default() };
        let Err(failure) = chosen(&options) else { panic!("it was accepted") };
        assert!(failure.to_string().contains("clippy"), "{failure}");
    }

    #[test]
    fn a_test_step_that_counts_no_test_has_failed() {
        let step = STEPS.iter().find(|step| step.has_tests).unwrap();
        assert!(judge(step, Ok(Done::Yes), Counts::default()).is_err());
        assert!(judge(step, Ok(Done::Yes), Counts { passed: 1, failed: 0 }).is_ok());
        assert!(
            judge(step, Ok(Done::Yes), Counts { passed: 1, failed: 1 }).is_err(),
            "a forgiven failure is one"
        );
    }
}
