//! What a change does to a text, line by line, for people: unchanged lines around it, `-` and `+` in front.

/// Lines shown around a change.
const AROUND: usize = 3;
/// Above this many comparisons two blocks are shown as one replaced by the other.
const MOST_STEPS: usize = 4_000_000;

/// Empty where nothing changes.
#[must_use]
pub fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines(before), lines(after));
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(start..).unwrap_or_default(), new.get(start..).unwrap_or_default());
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let old_middle = old_rest.get(..old_rest.len() - end).unwrap_or_default();
    let new_middle = new_rest.get(..new_rest.len() - end).unwrap_or_default();
    if old_middle.is_empty() && new_middle.is_empty() {
        return String::new();
    }
    let middle = compare(old_middle, new_middle);
    let before =
        old.get(start.saturating_sub(AROUND)..start).unwrap_or_default().iter().map(|line| (' ', *line));
    let tail = old_rest.get(old_rest.len() - end..).unwrap_or_default();
    let after = tail.iter().take(AROUND).map(|line| (' ', *line));
    let all: Vec<(char, &str)> = before.chain(middle).chain(after).collect();
    fold(&all, start.saturating_sub(AROUND) + 1)
}

/// With their ends, so that a changed or missing line end is a change.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Longest common lines, where that is not too much work.
fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let replaced = || {
        let gone = old.iter().map(|line| ('-', *line));
        gone.chain(new.iter().map(|line| ('+', *line))).collect()
    };
    let width = new.len() + 1;
    if old.len().saturating_mul(new.len()) > MOST_STEPS {
        return replaced();
    }
    let mut longest = vec![0_usize; (old.len() + 1) * width];
    let get = |table: &[usize], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let best = if a == b {
                get(&longest, i + 1, j + 1) + 1
            } else {
                get(&longest, i + 1, j).max(get(&longest, i, j + 1))
            };
            if let Some(cell) = longest.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j, mut shown) = (0, 0, Vec::new());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) if a == b => {
                shown.push((' ', *a));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), b) if b.is_none() || get(&longest, i + 1, j) >= get(&longest, i, j + 1) => {
                shown.push(('-', *a));
                i += 1;
            }
            (_, Some(b)) => {
                shown.push(('+', *b));
                j += 1;
            }
            _ => return shown,
        }
    }
}

/// Writes the lines, leaving out long runs that stay.
fn fold(all: &[(char, &str)], first: usize) -> String {
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        all.iter().skip(from).take(at - from + AROUND + 1).any(|(sign, _)| *sign != ' ')
    };
    let (mut text, mut number, mut is_open) = (String::new(), first, false);
    for (at, (sign, line)) in all.iter().enumerate() {
        if near(at) {
            if !is_open {
                text.push_str(&format!("@@ line {number} @@\n"));
            }
            text.push(*sign);
            text.push_str(line.trim_end_matches(['\n', '\r']));
            text.push('\n');
            is_open = true;
        } else {
            is_open = false;
        }
        if *sign != '+' {
            number += 1;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_shown_with_what_stands_around_it() {
        let before = "a\nb\nc\nd\ne\nf\ng\n";
        let after = "a\nb\nc\nd\nE\nf\ng\n";
        assert_eq!(diff(before, after), "@@ line 2 @@\n b\n c\n d\n-e\n+E\n f\n g\n");
        assert_eq!(diff(before, before), "");
    }

    #[test]
    fn changes_far_apart_are_shown_apart() {
        let before: String = (0..40).map(|n| format!("{n}\n")).collect();
        let after = before.replace("5\n", "five\n").replacen("30\n", "thirty\n", 1);
        assert_eq!(diff(&before, &after).matches("@@ line").count(), 3, "5, 15, and 25 to 35");
    }

    #[test]
    fn a_new_file_is_all_new() {
        assert_eq!(diff("", "x\n"), "@@ line 1 @@\n+x\n");
    }
}
