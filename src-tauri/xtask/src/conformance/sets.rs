//! The sets of scenarios that are run: every requirement set of both suites, all that a suite has beside them, and
//! what has to hold even where the upstream is lenient.

/// One set of one suite.
#[derive(Debug)]
pub(crate) struct Set {
    /// The npm package, as `tests/conformance/package.json` calls it.
    pub(crate) suite: &'static str,
    pub(crate) name: &'static str,
    /// The suite's own options that choose the set.
    pub(crate) options: &'static [&'static str],
    /// The scenarios, where no option chooses just these.
    pub(crate) scenarios: &'static [&'static str],
    /// The upstream checks neither `Host`, `Origin` nor headers: the gateway has to.
    pub(crate) is_lenient: bool,
}

const OLDER: &str = "conformance-0.1";
const NEWER: &str = "conformance-0.2";

const fn set(suite: &'static str, name: &'static str, options: &'static [&'static str]) -> Set {
    Set { suite, name, options, scenarios: &[], is_lenient: false }
}

const fn lenient(
    suite: &'static str,
    name: &'static str,
    options: &'static [&'static str],
    scenarios: &'static [&'static str],
) -> Set {
    Set { suite, name, options, scenarios, is_lenient: true }
}

pub(crate) const SETS: [Set; 9] = [
    set(OLDER, "all", &["--suite", "all"]),
    set(NEWER, "2025-03-26", &["--suite", "all", "--spec-version", "2025-03-26"]),
    set(NEWER, "2025-06-18", &["--suite", "all", "--spec-version", "2025-06-18"]),
    set(NEWER, "2025-11-25", &["--requirements", "2025-11-25"]),
    set(NEWER, "2026-07-28", &["--requirements", "2026-07-28"]),
    // Each scenario at the newest version it is for; the extensions are only here.
    set(NEWER, "all", &["--suite", "all"]),
    lenient(OLDER, "lenient", &[], &["dns-rebinding-protection"]),
    lenient(NEWER, "lenient-2025-11-25", &["--spec-version", "2025-11-25"], &["dns-rebinding-protection"]),
    lenient(
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
    fn only_lenient_sets_name_their_scenarios() {
        assert!(SETS.iter().all(|set| set.is_lenient != set.scenarios.is_empty()));
    }
}
