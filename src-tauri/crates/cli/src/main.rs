//! The `doorward` command line: reads the arguments, runs one command, says what went wrong and what to do.
//!
//! Exit codes: 0 done, 1 refused or failed, 2 not understood. Nothing here decides about a call.

mod agents;
mod args;
mod backtest;
mod call;
mod check;
mod connect;
mod connecting;
mod desk;
mod doctor;
mod explain;
mod failure;
mod history;
mod init;
mod journal_export;
mod journal_proofs;
mod journal_verify;
mod packs;
mod policy_fmt;
mod practice;
mod private;
mod probes;
mod prompt;
mod restore;
mod serve;
mod sse;
mod upstreams;
mod votes;
mod waits;

use args::{Arguments, Command};
use clap::Parser;
use failure::Failure;
use gateway::home::{Home, Paths};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

fn main() -> ExitCode {
    let Arguments { home, command } = Arguments::parse();
    match run(home, command) {
        Ok(code) => code,
        Err(failure) => {
            // Standard error may be closed; there is nobody else to tell.
            let _ = write!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(home: Option<PathBuf>, command: Command) -> Result<ExitCode, Failure> {
    let home = match home {
        Some(dir) => std::path::absolute(&dir).unwrap_or(dir),
        None => Home::default_dir(),
    };
    match command {
        Command::Init(options) => init::run(&home, &options),
        Command::Restore(options) => {
            private::become_private()?;
            restore::run(&home, &options)
        }
        Command::Practice { db } => match practice::run(db.as_deref()) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(Failure::new(format!("{error:#}"), "")),
        },
        Command::Check(options) => check::run(&home, &options),
        Command::Explain(options) => explain::run(&home, &options),
        Command::Backtest(options) => backtest::run(&home, &options),
        Command::Policy(args::PolicyCommand::Fmt { dir, check }) => {
            policy_fmt::run(&dir.unwrap_or_else(|| Paths::new(&home).policies()), check)
        }
        Command::Journal(args::JournalCommand::Verify { file }) => journal_verify::run(&home, file),
        Command::Journal(args::JournalCommand::Export(options)) => journal_export::run(&home, &options),
        Command::Serve { listen } => {
            private::become_private()?;
            block_on(true, serve::run(home, listen))
        }
        Command::Agent(command) => block_on(false, agents::run(&home, command)),
        Command::Disconnect { all: _ } => block_on(false, connecting::disconnect(&home)),
        Command::Upstream(command) => {
            // Secrets may be typed.
            private::become_private()?;
            block_on(false, upstreams::run(&home, command))
        }
        Command::Call(options) => block_on(false, call::run(&home, options)),
        Command::Connect(options) => block_on(false, connect::run(home, options)),
        Command::Doctor => block_on(false, doctor::run(&home)),
    }
}

fn block_on(
    many_threads: bool,
    work: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let mut builder = if many_threads {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build().map_err(|error| {
        Failure::new(format!("cannot start: {error}"), "check the limits on threads and open files")
    })?;
    let outcome = runtime.block_on(work);
    // A thread that waits for a keychain dialog or for typing must not keep the program.
    runtime.shutdown_background();
    outcome
}

/// Prints a line for a person or a program to read; a closed output is no error.
pub(crate) fn say(line: impl std::fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line that is not part of the answer.
pub(crate) fn note(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
