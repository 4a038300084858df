//! Whether a text shows on one line of a notification exactly as it is written: no character that hides,
//! moves or mixes others, no run of spaces that could push the rest out of sight. Stricter than the card,
//! which marks what it finds; a notification has no room for marks. Pure.

/// The width of a text in columns: wide scripts take two.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().map(|c| if script(c) == Some(Script::Wide) { 2 } else { 1 }).sum()
}

/// True where a person sees each character, in its place, and cannot take it for one of another script.
#[must_use]
pub fn shows_as_written(text: &str) -> bool {
    let spaced_oddly = text.starts_with(' ') || text.ends_with(' ') || text.contains("  ");
    if spaced_oddly {
        return false;
    }
    let mut alphabet = None;
    text.chars().all(|c| match script(c) {
        None => false,
        Some(Script::Shared | Script::Wide) => true,
        Some(letter) => *alphabet.get_or_insert(letter) == letter,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    /// Digits, punctuation, signs.
    Shared,
    Latin,
    Greek,
    Cyrillic,
    /// Chinese, Japanese, Korean.
    Wide,
}

/// The script of a character we know to show by itself, left to right, on its own place.
fn script(c: char) -> Option<Script> {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{17f}' => {
            Some(Script::Latin)
        }
        ' '..='~' => Some(Script::Shared),
        '\u{ad}' => None,
        '\u{a1}'..='\u{bf}' | '×' | '÷' | '–' | '—' | '‘' | '’' | '“' | '”' | '„' | '…' | '€' => {
            Some(Script::Shared)
        }
        '\u{391}'..='\u{3a1}' | '\u{3a3}'..='\u{3c9}' => Some(Script::Greek),
        '\u{400}'..='\u{45f}' => Some(Script::Cyrillic),
        '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' => Some(Script::Wide),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_texts_of_one_script_show_as_written() {
        for text in [
            "",
            "7250.00",
            "Nordwind GmbH",
            "größer & <b>",
            "Ærø, 40 €",
            "日本語テスト",
            "Ελλάδα",
            "Москва 7",
        ] {
            assert!(shows_as_written(text), "{text}");
        }
    }

    #[test]
    fn what_hides_moves_or_breaks_the_line_does_not() {
        for text in [
            "a\u{200b}b",
            "a\u{202e}b",
            "a\nb",
            "a\tb",
            "\u{1b}[2J",
            "a\u{ad}b",
            "e\u{301}",
            "\u{3164}",
            "א",
            "مال",
            "x\u{a0}y",
        ] {
            assert!(!shows_as_written(text), "{text:?}");
        }
    }

    #[test]
    fn letters_of_two_scripts_in_one_text_do_not() {
        assert!(!shows_as_written("p\u{430}ypal.com"), "a Cyrillic letter among Latin ones");
        assert!(!shows_as_written("Αpple"), "a Greek capital among Latin ones");
    }

    #[test]
    fn spaces_cannot_push_anything_out_of_sight() {
        assert!(!shows_as_written("travel                    amount: 5"));
        assert!(!shows_as_written(" x"));
        assert!(!shows_as_written("x "));
        assert!(shows_as_written("two words"));
    }

    #[test]
    fn wide_scripts_take_two_columns() {
        assert_eq!(columns("abc"), 3);
        assert_eq!(columns("日本"), 4);
    }
}
