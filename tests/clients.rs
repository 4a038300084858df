//! The client libraries that real agents are made of, through a running `doorward serve` to real servers: what each
//! of them sees is compared with what it sees without Doorward, and with what it must be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "clients/connect.rs"]
mod connect;
#[path = "clients/door.rs"]
mod door;
#[path = "clients/held.rs"]
mod held;
#[path = "clients/inspector.rs"]
mod inspector;
#[path = "clients/installed.rs"]
mod installed;
#[path = "clients/modern.rs"]
mod modern;
#[path = "clients/python.rs"]
mod python;
#[path = "clients/rust.rs"]
mod rust;
#[path = "clients/sent.rs"]
mod sent;
mod support;
#[path = "clients/tour.rs"]
mod tour;
#[path = "clients/typescript.rs"]
mod typescript;
