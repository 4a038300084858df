//! Passkeys in software against this crate: what counts, and everything that must not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod desk;
mod proofs;
mod rosters;
mod stored;
