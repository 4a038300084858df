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

impl Decimal {
    /// Reads a JSON number (RFC 8259 §6); none for anything else, and for what is past the limits.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
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
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !fraction.is_none_or(is_digits) || (whole.len() > 1 && whole.starts_with('0'))
        {
            return None;
        }
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.unwrap_or_default().bytes()).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        digits.truncate(digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1));
        if digits.is_empty() {
            return Some(Decimal { negative: false, exponent: 0, digits });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        let exponent = exponent.checked_add(point)?;
        (digits.len() <= MOST_DIGITS && exponent.abs() <= MOST_EXPONENT).then_some(Decimal {
            negative,
            exponent,
            digits,
        })
    }

    fn size(&self, other: &Decimal) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.size(other),
            (true, true) => other.size(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
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
        }

        #[test]
        fn a_shifted_point_is_the_same_number(a in -1_000_000_i64..1_000_000, shift in 0_u32..20) {
            let shifted = format!("{a}{}e-{shift}", "0".repeat(shift as usize));
            prop_assert_eq!(decimal(&a.to_string()), decimal(&if a == 0 { "0".into() } else { shifted }));
        }
    }
}
