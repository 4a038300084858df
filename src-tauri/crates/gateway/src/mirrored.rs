//! MCP's headers of the stateless era, which mirror parts of the body, so that what stands in between can route
//! without reading it. A server must refuse a message whose headers say something else than its body.
//!
//! Used both ways: what an agent sends is checked here, and what goes up is written anew from the body that was
//! judged; no header of an agent's is ever copied. Source: MCP 2026-07-28, "Streamable HTTP", request headers.

use crate::message::Request;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use policy::Value;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const PARAM: &str = "mcp-param-";

const BEFORE: &str = "=?base64?";
const AFTER: &str = "?=";
/// Deepest property that is looked at for an annotation.
const MAX_DEPTH: usize = 32;

/// What a message's headers say differently from its body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Mismatch {
    #[error("the header `{header}` is missing: it must repeat `{part}` of the body")]
    Missing { header: String, part: String },
    #[error("the header `{header}` differs from `{part}` of the body")]
    Differs { header: String, part: String },
    #[error("the header `{header}` was sent twice")]
    Twice { header: String },
    #[error("the header `{header}` is set, but `{part}` is not in the body")]
    Alone { header: String, part: String },
    #[error("the header `{header}` holds no valid base64 between `=?base64?` and `?=`")]
    Unreadable { header: String },
}

/// The headers that go up with a request; `schema` is the input schema of the tool it calls.
pub(crate) fn headers(request: &Request, schema: Option<&Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: HeaderName, text: &str| {
        if let Some(value) = encode(text) {
            headers.insert(name, value);
        }
    };
    if let Some(version) = request.stateless_version() {
        add(VERSION, version);
    }
    add(METHOD, &request.method);
    if let Some((_, name)) = named(request) {
        add(NAME, name);
    }
    for (place, value) in schema.map(|schema| mirrored(schema, request)).unwrap_or_default() {
        if let (Some(text), Some(name)) = (value.and_then(shown), place.header()) {
            add(name, &text);
        }
    }
    headers
}

/// Version, method and name.
pub(crate) fn check(headers: &HeaderMap, request: &Request) -> Result<(), Mismatch> {
    let version = request.stateless_version().unwrap_or_default();
    agrees(headers, &VERSION, "_meta", version)?;
    agrees(headers, &METHOD, "method", &request.method)?;
    match named(request) {
        Some((part, name)) => agrees(headers, &NAME, part, name),
        None => only(headers, &NAME).map(drop),
    }
}

/// The headers that the tool's schema asks for: present with their argument, absent without.
pub(crate) fn check_params(headers: &HeaderMap, request: &Request, schema: &Value) -> Result<(), Mismatch> {
    for (place, value) in mirrored(schema, request) {
        let Some(header) = place.header() else { continue };
        let part = place.path.join(".");
        let sent = only(headers, &header)?;
        match (sent, value.and_then(shown)) {
            (None, None) => {}
            (Some(_), None) => return Err(Mismatch::Alone { header: header.to_string(), part }),
            (None, Some(_)) => return Err(Mismatch::Missing { header: header.to_string(), part }),
            (Some(sent), Some(shown)) => {
                let header = header.to_string();
                let Some(sent) = decode(sent) else { return Err(Mismatch::Unreadable { header }) };
                let same = sent == shown || (place.is_integer && same_integer(&sent, &shown));
                if !same {
                    return Err(Mismatch::Differs { header, part });
                }
            }
        }
    }
    Ok(())
}

fn agrees(headers: &HeaderMap, header: &HeaderName, part: &str, text: &str) -> Result<(), Mismatch> {
    let (name, part) = (header.to_string(), part.to_owned());
    match only(headers, header)? {
        None => Err(Mismatch::Missing { header: name, part }),
        Some(sent) => match decode(sent) {
            None => Err(Mismatch::Unreadable { header: name }),
            Some(sent) if sent == text => Ok(()),
            Some(_) => Err(Mismatch::Differs { header: name, part }),
        },
    }
}

/// Readers of the first copy and of the last would take different ones.
fn only<'a>(headers: &'a HeaderMap, header: &HeaderName) -> Result<Option<&'a HeaderValue>, Mismatch> {
    let mut sent = headers.get_all(header).iter();
    match (sent.next(), sent.next()) {
        (_, Some(_)) => Err(Mismatch::Twice { header: header.to_string() }),
        (first, None) => Ok(first),
    }
}

/// What `Mcp-Name` repeats.
fn named(request: &Request) -> Option<(&'static str, &str)> {
    let part = match request.method.as_str() {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
        _ => return None,
    };
    Some((part, request.params()?.get(part)?.as_text()?))
}

/// A property of the tool's input that is repeated in a header.
struct Place<'a> {
    path: Vec<&'a str>,
    token: &'a str,
    is_integer: bool,
}

impl Place<'_> {
    fn header(&self) -> Option<HeaderName> {
        HeaderName::try_from(format!("{PARAM}{}", self.token.to_ascii_lowercase())).ok()
    }
}

/// Every annotated property with the argument that is there for it; `null` counts as none.
fn mirrored<'a>(schema: &'a Value, request: &'a Request) -> Vec<(Place<'a>, Option<&'a Value>)> {
    let arguments = request.params().and_then(|params| params.get("arguments"));
    let argument = |path: &[&str]| {
        let found = path.iter().try_fold(arguments?, |value, key| value.get(key))?;
        (*found != Value::Null).then_some(found)
    };
    let mut places = Vec::new();
    // An annotation that is not valid voids them all: agents that follow the standard drop such a tool.
    if !collect(schema, &mut Vec::new(), &mut places) {
        return Vec::new();
    }
    let with_value = |place: Place<'a>| {
        let value = argument(&place.path);
        (place, value)
    };
    places.into_iter().map(with_value).collect()
}

/// False where an annotation is not valid.
fn collect<'a>(schema: &'a Value, path: &mut Vec<&'a str>, places: &mut Vec<Place<'a>>) -> bool {
    if let Some(annotation) = schema.get("x-mcp-header") {
        let (Some(token), Some(kind)) = (annotation.as_text(), schema.get("type").and_then(Value::as_text))
        else {
            return false;
        };
        let is_taken = places.iter().any(|place: &Place<'_>| place.token.eq_ignore_ascii_case(token));
        let is_scalar = matches!(kind, "string" | "integer" | "boolean");
        if path.is_empty() || !is_token(token) || !is_scalar || is_taken {
            return false;
        }
        places.push(Place { path: path.clone(), token, is_integer: kind == "integer" });
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_map) else { return true };
    if path.len() >= MAX_DEPTH {
        return true;
    }
    for (key, property) in properties.iter() {
        path.push(key);
        let is_valid = collect(property, path, places);
        path.pop();
        if !is_valid {
            return false;
        }
    }
    true
}

/// A field name as HTTP allows it (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(allowed)
}

/// An argument as its header has it; lists and objects have no such form.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Number(number) => Some(number.as_str().to_owned()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

/// `42` is `42.0`, without going through a float.
fn same_integer(one: &str, other: &str) -> bool {
    let whole = |text: &str| {
        let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_whole = is_number(whole) && is_number(fraction) && fraction.bytes().all(|byte| byte == b'0');
        is_whole.then(|| format!("{sign}{}", whole.trim_start_matches('0')))
    };
    whole(one).is_some() && whole(one) == whole(other)
}

/// Printable ASCII without blanks at its ends as it is, anything else as base64.
fn encode(text: &str) -> Option<HeaderValue> {
    let is_plain = !text.is_empty()
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && text.trim() == text
        && !(text.starts_with(BEFORE) && text.ends_with(AFTER));
    let text =
        if is_plain { text.to_owned() } else { format!("{BEFORE}{}{AFTER}", BASE64_STANDARD.encode(text)) };
    HeaderValue::try_from(text).ok()
}

/// None where the base64 is not as an encoder writes it.
fn decode(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim_matches([' ', '\t']);
    let Some(coded) = text.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER)) else {
        return Some(text.to_owned());
    };
    String::from_utf8(BASE64_STANDARD.decode(coded).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"type":"object","properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "limit":{"type":"integer","x-mcp-header":"Limit"},
        "deep":{"properties":{"flag":{"type":"boolean","x-mcp-header":"Flag"}}},
        "other":{"type":"string"}}}"#;

    fn json(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    fn call(arguments: &str) -> Request {
        let params = format!(
            r#"{{"name":"größe","arguments":{arguments},"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}}"#
        );
        Request::new(1.into(), "tools/call", Some(json(&params)))
    }

    #[test]
    fn what_goes_up_repeats_the_body_and_passes_our_own_check() {
        let request = call(r#"{"region":" eu\n","limit":7,"deep":{"flag":true},"other":"x"}"#);
        let headers = headers(&request, Some(&json(SCHEMA)));
        let text = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(text("mcp-protocol-version"), "2026-07-28");
        assert_eq!(text("mcp-method"), "tools/call");
        assert_eq!(text("mcp-name"), "=?base64?Z3LDtsOfZQ==?=");
        assert_eq!(text("mcp-param-region"), "=?base64?IGV1Cg==?=");
        assert_eq!((text("mcp-param-limit"), text("mcp-param-flag")), ("7".into(), "true".into()));
        assert_eq!(headers.len(), 6);
        check(&headers, &request).unwrap();
        check_params(&headers, &request, &json(SCHEMA)).unwrap();
    }

    #[test]
    fn requests_about_a_task_name_it() {
        let params =
            json(r#"{"taskId":"t-1","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#);
        for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
            let request = Request::new(1.into(), method, Some(params.clone()));
            let mut headers = headers(&request, None);
            assert_eq!(headers.get(NAME).unwrap(), "t-1", "{method}");
            check(&headers, &request).unwrap();
            headers.insert(NAME, HeaderValue::from_static("t-2"));
            assert!(matches!(check(&headers, &request), Err(Mismatch::Differs { .. })), "{method}");
            headers.remove(NAME);
            assert!(matches!(check(&headers, &request), Err(Mismatch::Missing { .. })), "{method}");
        }
        let list = Request::new(1.into(), "tasks/list", Some(params));
        assert!(headers(&list, None).get(NAME).is_none());
    }

    #[test]
    fn headers_that_say_something_else_are_found() {
        let request = call(r#"{"region":"eu","limit":7}"#);
        let schema = json(SCHEMA);
        let good = headers(&request, Some(&schema));
        let with = |name: &'static str, text: &'static str| {
            let mut headers = good.clone();
            headers.insert(name, HeaderValue::from_static(text));
            headers
        };
        let without = |name: &str| {
            let mut headers = good.clone();
            headers.remove(name);
            headers
        };
        for (name, text) in [
            ("mcp-method", "TOOLS/CALL"),
            ("mcp-name", "other"),
            ("mcp-protocol-version", "2025-11-25"),
            ("mcp-name", "=?base64?Z3LDtsOfZQ?="),
        ] {
            assert!(check(&with(name, text), &request).is_err(), "{name}: {text}");
        }
        for name in ["mcp-method", "mcp-name", "mcp-protocol-version"] {
            assert!(matches!(check(&without(name), &request), Err(Mismatch::Missing { .. })), "{name}");
        }
        let mut twice = good.clone();
        twice.append(METHOD, HeaderValue::from_static("tools/call"));
        assert!(matches!(check(&twice, &request), Err(Mismatch::Twice { .. })));

        let params = |headers: &HeaderMap| check_params(headers, &request, &schema);
        assert!(matches!(params(&without("mcp-param-region")), Err(Mismatch::Missing { .. })));
        assert!(matches!(params(&with("mcp-param-region", "us")), Err(Mismatch::Differs { .. })));
        assert!(matches!(params(&with("mcp-param-flag", "true")), Err(Mismatch::Alone { .. })));
        assert!(matches!(
            params(&with("mcp-param-region", "=?base64?SGVs!!!bG8=?=")),
            Err(Mismatch::Unreadable { .. })
        ));
        assert!(params(&with("mcp-param-limit", "7.0")).is_ok());
        assert!(params(&with("mcp-param-limit", "7.5")).is_err());
        assert!(params(&with("mcp-name", " gr")).is_ok(), "names are not looked at here");
    }

    #[test]
    fn blanks_around_a_value_do_not_count_and_half_a_frame_is_taken_as_it_is() {
        assert_eq!(decode(&HeaderValue::from_static("  eu ")).unwrap(), "eu");
        assert_eq!(decode(&HeaderValue::from_static("=?base64?SGVsbG8=")).unwrap(), "=?base64?SGVsbG8=");
        assert_eq!(encode("=?base64?x?=").unwrap(), "=?base64?PT9iYXNlNjQ/eD89?=");
    }

    #[test]
    fn a_schema_with_an_annotation_that_is_not_valid_asks_for_nothing() {
        for property in [
            r#"{"type":"number","x-mcp-header":"A"}"#,
            r#"{"type":"string","x-mcp-header":"A b"}"#,
            r#"{"type":"string","x-mcp-header":1}"#,
            r#"{"x-mcp-header":"A"}"#,
        ] {
            let schema = json(&format!(
                r#"{{"properties":{{"region":{{"type":"string","x-mcp-header":"R"}},"b":{property}}}}}"#
            ));
            let request = call(r#"{"region":"eu"}"#);
            assert!(check_params(&HeaderMap::new(), &request, &schema).is_ok(), "{property}");
        }
    }
}
