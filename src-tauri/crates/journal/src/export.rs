//! The journal as a file for other programs: JSON Lines, which `verify_export` checks anywhere, or CSV to look at.
//!
//! A line of an entry has the columns that its hash covers, the hash of its sealed body, and the body in the open with
//! what is secret left out. Each line ends with a hash over itself and the line before it; the last one is bound to the
//! home, so that whoever has the root key also knows that the bodies are as they were written.

use crate::anchor::{Anchor, hex};
use crate::bind::{Binder, Code, Part};
use crate::chain::{About, Form, Hash, Head};
use crate::read::{COLUMNS, Kept};
use crate::redact::Exported;
use crate::seal::Opening;
use crate::write::Durability;
use crate::{Journal, JournalError, retain, table};
use policy::{UserId, Value};
use rusqlite::params;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON object a line; can be verified.
    JsonLines,
    /// One entry a line, the body as JSON in its last column.
    Csv,
}

/// Why an export was not written to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the export cannot be written: {0}; check the space and the permissions where it goes")]
    Write(#[from] io::Error),
}

/// An export that shows what is secret: it is on record before its first line is written. That a person proved to be
/// there, where that is asked for, is the caller's to see to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InClear {
    /// Whose desk it is.
    pub by: UserId,
    /// The file it goes into.
    pub file: String,
}

/// Entries read at once.
const PAGE: i64 = 256;
/// The first line's own member.
pub(crate) const BEGINS: &str = "doorward_journal";
pub(crate) const VERSION: &str = "1";

impl Journal {
    /// Writes every entry, oldest first, what is secret left out; says how many. What is recorded meanwhile is not
    /// part of it.
    ///
    /// # Errors
    /// What the database or `out` says.
    pub fn export(&self, format: ExportFormat, out: &mut dyn Write) -> Result<u64, ExportError> {
        self.export_all(format, out, false)
    }

    /// As [`Journal::export`], bodies as they are on record.
    ///
    /// # Errors
    /// As [`Journal::export`]; nothing is written where it cannot be recorded.
    pub fn export_in_clear(
        &self,
        noted: &InClear,
        format: ExportFormat,
        out: &mut dyn Write,
    ) -> Result<u64, ExportError> {
        self.note_in_clear(noted)?;
        self.export_all(format, out, true)
    }

    pub(crate) fn note_in_clear(&self, noted: &InClear) -> Result<u64, JournalError> {
        self.write(Durability::Synced, |draft| draft.append("exported_in_clear", About::default(), noted))
    }

    fn export_all(
        &self,
        format: ExportFormat,
        out: &mut dyn Write,
        in_clear: bool,
    ) -> Result<u64, ExportError> {
        let head = self.anchor()?;
        let cut = retain::read_cut(&self.reader()).map_err(JournalError::from)?;
        let start = cut.map_or_else(Head::start, |cut| Head { seq: cut.seq, hash: cut.hash });
        let mut lines = Lines::new();
        match format {
            ExportFormat::JsonLines => lines.write(out, &first_line(start))?,
            ExportFormat::Csv => out.write_all(b"seq,at,kind,hold,release,hash,body\r\n")?,
        }
        let mut last = start.seq;
        let mut exported = Exported::default();
        while last < head.seq {
            let page = self.page_after(last, head.seq)?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                last = entry.seq;
                let body = match entry.open(&self.seals) {
                    Opening::Body(body) if in_clear => String::from_utf8(body).ok(),
                    Opening::Body(body) => Some(exported.body(self, &entry, body)?),
                    Opening::OtherKey | Opening::Broken => None,
                };
                match format {
                    ExportFormat::JsonLines => lines.write(out, &line_of(&entry, body.as_deref()))?,
                    ExportFormat::Csv => out.write_all(row_of(&entry, body.as_deref()).as_bytes())?,
                }
            }
        }
        let count = last - start.seq;
        if format == ExportFormat::JsonLines {
            let mac = hex(&code_of(&self.binder, &lines.hash));
            lines.write(out, &format!("{{\"end\":\"{head}\",\"entries\":{count},\"mac\":\"{mac}\""))?;
        }
        out.flush()?;
        Ok(count)
    }

    fn page_after(&self, last: u64, until: u64) -> Result<Vec<Kept>, JournalError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM entries e WHERE e.seq > ?1 AND e.seq <= ?2 ORDER BY e.seq LIMIT ?3"
        ))?;
        let rows = statement.query_map(params![last, until, PAGE], Kept::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// What the last line's code covers.
pub(crate) fn code_of(binder: &Binder, lines: &Hash) -> Code {
    binder.code("export", &[Part::Bytes(lines)])
}

/// The hash of a line without its own end, after the line before it.
pub(crate) fn line_hash(before: &Hash, line: &str) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"doorward export line v1");
    hash.update(before);
    hash.update(line.as_bytes());
    hash.finalize().into()
}

/// Before the first line.
pub(crate) const NO_LINE: Hash = [0; 32];

struct Lines {
    hash: Hash,
}

impl Lines {
    fn new() -> Lines {
        Lines { hash: NO_LINE }
    }

    /// `line` is an object that is still open.
    fn write(&mut self, out: &mut dyn Write, line: &str) -> io::Result<()> {
        self.hash = line_hash(&self.hash, line);
        writeln!(out, "{line},\"line\":\"{}\"}}", hex(&self.hash))
    }
}

fn first_line(start: Head) -> String {
    let start = Anchor { seq: start.seq, hash: start.hash };
    format!("{{\"{BEGINS}\":{VERSION},\"after\":\"{start}\"")
}

fn json(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), |text| Value::from(text).to_json())
}

fn line_of(entry: &Kept, body: Option<&str>) -> String {
    format!(
        "{{\"seq\":{},\"at\":{},\"kind\":{},\"hold\":{},\"release\":{},\"key\":\"{}\",\"form\":{},\"body_hash\":\"{}\",\"hash\":\"{}\",\"body\":{}",
        entry.seq,
        entry.at.0,
        json(Some(&entry.kind)),
        json(entry.hold.as_deref()),
        json(entry.release.as_deref()),
        hex(&entry.key),
        entry.form.map_or(-1, Form::code),
        hex(&entry.body_hash),
        hex(&entry.hash),
        body.unwrap_or("null"),
    )
}

fn row_of(entry: &Kept, body: Option<&str>) -> String {
    let quoted = |text: Option<&str>| table::quoted(text.unwrap_or_default());
    format!(
        "{},{},{},{},{},{},{}\r\n",
        entry.seq,
        entry.at.0,
        quoted(Some(&entry.kind)),
        quoted(entry.hold.as_deref()),
        quoted(entry.release.as_deref()),
        hex(&entry.hash),
        quoted(body),
    )
}
