//! Which comparisons are offered for an attribute, and their words. The one place that names them.

use super::wire::{Editor, OperatorChoice, Takes, WireValueKind};
use policy::catalogue::{Kind, Operator};

/// How entries of a list are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Some,
    Every,
    None,
}

/// The comparisons of one attribute; with `entries`, of the entries of a list.
pub(super) fn offered(
    operators: &[Operator],
    kinds: &[Kind],
    editor: Editor,
    entries: bool,
) -> Vec<OperatorChoice> {
    let mut found = Vec::new();
    if !entries {
        for (operator, negated) in each_way(operators, true) {
            found.push(choice(operator, negated, None, kinds, editor));
        }
        return found;
    }
    for quantity in [Quantity::Some, Quantity::Every, Quantity::None] {
        for (operator, _) in each_way(operators, false) {
            found.push(choice(operator, false, Some(quantity), kinds, editor));
        }
    }
    found
}

/// Pairs that negate each other stand for themselves; every other comparison can be negated.
fn each_way(operators: &[Operator], negations: bool) -> impl Iterator<Item = (Operator, bool)> {
    operators
        .iter()
        .filter(|operator| !matches!(operator, Operator::AnyEntry | Operator::AllEntries))
        .flat_map(move |operator| {
            let paired = matches!(
                operator,
                Operator::Equals
                    | Operator::NotEquals
                    | Operator::InList
                    | Operator::NotInList
                    | Operator::IsPresent
                    | Operator::IsMissing
            );
            let turned = (negations && !paired).then_some((*operator, true));
            [(*operator, false)].into_iter().chain(turned)
        })
}

fn choice(
    operator: Operator,
    negated: bool,
    quantity: Option<Quantity>,
    kinds: &[Kind],
    editor: Editor,
) -> OperatorChoice {
    // Inside a list the opposite of `in` and of *given* is a turned test.
    let (inner, each_negated) = match (quantity, operator) {
        (Some(_), Operator::NotInList) => (Operator::InList, true),
        (Some(_), Operator::IsMissing) => (Operator::IsPresent, true),
        _ => (operator, false),
    };
    let words = words(operator, negated, editor);
    let (label, mark) = match quantity {
        None => (words.to_owned(), if negated { "not_" } else { "" }),
        Some(Quantity::Some) => (format!("some entry {words}"), "some_"),
        Some(Quantity::Every) => (format!("every entry {words}"), "every_"),
        Some(Quantity::None) => (format!("no entry {words}"), "none_"),
    };
    OperatorChoice {
        id: format!("{mark}{}", name(operator)),
        label,
        operator: name(inner).to_owned(),
        negated: negated || quantity == Some(Quantity::None),
        each_all: quantity == Some(Quantity::Every),
        each_negated,
        takes: takes(operator),
        kinds: value_kinds(operator, kinds),
        ignores_case: ignores_case(operator, kinds),
    }
}

/// As it is written in the tree: `greater_or_equal`.
pub(super) fn name(operator: Operator) -> &'static str {
    match operator {
        Operator::Equals => "equals",
        Operator::NotEquals => "not_equals",
        Operator::Greater => "greater",
        Operator::GreaterOrEqual => "greater_or_equal",
        Operator::Less => "less",
        Operator::LessOrEqual => "less_or_equal",
        Operator::Between => "between",
        Operator::InList => "in_list",
        Operator::NotInList => "not_in_list",
        Operator::Contains => "contains",
        Operator::StartsWith => "starts_with",
        Operator::EndsWith => "ends_with",
        Operator::Matches => "matches",
        Operator::WithinPath => "within_path",
        Operator::Before => "before",
        Operator::After => "after",
        Operator::AnyEntry => "any_entry",
        Operator::AllEntries => "all_entries",
        Operator::IsPresent => "is_present",
        Operator::IsMissing => "is_missing",
    }
}

fn words(operator: Operator, negated: bool, editor: Editor) -> &'static str {
    match (operator, negated) {
        (Operator::Equals, _) => "is",
        (Operator::NotEquals, _) => "is not",
        (Operator::Greater, false) => "is greater than",
        (Operator::Greater, true) => "is not greater than",
        (Operator::GreaterOrEqual, false) if editor == Editor::Time => "is at or after",
        (Operator::GreaterOrEqual, false) => "is at least",
        (Operator::GreaterOrEqual, true) => "is not at least",
        (Operator::Less, false) => "is less than",
        (Operator::Less, true) => "is not less than",
        (Operator::LessOrEqual, false) if editor == Editor::Time => "is at or before",
        (Operator::LessOrEqual, false) => "is at most",
        (Operator::LessOrEqual, true) => "is not at most",
        (Operator::Between, false) => "is between",
        (Operator::Between, true) => "is not between",
        (Operator::InList, _) => "is one of",
        (Operator::NotInList, _) => "is none of",
        (Operator::Contains, false) => "contains",
        (Operator::Contains, true) => "does not contain",
        (Operator::StartsWith, false) => "starts with",
        (Operator::StartsWith, true) => "does not start with",
        (Operator::EndsWith, false) => "ends with",
        (Operator::EndsWith, true) => "does not end with",
        (Operator::Matches, false) => "matches pattern",
        (Operator::Matches, true) => "does not match pattern",
        (Operator::WithinPath, false) => "is inside folder",
        (Operator::WithinPath, true) => "is not inside folder",
        (Operator::Before, false) => "is before",
        (Operator::Before, true) => "is not before",
        (Operator::After, false) => "is after",
        (Operator::After, true) => "is not after",
        (Operator::AnyEntry, _) => "has an entry that",
        (Operator::AllEntries, _) => "has only entries that",
        (Operator::IsPresent, _) => "is given",
        (Operator::IsMissing, _) => "is missing",
    }
}

fn takes(operator: Operator) -> Takes {
    match operator {
        Operator::IsPresent | Operator::IsMissing | Operator::AnyEntry | Operator::AllEntries => {
            Takes::Nothing
        }
        Operator::Between => Takes::Two,
        Operator::InList | Operator::NotInList => Takes::Many,
        _ => Takes::One,
    }
}

/// Kinds of value this comparison can be given here; nothing known of the attribute leaves all.
fn value_kinds(operator: Operator, kinds: &[Kind]) -> Vec<WireValueKind> {
    let any = kinds.is_empty() || kinds == [Kind::Null];
    let text = any || kinds.contains(&Kind::Text);
    let number = any || kinds.contains(&Kind::Number) || kinds.contains(&Kind::Whole);
    let flag = any || kinds.contains(&Kind::Flag);
    let time = kinds.contains(&Kind::Time);
    let of = |wanted: &[(bool, WireValueKind)]| {
        wanted.iter().filter(|(fits, _)| *fits).map(|(_, kind)| *kind).collect::<Vec<_>>()
    };
    match operator {
        Operator::Equals | Operator::NotEquals => {
            of(&[(text, WireValueKind::Text), (number, WireValueKind::Number), (flag, WireValueKind::Flag)])
        }
        Operator::InList | Operator::NotInList => {
            of(&[(text, WireValueKind::Text), (number, WireValueKind::Number)])
        }
        Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Between => {
            if time {
                vec![WireValueKind::Time]
            } else {
                vec![WireValueKind::Number]
            }
        }
        Operator::Before | Operator::After => vec![WireValueKind::Time],
        Operator::IsPresent | Operator::IsMissing | Operator::AnyEntry | Operator::AllEntries => Vec::new(),
        _ => vec![WireValueKind::Text],
    }
}

fn ignores_case(operator: Operator, kinds: &[Kind]) -> bool {
    let text = kinds.is_empty() || kinds.contains(&Kind::Text);
    let fits = matches!(
        operator,
        Operator::Equals
            | Operator::NotEquals
            | Operator::InList
            | Operator::NotInList
            | Operator::Contains
            | Operator::StartsWith
            | Operator::EndsWith
            | Operator::Matches
    );
    text && fits
}
