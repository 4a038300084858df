//! The names of holds, releases, proofs and grants: 100 random bits each, so that nobody can guess one.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// RFC 4648 §6, in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Characters after the prefix; 5 bits each.
const LENGTH: usize = 20;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not an id: copy it whole, {kind} followed by {LENGTH} of a-z and 2-7")]
pub struct IdError {
    given: String,
    kind: &'static str,
}

fn write(prefix: &str, random: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(random);
    let mut text = String::with_capacity(prefix.len() + LENGTH);
    text.push_str(prefix);
    for place in 0..LENGTH {
        let index = (bits >> (123 - 5 * place)) & 31;
        text.push(ALPHABET.get(index as usize).copied().map_or('a', char::from));
    }
    text
}

fn is_written(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == LENGTH && rest.bytes().all(|b| ALPHABET.contains(&b)))
}

macro_rules! id {
    ($(#[$doc:meta])* $type:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// From 16 fresh random bytes; the last 28 bits are not used.
            #[must_use]
            pub fn from_random(random: [u8; 16]) -> Self {
                Self(write($prefix, random))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.to_owned().try_into()
            }
        }

        impl TryFrom<String> for $type {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                if is_written($prefix, &text) {
                    Ok(Self(text))
                } else {
                    Err(IdError { given: text.chars().take(40).collect(), kind: concat!("`", $prefix, "`") })
                }
            }
        }

        impl From<$type> for String {
            fn from(id: $type) -> String {
                id.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(/// A hold: `h-` and 20 characters.
    HoldId, "h-");
id!(/// A release: `r-` and 20 characters.
    ReleaseId, "r-");
id!(/// A proof of presence: `p-` and 20 characters.
    ProofId, "p-");
id!(/// A grant: `g-` and 20 characters.
    GrantId, "g-");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_in_base32_and_read_back() {
        assert_eq!(HoldId::from_random([0; 16]).as_str(), "h-aaaaaaaaaaaaaaaaaaaa");
        assert_eq!(ReleaseId::from_random([255; 16]).as_str(), "r-77777777777777777777");
        let id = HoldId::from_random(*b"0123456789abcdef");
        assert_eq!(id.as_str().parse::<HoldId>().unwrap(), id);
        assert_ne!(id, HoldId::from_random(*b"1123456789abcdef"));
    }

    #[test]
    fn anything_else_is_not_an_id() {
        for text in [
            "",
            "h-",
            "r-aaaaaaaaaaaaaaaaaaaa",
            "h-AAAAAAAAAAAAAAAAAAAA",
            "h-aaaaaaaaaaaaaaaaaaa",
            "h-aaaaaaaaaaaaaaaaaaa1",
        ] {
            assert!(text.parse::<HoldId>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<HoldId>("\"h-x\"").is_err());
    }
}
