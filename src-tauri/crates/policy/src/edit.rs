//! Small edits to a person's file that leave the rest of it alone: comments, order, spacing.

use crate::{DocumentError, Mode, section::Source};
use toml_edit::{DocumentMut, Item, value};

/// The key's line is changed where there is one; otherwise a line is added after `name` or `description`.
pub(crate) fn with_mode(path: &str, text: &str, mode: Mode) -> Result<String, DocumentError> {
    let source = Source { path, text };
    let mut document: DocumentMut = source.parse()?.into_mut();
    let word = match mode {
        Mode::Enforce => "enforce",
        Mode::Observe => "observe",
        Mode::Off => "off",
    };
    match document.get_mut("mode") {
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = word.into();
            *old.decor_mut() = decor;
        }
        Some(_) => return Err(source.error(None, "`mode` is not a text")),
        None => {
            document.insert("mode", value(word));
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_mode_keeps_comments_and_order() {
        let text = "# mine\nname = \"x\"\nmode = \"enforce\"   # for now\nwhen = 'a > 1' # why\n\n[action]\nkind = \"deny\"\n";
        let expected = text.replace("\"enforce\"   #", "\"off\"   #");
        assert_eq!(with_mode("x.toml", text, Mode::Off).unwrap(), expected);
    }

    #[test]
    fn a_missing_mode_is_added_above_the_tables() {
        let text = "name = \"x\" # keep\n\n[action]\nkind = \"deny\" # this\n";
        let edited = with_mode("x.toml", text, Mode::Observe).unwrap();
        assert_eq!(edited, "name = \"x\" # keep\nmode = \"observe\"\n\n[action]\nkind = \"deny\" # this\n");
    }
}
