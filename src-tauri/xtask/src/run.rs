//! `cargo xtask run`: from a fresh clone to the window on the screen, or, without a display, to a practice gateway in
//! this terminal.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use crate::arguments::RunOptions;
use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::interface;
use crate::job::Job;
use crate::machine::{System, has_display};
use crate::needs::Purpose;
use crate::node;
use crate::practice;
use crate::process::Program;
use crate::setup;
use crate::workspace::Workspace;

/// The first build compiles a few hundred crates.
pub(crate) const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);

pub(crate) fn run(options: &RunOptions) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let home = options.home.as_deref().map(absolute).transpose()?;
    let linux = System::of_this_machine().is_linux();
    if !has_display(linux) {
        return practice::run(&workspace, home.as_deref());
    }
    if !linux {
        println!(
            "Doorward has not been run on {} yet; it was written for it, and may work.\n",
            std::env::consts::OS
        );
    }
    node::check()?;
    setup::system_packages(&[Purpose::Compile, Purpose::Window], &workspace)?;
    let mut job = Job::start(workspace.notes().join("run.log"), BUILD_LIMIT, false);
    let built = build(&workspace, &mut job);
    if built.is_err() {
        crate::test::show_tail(&job);
    }
    built?;

    let home = home.or_else(default_home).ok_or_else(|| {
        Failure::new(
            "there is no home folder to keep Doorward's data in",
            "name one: `cargo xtask run --home DIR`",
        )
    })?;
    let doorward = workspace.binary("doorward");
    if !home.join("doorward.toml").exists() {
        let init = Program::new(&doorward, workspace.root()).arg("--home").arg(&home).arg("init");
        if !init.command().stdout(Stdio::null()).status().as_ref().is_ok_and(ExitStatus::success) {
            return Err(Failure::new(
                format!("the home `{}` could not be made", home.display()),
                "read what `doorward init` printed above",
            ));
        }
    }
    println!("\n{}", guide(&workspace.typed(&doorward), &home));
    // Piped output is kept back otherwise.
    let _ = std::io::stdout().flush();

    let desktop = Program::new(workspace.binary("doorward-desktop"), workspace.root());
    let status = desktop.command().env("DOORWARD_HOME", &home).status().map_err(|error| {
        Failure::new(
            format!("`{}` could not be started: {error}", desktop.typed()),
            "run `cargo xtask run` again",
        )
    })?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn build(workspace: &Workspace, job: &mut Job) -> Result<(), Failure> {
    println!("Building the window's interface …");
    if !interface::build(workspace, job)? {
        println!("  nothing has changed since the last time");
    }
    println!("Building Doorward (the first time takes several minutes) …");
    job.run(&Cargo::new(workspace).only("build", &["doorward-desktop", "cli"]))
}

/// How an agent is connected, with this home's own address.
fn guide(doorward: &str, home: &Path) -> String {
    let listen = setting_in(home, "listen").unwrap_or_else(|| "127.0.0.1:7717".to_owned());
    let given = if Some(home) == default_home().as_deref() {
        String::new()
    } else {
        format!(" --home {}", home.display())
    };
    format!(
        "\
Doorward's home is {home}.

To connect an agent, add it in the window (Agents), which shows the lines to paste, or here, while Doorward runs:

  {doorward}{given} agent add claude-code --user me      # prints a token, once
  claude mcp add --transport http practice http://{listen}/mcp/practice --header \"Authorization: Bearer TOKEN\"

\"Send a practice call\" in the inbox shows the whole way of a call without any agent.
",
        home = home.display()
    )
}

/// The value of a setting in the home's `doorward.toml`, as far as one line says it.
pub(crate) fn setting_in(home: &Path, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(home.join("doorward.toml")).ok()?;
    value_of(&text, key).map(str::to_owned)
}

fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='))?;
    let value = line.trim();
    match value.strip_prefix('"') {
        Some(rest) => rest.split('"').next(),
        None => value.split_whitespace().next(),
    }
}

/// Where Doorward keeps its home unless told otherwise. It is passed on to every program we start, so that all of
/// them use the one that is printed here.
fn default_home() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(home) = variable("DOORWARD_HOME") {
        return std::path::absolute(home).ok();
    }
    let user = std::env::home_dir()?;
    if cfg!(target_os = "macos") {
        return Some(user.join("Library/Application Support/doorward"));
    }
    let data = variable("XDG_DATA_HOME").filter(|folder| folder.is_absolute());
    Some(data.unwrap_or_else(|| user.join(".local/share")).join("doorward"))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::file("find", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str =
        "# listen = \"never\"\nid = \"os-window-1\"\nlisten = \"127.0.0.1:7800\"\nterminal_votes = true\n";

    #[test]
    fn settings_are_read_line_by_line() {
        assert_eq!(value_of(SETTINGS, "listen"), Some("127.0.0.1:7800"));
        assert_eq!(value_of(SETTINGS, "terminal_votes"), Some("true"));
        assert_eq!(value_of(SETTINGS, "keychain"), None);
    }

    #[test]
    fn the_guide_names_this_homes_address() {
        let home = std::env::temp_dir().join(format!("xtask-run-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join("doorward.toml"), SETTINGS).unwrap();
        let text = guide("target/debug/doorward", &home);
        assert!(text.contains("http://127.0.0.1:7800/mcp/practice"), "{text}");
        assert!(text.contains(&format!("--home {} agent add", home.display())), "{text}");
        std::fs::remove_dir_all(home).unwrap();
    }
}
