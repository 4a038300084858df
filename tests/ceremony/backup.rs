//! A home in one file, and what becomes of it elsewhere: whole, or nothing at all.

use super::enrolment::Kept;
use super::run_enrolment;
use super::support::browser::{Page, SoftPasskey, passkey};
use super::support::home::{ALLOW, TestHome};
use gateway::backup::{self, BackupError, Restored};
use gateway::home::KeychainKind;
use gateway::keychain::{Keychain, MemoryKeychain};
use gateway::{ChangePolicy, Clock, Engine, Options, SetError};
use policy::{Mode, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc::unbounded_channel;

const PASSPHRASE: &str = "five words in a row";
const NO_LISTS: (&str, &str) = (
    "no-lists.toml",
    "name = \"No lists\"\n[target]\ntools = [\"ledger/list_expenses\"]\n[action]\nkind = \"deny\"\n",
);

/// A home over a keychain that outlives it, with a passkey, and a backup of it.
struct Scene {
    kept: Kept,
    key: SoftPasskey,
    file: PathBuf,
}

async fn scene() -> Scene {
    let home = TestHome::made(KeychainKind::Os, &[ALLOW, NO_LISTS]);
    let kept = Kept { home, keychain: Arc::default() };
    let engine = kept.start().await;
    let mut key = passkey();
    run_enrolment(&engine, "me", &mut key, None).await;
    let file = backed_up(&engine, &mut key).await;
    Kept::end(engine).await;
    Scene { kept, key, file }
}

/// A backup, made with the passkey.
async fn backed_up(engine: &Arc<Engine>, key: &mut SoftPasskey) -> PathBuf {
    let (told, mut urls) = unbounded_channel();
    engine.show_ceremonies_with(Box::new(move |url: &str| told.send(url.to_owned()).is_ok()));
    let making = Arc::clone(engine);
    let making = tokio::spawn(async move { making.make_backup(PASSPHRASE.to_owned().into()).await });
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert!(page.text.contains("Make a backup of this home"), "{}", page.text);
    assert_eq!(page.run(None, Some(key)).await["kind"], "done");
    making.await.unwrap().unwrap()
}

impl Scene {
    fn restore(
        &self,
        text: &str,
        to: &Path,
        keychain: &Arc<MemoryKeychain>,
        older: bool,
    ) -> Result<Restored, BackupError> {
        let keychain = Arc::clone(keychain) as Arc<dyn Keychain>;
        backup::restore(text, PASSPHRASE, to, &keychain, Timestamp(1), older)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap()
    }

    fn root_key_in(&self, keychain: &MemoryKeychain) -> Option<Vec<u8>> {
        let id = gateway::home::Home::peek(&self.kept.home.dir()).unwrap().id;
        keychain.get(&format!("root-key/{id}")).unwrap().map(|key| key.to_vec())
    }
}

async fn start(home: PathBuf, keychain: &Arc<MemoryKeychain>) -> Arc<Engine> {
    let listen = Some("127.0.0.1:0".parse().unwrap());
    let options = Options { home, listen, on_change: ChangePolicy::ConfirmInWindow };
    let keychain = Arc::clone(keychain) as Arc<dyn Keychain>;
    Engine::start_with(options, Clock::system(), Some(keychain)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_the_same_home_on_another_machine() {
    let mut scene = scene().await;
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&scene.file.metadata().unwrap()) & 0o777, 0o600);
    let (to, elsewhere) =
        (scene.kept.home.beside("elsewhere").join("home"), Arc::<MemoryKeychain>::default());
    scene.restore(&scene.text(), &to, &elsewhere, false).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&to.metadata().unwrap()) & 0o777, 0o700);

    let engine = start(to.clone(), &elsewhere).await;
    assert_eq!(engine.sets().current().problem, None);
    assert!(engine.sets().current().bundle.documents.get(NO_LISTS.0).is_some());
    assert!(engine.sets().waiting().is_none() && !engine.sets().is_unsigned());
    let off = engine.sets().set_mode(&"no-lists".parse().unwrap(), Mode::Off);
    assert!(matches!(off, Err(SetError::NeedsProof(_))), "it is guarded there too");
    // And the same passkey proves there what it proved here.
    backed_up(&engine, &mut scene.key).await;
    Kept::end(engine).await;
    let left: Vec<_> = std::fs::read_dir(to.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the home is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_backup_nothing_of_it_is_restored() {
    let scene = scene().await;
    let (to, elsewhere) =
        (scene.kept.home.beside("elsewhere").join("home"), Arc::<MemoryKeychain>::default());
    let text = scene.text();
    let half = &text[..text.len() / 2];
    let changed = text.replacen("\"made_at\": ", "\"made_at\": 1", 1);
    for (text, code) in
        [(half, "backup_truncated"), (changed.as_str(), "backup_changed"), ("{}", "backup_unknown")]
    {
        let refused = scene.restore(text, &to, &elsewhere, false).unwrap_err();
        assert_eq!(refused.code(), code);
        assert!(refused.hint().contains("nothing was restored") || code == "backup_unknown", "{code}");
    }
    let keychain = Arc::clone(&elsewhere) as Arc<dyn Keychain>;
    let wrong = backup::restore(&text, "six words in a row", &to, &keychain, Timestamp(1), false);
    assert_eq!(wrong.unwrap_err().code(), "passphrase_wrong");
    let there = scene.restore(&text, &scene.kept.home.dir(), &elsewhere, false).unwrap_err();
    assert_eq!(there.code(), "backup_occupied");
    assert!(!to.exists() && scene.root_key_in(&elsewhere).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_is_taken_only_by_who_asks_for_it() {
    let mut scene = scene().await;
    let older = scene.text();
    let engine = scene.kept.start().await;
    scene.kept.home.write_policy("more.toml", &NO_LISTS.1.replace("No lists", "More"));
    engine.look_at_files();
    engine.sets().confirm(&engine.sets().waiting().unwrap().hash).expect("a new deny is free");
    Kept::end(engine).await;

    let (to, keychain) = (scene.kept.home.beside("again").join("home"), Arc::clone(&scene.kept.keychain));
    let refused = scene.restore(&older, &to, &keychain, false).unwrap_err();
    assert_eq!(refused.code(), "backup_older");
    assert!(refused.to_string().contains("policies were changed after it was made"), "{refused}");

    let engine = scene.kept.start().await;
    let newer = backed_up(&engine, &mut scene.key).await;
    Kept::end(engine).await;
    assert!(scene.restore(&older, &to, &keychain, false).is_err());
    assert!(!to.exists());
    scene.restore(&std::fs::read_to_string(newer).unwrap(), &to, &keychain, false).unwrap();
    std::fs::remove_dir_all(&to).unwrap();

    scene.restore(&older, &to, &keychain, true).unwrap();
    let engine = start(to, &keychain).await;
    assert_eq!(engine.sets().current().problem, None);
    assert!(engine.sets().current().bundle.documents.get("more.toml").is_none());
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_from_before_a_passkey_came_or_went_is_an_older_one() {
    let mut scene = scene().await;
    let older = scene.text();
    let engine = scene.kept.start().await;
    run_enrolment(&engine, "me", &mut passkey(), Some(&mut scene.key)).await;
    Kept::end(engine).await;
    let (to, keychain) = (scene.kept.home.beside("again").join("home"), Arc::clone(&scene.kept.keychain));
    let id = gateway::home::Home::peek(&scene.kept.home.dir()).unwrap().id;
    let refused = scene.restore(&older, &to, &keychain, false).unwrap_err();
    assert!(refused.to_string().contains("passkeys were added or removed after it was made"), "{refused}");
    // What the keychain knows of wrong guesses is not taken back, whoever asks.
    keychain.set(&format!("passphrase/{id}"), b"guessed").unwrap();
    scene.restore(&older, &to, &keychain, true).unwrap();
    assert_eq!(**keychain.get(&format!("passphrase/{id}")).unwrap().unwrap(), *b"guessed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_in_memory_and_a_short_passphrase_make_no_backup() {
    let kept = Kept { home: TestHome::in_memory(&[ALLOW]), keychain: Arc::default() };
    let engine = kept.start().await;
    let made = engine.make_backup(PASSPHRASE.to_owned().into()).await;
    assert_eq!(made.unwrap_err().code(), "backup_in_memory");
    let made = engine.make_backup("short".to_owned().into()).await;
    assert_eq!(made.unwrap_err().code(), "passphrase_short");
    assert!(!kept.home.dir().join("backups").exists());
    Kept::end(engine).await;
}
