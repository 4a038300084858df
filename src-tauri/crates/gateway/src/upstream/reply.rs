//! An upstream's answer to one request, and the name of the session it came in.

use crate::message::Response;
use policy::Value;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a request came to: the whole answer, with the JSON-RPC `result` or the `error` object in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply(Response);

impl Reply {
    pub(crate) fn result(result: Value) -> Reply {
        Reply(Response::result(Value::Null, result))
    }

    pub(crate) fn error(error: Value) -> Reply {
        Reply(Response::failure(Value::Null, error))
    }

    /// The `result`, or else the `error` object.
    ///
    /// # Errors
    /// The error object.
    pub fn outcome(&self) -> Result<&Value, &Value> {
        self.0.seen()
    }

    /// Whether the tool, or the protocol, says that it failed.
    #[must_use]
    pub fn is_error(&self) -> bool {
        match self.outcome() {
            Ok(result) => result.get("isError").and_then(Value::as_bool) == Some(true),
            Err(_) => true,
        }
    }

    /// The result or the error object as compact JSON.
    #[must_use]
    pub fn text(&self) -> String {
        match self.outcome() {
            Ok(value) | Err(value) => value.to_json(),
        }
    }

    /// With another result; an error stays as it is.
    #[must_use]
    pub(crate) fn map_result(self, change: impl FnOnce(Value) -> Value) -> Reply {
        Reply(self.0.map_result(change))
    }

    /// The whole answer under the agent's id.
    pub(crate) fn into_response(self, id: Value) -> Response {
        self.0.with_id(id)
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Reply {
        Reply(response.with_id(Value::Null))
    }
}

/// Names one session of an agent's, and no other of any time.
pub(super) fn fresh_name() -> String {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let mut random = [0_u8; 16];
    // Without randomness there are no holds and no grants either; the count tells sessions apart even so.
    let _ = getrandom::fill(&mut random);
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{random}-{}", OPENED.fetch_add(1, Ordering::Relaxed))
}
