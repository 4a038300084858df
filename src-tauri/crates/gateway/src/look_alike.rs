//! Letters that pass for others: a Cyrillic `а` among Latin letters, a whole name that only looks Latin, a slash that
//! is none. By the data of Unicode Technical Standard 39. What a person could not tell apart is named; a text that is
//! honestly written in another script is left alone.

use unicode_script::{Script, UnicodeScript};

/// The characters of a text that pass for ASCII ones: where each is, in bytes, and what it passes for.
pub(crate) fn look_alikes(text: &str) -> Vec<(usize, char)> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut run = Run::default();
    for (at, c) in text.char_indices() {
        if let Some(sign) = sign(c) {
            found.push((at, sign));
        }
        // Dots, slashes and the like join the parts of an address or a path.
        let joins = matches!(c, '.' | '-' | '_' | '@' | ':' | '/' | '\\') || sign(c).is_some();
        if c.is_alphanumeric() || joins {
            run.add(at, c, joins);
        } else {
            run.end(&mut found);
        }
    }
    run.end(&mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// What stands together without a space.
#[derive(Default)]
struct Run {
    has_latin: bool,
    labels: Vec<Label>,
    is_open: bool,
}

/// Letters and digits between two joints.
#[derive(Default)]
struct Label {
    has_latin: bool,
    /// Letters of another script that look like none of ASCII: it is honestly in that script.
    has_own: bool,
    passing: Vec<(usize, char)>,
}

impl Run {
    fn add(&mut self, at: usize, c: char, joins: bool) {
        if joins {
            self.is_open = false;
            return;
        }
        if !std::mem::replace(&mut self.is_open, true) {
            self.labels.push(Label::default());
        }
        let Some(label) = self.labels.last_mut() else { return };
        let is_latin = c.script() == Script::Latin;
        match passes_for(c) {
            Some(ascii) => label.passing.push((at, ascii)),
            None if is_latin => label.has_latin = true,
            None if c.is_alphabetic() => label.has_own = true,
            None => {}
        }
        self.has_latin |= is_latin;
    }

    fn end(&mut self, found: &mut Vec<(usize, char)>) {
        for label in self.labels.drain(..) {
            let pretends = label.has_latin || (!label.has_own && self.has_latin);
            if pretends {
                found.extend(label.passing);
            }
        }
        *self = Run::default();
    }
}

/// The ASCII letter or digit that a letter of another script looks like.
fn passes_for(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    let is_styled = matches!(c, '\u{1d400}'..='\u{1d7ff}' | '\u{ff10}'..='\u{ff5a}' | '\u{250}'..='\u{2af}');
    if c.script() == Script::Latin && !is_styled {
        return None;
    }
    ascii_skeleton(c).filter(char::is_ascii_alphanumeric)
}

fn ascii_skeleton(c: char) -> Option<char> {
    let text = c.to_string();
    let mut skeleton = unicode_security::skeleton(&text);
    match (skeleton.next(), skeleton.next()) {
        (Some(only), None) if only.is_ascii() => Some(only),
        _ => None,
    }
}

/// Signs that steer an address or a path, and pass for the one that does.
fn sign(c: char) -> Option<char> {
    match c {
        '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff0f}' => Some('/'),
        '\u{2024}' | '\u{ff0e}' | '\u{a4f8}' => Some('.'),
        '\u{2010}' | '\u{2011}' | '\u{2212}' => Some('-'),
        '\u{2236}' | '\u{a789}' | '\u{ff1a}' => Some(':'),
        _ => None,
    }
}

/// Where a look-alike comes from, in one word.
pub(crate) fn name(c: char) -> String {
    match c.script() {
        Script::Common | Script::Inherited | Script::Unknown | Script::Latin => "NOT ASCII".to_owned(),
        script => script.full_name().replace('_', " ").to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passing(text: &str) -> String {
        look_alikes(text).into_iter().map(|(_, like)| like).collect()
    }

    #[test]
    fn letters_of_another_script_among_latin_ones_are_found() {
        assert_eq!(passing("https://р\u{430}yp\u{430}l.com/login"), "paa");
        assert_eq!(passing("\u{3bf}pen"), "o", "a Greek omicron");
        assert_eq!(passing("\u{1d429}ay"), "p", "a mathematical letter");
    }

    #[test]
    fn a_name_that_only_looks_latin_is_found_where_it_stands_beside_latin() {
        assert_eq!(passing("\u{430}\u{440}\u{440}\u{43e}.com"), "appo");
    }

    #[test]
    fn honest_texts_of_any_script_are_left_alone() {
        for text in [
            "plain",
            "größer",
            "naïve café",
            "Привет, мир",
            "файл.txt",
            "日本語のファイル.md",
            "שלום עולם",
            "Ελλάδα",
            "ασφάλεια.gr",
            "Škoda",
            "ışık",
            "5 × 3 – 2",
            "Нордвинд GmbH",
            "ёлка-2",
        ] {
            assert_eq!(passing(text), "", "{text}");
        }
    }

    #[test]
    fn a_slash_or_a_dot_that_is_none_is_found() {
        assert_eq!(passing("example.com\u{2215}login"), "/");
        assert_eq!(passing("a\u{2024}b"), ".");
    }

    #[test]
    fn where_it_comes_from_is_named() {
        assert_eq!(name('\u{430}'), "CYRILLIC");
        assert_eq!(name('\u{1d429}'), "NOT ASCII");
    }
}
