//! The door that the clients go through: a home of the test's own, and `doorward serve` in it.

use super::{inspector, python, rust, typescript};
use crate::support::home::{ALLOW, TestHome, pair};
use crate::support::node::node;
use crate::support::program::{Program, doorward, ours};
use gateway::home::{Transport, UpstreamBook, UpstreamConfig};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is kept for the upstream, and for a client that goes to it straight.
pub(crate) struct Command {
    program: PathBuf,
    args: Vec<String>,
    env: BTreeMap<String, String>,
}

impl Command {
    pub(crate) fn new<A: AsRef<Path>>(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        let args = args.into_iter().map(|arg| arg.as_ref().display().to_string()).collect();
        Command { program: program.into(), args, env: BTreeMap::new() }
    }

    /// A script of `tests/node`, its packages' among them.
    pub(crate) fn node(script: &str, args: &[&str]) -> Command {
        let script = tests().join("node").join(script);
        assert!(script.is_file(), "{} is missing: run `npm ci` in tests/node", script.display());
        let args = args.iter().map(PathBuf::from);
        Command::new(node(), std::iter::once(script).chain(args))
    }

    /// A script of `tests/python`, or a package's module after `-m`.
    pub(crate) fn python(args: &[&str]) -> Command {
        Command::new(interpreter(), args).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONWARNINGS", "ignore")
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<Path>) -> Command {
        self.env.insert(name.to_owned(), value.as_ref().display().to_string());
        self
    }

    /// The same server, with every line that it is sent kept in a file.
    pub(crate) fn tapped(&self, record: &Path) -> Command {
        let line = [self.program.clone()].into_iter().chain(self.args.iter().map(PathBuf::from));
        let args = [tests().join("node/tap.mjs"), record.to_owned()].into_iter().chain(line);
        Command { env: self.env.clone(), ..Command::new(node(), args) }
    }

    /// As the clients of `tests/node` and `tests/python` take it.
    pub(crate) fn reach(&self) -> Value {
        json!({ "command": self.program, "args": self.args, "env": self.env })
    }

    pub(crate) fn start(&self) -> Program {
        Program::start(&mut self.command())
    }

    pub(crate) fn command(&self) -> std::process::Command {
        let mut command = crate::support::program::clean(&self.program);
        command.args(&self.args).envs(&self.env);
        command
    }

    fn upstream(&self, name: &str) -> UpstreamConfig {
        let transport = Transport::Stdio {
            command: self.program.display().to_string(),
            args: self.args.clone(),
            env: self.env.clone(),
            cwd: None,
        };
        UpstreamConfig::new(name.parse().expect("a name"), transport, false).expect("a program to start")
    }
}

/// One agent for each kind of client: over the socket an agent is known by its program as well as by its name.
const AGENTS: [&str; 4] = [typescript::AGENT, python::AGENT, rust::AGENT, inspector::AGENT];

/// `doorward serve` over upstreams, with the agents paired; everything is allowed where nothing else is said.
pub(crate) struct Door {
    serve: Program,
    home: TestHome,
    address: String,
    tokens: BTreeMap<&'static str, String>,
}

impl Door {
    /// Before upstreams that are programs.
    pub(crate) fn before(upstreams: &[(&str, &Command)]) -> Door {
        Door::open(
            TestHome::in_memory(&[ALLOW]),
            upstreams.iter().map(|(name, command)| command.upstream(name)),
        )
    }

    /// Before an upstream that is reached by its address.
    pub(crate) fn before_address(name: &str, url: &str) -> Door {
        Door::open(TestHome::in_memory(&[ALLOW]), [crate::support::home::address(name, url)])
    }

    /// Before an upstream that is a program, with other policies, and votes typed here.
    pub(crate) fn voting(policies: &[(&str, &str)], name: &str, command: &Command) -> Door {
        Door::open(TestHome::with_terminal_votes(policies), [command.upstream(name)])
    }

    fn open(home: TestHome, upstreams: impl IntoIterator<Item = UpstreamConfig>) -> Door {
        let mut book = UpstreamBook::load(home.paths().upstreams()).expect("upstreams.toml");
        for upstream in upstreams {
            book.add(upstream).expect("a new upstream");
        }
        let tokens = AGENTS.map(|agent| (agent, pair(&home, agent))).into();
        let serve = Program::start(&mut doorward(&home.dir(), ["serve"]));
        let line = serve.line("that it listens", |line| line.contains("listens on http://127.0.0.1:"));
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        Door { address: address.trim_end_matches(['.', '/']).to_owned(), serve, home, tokens }
    }

    /// The upstream over HTTP, as an agent is configured for it.
    pub(crate) fn http(&self, agent: &str, upstream: &str) -> Value {
        json!({ "url": self.url(upstream), "token": self.token(agent) })
    }

    pub(crate) fn url(&self, upstream: &str) -> String {
        format!("{}/mcp/{upstream}", self.address)
    }

    pub(crate) fn token(&self, agent: &str) -> &str {
        &self.tokens[agent]
    }

    /// The upstream through `doorward connect`, for an agent that speaks over standard input and output only.
    pub(crate) fn connect(&self, agent: &str, upstream: &str) -> Command {
        let home = self.home.dir().display().to_string();
        Command::new(ours("doorward"), ["--home", &home, "connect", upstream, "--agent", agent])
    }

    /// The id of the next hold that is printed from a line on, and the line after it.
    pub(crate) fn held(&self, from: usize) -> (String, usize) {
        let is_offer = |line: &str| line.trim_start().starts_with("approve h-");
        let (number, line) = self.serve.line_from(from, "a hold to vote on", is_offer);
        (line.split_whitespace().nth(1).expect("an id").to_owned(), number + 1)
    }

    pub(crate) fn vote(&mut self, words: &str) {
        self.serve.type_line(words);
    }

    /// Ends it as a session manager would.
    pub(crate) fn close(self) {
        assert!(self.serve.terminate().success(), "`doorward serve` ends well");
    }
}

/// A server that is reached by an address; it ends with the value.
pub(crate) struct Listening {
    pub(crate) url: String,
    _program: Program,
}

impl Listening {
    /// A server of ours, which prints its address.
    pub(crate) fn saying(command: &Command) -> Listening {
        let program = command.start();
        let line = program.line("its address", |line| line.starts_with("listens on http://"));
        Listening { url: line.trim_start_matches("listens on ").to_owned(), _program: program }
    }

    /// A server that does not say which port it got.
    pub(crate) fn silent(command: &Command) -> Listening {
        let program = command.start();
        let url = format!("http://127.0.0.1:{}/mcp", program.listening_port());
        Listening { url, _program: program }
    }

    pub(crate) fn reach(&self) -> Value {
        json!({ "url": self.url })
    }
}

pub(crate) fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Python with the packages of `tests/python`.
fn interpreter() -> PathBuf {
    let test = std::env::current_exe().expect("the running test");
    let target = test.ancestors().nth(3).expect("the target folder");
    let python = target.join("python/bin/python");
    assert!(python.is_file(), "{} is missing: `cargo xtask test --only app` makes it", python.display());
    python
}
