//! Results that ask their agent for more (`input_required`, the stateless era): which release each came from.
//!
//! The state an upstream hands out is its own; here it only names a release. It counts once, for the same call of
//! the same agent, at the same upstream, within half an hour; any other makes its call a new one.

use crate::upstream::Reply;
use approvals::Continuation;
use policy::{Timestamp, ToolCall, UpstreamName, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The member of a result, and of the re-send's `params`, that holds the state.
pub(crate) const REQUEST_STATE: &str = "requestState";
/// How long a state may be answered.
const ENTRY_LASTS: Duration = Duration::from_secs(30 * 60);
const MOST: usize = 4_096;

/// States are long, and only compared: kept as hashes.
type Key = [u8; 32];

struct Entry {
    continuation: Continuation,
    until: Timestamp,
}

/// By upstream and state.
#[derive(Default)]
pub(crate) struct Continuations(Mutex<HashMap<Key, Vec<Entry>>>);

impl Continuations {
    /// Keeps the release of a result that asks for more.
    pub(crate) fn note(&self, reply: &Reply, upstream: &UpstreamName, from: Continuation, now: Timestamp) {
        let Ok(result) = reply.outcome() else { return };
        if result.get("resultType").and_then(Value::as_text) != Some("input_required") {
            return;
        }
        let Some(state) = result.get(REQUEST_STATE) else { return };
        let mut entries = self.entries();
        if entries.len() >= MOST {
            entries.retain(|_, kept| {
                kept.retain(|entry| now < entry.until);
                !kept.is_empty()
            });
        }
        if entries.len() < MOST {
            let kept = entries.entry(key(upstream, state)).or_default();
            kept.retain(|entry| now < entry.until);
            // One state for several calls: an upstream that hands out constants.
            if kept.len() < 64 {
                kept.push(Entry { continuation: from, until: now.after(ENTRY_LASTS) });
            }
        }
    }

    /// The release this call goes on from, once. Another call with the same state takes nothing away.
    pub(crate) fn take(&self, state: &Value, call: &ToolCall, now: Timestamp) -> Option<Continuation> {
        let mut entries = self.entries();
        let kept = entries.get_mut(&key(&call.upstream, state))?;
        let at = kept.iter().position(|entry| now < entry.until && entry.continuation.is_for(call))?;
        Some(kept.swap_remove(at).continuation)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Vec<Entry>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(upstream: &UpstreamName, state: &Value) -> Key {
    let mut hash = Sha256::new();
    hash.update((upstream.as_str().len() as u64).to_be_bytes());
    hash.update(upstream.as_str());
    hash.update(state.to_json());
    hash.finalize().into()
}
