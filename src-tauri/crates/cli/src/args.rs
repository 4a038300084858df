//! What can be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use gateway::home::KeychainKind;
use std::{net::SocketAddr, path::PathBuf};

/// Keeps the door between the AI agents on this machine and the tools they call.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// The home folder that holds all state; else `DOORWARD_HOME`, else a folder in your user data.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a home folder with the starter policies and the practice upstream.
    Init(Init),
    /// Make a home of a backup, in a folder that is absent or empty.
    Restore(Restore),
    /// Run the gateway without a window; holds are printed here.
    Serve {
        /// Listen here this time, instead of where the home says.
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<SocketAddr>,
    },
    /// Agents that may connect.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Put every connected agent's files back as they were, as before an uninstall.
    Disconnect {
        /// Every agent; one alone is `doorward agent undo`.
        #[arg(long, required = true)]
        all: bool,
    },
    /// MCP servers behind the gateway.
    #[command(subcommand)]
    Upstream(UpstreamCommand),
    /// Make one call through the running gateway, as an agent would.
    Call(Call),
    /// Speak MCP on standard input and output, for an agent that starts its servers as commands.
    Connect(Connect),
    /// Serve the practice upstream on standard input and output.
    Practice {
        /// Keep the data in this file; without it they end with the process.
        #[arg(long, value_name = "FILE")]
        db: Option<PathBuf>,
    },
    /// Check everything Doorward needs, and say what to do about what is missing.
    Doctor,
    /// Compile a folder of policies, look for what is probably wrong with it, and run its cases.
    Check(Check),
    /// Say what would happen to a call, and why.
    Explain(Explain),
    /// Say what a draft would have done to the calls on record.
    Backtest(Backtest),
    /// Work on policy files.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The record of calls and decisions.
    #[command(subcommand)]
    Journal(JournalCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The folder; without it the policies of the home.
    pub(crate) dir: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,
    /// What upstreams offer: a JSON object of upstream name → result of `tools/list`; without it, where the home's own
    /// policies are checked, the tools it has seen.
    #[arg(long, value_name = "FILE")]
    pub(crate) tools: Option<PathBuf>,
    /// Compare with these people; without it those of the home, where its own policies are checked.
    #[arg(long, value_name = "FILE")]
    pub(crate) people: Option<PathBuf>,
    /// Fail on warnings as well.
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    Text,
    /// Workflow commands that annotate a change on GitHub.
    Github,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The call: a JSON object with `tool`, `arguments` and, where they matter, `user`, `agent`, `context`, `claims`,
    /// `paths`, `upstream` as in a case.
    #[arg(long, value_name = "FILE")]
    pub(crate) call: PathBuf,
    /// The policies; without it those of the home.
    #[arg(long, value_name = "DIR")]
    pub(crate) policies: Option<PathBuf>,
    /// Print the decision with its whole trace as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// A policy file, tried in place of the one of its name or as a new one, or a folder in place of the whole set;
    /// without it the policies of the home as its files have them now.
    pub(crate) draft: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = BacktestFormat::Text)]
    pub(crate) format: BacktestFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BacktestFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Write policies in their canonical form; comments and order stay.
    Fmt {
        /// The folder; without it the policies of the home.
        dir: Option<PathBuf>,
        /// Change nothing; fail if a file is not in its canonical form.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Begin with this pack of policies.
    #[arg(long, value_enum, default_value_t = PackName::Starter)]
    pub(crate) pack: PackName,
    /// Where agents connect: a loopback address.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Let votes be typed into `doorward serve`.
    #[arg(long)]
    pub(crate) terminal_votes: bool,
    /// Where the root key is kept; `memory` forgets it with the process.
    #[arg(long, value_enum, default_value_t = Keychain::Os)]
    pub(crate) keychain: Keychain,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The file that the window made. Its passphrase is asked for.
    pub(crate) file: PathBuf,
    /// Take it although this machine's keychain knows a newer state of that home.
    #[arg(long)]
    pub(crate) older: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PackName {
    Starter,
    Database,
    Filesystem,
    Git,
    Payments,
    StrictHome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Keychain {
    Os,
    Memory,
}

impl From<Keychain> for KeychainKind {
    fn from(keychain: Keychain) -> KeychainKind {
        match keychain {
            Keychain::Os => KeychainKind::Os,
            Keychain::Memory => KeychainKind::Memory,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Pair an agent; its token is printed once.
    Add {
        name: String,
        /// The user the agent acts for, as `people.toml` has it.
        #[arg(long, value_name = "ID")]
        user: String,
    },
    /// Show the agents.
    List {
        /// Show the agent programs of this machine instead, with their MCP servers and where these lead.
        #[arg(long)]
        known: bool,
        #[arg(long, value_enum, default_value_t = ListFormat::Text, requires = "known")]
        format: ListFormat,
    },
    /// Move MCP servers of an agent program behind Doorward, in the program's own configuration file.
    Connect(ConnectAgent),
    /// Put an agent program's files back as they were.
    Undo {
        /// The program, as `agent list --known` shows it.
        name: String,
    },
    /// Set how long an agent is kept waiting for a held call before it is asked to call again.
    Wait {
        /// The agent.
        name: String,
        /// A length of time such as `45s` or `20m`, or `default` for what its program is known to put up with.
        #[arg(value_name = "DURATION|default")]
        limit: String,
    },
    /// Remove an agent; its token stops working.
    Remove { name: String },
}

#[derive(Debug, Args)]
pub(crate) struct ConnectAgent {
    /// The program, as `agent list --known` shows it.
    pub(crate) name: String,
    /// Servers to move; without it every one that can be.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) servers: Option<Vec<String>>,
    /// Upstreams of this home that the agent shall reach as well.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) upstreams: Vec<String>,
    /// Leave values that look secret in `upstreams.toml`, instead of moving them into the keychain.
    #[arg(long)]
    pub(crate) plain_secrets: bool,
    /// Show what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UpstreamCommand {
    /// Add an MCP server: a command after `--`, or an address.
    Add(AddUpstream),
    /// Show the upstreams.
    List,
    /// Type a secret of an upstream anew; the value goes into the keychain.
    Secret {
        /// The upstream.
        upstream: String,
        /// The secret, as `upstreams.toml` names it.
        name: String,
    },
    /// Show tools that are not as they were first seen, and how they differ; their calls wait.
    Changed,
    /// Remove an upstream.
    Remove { name: String },
}

#[derive(Debug, Args)]
pub(crate) struct AddUpstream {
    pub(crate) name: String,
    /// The address of a server that is reached over HTTP.
    #[arg(long, conflicts_with = "command", required_unless_present = "command")]
    pub(crate) url: Option<String>,
    /// A header sent with every request, as `Name: value`.
    #[arg(long = "header", value_name = "NAME: VALUE", conflicts_with = "command")]
    pub(crate) headers: Vec<String>,
    /// A variable for the command, as NAME=VALUE.
    #[arg(long = "env", value_name = "NAME=VALUE", conflicts_with = "url")]
    pub(crate) env: Vec<String>,
    /// A secret that you are asked to type, kept in the keychain. It goes into that variable of the command (else the
    /// one called NAME), or that header of an address (else `Authorization: Bearer`).
    #[arg(long = "secret", value_name = "NAME[=WHERE]")]
    pub(crate) secrets: Vec<String>,
    /// The same, read only after the step-up of each call.
    #[arg(long = "step-up-secret", value_name = "NAME[=WHERE]")]
    pub(crate) step_up_secrets: Vec<String>,
    /// The folder the command runs in.
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub(crate) cwd: Option<PathBuf>,
    /// Refuse arguments that do not fit a tool's schema.
    #[arg(long)]
    pub(crate) strict_schema: bool,
    /// The command and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The agent that calls.
    #[arg(long, default_value = "practice", value_name = "NAME")]
    pub(crate) agent: String,
    /// Print the whole result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// The tool, as UPSTREAM/TOOL.
    pub(crate) tool: String,
    /// The arguments as one JSON object.
    #[arg(default_value = "{}", value_name = "JSON")]
    pub(crate) arguments: String,
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The upstream to connect to.
    pub(crate) upstream: String,
    /// The agent that connects, as it was paired with `doorward agent add`. `practice` is there for trying things
    /// out: the first program that uses it is paired with it, and calls of any other are held.
    #[arg(long, default_value = "practice", value_name = "NAME")]
    pub(crate) agent: String,
    /// Start the desktop app if it does not run yet.
    #[arg(long)]
    pub(crate) start: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Check the chain of entries, and every list beside it, and name the first bad one.
    Verify {
        /// A journal or an export (JSON Lines) elsewhere; without it the journal of the home.
        file: Option<PathBuf>,
    },
    /// Write the journal down for other programs, with what is secret left out.
    Export(Export),
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// `jsonl` can be verified again, `csv` is for looking at.
    #[arg(long, value_enum, default_value_t = ExportAs::Jsonl)]
    pub(crate) format: ExportAs,
    /// A new file, readable by you only; without it the export goes to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Bodies as they are on record, secrets of open holds too.
    #[arg(long)]
    pub(crate) clear: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExportAs {
    Jsonl,
    Csv,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_command_after_two_dashes_keeps_its_own_options() {
        let typed = ["doorward", "upstream", "add", "files", "--", "npx", "-y", "server", "--home", "x"];
        let Command::Upstream(UpstreamCommand::Add(add)) = Arguments::parse_from(typed).command else {
            panic!()
        };
        assert_eq!(add.command, ["npx", "-y", "server", "--home", "x"]);
    }

    #[test]
    fn an_upstream_is_a_command_or_an_address_and_never_both() {
        for typed in [
            &["doorward", "upstream", "add", "a"][..],
            &["doorward", "upstream", "add", "a", "--url", "http://127.0.0.1/", "--", "x"],
            &["doorward", "upstream", "add", "a", "--url", "http://127.0.0.1/", "--env", "A=B"],
        ] {
            assert_eq!(Arguments::try_parse_from(typed).unwrap_err().exit_code(), 2, "{typed:?}");
        }
    }
}
