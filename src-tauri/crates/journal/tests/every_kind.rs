//! A journal with an entry of every kind there is: a changed byte of any of them is found, and the entry is named.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{Event, HeldCall, Opened, ProofWindow, Refusal, Voters};
use journal::{
    Entry, ExportFormat, InClear, Journal, PasskeyEntry, PassphraseEntry, Retention, Revoked, RootKey,
};
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use std::time::Duration;
use support::granted::{granted, used};
use support::*;

/// Every kind of entry, by its name on record.
const KINDS: [&str; 50] = [
    "agent_added",
    "agent_removed",
    "alarm",
    "call_completed",
    "call_refused",
    "call_released",
    "call_turned_away",
    "collection_passed",
    "deadline_extended",
    "deadline_passed",
    "entries_removed",
    "exported_in_clear",
    "grant_made",
    "grant_revoked",
    "grant_used",
    "hold_lost",
    "hold_opened",
    "hold_rejudged",
    "hold_withdrawn",
    "not_recorded",
    "outcome_read",
    "passkey_asked",
    "passkey_enrolled",
    "passkey_proven",
    "passkey_refused",
    "passkey_removed",
    "passkey_renamed",
    "passkey_reset_asked",
    "passkey_reset_done",
    "passkey_reset_stopped",
    "passkey_tampered",
    "passphrase_refused",
    "passphrase_removed",
    "passphrase_set",
    "paused",
    "presence_proven",
    "program_accepted",
    "program_paired",
    "resumed",
    "set_confirmed",
    "started",
    "tool_accepted",
    "tool_pinned",
    "upstream_added",
    "upstream_removed",
    "vote_cast",
    "voters_changed",
    "window_opened",
    // Of a body that was redacted, and of one that was removed.
    "redacted",
    "removed",
];

/// The root key that the journal ends with consists of this byte.
const NEW_KEY: u8 = 8;

/// Every byte of every column is changed in the deep run, one of each otherwise; `tamper` changes more of fewer kinds.
fn is_deep() -> bool {
    std::env::var_os("DOORWARD_DEEP").is_some()
}

/// Places in something that is so long.
fn places(length: usize) -> Vec<usize> {
    match length {
        0 => Vec::new(),
        _ if is_deep() => (0..length).collect(),
        _ => vec![length * 2 / 3],
    }
}

fn opened(scene: &Scene, journal: &Journal, decision: policy::Decision) -> HeldCall {
    let opened = Opened {
        id: scene.ids().hold,
        others: others(),
        session: Some("s".into()),
        at: scene.now(),
        ..support::opened(traced(decision))
    };
    journal.record(Entry::HoldOpened(opened.clone())).unwrap();
    HeldCall::open(opened)
}

/// Everything that happens to holds.
fn holds(scene: &Scene, journal: &Journal) {
    let again = traced(held_by(vec![anybody("owner", 15)]));
    let mut held = opened(scene, journal, again.clone());
    scene.happen(journal, &mut held, Event::Extended { by: "ana".parse().unwrap() });
    scene.happen(journal, &mut held, Event::Rejudged(again));
    let voters = Voters { owner: owner(), others: Vec::new() };
    scene.happen(journal, &mut held, Event::PeopleChanged(voters));
    // What is secret in it is taken out once it ended.
    let arguments = policy::Value::parse(br#"{"token":"tok-12345"}"#).unwrap();
    let mut secret = support::opened(traced(held_by(vec![anybody("owner", 15)])));
    (secret.id, secret.call.arguments, secret.at) = (scene.ids().hold, arguments, scene.now());
    journal.record(Entry::HoldOpened(secret.clone())).unwrap();
    let mut withdrawn = HeldCall::open(secret);
    scene.happen(journal, &mut withdrawn, Event::Withdrawn { why: "the agent was removed".into() });
    let mut proven = opened(scene, journal, step_up());
    let vote = approval(&proven);
    scene.happen(journal, &mut proven, vote);
    let proof = proof("ana", passkey(), &proven);
    let window = ProofWindow {
        proof: proof.id.clone(),
        hold: proven.id().clone(),
        user: proof.by.clone(),
        method: proof.method.clone(),
        agent: "coder".parse().unwrap(),
        policies: ["large".parse().unwrap()].into(),
        at: scene.now(),
        until: scene.now(),
    };
    scene.happen(journal, &mut proven, Event::Proven(proof));
    journal.record(Entry::WindowOpened(window)).unwrap();
    scene.pass(31 * MINUTE);
    scene.happen(journal, &mut proven, Event::CollectionPassed);
    scene.happen(journal, &mut held, Event::DeadlinePassed);
    journal.record(Entry::OutcomeRead { hold: held.id().clone() }).unwrap();
}

/// What people do beside calls.
fn beside(journal: &Journal) {
    let (ana, coder) = ("ana".parse().unwrap(), "coder".parse::<policy::AgentName>().unwrap());
    let upstream = "expenses".parse::<policy::UpstreamName>().unwrap();
    let text = |text: &str| text.to_owned();
    let nothing = || serde_json::json!({ "id": "c" });
    let passkeys = [
        PasskeyEntry::Renamed { credential: text("c"), name: text("Laptop") },
        PasskeyEntry::Removed { credential: text("c"), person: text("ana") },
        PasskeyEntry::Asked { purpose: text("change"), hold: None, port: 4_000 },
        PasskeyEntry::Proven {
            purpose: text("change"),
            person: text("ana"),
            credential: text("c"),
            about: text("a change"),
            evidence: nothing(),
        },
        PasskeyEntry::Refused { purpose: text("change"), hold: None, why: text("other_passkey") },
        PasskeyEntry::Tampered { why: text("it is not as this home wrote it") },
        PasskeyEntry::ResetAsked { hours: 24 },
        PasskeyEntry::ResetStopped,
        PasskeyEntry::ResetDone,
    ];
    let passphrases = [
        PassphraseEntry::Set { is_first: true, by_passkey: false },
        PassphraseEntry::Refused { purpose: text("change"), hold: None, why: text("wrong") },
        PassphraseEntry::Removed,
    ];
    let entries = [
        Entry::TurnedAway {
            agent: coder.clone(),
            user: text("ana").parse().unwrap(),
            upstream: upstream.clone(),
            tool: text("no_such_tool"),
            arguments: call("1").arguments,
            refusal: Refusal::UnknownTool,
        },
        Entry::AgentAdded { agent: coder.clone(), user: text("ana").parse().unwrap() },
        Entry::AgentRemoved { agent: coder.clone() },
        Entry::ProgramPaired { agent: coder.clone(), program: text("/usr/bin/coder") },
        Entry::ProgramAccepted { agent: coder, program: text("/usr/bin/other") },
        Entry::UpstreamAdded { upstream: upstream.clone(), reached: text("expenses --stdio") },
        Entry::UpstreamRemoved { upstream },
        Entry::Alarm { code: text("files_changed"), said: text("policies were changed outside the window") },
        Entry::Paused { by: text("ana").parse().unwrap() },
        Entry::Resumed { by: ana },
    ];
    let all =
        entries.into_iter().chain(passkeys.map(Entry::Passkey)).chain(passphrases.map(Entry::Passphrase));
    for entry in all {
        journal.record(entry).unwrap();
    }
    let (first, second) = (policy::Value::from("definition"), policy::Value::from("another definition"));
    journal.set_pin("expenses", "other", &first).unwrap();
    assert!(journal.accept_pin("expenses", "other", policy::DefinitionHash::of(&first), &second).unwrap());
    let noted = InClear { by: text("ana").parse().unwrap(), file: text("history.jsonl") };
    journal.export_in_clear(&noted, ExportFormat::Csv, &mut std::io::sink()).unwrap();
}

/// A call that went and cannot be recorded as one: its release is on record already, of another call.
fn not_recorded(scene: &Scene, journal: &Journal) {
    let sql = scene.sql();
    sql.busy_timeout(Duration::from_secs(5)).unwrap();
    sql.execute_batch("BEGIN IMMEDIATE").unwrap();
    let released = scene.allowed();
    let id = released.id().clone();
    drop(journal.commit(released).unwrap());
    sql.execute("INSERT INTO releases VALUES (?1, NULL, 1000000, 1)", params![id.as_str()]).unwrap();
    sql.execute_batch("COMMIT").unwrap();
    journal.settle().unwrap();
    sql.execute("DELETE FROM releases WHERE call = 1000000", []).unwrap();
}

fn lived() -> Scene {
    let scene = Scene::new();
    let journal = scene.open();
    let enrolled = PasskeyEntry::Enrolled { credential: serde_json::json!({ "id": "c" }) };
    journal.record(Entry::Passkey(enrolled)).unwrap();
    scene.live(&journal);
    // An open hold is not cut off, nor is what comes after it: that loses its body, but for the newest.
    scene.hold(&journal);
    journal.record(scene.refused()).unwrap();
    journal.record(scene.refused()).unwrap();
    scene.pass(31 * 24 * 60 * MINUTE);
    let keep = Retention { keep: Duration::from_secs(30 * 86_400), most_bytes: u64::MAX };
    let trimmed = journal.retain(&keep).unwrap();
    assert!(trimmed.entries > 5 && trimmed.bodies == 1, "{trimmed:?}");
    drop(journal);
    // With a new root key: no hold outlives the one it was sealed with.
    let journal = scene.try_open(NEW_KEY).unwrap();
    assert_eq!(journal.lost_holds(), 1);
    scene.live(&journal);
    holds(&scene, &journal);
    beside(&journal);
    let grant = granted(&scene, &journal, 1);
    used(&scene, &journal, &grant).unwrap();
    let (by, at) = (Some("ana".parse().unwrap()), scene.now());
    let revoked = Revoked { grant: grant.id, by, why: "not any more".into(), at };
    journal.record(Entry::GrantRevoked(revoked)).unwrap();
    not_recorded(&scene, &journal);
    scene
}

/// One byte of it is another one, or it is another number; what is missing is there.
fn variants(value: &Value) -> Vec<Value> {
    let changed = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let change = |place: usize| {
            let mut bytes = bytes.to_vec();
            bytes[place] ^= 1 << (place % 7);
            bytes
        };
        places(bytes.len()).into_iter().map(change).collect()
    };
    match value {
        Value::Null => vec![Value::Text("h-aaaaaaaaaaaaaaaaaaaa".into())],
        Value::Integer(number) => {
            places(63).into_iter().map(|bit| Value::Integer(number ^ (1 << bit))).collect()
        }
        Value::Text(text) => changed(text.as_bytes())
            .into_iter()
            .filter_map(|text| String::from_utf8(text).ok().map(Value::Text))
            .collect(),
        Value::Blob(blob) => changed(blob).into_iter().map(Value::Blob).collect(),
        Value::Real(_) => unreachable!("no entry has such a column"),
    }
}

fn kinds(sql: &Connection) -> BTreeSet<String> {
    let mut statement = sql.prepare("SELECT kind, form FROM entries").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let of = |(kind, form): (String, i64)| match form {
        1 => vec![kind, "redacted".to_owned()],
        2 => vec![kind, "removed".to_owned()],
        _ => vec![kind],
    };
    rows.map(Result::unwrap).flat_map(of).collect()
}

#[test]
fn a_changed_byte_of_an_entry_of_any_kind_is_found_and_the_entry_is_named() {
    let scene = lived();
    let (sql, look) =
        (scene.sql(), Journal::open_to_read(&scene.path(), &RootKey::new([NEW_KEY; 32])).unwrap());
    let verified = look.verify().unwrap();
    assert_eq!(kinds(&sql), KINDS.map(str::to_owned).into(), "one of each kind");
    let mut tried = 0;
    for seq in verified.cut + 1..=verified.cut + verified.entries {
        let key = "SELECT key = (SELECT key FROM entries ORDER BY seq DESC LIMIT 1), form FROM entries WHERE seq = ?1";
        let (is_ours, form): (bool, i64) =
            sql.query_row(key, [seq], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        for column in ["at", "kind", "hold", "release", "key", "body", "body_hash", "hash", "form"] {
            // What took a body's place is vouched for by the key that sealed it, and that one is gone.
            if !is_ours && (column == "form" || (column == "body" && form != 0)) {
                continue;
            }
            let read = format!("SELECT {column} FROM entries WHERE seq = ?1");
            let write = format!("UPDATE entries SET {column} = ?2 WHERE seq = ?1");
            let value: Value = sql.query_row(&read, [seq], |row| row.get(0)).unwrap();
            for changed in variants(&value) {
                sql.execute(&write, params![seq, changed]).unwrap();
                let Err(bad) = look.verify() else { panic!("entry {seq}, {column}: {changed:?}") };
                assert_eq!((bad.part, bad.seq), ("entry", seq), "{column}: {bad}");
                tried += 1;
            }
            sql.execute(&write, params![seq, value]).unwrap();
        }
    }
    println!("{tried} changes of {} entries, each found and named", verified.entries);
    assert_eq!(look.verify().unwrap(), verified, "all is as it was");
}
