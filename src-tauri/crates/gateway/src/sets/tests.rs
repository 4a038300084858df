//! The set in force over its record, its files and its keychain: what is changed behind Doorward's back is noticed.

use super::*;
use crate::home::{Home, InitOptions, KeychainKind};
use crate::keychain::MemoryKeychain;
use journal::RootKey;
use policy::Timestamp;

struct Desk {
    paths: Paths,
    keychain: Arc<MemoryKeychain>,
    _folder: tempfile::TempDir,
}

/// A record of passkeys that cannot be trusted: something is enrolled, and nothing verifies.
fn somebody() -> Signers {
    Signers::new(|| Err("the record was changed".to_owned()))
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path().join("home"));
        let options = InitOptions { keychain: KeychainKind::Memory, ..InitOptions::default() };
        Home::init(paths.dir(), &options).unwrap();
        Desk { paths, keychain: Arc::default(), _folder: folder }
    }

    fn journal(&self) -> Arc<Journal> {
        let journal = Journal::open(&self.paths.journal(), &RootKey::new([7; 32]), || Timestamp(1)).unwrap();
        Arc::new(journal)
    }

    fn open(&self, journal: &Arc<Journal>, signers: Signers) -> Sets {
        let known: (Arc<dyn Keychain>, &str) = (self.keychain.clone(), "home");
        Sets::open(Arc::clone(journal), self.paths.clone(), known, signers, false).unwrap()
    }

    fn write(&self, policy: &str, text: &str) {
        std::fs::write(self.paths.policies().join(policy), text).unwrap();
    }

    fn copy_of_the_database(&self) -> Vec<u8> {
        std::fs::read(self.paths.journal()).unwrap()
    }

    fn put_back(&self, database: &[u8]) {
        for side in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{side}", self.paths.journal().display()));
        }
        std::fs::write(self.paths.journal(), database).unwrap();
    }
}

const DENY: &str = "name = \"No\"\n[target]\ntools = [\"a/*\"]\n[action]\nkind = \"deny\"\n";
const ALLOW: &str = "name = \"Yes\"\n[target]\ntools = [\"a/*\"]\n[action]\nkind = \"allow\"\n";

fn alarms(journal: &Journal) -> Vec<String> {
    let entries = journal.entries(1).unwrap().into_iter().filter(|entry| entry.kind == "alarm");
    entries.filter_map(|entry| entry.body).collect()
}

#[test]
fn a_confirmed_set_is_in_force_again_after_a_restart() {
    let desk = Desk::new();
    let (hash, journal) =
        (desk.open(&desk.journal(), Signers::default()).current().bundle.hash(), desk.journal());
    let again = desk.open(&journal, Signers::default());
    assert_eq!(again.current().problem, None);
    assert_eq!(again.current().bundle.hash(), hash);
    assert!(again.waiting().is_none());
    assert_eq!(alarms(&journal), [] as [String; 0]);
}

#[test]
fn a_database_that_was_rolled_back_is_noticed_and_denies() {
    let desk = Desk::new();
    drop(desk.open(&desk.journal(), Signers::default()));
    let older = desk.copy_of_the_database();
    {
        let journal = desk.journal();
        let sets = desk.open(&journal, Signers::default());
        desk.write("no.toml", DENY);
        sets.look_at_disk().unwrap();
        sets.confirm(&sets.waiting().unwrap().hash).unwrap();
    }
    desk.put_back(&older);
    let journal = desk.journal();
    let sets = desk.open(&journal, Signers::default());
    let problem = sets.current().problem.clone().unwrap();
    assert!(problem.contains("not the newest one that the keychain knows of"), "{problem}");
    assert!(alarms(&journal).iter().any(|said| said.contains("set_untrusted")));
    assert!(sets.waiting().is_some(), "the files can be looked at and confirmed");
}

#[test]
fn a_journal_that_lost_its_newest_entries_is_noticed_though_the_set_is_the_same() {
    let desk = Desk::new();
    drop(desk.open(&desk.journal(), Signers::default()));
    let older = desk.copy_of_the_database();
    {
        let journal = desk.journal();
        let sets = desk.open(&journal, Signers::default());
        let (code, said) = ("test".to_owned(), "something happened".to_owned());
        journal.record(journal::Entry::Alarm { code, said }).unwrap();
        // As at the end of every run.
        sets.note_newest();
    }
    assert_eq!(desk.open(&desk.journal(), Signers::default()).current().problem, None);
    desk.put_back(&older);
    let sets = desk.open(&desk.journal(), Signers::default());
    let problem = sets.current().problem.clone().unwrap();
    assert!(problem.contains("the journal is older than this home: it ends before entry"), "{problem}");
    assert!(problem.contains("look at the policies and confirm them"), "{problem}");
}

#[test]
fn whoever_is_over_writes_no_note() {
    let desk = Desk::new();
    let journal = desk.journal();
    let newest = Arc::clone(&desk.open(&journal, Signers::default()).newest);
    let note = || desk.keychain.get("newest-set/home").unwrap().map(|note| note.to_vec());
    let before = note();
    newest.note_end(&journal::Anchor { seq: 1_000, hash: [7; 32] }).unwrap();
    assert_eq!(note(), before, "the one that is open now does");
    let sets = desk.open(&journal, Signers::default());
    sets.newest.note_end(&journal::Anchor { seq: 1, hash: [7; 32] }).unwrap();
    assert_eq!(note(), before, "an older end is no news");
    sets.newest.note_end(&journal::Anchor { seq: 1_000, hash: [7; 32] }).unwrap();
    assert_ne!(note(), before);
}

#[test]
fn a_database_that_is_gone_is_no_first_start() {
    let desk = Desk::new();
    drop(desk.open(&desk.journal(), Signers::default()));
    for side in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{side}", desk.paths.journal().display()));
    }
    let sets = desk.open(&desk.journal(), Signers::default());
    assert!(sets.current().problem.is_some());
}

#[test]
fn a_crash_between_keychain_and_record_is_no_rollback() {
    let desk = Desk::new();
    let journal = desk.journal();
    let sets = desk.open(&journal, Signers::default());
    sets.newest.expect("another set, never recorded").unwrap();
    drop(sets);
    assert_eq!(desk.open(&journal, Signers::default()).current().problem, None);
}

#[test]
fn agents_and_upstreams_that_are_changed_on_disk_wait_with_an_alarm() {
    let desk = Desk::new();
    let journal = desk.journal();
    let sets = desk.open(&journal, Signers::default());
    let before = sets.current().bundle.hash();
    for (path, text) in [
        (desk.paths.agents(), "[[agent]]\nname = \"mine\"\nuser = \"me\"\n"),
        (desk.paths.upstreams(), "[[upstream]]\nname = \"mine\"\ncommand = \"sh\"\n"),
    ] {
        let kept = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text).unwrap();
        assert_eq!(sets.look_at_disk().unwrap(), Proposed::WaitingForConfirmation);
        let waiting = sets.waiting().unwrap();
        assert_eq!(waiting.changes.len(), 1);
        assert_eq!(sets.current().bundle.hash(), before, "nothing of it is in force");
        sets.discard(&waiting.hash).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), kept);
    }
    let said = alarms(&journal);
    assert!(said[0].contains("agents.toml") && said[1].contains("upstreams.toml"), "{said:?}");
}

#[test]
fn with_a_passkey_enrolled_an_unsigned_record_is_not_trusted() {
    let desk = Desk::new();
    drop(desk.open(&desk.journal(), Signers::default()));
    let sets = desk.open(&desk.journal(), somebody());
    let problem = sets.current().problem.clone().unwrap();
    assert!(problem.contains("none of them signed it"), "{problem}");
    // A start takes no files either, however it is made.
    let bundle = Bundle::read(&desk.paths).unwrap();
    assert_eq!(sets.propose(bundle, Origin::Start).unwrap(), Proposed::WaitingForConfirmation);
    assert!(sets.current().problem.is_some());
}

#[test]
fn with_a_passkey_enrolled_nothing_is_loosened_by_a_click_or_a_made_up_signature() {
    let desk = Desk::new();
    let journal = desk.journal();
    drop(desk.open(&journal, Signers::default()));
    let sets = desk.open(&journal, somebody());
    desk.write("yes.toml", ALLOW);
    sets.look_at_disk().unwrap();
    let waiting = sets.waiting().unwrap();
    assert!(!waiting.needs_proof.is_empty());
    assert!(matches!(sets.confirm(&waiting.hash), Err(SetError::NeedsProof(_))));
    let forged = Signature(serde_json::json!({ "version": 1, "purpose": "sign_set" }));
    assert!(matches!(sets.confirm_signed(&waiting.hash, Some(forged)), Err(SetError::Signature(_))));
    assert!(sets.current().problem.is_some());
}
