//! Configuration files of agents, read, changed and put back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod homes;
mod random;
mod round_trip;
