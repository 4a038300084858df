//! The names people and configuration use, checked once where they enter.

use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, fmt, str::FromStr};

/// Why a name was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a valid {kind}: {rule}")]
pub struct NameError {
    kind: &'static str,
    given: String,
    rule: &'static str,
}

const SLUG: &str = "use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit";
const TOOL: &str = "use 1 to 200 characters without spaces or control characters";

fn is_slug(text: &str) -> bool {
    let head = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    head && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
}

fn is_tool(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $check:expr, $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                if $check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { kind: $kind, given: text.chars().take(80).collect(), rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(/// A person an agent acts for, or who votes.
    UserId, "user id", is_slug, SLUG);
name!(/// An MCP client program that is paired with this desk.
    AgentName, "agent name", is_slug, SLUG);
name!(/// An MCP server behind the gateway.
    UpstreamName, "upstream name", is_slug, SLUG);
name!(/// A tool as its upstream calls it, without the upstream's name.
    ToolName, "tool name", is_tool, TOOL);
name!(/// A policy: its file's name without `.toml`.
    PolicyId, "policy id", is_slug, SLUG);
name!(/// An approval flow: its file's name without `.toml`.
    FlowId, "flow id", is_slug, SLUG);
name!(/// A named context: its file's name without `.toml`.
    ContextId, "context id", is_slug, SLUG);
