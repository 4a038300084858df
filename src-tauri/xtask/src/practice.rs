//! Without a display: a practice gateway in this terminal. Its home is in the target folder, its votes are typed here,
//! and the calls to try are printed for a second terminal. Nothing of the window is built.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::job::Job;
use crate::machine::has_open_secret_service;
use crate::needs::Purpose;
use crate::process::Program;
use crate::run::{BUILD_LIMIT, setting_in};
use crate::setup;
use crate::workspace::Workspace;

const UPSTREAM: &str = "practice";

/// The calls that show what Doorward does with one that is allowed, denied and held.
const CALLS: [(&str, &str, &str); 3] = [
    ("allowed, and done", "create_expense", r#"{"amount":25,"currency":"EUR","category":"travel"}"#),
    ("denied", "create_expense", r#"{"amount":12000,"currency":"EUR","category":"travel"}"#),
    ("held, until you type `approve ID` or `reject ID` below", "delete_customer", r#"{"customer_id":"c-1"}"#),
];

pub(crate) fn run(workspace: &Workspace, home: Option<&Path>) -> Result<ExitCode, Failure> {
    println!(
        "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set): starting a practice gateway here.\n"
    );
    setup::system_packages(&[Purpose::Compile], workspace)?;
    println!("Building the command line …");
    let mut job = Job::start(workspace.notes().join("run.log"), BUILD_LIMIT, false);
    let built = job.run(&Cargo::new(workspace).only("build", &["cli"]));
    if built.is_err() {
        crate::test::show_tail(&job);
    }
    built?;

    let doorward = workspace.binary("doorward");
    let keychain = Keychain::of_this_session();
    let home = home.map_or_else(|| practice_home(&workspace.target(), keychain), Path::to_path_buf);
    if !home.join("doorward.toml").exists() {
        if keychain == Keychain::Memory {
            println!(
                "No unlocked Secret Service is on the session bus: the root key is kept in memory (`--keychain memory`)."
            );
        }
        let mut init = Program::new(&doorward, workspace.root()).arg("--home").arg(&home);
        init = init.args(["init", "--terminal-votes"]);
        if keychain == Keychain::Memory {
            init = init.args(["--keychain", "memory"]);
        }
        // What it says to do next is said here, with this home's own calls.
        let status = init.command().stdout(Stdio::null()).status();
        if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
            return Err(Failure::new(
                format!("the practice home `{}` could not be made", home.display()),
                "read what `doorward init` printed above; removing the folder starts afresh",
            ));
        }
    }

    println!("\n{}", guide(&workspace.typed(&doorward), &workspace.typed(&home)));
    // Piped output is kept back otherwise, and the calls must be readable while the gateway runs.
    let _ = std::io::stdout().flush();
    let serve = Program::new(&doorward, workspace.root()).arg("--home").arg(&home).arg("serve");
    let status = serve.command().status().map_err(|error| {
        Failure::new(
            format!("`{}` could not be started: {error}", serve.typed()),
            "run `cargo xtask run` again",
        )
    })?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keychain {
    Os,
    Memory,
}

impl Keychain {
    fn of_this_session() -> Self {
        if has_open_secret_service() { Self::Os } else { Self::Memory }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::Memory => "memory",
        }
    }
}

/// A home keeps the keychain it was made with. One that was made where there was a Secret Service cannot be opened
/// where there is none, so each kind has a folder of its own once they differ.
fn practice_home(target: &Path, keychain: Keychain) -> PathBuf {
    let home = target.join("practice-home");
    let made_with = setting_in(&home, "keychain");
    if made_with.is_none_or(|word| word == keychain.word()) {
        home
    } else {
        target.join(format!("practice-home-{}", keychain.word()))
    }
}

/// What to type in the second terminal.
fn guide(doorward: &str, home: &str) -> String {
    let mut text =
        "In a second terminal, in the repository's folder, make three calls as the agent `practice` would:\n"
            .to_owned();
    for (what, tool, arguments) in CALLS {
        text += &format!(
            "\n  # {what}\n  {doorward} --home {home} call --agent practice {UPSTREAM}/{tool} '{arguments}'\n"
        );
    }
    text + "\nHolds appear here; type your vote here. Ctrl-C stops the gateway.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_holds_three_whole_lines_to_type() {
        let text = guide("target/debug/doorward", "target/practice-home");
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(" call ")).collect();
        assert_eq!(
            lines,
            [
                r#"  target/debug/doorward --home target/practice-home call --agent practice practice/create_expense '{"amount":25,"currency":"EUR","category":"travel"}'"#,
                r#"  target/debug/doorward --home target/practice-home call --agent practice practice/create_expense '{"amount":12000,"currency":"EUR","category":"travel"}'"#,
                r#"  target/debug/doorward --home target/practice-home call --agent practice practice/delete_customer '{"customer_id":"c-1"}'"#,
            ]
        );
    }

    #[test]
    fn a_home_made_with_another_keychain_is_left_alone() {
        let target = std::env::temp_dir().join(format!("xtask-practice-{}", std::process::id()));
        let home = target.join("practice-home");
        std::fs::create_dir_all(&home).unwrap();
        assert_eq!(practice_home(&target, Keychain::Memory), home);
        std::fs::write(home.join("doorward.toml"), "keychain = \"os\"\n").unwrap();
        assert_eq!(practice_home(&target, Keychain::Os), home);
        assert_eq!(practice_home(&target, Keychain::Memory), target.join("practice-home-memory"));
        std::fs::remove_dir_all(target).unwrap();
    }
}
