//! What in an agent's file leads to Doorward, and what is written there to lead to it.
//!
//! Only exactly what we write counts as behind the door: a program that merely calls itself `doorward` does not.

use crate::{registry::Known, server::Reach};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The way in, as agents' files can name it.
#[derive(Clone, Debug)]
pub struct Door {
    pub listen: SocketAddr,
    /// The `doorward` program, and what it needs to find its home.
    pub program: String,
    pub before: Vec<String>,
}

/// How one agent is to reach an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// The address, with this token.
    Address { token: &'a str },
    /// `doorward connect`, as this agent; it needs no token.
    Command { agent: &'a str },
}

impl Door {
    #[must_use]
    pub fn address(&self, upstream: &str) -> String {
        format!("http://{}/mcp/{upstream}", self.listen)
    }

    /// The upstream that this reaches through the door; none where it goes elsewhere.
    #[must_use]
    pub fn behind(&self, reach: &Reach) -> Option<String> {
        match reach {
            Reach::Address { url, .. } => {
                let port = self.listen.port();
                let hosts = [self.listen.to_string(), format!("localhost:{port}")];
                let rest = hosts.iter().find_map(|host| url.strip_prefix(&format!("http://{host}/mcp/")))?;
                is_name(rest).then(|| rest.to_owned())
            }
            // A variable or a further option, such as another `--home`, could lead to another door.
            Reach::Command { command, args, env, cwd: None }
                if env.is_empty() && *command == self.program =>
            {
                match args.strip_prefix(self.before.as_slice())? {
                    [connect, upstream, option, agent] if connect == "connect" && option == "--agent" => {
                        (is_name(upstream) && is_name(agent)).then(|| upstream.clone())
                    }
                    _ => None,
                }
            }
            Reach::Command { .. } => None,
            Reach::Unclear { .. } => None,
        }
    }

    /// The token that an entry of ours shows, where it shows one.
    #[must_use]
    pub fn token<'a>(&self, reach: &'a Reach) -> Option<&'a str> {
        self.behind(reach)?;
        let Reach::Address { headers, .. } = reach else { return None };
        let header = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?.1;
        header.strip_prefix("Bearer ").map(str::trim)
    }

    /// The keys of an entry that leads here.
    #[must_use]
    pub fn entry(&self, known: &Known, upstream: &str, way: Way<'_>) -> Vec<(String, Value)> {
        let mut keys = Vec::new();
        match (way, known.url.first()) {
            (Way::Address { token }, Some(url)) => {
                if let Some((address, _)) = known.kind {
                    keys.push(("type".to_owned(), json!(address)));
                }
                keys.push(((*url).to_owned(), json!(self.address(upstream))));
                let bearer = format!("Bearer {token}");
                keys.push((known.headers.to_owned(), json!({ "Authorization": bearer })));
            }
            (Way::Address { .. }, None) => {}
            (Way::Command { agent }, _) => {
                if let Some((_, command)) = known.kind.filter(|_| known.id != "gemini") {
                    keys.push(("type".to_owned(), json!(command)));
                }
                keys.push(("command".to_owned(), json!(self.program)));
                let args = ["connect", upstream, "--agent", agent].map(str::to_owned);
                keys.push(("args".to_owned(), json!([self.before.clone(), args.to_vec()].concat())));
            }
        }
        keys
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && !text.contains(['/', '?', '#', ' ', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn only_exactly_what_we_write_is_behind_the_door() {
        let door = Door {
            listen: "127.0.0.1:7717".parse().unwrap(),
            program: "/opt/doorward".to_owned(),
            before: vec!["--home".to_owned(), "/h".to_owned()],
        };
        let reach = |args: &[&str]| Reach::Command {
            command: "/opt/doorward".to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: BTreeMap::new(),
            cwd: None,
        };
        let ours = ["--home", "/h", "connect", "files", "--agent", "zed"];
        assert_eq!(door.behind(&reach(&ours)).as_deref(), Some("files"));
        let elsewhere: [&[&str]; 6] = [
            &["--home", "/h", "connect", "files", "--home", "/tmp/open", "--agent", "zed"],
            &["--home", "/h", "connect", "files", "--agent", "zed", "--home", "/tmp/open"],
            &["--home", "/tmp/open", "connect", "files", "--agent", "zed"],
            &["--home", "/h", "connect", "files", "--agent", "--home"],
            &["--home", "/h", "connect", "files"],
            &["connect", "files", "--agent", "zed"],
        ];
        for args in elsewhere {
            assert_eq!(door.behind(&reach(args)), None, "{args:?}");
        }
        for name in ["DOORWARD_HOME", "LD_PRELOAD"] {
            let Reach::Command { command, args, .. } = reach(&ours) else { unreachable!() };
            let env = BTreeMap::from([(name.to_owned(), "/tmp/open".to_owned())]);
            assert_eq!(door.behind(&Reach::Command { command, args, env, cwd: None }), None, "{name}");
        }
        let Reach::Command { command, args, env, .. } = reach(&ours) else { unreachable!() };
        let cwd = Some("/tmp/open".into());
        assert_eq!(door.behind(&Reach::Command { command, args, env, cwd }), None);
    }
}
