//! Passkeys, and what an assertion by one of them is for.
//!
//! A [`RelyingParty`] lives as long as one ceremony and accepts exactly its own origin. What a person agrees to is a
//! [`Binding`]: a purpose and 32 opaque bytes. The challenge is made of it, so the [`Evidence`] of an assertion shows
//! by itself, and to anybody, what it was for ([`verify_stored`]). The [`Roster`] keeps the credentials; each but the
//! first is signed by one that was there before.
//!
//! Not here: what the 32 bytes stand for, browsers, listeners, files, clocks. Time comes in as milliseconds (UTC).

mod binding;
mod challenge;
mod credential;
mod error;
mod evidence;
mod party;
mod roster;

pub use binding::{Binding, Purpose};
pub use credential::{Candidate, Credential, CredentialId};
pub use error::{ProofError, RosterError};
pub use evidence::{Evidence, StoredProof, verify_stored};
pub use party::{PendingEnrolment, PendingProof, Person, Proof, RelyingParty};
pub use roster::{Refused, Roster, is_good_name};
