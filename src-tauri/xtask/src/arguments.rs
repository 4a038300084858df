//! Reads the command line. Anything not understood is an error that names it: a mistyped option never changes what
//! is run in silence.

use std::path::PathBuf;

use crate::failure::Failure;

pub(crate) const HELP: &str = "\
cargo xtask run  [--home DIR]        install what is missing, build, and start Doorward
                                     (without a display: a practice gateway in this terminal)
cargo xtask test [--only STEP]...    run every test of every layer, or only the steps named
                 [--from STEP]       start at this step
                 [--keep-going]      run the later steps although one has failed
                 [--verbose]         show everything the steps print
                 [--list]            list the steps and stop
cargo xtask deep [the same options]  the tests with their full counts, which takes hours
cargo xtask conformance              run the official MCP conformance suites, straight at an upstream of our own and
                                     through the gateway, and compare check by check
                 [--summary]         one line a set, and what differs
                 [--suite NAME]...   only this suite, or this set
                 [--scenario NAME]...  only these scenarios
                 [--direct-only]     without the gateway
                 [--built]           with `doorward` as it is built, not built again
cargo xtask bench [PACKAGE]...       measure what has a benchmark, and print the figures as a table;
                                     `ui` is the app: from a hold to its notification, from a click to the call
cargo xtask fuzz [TARGET]...         feed the parsers with made-up input, each target for a while
                 [--minutes N]       for so long; 10 without it
cargo xtask pictures                 take the pictures of the README from the running app
cargo xtask generate                 write the TypeScript that comes from Rust types";

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    Run(RunOptions),
    Test(TestOptions),
    Conformance(ConformanceOptions),
    Bench(Vec<String>),
    Fuzz(FuzzOptions),
    Pictures,
    Generate,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunOptions {
    pub(crate) home: Option<PathBuf>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestOptions {
    pub(crate) only: Vec<String>,
    pub(crate) from: Option<String>,
    pub(crate) keep_going: bool,
    pub(crate) verbose: bool,
    pub(crate) list: bool,
    /// With full counts.
    pub(crate) deep: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ConformanceOptions {
    pub(crate) summary: bool,
    /// Suites, or sets of one.
    pub(crate) suites: Vec<String>,
    pub(crate) scenarios: Vec<String>,
    pub(crate) direct_only: bool,
    pub(crate) built: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FuzzOptions {
    /// All where it is empty.
    pub(crate) targets: Vec<String>,
    pub(crate) minutes: u64,
}

pub(crate) fn parse(arguments: &[String]) -> Result<Task, Failure> {
    let mut rest = arguments.iter();
    match rest.next().map(String::as_str) {
        None | Some("help" | "--help" | "-h") => Ok(Task::Help),
        Some("run") => parse_run(rest),
        Some("test") => parse_test(rest, false),
        Some("deep") => parse_test(rest, true),
        Some("conformance") => parse_conformance(rest),
        Some("bench") => parse_bench(rest),
        Some("fuzz") => parse_fuzz(rest),
        Some(task @ ("generate" | "pictures")) => match rest.next() {
            None if task == "pictures" => Ok(Task::Pictures),
            None => Ok(Task::Generate),
            Some(other) => Err(unknown("option", other)),
        },
        Some(other) => Err(unknown("task", other)),
    }
}

fn parse_run<'a>(mut rest: impl Iterator<Item = &'a String>) -> Result<Task, Failure> {
    let mut options = RunOptions::default();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--home" => options.home = Some(PathBuf::from(value_of("--home", rest.next())?)),
            "--help" | "-h" => return Ok(Task::Help),
            other => return Err(unknown("option", other)),
        }
    }
    Ok(Task::Run(options))
}

fn parse_test<'a>(mut rest: impl Iterator<Item = &'a String>, deep: bool) -> Result<Task, Failure> {
    let mut options = TestOptions { deep, ..TestOptions::default() };
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--only" => {
                let names = value_of("--only", rest.next())?;
                options.only.extend(names.split(',').map(str::to_owned));
            }
            "--from" => options.from = Some(value_of("--from", rest.next())?),
            "--keep-going" => options.keep_going = true,
            "--verbose" => options.verbose = true,
            "--list" => options.list = true,
            "--help" | "-h" => return Ok(Task::Help),
            other => return Err(unknown("option", other)),
        }
    }
    Ok(Task::Test(options))
}

fn parse_conformance<'a>(mut rest: impl Iterator<Item = &'a String>) -> Result<Task, Failure> {
    let mut options = ConformanceOptions::default();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--summary" => options.summary = true,
            "--suite" => options.suites.push(value_of("--suite", rest.next())?),
            "--scenario" => options.scenarios.push(value_of("--scenario", rest.next())?),
            "--direct-only" => options.direct_only = true,
            "--built" => options.built = true,
            "--help" | "-h" => return Ok(Task::Help),
            other => return Err(unknown("option", other)),
        }
    }
    Ok(Task::Conformance(options))
}

fn parse_bench<'a>(rest: impl Iterator<Item = &'a String>) -> Result<Task, Failure> {
    let mut packages = Vec::new();
    for argument in rest {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Task::Help),
            option if option.starts_with('-') => return Err(unknown("option", option)),
            package => packages.push(package.to_owned()),
        }
    }
    Ok(Task::Bench(packages))
}

fn parse_fuzz<'a>(mut rest: impl Iterator<Item = &'a String>) -> Result<Task, Failure> {
    let mut options = FuzzOptions { targets: Vec::new(), minutes: 10 };
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--minutes" => {
                let given = value_of("--minutes", rest.next())?;
                let minutes = given.parse().ok().filter(|minutes| (1..=1_440).contains(minutes));
                options.minutes = minutes.ok_or_else(|| {
                    Failure::new(
                        format!("`{given}` is no number of minutes"),
                        "write a whole number up to 1440",
                    )
                })?;
            }
            "--help" | "-h" => return Ok(Task::Help),
            option if option.starts_with('-') => return Err(unknown("option", option)),
            target => options.targets.push(target.to_owned()),
        }
    }
    Ok(Task::Fuzz(options))
}

fn value_of(option: &str, value: Option<&String>) -> Result<String, Failure> {
    match value {
        Some(value) if !value.is_empty() => Ok(value.clone()),
        _ => Err(Failure::new(
            format!("`{option}` needs a value"),
            "`cargo xtask help` shows what each option takes",
        )),
    }
}

fn unknown(what: &str, given: &str) -> Failure {
    Failure::new(format!("unknown {what} `{given}`"), "`cargo xtask help` lists the tasks and their options")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task, Failure> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn the_deep_run_takes_the_options_of_the_tests() {
        let only = TestOptions { only: vec!["rust".to_owned()], deep: true, ..TestOptions::default() };
        assert_eq!(parsed("deep --only rust"), Ok(Task::Test(only)));
    }

    #[test]
    fn no_task_shows_the_help() {
        assert_eq!(parsed(""), Ok(Task::Help));
        assert_eq!(parsed("run --help"), Ok(Task::Help));
    }

    #[test]
    fn run_takes_a_home() {
        let expected = RunOptions { home: Some(PathBuf::from("there")) };
        assert_eq!(parsed("run --home there"), Ok(Task::Run(expected)));
    }

    #[test]
    fn generate_takes_nothing() {
        assert_eq!(parsed("generate"), Ok(Task::Generate));
        assert!(parsed("generate all").is_err());
    }

    #[test]
    fn steps_may_be_named_one_by_one_or_with_commas() {
        let expected = TestOptions {
            only: ["format", "clippy", "rust"].map(str::to_owned).to_vec(),
            ..Default::default()
        };
        assert_eq!(parsed("test --only format,clippy --only rust"), Ok(Task::Test(expected)));
    }

    #[test]
    fn conformance_may_be_asked_for_one_scenario_of_one_suite() {
        let expected = ConformanceOptions {
            summary: true,
            suites: vec!["conformance-0.1".to_owned()],
            scenarios: vec!["ping".to_owned()],
            ..Default::default()
        };
        let line = "conformance --summary --suite conformance-0.1 --scenario ping";
        assert_eq!(parsed(line), Ok(Task::Conformance(expected)));
        assert!(parsed("conformance --suite").is_err());
    }

    #[test]
    fn fuzzing_takes_targets_and_a_time() {
        let options = |targets: &[&str], minutes| FuzzOptions {
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
            minutes,
        };
        assert_eq!(parsed("fuzz"), Ok(Task::Fuzz(options(&[], 10))));
        assert_eq!(parsed("fuzz decide --minutes 3"), Ok(Task::Fuzz(options(&["decide"], 3))));
        assert!(parsed("fuzz --minutes none").is_err());
        assert!(parsed("bench --all").is_err());
        assert_eq!(parsed("bench policy"), Ok(Task::Bench(vec!["policy".to_owned()])));
    }

    #[test]
    fn a_mistyped_option_is_refused_by_name() {
        let failure = parsed("test --olny format").unwrap_err();
        assert!(failure.to_string().contains("`--olny`"), "{failure}");
    }

    #[test]
    fn an_option_without_its_value_is_refused() {
        assert!(parsed("run --home").is_err());
        assert!(parsed("test --from").is_err());
    }
}
