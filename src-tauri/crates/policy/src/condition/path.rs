//! *Within a folder*: true only if the path as written and the path as it resolved on this machine both are.

use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

use crate::{PathFact, UpstreamFacts};

/// An absolute path without `.`, `..` and doubled slashes; none where it is not plainly that.
pub(crate) fn normalised(path: &str) -> Result<String, &'static str> {
    if !path.starts_with('/') {
        return Err("the path is relative, so where it leads is not known");
    }
    if path.contains('\0') || path.chars().any(char::is_control) {
        return Err("the path has a control character in it");
    }
    if path.contains('\\') {
        return Err("the path has a backslash in it, which some programs read as `/`");
    }
    if path.contains(LIKE_A_SEPARATOR) {
        return Err("the path has a character in it that some programs read as `/` or `.`");
    }
    if hides_percent(path) {
        return Err("the path has a percent sign that some programs would decode");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Ok(format!("/{}", parts.join("/")))
}

/// Full-width, fraction and division slashes, and dots that are not one.
const LIKE_A_SEPARATOR: [char; 7] =
    ['\u{2024}', '\u{2044}', '\u{2215}', '\u{29f8}', '\u{ff0e}', '\u{ff0f}', '\u{ff3c}'];

/// `%2e`, `%2F`, `%5c`, `%25`, `%00` in any case: what would become another path if decoded.
fn hides_percent(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    ["%2e", "%2f", "%5c", "%25", "%00"].iter().any(|code| lower.contains(code))
}

/// Why it is outside, where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Inside,
    Outside,
    /// Inside as written, but it resolves to this.
    LeadsTo(String),
}

/// Where a path stands, and what is known of where it leads.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    /// What its resolved form is filed under.
    pub(crate) key: &'a dyn Fn() -> String,
    pub(crate) paths: &'a BTreeMap<String, PathFact>,
    pub(crate) upstream: &'a UpstreamFacts,
    /// The system gave it with every link followed.
    pub(crate) is_resolved: bool,
}

/// Judges one path against a normalised folder.
pub(crate) fn within(path: &str, folder: &str, ground: Ground<'_>) -> Result<Place, &'static str> {
    let lexical = absolute(path, ground.upstream.root.as_deref())?;
    if !inside(&lexical, folder)? {
        return Ok(Place::Outside);
    }
    // A remote upstream's files are not on this machine: the text is all there is.
    if ground.is_resolved || ground.upstream.remote {
        return Ok(Place::Inside);
    }
    let Some(fact) = ground.paths.get(&(ground.key)()) else {
        return Err("where the path leads on this machine could not be found out");
    };
    let resolved = normalised(&fact.resolved)?;
    Ok(if inside(&resolved, folder)? { Place::Inside } else { Place::LeadsTo(fact.resolved.clone()) })
}

/// A relative path begins at the upstream's root, if that is known and no program could read the path otherwise.
fn absolute(path: &str, root: Option<&str>) -> Result<String, &'static str> {
    if path.starts_with('/') {
        return normalised(path);
    }
    let first = path.split('/').next().unwrap_or_default();
    if path.is_empty() || first.starts_with(['~', '$']) || first.contains(':') || first.trim() != first {
        return Err("the path is relative, and begins with what some programs would replace");
    }
    let root = root.ok_or("the path is relative, so where it leads is not known")?;
    normalised(&format!("{root}/{path}"))
}

/// Part by part. Names that differ only in Unicode composition are one folder on some systems, two on others.
fn inside(path: &str, folder: &str) -> Result<bool, &'static str> {
    let begins = |path: &str, folder: &str| {
        folder == "/"
            || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let plain = begins(path, folder);
    if path.is_ascii() && folder.is_ascii() {
        return Ok(plain);
    }
    let composed = begins(&path.nfc().collect::<String>(), &folder.nfc().collect::<String>());
    if plain == composed {
        Ok(plain)
    } else {
        Err("the path differs from the folder only in how its letters are composed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(
        path: &str,
        folder: &str,
        resolved: Option<&str>,
        remote: bool,
        root: Option<&str>,
    ) -> Result<Place, &'static str> {
        let fact =
            resolved.map(|resolved| ("args.path".to_owned(), PathFact { resolved: resolved.to_owned() }));
        let upstream = UpstreamFacts {
            name: "files".to_owned(),
            transport: "stdio".to_owned(),
            remote,
            root: root.map(str::to_owned),
        };
        let (key, paths) = (|| "args.path".to_owned(), fact.into_iter().collect());
        within(path, folder, Ground { key: &key, paths: &paths, upstream: &upstream, is_resolved: false })
    }

    fn judged(path: &str, resolved: Option<&str>, remote: bool) -> Result<Place, &'static str> {
        at(path, "/srv/data", resolved, remote, None)
    }

    #[test]
    fn a_relative_path_begins_at_the_root_of_its_upstream() {
        let root = Some("/srv/data");
        let inside = Some("/srv/data/a");
        for (path, resolved, expected) in [
            ("a", inside, Ok(Place::Inside)),
            ("./x/../a", inside, Ok(Place::Inside)),
            ("../secret", Some("/srv/secret"), Ok(Place::Outside)),
            ("../data/a", inside, Ok(Place::Inside)),
            ("link", Some("/etc/passwd"), Ok(Place::LeadsTo("/etc/passwd".into()))),
        ] {
            assert_eq!(at(path, "/srv/data", resolved, false, root), expected, "{path}");
        }
        for path in ["", "~/a", "~", "$HOME/a", "file:a", "C:/a", " /etc/passwd", "a%2f..", "a\\b"] {
            assert!(at(path, "/srv/data", inside, false, root).is_err(), "{path}");
        }
        assert!(at("a", "/srv/data", None, false, root).is_err());
        assert!(at("a", "/srv/data", inside, true, None).is_err());
    }

    #[test]
    fn both_the_written_and_the_resolved_path_must_be_inside() {
        let cases = [
            ("/srv/data/a", Some("/srv/data/a"), Ok(Place::Inside)),
            ("/srv/data", Some("/srv/data"), Ok(Place::Inside)),
            ("/srv//./data/x/../a", Some("/srv/data/a"), Ok(Place::Inside)),
            ("/srv/data/../secret", Some("/srv/secret"), Ok(Place::Outside)),
            ("/srv/database/a", Some("/srv/database/a"), Ok(Place::Outside)),
            ("/etc/passwd", None, Ok(Place::Outside)),
            ("/srv/data/link", Some("/etc/passwd"), Ok(Place::LeadsTo("/etc/passwd".into()))),
            ("/../../srv/data/a", Some("/srv/data/a"), Ok(Place::Inside)),
        ];
        for (path, resolved, expected) in cases {
            assert_eq!(judged(path, resolved, false), expected, "{path}");
        }
    }

    #[test]
    fn what_two_programs_could_read_differently_is_undetermined() {
        for path in [
            "data/a",
            "~/data",
            "/srv/data/%2e%2e/x",
            "/srv/data/..%2Fx",
            "/srv/data/..\\x",
            "/srv/data/a\0b",
            "file:///srv/data",
            "",
        ] {
            assert!(judged(path, Some("/srv/data/a"), false).is_err(), "{path}");
        }
        assert!(judged("/srv/data/a", None, false).is_err());
    }

    #[test]
    fn a_remote_upstream_is_judged_by_the_text_alone() {
        assert_eq!(judged("/srv/data/a", None, true), Ok(Place::Inside));
    }

    #[test]
    fn composition_alone_does_not_decide() {
        assert!(at("/srv/cafe\u{301}/a", "/srv/caf\u{e9}", None, true, None).is_err());
        assert_eq!(at("/srv/caf\u{e9}/a", "/srv/caf\u{e9}", None, true, None), Ok(Place::Inside));
    }
}
