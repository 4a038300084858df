//! What may go up. The wires take nothing else, and a `tools/call` becomes one of these only by giving up a
//! [`JournalledCall`].
//!
//! INVARIANT(I1): no other file can make an [`Outgoing`] that runs a tool.
//! INVARIANT(I12): name and arguments come from the release; what comes along cannot replace them.

use super::UpstreamError;
use crate::{
    message::{Notification, Request, Response, TOOLS_CALL, looks_like},
    mirrored,
};
use journal::JournalledCall;
use policy::{Map, PathFact, Value};
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;

/// One message on its way to an upstream.
pub(super) struct Outgoing {
    kind: Kind,
    /// What a request of the stateless era says in its headers; older ones have none of their own.
    headers: Option<HeaderMap>,
    /// Secrets that this call's proof opened.
    secret: HeaderMap,
}

enum Kind {
    Ask(Request),
    Tell(Value),
}

/// What comes along with a released call: advisory, and never part of what was judged.
#[derive(Clone, Debug, Default)]
pub struct Along {
    /// The other members of `params`: `_meta`, `task` and unknown ones.
    pub params: Map,
    /// Members of the envelope that JSON-RPC does not know.
    pub envelope: Map,
    /// Arguments are left out where there are none, as the agent left them out.
    pub omits_arguments: bool,
    /// What the call's paths resolved to when it was judged; never sent.
    pub paths: BTreeMap<String, PathFact>,
}

impl Outgoing {
    /// The released call; `definition` is the tool's, as it was judged.
    pub(super) fn released(call: JournalledCall, along: Along, definition: &Value) -> Outgoing {
        let mut params = Map::default();
        params.insert("name", call.call().tool.as_str().into());
        let arguments = &call.call().arguments;
        let is_empty = arguments.as_map().is_some_and(Map::is_empty);
        if !(along.omits_arguments && is_empty) {
            params.insert("arguments", arguments.clone());
        }
        for (key, value) in along.params.iter().filter(|(key, _)| !is_own_param(key)) {
            params.insert(key, value.clone());
        }
        let request = Request::new(0.into(), TOOLS_CALL, Some(Value::Map(params))).with_rest(along.envelope);
        Outgoing::ask(request, definition.get("inputSchema"))
    }

    /// Any other request.
    pub(super) fn request(request: Request) -> Result<Outgoing, UpstreamError> {
        refuse_tools_call(&request.method)?;
        Ok(Outgoing::ask(request, None))
    }

    fn ask(request: Request, schema: Option<&Value>) -> Outgoing {
        let headers = request.stateless_version().is_some().then(|| mirrored::headers(&request, schema));
        Outgoing { kind: Kind::Ask(request), headers, secret: HeaderMap::new() }
    }

    fn tell(message: Value) -> Outgoing {
        Outgoing { kind: Kind::Tell(message), headers: None, secret: HeaderMap::new() }
    }

    pub(super) fn notification(notification: Notification) -> Result<Outgoing, UpstreamError> {
        refuse_tools_call(&notification.method)?;
        Ok(Outgoing::tell(notification.into()))
    }

    /// The agent's, or our own, answer to a request of the upstream.
    pub(super) fn answer(response: Response) -> Outgoing {
        Outgoing::tell(response.into())
    }

    /// The token under which the asker wants to hear of progress.
    pub(super) fn progress_token(&self) -> Option<String> {
        match &self.kind {
            Kind::Ask(request) => request.progress_token().map(Value::to_json),
            Kind::Tell(_) => None,
        }
    }

    /// Headers of its own; some exactly where it is a request of the stateless era.
    pub(super) fn take_headers(&mut self) -> Option<HeaderMap> {
        self.headers.take()
    }

    /// With headers for this one request.
    pub(super) fn with_secret(mut self, secret: HeaderMap) -> Outgoing {
        self.secret = secret;
        self
    }

    pub(super) fn take_secret(&mut self) -> HeaderMap {
        std::mem::take(&mut self.secret)
    }

    /// The text to send; a request gets this id.
    pub(super) fn into_text(self, id: u64) -> String {
        match self.kind {
            Kind::Ask(request) => {
                request.with_id(i64::try_from(id).unwrap_or(i64::MAX).into()).into_value().to_json()
            }
            Kind::Tell(message) => message.to_json(),
        }
    }
}

/// Whether a reader, even one that ignores case, takes this member of `params` for the tool or its arguments.
pub(crate) fn is_own_param(key: &str) -> bool {
    looks_like(key, &["name", "arguments"])
}

fn refuse_tools_call(method: &str) -> Result<(), UpstreamError> {
    if method == TOOLS_CALL { Err(UpstreamError::NeedsRelease { method: method.to_owned() }) } else { Ok(()) }
}
