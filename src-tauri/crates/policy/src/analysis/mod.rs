//! Whether any call at all can make conditions come out in given ways: what lint's *never true*, *always true*
//! and *shadowed* rest on. The answer `false` is a proof; `true` means only that none was found.
//!
//! A demand asks a condition to come out as one of some truths. Kleene's connectives carry demands down to the
//! leaves exactly; the leaves of one attribute are then judged together, for every kind of value it could have.

mod kinds;
#[cfg(test)]
mod properties;
mod ranges;
mod texts;

pub(crate) use texts::cannot_match;

use crate::condition::{
    Condition, Predicate,
    attribute::{Attribute, Fact},
};

/// Branches looked at before giving up.
const MOST_STEPS: usize = 4_000;

/// A set of truths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Among {
    pub(crate) yes: bool,
    pub(crate) no: bool,
    pub(crate) unclear: bool,
}

pub(crate) const TRUE: Among = Among { yes: true, no: false, unclear: false };
pub(crate) const FALSE: Among = Among { yes: false, no: true, unclear: false };
pub(crate) const NOT_FALSE: Among = Among { yes: true, no: false, unclear: true };

impl Among {
    /// What is asked of a part when this is asked of its negation.
    fn turned(self) -> Among {
        Among { yes: self.no, no: self.yes, ..self }
    }

    fn has_none(self, other: Among) -> bool {
        !(self.yes && other.yes || self.no && other.no || self.unclear && other.unclear)
    }
}

/// One condition and what it should come out as: true, false, not true or not false.
pub(crate) type Demand<'a> = (&'a Condition, Among);

/// Whether one call could meet every demand. False only where none can.
pub(crate) fn possible(demands: &[Demand<'_>]) -> bool {
    let mut search = Search { leaves: Vec::new(), steps: 0 };
    search.meet(demands.iter().rev().copied().collect())
}

struct Search<'a> {
    leaves: Vec<Demand<'a>>,
    steps: usize,
}

impl<'a> Search<'a> {
    /// Takes one demand after the other; the last is the next. Where one of several would do, tries each.
    fn meet(&mut self, mut open: Vec<Demand<'a>>) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return true;
        }
        let known = self.leaves.len();
        // Choices are put off until everything that leaves none is known.
        let mut choices: Vec<Demand<'a>> = Vec::new();
        while let Some((condition, among)) = open.pop() {
            let (parts, is_all) = match condition {
                Condition::All(parts) => (parts, true),
                Condition::Any(parts) => (parts, false),
                Condition::Not(inner) => {
                    open.push((inner, among.turned()));
                    continue;
                }
                Condition::Typed(_) | Condition::Free(_) => {
                    self.leaves.push((condition, among));
                    if !self.fits_the_others(condition) {
                        self.leaves.truncate(known);
                        return false;
                    }
                    continue;
                }
            };
            // *All* is true, or not false, when every part is; *any* is false, or not true, when every part is.
            let of_every = if is_all { among.yes } else { among.no };
            if of_every {
                open.extend(parts.iter().rev().map(|part| (part, among)));
                continue;
            }
            choices.push((condition, among));
        }
        if choices.is_empty() {
            return true;
        }
        let (Condition::All(parts) | Condition::Any(parts), among) = choices.remove(0) else { return true };
        choices.reverse();
        let met = parts.iter().any(|part| {
            let mut rest = choices.clone();
            rest.push((part, among));
            self.meet(rest)
        });
        self.leaves.truncate(known);
        met
    }

    /// The newest leaf against those about the same attribute.
    fn fits_the_others(&self, newest: &Condition) -> bool {
        match newest {
            Condition::Free(row) => {
                let same =
                    self.leaves.iter().filter(|(leaf, _)| matches!(leaf, Condition::Free(r) if r == row));
                let asked: Vec<Among> = same.map(|(_, among)| *among).collect();
                !asked.iter().any(|one| asked.iter().any(|other| one.has_none(*other)))
            }
            Condition::Typed(newest) => {
                let about = subject(&newest.attribute);
                let group: Vec<(&Predicate, Among)> = self
                    .leaves
                    .iter()
                    .filter_map(|(leaf, among)| match leaf {
                        Condition::Typed(p) if subject(&p.attribute) == about => Some((&**p, *among)),
                        _ => None,
                    })
                    .collect();
                kinds::possible(&about, &group)
            }
            _ => true,
        }
    }
}

/// `user.role` and `user.roles` are one attribute in two spellings.
fn subject(attribute: &Attribute) -> Attribute {
    match attribute {
        Attribute::Fact(Fact::UserRole) => Attribute::Fact(Fact::UserRoles),
        other => other.clone(),
    }
}
