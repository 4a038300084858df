//! The journal's file, looked at from outside while the app has it open.

use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::{Duration, Instant};

/// One entry's columns that stand in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) kind: String,
    pub(crate) hold: Option<String>,
    pub(crate) release: Option<String>,
}

/// Every entry, in order.
pub(crate) fn lines(journal: &Path) -> Vec<Line> {
    let file =
        Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the journal's file");
    file.busy_timeout(Duration::from_secs(5)).expect("patience with a writer");
    let mut entries =
        file.prepare("SELECT kind, hold, release FROM entries ORDER BY seq").expect("its entries");
    let rows =
        entries.query_map([], |row| Ok(Line { kind: row.get(0)?, hold: row.get(1)?, release: row.get(2)? }));
    rows.expect("its entries").map(|row| row.expect("an entry")).collect()
}

/// How many entries there are.
pub(crate) fn count(journal: &Path) -> usize {
    let file =
        Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the journal's file");
    file.busy_timeout(Duration::from_secs(5)).expect("patience with a writer");
    file.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).expect("its entries")
}

/// The kinds of the entries about this hold, and about what it released.
pub(crate) fn kinds_of(journal: &Path, hold: &str) -> Vec<String> {
    let all = lines(journal);
    let release = all.iter().find(|line| line.hold.as_deref() == Some(hold) && line.release.is_some());
    let release = release.and_then(|line| line.release.clone());
    let concerns =
        |line: &&Line| line.hold.as_deref() == Some(hold) || (release.is_some() && line.release == release);
    all.iter().filter(concerns).map(|line| line.kind.clone()).collect()
}

/// The same once the last of them is of this kind: a completion is recorded beside the answer, not before it.
pub(crate) fn kinds_until(journal: &Path, hold: &str, last: &str) -> Vec<String> {
    let limit = Instant::now() + super::PATIENCE;
    loop {
        let kinds = kinds_of(journal, hold);
        if kinds.last().is_some_and(|kind| kind == last) || Instant::now() > limit {
            return kinds;
        }
    }
}
