//! Reads one TOML document strictly: every key is known, every value has its type and size, and an error says
//! its line and column and what was probably meant.

use crate::DocumentError;
use std::str::FromStr;
use toml_edit::{Document, Item, TableLike, Value};

/// Longest document taken, in bytes.
pub(crate) const MAX_DOCUMENT: usize = 64 * 1024;

/// The version of the language that is read here, and the key by which a document may name its own.
const VERSION: (&str, i64) = ("version", 1);

/// A document's text with the path its errors name.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
}

/// One table of a document.
#[derive(Clone, Copy)]
pub(crate) struct Section<'a> {
    pub(crate) source: Source<'a>,
    table: &'a dyn TableLike,
    /// Byte offset of its header.
    at: Option<usize>,
}

/// A text with the place it stands at.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    source: Source<'a>,
    /// Byte offset of the value, its quotes included.
    at: Option<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn parse(self) -> Result<Document<&'a str>, DocumentError> {
        if self.text.len() > MAX_DOCUMENT {
            return Err(self.error(None, format!("longer than {} KiB", MAX_DOCUMENT / 1024)));
        }
        let document = Document::parse(self.text).map_err(|error| {
            let message = error.message().lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
            self.error(error.span().map(|span| span.start), format!("not valid TOML: {message}"))
        })?;
        self.of_a_known_version(&document)?;
        Ok(document)
    }

    /// Said before anything else: a newer document's keys and words would only look like typing mistakes.
    fn of_a_known_version(self, document: &Document<&'a str>) -> Result<(), DocumentError> {
        let (key, ours) = VERSION;
        let Some(item) = document.as_table().get(key) else { return Ok(()) };
        let root = self.root(document);
        match item.as_integer() {
            Some(version) if version == ours => Ok(()),
            Some(version) if version > ours => {
                let message = format!(
                    "written in version {version} of the policy language, and this Doorward reads {ours}"
                );
                Err(root.error(key, message).hint("update Doorward"))
            }
            Some(version) => Err(root
                .error(key, format!("there is no version {version} of the policy language"))
                .hint("write `version = 1`, or leave it out")),
            None => Err(root.wrong(key, "a whole number")),
        }
    }

    pub(crate) fn root(self, document: &'a Document<&'a str>) -> Section<'a> {
        Section { source: self, table: document.as_table(), at: None }
    }

    /// An error at a byte offset of the text.
    pub(crate) fn error(self, at: Option<usize>, message: impl Into<String>) -> DocumentError {
        let before = at.map(|at| self.text.get(..at).unwrap_or(self.text));
        DocumentError {
            path: self.path.to_owned(),
            line: before.map(|text| text.matches('\n').count() + 1),
            column: before.map(|text| text.rsplit('\n').next().unwrap_or_default().chars().count() + 1),
            message: message.into(),
            hint: None,
        }
    }
}

impl DocumentError {
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> DocumentError {
        self.hint = Some(hint.into());
        self
    }

    /// Adds "did you mean" where one of the known words is close.
    pub(crate) fn suggest(mut self, given: &str, known: &[&str]) -> DocumentError {
        self.hint = did_you_mean(given, known);
        self
    }
}

/// The known word nearest to the given one, if it is near at all, as a question.
pub(crate) fn did_you_mean(given: &str, known: &[&str]) -> Option<String> {
    nearest(given, known).map(|word| format!("did you mean `{word}`?"))
}

/// The known word nearest to the given one, if it is near at all.
pub(crate) fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|word| (strsim::damerau_levenshtein(given, word), *word)).min()?;
    let limit = 1 + given.chars().count().min(12) / 4;
    (near.0 <= limit).then_some(near.1)
}

impl<'a> Section<'a> {
    /// Refuses every key that is not in the list. Every document as a whole may name its version.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), DocumentError> {
        let is_root = self.at.is_none();
        for (key, _) in self.table.iter() {
            let is_known = known.contains(&key) || (is_root && key == VERSION.0);
            if !is_known {
                let at = self.table.key(key).and_then(|key| key.span()).map(|span| span.start);
                let error = self.source.error(at, format!("unknown key `{key}`")).suggest(key, known);
                let error = if error.hint.is_none() {
                    error.hint(format!("the keys here are {}", listed(known)))
                } else {
                    error
                };
                return Err(error);
            }
        }
        Ok(())
    }

    /// An error at a key's value, or at the section where the key is absent.
    pub(crate) fn error(&self, key: &str, message: impl Into<String>) -> DocumentError {
        let at = self.table.get(key).and_then(Item::span).map(|span| span.start);
        self.source.error(at.or(self.at), message)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn wrong(&self, key: &str, expected: &str) -> DocumentError {
        let given = self.table.get(key).map_or("nothing", Item::type_name);
        self.error(key, format!("`{key}` must be {expected}, not {given}"))
    }

    /// A text of at most `max` characters, free of control characters other than line breaks and tabs.
    pub(crate) fn text(&self, key: &str, max: usize) -> Result<Option<Text<'a>>, DocumentError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let Some(text) = item.as_str() else { return Err(self.wrong(key, "a text")) };
        if text.chars().count() > max {
            return Err(self.error(key, format!("`{key}` is longer than {max} characters")));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(self.error(key, format!("`{key}` has a control character in it")));
        }
        Ok(Some(Text { text, source: self.source, at: item.span().map(|span| span.start) }))
    }

    /// A text that must be there and say something.
    pub(crate) fn required(&self, key: &str, max: usize) -> Result<Text<'a>, DocumentError> {
        let text = self.text(key, max)?.ok_or_else(|| self.error(key, format!("`{key}` is missing")))?;
        if text.text.trim().is_empty() {
            return Err(self.error(key, format!("`{key}` is empty")));
        }
        Ok(text)
    }

    /// One of a list of words.
    pub(crate) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, DocumentError> {
        let Some(text) = self.text(key, 100)? else { return Ok(None) };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.text) {
            return Ok(Some(*value));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let error = self.error(key, format!("`{key}` cannot be `{}`", text.text)).suggest(text.text, &known);
        Err(if error.hint.is_none() { error.hint(format!("use {}", quoted_or(&known))) } else { error })
    }

    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, DocumentError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        item.as_bool().map(Some).ok_or_else(|| self.wrong(key, "true or false"))
    }

    pub(crate) fn whole(
        &self,
        key: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, DocumentError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let number = item.as_integer().ok_or_else(|| self.wrong(key, "a whole number"))?;
        let fits = u32::try_from(number).ok().filter(|number| range.contains(number));
        let message = || format!("`{key}` must be between {} and {}", range.start(), range.end());
        fits.map(Some).ok_or_else(|| self.error(key, message()))
    }

    /// A length of time such as `15m` or `1h30m`, in seconds.
    pub(crate) fn seconds(
        &self,
        key: &str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<Option<u64>, DocumentError> {
        let Some(text) = self.text(key, 40)? else { return Ok(None) };
        let seconds = seconds(text.text).ok_or_else(|| {
            self.error(key, format!("`{}` is not a length of time", text.text))
                .hint("write it like `30s`, `15m`, `8h` or `1h30m`")
        })?;
        if range.contains(&seconds) {
            return Ok(Some(seconds));
        }
        let (least, most) = (in_words(*range.start()), in_words(*range.end()));
        Err(self.error(key, format!("`{key}` must be between {least} and {most}")))
    }

    /// A list of texts, each of at most 200 characters.
    pub(crate) fn texts(&self, key: &str, most: usize) -> Result<Vec<Text<'a>>, DocumentError> {
        let Some(item) = self.table.get(key) else { return Ok(Vec::new()) };
        let Some(list) = item.as_array() else { return Err(self.wrong(key, "a list of texts")) };
        if list.len() > most {
            return Err(self.error(key, format!("`{key}` has more than {most} entries")));
        }
        let mut texts = Vec::with_capacity(list.len());
        for value in list {
            let at = value.span().map(|span| span.start);
            let bad = |message: &str| {
                Err(self.source.error(at, format!("each entry of `{key}` must be {message}")))
            };
            let Some(text) = value.as_str() else { return bad("a text") };
            if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
                return bad("1 to 200 characters without control characters");
            }
            texts.push(Text { text, source: self.source, at });
        }
        Ok(texts)
    }

    pub(crate) fn section(&self, key: &str) -> Result<Option<Section<'a>>, DocumentError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let at =
            self.table.key(key).and_then(|key| key.span()).or_else(|| item.span()).map(|span| span.start);
        let table = item.as_table_like().ok_or_else(|| self.wrong(key, "a table"))?;
        Ok(Some(Section { source: self.source, table, at }))
    }

    /// The tables of `[[key]]`, or of a list of inline tables.
    pub(crate) fn sections(&self, key: &str, most: usize) -> Result<Vec<Section<'a>>, DocumentError> {
        let mut sections: Vec<Section<'a>> = Vec::new();
        match self.table.get(key) {
            None => {}
            Some(Item::ArrayOfTables(tables)) => sections.extend(tables.iter().map(|table| Section {
                source: self.source,
                table,
                at: table.span().map(|span| span.start),
            })),
            Some(Item::Value(Value::Array(list))) => {
                for value in list {
                    let Some(table) = value.as_inline_table() else {
                        return Err(self.wrong(key, "a list of tables"));
                    };
                    sections.push(Section {
                        source: self.source,
                        table,
                        at: table.span().map(|span| span.start),
                    });
                }
            }
            Some(_) => return Err(self.wrong(key, "a list of tables")),
        }
        if sections.len() > most {
            return Err(self.error(key, format!("more than {most} `[[{key}]]`")));
        }
        Ok(sections)
    }

    /// An item of this section as JSON.
    pub(crate) fn value(&self, item: &Item) -> Result<crate::Value, String> {
        crate::toml_value::value(item, self.source.text)
    }

    /// Every key with its raw item, for free-form tables.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&'a str, &'a Item)> {
        self.table.iter()
    }
}

impl<'a> Text<'a> {
    /// An error at the start of this text.
    pub(crate) fn error(&self, message: impl Into<String>) -> DocumentError {
        self.source.error(self.at, message)
    }

    /// An error at a byte offset inside this text: exact where the document writes it without escapes.
    pub(crate) fn error_inside(&self, offset: usize, message: impl Into<String>) -> DocumentError {
        let start = self.at.and_then(|at| {
            let written = self.source.text.get(at..)?;
            let quotes = if written.starts_with("'''") || written.starts_with("\"\"\"") { 3 } else { 1 };
            let body = written.get(quotes..)?;
            let skipped = body.len() - body.trim_start_matches(['\r', '\n']).len();
            let skipped = if quotes == 3 && !body.starts_with(self.text) { skipped } else { 0 };
            body.get(skipped..)?.starts_with(self.text).then_some(at + quotes + skipped)
        });
        self.source.error(start.map(|start| start + offset).or(self.at), message)
    }

    /// This text as a checked name.
    pub(crate) fn parse<T: FromStr>(&self) -> Result<T, DocumentError>
    where
        T::Err: std::fmt::Display,
    {
        self.text.parse().map_err(|error: T::Err| self.error(error.to_string()))
    }

    pub(crate) fn owned(&self) -> String {
        self.text.to_owned()
    }
}

/// "`a`, `b` or `c`"
fn quoted_or(words: &[&str]) -> String {
    crate::wording::or(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>())
}

/// "`a`, `b` and `c`"
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    crate::wording::and(&quoted)
}

pub(crate) fn seconds(text: &str) -> Option<u64> {
    let (mut total, mut digits, mut last) = (0_u64, String::new(), u64::MAX);
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        // Each unit once, from large to small.
        if unit >= last {
            return None;
        }
        last = unit;
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && last != u64::MAX).then_some(total)
}

fn in_words(seconds: u64) -> String {
    match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s >= 3_600 && s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s >= 60 && s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_strictly() {
        for (text, expected) in
            [("0s", 0), ("15m", 900), ("1h30m", 5_400), ("2d", 172_800), ("1d1h1m1s", 90_061)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "15",
            "m",
            "1m1h",
            "1m1m",
            "-1s",
            "1.5h",
            "99999999999999999999s",
            "99999999999999999d",
            "1 h",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn an_error_inside_a_text_has_its_own_line_and_column() {
        let text = "name = 'x'\nwhen = '''\na &&\n  bé + ?'''\n";
        let source = Source { path: "p.toml", text };
        let document = source.parse().unwrap();
        let when = source.root(&document).required("when", 100).unwrap();
        let error = when.error_inside(when.text.find('?').unwrap(), "here");
        assert_eq!((error.line, error.column), (Some(4), Some(8)));
    }
}
