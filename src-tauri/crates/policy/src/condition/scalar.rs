//! One value against one test, exactly: numbers as decimals, texts after NFC, times as instants. Types never
//! turn into each other; what cannot be compared is undetermined, and says why.

use super::{
    Comparison, Literal, Pattern, Test, TextLiteral,
    lookup::Seen,
    path::{self, Ground},
};
use crate::moment::Moment;
use std::{borrow::Cow, cmp::Ordering};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Why a value could not be judged, in words that follow a value: "is a text, which cannot be …".
pub(crate) type Note = Cow<'static, str>;

/// The form in which texts are compared.
pub(crate) fn form(text: &str, ignore_case: bool) -> Cow<'_, str> {
    if text.is_ascii() {
        let shouts = ignore_case && text.bytes().any(|b| b.is_ascii_uppercase());
        return if shouts { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
    }
    match (ignore_case, is_nfc_quick(text.chars())) {
        (false, IsNormalized::Yes) => Cow::Borrowed(text),
        (false, _) => Cow::Owned(text.nfc().collect()),
        // Upper case first, so that ß meets SS and the final sigma meets the others.
        (true, _) => Cow::Owned(text.nfc().collect::<String>().to_uppercase().to_lowercase().nfc().collect()),
    }
}

/// Judges a value that is there; `!=` as `==`, to be turned round by the caller.
pub(crate) fn holds(seen: &Seen<'_>, test: &Test, ignore_case: bool, spot: Ground<'_>) -> Result<bool, Note> {
    match test {
        Test::Present => Ok(true),
        Test::Compare(comparison, literal) => {
            compare(seen, literal, ignore_case).map(|order| suits(*comparison, order))
        }
        Test::Between(low, high) => {
            let from = compare(seen, low, ignore_case)?;
            Ok(from != Ordering::Less && compare(seen, high, ignore_case)? != Ordering::Greater)
        }
        Test::OneOf(literals) => {
            // All of one type: a text takes its form once for the whole list.
            if let (Seen::Text(text), Some(Literal::Text(_))) = (seen, literals.first()) {
                let form = form(text, ignore_case);
                return Ok(literals.iter().any(|literal| {
                    matches!(literal, Literal::Text(TextLiteral { form: wanted, .. }) if form == wanted.as_str())
                }));
            }
            for literal in literals {
                if compare(seen, literal, ignore_case)? == Ordering::Equal {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Test::Contains(wanted) => text(seen).map(|text| form(text, ignore_case).contains(&wanted.form)),
        Test::StartsWith(wanted) => text(seen).map(|text| form(text, ignore_case).starts_with(&wanted.form)),
        Test::EndsWith(wanted) => text(seen).map(|text| form(text, ignore_case).ends_with(&wanted.form)),
        Test::Matches(Pattern { regex, .. }) => text(seen).map(|text| regex.is_match(&form(text, false))),
        Test::Within(folder) => {
            let place = path::within(text(seen)?, folder, spot)?;
            Ok(place == path::Place::Inside)
        }
    }
}

fn suits(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal | Comparison::NotEqual => order == Ordering::Equal,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
    }
}

fn text<'a>(seen: &Seen<'a>) -> Result<&'a str, Note> {
    match seen {
        Seen::Text(text) => Ok(text),
        other => Err(mismatch(other, "a text")),
    }
}

fn mismatch(seen: &Seen<'_>, wanted: &str) -> Note {
    Cow::Owned(format!("it is {}, not {wanted}", seen.noun()))
}

/// Texts and flags order only into equal and not equal; the reader of conditions lets nothing else ask.
fn compare(seen: &Seen<'_>, literal: &Literal, ignore_case: bool) -> Result<Ordering, Note> {
    let unequal = |same: bool| if same { Ordering::Equal } else { Ordering::Less };
    match literal {
        Literal::Number { value, .. } => match seen {
            Seen::Number(text) => {
                Ok(value.order_of(text).ok_or("the number is too large or too long to be judged")?)
            }
            Seen::Whole(number) => Ok(value.order_of_whole(*number)),
            other => Err(mismatch(other, "a number")),
        },
        Literal::Text(TextLiteral { form: wanted, .. }) => {
            Ok(unequal(form(text(seen)?, ignore_case) == wanted.as_str()))
        }
        Literal::Flag(wanted) => match seen {
            Seen::Flag(flag) => Ok(unequal(flag == wanted)),
            other => Err(mismatch(other, "true or false")),
        },
        Literal::Time { nanoseconds, .. } => {
            let moment = match seen {
                Seen::Time(moment) => *moment,
                Seen::Text(text) => Moment::parse(text)
                    .ok_or("it is not a time with its zone, such as 2026-01-05T12:00:00Z")?,
                other => return Err(mismatch(other, "a time")),
            };
            Ok(moment.nanoseconds.cmp(nanoseconds))
        }
    }
}
