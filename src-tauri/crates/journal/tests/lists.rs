//! Any change of a list beside the chain is found and named: a changed byte, an older row put back, one removed, one
//! taken for another, one added.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use journal::{BadEntry, Entry, Journal, JournalError, Revoked, RootKey};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::collections::BTreeMap;
use support::granted::{granted, used};
use support::*;

const TABLES: [&str; 10] = [
    "calls",
    "counted",
    "subjects",
    "releases",
    "deciding",
    "applied",
    "pins",
    "grants",
    "set_in_force",
    "root_keys",
];
/// Of a long text or a blob, every so many bytes are tried, and the last; each in the deep run.
fn stride() -> usize {
    if std::env::var_os("DOORWARD_DEEP").is_some() { 1 } else { 23 }
}

type Row = Vec<(String, Value)>;

fn rows(sql: &Connection, table: &str) -> Vec<Row> {
    let mut statement = sql.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let read = |row: &rusqlite::Row<'_>| {
        names.iter().enumerate().map(|(at, name)| Ok((name.clone(), row.get(at)?))).collect()
    };
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

fn delete(sql: &Connection, table: &str, row: &Row) -> bool {
    let fits: Vec<String> =
        row.iter().enumerate().map(|(at, (name, _))| format!("{name} IS ?{}", at + 1)).collect();
    let query = format!("DELETE FROM {table} WHERE {}", fits.join(" AND "));
    sql.execute(&query, params_from_iter(row.iter().map(|(_, value)| value))).unwrap() == 1
}

/// False where the table does not take such a row.
fn insert(sql: &Connection, table: &str, row: &Row) -> bool {
    let places: Vec<String> = (1..=row.len()).map(|at| format!("?{at}")).collect();
    let query = format!("INSERT INTO {table} VALUES ({})", places.join(", "));
    sql.execute(&query, params_from_iter(row.iter().map(|(_, value)| value))).is_ok()
}

fn number(row: &Row, column: &str) -> Option<u64> {
    row.iter().find(|(name, _)| name == column).and_then(|(_, value)| match value {
        Value::Integer(number) => u64::try_from(*number).ok(),
        _ => None,
    })
}

/// What may be named for a row: the list, and the entries it is about.
fn names(sql: &Connection, table: &str, row: &Row) -> (&'static str, Vec<u64>) {
    let seqs = |query: &str, column: &str| -> Vec<u64> {
        let value = &row.iter().find(|(name, _)| name == column).unwrap().1;
        let mut statement = sql.prepare(query).unwrap();
        statement.query_map([value], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    match table {
        "calls" => ("call", vec![number(row, "seq").unwrap()]),
        "subjects" => ("call", seqs("SELECT seq FROM calls WHERE subject = ?1", "id")),
        "releases" => {
            let mut about = seqs("SELECT seq FROM entries WHERE release = ?1", "release");
            about.push(number(row, "call").unwrap());
            ("release", about)
        }
        "deciding" => ("policy", vec![number(row, "seq").unwrap()]),
        "applied" => ("count", Vec::new()),
        "pins" => ("pin", vec![number(row, "seq").unwrap()]),
        "grants" => ("grant", [number(row, "made"), number(row, "revoked")].into_iter().flatten().collect()),
        "set_in_force" => ("set in force", Vec::new()),
        "counted" => ("count of calls", Vec::new()),
        _ => ("list of root keys", Vec::new()),
    }
}

#[track_caller]
fn is_named(bad: &BadEntry, (part, seqs): &(&str, Vec<u64>), what: &str) {
    assert_eq!(bad.part, *part, "{what}: {bad}");
    assert!(seqs.is_empty() || seqs.contains(&bad.seq), "{what}: {bad}, not one of {seqs:?}");
}

fn variants(value: &Value) -> Vec<Value> {
    let bytes = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let places = (0..bytes.len()).step_by(stride()).chain(bytes.len().checked_sub(1));
        let mut all: Vec<Vec<u8>> = places
            .map(|place| {
                let mut changed = bytes.to_vec();
                changed[place] ^= 1;
                changed
            })
            .collect();
        all.push([bytes, b"x"].concat());
        all
    };
    match value {
        Value::Null => vec![Value::Integer(7), Value::Text("x".into())],
        Value::Integer(number) => [number + 1, number - 1, number ^ 256].map(Value::Integer).to_vec(),
        Value::Text(text) => bytes(text.as_bytes())
            .into_iter()
            .map(|text| Value::Text(String::from_utf8(text).unwrap()))
            .collect(),
        Value::Blob(blob) => bytes(blob).into_iter().map(Value::Blob).collect(),
        Value::Real(_) => unreachable!("no table has such a column"),
    }
}

/// Every table as it stood after each step of a life.
type Past = Vec<BTreeMap<&'static str, Vec<Row>>>;

fn lived() -> (Scene, Past) {
    let scene = Scene::new();
    let journal = scene.open();
    let mut past = Past::new();
    let mut look = |journal: &Journal| {
        journal.settle().unwrap();
        let sql = scene.sql();
        past.push(TABLES.into_iter().map(|table| (table, rows(&sql, table))).collect());
    };
    scene.live(&journal);
    look(&journal);
    let grant = granted(&scene, &journal, 1);
    let revoked = granted(&scene, &journal, 2);
    let mut later = scene.hold(&journal);
    look(&journal);
    let (first, second) = (policy::Value::from("definition"), policy::Value::from("another one"));
    let first = policy::DefinitionHash::of(&first);
    assert!(journal.accept_pin("expenses", "create_expense", first, &second).unwrap());
    used(&scene, &journal, &grant).unwrap();
    look(&journal);
    scene.pass(1_000);
    used(&scene, &journal, &grant).unwrap();
    assert!(matches!(used(&scene, &journal, &grant), Err(JournalError::GrantEnded(_))), "twice is all");
    let (by, at) = (Some("ana".parse().unwrap()), scene.now());
    let end = Revoked { grant: revoked.id.clone(), by, why: "not any more".into(), at };
    journal.record(Entry::GrantRevoked(end)).unwrap();
    journal.confirm_set(&[("policies/a.toml".to_owned(), "name = 'b'".to_owned())].into()).unwrap();
    scene.hold(&journal);
    let vote = approval(&later);
    scene.happen(&journal, &mut later, vote);
    look(&journal);
    journal.verify().unwrap();
    (scene, past)
}

fn reader(scene: &Scene) -> Journal {
    Journal::open_to_read(&scene.path(), &RootKey::new([7; 32])).unwrap()
}

#[test]
fn any_changed_byte_of_any_row_is_found_and_its_row_is_named() {
    let (scene, _) = lived();
    let (sql, look) = (scene.sql(), reader(&scene));
    let mut tried = BTreeMap::new();
    for table in TABLES {
        for row in rows(&sql, table) {
            let about = names(&sql, table, &row);
            assert!(delete(&sql, table, &row));
            for column in 0..row.len() {
                for value in variants(&row[column].1) {
                    let mut changed = row.clone();
                    changed[column].1 = value;
                    if !insert(&sql, table, &changed) {
                        continue;
                    }
                    let what =
                        format!("{table}.{}: {:?} for {:?}", row[column].0, changed[column].1, row[column].1);
                    let bad = look.verify().expect_err(&what);
                    let is_key = changed[column].0 == "seq" || changed[column].0 == "made";
                    let about = if is_key { (about.0, Vec::new()) } else { about.clone() };
                    is_named(&bad, &about, &what);
                    *tried.entry(table).or_insert(0) += 1;
                    delete(&sql, table, &changed);
                }
            }
            assert!(insert(&sql, table, &row), "{table}: put back");
        }
    }
    look.verify().unwrap();
    assert!(TABLES.iter().all(|table| tried[table] > 5), "{tried:?}");
}

#[test]
fn a_removed_row_is_missed() {
    let (scene, _) = lived();
    let (sql, look) = (scene.sql(), reader(&scene));
    for table in TABLES {
        for row in rows(&sql, table) {
            let about = names(&sql, table, &row);
            delete(&sql, table, &row);
            is_named(&look.verify().expect_err(table), &about, table);
            insert(&sql, table, &row);
        }
    }
    look.verify().unwrap();
}

#[test]
fn an_older_row_with_its_old_code_is_not_taken_for_the_newest() {
    let (scene, past) = lived();
    let (sql, look) = (scene.sql(), reader(&scene));
    let keys = |table: &str, row: &Row| -> Vec<Value> {
        let names: &[&str] = match table {
            "calls" | "deciding" => &["seq", "policy"],
            "counted" => &["quarter", "outcome", "subject", "policies"],
            "applied" => &["policy", "day"],
            "pins" => &["upstream", "tool"],
            "releases" => &["release"],
            _ => &["id", "one"],
        };
        row.iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, value)| value.clone())
            .collect()
    };
    let mut tried = BTreeMap::new();
    for table in TABLES {
        for newest in rows(&sql, table) {
            let about = names(&sql, table, &newest);
            for older in past.iter().flat_map(|step| &step[table]) {
                if keys(table, older) != keys(table, &newest) || *older == newest {
                    continue;
                }
                delete(&sql, table, &newest);
                assert!(insert(&sql, table, older));
                is_named(&look.verify().expect_err(table), &about, &format!("{table}: {older:?}"));
                delete(&sql, table, older);
                insert(&sql, table, &newest);
                *tried.entry(table).or_insert(0) += 1;
            }
        }
    }
    look.verify().unwrap();
    for table in ["calls", "applied", "grants", "set_in_force", "pins"] {
        assert!(tried.contains_key(table), "{table} has a past: {tried:?}");
    }
}

#[test]
fn rows_that_changed_places_and_rows_that_were_added_are_found() {
    let (scene, _) = lived();
    let (sql, look) = (scene.sql(), reader(&scene));
    for table in ["calls", "releases", "applied", "grants"] {
        let all = rows(&sql, table);
        if all.len() < 2 {
            continue;
        }
        let (mut one, mut other) = (all[0].clone(), all[1].clone());
        // Everything but what tells them apart.
        let last = one.len();
        let first = if table == "applied" { 2 } else { 1 };
        let (left, right) = (one[first..last].to_vec(), other[first..last].to_vec());
        one.truncate(first);
        one.extend(right);
        other.truncate(first);
        other.extend(left);
        if one == all[0] {
            continue;
        }
        all.iter().take(2).for_each(|row| assert!(delete(&sql, table, row)));
        assert!(insert(&sql, table, &one) && insert(&sql, table, &other), "{table}");
        is_named(&look.verify().expect_err(table), &(names(&sql, table, &all[0]).0, Vec::new()), table);
        [&one, &other].into_iter().for_each(|row| assert!(delete(&sql, table, row)));
        all.iter().take(2).for_each(|row| assert!(insert(&sql, table, row)));
    }
    for (table, added, part) in [
        ("subjects", "INSERT INTO subjects VALUES (99, 'a', 'b', 'c', 'd')", "list of names"),
        ("deciding", "INSERT INTO deciding VALUES ('zzz', 1)", "policy"),
        ("applied", "INSERT INTO applied VALUES ('zzz', 1, 1, 0, zeroblob(16))", "count"),
        ("releases", "INSERT INTO releases VALUES ('r-x', NULL, 99, NULL)", "release"),
        ("pins", "INSERT INTO pins SELECT upstream, 'other', hash, definition, at, 0, mac FROM pins", "pin"),
        (
            "sqlite_schema",
            "CREATE TRIGGER later AFTER INSERT ON grants BEGIN DELETE FROM grants; END",
            "database",
        ),
    ] {
        let before = if table == "sqlite_schema" { Vec::new() } else { rows(&sql, table) };
        sql.execute_batch(added).unwrap();
        assert_eq!(look.verify().expect_err(table).part, part, "{added}");
        match table {
            "sqlite_schema" => sql.execute_batch("DROP TRIGGER later").unwrap(),
            _ => rows(&sql, table)
                .iter()
                .filter(|row| !before.contains(row))
                .for_each(|row| assert!(delete(&sql, table, row))),
        }
    }
    look.verify().unwrap();
}

#[test]
fn a_count_that_was_set_back_gives_no_use() {
    let scene = Scene::new();
    let journal = scene.open();
    let grant = granted(&scene, &journal, 1);
    let unused = rows(&scene.sql(), "grants").remove(0);
    for _ in 0..2 {
        used(&scene, &journal, &grant).unwrap();
    }
    let sql = scene.sql();
    sql.execute("DELETE FROM grants", []).unwrap();
    assert!(insert(&sql, "grants", &unused));
    assert!(matches!(used(&scene, &journal, &grant), Err(JournalError::GrantEnded(_))), "I2");
    assert_eq!(journal.verify().unwrap_err().part, "grant");
}

#[test]
fn a_used_up_grant_whose_row_was_changed_gives_no_use_and_is_shown_as_ended() {
    let scene = Scene::new();
    let journal = scene.open();
    let grant = granted(&scene, &journal, 1);
    for _ in 0..2 {
        used(&scene, &journal, &grant).unwrap();
    }
    drop(journal);
    // The difference that is compared with the entries stays right.
    scene.sql().execute("UPDATE grants SET uses = 0, before = -2", []).unwrap();
    let journal = scene.open();
    assert!(journal.grants().unwrap()[0].revoked.is_some(), "I2");
    assert!(matches!(used(&scene, &journal, &grant), Err(JournalError::GrantEnded(_))), "I2");
    assert_eq!(journal.verify().unwrap_err().part, "grant", "nothing bound it again");
}

#[test]
fn a_revoked_grant_whose_end_was_taken_out_stays_ended() {
    let scene = Scene::new();
    let journal = scene.open();
    let grant = granted(&scene, &journal, 1);
    let end = Revoked { grant: grant.id.clone(), by: None, why: "not any more".into(), at: scene.now() };
    journal.record(Entry::GrantRevoked(end)).unwrap();
    drop(journal);
    let sql = scene.sql();
    sql.execute("UPDATE entries SET kind = 'outcome_read' WHERE kind = 'grant_revoked'", []).unwrap();
    assert!(scene.open().grants().unwrap()[0].revoked.is_some(), "its row says so");
    sql.execute("UPDATE grants SET revoked = NULL", []).unwrap();
    let journal = scene.open();
    assert!(journal.grants().unwrap()[0].revoked.is_some(), "its row is not ours");
    assert!(used(&scene, &journal, &grant).is_err());
}

#[test]
fn a_pin_that_was_changed_is_not_believed() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let pinned = || journal.pin("expenses", "create_expense");
    let before = pinned().unwrap().unwrap();
    let hash = || journal.pinned_hash("expenses", "create_expense");
    assert_eq!(hash().unwrap(), Some(before.hash));
    let other = policy::DefinitionHash::of(&policy::Value::from("other"));
    for (column, value) in
        [("hash", Value::Blob(other.0.to_vec())), ("definition", Value::Text("\"other\"".into()))]
    {
        let sql = scene.sql();
        sql.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM pins").unwrap();
        sql.execute(&format!("UPDATE pins SET {column} = ?1"), [value]).unwrap();
        assert!(matches!(pinned(), Err(JournalError::PinTampered(_))), "{column}");
        // What was compared before is compared again when it is another.
        assert_eq!(hash().is_err(), column == "hash", "{column}");
        sql.execute_batch("DELETE FROM pins; INSERT INTO pins SELECT * FROM temp.kept").unwrap();
        assert_eq!(pinned().unwrap().unwrap(), before);
    }
    drop(journal);
    // With another root key nobody can tell; the set in force is not believed then either.
    let other = scene.try_open(8).unwrap();
    assert_eq!(other.pin("expenses", "create_expense").unwrap(), Some(before));
    assert!(matches!(other.set_in_force(), Err(JournalError::SetTampered)));
}

#[test]
fn a_pause_that_was_made_a_resumption_goes_on() {
    let scene = Scene::new();
    let journal = scene.open();
    let by: policy::UserId = "ana".parse().unwrap();
    journal.record(Entry::Paused { by: by.clone() }).unwrap();
    journal.record(Entry::Resumed { by: by.clone() }).unwrap();
    assert!(!journal.is_paused().unwrap());
    journal.record(Entry::Paused { by }).unwrap();
    drop(journal);
    scene.sql().execute("UPDATE entries SET kind = 'resumed' WHERE kind = 'paused'", []).unwrap();
    assert!(scene.open().is_paused().unwrap());
}
