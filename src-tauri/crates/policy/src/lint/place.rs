//! Where a finding stands: line and column in the document, and the bytes of a condition's parts in its text.

use super::{Code, Finding, Severity};
use crate::{
    condition::{
        Condition,
        syntax::{self, Expr, Kind},
        token::Tokens,
    },
    section::{Section, Source},
};
use std::ops::Range;
use toml_edit::Item;

/// One document of the set.
pub(super) struct Sheet<'a> {
    pub(super) path: String,
    pub(super) text: &'a str,
}

/// A place in a document.
#[derive(Clone, Copy)]
pub(super) enum Spot<'s> {
    /// A key of the root or of a table; the table, or the top, where it is absent.
    Key(&'s [&'s str]),
    /// An entry of a list.
    Entry(&'s [&'s str], usize),
    /// A key of the nth `[[table]]`.
    Of(&'s str, usize, &'s str),
    /// A part of the condition in `when`.
    Node(&'s [usize]),
}

impl Sheet<'_> {
    pub(super) fn finding(&self, code: Code, severity: Severity, at: Spot<'_>, sentence: String) -> Finding {
        let (line, column) = self.line_and_column(at).unwrap_or((None, None));
        let node = if let Spot::Node(node) = at { Some(node.to_vec()) } else { None };
        Finding {
            code,
            severity,
            document: self.path.clone(),
            line,
            column,
            node,
            policy: None,
            sentence,
            mends: Vec::new(),
        }
    }

    fn line_and_column(&self, at: Spot<'_>) -> Option<(Option<usize>, Option<usize>)> {
        let source = Source { path: &self.path, text: self.text };
        let document = source.parse().ok()?;
        let root = source.root(&document);
        let error = match at {
            Spot::Key(keys) => self.key(root, keys)?,
            Spot::Entry(keys, index) => {
                let (last, tables) = keys.split_last()?;
                let section = tables.iter().try_fold(root, |at, key| at.section(key).ok().flatten())?;
                section.texts(last, usize::MAX).ok()?.get(index)?.error("")
            }
            Spot::Of(table, index, key) => {
                let sections = root.sections(table, usize::MAX).ok()?;
                let section = sections.get(index)?;
                section.error(key, "")
            }
            Spot::Node(node) => {
                let when = root.text("when", usize::MAX).ok()??;
                let start = self.spans().and_then(|spans| spans.of(node)).map_or(0, |span| span.start);
                when.error_inside(start, "")
            }
        };
        Some((error.line, error.column))
    }

    fn key(&self, root: Section<'_>, keys: &[&str]) -> Option<crate::DocumentError> {
        let (last, tables) = keys.split_last()?;
        match tables.iter().try_fold(root, |at, key| at.section(key).ok().flatten()) {
            Some(section) => Some(section.error(last, "")),
            None => Some(root.error(last, "")),
        }
    }

    /// A text by its keys, without any check.
    pub(super) fn text_at(&self, keys: &[&str]) -> Option<String> {
        let document = toml_edit::Document::parse(self.text).ok()?;
        let (first, rest) = keys.split_first()?;
        let item: &Item = document.as_table().get(first)?;
        let item = rest.iter().try_fold(item, |at, key| at.get(*key))?;
        item.as_str().map(str::to_owned)
    }

    /// The parts of this document's `when`.
    pub(super) fn spans(&self) -> Option<Spans> {
        let when = self.text_at(&["when"])?;
        Spans::of_text(&when)
    }
}

/// A condition's text with the bytes each part stands at.
pub(super) struct Spans {
    pub(super) when: String,
    pub(super) has_comments: bool,
    spans: Vec<(Vec<usize>, Range<usize>)>,
}

impl Spans {
    pub(super) fn of_text(when: &str) -> Option<Spans> {
        let expr = syntax::parse(when).ok()?;
        let condition = Condition::parse(when).ok()?;
        let mut spans = Vec::new();
        collect(&expr, &condition, &mut Vec::new(), &mut spans);
        let has_comments = Tokens::of(when).ok()?.has_comments;
        Some(Spans { when: when.to_owned(), has_comments, spans })
    }

    pub(super) fn of(&self, node: &[usize]) -> Option<Range<usize>> {
        self.spans.iter().find(|(path, _)| path == node).map(|(_, span)| span.clone())
    }

    /// The text with one part written anew.
    pub(super) fn with(&self, node: &[usize], part: &str) -> Option<String> {
        let span = self.of(node)?;
        let (before, after) = (self.when.get(..span.start)?, self.when.get(span.end..)?);
        let text = format!("{before}{part}{after}");
        // Whatever the surroundings, what is offered can be read.
        Condition::parse(&text).is_ok().then_some(text)
    }
}

/// Walks both trees side by side, as the one was made from the other.
fn collect(
    expr: &Expr,
    condition: &Condition,
    path: &mut Vec<usize>,
    spans: &mut Vec<(Vec<usize>, Range<usize>)>,
) {
    let expr = expr.bare();
    spans.push((path.clone(), expr.span.clone()));
    let mut part = |expr: &Expr, condition: &Condition, index: usize| {
        path.push(index);
        collect(expr, condition, path, spans);
        path.pop();
    };
    match (&expr.kind, condition) {
        (Kind::And(exprs), Condition::All(parts)) | (Kind::Or(exprs), Condition::Any(parts)) => {
            for (index, (expr, inner)) in exprs.iter().zip(parts).enumerate() {
                part(expr, inner, index);
            }
        }
        (Kind::Not(expr), Condition::Not(inner)) => part(expr, inner, 0),
        // `x == null` is the negation of *is present*, in one expression.
        (_, Condition::Not(inner)) => part(expr, inner, 0),
        _ => {}
    }
}

/// The tree with one part taken out; none where nothing would be left.
pub(super) fn without(condition: &Condition, node: &[usize]) -> Option<Condition> {
    let (index, rest) = node.split_first()?;
    let again = |parts: &[Condition], group: fn(Vec<Condition>) -> Condition| {
        let mut parts = parts.to_vec();
        if rest.is_empty() {
            if *index >= parts.len() {
                return None;
            }
            parts.remove(*index);
        } else {
            let part = parts.get_mut(*index)?;
            *part = without(part, rest)?;
        }
        match parts.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            _ => Some(group(parts)),
        }
    };
    match condition {
        Condition::All(parts) => again(parts, Condition::All),
        Condition::Any(parts) => again(parts, Condition::Any),
        Condition::Not(inner) => without(inner, rest).map(|inner| Condition::Not(Box::new(inner))),
        Condition::Typed(_) | Condition::Free(_) => None,
    }
}
