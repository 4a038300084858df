//! Numbers compared exactly, as the decimals their characters say: 5000.000000000000001 is more than 5000, and
//! 2^53 + 1 is not 2^53. No arithmetic, so no number is expensive; absurd ones are not judged at all.

use std::cmp::Ordering;

/// Digits and exponents past these are not judged: no upstream would read them as written.
const MOST_DIGITS: usize = 1_000;
const MOST_EXPONENT: i64 = 400;

/// 0.d₁d₂d₃… × 10^exponent, without leading or trailing zeros; zero has no digits and no sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    exponent: i64,
    digits: Vec<u8>,
}

/// The same, still lying in the text it was read from: its digits are those of `head`, then those of `tail`.
#[derive(Clone, Copy)]
struct Read<'a> {
    negative: bool,
    exponent: i64,
    head: &'a [u8],
    tail: &'a [u8],
}

impl Decimal {
    /// Reads a JSON number (RFC 8259 §6); none for anything else, and for what is past the limits.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let Read { negative, exponent, head, tail } = Read::of(text)?;
        Some(Decimal { negative, exponent, digits: [head, tail].concat() })
    }

    /// How a number as written stands to this one; none where [`parse`](Decimal::parse) gives none. Allocates
    /// nothing.
    pub(crate) fn order_of(&self, text: &str) -> Option<Ordering> {
        Some(Read::of(text)?.order(&self.read()))
    }

    /// How a whole number stands to this one. Allocates nothing.
    pub(crate) fn order_of_whole(&self, number: i64) -> Ordering {
        let mut digits = [b'0'; 20];
        let (mut rest, mut length) = (number.unsigned_abs(), 0_usize);
        for place in digits.iter_mut().rev() {
            if rest == 0 {
                break;
            }
            *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            length += 1;
        }
        let written = digits.get(digits.len() - length..).unwrap_or_default();
        let exponent = i64::try_from(length).unwrap_or(0);
        Read { negative: number < 0, exponent, head: trimmed_end(written), tail: &[] }.order(&self.read())
    }

    fn read(&self) -> Read<'_> {
        Read { negative: self.negative, exponent: self.exponent, head: &self.digits, tail: &[] }
    }
}

impl<'a> Read<'a> {
    fn of(text: &'a str) -> Option<Read<'a>> {
        if text.len() > 2 * MOST_DIGITS {
            return None;
        }
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole.as_bytes(), Some(fraction.as_bytes())),
            None => (mantissa.as_bytes(), None),
        };
        let is_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        if !is_digits(whole)
            || !fraction.is_none_or(is_digits)
            || (whole.len() > 1 && whole.starts_with(b"0"))
        {
            return None;
        }
        let (mut head, mut tail) = (trimmed_start(whole), fraction.unwrap_or_default());
        let before_point = i64::try_from(head.len()).ok()?;
        let mut exponent = exponent.checked_add(before_point)?;
        if head.is_empty() {
            let significant = trimmed_start(tail);
            exponent = exponent.checked_sub(i64::try_from(tail.len() - significant.len()).ok()?)?;
            tail = significant;
        }
        tail = trimmed_end(tail);
        if tail.is_empty() {
            head = trimmed_end(head);
        }
        if head.is_empty() && tail.is_empty() {
            return Some(Read { negative: false, exponent: 0, head, tail });
        }
        (head.len() + tail.len() <= MOST_DIGITS && exponent.abs() <= MOST_EXPONENT).then_some(Read {
            negative,
            exponent,
            head,
            tail,
        })
    }

    fn order(&self, other: &Read<'_>) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.size(other),
            (true, true) => other.size(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }

    fn size(&self, other: &Read<'_>) -> Ordering {
        let is_zero = |of: &Read<'_>| of.head.is_empty() && of.tail.is_empty();
        match (is_zero(self), is_zero(other)) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self
                .exponent
                .cmp(&other.exponent)
                .then_with(|| self.head.iter().chain(self.tail).cmp(other.head.iter().chain(other.tail))),
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        self.read().order(&other.read())
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn trimmed_start(digits: &[u8]) -> &[u8] {
    digits.get(digits.iter().take_while(|digit| **digit == b'0').count()..).unwrap_or_default()
}

fn trimmed_end(digits: &[u8]) -> &[u8] {
    let last = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    digits.get(..last).unwrap_or_default()
}

/// Saturates: what does not fit is past every limit anyway.
fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let size = if digits.len() > 9 { 1_000_000_000 } else { digits.parse().unwrap_or(0) };
    Some(sign * size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn order_is_exact() {
        let ascending = [
            "-1e300",
            "-5000.1",
            "-5000",
            "-0.001",
            "0",
            "1e-300",
            "0.1",
            "0.10000000000000000000001",
            "1",
            "4999.999",
            "5000",
            "5000.000000000000001",
            "5001",
            "9007199254740992",
            "9007199254740993",
            "1e300",
        ];
        for (at, low) in ascending.iter().enumerate() {
            for high in &ascending[at + 1..] {
                assert!(decimal(low) < decimal(high), "{low} < {high}");
            }
        }
    }

    #[test]
    fn one_number_has_many_spellings() {
        for (a, b) in [
            ("1e3", "1000"),
            ("1000.00", "1000"),
            ("-0", "0"),
            ("0e99999999999", "0.000"),
            ("120e-2", "1.2"),
            ("1E+3", "1000"),
        ] {
            assert_eq!(decimal(a), decimal(b), "{a} {b}");
        }
    }

    #[test]
    fn absurd_and_malformed_numbers_are_not_judged() {
        for text in [
            "1e401",
            "1e99999999999999999999",
            "1e-402",
            "",
            "-",
            ".5",
            "5.",
            "05",
            "+5",
            "NaN",
            "Infinity",
            "0x10",
            "1e",
            "1_000",
            " 1",
            "１",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::parse(&"9".repeat(1_001)), None);
        assert_eq!(Decimal::parse(&format!("0.{}1", "0".repeat(100_000))), None);
    }

    proptest! {
        #[test]
        fn whole_numbers_order_as_integers(a: i64, b: i64) {
            prop_assert_eq!(decimal(&a.to_string()).cmp(&decimal(&b.to_string())), a.cmp(&b));
            prop_assert_eq!(decimal(&b.to_string()).order_of_whole(a), a.cmp(&b));
        }

        #[test]
        fn a_number_in_its_text_orders_as_the_number_itself(
            a in "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?", b in "-?[0-9]{1,3}(\\.[0-9]{1,5})?(e-?[0-4])?",
        ) {
            prop_assume!(Decimal::parse(&b).is_some());
            let b = decimal(&b);
            prop_assert_eq!(b.order_of(&a), Decimal::parse(&a).map(|a| a.cmp(&b)));
        }

        #[test]
        fn a_shifted_point_is_the_same_number(a in -1_000_000_i64..1_000_000, shift in 0_u32..20) {
            let shifted = format!("{a}{}e-{shift}", "0".repeat(shift as usize));
            prop_assert_eq!(decimal(&a.to_string()), decimal(&if a == 0 { "0".into() } else { shifted }));
        }
    }
}
