//! Agents' own programs, where their packages are installed: connected by `doorward agent connect`, they list a server
//! through the file that was written, and call its tool. A model of ours stands in for the one that they would ask.
//!
//! `npm install --prefix target/agents @anthropic-ai/claude-code @openai/codex` installs them; what is on the PATH is
//! taken as well. Without them a test says that it was skipped.

use crate::support::home::ALLOW;
use crate::support::journal;
use crate::support::model::Model;
use crate::support::program::{clean, doorward};
use crate::support::world::World;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A program connected to a running Doorward with the recorder behind it, in a home folder of its own.
struct Installed {
    world: World,
    model: Model,
    program: PathBuf,
    home: PathBuf,
}

impl Installed {
    /// None, said aloud, where the program is not there.
    async fn connect(program: &str, id: &str) -> Option<Installed> {
        let Some(program) = find(program) else {
            eprintln!("skipped: `{program}` is not installed here, so {id} was not tried");
            return None;
        };
        let world = World::new(&[ALLOW]).await;
        let home = world.home.beside("person");
        std::fs::create_dir_all(&home).unwrap();
        let mut connect = doorward(&world.home.dir(), ["agent", "connect", id, "--upstreams", "ledger"]);
        let connected = said(own(&mut connect, &home)).await;
        assert!(connected.status.success(), "{connected:?}");
        let model = Model::asking_for("list_expenses").await;
        Some(Installed { world, model, program, home })
    }

    async fn run(&self, arguments: &[&str]) -> String {
        let mut command = clean(&self.program);
        own(&mut command, &self.home).args(arguments);
        // Nobody is asked beyond this machine.
        let url = self.model.url();
        command.envs([
            ("ANTHROPIC_BASE_URL", url.as_str()),
            ("ANTHROPIC_API_KEY", "none"),
            ("OPENAI_API_KEY", "none"),
        ]);
        command.envs([("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"), ("DISABLE_AUTOUPDATER", "1")]);
        let Output { stdout, stderr, .. } = said(&mut command).await;
        String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr)
    }

    /// The call went through the door, once, as this agent's, and its answer came back to the model.
    fn called_once(&self, agent: &str, said: &str) {
        assert_eq!(self.world.upstream.calls().len(), 1, "{said}");
        let answers = self.model.answers();
        assert!(
            answers.iter().all(|answer| !answer.contains("\"is_error\":true")) && !answers.is_empty(),
            "{answers:?}"
        );
        self.world.engine.journal().settle().unwrap();
        let lines = journal::lines(&self.world.home.paths().journal());
        let released: Vec<_> = lines.iter().filter(|line| line.kind == "call_released").collect();
        assert_eq!(released.len(), 1, "{said}");
        let row = self.world.engine.agents().into_iter().find(|row| row.name.as_str() == agent).unwrap();
        assert!(!row.programs.is_empty(), "its program is known by its call");
    }
}

/// Beside the tests' target folder, or on the PATH.
fn find(name: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let own = test.ancestors().nth(3).map(|target| target.join("agents/node_modules/.bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    own.into_iter().chain(on_path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn own<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    for name in ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"] {
        command.env_remove(name);
    }
    command.env("HOME", home).current_dir(home).stdin(std::process::Stdio::null())
}

/// Runs it to its end beside the engine of this test.
async fn said(command: &mut Command) -> Output {
    let mut command = std::mem::replace(command, Command::new(""));
    crate::support::within(
        "the program to end",
        tokio::task::spawn_blocking(move || command.output().unwrap()),
    )
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_code_lists_and_calls_a_tool_through_what_was_written() {
    let Some(claude) = Installed::connect("claude", "claude-code").await else { return };
    let listed = claude.run(&["mcp", "list"]).await;
    assert!(
        listed.lines().any(|line| line.starts_with("ledger:") && line.ends_with("Connected")),
        "{listed}"
    );
    let said = claude.run(&["-p", "list the expenses", "--allowedTools", "mcp__ledger__list_expenses"]).await;
    claude.called_once("claude-code", &said);
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_lists_and_calls_a_tool_through_what_was_written() {
    let Some(codex) = Installed::connect("codex", "codex").await else { return };
    let listed = codex.run(&["mcp", "list"]).await;
    assert!(listed.lines().any(|line| line.starts_with("ledger ") && line.contains("enabled")), "{listed}");
    let provider = format!(
        "model_providers.own={{ name = \"own\", base_url = \"{}/v1\", wire_api = \"responses\" }}",
        codex.model.url()
    );
    // It asks nobody by itself: the door does, behind it.
    let unasked = "--dangerously-bypass-approvals-and-sandbox";
    let arguments = [
        "exec",
        "--skip-git-repo-check",
        unasked,
        "-c",
        "model=own",
        "-c",
        "model_provider=own",
        "-c",
        &provider,
    ];
    let said = codex.run(&[&arguments[..], &["list the expenses"]].concat()).await;
    codex.called_once("codex", &said);
}
