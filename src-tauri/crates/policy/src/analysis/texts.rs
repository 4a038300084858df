//! Texts: finite candidates where equality names them; otherwise beginnings, endings and parts that cannot stand
//! together, patterns that match nothing, folders outside each other. With and without case are two spaces, which
//! meet only in a candidate.

use super::{
    Among,
    kinds::{Ask, Bounds},
    ranges,
};
use crate::{
    condition::{Comparison, Literal, Pattern, Test, TextLiteral, scalar::form},
    moment::Moment,
};
use regex_syntax::hir::{Hir, HirKind, Look};

pub(super) fn possible(asks: &[Ask<'_>], bounds: Bounds) -> bool {
    if let Bounds::Words(words) = bounds {
        return words.iter().any(|word| suits(word, asks));
    }
    if let Some(texts) = asks.iter().find_map(|ask| named(ask, false)) {
        return texts.iter().any(|text| suits(&text.text, asks));
    }
    if let Some(texts) = asks.iter().find_map(|ask| named(ask, true)) {
        return texts.iter().any(|text| {
            let folded = asks.iter().filter(|ask| ask.ignore_case);
            folded.into_iter().all(|ask| met(in_form(&text.form, ask.test), ask.among))
        });
    }
    [false, true].iter().all(|ignore_case| {
        let same: Vec<&Ask<'_>> = asks.iter().filter(|ask| ask.ignore_case == *ignore_case).collect();
        parts_agree(&same)
    }) && !asks.iter().any(|ask| is_dead(ask))
        && !contradict(asks)
        && folders_agree(asks)
        && times_agree(asks)
}

/// The texts an ask allows, where they are listed.
fn named<'a>(ask: &Ask<'a>, ignore_case: bool) -> Option<Vec<&'a TextLiteral>> {
    if !ask.among.yes || ask.ignore_case != ignore_case {
        return None;
    }
    let text = |literal: &'a Literal| match literal {
        Literal::Text(text) => Some(text),
        _ => None,
    };
    match ask.test {
        Test::Compare(Comparison::Equal | Comparison::NotEqual, literal) => {
            text(literal).map(|one| vec![one])
        }
        Test::OneOf(literals) => literals.iter().map(text).collect(),
        _ => None,
    }
}

fn met(holds: Option<bool>, among: Among) -> bool {
    match holds {
        Some(true) => among.yes,
        Some(false) => among.no,
        None => true,
    }
}

/// One text against every ask; what cannot be told counts as met.
fn suits(text: &str, asks: &[Ask<'_>]) -> bool {
    asks.iter().all(|ask| {
        if let Test::Matches(Pattern { regex, .. }) = ask.test {
            return met(Some(regex.is_match(&form(text, false))), ask.among);
        }
        if is_timed(ask.test) {
            return match Moment::parse(text) {
                Some(moment) => met(ranges::holds(&moment.nanoseconds, ask.test, ranges::instant), ask.among),
                None => ask.among.unclear,
            };
        }
        met(in_form(&form(text, ask.ignore_case), ask.test), ask.among)
    })
}

/// A test on a text already in its form; none where the form alone does not tell.
fn in_form(text: &str, test: &Test) -> Option<bool> {
    let same = |literal: &Literal| matches!(literal, Literal::Text(wanted) if wanted.form == text);
    match test {
        Test::Compare(Comparison::Equal | Comparison::NotEqual, literal) => Some(same(literal)),
        Test::OneOf(literals) => Some(literals.iter().any(same)),
        Test::Contains(wanted) => Some(text.contains(&wanted.form)),
        Test::StartsWith(wanted) => Some(text.starts_with(&wanted.form)),
        Test::EndsWith(wanted) => Some(text.ends_with(&wanted.form)),
        _ => None,
    }
}

fn is_timed(test: &Test) -> bool {
    let literal = match test {
        Test::Compare(_, literal) | Test::Between(literal, _) => Some(literal),
        Test::OneOf(literals) => literals.first(),
        _ => None,
    };
    matches!(literal, Some(Literal::Time { .. }))
}

/// Beginnings continue each other, endings too, and nothing wanted contains what is not.
fn parts_agree(asks: &[&Ask<'_>]) -> bool {
    let agree = |one: &Test, other: &Test| match (one, other) {
        (Test::StartsWith(a), Test::StartsWith(b)) => {
            a.form.starts_with(&b.form) || b.form.starts_with(&a.form)
        }
        (Test::EndsWith(a), Test::EndsWith(b)) => a.form.ends_with(&b.form) || b.form.ends_with(&a.form),
        _ => true,
    };
    let forbids = |wanted: &Test, unwanted: &Test| match (wanted, unwanted) {
        (Test::StartsWith(a), Test::StartsWith(b)) => a.form.starts_with(&b.form),
        (Test::EndsWith(a), Test::EndsWith(b)) => a.form.ends_with(&b.form),
        (Test::StartsWith(a) | Test::EndsWith(a) | Test::Contains(a), Test::Contains(b)) => {
            a.form.contains(&b.form)
        }
        _ => false,
    };
    asks.iter().filter(|ask| ask.among.yes).all(|ask| {
        asks.iter().all(|other| match other.among.yes {
            true => agree(ask.test, other.test),
            false => !forbids(ask.test, other.test),
        })
    })
}

/// The same test, wanted and unwanted.
fn contradict(asks: &[Ask<'_>]) -> bool {
    asks.iter().any(|ask| {
        let opposite = |other: &Ask<'_>| {
            ask.test == other.test && ask.ignore_case == other.ignore_case && ask.among.has_none(other.among)
        };
        asks.iter().any(opposite)
    })
}

fn is_dead(ask: &Ask<'_>) -> bool {
    ask.among.yes && matches!(ask.test, Test::Matches(pattern) if cannot_match(pattern))
}

/// Folders are normalised and absolute. Names beyond ASCII are left alone: composition may undecide them.
fn folders_agree(asks: &[Ask<'_>]) -> bool {
    let inside = |one: &str, other: &str| {
        other == "/" || one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let folder = |ask: &Ask<'_>| match ask.test {
        Test::Within(folder) if folder.is_ascii() => Some((folder.clone(), ask.among)),
        _ => None,
    };
    let folders: Vec<(String, Among)> = asks.iter().filter_map(folder).collect();
    let wanted = folders.iter().filter(|(_, among)| among.yes && !among.unclear);
    wanted.into_iter().all(|(one, _)| {
        folders.iter().all(|(other, among)| match (among.yes, among.unclear) {
            (true, true) => true,
            (true, false) => inside(one, other) || inside(other, one),
            (false, _) => !inside(one, other),
        })
    })
}

/// Only asks that a text which is no time cannot meet bound the instant.
fn times_agree(asks: &[Ask<'_>]) -> bool {
    let timed: Vec<Ask<'_>> =
        asks.iter().filter(|ask| is_timed(ask.test) && !ask.among.unclear).copied().collect();
    ranges::possible(&timed, ranges::instant, None)
}

/// Whether a pattern matches no text whatever. False only says that this was not seen.
pub(crate) fn cannot_match(pattern: &Pattern) -> bool {
    regex_syntax::parse(pattern.regex.as_str()).is_ok_and(|hir| is_empty(&hir))
}

fn is_empty(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => false,
        HirKind::Class(_) => hir.properties().minimum_len().is_none(),
        HirKind::Repetition(inner) => inner.min > 0 && is_empty(&inner.sub),
        HirKind::Capture(inner) => is_empty(&inner.sub),
        HirKind::Alternation(parts) => parts.iter().all(is_empty),
        HirKind::Concat(parts) => {
            let takes_text = |part: &Hir| part.properties().minimum_len().is_some_and(|length| length > 0);
            let is = |part: &Hir, look: Look| matches!(part.kind(), HirKind::Look(other) if *other == look);
            let begins_late = parts
                .iter()
                .enumerate()
                .any(|(at, part)| is(part, Look::Start) && parts.iter().take(at).any(takes_text));
            let ends_early = parts
                .iter()
                .enumerate()
                .any(|(at, part)| is(part, Look::End) && parts.iter().skip(at + 1).any(takes_text));
            begins_late || ends_early || parts.iter().any(is_empty)
        }
    }
}
