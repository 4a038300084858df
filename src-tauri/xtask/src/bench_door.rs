//! `cargo xtask bench door`: what the door costs a call, against the plainest proxy there is; see `tests/bench`. It
//! takes about an hour, twenty minutes of it under steady load; the shorter looks are in its README.

use std::fs;
use std::time::Duration;

use crate::bench::printed;
use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::job::Job;
use crate::process::Program;
use crate::workspace::Workspace;

pub(crate) const NAME: &str = "door";
const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

pub(crate) fn run(workspace: &Workspace, cargo: &mut Cargo) -> Result<(), Failure> {
    let printed = printed(workspace, NAME, LIMIT, |job| measure(workspace, cargo, job))?;
    print!("{}", printed.split_once(BEGINS).map_or(printed.as_str(), |(_, tables)| tables));
    Ok(())
}

/// What `bench run` prints first.
const BEGINS: &str = "The door beside the direct way and the raw pipe\n";

fn measure(workspace: &Workspace, cargo: &mut Cargo, job: &mut Job) -> Result<(), Failure> {
    cargo.fetch(job)?;
    job.run(&cargo.only("build", &["bench", "cli"]).args(["--release"]))?;
    let built = |name: &str| workspace.target().join("release").join(name);
    let out = workspace.notes().join("bench");
    fs::create_dir_all(&out).map_err(|error| {
        Failure::new(format!("cannot make `{}`: {error}", out.display()), "check who owns the target folder")
    })?;
    let program = Program::new(built("bench"), workspace.root()).arg("run");
    job.run(&program.arg("--doorward").arg(built("doorward")).arg("--out").arg(out))
}
