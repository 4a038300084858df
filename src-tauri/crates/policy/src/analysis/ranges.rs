//! Values with an order: numbers as exact decimals, times as instants, and flags as two values. An interval with
//! holes; a finite list of candidates where the asks or the attribute name one.

use super::kinds::{Ask, Bounds};
use crate::{
    condition::{Comparison, Literal, Test},
    decimal::Decimal,
};

/// Whole numbers tried one by one.
const TRIED: u32 = 1_000;

pub(super) fn number_possible(asks: &[Ask<'_>], bounds: Bounds) -> bool {
    let value = |literal: &Literal| match literal {
        Literal::Number { value, .. } => Some(value.clone()),
        _ => None,
    };
    let whole = |number: u32| Decimal::parse(&number.to_string());
    match bounds {
        Bounds::Whole(last) => {
            let tried = (0..=last.unwrap_or(TRIED)).filter_map(whole);
            let small = tried.into_iter().any(|candidate| suits(&candidate, asks, value));
            small || (last.is_none() && possible(asks, value, whole(TRIED)))
        }
        _ => possible(asks, value, None),
    }
}

pub(super) fn time_possible(asks: &[Ask<'_>]) -> bool {
    possible(asks, instant, None)
}

pub(super) fn instant(literal: &Literal) -> Option<i128> {
    match literal {
        Literal::Time { nanoseconds, .. } => Some(*nanoseconds),
        _ => None,
    }
}

pub(super) fn flag_possible(asks: &[Ask<'_>]) -> bool {
    let value = |literal: &Literal| match literal {
        Literal::Flag(flag) => Some(*flag),
        _ => None,
    };
    [true, false].iter().any(|candidate| suits(candidate, asks, value))
}

/// Whether a test on this value holds; none where the test is not of this type.
pub(super) fn holds<T: Ord>(
    candidate: &T,
    test: &Test,
    value: impl Fn(&Literal) -> Option<T>,
) -> Option<bool> {
    match test {
        Test::Compare(comparison, literal) => {
            let literal = value(literal)?;
            Some(match comparison {
                Comparison::Equal | Comparison::NotEqual => *candidate == literal,
                Comparison::Greater => *candidate > literal,
                Comparison::GreaterOrEqual => *candidate >= literal,
                Comparison::Less => *candidate < literal,
                Comparison::LessOrEqual => *candidate <= literal,
            })
        }
        Test::Between(low, high) => Some(*candidate >= value(low)? && *candidate <= value(high)?),
        Test::OneOf(literals) => {
            let values: Option<Vec<T>> = literals.iter().map(value).collect();
            Some(values?.contains(candidate))
        }
        _ => None,
    }
}

fn suits<T: Ord>(candidate: &T, asks: &[Ask<'_>], value: impl Fn(&Literal) -> Option<T>) -> bool {
    asks.iter().all(|ask| match holds(candidate, ask.test, &value) {
        Some(true) => ask.among.yes,
        Some(false) => ask.among.no,
        None => true,
    })
}

/// One end of an interval; none is infinite.
struct End<T> {
    value: T,
    open: bool,
}

/// Between dense values nothing is ever found empty that is not: intervals shrink only by what is excluded.
pub(super) fn possible<T: Ord + Clone>(
    asks: &[Ask<'_>],
    value: impl Fn(&Literal) -> Option<T>,
    above: Option<T>,
) -> bool {
    let is_above = |only: &T| above.as_ref().is_none_or(|above| above < only);
    let mut low: Option<End<T>> = above.clone().map(|value| End { value, open: true });
    let mut high: Option<End<T>> = None;
    let mut holes: Vec<(T, T)> = Vec::new();
    for ask in asks {
        let wanted = ask.among.yes;
        match ask.test {
            Test::Compare(Comparison::Equal | Comparison::NotEqual, literal) => {
                let Some(only) = value(literal) else { continue };
                if wanted {
                    return suits(&only, asks, &value) && is_above(&only);
                }
                holes.push((only.clone(), only));
            }
            Test::OneOf(literals) => {
                let Some(values) = literals.iter().map(&value).collect::<Option<Vec<T>>>() else { continue };
                if wanted {
                    return values.iter().any(|only| suits(only, asks, &value) && is_above(only));
                }
                holes.extend(values.into_iter().map(|only| (only.clone(), only)));
            }
            Test::Between(from, to) => {
                let (Some(from), Some(to)) = (value(from), value(to)) else { continue };
                if wanted {
                    raise(&mut low, End { value: from, open: false });
                    sink(&mut high, End { value: to, open: false });
                } else {
                    holes.push((from, to));
                }
            }
            Test::Compare(comparison, literal) => {
                let Some(end) = value(literal) else { continue };
                let upwards = matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual);
                let strict = matches!(comparison, Comparison::Greater | Comparison::Less);
                // Not above is at most, not at most is above.
                let end = End { value: end, open: strict == wanted };
                if upwards == wanted { raise(&mut low, end) } else { sink(&mut high, end) }
            }
            _ => {}
        }
    }
    holes.sort();
    for (from, to) in holes {
        let covers_low = low.as_ref().is_some_and(|low| from <= low.value && to >= low.value);
        if covers_low {
            raise(&mut low, End { value: to, open: true });
        }
    }
    match (low, high) {
        (Some(low), Some(high)) if low.value == high.value => !low.open && !high.open,
        (Some(low), Some(high)) => low.value < high.value,
        _ => true,
    }
}

fn raise<T: Ord>(low: &mut Option<End<T>>, end: End<T>) {
    let higher = low.as_ref().is_none_or(|old| end.value > old.value || (end.value == old.value && end.open));
    if higher {
        *low = Some(end);
    }
}

fn sink<T: Ord>(high: &mut Option<End<T>>, end: End<T>) {
    let lower = high.as_ref().is_none_or(|old| end.value < old.value || (end.value == old.value && end.open));
    if lower {
        *high = Some(end);
    }
}
