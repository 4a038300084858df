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
            Reach::Command { command, args, .. } => {
                let rest = args.strip_prefix(self.before.as_slice())?;
                match rest {
                    [connect, upstream, ..] if *command == self.program && connect == "connect" => {
                        is_name(upstream).then(|| upstream.clone())
                    }
                    _ => None,
                }
            }
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
    !text.is_empty() && !text.contains(['/', '?', '#', ' ', '\\'])
}
