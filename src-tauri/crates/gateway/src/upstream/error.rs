//! Why an upstream was not asked, or did not answer.
//!
//! `Display` is for people and the log. Agents get [`UpstreamError::for_agent`], which leaves out whatever the
//! upstream wrote: its last words may hold secrets.

use crate::secrets::SecretError;
use policy::UpstreamName;

/// One failure of one upstream; cheap to clone, because every pending request gets it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    #[error(
        "the upstream `{name}` could not be started: {why}; check its command with `doorward upstream list`"
    )]
    NotStarted { name: UpstreamName, why: String },
    #[error(
        "the upstream `{name}` cannot be reached: {why}; check that it runs and that its address is right"
    )]
    Unreachable { name: UpstreamName, why: String },
    #[error("the upstream `{name}` stopped before it answered ({how}){}", said(.last_words))]
    Stopped { name: UpstreamName, how: String, last_words: Vec<String> },
    #[error("the upstream `{name}` answered HTTP {status}; see its own log")]
    Status { name: UpstreamName, status: u16 },
    #[error(
        "the upstream `{name}` refused the credentials it was given (HTTP {status}); check its headers in `upstreams.toml`"
    )]
    Credentials { name: UpstreamName, status: u16 },
    #[error(
        "the upstream `{name}` answered with a redirect, which is never followed; put the final address in `upstreams.toml`"
    )]
    Redirect { name: UpstreamName },
    #[error("the upstream `{name}` no longer knows its session; the next request opens a new one")]
    SessionLost { name: UpstreamName },
    #[error("the upstream `{name}` sent something that is not an answer: {why}")]
    Unreadable { name: UpstreamName, why: String },
    #[error("the upstream `{name}` sent more than {limit} bytes in one message")]
    TooLarge { name: UpstreamName, limit: usize },
    #[error("the upstream `{name}` did not answer within {seconds} s")]
    Slow { name: UpstreamName, seconds: u64 },
    #[error("the upstream `{name}` does not read what it is sent")]
    Stuck { name: UpstreamName },
    #[error("the request was cancelled before the upstream `{name}` answered")]
    Cancelled { name: UpstreamName },
    #[error("the call was cancelled before it was sent to the upstream `{name}`")]
    CancelledUnsent { name: UpstreamName },
    #[error("the tool `{tool}` of the upstream `{name}` is no longer the one that was judged; call it again")]
    ToolChanged { name: UpstreamName, tool: String },
    #[error("`{at}` now leads elsewhere than when this call was judged; call again to have it judged anew")]
    PathMoved { at: String },
    #[error("the upstream `{name}` refused `{method}`: {message}")]
    Answered { name: UpstreamName, method: String, message: String },
    #[error("the upstream `{name}` already works on {limit} requests of this session; wait for some to end")]
    Busy { name: UpstreamName, limit: usize },
    #[error("the upstream `{name}` cannot be given its secret `{secret}`: {why}; {hint}")]
    Secret { name: UpstreamName, secret: String, why: String, hint: &'static str },
    #[error("the upstream `{name}` has a secret that only a step-up opens, and this call has none")]
    NeedsProof { name: UpstreamName },
    #[error("{cause}; the call was not sent")]
    Unsent { cause: Box<UpstreamError> },
    #[error("`{method}` needs a release and cannot be sent as it is")]
    NeedsRelease { method: String },
}

impl UpstreamError {
    /// The same without anything the upstream itself wrote.
    #[must_use]
    pub fn for_agent(&self) -> String {
        match self {
            UpstreamError::NotStarted { name, .. } => format!("the upstream `{name}` could not be started"),
            UpstreamError::Unreachable { name, .. } => format!("the upstream `{name}` cannot be reached"),
            UpstreamError::Stopped { name, .. } => {
                format!(
                    "the upstream `{name}` stopped before it answered; whether it did anything is not known"
                )
            }
            UpstreamError::Status { name, status } => format!("the upstream `{name}` answered HTTP {status}"),
            UpstreamError::Credentials { name, .. } => {
                format!("the upstream `{name}` refused Doorward's credentials")
            }
            UpstreamError::Redirect { name } => format!("the upstream `{name}` answered with a redirect"),
            UpstreamError::Unreadable { name, .. } => {
                format!("the upstream `{name}` sent something that is not an answer")
            }
            UpstreamError::Answered { name, method, .. } => {
                format!("the upstream `{name}` refused `{method}`")
            }
            UpstreamError::Secret { name, .. } => {
                format!("the upstream `{name}` could not be given its credentials")
            }
            UpstreamError::Unsent { cause } => format!("{}; the call was not sent", cause.for_agent()),
            other => other.to_string(),
        }
    }

    /// Whether something of the request may have reached the upstream.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        !matches!(
            self,
            UpstreamError::NotStarted { .. }
                | UpstreamError::Unreachable { .. }
                | UpstreamError::Stuck { .. }
                | UpstreamError::CancelledUnsent { .. }
                | UpstreamError::ToolChanged { .. }
                | UpstreamError::PathMoved { .. }
                | UpstreamError::Busy { .. }
                | UpstreamError::Secret { .. }
                | UpstreamError::NeedsProof { .. }
                | UpstreamError::Unsent { .. }
                | UpstreamError::NeedsRelease { .. }
        )
    }

    /// A secret that could not be had.
    pub(super) fn secret(name: &UpstreamName, (secret, error): (String, SecretError)) -> UpstreamError {
        let (why, hint) = (error.to_string(), error.hint());
        UpstreamError::Secret { name: name.clone(), secret, why, hint }
    }

    /// The same failure, met before the request went out.
    pub(super) fn unsent(self) -> UpstreamError {
        if self.was_sent() { UpstreamError::Unsent { cause: Box::new(self) } } else { self }
    }
}

/// The tail of an error about a child that wrote something before it ended.
fn said(last_words: &[String]) -> String {
    if last_words.is_empty() {
        String::new()
    } else {
        format!("; its last words: `{}`", last_words.join(" / "))
    }
}
