//! Who may speak to a ceremony: one browser's page of exactly its own origin, opened by a person.
//!
//! Everything is refused that a page elsewhere, a frame, a form, a script of another site or a service worker could
//! send. Browsers write these headers themselves; no script can.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// The page itself.
    Page,
    /// Its style or its script.
    Part,
    /// A step of the ceremony.
    Step,
}

/// Reasons in the journal: a browser asked for a service worker that somebody had left on this port, and somebody
/// asked for something that no page of ours links to.
pub(super) const WORKER: &str = "service_worker";
const ADDRESS: &str = "wrong_address";

/// What a request without the address is on record as; none for what browsers ask for by themselves. A worker that
/// answers its page alone asks nothing here, and cannot be noticed.
pub(super) fn stranger(uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    if headers.contains_key("service-worker") || headers.contains_key("service-worker-navigation-preload") {
        return Some(WORKER);
    }
    let by_itself = ["/favicon.ico", "/apple-touch-icon", "/.well-known/"];
    (!by_itself.iter().any(|start| uri.path().starts_with(start))).then_some(ADDRESS)
}

/// Checks one request. The words are for a person who looks at the page.
pub(super) fn check(
    port: u16,
    purpose: For,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), (StatusCode, &'static str)> {
    let refuse = |words| Err((StatusCode::FORBIDDEN, words));
    let (host, origin) = (format!("localhost:{port}"), format!("http://localhost:{port}"));
    if only(headers, header::HOST.as_str()) != Some(&host)
        || uri.authority().is_some_and(|authority| authority.as_str() != host)
    {
        return refuse("Open this page under the address that Doorward gave.");
    }
    let wanted = if purpose == For::Step { Method::POST } else { Method::GET };
    if *method != wanted {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "This address does not take that."));
    }
    if headers.contains_key("service-worker") || headers.contains_key("service-worker-navigation-preload") {
        return refuse("No service worker may stand between this page and Doorward.");
    }
    let has = |name: &str, allowed: &[&str]| {
        !headers.contains_key(name) || only(headers, name).is_some_and(|value| allowed.contains(&value))
    };
    let is_as_browsers_write = match purpose {
        For::Page => {
            has("sec-fetch-site", &["none", "same-origin"])
                && has("sec-fetch-mode", &["navigate"])
                && has("sec-fetch-dest", &["document"])
        }
        For::Part => has("sec-fetch-site", &["same-origin"]) && has("sec-fetch-dest", &["script", "style"]),
        For::Step => {
            has("sec-fetch-site", &["same-origin"])
                && has("sec-fetch-mode", &["cors", "same-origin"])
                && has("sec-fetch-dest", &["empty"])
                && headers.contains_key("sec-fetch-site")
        }
    };
    // A step must say where it comes from; a page that is opened says nothing.
    let origin_fits = match purpose {
        For::Step => only(headers, header::ORIGIN.as_str()) == Some(&origin),
        For::Page | For::Part => has(header::ORIGIN.as_str(), &[&origin]),
    };
    if !is_as_browsers_write || !origin_fits {
        return refuse("Only the page that Doorward opened may speak here.");
    }
    let kind = only(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if purpose == For::Step && kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "A step is JSON."));
    }
    Ok(())
}

/// The header's value, where there is exactly one.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const PAGE: [(&str, &str); 4] = [
        ("host", "localhost:4100"),
        ("sec-fetch-site", "none"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    const STEP: [(&str, &str); 6] = [
        ("host", "localhost:4100"),
        ("origin", "http://localhost:4100"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "empty"),
        ("content-type", "application/json"),
    ];

    fn passes(purpose: For, method: &Method, pairs: &[(&str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        check(4100, purpose, method, &"/x".parse().unwrap(), &headers).is_ok()
    }

    /// The pairs with one changed, or added.
    fn with<'a>(pairs: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
        let others = pairs.iter().filter(|(other, _)| *other != name).copied();
        others.chain([(name, value)]).collect()
    }

    #[test]
    fn what_a_browser_sends_is_taken() {
        assert!(passes(For::Page, &Method::GET, &PAGE));
        assert!(passes(For::Page, &Method::GET, &with(&PAGE, "sec-fetch-site", "same-origin")), "a reload");
        assert!(passes(For::Page, &Method::GET, &PAGE[..1]), "an old browser gets the page that says so");
        assert!(passes(For::Step, &Method::POST, &STEP));
        let part =
            [("host", "localhost:4100"), ("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "script")];
        assert!(passes(For::Part, &Method::GET, &part));
    }

    #[test]
    fn a_page_that_something_else_opens_is_refused() {
        for (name, value) in [
            ("host", "127.0.0.1:4100"),
            ("host", "localhost"),
            ("host", "localhost:4101"),
            ("host", "evil.localhost:4100"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "empty"),
            ("sec-fetch-mode", "cors"),
            ("origin", "http://localhost:4101"),
            ("origin", "null"),
            ("service-worker", "script"),
            ("service-worker-navigation-preload", "true"),
        ] {
            assert!(!passes(For::Page, &Method::GET, &with(&PAGE, name, value)), "{name}: {value}");
        }
        assert!(!passes(For::Page, &Method::POST, &PAGE));
        assert!(!passes(For::Page, &Method::HEAD, &PAGE));
        assert!(!passes(For::Page, &Method::GET, &[PAGE[0], PAGE[0]]), "two hosts");
    }

    #[test]
    fn a_step_from_anywhere_else_is_refused() {
        for (name, value) in [
            ("origin", "http://localhost:4101"),
            ("origin", "http://127.0.0.1:4100"),
            ("origin", "https://localhost:4100"),
            ("origin", "null"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "script"),
            ("content-type", "text/plain"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("service-worker", "script"),
        ] {
            assert!(!passes(For::Step, &Method::POST, &with(&STEP, name, value)), "{name}: {value}");
        }
        for missing in ["origin", "sec-fetch-site", "content-type", "host"] {
            let left: Vec<_> = STEP.iter().filter(|(name, _)| *name != missing).copied().collect();
            assert!(!passes(For::Step, &Method::POST, &left), "without {missing}");
        }
        assert!(!passes(For::Step, &Method::GET, &STEP));
    }
}
