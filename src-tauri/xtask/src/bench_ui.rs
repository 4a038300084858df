//! `cargo xtask bench ui`: how long the app makes a person wait, on a screen and a bus of its own, and whether its
//! window stays quick and quiet with a thousand holds and a hundred thousand entries. `tests/measure.rs` and the browser
//! tests named `measure` do it; here they are built, run and their tables shown.

use std::time::Duration;

use crate::bench::printed;
use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::interface;
use crate::job::Job;
use crate::node;
use crate::workspace::Workspace;

pub(crate) const NAME: &str = "ui";
const LIMIT: Duration = Duration::from_secs(60 * 60);
/// What stands above and below a table in what the programs print.
const FIGURES: &str = "p50";

pub(crate) fn run(workspace: &Workspace, cargo: &mut Cargo) -> Result<(), Failure> {
    let printed = printed(workspace, NAME, LIMIT, |job| measure(workspace, cargo, job))?;
    println!("\nui, as a build for tests");
    for line in tables(&printed) {
        println!("  {line}");
    }
    Ok(())
}

fn measure(workspace: &Workspace, cargo: &mut Cargo, job: &mut Job) -> Result<(), Failure> {
    interface::build(workspace, job)?;
    cargo.fetch(job)?;
    node::install(&workspace.test_packages(), job)?;
    // All targets, as for the tests: asked for apart, dependencies would be compiled a second time.
    job.run(&cargo.over_workspace("build").arg("--all-targets"))?;
    job.run(&cargo.over_workspace("test").args(["--test", "measure"]))?;
    job.run(&node::npm(&workspace.ui(), &["run", "measure"]))
}

/// The lines of tables: from one that names the columns to the next empty one.
fn tables(printed: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in printed.lines() {
        inside = (inside || line.contains(FIGURES)) && !line.trim().is_empty() && !line.starts_with("   ✓");
        if inside {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_between_what_else_is_printed() {
        let printed = "   Compiling x\n\n                n    p50\nhold → sent    20   3 ms\n\nended\nagain p50\nb 1\n\n";
        assert_eq!(
            tables(printed),
            ["                n    p50", "hold → sent    20   3 ms", "again p50", "b 1"]
        );
    }
}
