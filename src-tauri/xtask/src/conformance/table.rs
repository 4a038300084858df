//! Shows a comparison: as a table of scenarios and checks, as one line, and, at the end of it all, what differs.

use std::fmt::Write as _;

use super::compare::{Comparison, Row, Verdict};
use super::outcome::Status;

const NOTHING: &str = "-";
/// So much of what a check said is shown beside a difference.
const WORDS: usize = 300;

/// A line for the set, one for each scenario, one for each of its checks.
pub(crate) fn whole(comparison: &Comparison) -> String {
    let mut text = format!("\n{}\n", line(comparison).trim_end());
    let width = comparison.rows.iter().map(|row| row.key.check.len()).max().unwrap_or(0).min(100);
    for scenario in comparison.scenarios() {
        // Formatting into a string cannot fail.
        let _ = writeln!(text, "  {scenario}");
        for row in comparison.rows.iter().filter(|row| row.key.scenario == scenario && is_shown(row)) {
            let _ = writeln!(
                text,
                "    {:width$}  {:8}{}",
                row.key.check,
                shown(row.direct),
                if comparison.has_gateway {
                    format!("  {:8}{}", shown(row.gateway), mark(row))
                } else {
                    String::new()
                },
            );
        }
    }
    trimmed(&text)
}

/// How many scenarios of the set pass on either side.
pub(crate) fn line(comparison: &Comparison) -> String {
    let scenarios = comparison.scenarios();
    let passing = |side: fn(&Row) -> Option<Status>| {
        let passes = |scenario: &&&str| {
            let mut rows = comparison.rows.iter().filter(|row| row.key.scenario == ***scenario);
            rows.all(|row| side(row).is_none_or(|status| !status.is_bad()))
                && comparison.rows.iter().any(|row| row.key.scenario == ***scenario && side(row).is_some())
        };
        scenarios.iter().filter(passes).count()
    };
    let name = format!("{} {}", comparison.set.suite, comparison.set.name);
    let direct =
        format!("{name:34}  {:3} scenarios   direct: {:3} pass", scenarios.len(), passing(|row| row.direct));
    if !comparison.has_gateway {
        return format!("{direct}\n");
    }
    let differences = comparison.differences().count();
    format!("{direct}   gateway: {:3} pass   differences: {differences}\n", passing(|row| row.gateway))
}

/// What passes only through the gateway, what differs, and how much; the last line is the one to look for.
pub(crate) fn ending(comparisons: &[Comparison]) -> String {
    let mut text = String::new();
    let mut list = |title: &str, rows: Vec<String>| {
        if !rows.is_empty() {
            let _ = writeln!(text, "\n{title}\n{}", rows.join("\n"));
        }
    };
    let rows = |wanted: Verdict| {
        let of = |comparison: &Comparison| {
            let rows = comparison.rows.iter().filter(|row| row.verdict == wanted);
            rows.map(|row| told(comparison, row)).collect::<Vec<String>>()
        };
        comparisons.iter().flat_map(of).collect::<Vec<String>>()
    };
    list("Passed only through the gateway (not counted):", rows(Verdict::OnlyThroughGateway));
    list("The upstream fails these by itself:", rows(Verdict::UpstreamFails));
    list("Different through the gateway:", rows(Verdict::Different));
    let differences: usize = comparisons.iter().map(|comparison| comparison.differences().count()).sum();
    let checks: usize = comparisons.iter().map(|comparison| comparison.rows.len()).sum();
    let _ = writeln!(text, "\nalike: {}\ndifferences: {differences}", checks - differences);
    trimmed(&text)
}

fn told(comparison: &Comparison, row: &Row) -> String {
    let set = comparison.set;
    let sides = format!("direct {}, gateway {}", shown(row.direct), shown(row.gateway));
    let words: String = row.words.chars().take(WORDS).collect();
    let why = if words.is_empty() || row.verdict == Verdict::OnlyThroughGateway {
        String::new()
    } else {
        format!("\n      {words}")
    };
    format!("  {} {} {}: {}: {sides}{why}", set.suite, set.name, row.key.scenario, row.key.check)
}

/// A note that is the same on both sides, or made in passing, only makes the table longer.
fn is_shown(row: &Row) -> bool {
    let is_note = |side: Option<Status>| side.is_none_or(|status| status == Status::Info);
    !(is_note(row.direct) && is_note(row.gateway))
}

fn shown(side: Option<Status>) -> &'static str {
    side.map_or(NOTHING, Status::shown)
}

fn mark(row: &Row) -> &'static str {
    match row.verdict {
        Verdict::Alike => "",
        Verdict::OnlyThroughGateway => "  only through the gateway",
        Verdict::Different => "  DIFFERENT",
        Verdict::UpstreamFails => "  THE UPSTREAM FAILS",
    }
}

fn trimmed(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + line.trim_end() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::outcome::read;
    use crate::conformance::sets::SETS;

    fn comparison(direct: &str, gateway: &str) -> Comparison {
        let outcomes = |text: &str| {
            let lines: Vec<String> = text.lines().map(|line| line.replace(' ', "\t")).collect();
            read(&lines)
        };
        Comparison::of(SETS.first().unwrap(), outcomes(direct), Some(outcomes(gateway)))
    }

    #[test]
    fn the_table_has_a_line_for_each_check_and_marks_what_differs() {
        let direct = "check ping ping Ping SUCCESS\ncheck dns host Host FAILURE\ncheck sse event Event INFO";
        let gateway = "check ping ping Ping FAILURE\ncheck dns host Host SUCCESS";
        let text = whole(&comparison(direct, gateway));
        let expected = [
            "",
            "conformance-0.1 all                   3 scenarios   direct:   2 pass   gateway:   1 pass   differences: 1",
            "  ping",
            "    ping Ping    pass      FAIL      DIFFERENT",
            "  dns",
            "    host Host    FAIL      pass      only through the gateway",
            "  sse",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_last_line_says_how_many_differences_there_are() {
        let alike = comparison("check ping ping Ping SUCCESS", "check ping ping Ping SUCCESS");
        assert!(ending(&[alike]).ends_with("alike: 1\ndifferences: 0\n"));
        let different = comparison("check ping ping Ping SUCCESS", "check ping ping Ping FAILURE it-broke");
        let text = ending(&[different]);
        assert!(text.ends_with("alike: 0\ndifferences: 1\n"), "{text}");
        assert!(text.contains("ping: ping Ping: direct pass, gateway FAIL\n      it-broke"), "{text}");
    }
}
