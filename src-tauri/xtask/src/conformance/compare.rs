//! Lays what the checks said straight at the upstream beside what they said through the gateway.
//!
//! A difference is anything that is not the same on both sides, but what passes only through the gateway: there it
//! stands in for an upstream that does not look. Notes that a check makes in passing, and judges nothing by, are
//! compared only where they stand against a judgement.

use std::collections::HashSet;

use super::outcome::{Key, Outcome, Status};
use super::sets::{Kind, Set};

pub(crate) struct Comparison {
    pub(crate) set: &'static Set,
    pub(crate) rows: Vec<Row>,
    pub(crate) has_gateway: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: Key,
    pub(crate) direct: Option<Status>,
    pub(crate) gateway: Option<Status>,
    /// What the side that is worse said.
    pub(crate) words: String,
    pub(crate) verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Alike,
    /// It passes through the gateway and not without it.
    OnlyThroughGateway,
    Different,
    /// The upstream fails it by itself, so that nothing is shown by the gateway's failing too.
    UpstreamFails,
}

impl Comparison {
    /// `gateway` is `None` where only the upstream was run.
    pub(crate) fn of(set: &'static Set, direct: Vec<Outcome>, gateway: Option<Vec<Outcome>>) -> Self {
        let has_gateway = gateway.is_some();
        let is_lenient = set.kind == Kind::Lenient;
        let gateway = gateway.unwrap_or_default();
        let mut keys: Vec<&Key> = direct.iter().map(|outcome| &outcome.key).collect();
        let known: HashSet<&Key> = keys.iter().copied().collect();
        keys.extend(gateway.iter().map(|outcome| &outcome.key).filter(|key| !known.contains(key)));

        let failed_direct: HashSet<&str> = direct
            .iter()
            .filter(|outcome| outcome.status.is_bad())
            .map(|outcome| outcome.key.scenario.as_str())
            .collect();
        let row = |key: &Key| {
            let at = find(&direct, key);
            let through = find(&gateway, key);
            let sides = (at.map(|outcome| outcome.status), through.map(|outcome| outcome.status));
            let verdict = if has_gateway {
                let excused = failed_direct.contains(key.scenario.as_str());
                judge(sides, is_lenient, excused)
            } else {
                alone(sides.0, is_lenient)
            };
            let worse =
                if through.is_some_and(|outcome| outcome.status != Status::Success) { through } else { at };
            let words = worse.or(through).map(|outcome| outcome.words.clone()).unwrap_or_default();
            Row { key: key.clone(), direct: sides.0, gateway: sides.1, words, verdict }
        };
        let rows = keys.into_iter().map(row).collect();
        Self { set, rows, has_gateway }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Everything that counts against the gateway, or against the upstream that it is measured by.
    pub(crate) fn differences(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.verdict, Verdict::Different | Verdict::UpstreamFails))
    }

    /// The scenarios, in their order.
    pub(crate) fn scenarios(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !names.contains(&row.key.scenario.as_str()) {
                names.push(&row.key.scenario);
            }
        }
        names
    }
}

fn find<'a>(outcomes: &'a [Outcome], key: &Key) -> Option<&'a Outcome> {
    outcomes.iter().find(|outcome| outcome.key == *key)
}

/// `excused`: the scenario fails straight at the upstream, and so may have ended there before this check.
fn judge(sides: (Option<Status>, Option<Status>), is_lenient: bool, excused: bool) -> Verdict {
    use Status::{Info, Success};
    match sides {
        // What is noted in passing may be noted more or less often.
        (None, Some(Info)) | (Some(Info), None) => Verdict::Alike,
        (Some(Success), Some(Success)) => Verdict::Alike,
        (Some(_), Some(Success)) => Verdict::OnlyThroughGateway,
        (None, Some(Success)) if excused => Verdict::OnlyThroughGateway,
        // The gateway is what these are about.
        _ if is_lenient => Verdict::Different,
        (Some(direct), Some(gateway)) if direct != gateway => Verdict::Different,
        (Some(direct), Some(_)) => alone(Some(direct), false),
        _ => Verdict::Different,
    }
}

fn alone(direct: Option<Status>, is_lenient: bool) -> Verdict {
    if direct.is_some_and(Status::is_bad) && !is_lenient { Verdict::UpstreamFails } else { Verdict::Alike }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::outcome::read;
    use crate::conformance::sets::SETS;

    fn outcomes(lines: &str) -> Vec<Outcome> {
        let tabbed: Vec<String> = lines.lines().map(|line| line.trim().replace(' ', "\t")).collect();
        read(&tabbed)
    }

    fn compared(set: &'static Set, direct: &str, gateway: &str) -> Vec<Verdict> {
        let comparison = Comparison::of(set, outcomes(direct), Some(outcomes(gateway)));
        comparison.rows.iter().map(|row| row.verdict).collect()
    }

    fn strict() -> &'static Set {
        SETS.iter().find(|set| set.kind == Kind::Server).unwrap()
    }

    fn lenient() -> &'static Set {
        SETS.iter().find(|set| set.kind == Kind::Lenient).unwrap()
    }

    #[test]
    fn the_same_on_both_sides_is_no_difference() {
        let lines = "check ping ping Ping SUCCESS\ncheck ping later Later WARNING";
        assert_eq!(compared(strict(), lines, lines), [Verdict::Alike; 2]);
    }

    #[test]
    fn what_fails_only_through_the_gateway_is_a_difference() {
        let direct = "check ping ping Ping SUCCESS";
        for status in ["FAILURE", "WARNING", "SKIPPED", "INFO"] {
            let gateway = format!("check ping ping Ping {status}");
            assert_eq!(compared(strict(), direct, &gateway), [Verdict::Different], "{status}");
        }
    }

    #[test]
    fn what_passes_only_through_the_gateway_is_not_counted() {
        let direct = "check dns rejected Rejected FAILURE";
        let gateway = "check dns rejected Rejected SUCCESS";
        for set in [strict(), lenient()] {
            let comparison = Comparison::of(set, outcomes(direct), Some(outcomes(gateway)));
            assert_eq!(comparison.differences().count(), 0);
            assert!(comparison.rows.iter().all(|row| row.verdict == Verdict::OnlyThroughGateway));
        }
    }

    #[test]
    fn a_scenario_that_is_missing_on_one_side_counts() {
        let line = "check ping ping Ping SUCCESS";
        assert_eq!(compared(strict(), line, ""), [Verdict::Different]);
        assert_eq!(compared(strict(), "", line), [Verdict::Different]);
        assert_eq!(compared(strict(), line, "none ping"), [Verdict::Different; 2]);
    }

    #[test]
    fn a_scenario_that_hangs_counts_even_where_it_hangs_on_both_sides() {
        assert_eq!(compared(strict(), "hung ping", "hung ping"), [Verdict::UpstreamFails]);
        let hangs = compared(strict(), "check ping ping Ping SUCCESS", "hung ping");
        assert_eq!(hangs, [Verdict::Different; 2]);
    }

    #[test]
    fn an_upstream_that_fails_by_itself_proves_nothing_and_counts() {
        let lines = "check ping ping Ping FAILURE";
        assert_eq!(compared(strict(), lines, lines), [Verdict::UpstreamFails]);
        let alone = Comparison::of(strict(), outcomes(lines), None);
        assert_eq!(alone.differences().count(), 1);
    }

    #[test]
    fn where_the_upstream_is_lenient_the_gateway_has_to_pass() {
        let lines = "check dns rejected Rejected FAILURE";
        assert_eq!(compared(lenient(), lines, lines), [Verdict::Different]);
        assert_eq!(Comparison::of(lenient(), outcomes(lines), None).differences().count(), 0);
    }

    #[test]
    fn a_note_in_passing_may_be_made_on_one_side_only() {
        let direct = "check sse event Event INFO\ncheck sse event Event INFO";
        assert_eq!(compared(strict(), direct, "check sse event Event INFO"), [Verdict::Alike; 2]);
    }
}
