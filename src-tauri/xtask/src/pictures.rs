//! `cargo xtask pictures`: takes the pictures of the README from the running app, light and dark, and puts them where the
//! README shows them. Inbox and builder are the real window, the step-up is its page in a real browser.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::interface;
use crate::job::Job;
use crate::needs::Purpose;
use crate::node;
use crate::setup;
use crate::test::show_tail;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(60 * 60);
/// The tests that take them; they run with all others as well.
const TESTS: [&str; 2] = [
    "pictures::the_inbox_and_the_builder_as_a_newcomer_sees_them",
    "desktop::a_payment_goes_from_the_card_to_the_browser_and_runs_once",
];

pub(crate) fn run() -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    node::check()?;
    setup::system_packages(&[Purpose::Compile, Purpose::Window, Purpose::Test], &workspace)?;
    let mut job = Job::start(workspace.notes().join("pictures.log"), LIMIT, false);
    let taken = take(&workspace, &mut job);
    if taken.is_err() {
        show_tail(&job);
    }
    for picture in taken? {
        println!("Taken: {picture}");
    }
    Ok(ExitCode::SUCCESS)
}

fn take(workspace: &Workspace, job: &mut Job) -> Result<Vec<String>, Failure> {
    interface::build(workspace, job)?;
    node::install(&workspace.test_packages(), job)?;
    let mut cargo = Cargo::new(workspace);
    cargo.fetch(job)?;
    // All targets, as for the tests: asked for apart, dependencies would be compiled a second time.
    job.run(&cargo.over_workspace("build").arg("--all-targets"))?;
    let pages = workspace.notes().join("pictures");
    made(&pages)?;
    let test =
        cargo.over_workspace("test").args(["--test", "authors", "--test", "ceremony", "--", "--exact"]);
    job.run(&test.args(TESTS).env("DOORWARD_PICTURES", &pages))?;
    let window = workspace.target().join("screenshots").join("window");
    let shown = workspace.root().join(".github").join("pictures");
    made(&shown)?;
    let mut pictures = Vec::new();
    for scheme in ["light", "dark"] {
        for (from, name) in [
            (window.join(format!("readme-inbox-{scheme}.png")), "inbox"),
            (window.join(format!("readme-builder-{scheme}.png")), "builder"),
            (pages.join(format!("step-up-{scheme}-900.png")), "step-up"),
        ] {
            let to = shown.join(format!("{name}-{scheme}.png"));
            fs::copy(&from, &to).map_err(|error| {
                Failure::new(format!("`{}` was not taken: {error}", from.display()), "look at the log above")
            })?;
            pictures.push(workspace.typed(&to));
        }
    }
    Ok(pictures)
}

fn made(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| {
        Failure::new(format!("`{}` cannot be made: {error}", folder.display()), "check its permissions")
    })
}
