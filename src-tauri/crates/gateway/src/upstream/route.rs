//! Where the messages that belong to one request of the agent go, and how the agent takes the request back.

use crate::pipeline::StreamItem;
use policy::Value;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Most bytes of messages that wait for the agent to open its standing stream.
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;

/// The way back to the agent for one request: its answer's stream, and the token that ends the wait.
#[derive(Clone, Debug)]
pub struct CallRoute {
    pub(super) stream: Option<mpsc::Sender<StreamItem>>,
    pub(super) cancel: CancellationToken,
    /// The agent's own id of the request, which some messages about it repeat.
    pub(super) id: Option<Value>,
    /// Cancelled when what the agent sent after this request may go up.
    passed: CancellationToken,
}

impl CallRoute {
    pub(crate) fn new(stream: mpsc::Sender<StreamItem>, cancel: CancellationToken, id: Value) -> CallRoute {
        CallRoute { stream: Some(stream), cancel, id: Some(id), passed: CancellationToken::new() }
    }

    /// Keeps what comes after a request behind it until the request is up, or waits for a person.
    pub(crate) fn passed(&self) -> &CancellationToken {
        &self.passed
    }

    /// For requests of our own: what belongs to them goes to the agent's standing stream.
    #[must_use]
    pub fn nowhere() -> CallRoute {
        CallRoute {
            stream: None,
            cancel: CancellationToken::new(),
            id: None,
            passed: CancellationToken::new(),
        }
    }
}

/// A whole notification or request that belongs to no request of the agent; ids are already ours.
#[derive(Debug)]
pub struct FromUpstream {
    message: Value,
    size: usize,
    waiting: Arc<AtomicUsize>,
}

impl FromUpstream {
    /// None when too much waits already.
    pub(super) fn new(message: Value, waiting: &Arc<AtomicUsize>) -> Option<FromUpstream> {
        let size = message.to_json().len();
        let before = waiting.fetch_add(size, Ordering::Relaxed);
        let queued = FromUpstream { message, size, waiting: Arc::clone(waiting) };
        (before.saturating_add(size) <= MAX_WAITING_BYTES).then_some(queued)
    }

    /// The message itself.
    #[must_use]
    pub fn into_message(mut self) -> Value {
        std::mem::replace(&mut self.message, Value::Null)
    }
}

impl Drop for FromUpstream {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.size, Ordering::Relaxed);
    }
}
