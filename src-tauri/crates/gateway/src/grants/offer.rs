//! What a grant can be narrowed by: for each argument of the call, bounds that its own value is inside of.

use super::words::bound_words;
use crate::card::Card;
use approvals::{Bound, HeldCall};
use policy::{Facts, Value, compare};

/// The longest start that is suggested, in characters.
const LONGEST_START: usize = 80;
/// Where a start may end, so that it is a whole part of something.
const SEAMS: [char; 8] = ['/', ' ', ':', '-', '.', '_', '@', '#'];

/// See the module.
pub struct Offer {
    /// One row an argument, in the order received.
    pub rows: Vec<Row>,
    pub project: Option<String>,
    /// It can be for the agent's session.
    pub session: bool,
}

/// One argument with its bounds, the narrowest first.
pub struct Row {
    pub argument: String,
    /// Of the tool's own parameter.
    pub title: Option<String>,
    pub choices: Vec<Choice>,
}

/// A bound that the call's own value is inside of.
pub struct Choice {
    pub bound: Bound,
    pub words: String,
    /// A person may put in another value.
    pub is_editable: bool,
}

impl Offer {
    pub(super) fn of(held: &HeldCall, card: &Card) -> Offer {
        let (call, facts) = (held.call(), held.facts());
        let rows = call.arguments.as_map().into_iter().flat_map(policy::Map::iter);
        Offer {
            rows: rows
                .map(|(argument, value)| Row {
                    title: card
                        .arguments
                        .iter()
                        .find(|row| row.path == argument)
                        .and_then(|row| row.title.clone()),
                    argument: argument.to_owned(),
                    choices: choices(argument, value, facts),
                })
                .collect(),
            project: facts.context.project.clone(),
            session: held.opened().session.is_some(),
        }
    }
}

fn choices(argument: &str, value: &Value, facts: &Facts) -> Vec<Choice> {
    let mut bounds = vec![(Bound::Exactly(value.clone()), false)];
    match value {
        Value::Text(text) => {
            bounds.push((Bound::OneOf(vec![value.clone()]), true));
            let folder = compare::folder_of(argument, text, facts).map(Bound::Within);
            let start = start_of(text).map(Bound::Prefix);
            bounds.extend(folder.or(start).map(|bound| (bound, true)));
        }
        Value::Number(_) => {
            bounds.push((Bound::OneOf(vec![value.clone()]), true));
            bounds.push((Bound::UpTo(value.clone()), true));
        }
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => {}
    }
    bounds.push((Bound::Any, false));
    let inside = bounds.into_iter().filter(|(bound, _)| bound.holds(argument, Some(value), facts));
    inside.map(|(bound, is_editable)| Choice { words: bound_words(&bound), bound, is_editable }).collect()
}

/// A beginning that ends where a part of the text does; all of it where it has no parts.
fn start_of(text: &str) -> Option<String> {
    let short: String = text.chars().take(LONGEST_START).collect();
    let seam = short.char_indices().rev().find(|(at, c)| *at > 0 && SEAMS.contains(c));
    let start = match seam {
        Some((at, c)) => short.get(..at + c.len_utf8())?.to_owned(),
        None => short,
    };
    (!start.trim().is_empty()).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_ends_with_a_whole_part() {
        assert_eq!(start_of("git commit -m x").as_deref(), Some("git commit -m "));
        assert_eq!(start_of("ana@example.org").as_deref(), Some("ana@example."));
        assert_eq!(start_of("whole").as_deref(), Some("whole"));
        assert_eq!(start_of(""), None);
    }
}
