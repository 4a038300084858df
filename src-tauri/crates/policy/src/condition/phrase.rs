//! A condition in plain words, as a policy's sentence says it: "amount is above 1000 and currency is not EUR".

use super::{
    Comparison, Condition, Each, Literal, Predicate, Test,
    attribute::{Attribute, Fact, Type, with_steps},
};
use crate::wording::{few, quoted};

/// Most values of a list that are spelled out.
const MOST_VALUES: usize = 6;

impl Condition {
    /// Negations are carried down to the leaves, which says the same in three values as in two.
    pub(crate) fn words(&self) -> String {
        self.said(false, false)
    }

    fn said(&self, negated: bool, inside: bool) -> String {
        let (parts, is_all) = match self {
            Condition::All(parts) => (parts, !negated),
            Condition::Any(parts) => (parts, negated),
            Condition::Not(inner) => return inner.said(!negated, inside),
            Condition::Typed(predicate) => return predicate.words(negated),
            Condition::Free(row) => {
                return format!("`{row}` {}", if negated { "does not hold" } else { "holds" });
            }
        };
        if parts.is_empty() {
            return if is_all { "always" } else { "never" }.to_owned();
        }
        let parts: Vec<String> = parts.iter().map(|part| part.said(negated, true)).collect();
        let text = parts.join(if is_all { " and " } else { " or " });
        if inside { format!("({text})") } else { text }
    }
}

impl Predicate {
    /// "amount is above 1000", or its opposite.
    pub(crate) fn words(&self, negated: bool) -> String {
        if let Some(each) = &self.each {
            return self.words_of_each(each, negated);
        }
        self.clause(&self.attribute.words(), negated)
    }

    fn words_of_each(&self, each: &Each, negated: bool) -> String {
        let list = self.attribute.words();
        if self.attribute == Attribute::Fact(Fact::UserRoles)
            && let (false, false, Test::Compare(Comparison::Equal, literal)) =
                (each.all, each.negated, &self.test)
        {
            return format!(
                "the user {} role {}",
                if negated { "does not have" } else { "has" },
                literal.words()
            );
        }
        let part = with_steps("", &each.path);
        let of = if part.is_empty() { list } else { format!("{list} ({})", part.trim_start_matches('.')) };
        // "not every" is "some … not", "no" is "every … not".
        let (count, turned) = match (each.all, negated) {
            (true, false) => ("every", each.negated),
            (true, true) => ("not every", each.negated),
            (false, false) => ("some", each.negated),
            (false, true) if each.negated => ("every", false),
            (false, true) => ("no", false),
        };
        self.clause(&format!("{count} entry of {of}"), turned)
    }

    /// Subject, verb, value.
    pub(crate) fn clause(&self, subject: &str, negated: bool) -> String {
        if let Some(text) = self.flag_clause(negated) {
            return text;
        }
        let is = if negated { "is not" } else { "is" };
        let case = if self.ignore_case { " in any case" } else { "" };
        match &self.test {
            Test::Present => format!("{subject} is {}", if negated { "missing" } else { "given" }),
            Test::Compare(comparison, literal) => {
                let turned = negated != (*comparison == Comparison::NotEqual);
                let is = if turned { "is not" } else { "is" };
                format!("{subject} {is} {}{}{case}", comparison.word(literal), literal.words())
            }
            Test::Between(low, high) => {
                format!("{subject} {is} between {} and {}", low.words(), high.words())
            }
            Test::OneOf(literals) => format!("{subject} {is} {}{case}", values(literals)),
            Test::Contains(text) => {
                format!("{subject} {} {}{case}", verb("contain", negated), quoted(&text.text))
            }
            Test::StartsWith(text) => {
                format!("{subject} {} with {}{case}", verb("start", negated), quoted(&text.text))
            }
            Test::EndsWith(text) => {
                format!("{subject} {} with {}{case}", verb("end", negated), quoted(&text.text))
            }
            Test::Matches(pattern) => {
                format!(
                    "{subject} {} the pattern “{}”{case}",
                    if negated { "does not match" } else { "matches" },
                    crate::wording::shown(&pattern.text)
                )
            }
            Test::Within(folder) => format!("{subject} {is} inside {}", quoted(folder)),
        }
    }

    /// Attributes that are true or false have whole clauses: "the screen is locked".
    pub(crate) fn flag_clause(&self, negated: bool) -> Option<String> {
        let (Type::Flag, Test::Compare(comparison, Literal::Flag(wanted))) =
            (self.attribute.kind(), &self.test)
        else {
            return None;
        };
        let positive = (*wanted != (*comparison == Comparison::NotEqual)) != negated;
        let words = self.attribute.words();
        Some(if positive { words } else { words.replacen(" is ", " is not ", 1) })
    }
}

impl Comparison {
    /// What stands between "is" and the value.
    pub(crate) fn word(self, literal: &Literal) -> &'static str {
        let time = matches!(literal, Literal::Time { .. });
        match self {
            Comparison::Equal | Comparison::NotEqual => "",
            Comparison::Greater if time => "after ",
            Comparison::GreaterOrEqual if time => "at or after ",
            Comparison::Less if time => "before ",
            Comparison::LessOrEqual if time => "at or before ",
            Comparison::Greater => "above ",
            Comparison::GreaterOrEqual => "at least ",
            Comparison::Less => "below ",
            Comparison::LessOrEqual => "at most ",
        }
    }
}

impl Literal {
    pub(crate) fn words(&self) -> String {
        match self {
            Literal::Number { text, .. } => text.clone(),
            Literal::Text(text) => quoted(&text.text),
            Literal::Flag(flag) => flag.to_string(),
            Literal::Time { text, .. } => text.clone(),
        }
    }
}

/// "EUR, USD or GBP"
pub(crate) fn values(literals: &[Literal]) -> String {
    few(&literals.iter().map(Literal::words).collect::<Vec<_>>(), MOST_VALUES, "or")
}

fn verb(base: &str, negated: bool) -> String {
    if negated { format!("does not {base}") } else { format!("{base}s") }
}
