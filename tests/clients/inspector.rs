//! The MCP inspector's command line: one question a run, each asked straight and through the door.

use super::door::{Command, Door, Listening};
use super::typescript::EVERYTHING;
use crate::support::home::TestHome;
use crate::support::program::{Program, clean};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The agent that this client is.
pub(crate) const AGENT: &str = "inspector";
const INSPECTOR: &str = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";

/// What an inspector keeps on the disk, away from the person's own.
pub(crate) struct Desk {
    folder: TestHome,
}

/// A question under way.
struct Asked {
    program: Program,
    answer: PathBuf,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk { folder: TestHome::folder() }
    }

    fn ask(&self, name: &str, server: &Value, question: &[&str]) -> Asked {
        let folder = self.folder.beside(name);
        let (config, answer) = (folder.join("config.json"), folder.join("answer.json"));
        std::fs::write(&config, json!({ "mcpServers": { "it": server } }).to_string()).unwrap();
        let mut command = clean(crate::support::node::node());
        command
            .arg(super::door::tests().join("node").join(INSPECTOR))
            .arg("--cli")
            .arg("--config")
            .arg(&config);
        command.args(["--server", "it"]).args(question).arg("--output").arg(&answer);
        command.env("HOME", &folder).env("MCP_INSPECTOR_SECRET_STORE", "memory");
        Asked { program: Program::start(&mut command), answer }
    }

    /// Asks each question at both servers; the answers are alike.
    #[track_caller]
    pub(crate) fn compare(&self, directly: &Value, through: &Value, questions: &[&[&str]]) -> Vec<Value> {
        let both = |question: &&[&str]| {
            let direct = self.ask("direct", directly, question);
            let answer = self.ask("through", through, question).answer();
            assert_eq!(answer, direct.answer(), "{question:?}");
            answer
        };
        questions.iter().map(both).collect()
    }
}

impl Asked {
    #[track_caller]
    fn answer(self) -> Value {
        let (status, said) = self.program.finish();
        assert!(status.success(), "{said}");
        let text = std::fs::read_to_string(&self.answer).expect("an answer on the disk");
        serde_json::from_str(&text).expect("an answer in JSON")
    }
}

pub(crate) fn at(url: &str, token: &str, era: &str) -> Value {
    let headers = json!({ "Authorization": format!("Bearer {token}") });
    json!({ "type": "streamable-http", "url": url, "headers": headers, "protocolEra": era })
}

#[test]
fn the_inspector_gets_the_same_answers_in_the_older_era() {
    let server = Listening::silent(&Command::node(EVERYTHING, &["streamableHttp"]).env("PORT", "0"));
    let door = Door::before_address("everything", &server.url);
    let through = at(&door.url("everything"), door.token(AGENT), "legacy");
    let answers = Desk::new().compare(
        &at(&server.url, "none", "legacy"),
        &through,
        &[
            &["--method", "tools/list"],
            &["--method", "tools/call", "--tool-name", "get-sum", "--tool-arg", "a=2", "b=40"],
            &["--method", "prompts/get", "--prompt-name", "args-prompt", "--prompt-args", "city=Köln"],
        ],
    );
    assert_eq!(answers[1]["content"][0]["text"], "The sum of 2 and 40 is 42.");
    assert_eq!(answers[2]["messages"][0]["content"]["text"], "What's weather in Köln?");
    door.close();
}
