//! Makes hidden characters seen: zero-width, bidirectional, control and look-like-a-space characters are
//! taken apart from the text around them and named; so are letters that pass for others.

use crate::look_alike::{self, look_alikes};
use serde::Serialize;
use ts_rs::TS;

/// A run of a text as people may see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Piece {
    Plain {
        text: String,
    },
    /// One character that would not show, with its name.
    Hidden {
        text: String,
        name: String,
    },
    /// One character that shows, and passes for another one; `name` is its script.
    LookAlike {
        text: String,
        like: String,
        name: String,
    },
}

impl Piece {
    /// The text, or `⟨NAME⟩` for what would not show; what passes for something else has its script behind it.
    #[must_use]
    pub fn marked(&self) -> String {
        match self {
            Piece::Plain { text } => text.clone(),
            Piece::Hidden { name, .. } => format!("⟨{name}⟩"),
            Piece::LookAlike { text, name, .. } => format!("{text}⟨{name}⟩"),
        }
    }
}

/// The text in pieces, nothing left out; an empty text has none.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut passing = look_alikes(text).into_iter().peekable();
    for (at, c) in text.char_indices() {
        let piece = match passing.next_if(|(passes, _)| *passes == at) {
            Some((_, like)) => {
                Piece::LookAlike { text: c.to_string(), like: like.to_string(), name: look_alike::name(c) }
            }
            None => match hidden_name(c) {
                Some(name) => Piece::Hidden { text: c.to_string(), name },
                None => {
                    plain.push(c);
                    continue;
                }
            },
        };
        if !plain.is_empty() {
            pieces.push(Piece::Plain { text: std::mem::take(&mut plain) });
        }
        pieces.push(piece);
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain { text: plain });
    }
    pieces
}

/// The whole text with hidden characters named in place.
#[must_use]
pub fn marked(text: &str) -> String {
    pieces(text).iter().map(Piece::marked).collect()
}

/// True where nothing in the text would fail to show, or passes for something else.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    text.chars().all(|c| hidden_name(c).is_none()) && look_alikes(text).is_empty()
}

/// The name of a character that does not show, or shows as something else. Line feed and tab show.
fn hidden_name(c: char) -> Option<String> {
    let name = match c {
        '\n' | '\t' | ' ' => return None,
        '\r' => "CARRIAGE RETURN",
        '\u{1b}' => "ESCAPE",
        '\u{ad}' => "SOFT HYPHEN",
        '\u{34f}' => "GRAPHEME JOINER",
        '\u{61c}' | '\u{200e}' | '\u{200f}' => "DIRECTION MARK",
        '\u{180e}' | '\u{200b}' => "ZERO-WIDTH SPACE",
        '\u{200c}' => "ZERO-WIDTH NON-JOINER",
        '\u{200d}' => "ZERO-WIDTH JOINER",
        '\u{2060}' => "WORD JOINER",
        '\u{2061}'..='\u{2064}' => "INVISIBLE OPERATOR",
        '\u{feff}' => "BYTE ORDER MARK",
        '\u{202a}' => "LEFT-TO-RIGHT EMBEDDING",
        '\u{202b}' => "RIGHT-TO-LEFT EMBEDDING",
        '\u{202c}' => "END OF DIRECTION",
        '\u{202d}' => "LEFT-TO-RIGHT OVERRIDE",
        '\u{202e}' => "RIGHT-TO-LEFT OVERRIDE",
        '\u{2066}'..='\u{2069}' => "DIRECTION ISOLATE",
        '\u{2028}' => "LINE SEPARATOR",
        '\u{2029}' => "PARAGRAPH SEPARATOR",
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            "UNUSUAL SPACE"
        }
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => "HANGUL FILLER",
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => "VARIATION SELECTOR",
        '\u{e0000}'..='\u{e007f}' => "TAG CHARACTER",
        '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => "FORMAT CHARACTER",
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => {
            return Some(format!("PRIVATE U+{:04X}", c as u32));
        }
        c if c.is_control() => return Some(format!("CONTROL U+{:04X}", c as u32)),
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_named_in_place() {
        assert_eq!(marked("Nordwind\u{200b} GmbH"), "Nordwind⟨ZERO-WIDTH SPACE⟩ GmbH");
        assert_eq!(marked("a\u{202e}b\u{1b}[2J"), "a⟨RIGHT-TO-LEFT OVERRIDE⟩b⟨ESCAPE⟩[2J");
        assert_eq!(marked("plain\ttext\n"), "plain\ttext\n");
        assert_eq!(marked("p\u{430}y"), "p\u{430}⟨CYRILLIC⟩y");
    }

    #[test]
    fn nothing_is_lost_between_pieces() {
        let text = "\u{feff}x\u{a0}y\u{7f}p\u{430}y";
        let again: String = pieces(text)
            .into_iter()
            .map(|p| match p {
                Piece::Plain { text } | Piece::Hidden { text, .. } | Piece::LookAlike { text, .. } => text,
            })
            .collect();
        assert_eq!(again, text);
        assert!(!is_plain(text));
        assert!(is_plain("größer 日本語"));
    }
}
