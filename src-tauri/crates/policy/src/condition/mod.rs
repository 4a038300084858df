//! A condition: one tree behind two views, text and builder. Leaves are typed predicates, judged here exactly,
//! or free CEL rows, judged by the CEL library under caps. Kleene's three values throughout.

mod alike;
pub(crate) mod attribute;
pub(crate) mod evaluate;
mod free;
pub(crate) mod lookup;
pub(crate) mod path;
pub(crate) mod phrase;
mod print;
mod recognise;
pub(crate) mod reword;
pub(crate) mod scalar;
pub(crate) mod syntax;
pub(crate) mod token;
pub(crate) mod tree;
pub(crate) mod why;

use crate::decimal::Decimal;
use attribute::{Attribute, Segment};
use free::FreeRow;
use syntax::SyntaxError;

/// Longest condition, in characters; longest free row; most leaves.
pub(crate) const MAX_TEXT: usize = 4_096;
const MAX_FREE: usize = 1_024;
const MAX_LEAVES: usize = 200;
const MAX_LIST: usize = 500;

/// `All` of nothing is true, `Any` of nothing is false; groups of one do not occur.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Typed(Box<Predicate>),
    Free(FreeRow),
}

/// `attribute operator value`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Predicate {
    pub(crate) attribute: Attribute,
    /// For lists: which entries must pass, and what of each entry is looked at.
    pub(crate) each: Option<Each>,
    pub(crate) ignore_case: bool,
    pub(crate) test: Test,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Each {
    pub(crate) all: bool,
    /// The test of an entry is turned round.
    pub(crate) negated: bool,
    pub(crate) path: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    Present,
    Compare(Comparison, Literal),
    /// Both ends belong to it.
    Between(Literal, Literal),
    OneOf(Vec<Literal>),
    Contains(TextLiteral),
    StartsWith(TextLiteral),
    EndsWith(TextLiteral),
    Matches(Pattern),
    /// An absolute folder, normalised.
    Within(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Number { text: String, value: Decimal },
    Text(TextLiteral),
    Flag(bool),
    Time { text: String, nanoseconds: i128 },
}

/// A text with the form it is compared in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextLiteral {
    pub(crate) text: String,
    pub(crate) form: String,
}

/// A regular expression of the linear-time kind, unanchored.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) regex: regex::Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text && self.regex.as_str() == other.regex.as_str()
    }
}

impl Condition {
    /// Reads the text of a `when`.
    pub(crate) fn parse(text: &str) -> Result<Condition, SyntaxError> {
        if text.chars().count() > MAX_TEXT {
            return Err(SyntaxError::new(0, format!("the condition is longer than {MAX_TEXT} characters")));
        }
        let condition = recognise::condition(text, &syntax::parse(text)?)?;
        let leaves = condition.leaves();
        if leaves.len() > MAX_LEAVES {
            return Err(SyntaxError::new(0, format!("the condition has more than {MAX_LEAVES} comparisons"))
                .hint("use `in [..]` for many values"));
        }
        Ok(condition)
    }

    /// Every predicate and free row, in the order written, each with the condition node that is it.
    pub(crate) fn leaves(&self) -> Vec<&Condition> {
        let mut leaves = Vec::new();
        self.collect(&mut leaves);
        leaves
    }

    fn collect<'a>(&'a self, leaves: &mut Vec<&'a Condition>) {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| part.collect(leaves))
            }
            Condition::Not(inner) => inner.collect(leaves),
            Condition::Typed(_) | Condition::Free(_) => leaves.push(self),
        }
    }

    /// The first attribute it looks at that somebody else only claims.
    pub(crate) fn claimed(&self) -> Option<String> {
        self.leaves().into_iter().find_map(|leaf| match leaf {
            Condition::Typed(predicate) => {
                predicate.attribute.is_claimed().then(|| predicate.attribute.key())
            }
            Condition::Free(row) => row.attributes().iter().find(|a| a.is_claimed()).map(Attribute::key),
            _ => None,
        })
    }

    /// The first attribute that is not one of `context.*`.
    pub(crate) fn beyond_context(&self) -> Option<String> {
        let beyond = |attribute: &Attribute| !attribute.key().starts_with("context.");
        self.leaves().into_iter().find_map(|leaf| match leaf {
            Condition::Typed(predicate) => beyond(&predicate.attribute).then(|| predicate.attribute.key()),
            Condition::Free(row) if row.looks_at_all_arguments() => Some("args".to_owned()),
            Condition::Free(row) => row.attributes().iter().find(|a| beyond(a)).map(Attribute::key),
            _ => None,
        })
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod words_tests;
