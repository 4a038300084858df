//! Small pieces of English, and the care that text from agents and files needs before it stands in a sentence.

use unicode_normalization::char::is_combining_mark;

/// Longest value quoted in a sentence, in characters.
const MAX_SHOWN: usize = 120;

/// "a, b and c"
pub(crate) fn and(parts: &[String]) -> String {
    joined(parts, "and")
}

/// "a, b or c"
pub(crate) fn or(parts: &[String]) -> String {
    joined(parts, "or")
}

fn joined(parts: &[String], word: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// The first parts and how many more there are.
pub(crate) fn few(parts: &[String], most: usize, word: &str) -> String {
    if parts.len() <= most {
        return joined(parts, word);
    }
    let shown: Vec<String> = parts.iter().take(most).cloned().collect();
    format!("{} {word} {} more", shown.join(", "), parts.len() - most)
}

/// A value as it may stand in a sentence: what would hide, reorder or break the line is written out, long text is cut.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_SHOWN));
    for (count, c) in text.chars().enumerate() {
        if count == MAX_SHOWN {
            out.push('…');
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // A mark on nothing would land on our own quotation mark.
            c if hides(c) || (count == 0 && is_combining_mark(c)) => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)))
            }
            c => out.push(c),
        }
    }
    out
}

/// A text in quotation marks, or bare where it is one plain word.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '/' | ':');
    let number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'));
    let word = matches!(text, "" | "true" | "false" | "null" | "missing");
    if !word && !number && text.len() <= 60 && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("“{}”", shown(text))
}

/// Control, zero-width, direction-changing and other characters that do not show as themselves.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
        || (c != ' ' && c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_written_out() {
        assert_eq!(shown("a\u{202e}b\u{200b}c\nd"), "a\\u{202e}b\\u{200b}c\\nd");
        assert_eq!(shown(&"x".repeat(130)), format!("{}…", "x".repeat(120)));
    }

    #[test]
    fn only_plain_words_go_without_quotation_marks() {
        assert_eq!(quoted("EUR"), "EUR");
        assert_eq!(quoted("/srv/data"), "/srv/data");
        for text in ["5000", "", "two words", "true", "Ana’s", "-1"] {
            assert_eq!(quoted(text), format!("“{text}”"));
        }
    }

    #[test]
    fn lists_are_cut_with_a_count() {
        let parts: Vec<String> = ["a", "b", "c", "d"].map(String::from).to_vec();
        assert_eq!(few(&parts, 4, "or"), "a, b, c or d");
        assert_eq!(few(&parts, 2, "or"), "a, b or 2 more");
    }
}
