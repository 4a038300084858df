//! Who may speak at all, before anything of a message is read: this machine's own programs, with a token.
//!
//! A web page reaches loopback too, under its own origin or, by a rebound name, under ours; so any `Origin` but our
//! own address is refused, and `Host` must be one of the few ways to write that address.

use super::refuse::Refused;
use crate::{
    engine::{Engine, Peer},
    home::Agent,
    message::code,
};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use std::net::SocketAddr;

/// The protocol versions this port speaks.
pub(super) const VERSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The first version of the stateless era.
const STATELESS: &str = "2026-07-28";

/// Host and origin, without which nothing else is looked at.
pub(super) fn check_address(
    listen: SocketAddr,
    peer: Peer,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Refused> {
    let refused = |message| Err(Refused::new(StatusCode::FORBIDDEN, code::REFUSED, message));
    let is_our_own = |origin: &str| {
        matches!(peer, Peer::Tcp)
            && origin.strip_prefix("http://").is_some_and(|host| is_own_address(listen, host))
    };
    if headers.get_all(header::ORIGIN).iter().any(|origin| !origin.to_str().is_ok_and(is_our_own)) {
        return refused("requests from web pages are refused: send no `Origin` header");
    }
    // On the home's socket there is no address to rebind.
    if matches!(peer, Peer::Unix) {
        return Ok(());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return refused("exactly one `Host` header is needed");
    };
    let is_ours = |host: &str| is_own_address(listen, host);
    if !host.to_str().is_ok_and(is_ours)
        || !uri.authority().is_none_or(|authority| is_ours(authority.as_str()))
    {
        return refused("this `Host` is not the gateway's: use 127.0.0.1, localhost or [::1] with its port");
    }
    Ok(())
}

/// Whose message this is.
pub(super) fn check_token(engine: &Engine, peer: Peer, headers: &HeaderMap) -> Result<Agent, Refused> {
    if headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(Refused::new(StatusCode::UNAUTHORIZED, code::REFUSED, "send one `Authorization` header"));
    }
    engine
        .identify(headers, peer)
        .map_err(|error| Refused::new(StatusCode::UNAUTHORIZED, code::REFUSED, error.to_string()))
}

/// A POST carries JSON and takes JSON as well as an event stream.
pub(super) fn check_post_types(headers: &HeaderMap) -> Result<(), Refused> {
    let kind = text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if !essence(kind).eq_ignore_ascii_case("application/json") {
        let message = "the body must be JSON: send `Content-Type: application/json`";
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::REFUSED, message));
    }
    if !accepts(headers, "application", "json") || !accepts(headers, "text", "event-stream") {
        let message = "answers are JSON or event streams: send `Accept: application/json, text/event-stream`";
        return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, code::REFUSED, message));
    }
    Ok(())
}

/// A GET takes an event stream.
pub(super) fn check_get_types(headers: &HeaderMap) -> Result<(), Refused> {
    if accepts(headers, "text", "event-stream") {
        return Ok(());
    }
    let message = "this is an event stream: send `Accept: text/event-stream`";
    Err(Refused::new(StatusCode::NOT_ACCEPTABLE, code::REFUSED, message))
}

/// A version that is named must be known; none means the oldest that had sessions.
pub(super) fn check_version(headers: &HeaderMap, agreed: Option<&str>) -> Result<(), Refused> {
    let Some(version) = headers.get("mcp-protocol-version") else { return Ok(()) };
    let version = version.to_str().unwrap_or_default();
    if VERSIONS.contains(&version) || agreed == Some(version) {
        return Ok(());
    }
    let version: String = version.chars().take(40).collect();
    let message =
        format!("the protocol version `{version}` is not spoken here; use one of {}", VERSIONS.join(", "));
    Err(Refused::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, message))
}

/// Whether the named version is of the stateless era, or of a later one that we pass on as such.
pub(super) fn is_stateless(headers: &HeaderMap) -> bool {
    let is_date = |version: &str| version.len() == STATELESS.len() && version.starts_with("20");
    text(headers, "mcp-protocol-version").is_some_and(|version| is_date(version) && version >= STATELESS)
}

pub(super) fn session_id(headers: &HeaderMap) -> Option<&str> {
    text(headers, "mcp-session-id")
}

fn is_own_address(listen: SocketAddr, host: &str) -> bool {
    let port = listen.port();
    let names = ["127.0.0.1", "localhost", "[::1]"];
    names.iter().any(|name| {
        host.strip_prefix(name).is_some_and(|rest| match rest.strip_prefix(':') {
            Some(digits) => digits == port.to_string(),
            None => rest.is_empty() && port == 80,
        })
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

/// No `Accept` at all takes anything.
fn accepts(headers: &HeaderMap, kind: &str, subkind: &str) -> bool {
    let mut lines = headers.get_all(header::ACCEPT).iter().peekable();
    if lines.peek().is_none() {
        return true;
    }
    lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).any(|item| {
        let Some((given, subgiven)) = essence(item).split_once('/') else { return false };
        let fits = |given: &str, wanted: &str| given == "*" || given.eq_ignore_ascii_case(wanted);
        fits(given, kind) && fits(subgiven, subkind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(key, text): &(&str, &str)| {
            (HeaderName::try_from(*key).unwrap(), HeaderValue::from_str(text).unwrap())
        };
        pairs.iter().map(pair).fold(HeaderMap::new(), |mut map, (key, text)| {
            map.append(key, text);
            map
        })
    }

    fn status(pairs: &[(&str, &str)], uri: &str) -> Option<StatusCode> {
        let listen = "127.0.0.1:7717".parse().unwrap();
        let uri = uri.parse().unwrap();
        check_address(listen, Peer::Tcp, &uri, &headers(pairs)).err().map(|refused| refused.status)
    }

    #[test]
    fn only_our_own_addresses_are_taken_as_host() {
        for host in ["127.0.0.1:7717", "localhost:7717", "[::1]:7717"] {
            assert_eq!(status(&[("host", host)], "/mcp/x"), None, "{host}");
        }
        let foreign = [
            "evil.example",
            "evil.example:7717",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost:77170",
            "localhost.evil:7717",
            "127.0.0.1:7717.evil",
            "127.0.0.1:07717",
            "[::1]",
            "",
            "LOCALHOST:7717@evil",
        ];
        for host in foreign {
            assert_eq!(status(&[("host", host)], "/mcp/x"), Some(StatusCode::FORBIDDEN), "{host}");
        }
        assert_eq!(status(&[], "/"), Some(StatusCode::FORBIDDEN));
        let two = [("host", "localhost:7717"), ("host", "localhost:7717")];
        assert_eq!(status(&two, "/"), Some(StatusCode::FORBIDDEN));
        assert_eq!(status(&[("host", "localhost:7717")], "http://evil:1/mcp"), Some(StatusCode::FORBIDDEN));
    }

    #[test]
    fn every_origin_but_our_own_is_refused_and_on_the_socket_that_too() {
        let origins = [
            ("http://localhost:7717", None),
            ("http://127.0.0.1:7717", None),
            ("https://localhost:7717", Some(StatusCode::FORBIDDEN)),
            ("http://localhost:7718", Some(StatusCode::FORBIDDEN)),
            ("http://localhost:7717.evil.example", Some(StatusCode::FORBIDDEN)),
            ("https://evil.example", Some(StatusCode::FORBIDDEN)),
            ("null", Some(StatusCode::FORBIDDEN)),
            ("", Some(StatusCode::FORBIDDEN)),
        ];
        for (origin, expected) in origins {
            let pairs = [("host", "localhost:7717"), ("origin", origin)];
            assert_eq!(status(&pairs, "/mcp/x"), expected, "{origin}");
            let uri = "/mcp/x".parse().unwrap();
            let listen = "127.0.0.1:7717".parse().unwrap();
            assert!(check_address(listen, Peer::Unix, &uri, &headers(&pairs)).is_err());
        }
        let two = [("host", "localhost:7717"), ("origin", "http://localhost:7717"), ("origin", "null")];
        assert_eq!(status(&two, "/mcp/x"), Some(StatusCode::FORBIDDEN));
    }

    #[test]
    fn both_kinds_of_answer_must_be_accepted() {
        let check = |accept: &[(&str, &str)]| {
            let mut all = headers(accept);
            all.insert("content-type", HeaderValue::from_static("application/json; charset=utf-8"));
            check_post_types(&all).err().map(|refused| refused.status)
        };
        for accept in ["application/json, text/event-stream", "*/*", "text/*;q=0.5,Application/JSON;q=1"] {
            assert_eq!(check(&[("accept", accept)]), None, "{accept}");
        }
        assert_eq!(check(&[]), None);
        assert_eq!(check(&[("accept", "application/json"), ("accept", "text/event-stream")]), None);
        for accept in ["application/json", "text/event-stream", "text/html", ""] {
            assert_eq!(check(&[("accept", accept)]), Some(StatusCode::NOT_ACCEPTABLE), "{accept}");
        }
        for kind in ["text/plain", "application/jsonp", "", "application/x-www-form-urlencoded"] {
            let refused = check_post_types(&headers(&[("content-type", kind)])).unwrap_err();
            assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        }
    }

    #[test]
    fn an_unknown_protocol_version_is_refused_and_a_missing_one_is_not() {
        let check =
            |version: &str, agreed| check_version(&headers(&[("mcp-protocol-version", version)]), agreed);
        assert!(check_version(&headers(&[]), None).is_ok());
        assert!(check("2025-06-18", None).is_ok());
        assert!(check("2024-01-01", Some("2024-01-01")).is_ok());
        for version in ["1999-01-01", "", "2025-06-18 ", STATELESS] {
            if version != "2025-06-18 " {
                assert_eq!(check(version, None).unwrap_err().status, StatusCode::BAD_REQUEST, "{version}");
            }
        }
    }
}
