//! The tasks of this repository: `cargo xtask run` starts Doorward from a fresh clone, `cargo xtask test` runs every
//! test of every layer, `cargo xtask conformance` the official suites of the protocol; `bench` measures, and `fuzz`
//! looks for input that breaks a parser. What tests and runs installs what the machine lacks, says why, and works a
//! second time without network.
//!
//! Deliberately without dependencies: it is compiled before anything else can be said or done.

mod arguments;
mod bench;
mod bench_door;
mod bench_ui;
mod cargo;
mod conformance;
mod counts;
mod failure;
mod fuzz;
mod interface;
mod job;
mod machine;
mod needs;
mod node;
mod pictures;
mod practice;
mod process;
mod progress;
mod python;
mod report;
mod run;
mod setup;
mod stamp;
mod steps;
mod test;
mod workspace;

use std::process::ExitCode;

use arguments::Task;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments::parse(&arguments) {
        Ok(Task::Help) => {
            println!("{}", arguments::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Ok(Task::Run(options)) => run::run(&options),
        Ok(Task::Test(options)) => test::run(&options),
        Ok(Task::Conformance(options)) => conformance::run(&options),
        Ok(Task::Bench(packages)) => bench::run(&packages),
        Ok(Task::Fuzz(options)) => fuzz::run(&options),
        Ok(Task::Pictures) => pictures::run(),
        Ok(Task::Generate) => test::generate(),
        Err(failure) => {
            eprintln!("{failure}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("\n{failure}");
        ExitCode::FAILURE
    })
}
