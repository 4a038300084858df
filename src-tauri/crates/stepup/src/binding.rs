//! What an assertion is for: a purpose and 32 bytes that nobody here can read, and the challenge made of both.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Begins every challenge, so that no other use of SHA-256 in this program can be taken for one.
const TAG: &[u8] = b"doorward step-up 1";

/// Why a person is asked. Each has a tag of its own: an assertion for one purpose is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The step-up of one held call.
    StepUp,
    /// A vote on one held call.
    Vote,
    /// One more credential.
    Enrol,
    /// The removal of a credential.
    Remove,
    /// A set of policies, flows, people, upstreams and agents.
    SignSet,
    /// Another change or look that asks for proof: an agent or upstream to add, arguments to export.
    Change,
}

impl Purpose {
    /// As it goes into the challenge, and as people read it in the journal.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Purpose::StepUp => "step_up",
            Purpose::Vote => "vote",
            Purpose::Enrol => "enrol",
            Purpose::Remove => "remove",
            Purpose::SignSet => "sign_set",
            Purpose::Change => "change",
        }
    }
}

/// What one assertion is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    purpose: Purpose,
    hash: [u8; 32],
}

impl Binding {
    /// `hash` is a SHA-256 of the caller's over everything that the person was shown.
    #[must_use]
    pub fn new(purpose: Purpose, hash: [u8; 32]) -> Binding {
        Binding { purpose, hash }
    }

    /// Over several parts, each with its length, so that no two lists of parts are the same bytes.
    #[must_use]
    pub fn of_parts(purpose: Purpose, parts: &[&[u8]]) -> Binding {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Binding { purpose, hash: hasher.finalize().into() }
    }

    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// SHA-256(tag ‖ purpose ‖ nonce ‖ hash): every part has one length for its purpose, and 0 ends each tag.
    #[must_use]
    pub(crate) fn challenge(&self, nonce: &[u8; 32]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(TAG);
        hasher.update([0]);
        hasher.update(self.purpose.tag());
        hasher.update([0]);
        hasher.update(nonce);
        hasher.update(self.hash);
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const ALL: [Purpose; 6] =
        [Purpose::StepUp, Purpose::Vote, Purpose::Enrol, Purpose::Remove, Purpose::SignSet, Purpose::Change];

    #[test]
    fn every_purpose_has_a_challenge_of_its_own() {
        let challenges: BTreeSet<_> =
            ALL.iter().map(|purpose| Binding::new(*purpose, [7; 32]).challenge(&[1; 32])).collect();
        assert_eq!(challenges.len(), ALL.len());
    }

    #[test]
    fn a_challenge_is_what_the_text_says() {
        let mut bytes = b"doorward step-up 1\0step_up\0".to_vec();
        bytes.extend([1; 32]);
        bytes.extend([7; 32]);
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(Binding::new(Purpose::StepUp, [7; 32]).challenge(&[1; 32]), expected);
    }

    proptest! {
        #[test]
        fn another_nonce_or_hash_is_another_challenge(a: [u8; 32], b: [u8; 32], n: [u8; 32], m: [u8; 32]) {
            let (one, two) = (Binding::new(Purpose::Vote, a), Binding::new(Purpose::Vote, b));
            prop_assert_eq!(one.challenge(&n) == two.challenge(&m), a == b && n == m);
        }

        #[test]
        fn parts_cannot_be_moved_from_one_to_the_next(text in "[ab]{0,6}", at in 0_usize..6, to in 0_usize..6) {
            let split = |at: usize| {
                let (left, right) = text.as_bytes().split_at(at.min(text.len()));
                Binding::of_parts(Purpose::Vote, &[left, right])
            };
            prop_assert_eq!(split(at) == split(to), at.min(text.len()) == to.min(text.len()));
        }
    }
}
