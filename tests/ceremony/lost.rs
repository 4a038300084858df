//! All passkeys are lost: a day that cannot be shortened, that anybody with a passkey can end, and that loosens nothing.

use super::enrolment::Kept;
use super::run_enrolment;
use super::support::browser::{Page, SoftPasskey, passkey};
use super::support::home::{ALLOW, TestHome};
use super::support::world::TestClock;
use super::support::{journal, within};
use gateway::{Engine, PendingReset, ResetError, SetError};
use policy::Mode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;

const HOUR: Duration = Duration::from_secs(3600);
const NO_LISTS: (&str, &str) = (
    "no-lists.toml",
    "name = \"No lists\"\n[target]\ntools = [\"ledger/list_expenses\"]\n[action]\nkind = \"deny\"\n",
);

struct Desk {
    kept: Kept,
    clock: TestClock,
    key: SoftPasskey,
    engine: Arc<Engine>,
}

impl Desk {
    async fn guarded() -> Desk {
        let kept = Kept { home: TestHome::in_memory(&[ALLOW, NO_LISTS]), keychain: Arc::default() };
        let (clock, mut key) = (TestClock::default(), passkey());
        let engine = kept.start_at(clock.clock()).await;
        run_enrolment(&engine, "me", &mut key, None).await;
        Desk { kept, clock, key, engine }
    }

    async fn restarted(self) -> Desk {
        Kept::end(self.engine).await;
        let engine = self.kept.start_at(self.clock.clock()).await;
        Desk { engine, ..self }
    }

    fn left(&self) -> Option<u64> {
        self.engine.pending_reset().map(|PendingReset { left, .. }| left.as_secs().div_ceil(3600))
    }

    fn is_guarded(&self) -> bool {
        let off = self.engine.sets().set_mode(&"no-lists".parse().unwrap(), Mode::Off);
        matches!(off, Err(SetError::NeedsProof(_)))
    }

    fn kinds(&self) -> Vec<String> {
        journal::lines(&self.kept.home.paths().journal()).into_iter().map(|line| line.kind).collect()
    }

    /// Waits until the desk is as wanted; looked at whenever something changed there.
    async fn until(&self, what: &str, is_so: impl Fn(&Engine) -> bool) {
        let mut events = self.engine.desk().events();
        within(what, async {
            while !is_so(&self.engine) {
                let _ = events.recv().await;
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_passkeys_are_taken_out_after_a_day_that_no_clock_and_no_restart_shortens() {
    let desk = Desk::guarded().await;
    desk.engine.ask_reset().unwrap();
    desk.engine.ask_reset().expect("asking twice begins nothing anew");
    assert_eq!(desk.left(), Some(24));
    desk.clock.set_forward(48 * HOUR);
    assert_eq!(desk.left(), Some(24), "the date was set, and no time went by");
    assert!(desk.is_guarded());

    let desk = desk.restarted().await;
    assert_eq!(desk.left(), Some(24));
    desk.clock.advance(23 * HOUR);
    let desk = desk.restarted().await;
    assert_eq!(desk.left(), Some(1));
    assert!(desk.is_guarded(), "until the end nothing loosens");
    assert_eq!(desk.engine.passkeys().unwrap().len(), 1);

    desk.clock.advance(HOUR);
    // Its entry comes last before it is told.
    let is_done = |engine: &Engine| {
        let entries = engine.journal().entries(1).unwrap();
        engine.pending_reset().is_none() && entries.iter().any(|entry| entry.kind == "passkey_reset_done")
    };
    desk.until("the passkeys are taken out", is_done).await;
    assert!(desk.engine.passkeys().unwrap().iter().all(|passkey| passkey.removed_at().is_some()));
    assert!(desk.engine.sets().current().set.policies().count() == 1, "the set stays in force");
    for kind in ["passkey_reset_asked", "passkey_reset_done"] {
        assert_eq!(desk.kinds().iter().filter(|one| *one == kind).count(), 1, "{kind}");
    }

    // The next one is a first one again: it signs what is in force, and what the lost one signed is over.
    let mut desk = desk.restarted().await;
    assert_eq!(desk.engine.sets().current().problem, None);
    desk.engine
        .sets()
        .set_mode(&"no-lists".parse().unwrap(), Mode::Observe)
        .expect("a click is all there is");
    run_enrolment(&desk.engine, "me", &mut desk.key, None).await;
    assert!(desk.is_guarded());
    let desk = desk.restarted().await;
    assert_eq!(desk.engine.sets().current().problem, None);
    assert!(!desk.engine.sets().is_unsigned());
    Kept::end(desk.engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_a_passkey_keeps_them_all_and_nobody_else_does() {
    let mut desk = Desk::guarded().await;
    assert!(matches!(desk.engine.stop_reset().await, Err(ResetError::NotAsked)));
    desk.engine.ask_reset().unwrap();
    let (told, mut urls) = unbounded_channel();
    desk.engine.show_ceremonies_with(Box::new(move |url: &str| told.send(url.to_owned()).is_ok()));
    let stop = |engine: &Arc<Engine>| {
        let engine = Arc::clone(engine);
        tokio::spawn(async move { engine.stop_reset().await })
    };
    let stopping = stop(&desk.engine);
    let page = Page::at(&urls.recv().await.unwrap()).await;
    page.step(serde_json::json!({ "reject": true })).await;
    assert!(stopping.await.unwrap().is_err());
    assert!(desk.left().is_some(), "without a passkey it goes on");

    let stopping = stop(&desk.engine);
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert!(page.text.contains("Keep all passkeys"), "{}", page.text);
    assert_eq!(page.run(None, Some(&mut desk.key)).await["kind"], "done");
    stopping.await.unwrap().unwrap();
    assert_eq!(desk.left(), None);
    desk.clock.advance(48 * HOUR);
    let desk = desk.restarted().await;
    assert_eq!(desk.engine.passkeys().unwrap().iter().filter(|one| one.removed_at().is_none()).count(), 1);
    assert!(desk.kinds().iter().any(|kind| kind == "passkey_reset_stopped"));
    Kept::end(desk.engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_passkey_there_is_none_to_lose_and_a_record_of_somebody_elses_goes_the_same_way() {
    let kept = Kept { home: TestHome::in_memory(&[ALLOW]), keychain: Arc::default() };
    let clock = TestClock::default();
    let engine = kept.start_at(clock.clock()).await;
    assert!(matches!(engine.ask_reset(), Err(ResetError::NothingToReset)));
    let mut key = passkey();
    run_enrolment(&engine, "me", &mut key, None).await;
    Kept::end(engine).await;
    std::fs::write(kept.home.paths().passkeys(), "{}").unwrap();
    let engine = kept.start_at(clock.clock()).await;
    assert!(engine.passkeys().is_err());
    engine.ask_reset().unwrap();
    let desk = Desk { kept, clock, key, engine };
    desk.clock.advance(24 * HOUR);
    desk.until("the record is begun anew", |engine| engine.passkeys().is_ok()).await;
    assert!(desk.engine.passkeys().unwrap().is_empty());
    Kept::end(desk.engine).await;
}
