//! Any change of any entry is found, and the entry is named.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use journal::{Journal, RootKey};
use rusqlite::params;
use support::*;

/// Of each sealed body, every so many bytes are tried; all columns in clear are tried whole.
const STRIDE: usize = 29;

fn look(scene: &Scene) -> Journal {
    Journal::open_to_read(&scene.path(), &RootKey::new([7; 32])).unwrap()
}

fn lived() -> (Scene, u64) {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    scene.hold(&journal);
    let entries = journal.verify().unwrap().entries;
    (scene, entries)
}

#[test]
fn a_changed_byte_of_any_entry_is_found_and_the_entry_is_named() {
    let (scene, entries) = lived();
    let (sql, look) = (scene.sql(), look(&scene));
    let mut tried = 0;
    for column in ["kind", "hold", "release", "key", "body", "body_hash", "hash"] {
        for seq in 1..=entries {
            let read = format!("SELECT CAST({column} AS BLOB), typeof({column}) FROM entries WHERE seq = ?1");
            let (value, kind): (Option<Vec<u8>>, String) =
                sql.query_row(&read, params![seq], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let Some(value) = value else { continue };
            let write = match kind.as_str() {
                "text" => format!("UPDATE entries SET {column} = CAST(?2 AS TEXT) WHERE seq = ?1"),
                _ => format!("UPDATE entries SET {column} = ?2 WHERE seq = ?1"),
            };
            let stride = if column == "body" { STRIDE } else { 1 };
            let places = (0..value.len()).step_by(stride).chain([value.len() - 1]);
            for place in places {
                let mut changed = value.clone();
                changed[place] ^= 1;
                sql.execute(&write, params![seq, changed]).unwrap();
                let bad = look.verify().expect_err(column);
                assert_eq!(bad.seq, seq, "{column}, byte {place}: {}", bad.why);
                tried += 1;
            }
            sql.execute(&write, params![seq, value]).unwrap();
        }
    }
    assert!(tried > 500);
    assert_eq!(look.verify().unwrap().entries, entries, "all is as it was");
}

#[test]
fn moved_missing_and_added_entries_are_named() {
    let (scene, entries) = lived();
    let look = look(&scene);
    for (change, named) in [
        ("UPDATE entries SET at = at + 1 WHERE seq = 4", 4),
        ("UPDATE entries SET hold = NULL WHERE seq = 4", 4),
        ("UPDATE entries SET release = 'r-aaaaaaaaaaaaaaaaaaaa' WHERE seq = 4", 4),
        ("UPDATE entries SET body = NULL WHERE seq = 4", 4),
        ("UPDATE entries SET body = x'' WHERE seq = 4", 4),
        ("UPDATE entries SET seq = 1000 WHERE seq = 4", 4),
        ("DELETE FROM entries WHERE seq = 4", 4),
        ("DELETE FROM entries WHERE seq = 1", 1),
        (
            "INSERT INTO entries SELECT 1000, at, kind, hold, release, key, body, body_hash, hash, form FROM entries WHERE seq = 4",
            entries + 1,
        ),
    ] {
        let sql = scene.sql();
        sql.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM entries").unwrap();
        sql.execute(change, []).unwrap();
        let bad = look.verify().expect_err(change);
        assert_eq!(bad.seq, named, "{change}: {}", bad.why);
        sql.execute_batch("DELETE FROM entries; INSERT INTO entries SELECT * FROM temp.kept").unwrap();
    }
    look.verify().unwrap();
}

#[test]
fn a_changed_byte_in_the_file_itself_is_named() {
    let (scene, entries) = lived();
    let bodies: Vec<Vec<u8>> = {
        let sql = scene.sql();
        let mut statement = sql.prepare("SELECT body FROM entries ORDER BY seq").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let file = std::fs::read(scene.path()).unwrap();
    let mut seen = 0;
    for (body, seq) in bodies.iter().zip(1_u64..) {
        // A long body is spread over pages, its first bytes are together; a page that was split keeps stale copies.
        let start = &body[..40];
        let mut changed = file.clone();
        for (place, _) in file.windows(start.len()).enumerate().filter(|(_, window)| *window == start) {
            changed[place + 30] ^= 0x10;
        }
        let copy = Scene::new();
        std::fs::write(copy.path(), changed).unwrap();
        assert_eq!(look(&copy).verify().unwrap_err().seq, seq);
        seen += 1;
    }
    assert_eq!(seen, entries);
}
