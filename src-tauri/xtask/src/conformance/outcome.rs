//! What the checks of one run said, read from the lines that `tests/conformance/run.mjs` prints.

use std::collections::HashMap;

/// Which check of which scenario. Some checks are made several times under one name; `nth` tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) scenario: String,
    pub(crate) check: String,
    pub(crate) nth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    /// It noted something, and judged nothing.
    Info,
    Skipped,
    Warning,
    Failure,
    /// The whole scenario took longer than it may.
    Hung,
    /// The whole scenario said nothing at all.
    Silent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) key: Key,
    pub(crate) status: Status,
    /// Why, where the check said so.
    pub(crate) words: String,
}

/// The check that stands for a scenario whose own checks could not be read.
pub(crate) const WHOLE: &str = "the whole scenario";

impl Status {
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Success => "pass",
            Self::Info => "info",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failure => "FAIL",
            Self::Hung => "HUNG",
            Self::Silent => "NOTHING",
        }
    }

    /// Whether something is wrong with what was checked.
    pub(crate) fn is_bad(self) -> bool {
        matches!(self, Self::Failure | Self::Hung | Self::Silent)
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "SUCCESS" => Self::Success,
            "INFO" => Self::Info,
            "SKIPPED" => Self::Skipped,
            "WARNING" => Self::Warning,
            "FAILURE" => Self::Failure,
            _ => return None,
        })
    }
}

/// The outcomes in the order they were printed. Other lines are what the suite had to say, and are left alone.
pub(crate) fn read(lines: &[String]) -> Vec<Outcome> {
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    let mut outcomes = Vec::new();
    for line in lines {
        let Some((scenario, check, status, words)) = parts(line) else { continue };
        let count = seen.entry((scenario.clone(), check.clone())).or_insert(0);
        let key = Key { scenario, check, nth: *count };
        *count += 1;
        outcomes.push(Outcome { key, status, words });
    }
    outcomes
}

fn parts(line: &str) -> Option<(String, String, Status, String)> {
    let mut fields = line.split('\t');
    let whole = |scenario: &str, status| Some((scenario.to_owned(), WHOLE.to_owned(), status, String::new()));
    match fields.next()? {
        "hung" => whole(fields.next()?, Status::Hung),
        "none" => whole(fields.next()?, Status::Silent),
        "check" => {
            let (scenario, id, name) = (fields.next()?, fields.next()?, fields.next()?);
            let status = Status::from_word(fields.next()?)?;
            let words = fields.next().unwrap_or_default().to_owned();
            Some((scenario.to_owned(), format!("{id} {name}"), status, words))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_is_made_twice_is_two_checks() {
        let line = "check\tserver-stateless\tmeta-400\tMeta\tSUCCESS\t".to_owned();
        let outcomes = read(&[line.clone(), "=== noise ===".to_owned(), line]);
        let counts: Vec<usize> = outcomes.iter().map(|outcome| outcome.key.nth).collect();
        assert_eq!(counts, [0, 1]);
        assert!(outcomes.iter().all(|outcome| outcome.key.check == "meta-400 Meta"));
    }

    #[test]
    fn a_scenario_that_hung_or_said_nothing_is_named() {
        let outcomes = read(&["hung\tping".to_owned(), "none\tcaching".to_owned()]);
        let shown: Vec<(&str, Status)> =
            outcomes.iter().map(|outcome| (outcome.key.scenario.as_str(), outcome.status)).collect();
        assert_eq!(shown, [("ping", Status::Hung), ("caching", Status::Silent)]);
    }

    #[test]
    fn a_status_that_is_not_known_is_not_taken_for_a_pass() {
        assert!(read(&["check\tping\tping\tPing\tFINE\t".to_owned()]).is_empty());
    }
}
