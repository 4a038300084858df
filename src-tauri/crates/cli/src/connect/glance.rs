//! What the shim needs to know of a message: its kind, its id, its method, its era. Everything else is skipped,
//! not parsed into a tree, and nothing is judged: what cannot be read is passed on, the gateway answers it.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A line as far as the shim looks into it.
#[derive(Debug)]
pub(super) enum Glance<'a> {
    Request { id: &'a RawValue, method: String, modern: bool },
    Notification { method: String, params: Option<&'a RawValue> },
    Answer { id: &'a RawValue, result: Option<&'a RawValue> },
    Blank,
    Unreadable,
}

/// An id that can be compared: the text `"\u0061"` is the text `"a"`, and neither is a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Id {
    Text(String),
    Other(String),
}

impl Id {
    pub(super) fn of(raw: &RawValue) -> Id {
        match serde_json::from_str::<String>(raw.get()) {
            Ok(text) => Id::Text(text),
            Err(_) => Id::Other(raw.get().to_owned()),
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    method: Option<String>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
}

pub(super) fn glance(line: &[u8]) -> Glance<'_> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Glance::Blank;
    }
    // Serde would take a list for the members in their order.
    if line.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Glance::Unreadable;
    }
    match serde_json::from_slice(line) {
        Ok(Envelope { id: Some(id), method: Some(method), params, .. }) => {
            Glance::Request { id, method, modern: params.is_some_and(is_modern) }
        }
        Ok(Envelope { method: Some(method), params, .. }) => Glance::Notification { method, params },
        Ok(Envelope { id: Some(id), result, .. }) => Glance::Answer { id, result },
        Ok(_) | Err(_) => Glance::Unreadable,
    }
}

/// Modern requests name their protocol version one by one.
fn is_modern(params: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(borrow, rename = "_meta")]
        meta: Meta<'a>,
    }
    #[derive(Deserialize)]
    struct Meta<'a> {
        #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
        version: Option<&'a RawValue>,
    }
    serde_json::from_str::<Params<'_>>(params.get()).is_ok_and(|params| params.meta.version.is_some())
}

/// The request that a `notifications/cancelled` is about.
pub(super) fn cancelled(params: Option<&RawValue>) -> Option<Id> {
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(borrow, rename = "requestId")]
        request: &'a RawValue,
    }
    let params: Params<'_> = serde_json::from_str(params?.get()).ok()?;
    Some(Id::of(params.request))
}

/// The protocol version that the answer to an `initialize` settles.
pub(super) fn agreed_version(result: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Agreed {
        #[serde(rename = "protocolVersion")]
        version: String,
    }
    serde_json::from_str::<Agreed>(result.get()).ok().map(|agreed| agreed.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_message_is_told_apart() {
        let request = br#" {"params":{"x":[1,{}]},"jsonrpc":"2.0","odd":1e400,"id":7,"method":"ping"}"#;
        assert!(matches!(glance(request), Glance::Request { id, method, modern: false }
            if id.get() == "7" && method == "ping"));
        assert!(matches!(glance(br#"{"method":"notifications/initialized"}"#), Glance::Notification { .. }));
        let answer = br#"{"id":"a","result":{"protocolVersion":"2025-06-18"}}"#;
        assert!(matches!(glance(answer), Glance::Answer { result: Some(result), .. }
            if agreed_version(result).as_deref() == Some("2025-06-18")));
        assert!(matches!(glance(br#"{"id":1,"error":{}}"#), Glance::Answer { result: None, .. }));
        assert!(matches!(glance(b" \r\n"), Glance::Blank));
    }

    #[test]
    fn what_is_no_message_is_unreadable_and_never_an_error() {
        for line in [
            &b"{"[..],
            b"[1,\"ping\",null,null]",
            b"[{\"id\":1,\"method\":\"ping\"}]",
            b"{\"id\":1,\"method\":2}",
            b"{\"id\":1,\"id\":2,\"method\":\"ping\"}",
            b"{\"id\":null}",
            b"{\"id\":1,\"method\":\"\xff\"}",
            b"\"text\"",
        ] {
            assert!(matches!(glance(line), Glance::Unreadable), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn a_request_is_modern_if_it_names_its_version() {
        let modern = |params: &str| {
            let line = format!(r#"{{"id":1,"method":"tools/call","params":{params}}}"#);
            matches!(glance(line.as_bytes()), Glance::Request { modern: true, .. })
        };
        assert!(modern(r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"name":"x"}"#));
        assert!(!modern(r#"{"_meta":{"progressToken":1}}"#));
        assert!(!modern("[]") && !modern("{}") && !modern(r#"{"_meta":3}"#));
    }

    #[test]
    fn ids_are_compared_as_values() {
        let id = |text: &str| Id::of(&RawValue::from_string(text.to_owned()).unwrap());
        assert_eq!(id(r#""\u0061""#), id(r#""a""#));
        assert_ne!(id(r#""1""#), id("1"));
    }
}
