//! Policies written in the real window, from the first click to the refused call, with Rust behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "authors/bad_input.rs"]
mod bad_input;
#[path = "authors/by_hand.rs"]
mod by_hand;
#[path = "authors/catalogue.rs"]
mod catalogue;
#[path = "authors/newcomer.rs"]
mod newcomer;
#[path = "authors/pictures.rs"]
mod pictures;
mod support;
