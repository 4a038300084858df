//! What a number counts, as far as the call itself says it: by the name of its parameter, or by the argument beside
//! it that names a currency or a unit. Pure; never guesses from values. Looks at every row once or twice, however
//! many there are.

use super::CardArgument;
use crate::visible::Piece;
use std::collections::HashMap;

/// Endings of parameter names that name a unit, and what is written for it.
const ENDINGS: [(&str, &str); 22] = [
    ("ms", "ms"),
    ("milliseconds", "ms"),
    ("secs", "s"),
    ("seconds", "s"),
    ("mins", "min"),
    ("minutes", "min"),
    ("hours", "h"),
    ("days", "days"),
    ("bytes", "bytes"),
    ("kb", "KB"),
    ("mb", "MB"),
    ("gb", "GB"),
    ("percent", "%"),
    ("pct", "%"),
    ("px", "px"),
    ("km", "km"),
    ("kg", "kg"),
    ("cents", "cents"),
    ("eur", "EUR"),
    ("usd", "USD"),
    ("gbp", "GBP"),
    ("chf", "CHF"),
];
/// Words of parameter names that say that it is money.
const MONEY: [&str; 8] = ["amount", "price", "total", "cost", "sum", "fee", "budget", "balance"];

/// Gives every number among these arguments its unit, where the call says one.
pub(super) fn add(rows: &mut [CardArgument]) {
    let numbers = rows.iter().filter(|row| row.kind == "number").count();
    let mut named: HashMap<(String, &str), String> = HashMap::new();
    for row in rows.iter() {
        let (place, name) = split(&row.path);
        let wanted = ["currency", "unit"].into_iter().find(|wanted| *wanted == name);
        if let (Some(wanted), Some(code)) = (wanted, code(row)) {
            named.entry((place.to_owned(), wanted)).or_insert(code);
        }
    }
    for row in rows.iter_mut().filter(|row| row.kind == "number") {
        let (place, name) = split(&row.path);
        let words = words(name);
        let beside = |wanted: &'static str| named.get(&(place.to_owned(), wanted)).cloned();
        row.unit = if let Some(unit) = ending(&words) {
            Some(unit.to_owned())
        } else if words.iter().any(|word| MONEY.contains(&word.as_str())) {
            beside("currency").filter(|code| code.len() == 3)
        } else {
            beside("unit").filter(|_| numbers == 1)
        };
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn ending(words: &[String]) -> Option<&'static str> {
    let last = words.last().filter(|_| words.len() > 1)?;
    ENDINGS.iter().find(|(ending, _)| last == ending).map(|(_, unit)| *unit)
}

/// `timeoutMs` and `timeout_ms` are `timeout`, `ms`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for c in name.chars() {
        let is_divider = matches!(c, '_' | '-' | ' ');
        if is_divider || (c.is_ascii_uppercase() && after_small) {
            words.push(String::new());
        }
        if let (false, Some(word)) = (is_divider, words.last_mut()) {
            word.push(c.to_ascii_lowercase());
        }
        after_small = c.is_ascii_lowercase();
    }
    words
}

/// A short text of plain letters, as it stands.
fn code(argument: &CardArgument) -> Option<String> {
    match (argument.kind.as_str(), argument.pieces.as_slice()) {
        ("text", [Piece::Plain { text }]) => {
            let is_code = (1..=8).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphabetic());
            is_code.then(|| text.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(path: &str, kind: &str, value: &str) -> CardArgument {
        CardArgument {
            path: path.into(),
            title: None,
            kind: kind.into(),
            unit: None,
            pieces: crate::visible::pieces(value),
            characters: value.chars().count(),
            folded: false,
        }
    }

    fn unit_of(path: &str, beside: &[(&str, &str, &str)]) -> Option<String> {
        let mut all = vec![argument(path, "number", "5")];
        all.extend(beside.iter().map(|(path, kind, value)| argument(path, kind, value)));
        add(&mut all);
        all[0].unit.clone()
    }

    #[test]
    fn the_name_of_a_parameter_says_its_unit() {
        assert_eq!(unit_of("timeout_ms", &[]).as_deref(), Some("ms"));
        assert_eq!(unit_of("options.maxAgeSeconds", &[]).as_deref(), Some("s"));
        assert_eq!(unit_of("discount-percent", &[]).as_deref(), Some("%"));
        assert_eq!(unit_of("count", &[]), None);
        assert_eq!(unit_of("seconds", &[]), None, "the name says it already");
        assert_eq!(unit_of("items", &[]), None, "not milliseconds");
    }

    #[test]
    fn money_takes_the_currency_beside_it() {
        assert_eq!(unit_of("amount", &[("currency", "text", "EUR")]).as_deref(), Some("EUR"));
        assert_eq!(unit_of("total_price", &[("currency", "text", "CHF")]).as_deref(), Some("CHF"));
        assert_eq!(unit_of("a.amount", &[("a.currency", "text", "EUR")]).as_deref(), Some("EUR"));
        assert_eq!(unit_of("a.amount", &[("b.currency", "text", "EUR")]), None, "of another object");
        assert_eq!(unit_of("count", &[("currency", "text", "EUR")]), None, "no money");
    }

    #[test]
    fn a_unit_beside_the_only_number_is_its_own() {
        assert_eq!(unit_of("quantity", &[("unit", "text", "kg")]).as_deref(), Some("kg"));
        assert_eq!(unit_of("quantity", &[("unit", "text", "kg"), ("price", "number", "3")]), None);
    }

    #[test]
    fn what_is_no_plain_short_word_is_no_unit() {
        for currency in ["EUR 9000", "E\u{200b}R", "eurodollars", "€€€", ""] {
            assert_eq!(unit_of("amount", &[("currency", "text", currency)]), None, "{currency:?}");
        }
        assert_eq!(unit_of("amount", &[("currency", "number", "978")]), None);
    }
}
