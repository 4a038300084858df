//! A changed condition written into the text a person wrote: parts that stayed keep their words, their spacing and
//! the comments beside them. Where the shape changed too much, the condition is printed anew.

use super::Condition;
use crate::lint;
use std::ops::Range;

/// The text of `newer`, as close to `older` as it can be.
pub(crate) fn reworded(older: &str, newer: &Condition) -> String {
    let plain = || newer.to_string();
    let Ok(before) = Condition::parse(older) else { return plain() };
    if before == *newer {
        return older.to_owned();
    }
    let Some(text) = patched(older, &before, newer) else { return plain() };
    if Condition::parse(&text).is_ok_and(|read| read == *newer) { text } else { plain() }
}

fn patched(older: &str, before: &Condition, newer: &Condition) -> Option<String> {
    if let Some(text) = extended(older, before, newer) {
        return Some(text);
    }
    let mut edits = Vec::new();
    differences(older, before, newer, &mut Vec::new(), &mut edits)?;
    edits.sort_by_key(|(span, _)| span.start);
    let mut text = older.to_owned();
    for (span, part) in edits.into_iter().rev() {
        text.replace_range(span, &part);
    }
    Some(text)
}

/// A part that came to the end of what must all hold.
fn extended(older: &str, before: &Condition, newer: &Condition) -> Option<String> {
    let Condition::All(parts) = newer else { return None };
    let (last, rest) = parts.split_last()?;
    // On a line of its own: the last line may end with a comment.
    let end = if older.contains("//") { "\n" } else { " " };
    match before {
        Condition::All(was) if was.as_slice() == rest && !was.is_empty() => {
            Some(format!("{}{end}&& {}", older.trim_end(), inside(last)))
        }
        Condition::All(_) => None,
        one if rest == std::slice::from_ref(one) => {
            let group = matches!(one, Condition::Any(_) | Condition::Free(_));
            let one = if group {
                format!("({}{})", older.trim_end(), end.trim_matches(' '))
            } else {
                older.trim_end().to_owned()
            };
            Some(format!("{one}{end}&& {}", inside(last)))
        }
        _ => None,
    }
}

fn differences(
    text: &str,
    before: &Condition,
    newer: &Condition,
    place: &mut Vec<usize>,
    edits: &mut Vec<(Range<usize>, String)>,
) -> Option<()> {
    if before == newer {
        return Some(());
    }
    let pairs: Vec<(&Condition, &Condition)> = match (before, newer) {
        (Condition::All(was), Condition::All(is)) | (Condition::Any(was), Condition::Any(is))
            if was.len() == is.len() && !was.is_empty() =>
        {
            was.iter().zip(is).collect()
        }
        (Condition::Not(was), Condition::Not(is)) if is_group(was) && is_group(is) => vec![(&**was, &**is)],
        _ if place.is_empty() => return None,
        _ => {
            edits.push((lint::span_of(text, place)?, inside(newer)));
            return Some(());
        }
    };
    for (index, (was, is)) in pairs.into_iter().enumerate() {
        place.push(index);
        differences(text, was, is, place, edits)?;
        place.pop();
    }
    Some(())
}

fn is_group(condition: &Condition) -> bool {
    matches!(condition, Condition::All(parts) | Condition::Any(parts) if !parts.is_empty())
}

/// As it is written inside a group.
fn inside(part: &Condition) -> String {
    if is_group(part) || matches!(part, Condition::Free(_)) { format!("({part})") } else { part.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(older: &str, newer: &str, expected: &str) {
        assert_eq!(reworded(older, &Condition::parse(newer).unwrap()), expected);
    }

    #[test]
    fn a_changed_row_leaves_the_other_rows_and_their_comments_alone() {
        check(
            "amount >  5000 // large\n  && (a + b > 3) // by hand",
            "amount > 7000 && (a + b > 3)",
            "amount > 7000 // large\n  && (a + b > 3) // by hand",
        );
        check(
            "!(a == 1 ||  b == 2) && c == 3",
            "!(a == 1 || b == 4) && c == 3",
            "!(a == 1 ||  b == 4) && c == 3",
        );
        check("!has(a) &&  b == 2", "a == 5 && b == 2", "a == 5 &&  b == 2");
    }

    #[test]
    fn an_added_row_comes_to_the_end() {
        check("a  == 1 // one", "a == 1 && b == 2", "a  == 1 // one\n&& b == 2");
        check("a == 1 ||  b == 2", "(a == 1 || b == 2) && has(c)", "(a == 1 ||  b == 2) && has(c)");
        check(
            "a ==  1 && b == 2",
            "a == 1 && b == 2 && (c == 1 || d == 1)",
            "a ==  1 && b == 2 && (c == 1 || d == 1)",
        );
    }

    #[test]
    fn a_changed_shape_is_printed_anew() {
        check("a  == 1 && b == 2", "b == 2 || a == 1", "b == 2 || a == 1");
        check("a  == 1 && b == 2 && c == 3", "a == 1 && c == 3", "a == 1 && c == 3");
    }
}
