//! One request to run one tool, immutable, and the digest that names it.

use crate::{AgentName, ToolName, UpstreamName, UserId, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256 of a tool's definition as its upstream listed it, canonically written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DefinitionHash(pub [u8; 32]);

/// SHA-256 over user, agent, upstream, tool, tool-definition hash and canonical arguments. The policy set is
/// not part of it, so a newer set judges the same call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallDigest(pub [u8; 32]);

/// Why a digest's text was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct DigestError;

fn from_hex(text: &str) -> Result<[u8; 32], DigestError> {
    let mut bytes = [0_u8; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(DigestError);
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| DigestError)?;
        if pair.starts_with('+') {
            return Err(DigestError);
        }
        *byte = u8::from_str_radix(pair, 16).map_err(|_| DigestError)?;
    }
    Ok(bytes)
}

macro_rules! digest {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
        impl TryFrom<String> for $type {
            type Error = DigestError;
            fn try_from(text: String) -> Result<Self, DigestError> {
                from_hex(&text).map(Self)
            }
        }
        impl From<$type> for String {
            fn from(digest: $type) -> String {
                digest.to_string()
            }
        }
    };
}
digest!(DefinitionHash);
digest!(CallDigest);

impl DefinitionHash {
    /// Of one entry of `tools/list`, every member included.
    #[must_use]
    pub fn of(definition: &Value) -> DefinitionHash {
        DefinitionHash(Sha256::digest(definition.canonical()).into())
    }
}

/// What is judged, and what is sent (I12). `arguments` is an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub user: UserId,
    pub agent: AgentName,
    pub upstream: UpstreamName,
    pub tool: ToolName,
    pub definition: DefinitionHash,
    pub arguments: Value,
}

impl ToolCall {
    /// Each part is preceded by its length, so that no two calls share an input.
    #[must_use]
    pub fn digest(&self) -> CallDigest {
        let mut hash = Sha256::new();
        let arguments = self.arguments.canonical();
        let parts: [&[u8]; 7] = [
            b"doorward call v1",
            self.user.as_str().as_bytes(),
            self.agent.as_str().as_bytes(),
            self.upstream.as_str().as_bytes(),
            self.tool.as_str().as_bytes(),
            &self.definition.0,
            arguments.as_bytes(),
        ];
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        CallDigest(hash.finalize().into())
    }

    /// `upstream/tool`, as policies and people write it.
    #[must_use]
    pub fn qualified_tool(&self) -> String {
        format!("{}/{}", self.upstream, self.tool)
    }
}
