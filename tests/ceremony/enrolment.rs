//! Who is enrolled, what an enrolment needs, and what becomes of a record that was not written here.

use super::support::browser::{Page, create, get, passkey};
use super::support::home::{ALLOW, TestHome};
use super::support::journal;
use super::support::world::World;
use super::{enrolled, enrolled_by, run_enrolment};
use gateway::ceremony::{Agreement, CeremonyEnd, CeremonyError, Removal, Subject};
use gateway::keychain::{Keychain, MemoryKeychain, existing_root_key};
use gateway::{ChangePolicy, Clock, Engine, Options};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use stepup::Purpose;

fn live(engine: &Engine) -> Vec<String> {
    let passkeys = engine.passkeys().unwrap();
    let live = passkeys.iter().filter(|passkey| passkey.removed_at().is_none());
    live.map(|passkey| passkey.name().to_owned()).collect()
}

fn agreement() -> Agreement {
    let lines = vec![("command".to_owned(), "notes serve".to_owned())];
    Agreement::to_lines(Purpose::Change, "Add the upstream notes", lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_passkey_needs_none_and_every_other_is_let_in_by_one() {
    let world = World::new(&[ALLOW]).await;
    let mut first = enrolled(&world, "me").await;
    let _second = enrolled_by(&world, "me", &mut first).await;
    assert_eq!(live(&world.engine), ["Laptop", "Key"]);
    let lines = journal::lines(&world.home.paths().journal());
    assert_eq!(lines.iter().filter(|line| line.kind == "passkey_enrolled").count(), 2);
    let passkeys = world.engine.passkeys().unwrap();
    assert_eq!(passkeys[1].signed_by(), Some(passkeys[0].id()));
    assert_ne!(passkeys[0].fingerprint(), passkeys[1].fingerprint());
    world.engine.rename_passkey(passkeys[1].id(), "Blue key").unwrap();
    assert_eq!(live(&world.engine), ["Laptop", "Blue key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_let_a_passkey_in() {
    let world = World::new(&[ALLOW]).await;
    let _first = enrolled(&world, "me").await;
    let subject = Subject::Enrol { person: "me".parse().unwrap(), name: "Mine".to_owned() };
    let page = Page::open(&world.engine.start_ceremony(subject).await.unwrap()).await;
    let mut key = passkey();
    let asked = page.begin().await;
    let made = create(&mut key, &page.origin(), &asked["publicKey"]);
    let sign = page.step(json!({ "answer": made })).await;
    assert_eq!(sign["kind"], "get");
    // It signs itself in, with a question that was changed to allow it.
    let mut question = sign["publicKey"].clone();
    question["allowCredentials"] = json!([{ "type": "public-key", "id": made["id"] }]);
    let answer = get(&mut key, &page.origin(), &question);
    let reply = page.step(json!({ "answer": answer })).await;
    assert_eq!(reply["kind"], "again", "{reply}");
    assert_eq!(live(&world.engine), ["Laptop"]);
    let lines = journal::lines(&world.home.paths().journal());
    assert_eq!(lines.iter().filter(|line| line.kind == "passkey_refused").count(), 1, "and it is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_but_the_last_goes_at_once_and_the_last_is_used_for_it() {
    let world = World::new(&[ALLOW]).await;
    let mut first = enrolled(&world, "me").await;
    let mut second = enrolled_by(&world, "me", &mut first).await;
    let ids: Vec<_> = world.engine.passkeys().unwrap().iter().map(|passkey| passkey.id().clone()).collect();
    assert!(matches!(world.engine.remove_passkey(&ids[0]).await.unwrap(), Removal::Done));
    assert_eq!(live(&world.engine), ["Key"]);
    assert!(world.engine.remove_passkey(&ids[0]).await.is_err(), "it is gone");
    let Removal::Asks(ceremony) = world.engine.remove_passkey(&ids[1]).await.unwrap() else {
        panic!("the last one is asked for");
    };
    assert_eq!(live(&world.engine), ["Key"], "until it was used");
    let reply = Page::open(&ceremony).await.run(None, Some(&mut second)).await;
    assert_eq!(reply["kind"], "done", "{reply}");
    assert!(live(&world.engine).is_empty());
    assert!(world.engine.require_proof(agreement()).await.unwrap().is_none(), "nothing can be proven now");
}

#[tokio::test(flavor = "multi_thread")]
async fn once_a_passkey_is_there_a_change_waits_for_it() {
    let world = World::new(&[ALLOW]).await;
    assert!(world.engine.require_proof(agreement()).await.unwrap().is_none(), "none is enrolled");
    let mut key = enrolled(&world, "me").await;
    let (told, mut urls) = tokio::sync::mpsc::unbounded_channel();
    world.engine.show_ceremonies_with(Box::new(move |url| told.send(url.to_owned()).is_ok()));
    let ask = || {
        let engine = Arc::clone(&world.engine);
        tokio::spawn(async move { engine.require_proof(agreement()).await })
    };
    let waiting = ask();
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert!(page.text.contains("Add the upstream notes") && page.text.contains("notes serve"));
    assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
    let presence = waiting.await.unwrap().unwrap().unwrap();
    assert_eq!((presence.person.as_str(), presence.binding), ("me", agreement().binding()));
    // The same page is used now, and says so.
    let again = Page::at(page.url.as_str()).await;
    assert!(again.text.contains("works once and is used"), "{}", again.text);
    assert_eq!(page.begin().await["kind"], "stop");

    let waiting = ask();
    let page = Page::at(&urls.recv().await.unwrap()).await;
    world.clock.advance(Duration::from_secs(120));
    assert!(matches!(waiting.await.unwrap(), Err(CeremonyError::Expired)));
    assert!(page.begin().await["title"].as_str().unwrap().contains("time"), "the page says why");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_in_clear_waits_for_the_passkey_and_is_not_made_without_it() {
    let world = World::new(&[ALLOW]).await;
    let mut key = enrolled(&world, "me").await;
    let (told, mut urls) = tokio::sync::mpsc::unbounded_channel();
    world.engine.show_ceremonies_with(Box::new(move |url| told.send(url.to_owned()).is_ok()));
    let export = |clear| {
        let engine = Arc::clone(&world.engine);
        let (format, which) = (::journal::ExportFormat::JsonLines, "the whole journal".to_owned());
        let wish = gateway::ExportWish { format, calls: None, which, clear };
        tokio::spawn(async move { engine.export_activity(wish).await })
    };
    assert!(export(false).await.unwrap().is_ok(), "without secrets nobody is asked");
    let exports = || std::fs::read_dir(world.home.dir().join("exports")).unwrap().count();
    let waiting = export(true);
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert!(page.text.contains("Export with secrets in clear"), "{}", page.text);
    world.clock.advance(Duration::from_secs(120));
    assert!(matches!(waiting.await.unwrap(), Err(gateway::ExportFailed::Ceremony(CeremonyError::Expired))));
    assert_eq!(exports(), 1);
    let waiting = export(true);
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
    let made = waiting.await.unwrap().unwrap();
    assert_eq!(exports(), 2);
    let text = std::fs::read_to_string(made.path).unwrap();
    assert!(text.contains(r#""kind":"exported_in_clear""#) && text.contains(r#""by":"me""#));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_enrolled_who_is_not_there() {
    let world = World::new(&[ALLOW]).await;
    let subject = Subject::Enrol { person: "nobody".parse().unwrap(), name: "Key".to_owned() };
    assert!(matches!(world.engine.start_ceremony(subject).await, Err(CeremonyError::NoPerson(_))));
}

/// A home over a keychain that outlives the engine, as the system's does.
pub(super) struct Kept {
    pub(super) home: TestHome,
    pub(super) keychain: Arc<MemoryKeychain>,
}

impl Kept {
    pub(super) async fn start(&self) -> Arc<Engine> {
        self.start_at(Clock::system()).await
    }

    pub(super) async fn start_at(&self, clock: Clock) -> Arc<Engine> {
        let listen = Some("127.0.0.1:0".parse().unwrap());
        let options = Options { home: self.home.dir(), listen, on_change: ChangePolicy::TakeAtStart };
        let keychain = Some(Arc::clone(&self.keychain) as Arc<dyn Keychain>);
        Engine::start_with(options, clock, keychain).await.unwrap()
    }

    pub(super) async fn end(engine: Arc<Engine>) {
        engine.shutdown().await;
        let last = Arc::downgrade(&engine);
        drop(engine);
        while last.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }

    fn file(&self) -> std::path::PathBuf {
        self.home.dir().join("passkeys.json")
    }

    /// What the next start says of the record.
    async fn said(&self) -> String {
        let engine = self.start().await;
        let said = engine.passkeys().err().map(|error| error.to_string()).unwrap_or_default();
        // Nothing that asks for proof goes by itself.
        assert_eq!(engine.require_proof(agreement()).await.is_err(), !said.is_empty());
        let kinds = journal::lines(&self.home.paths().journal());
        assert_eq!(kinds.iter().any(|line| line.kind == "passkey_tampered"), !said.is_empty());
        Kept::end(engine).await;
        said
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_not_written_here_is_noticed_and_frees_nothing() {
    let kept = Kept { home: TestHome::in_memory(&[ALLOW]), keychain: Arc::default() };
    let engine = kept.start().await;
    let mut first = passkey();
    run_enrolment(&engine, "me", &mut first, None).await;
    let older = std::fs::read_to_string(kept.file()).unwrap();
    run_enrolment(&engine, "me", &mut passkey(), Some(&mut first)).await;
    Kept::end(engine).await;
    let good = std::fs::read_to_string(kept.file()).unwrap();

    std::fs::remove_file(kept.file()).unwrap();
    assert!(kept.said().await.contains("the file is gone"));
    std::fs::write(kept.file(), older).unwrap();
    assert!(kept.said().await.contains("older record"));
    std::fs::write(
        kept.file(),
        good.replacen("Laptop", "Desktop", 1).replacen("\\\"me\\\"", "\\\"mo\\\"", 1),
    )
    .unwrap();
    assert!(kept.said().await.contains("changed by something else"));

    // Even with the root key at hand, a passkey without a signature is not one.
    let mut record: Value = serde_json::from_str(&good).unwrap();
    let mut roster: Value = serde_json::from_str(record["roster"].as_str().unwrap()).unwrap();
    roster["credentials"][1]["signed"] = Value::Null;
    let settings = gateway::home::Home::peek(&kept.home.dir()).unwrap();
    let root = existing_root_key(&*kept.keychain, &settings.id).unwrap();
    let text = roster.to_string();
    use base64::Engine as _;
    record["mac"] = json!(
        base64::engine::general_purpose::STANDARD_NO_PAD
            .encode(root.mac_key("passkeys").mac(text.as_bytes()))
    );
    record["roster"] = json!(text);
    std::fs::write(kept.file(), record.to_string()).unwrap();
    assert!(kept.said().await.contains("added without a signature"));
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_outlive_a_restart() {
    let kept = Kept { home: TestHome::in_memory(&[ALLOW]), keychain: Arc::default() };
    let engine = kept.start().await;
    let mut key = passkey();
    run_enrolment(&engine, "me", &mut key, None).await;
    Kept::end(engine).await;
    let engine = kept.start().await;
    assert_eq!(live(&engine), ["Laptop"]);
    let ceremony = engine.start_ceremony(Subject::Agree(agreement())).await.unwrap();
    assert_eq!(Page::open(&ceremony).await.run(None, Some(&mut key)).await["kind"], "done");
    assert!(matches!(ceremony.ended().await, CeremonyEnd::Proven(_)));
    engine.shutdown().await;
}
