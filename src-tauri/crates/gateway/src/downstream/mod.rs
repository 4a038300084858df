//! Agents' side: Streamable HTTP at `/mcp/{upstream}`, on loopback and on the home's socket.
//!
//! Everything but `tools/call` passes through as it came; that one goes to the pipeline. INVARIANT(I11): no
//! route here approves, changes or confirms anything.

mod asked;
mod body;
mod call;
mod event_log;
mod exchange;
mod get;
mod guard;
mod lines;
mod peer;
mod post;
mod refuse;
mod room;
mod serve;
mod session;
mod sessions;
mod stateless;
mod stream;

pub(crate) use peer::Connected;
pub(crate) use serve::{Served, serve_tcp, serve_unix};
pub(crate) use sessions::Sessions;
