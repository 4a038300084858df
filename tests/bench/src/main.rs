//! Measures Doorward against the practical limit on the same machine in the same minute. See README.md.

mod arms;
mod door;
mod load;
mod pipe;
mod plot;
mod process;
mod report;
mod scenarios;
mod session;
mod upstream;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};

#[derive(Debug, Parser)]
#[command(name = "bench", about = "Measures what the door costs")]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// The upstream: an MCP server over HTTP that repeats what it is told.
    Upstream {
        /// Answer with event streams.
        #[arg(long)]
        stream: bool,
        /// How many tools it lists.
        #[arg(long, default_value_t = 3)]
        tools: usize,
    },
    /// The same over standard input and output.
    Stdio,
    /// A proxy that passes bytes on to this address and looks at nothing.
    Pipe { to: SocketAddr },
    /// Measure; prints tables and leaves `results.json` and `latency.svg`.
    Run(Plan),
}

/// What is measured, and for how long.
#[derive(Clone, Debug, clap::Args)]
struct Plan {
    /// The `doorward` program, built for release.
    #[arg(long)]
    doorward: PathBuf,
    /// The folder for what the run leaves behind.
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// How often the arms take turns.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long each turn of a load takes.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How many calls are held at once.
    #[arg(long, default_value_t = 10_000)]
    holds: usize,
    /// How long the soak takes.
    #[arg(long, default_value_t = 20.0)]
    soak_minutes: f64,
    /// Only the scenarios whose names begin so.
    #[arg(long)]
    only: Vec<String>,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match Arguments::parse().part {
        Part::Upstream { stream, tools } => runtime.block_on(upstream::http(stream, tools)),
        Part::Stdio => upstream::stdio(),
        Part::Pipe { to } => runtime.block_on(pipe::serve(to)),
        Part::Run(plan) => runtime.block_on(scenarios::run(&plan)),
    }
}
