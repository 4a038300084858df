//! Checks an export without its home: each line, each entry's place in the chain, and where the root key is at hand,
//! that this home wrote it.

use crate::RootKey;
use crate::anchor::{Anchor, unhex};
use crate::bind::Binder;
use crate::chain::{Columns, Hash, Head, entry_hash};
use crate::error::BadEntry;
use crate::export::{BEGINS, NO_LINE, VERSION, code_of, line_hash};
use crate::seal::KeyId;
use policy::{Timestamp, Value};
use std::io::BufRead;

/// An export in which everything is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedExport {
    pub entries: u64,
    /// The newest entry in it.
    pub head: Anchor,
    /// Entries that retention had taken out before.
    pub cut: u64,
    /// None where no root key was at hand, false where it is another home's.
    pub is_ours: Option<bool>,
}

/// One entry of an export, checked as far as this.
#[derive(Clone, Copy, Debug)]
pub struct ExportedEntry<'a> {
    pub seq: u64,
    pub at: Timestamp,
    pub kind: &'a str,
    /// The hold it is about.
    pub hold: Option<&'a str>,
    /// In hex.
    pub hash: &'a str,
    /// JSON, what is secret left out; none where its home could not read it.
    pub body: Option<&'a Value>,
}

/// The longest line that is read.
const LONGEST: u64 = 64 * 1024 * 1024;

fn bad(seq: u64, why: impl Into<String>) -> BadEntry {
    BadEntry { part: if seq == 0 { "export" } else { "entry" }, seq, why: why.into() }
}

/// Reads an export from its first line to its last.
///
/// # Errors
/// The first line that is not as it was written, by its entry.
pub fn verify_export(from: &mut dyn BufRead, key: Option<&RootKey>) -> Result<VerifiedExport, BadEntry> {
    verify_export_each(from, key, &mut |_| {})
}

/// As [`verify_export`]; `each` is given every entry in its order, once its line and its place are known to be whole.
///
/// # Errors
/// As there.
pub fn verify_export_each(
    from: &mut dyn BufRead,
    key: Option<&RootKey>,
    each: &mut dyn FnMut(ExportedEntry<'_>),
) -> Result<VerifiedExport, BadEntry> {
    let mut lines = Lines { from, hash: NO_LINE, before: NO_LINE };
    let first = lines.next(0)?.ok_or_else(|| bad(0, "it is empty"))?;
    if first.get(BEGINS).is_none_or(|version| version.to_json() != VERSION) {
        return Err(bad(0, "it is not an export of a journal in a form that this version knows"));
    }
    let start: Anchor = text(&first, "after")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| bad(0, "its first line does not say where it begins"))?;
    let mut head = Head { seq: start.seq, hash: start.hash };
    if start.seq == 0 && head != Head::start() {
        return Err(bad(0, "its first line does not say where it begins"));
    }
    let end = loop {
        let seq = head.seq + 1;
        let line =
            lines.next(seq)?.ok_or_else(|| bad(seq, "it is missing, and so is the end of the export"))?;
        if line.get("end").is_some() {
            break line;
        }
        head = Head { seq, hash: check(&line, seq, &head.hash)? };
        let (kind, hash) = (text(&line, "kind").unwrap_or_default(), text(&line, "hash").unwrap_or_default());
        let body = line.get("body").filter(|body| **body != Value::Null);
        let (at, hold) = (Timestamp(number(&line, "at").unwrap_or_default()), text(&line, "hold"));
        each(ExportedEntry { seq, at, kind, hold, hash, body });
    };
    let said: Option<Anchor> = text(&end, "end").and_then(|text| text.parse().ok());
    if said != Some(Anchor { seq: head.seq, hash: head.hash }) {
        return Err(bad(head.seq + 1, "it is missing: the export says that it ends elsewhere"));
    }
    if lines.next(0)?.is_some() {
        return Err(bad(0, "something follows its end"));
    }
    let mac: Option<[u8; 16]> = text(&end, "mac").and_then(unhex);
    let is_ours = key.map(|key| mac == Some(code_of(&Binder::new(key), &lines.before)));
    Ok(VerifiedExport {
        entries: head.seq - start.seq,
        head: Anchor { seq: head.seq, hash: head.hash },
        cut: start.seq,
        is_ours,
    })
}

struct Lines<'a> {
    from: &'a mut dyn BufRead,
    /// Of the newest line, and of the one before it.
    hash: Hash,
    before: Hash,
}

impl Lines<'_> {
    fn next(&mut self, seq: u64) -> Result<Option<Value>, BadEntry> {
        use std::io::Read;
        let mut line = Vec::new();
        let read = (&mut *self.from).take(LONGEST).read_until(b'\n', &mut line);
        if read.map_err(|error| bad(seq, format!("it cannot be read: {error}")))? == 0 {
            return Ok(None);
        }
        let changed = || bad(seq, "its line was changed");
        let line = String::from_utf8(line).map_err(|_| changed())?;
        let line = line.strip_suffix("\n").ok_or_else(changed)?;
        let (content, hash) = line.rsplit_once(",\"line\":\"").ok_or_else(changed)?;
        let hash: Hash = hash.strip_suffix("\"}").and_then(unhex).ok_or_else(changed)?;
        if line_hash(&self.hash, content) != hash {
            return Err(changed());
        }
        (self.before, self.hash) = (self.hash, hash);
        Value::parse(line.as_bytes()).map(Some).map_err(|error| bad(seq, error.to_string()))
    }
}

fn text<'a>(line: &'a Value, name: &str) -> Option<&'a str> {
    line.get(name)?.as_text()
}

fn number(line: &Value, name: &str) -> Option<i64> {
    match line.get(name)? {
        Value::Number(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

fn check(line: &Value, seq: u64, previous: &Hash) -> Result<Hash, BadEntry> {
    let columns = || {
        let key: KeyId = unhex(text(line, "key")?)?;
        let body: Hash = unhex(text(line, "body_hash")?)?;
        let hash: Hash = unhex(text(line, "hash")?)?;
        Some((number(line, "seq")?, number(line, "at")?, text(line, "kind")?, key, body, hash))
    };
    let (found, at, kind, key, body, hash) =
        columns().ok_or_else(|| bad(seq, "its line does not have what an entry has"))?;
    if u64::try_from(found) != Ok(seq) {
        return Err(bad(seq, format!("it is missing; the next one in the export is {found}")));
    }
    let (hold, release) = (text(line, "hold"), text(line, "release"));
    let header = Columns { seq, at: Timestamp(at), kind, hold, release, key: &key }.header(previous);
    if entry_hash(&header, &body) == hash {
        Ok(hash)
    } else {
        Err(bad(seq, "its hash does not fit its content and the entry before it"))
    }
}
