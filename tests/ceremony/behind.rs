//! What an agent with a shell changes behind Doorward's back, in the journal's file, the home and the unlocked keychain:
//! it is noticed at the next start, and frees nothing.

use super::enrolment::Kept;
use super::run_enrolment;
use super::support::browser::passkey;
use super::support::home::{ALLOW, TestHome, program};
use super::support::within;
use super::support::world::TestClock;
use gateway::ceremony::Agreement;
use gateway::home::{Home, KeychainKind, SecretPlace, SecretUse, SettingsChange};
use gateway::keychain::{Keychain, Secret};
use gateway::{ChangePolicy, Clock, Engine, Options, StartError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stepup::Purpose;

async fn guarded() -> Kept {
    let kept = Kept { home: TestHome::in_memory(&[ALLOW]), keychain: Arc::default() };
    let engine = kept.start().await;
    run_enrolment(&engine, "me", &mut passkey(), None).await;
    Kept::end(engine).await;
    kept
}

/// The keychain's name of an entry of this home.
fn entry(kept: &Kept, name: &str) -> String {
    format!("{name}/{}", Home::peek(&kept.home.dir()).unwrap().id)
}

/// The journal's file, as any program of the user can write it.
fn sql(kept: &Kept, change: &str) {
    let file = rusqlite::Connection::open(kept.home.paths().journal()).unwrap();
    file.execute_batch(change).unwrap();
}

fn alarms(engine: &Engine) -> Vec<String> {
    let entries = engine.journal().entries(1).unwrap().into_iter().filter(|entry| entry.kind == "alarm");
    entries.filter_map(|entry| entry.body).collect()
}

fn live(engine: &Engine) -> usize {
    engine.passkeys().unwrap().iter().filter(|passkey| passkey.removed_at().is_none()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_was_written_into_the_keychain_takes_no_passkey_out() {
    let kept = guarded().await;
    let over = br#"{"asked_at":0,"left_ms":0,"boot":null,"counted_ms":0}"#;
    kept.keychain.set(&entry(&kept, "reset"), over).unwrap();
    let engine = kept.start().await;
    assert_eq!((engine.pending_reset(), live(&engine)), (None, 1));
    assert!(alarms(&engine).iter().any(|said| said.contains("reset_foreign")), "{:?}", alarms(&engine));
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_was_noted_for_passkeys_of_before_takes_out_none_of_now() {
    let (kept, clock) = (guarded().await, TestClock::default());
    let engine = kept.start_at(clock.clock()).await;
    engine.ask_reset().unwrap();
    let note = kept.keychain.get(&entry(&kept, "reset")).unwrap().unwrap();
    clock.advance(24 * Duration::from_secs(3600));
    within("the passkeys are taken out", async {
        while live(&engine) > 0 || kept.keychain.get(&entry(&kept, "reset")).unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    run_enrolment(&engine, "me", &mut passkey(), None).await;
    Kept::end(engine).await;
    // A keychain that did not delete it, or somebody who put it back.
    kept.keychain.set(&entry(&kept, "reset"), &note).unwrap();
    let engine = kept.start_at(clock.clock()).await;
    assert_eq!(engine.pending_reset(), None);
    within("the note goes", async {
        while kept.keychain.get(&entry(&kept, "reset")).unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(live(&engine), 1);
    engine.ask_reset().unwrap();
    assert!(engine.pending_reset().is_some(), "another can be asked for");
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_whose_records_are_all_gone_are_not_no_passkeys() {
    for also in ["", "DELETE FROM set_in_force"] {
        let kept = guarded().await;
        kept.keychain.delete(&entry(&kept, "passkeys")).unwrap();
        std::fs::remove_file(kept.home.dir().join("passkeys.json")).unwrap();
        sql(&kept, also);
        let engine = kept.start().await;
        let said = engine.passkeys().unwrap_err().to_string();
        assert!(said.contains("gone from the keychain"), "{said}");
        assert!(engine.sets().current().problem.is_some(), "every call is denied: {also}");
        let agreement = Agreement::to_lines(Purpose::Change, "Loosen it", Vec::new());
        assert!(engine.require_proof(agreement).await.is_err());
        Kept::end(engine).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_kept_as_was_agreed_whatever_the_file_says() {
    let kept = guarded().await;
    let file = kept.home.paths().settings();
    let text = std::fs::read_to_string(&file).unwrap();
    let less = text.replace("keep_days = 30", "keep_days = 1").replace("keep_mb = 1024", "keep_mb = 1");
    assert_ne!(less, text);
    std::fs::write(&file, less).unwrap();
    let keeps = |engine: &Engine| (engine.kept_history().keep_days, engine.kept_history().keep_mb);
    // A keychain entry that somebody else wrote is none.
    let forged = format!(r#"{{"keep_days":1,"keep_mb":1,"mac":{:?}}}"#, [0; 32]);
    for note in [None, Some(forged)] {
        if let Some(note) = note {
            kept.keychain.set(&entry(&kept, "history"), note.as_bytes()).unwrap();
        }
        let engine = kept.start().await;
        assert_eq!(keeps(&engine), (30, 1_024));
        assert!(engine.history_waits().unwrap().contains("30 days and 1024 MB are kept"));
        Kept::end(engine).await;
    }
    let engine = kept.start().await;
    engine.change_settings(SettingsChange::Retention { keep_days: 7, keep_mb: 100 }).unwrap();
    assert!(engine.change_settings(SettingsChange::Retention { keep_days: 0, keep_mb: 100 }).is_err());
    assert_eq!((keeps(&engine), engine.history_waits()), ((7, 100), None));
    Kept::end(engine).await;
    let engine = kept.start().await;
    assert_eq!((keeps(&engine), engine.history_waits()), ((7, 100), None));
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_missing_is_an_alarm_and_everything_is_held() {
    let kept = Kept { home: TestHome::in_memory(&[ALLOW]), keychain: Arc::default() };
    let engine = kept.start().await;
    engine.pause(true).unwrap();
    Kept::end(engine).await;
    sql(&kept, "UPDATE entries SET kind = 'nothing' WHERE kind = 'paused'");
    let engine = kept.start().await;
    within("the journal is read", async {
        while !engine.is_paused() || !alarms(&engine).iter().any(|said| said.contains("journal_changed")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(engine.journal_changed().unwrap().contains("is not as it was written"));
    engine.pause(false).expect("a person may let calls go");
    assert!(!engine.is_paused());
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_was_written_into_the_database_is_an_alarm_at_the_next_start() {
    let kept = guarded().await;
    sql(&kept, "UPDATE entries SET kind = 'passkey_enrolled' WHERE seq = 1");
    let engine = kept.start().await;
    within("it is noticed and on record", async {
        while !engine.is_paused() || !alarms(&engine).iter().any(|said| said.contains("journal_changed")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(engine.journal_changed().unwrap().starts_with("entry 1 is not as it was written"));
    assert_eq!(live(&engine), 1, "the one that was enrolled, and no other");
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_an_older_format_is_not_taken_for_this_homes() {
    let kept = Kept { home: TestHome::in_memory(&[ALLOW]), keychain: Arc::default() };
    Kept::end(kept.start().await).await;
    sql(&kept, "PRAGMA user_version = 3");
    let started = start(&kept).await;
    let Err(StartError::Journal(error)) = started else { panic!("it started") };
    assert!(error.to_string().contains("an older file is in its place"), "{error}");
}

async fn start(kept: &Kept) -> Result<Arc<Engine>, StartError> {
    let listen = Some("127.0.0.1:0".parse().unwrap());
    let options = Options { home: kept.home.dir(), listen, on_change: ChangePolicy::ConfirmInWindow };
    let keychain = Some(Arc::clone(&kept.keychain) as Arc<dyn Keychain>);
    Engine::start_with(options, Clock::system(), keychain).await
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_is_in_force_no_upstream_gets_a_secret_and_none_is_forgotten() {
    let kept = Kept { home: TestHome::made(KeychainKind::Os, &[ALLOW]), keychain: Arc::default() };
    let engine = start(&kept).await.unwrap();
    let secret = SecretUse::new("KEY".to_owned(), SecretPlace::Variable("KEY".to_owned()), false).unwrap();
    let pay = program("pay", Path::new("true"), &[]).with_secrets(vec![secret]).unwrap();
    engine.add_upstream(pay).unwrap();
    let id = Home::peek(&kept.home.dir()).unwrap().id;
    let value = Secret::new(b"sk-canary".to_vec());
    gateway::secrets::store(&*kept.keychain, &id, "pay", "KEY", &value).unwrap();
    Kept::end(engine).await;

    sql(&kept, "UPDATE set_in_force SET mac = zeroblob(32)");
    let (file, taken) = (kept.home.paths().upstreams(), kept.home.beside("taken").join("env"));
    let text = std::fs::read_to_string(&file).unwrap();
    let script = format!("command = \"sh\"\nargs = [\"-c\", \"env > {}\"]", taken.display());
    std::fs::write(&file, text.replace("command = \"true\"", &script)).unwrap();
    let engine = start(&kept).await.unwrap();
    assert!(engine.sets().current().problem.is_some());
    let listed = engine.list_tools("pay").await.unwrap_err();
    assert!(listed.to_string().contains("KEY"), "{listed}");
    assert!(!taken.exists(), "I8: it did not run");
    engine.remove_upstream("pay").unwrap();
    assert!(engine.upstream("pay").is_none());
    assert!(kept.keychain.get(&format!("secret/{id}/pay/KEY")).unwrap().is_some());
    Kept::end(engine).await;
}
