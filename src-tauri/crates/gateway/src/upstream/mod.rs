//! Upstreams: one [`UpstreamSession`] a session of an agent, over a child's pipes or over HTTP, raw JSON both ways.
//!
//! Nothing here decides about a call. INVARIANT(I1): a `tools/call` goes up through
//! [`UpstreamSession::forward`] only, which takes a `JournalledCall`; see `outgoing.rs`.

mod connection;
mod dispatch;
mod error;
mod http;
mod lines;
mod listed;
mod outgoing;
mod pending;
mod reply;
mod route;
mod sealed;
mod session;
mod sse;
mod stdio;
mod tools;

#[cfg(test)]
mod tests;

pub use error::UpstreamError;
pub(crate) use lines::{LineError, next_line};
pub(crate) use listed::{Definition, Listed};
pub use outgoing::Along;
pub(crate) use outgoing::is_own_param;
pub use reply::Reply;
pub use route::{CallRoute, FromUpstream};
pub use session::UpstreamSession;

/// Most bytes of one message from an upstream.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;
