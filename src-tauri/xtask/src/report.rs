//! The table at the end, and the times in it.

use std::time::Duration;

use crate::counts::Counts;

/// How one step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Failed,
    /// Nothing to do here, for the reason given.
    Skipped(&'static str),
    /// Not reached: an earlier step failed.
    NotRun,
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) step: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) time: Duration,
    pub(crate) counts: Counts,
}

pub(crate) fn table(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.step.len()).max().unwrap_or(0);
    let rows: Vec<String> = lines
        .iter()
        .map(|line| {
            let (word, note) = match line.outcome {
                Outcome::Ok => ("ok", ""),
                Outcome::Failed => ("FAILED", ""),
                Outcome::Skipped(why) => ("skipped", why),
                Outcome::NotRun => ("not run", ""),
            };
            let time = if line.outcome == Outcome::NotRun { String::new() } else { short_time(line.time) };
            let tests = if line.counts.is_empty() {
                note.to_owned()
            } else {
                format!("{} tests, {} failed", line.counts.passed + line.counts.failed, line.counts.failed)
            };
            format!("  {:width$}  {word:8} {time:>8}  {tests}", line.step).trim_end().to_owned()
        })
        .collect();
    rows.join("\n")
}

/// The last line of a run: alone on its line, read by people and programs.
pub(crate) fn closing_line(lines: &[Line]) -> String {
    let mut sum = Counts::default();
    for line in lines {
        sum.add(line.counts);
    }
    format!("{} passed, {} failed", sum.passed, sum.failed)
}

/// `0.4 s`, `12 s`, `3 m 05 s`.
pub(crate) fn short_time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} m {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_exact_enough() {
        assert_eq!(short_time(Duration::from_millis(420)), "0.4 s");
        assert_eq!(short_time(Duration::from_secs(59)), "59 s");
        assert_eq!(short_time(Duration::from_secs(185)), "3 m 05 s");
    }

    #[test]
    fn the_table_names_every_step_with_its_outcome() {
        let lines = [
            Line {
                step: "rust",
                outcome: Outcome::Failed,
                time: Duration::from_secs(61),
                counts: Counts { passed: 9, failed: 1 },
            },
            Line {
                step: "licences",
                outcome: Outcome::Skipped("cargo-deny is not installed"),
                time: Duration::ZERO,
                counts: Counts::default(),
            },
            Line {
                step: "window",
                outcome: Outcome::NotRun,
                time: Duration::ZERO,
                counts: Counts { passed: 1, failed: 0 },
            },
        ];
        let expected = [
            "  rust      FAILED   1 m 01 s  10 tests, 1 failed",
            "  licences  skipped     0.0 s  cargo-deny is not installed",
            "  window    not run            1 tests, 0 failed",
        ];
        assert_eq!(table(&lines).lines().collect::<Vec<_>>(), expected);
        assert_eq!(closing_line(&lines), "10 passed, 1 failed");
    }
}
