//! Doorward itself: a home of its own for each run, with policies, agents and an upstream, and the program that serves
//! it.

use crate::{process::Process, session::Place};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The upstream's name in the home.
pub(crate) const UPSTREAM: &str = "bench";

/// A home that nobody serves yet.
pub(crate) struct Home {
    folder: TempDir,
    doorward: PathBuf,
}

impl Home {
    /// With `policies` on record, of which ten look at the calls of [`UPSTREAM`].
    pub(crate) fn new(doorward: &Path, policies: usize) -> Result<Home> {
        let folder = tempfile::Builder::new().prefix("dw-bench-").tempdir()?;
        let home = Home { folder, doorward: doorward.to_owned() };
        home.run(&["init", "--keychain", "memory", "--terminal-votes", "--listen", "127.0.0.1:0"])?;
        fs::remove_dir_all(home.policies())?;
        for (path, text) in documents(policies) {
            let path = home.policies().join(path);
            fs::create_dir_all(path.parent().context("a folder above")?)?;
            fs::write(path, text)?;
        }
        Ok(home)
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn policies(&self) -> PathBuf {
        self.dir().join("policies")
    }

    /// Pairs an agent; its token.
    pub(crate) fn pair(&self, name: &str) -> Result<String> {
        let said = self.run(&["agent", "add", name, "--user", "me"])?;
        let lines = said.lines().skip_while(|line| !line.contains("token is shown")).skip(1);
        let token = lines.map(str::trim).find(|line| !line.is_empty()).context("no token was shown")?;
        Ok(token.to_owned())
    }

    pub(crate) fn add_address(&self, name: &str, upstream: SocketAddr) -> Result<()> {
        self.run(&["upstream", "add", name, "--url", &format!("http://{upstream}/mcp")]).map(drop)
    }

    pub(crate) fn add_program(&self, name: &str, command: &[&str]) -> Result<()> {
        self.run(&[&["upstream", "add", name, "--"], command].concat()).map(drop)
    }

    /// One command of `doorward`; what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).output().context("`doorward` cannot be started")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`doorward {}` failed: {said}{failed}", arguments.join(" "));
        Ok(said)
    }

    /// Starts the gateway; it listens when this returns.
    pub(crate) fn serve(&self) -> Result<Door> {
        self.serve_watched(|_| {})
    }

    /// The same; every line it prints from then on goes to `look`.
    pub(crate) fn serve_watched(&self, look: impl FnMut(&str) + Send + 'static) -> Result<Door> {
        let mut process = Process::start(self.command(&["serve"]).stdin(Stdio::piped()))?;
        let address = process.address()?;
        process.watch(look)?;
        Ok(Door { process, address })
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.doorward);
        command.arg("--home").arg(self.dir()).args(arguments);
        // No keychain and no screen lock are asked.
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("XDG_RUNTIME_DIR");
        command
    }
}

/// A gateway that runs.
pub(crate) struct Door {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Door {
    pub(crate) fn place(&self, token: &str) -> Place {
        self.place_of(UPSTREAM, token)
    }

    pub(crate) fn place_of(&self, upstream: &str, token: &str) -> Place {
        Place { address: self.address, path: format!("/mcp/{upstream}"), token: Some(token.to_owned()) }
    }
}

/// Allowed by default; ten policies whose targets take in the calls and whose conditions do not hold, one that denies
/// a tool, one that asks about another, and the rest about tools that nobody calls here.
fn documents(policies: usize) -> Vec<(String, String)> {
    let mut documents = vec![
        ("set.toml".to_owned(), "default = \"allow\"\n".to_owned()),
        (
            "flows/slow.toml".to_owned(),
            "name = \"Whenever the owner is there\"\n[[stage]]\nwithin = \"2h\"\n".to_owned(),
        ),
        ("forbidden.toml".to_owned(), document("Never", "bench/forbidden", None, "kind = \"deny\"")),
        (
            "asked.toml".to_owned(),
            document("Asked first", "bench/asked", None, "kind = \"request_approval\"\nflow = \"slow\""),
        ),
    ];
    for number in 0..policies.saturating_sub(2) {
        let (target, when) = match number {
            0..10 => (
                "bench/echo".to_owned(),
                format!("amount > {} && region == \"region-{number}\"", 1_000 + number),
            ),
            _ => (format!("elsewhere/tool_{number}"), format!("amount > {number}")),
        };
        let text = document(&format!("Policy {number}"), &target, Some(&when), "kind = \"deny\"");
        documents.push((format!("policy-{number:04}.toml"), text));
    }
    documents
}

fn document(name: &str, tool: &str, when: Option<&str>, action: &str) -> String {
    let when = when.map(|when| format!("when = '{when}'\n")).unwrap_or_default();
    format!("name = \"{name}\"\n{when}[target]\ntools = [\"{tool}\"]\n[action]\n{action}\n")
}
