//! Truth: Kleene over the tree; at a leaf, missing makes a positive test false and its negation true, and what
//! cannot be judged is undetermined, never false (I7).

use super::{
    Comparison, Condition, Each, Predicate, Test,
    lookup::{Found, Seen, View, walk},
    path::Ground,
    scalar::{Note, holds},
};
use crate::{Truth, condition::attribute::with_steps};

/// What a leaf came to, and what it looked at.
#[derive(Clone, Debug)]
pub(crate) struct Evaluation<'a> {
    pub(crate) truth: Truth,
    pub(crate) found: Found<'a>,
    /// Why undetermined.
    pub(crate) note: Option<Note>,
}

const ALIKE: &str = "the call has another name that the tool may read as this one";

pub(crate) fn not(truth: Truth) -> Truth {
    match truth {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        Truth::Undetermined => Truth::Undetermined,
    }
}

/// Stops at the first part that settles it: `settles` is false for *all*, true for *any*.
pub(crate) fn fold(parts: impl Iterator<Item = Truth>, settles: Truth) -> Truth {
    let mut result = not(settles);
    for truth in parts {
        if truth == settles {
            return settles;
        }
        if truth == Truth::Undetermined {
            result = Truth::Undetermined;
        }
    }
    result
}

impl Condition {
    pub(crate) fn truth(&self, view: &View<'_>) -> Truth {
        match self {
            Condition::All(parts) => fold(parts.iter().map(|part| part.truth(view)), Truth::False),
            Condition::Any(parts) => fold(parts.iter().map(|part| part.truth(view)), Truth::True),
            Condition::Not(inner) => not(inner.truth(view)),
            Condition::Typed(predicate) => predicate.evaluate(view).truth,
            Condition::Free(row) => row.truth(view).0,
        }
    }
}

impl Predicate {
    pub(crate) fn evaluate<'a>(&self, view: &View<'a>) -> Evaluation<'a> {
        let found = view.find(&self.attribute);
        let (truth, note) = match &self.each {
            Some(each) => self.over_entries(each, &found.seen, view),
            None => {
                let key = || self.attribute.key();
                self.of_one(&found.seen, self.ground(&key, view))
            }
        };
        Evaluation { truth, found, note }
    }

    /// Needed for paths alone.
    pub(crate) fn ground<'a>(&self, key: &'a dyn Fn() -> String, view: &View<'a>) -> Ground<'a> {
        Ground {
            key,
            paths: &view.facts.paths,
            upstream: &view.facts.upstream,
            is_resolved: self.attribute.is_resolved(),
        }
    }

    /// One value, with the negation that `!=` carries.
    fn of_one(&self, seen: &Seen<'_>, spot: Ground<'_>) -> (Truth, Option<Note>) {
        let turned = matches!(self.test, Test::Compare(Comparison::NotEqual, _));
        let (truth, note) = match (seen, &self.test) {
            (Seen::Missing | Seen::Required | Seen::Untold, Test::Present) => (Truth::False, None),
            (Seen::Missing, _) => (Truth::False, None),
            (Seen::Required, _) => {
                (Truth::Undetermined, Some("the tool requires it, and it is missing".into()))
            }
            (Seen::Untold, _) => (Truth::Undetermined, Some("this machine could not tell it".into())),
            (Seen::Astray, _) => {
                (Truth::Undetermined, Some("the value on the way to it has no such part".into()))
            }
            (Seen::Alike, _) => (Truth::Undetermined, Some(ALIKE.into())),
            (Seen::Roles(roles), _) => {
                // True for a set if it is true for any one of them; `!=` is the exact opposite.
                let mut result = (Truth::False, None);
                for role in *roles {
                    match holds(&Seen::Text(role), &self.test, self.ignore_case, spot) {
                        Ok(true) => {
                            result = (Truth::True, None);
                            break;
                        }
                        Ok(false) => {}
                        Err(note) => result = (Truth::Undetermined, Some(note)),
                    }
                }
                result
            }
            (seen, test) => match holds(seen, test, self.ignore_case, spot) {
                Ok(true) => (Truth::True, None),
                Ok(false) => (Truth::False, None),
                Err(note) => (Truth::Undetermined, Some(note)),
            },
        };
        (if turned { not(truth) } else { truth }, note)
    }

    /// A missing list fails both *any* and *all*; an empty one fails *any* and passes *all*.
    fn over_entries(&self, each: &Each, seen: &Seen<'_>, view: &View<'_>) -> (Truth, Option<Note>) {
        let settles = if each.all { Truth::False } else { Truth::True };
        let mut result = not(settles);
        let mut why = None;
        let mut take = |(truth, note): (Truth, Option<Note>)| {
            let truth = if each.negated { not(truth) } else { truth };
            if truth == settles {
                result = settles;
                why = None;
                return true;
            }
            if truth == Truth::Undetermined {
                result = Truth::Undetermined;
                why = why.take().or(note);
            }
            false
        };
        match seen {
            Seen::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let key = || with_steps(&crate::facts::element(&self.attribute.key(), index), &each.path);
                    let entry = walk(Some(item), &each.path);
                    if take(self.of_one(&entry, self.ground(&key, view))) {
                        break;
                    }
                }
                (result, why)
            }
            Seen::Roles(roles) if each.path.is_empty() => {
                let key = || self.attribute.key();
                for role in *roles {
                    if take(self.of_one(&Seen::Text(role), self.ground(&key, view))) {
                        break;
                    }
                }
                (result, why)
            }
            Seen::Missing => (Truth::False, None),
            Seen::Required => (Truth::Undetermined, Some("the tool requires it, and it is missing".into())),
            Seen::Untold => (Truth::Undetermined, Some("this machine could not tell it".into())),
            Seen::Astray => (Truth::Undetermined, Some("the value on the way to it has no such part".into())),
            Seen::Alike => (Truth::Undetermined, Some(ALIKE.into())),
            other => (Truth::Undetermined, Some(format!("it is {}, not a list", other.noun()).into())),
        }
    }
}
