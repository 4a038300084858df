//! Reads how many tests passed and failed from what the test runners print: cargo, Vitest, Playwright, Node's own, and
//! our comparison of the conformance suites.
//! Only their summary lines count, so that a test's own output is never mistaken for one.

/// Tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// Adds what the line says, if it is a summary; whether it was.
    pub(crate) fn read(&mut self, line: &str) -> bool {
        let Some(found) = summary(line) else { return false };
        self.add(found);
        true
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    pub(crate) fn is_empty(self) -> bool {
        self.passed + self.failed == 0
    }
}

fn summary(line: &str) -> Option<Counts> {
    cargo(line)
        .or_else(|| vitest(line))
        .or_else(|| playwright(line))
        .or_else(|| node(line))
        .or_else(|| conformance(line))
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn cargo(line: &str) -> Option<Counts> {
    let result = line.strip_prefix("test result: ")?;
    let (_, numbers) = result.split_once(". ")?;
    Some(Counts { passed: number_before(numbers, "passed")?, failed: number_before(numbers, "failed")? })
}

/// `      Tests  1 failed | 12 passed (13)`
fn vitest(line: &str) -> Option<Counts> {
    let numbers = line.trim_start().strip_prefix("Tests ")?.trim();
    if !numbers.ends_with(')') {
        return None;
    }
    let passed = number_before(numbers, "passed");
    let failed = number_before(numbers, "failed");
    (passed.is_some() || failed.is_some())
        .then(|| Counts { passed: passed.unwrap_or(0), failed: failed.unwrap_or(0) })
}

/// `  5 passed (3.2s)` and `  1 failed`, each on its own line.
fn playwright(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("  ")?;
    let mut words = rest.split(' ');
    let number = words.next()?.parse().ok()?;
    match (words.next()?, words.next(), words.next()) {
        ("passed", Some(time), None) if time.starts_with('(') => Some(Counts { passed: number, failed: 0 }),
        ("failed", None, None) => Some(Counts { passed: 0, failed: number }),
        _ => None,
    }
}

/// `ℹ pass 5` or `# pass 5`, and `fail` likewise.
fn node(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?;
    match rest.split_once(' ')? {
        ("pass", number) => Some(Counts { passed: number.trim().parse().ok()?, failed: 0 }),
        ("fail", number) => Some(Counts { passed: 0, failed: number.trim().parse().ok()? }),
        _ => None,
    }
}

/// `alike: 700` and `differences: 0`, each on its own line.
fn conformance(line: &str) -> Option<Counts> {
    let (word, number) = line.split_once(": ")?;
    let number = number.parse().ok()?;
    match word {
        "alike" => Some(Counts { passed: number, failed: 0 }),
        "differences" => Some(Counts { passed: 0, failed: number }),
        _ => None,
    }
}

/// The number in front of `word`, whatever separates the parts.
fn number_before(text: &str, word: &str) -> Option<u64> {
    let mut before = None;
    for part in text.split([' ', ';', '|', '(', ')']).filter(|part| !part.is_empty()) {
        if part == word {
            return before;
        }
        before = part.parse().ok();
    }
    None
}

/// The line without colours and other terminal sequences.
pub(crate) fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            // A bare carriage return rewrites the line on a terminal; what counts is what comes after it.
            if character == '\r' {
                text.clear()
            } else {
                text.push(character)
            }
            continue;
        }
        match characters.next() {
            // A sequence ends with its first letter.
            Some('[') => drop(characters.find(|c| ('\u{40}'..='\u{7e}').contains(c))),
            // The choice of a character set has one letter more.
            Some('(') => drop(characters.next()),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Counts {
        let mut counts = Counts::default();
        for line in lines.lines() {
            counts.read(&plain(line));
        }
        counts
    }

    #[test]
    fn cargo_results_are_summed() {
        let lines = "running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: FAILED. 40 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s";
        assert_eq!(read(lines), Counts { passed: 43, failed: 2 });
    }

    #[test]
    fn vitest_counts_tests_and_not_files() {
        let lines =
            " Test Files  1 failed | 2 passed (3)\n      Tests  1 failed | 12 passed | 2 skipped (15)";
        assert_eq!(read(lines), Counts { passed: 12, failed: 1 });
        assert_eq!(read("      Tests  8 passed (8)"), Counts { passed: 8, failed: 0 });
        assert_eq!(read("\u{1b}[2m      Tests \u{1b}[22m \u{1b}[32m8 passed\u{1b}[39m (8)").passed, 8);
    }

    #[test]
    fn playwright_and_node_summaries_count() {
        assert_eq!(read("  1 failed\n  5 passed (3.2s)"), Counts { passed: 5, failed: 1 });
        assert_eq!(read("ℹ tests 6\nℹ pass 5\nℹ fail 1\n# pass 2"), Counts { passed: 7, failed: 1 });
    }

    #[test]
    fn the_comparison_of_the_conformance_suites_counts() {
        let lines = "conformance-0.2 all   differences: 3\nalike: 700\ndifferences: 3";
        assert_eq!(read(lines), Counts { passed: 700, failed: 3 });
    }

    #[test]
    fn what_a_test_prints_is_no_summary() {
        for line in [
            "thread said test result: ok. 3 passed; 0 failed",
            "Tests are fun",
            "5 passed out in the heat",
            "# passing",
            "12 passed, 0 failed",
            "test result: unknown",
        ] {
            assert!(!Counts::default().read(line), "{line}");
        }
    }

    #[test]
    fn a_rewritten_line_counts_as_it_ended() {
        assert_eq!(plain("building 1\rbuilding 2"), "building 2");
        assert_eq!(plain("\u{1b}[1;32mok\u{1b}[0m"), "ok");
        assert_eq!(plain("\u{1b}(B\u{1b}[m+ line"), "+ line");
    }
}
