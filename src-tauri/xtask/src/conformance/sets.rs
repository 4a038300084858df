//! The sets of scenarios that are run: every requirement set of both suites, all that a suite has beside them, what
//! has to hold with upstreams that are lenient or on stdio, and what a client meets behind the gateway.

/// One set of one suite.
#[derive(Debug)]
pub(crate) struct Set {
    /// The npm package, as `tests/conformance/package.json` calls it.
    pub(crate) suite: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The suite's own options that choose the set.
    pub(crate) options: &'static [&'static str],
    /// The scenarios, where no option chooses just these.
    pub(crate) scenarios: &'static [&'static str],
    /// Scenarios of the set that say nothing here.
    pub(crate) without: &'static [&'static str],
    /// How often it is run until both sides are alike: more than once only where a scenario measures time.
    pub(crate) tries: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The suite is the client of our upstream.
    Server,
    /// As `Server`, but the upstream checks neither `Host`, `Origin` nor headers: the gateway has to.
    Lenient,
    /// As `Server`, but behind the gateway the upstream is one on standard input and output.
    Stdio,
    /// The suite is the server, and our client speaks to it.
    Client,
}

/// Sets that share nothing with those of other lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Plain,
    Special,
    Client,
}

impl Lane {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Special, Self::Client];
}

impl Set {
    pub(crate) fn lane(&self) -> Lane {
        match self.kind {
            Kind::Server => Lane::Plain,
            Kind::Lenient | Kind::Stdio => Lane::Special,
            Kind::Client => Lane::Client,
        }
    }
}

const OLDER: &str = "conformance-0.1";
const NEWER: &str = "conformance-0.2";

/// Every client scenario of both eras that is not about OAuth, which ends at the gateway.
const CLIENT_OLDER: &[&str] = &["initialize", "tools_call", "elicitation-sep1034-client-defaults"];
const CLIENT_LEGACY: &[&str] =
    &["initialize", "tools_call", "elicitation-sep1034-client-defaults", "json-schema-2020-12-preservation"];
const CLIENT_MODERN: &[&str] = &[
    "tools_call",
    "request-metadata",
    "sep-2322-client-request-state",
    "http-standard-headers",
    "http-custom-headers",
    "http-invalid-tool-headers",
    "json-schema-ref-no-deref",
    "json-schema-2020-12-preservation",
];
const CLIENT_EXTENSIONS: &[&str] = &[
    "sep-2640-client-no-prefetch",
    "sep-2640-client-verify-digest",
    "sep-2640-client-verify-size",
    "sep-2640-client-verify-frontmatter",
];

const fn set(suite: &'static str, name: &'static str, options: &'static [&'static str]) -> Set {
    Set { suite, name, kind: Kind::Server, options, scenarios: &[], without: &[], tries: 1 }
}

const fn named(
    kind: Kind,
    suite: &'static str,
    name: &'static str,
    options: &'static [&'static str],
    scenarios: &'static [&'static str],
) -> Set {
    Set { suite, name, kind, options, scenarios, without: &[], tries: 1 }
}

/// How event streams end and go on is between a server's HTTP and its client; an upstream on stdio has none.
const fn stdio(suite: &'static str, name: &'static str, options: &'static [&'static str]) -> Set {
    let without = &["server-sse-multiple-streams", "server-sse-polling"];
    Set { suite, name, kind: Kind::Stdio, options, scenarios: &[], without, tries: 1 }
}

const fn timed(suite: &'static str) -> Set {
    let scenarios = &["sse-retry"];
    Set { suite, name: "client-timed", kind: Kind::Client, options: &[], scenarios, without: &[], tries: 3 }
}

pub(crate) const SETS: [Set; 17] = [
    set(OLDER, "all", &["--suite", "all"]),
    set(NEWER, "2025-03-26", &["--suite", "all", "--spec-version", "2025-03-26"]),
    set(NEWER, "2025-06-18", &["--suite", "all", "--spec-version", "2025-06-18"]),
    set(NEWER, "2025-11-25", &["--requirements", "2025-11-25"]),
    set(NEWER, "2026-07-28", &["--requirements", "2026-07-28"]),
    // Each scenario at the newest version it is for; the extensions are only here.
    set(NEWER, "all", &["--suite", "all"]),
    stdio(NEWER, "stdio-2025-11-25", &["--requirements", "2025-11-25"]),
    stdio(NEWER, "stdio-2026-07-28", &["--requirements", "2026-07-28"]),
    named(Kind::Lenient, OLDER, "lenient", &[], &["dns-rebinding-protection"]),
    named(
        Kind::Lenient,
        NEWER,
        "lenient-2025-11-25",
        &["--spec-version", "2025-11-25"],
        &["dns-rebinding-protection"],
    ),
    named(
        Kind::Lenient,
        NEWER,
        "lenient-2026-07-28",
        // Without force an extension's scenario is not run at a version of the protocol.
        &["--force", "--spec-version", "2026-07-28"],
        &[
            "dns-rebinding-protection",
            "http-header-validation",
            "http-custom-header-server-validation",
            "tasks-request-headers",
        ],
    ),
    named(Kind::Client, OLDER, "client", &[], CLIENT_OLDER),
    named(Kind::Client, NEWER, "client-2025-11-25", &["--spec-version", "2025-11-25"], CLIENT_LEGACY),
    named(Kind::Client, NEWER, "client-2026-07-28", &["--spec-version", "2026-07-28"], CLIENT_MODERN),
    named(Kind::Client, NEWER, "client-extensions", &[], CLIENT_EXTENSIONS),
    timed(OLDER),
    timed(NEWER),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_a_suite_have_names_of_their_own() {
        for set in &SETS {
            let twins = SETS.iter().filter(|other| other.suite == set.suite && other.name == set.name);
            assert_eq!(twins.count(), 1, "{} {}", set.suite, set.name);
        }
    }

    #[test]
    fn only_whole_sets_leave_their_scenarios_to_an_option() {
        assert!(
            SETS.iter().all(|set| matches!(set.kind, Kind::Server | Kind::Stdio) == set.scenarios.is_empty())
        );
    }
}
