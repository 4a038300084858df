//! How `upstreams.toml` names a secret: by name only. The value is in the keychain, and goes where this says and
//! nowhere else.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One secret of one upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct SecretUse {
    pub name: String,
    pub place: SecretPlace,
    /// Read only after the step-up of the very call it is for.
    pub step_up: bool,
}

/// Where the value is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// A variable of the child's environment.
    Variable(String),
    /// A request header, whose text is the prefix and then the value.
    Header { header: String, prefix: String },
}

/// Why a use of a secret is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretUseError {
    #[error("`{name}` cannot name a secret; use letters, digits, `-` and `_`, at most 64 of them")]
    BadName { name: String },
    #[error("the secret `{name}` needs either `env` or `header`")]
    NeitherOrBoth { name: String },
    #[error("the secret `{name}` has a `prefix`, which goes with a `header`")]
    Misplaced { name: String },
    #[error("the secret `{name}` cannot go into the variable `{variable}`")]
    BadVariable { name: String, variable: String },
    #[error("the secret `{name}` cannot go into the header `{header}`")]
    BadHeader { name: String, header: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    env: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    prefix: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    step_up: bool,
}

impl TryFrom<Written> for SecretUse {
    type Error = SecretUseError;
    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { name, env, header, prefix, step_up } = written;
        let place = match (env, header) {
            (Some(variable), None) if prefix.is_empty() => SecretPlace::Variable(variable),
            (Some(_), None) => return Err(SecretUseError::Misplaced { name }),
            (None, Some(header)) => SecretPlace::Header { header, prefix },
            _ => return Err(SecretUseError::NeitherOrBoth { name }),
        };
        SecretUse::new(name, place, step_up)
    }
}

impl From<SecretUse> for Written {
    fn from(used: SecretUse) -> Written {
        let SecretUse { name, place, step_up } = used;
        let empty = Written { name, env: None, header: None, prefix: String::new(), step_up };
        match place {
            SecretPlace::Variable(variable) => Written { env: Some(variable), ..empty },
            SecretPlace::Header { header, prefix } => Written { header: Some(header), prefix, ..empty },
        }
    }
}

impl SecretUse {
    /// # Errors
    /// [`SecretUseError`]: what is not taken.
    pub fn new(name: String, place: SecretPlace, step_up: bool) -> Result<SecretUse, SecretUseError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            return Err(SecretUseError::BadName { name });
        }
        match &place {
            SecretPlace::Variable(variable) => {
                let part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
                let starts_well = variable.bytes().next().is_some_and(|b| !b.is_ascii_digit());
                if !starts_well || !variable.bytes().all(part) {
                    return Err(SecretUseError::BadVariable { name, variable: variable.clone() });
                }
            }
            SecretPlace::Header { header, prefix } => {
                let is_plain = prefix.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
                if !super::upstreams::is_header(header) || !is_plain {
                    return Err(SecretUseError::BadHeader { name, header: header.clone() });
                }
            }
        }
        Ok(SecretUse { name, place, step_up })
    }

    /// As the file has it.
    pub(super) fn to_toml(&self) -> toml_edit::InlineTable {
        let mut table = toml_edit::InlineTable::new();
        table.insert("name", self.name.as_str().into());
        match &self.place {
            SecretPlace::Variable(variable) => drop(table.insert("env", variable.as_str().into())),
            SecretPlace::Header { header, prefix } => {
                table.insert("header", header.as_str().into());
                if !prefix.is_empty() {
                    table.insert("prefix", prefix.as_str().into());
                }
            }
        }
        if self.step_up {
            table.insert("step_up", true.into());
        }
        table
    }
}

impl fmt::Display for SecretUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            SecretPlace::Variable(variable) => write!(f, "{} in ${variable}", self.name)?,
            SecretPlace::Header { header, .. } => write!(f, "{} in the header {header}", self.name)?,
        }
        if self.step_up { f.write_str(", after a step-up") } else { Ok(()) }
    }
}
