//! A `tools/call` as an agent sent it, read just far enough to be judged.

use super::{
    exchange::From,
    refuse::Refused,
    session::{AgentSession, Declared},
};
use crate::{
    message::{Request, code},
    pipeline::Incoming,
    upstream::{CallRoute, is_own_param},
    waits::{Era, Patience},
};
use axum::http::StatusCode;
use policy::{Map, Value};
use tokio_util::sync::CancellationToken;

/// Name, arguments and the rest of `params`, kept apart: what is judged, and what only comes along.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) tool: String,
    pub(super) arguments: Value,
    pub(super) omits_arguments: bool,
    pub(super) extras: Map,
}

/// Arguments that are left out are judged as an empty object; they stay left out on their way up, as some servers
/// tell the one from the other (I12: neither has a value that was not judged).
///
/// Name and arguments are taken out of the request, as arguments may be large; the rest stays in it as well.
pub(super) fn read(request: &mut Request) -> Result<Named, Refused> {
    let id = request.id.clone();
    let refused = |message: String| Refused::new(StatusCode::OK, code::INVALID_PARAMS, message).to(&id);
    let Some(Value::Map(params)) = request.params_mut() else {
        return Err(refused("`tools/call` needs `params` with the tool's `name`".to_owned()));
    };
    let tool = match params.remove("name") {
        Some(Value::Text(tool)) => tool,
        _ => return Err(refused("`params.name` must be the tool's name as text".to_owned())),
    };
    let (arguments, omits_arguments) = match params.remove("arguments") {
        None => (Value::Map(Map::default()), true),
        Some(arguments @ Value::Map(_)) => (arguments, false),
        Some(_) => return Err(refused("`params.arguments` must be an object".to_owned())),
    };
    let extras = params.clone();
    // INVARIANT(I12): an upstream that reads member names without regard to case must not run something else.
    if let Some((key, _)) = extras.iter().find(|(key, _)| is_own_param(key)) {
        let key: String = key.chars().take(40).collect();
        return Err(refused(format!("the member `{key}` differs from `name` or `arguments` only in case")));
    }
    Ok(Named { tool, arguments, omits_arguments, extras })
}

/// What the pipeline takes. `left` ends the wait of a held call, and `route` carries the agent's own cancel.
pub(super) async fn incoming(
    from: &From,
    session: &AgentSession,
    request: &Request,
    named: Named,
    route: CallRoute,
    left: CancellationToken,
) -> Incoming {
    // In the stateless era each request says for itself what its agent is.
    let declared = match session.era() {
        Era::Legacy => session.declared.clone(),
        Era::Modern => Declared::in_request(request),
    };
    let patience = Patience {
        era: session.era(),
        has_progress_token: request.progress_token().is_some(),
        takes_urls: declared.takes_urls,
    };
    let peer = from.connected.process().await;
    // A connection may be older than what a person last set for its agent.
    let agent = from.engine.agent(&from.agent.name).unwrap_or_else(|| from.agent.clone());
    from.engine.note_caller(&agent, declared.client.as_deref(), &peer);
    Incoming {
        agent,
        claimed_client: declared.client,
        peer,
        upstream: from.upstream.clone(),
        session: session.up.clone(),
        tool: named.tool,
        arguments: named.arguments,
        omits_arguments: named.omits_arguments,
        extras: named.extras,
        envelope: request.rest(),
        patience,
        route,
        cancel: left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Result<Named, Refused> {
        let params = Value::parse(text.as_bytes()).unwrap();
        read(&mut Request::new(7.into(), "tools/call", Some(params)))
    }

    #[test]
    fn name_arguments_and_the_rest_are_kept_apart() {
        let named =
            params(r#"{"_meta":{"progressToken":1},"name":"t","arguments":{"a":1.0},"task":{}}"#).unwrap();
        assert_eq!((named.tool.as_str(), named.arguments.to_json().as_str()), ("t", r#"{"a":1.0}"#));
        assert_eq!(Value::Map(named.extras).to_json(), r#"{"_meta":{"progressToken":1},"task":{}}"#);
        assert_eq!(params(r#"{"name":"t"}"#).unwrap().arguments.to_json(), "{}");
    }

    #[test]
    fn a_call_that_cannot_be_judged_is_refused() {
        let bad = [
            "[]",
            "{}",
            r#"{"name":1}"#,
            r#"{"name":null}"#,
            r#"{"arguments":{}}"#,
            r#"{"name":"t","arguments":null}"#,
            r#"{"name":"t","arguments":[1]}"#,
            r#"{"name":"t","arguments":"{}"}"#,
        ];
        for text in bad {
            let refused = params(text).unwrap_err();
            assert_eq!((refused.code, refused.id), (code::INVALID_PARAMS, 7.into()), "{text}");
        }
    }

    #[test]
    fn i12_members_that_a_lenient_reader_takes_for_the_tool_are_refused() {
        for key in ["Name", "NAME", "Arguments", "argument\u{17f}"] {
            let text = format!(r#"{{"name":"safe","arguments":{{}},"{key}":"other"}}"#);
            assert!(params(&text).unwrap_err().message.contains(key), "{key}");
        }
    }
}
