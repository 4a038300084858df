//! The canonical form of a document: spacing, blank lines and the writing of conditions. Order, comments and
//! everything a person chose to spread over several lines stay; what the document means does not change.

use crate::{
    DocumentError,
    condition::{Condition, token::Tokens},
    mend::written,
    section::Source,
};
use toml_edit::{Decor, Item, Table, Value};

/// The document in its canonical form; formatting it again changes nothing.
///
/// # Errors
/// It is not TOML.
pub fn formatted(path: &str, text: &str) -> Result<String, DocumentError> {
    let source = Source { path, text };
    let mut document = source.parse()?.into_mut();
    condition(document.as_table_mut());
    let mut is_first = true;
    table(document.as_table_mut(), &mut is_first);
    let end = document.trailing().as_str().map(|end| comments(&format!("{end}\n"), true)).unwrap_or_default();
    document.set_trailing(end.trim_end().to_owned());
    let text = document.to_string();
    Ok(format!("{}\n", text.trim_end()))
}

/// A `when` on one line, without comments, as the tree prints it.
fn condition(root: &mut Table) {
    let Some(Item::Value(value)) = root.get_mut("when") else { return };
    let Some(text) = value.as_str() else { return };
    let plain = !text.contains('\n') && Tokens::of(text).is_ok_and(|tokens| !tokens.has_comments);
    let Some(tree) = Condition::parse(text).ok().filter(|_| plain) else { return };
    let printed = tree.to_string();
    // Only where it surely reads back as the same tree.
    if Condition::parse(&printed).is_ok_and(|again| again == tree) {
        let decor = value.decor().clone();
        *value = literal(&printed);
        *value.decor_mut() = decor;
    }
}

/// Conditions stand in single quotes wherever they can.
fn literal(text: &str) -> Value {
    let single = !text.contains('\'') && !text.chars().any(char::is_control);
    let quoted = single.then(|| format!("'{text}'").parse().ok()).flatten();
    quoted.unwrap_or_else(|| written(text))
}

fn table(table: &mut Table, is_first: &mut bool) {
    let mut inner: Vec<String> = Vec::new();
    for (mut key, item) in table.iter_mut() {
        match item {
            Item::Value(value) => {
                let decor = key.leaf_decor_mut();
                let before = prefix(decor, !*is_first);
                decor.set_prefix(before);
                decor.set_suffix(" ");
                *is_first = false;
                of_value(value);
                let after = comment(value.decor());
                *value.decor_mut() = Decor::new(" ", after);
            }
            Item::Table(_) | Item::ArrayOfTables(_) => inner.push(key.get().to_owned()),
            Item::None => {}
        }
    }
    for key in inner {
        match table.get_mut(&key) {
            Some(Item::Table(inner)) => header(inner, is_first),
            Some(Item::ArrayOfTables(tables)) => tables.iter_mut().for_each(|inner| header(inner, is_first)),
            _ => {}
        }
    }
}

/// One blank line before every table but the first line of a document.
fn header(inner: &mut Table, is_first: &mut bool) {
    if !inner.is_implicit() && !inner.is_dotted() {
        let before = prefix(inner.decor(), false);
        let after = comment(inner.decor());
        let blank = if *is_first { "" } else { "\n" };
        *inner.decor_mut() = Decor::new(format!("{blank}{}", before.trim_start_matches('\n')), after);
        *is_first = false;
    }
    table(inner, is_first);
}

fn prefix(decor: &Decor, keep_blank: bool) -> String {
    decor
        .prefix()
        .and_then(|prefix| prefix.as_str())
        .map(|text| comments(text, keep_blank))
        .unwrap_or_default()
}

/// Comment lines without spaces around them, at most one blank line between two.
fn comments(text: &str, keep_blank: bool) -> String {
    let mut out = String::new();
    let mut blank = !keep_blank;
    // What stands after the last line break is the indentation of what follows.
    let lines = text.rsplit_once('\n').map(|(lines, _)| lines);
    for line in lines.into_iter().flat_map(|lines| lines.split('\n')).map(str::trim) {
        if !line.is_empty() {
            out.push_str(line);
        } else if blank {
            continue;
        }
        out.push('\n');
        blank = line.is_empty();
    }
    out
}

/// What stands behind a value on its line.
fn comment(decor: &Decor) -> String {
    let text = decor.suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default().trim();
    if text.is_empty() { String::new() } else { format!(" {text}") }
}

/// Lists and inline tables on one line are spaced alike; those on several lines are the person's.
fn of_value(value: &mut Value) {
    let on_one_line = |text: String| !text.contains(['\n', '#']);
    match value {
        Value::Array(list) if on_one_line(list.to_string()) => {
            list.iter_mut().for_each(of_value);
            list.fmt();
        }
        Value::InlineTable(inner) if on_one_line(inner.to_string()) => {
            inner.iter_mut().for_each(|(_, value)| of_value(value));
            inner.fmt();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacing_and_conditions_become_canonical_and_the_rest_stays() {
        let messy = "\n\n  # About it  \n\n\n# more\nname=\"x\"   # n\nwhen = \"5000<args.amount&&(currency=='EUR')\"\n\n\n\ndescription   =  'd'\n[target]\n  # which\n  tools=['a/b',\"c/d\"  ]\nusers = [\n  \"me\", # myself\n]\n\n\n\n[action]  # what\nkind='deny'\n\n\n# end\n\n";
        let expected = "# About it\n\n# more\nname = \"x\" # n\nwhen = 'amount > 5000 && currency == \"EUR\"'\n\ndescription = 'd'\n\n[target]\n# which\ntools = ['a/b', \"c/d\"]\nusers = [\n  \"me\", # myself\n]\n\n[action] # what\nkind = 'deny'\n\n# end\n";
        assert_eq!(formatted("p.toml", messy).unwrap(), expected);
        assert_eq!(formatted("p.toml", expected).unwrap(), expected);
    }

    #[test]
    fn a_condition_on_several_lines_or_with_a_comment_is_left_alone() {
        let text = "name = 'x'\nwhen = '''\n5 < amount && // why\n  amount<9'''\n\n[action]\nkind = 'deny'\n";
        assert_eq!(formatted("p.toml", text).unwrap(), text);
        let ends = "name = 'x'\n# the last line has no line break";
        assert_eq!(formatted("p.toml", ends).unwrap(), format!("{ends}\n"));
        assert!(formatted("p.toml", "name = ").is_err());
    }
}
