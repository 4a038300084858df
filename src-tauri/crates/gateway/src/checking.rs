//! At each start the whole journal is read once, beside everything else: what is not as this home wrote it is an alarm.
//!
//! What counts at run time is compared with its keyed hash where it is read, and an entry opens only as what it was
//! sealed as. That one is missing shows in the chain alone, and a missing pause or revocation would let calls go. So
//! from that moment on everything is held, for this run or until a person lets calls go again. Nothing is mended here.

use crate::Engine;
use crate::desk::DeskEvent;
use journal::Entry;
use std::sync::Arc;

/// What was found; none while nothing was.
#[derive(Default)]
pub(crate) struct Checked(std::sync::OnceLock<String>);

/// Once, in the background. Takes seconds where there are a million entries.
pub(crate) async fn check(engine: Arc<Engine>) {
    // The blocking thread has the journal alone: an engine that ends is not kept by it.
    let journal = Arc::clone(engine.journal());
    let Ok(Err(bad)) = tokio::task::spawn_blocking(move || journal.verify()).await else { return };
    if (bad.part, bad.seq) == ("journal", 0) {
        // It could not be read at this moment, which says nothing about it.
        return tracing::warn!(error = %bad, "the journal was not verified at this start");
    }
    tracing::error!(error = %bad, "the journal is not as it was written");
    let said = bad.to_string();
    let _ = tokio::task::spawn_blocking(move || alarm(&engine, said)).await;
}

/// Before each page that asks for a passkey: an entry that something else made to enrol one. Nobody reads credentials
/// there, and whoever tries that is at the file while this runs. Blocks; reads the kind of every entry.
pub(crate) fn enrolments(engine: &Engine) {
    if engine.journal_changed().is_some() {
        return;
    }
    match engine.journal().foreign_enrolment() {
        Ok(None) => {}
        Ok(Some(seq)) => {
            let said = format!("entry {seq} enrols a passkey, and Doorward did not write that");
            tracing::error!(error = %said, "the journal is not as it was written");
            alarm(engine, said);
        }
        Err(error) => tracing::warn!(%error, "what the journal says of passkeys could not be read"),
    }
}

/// Once a run: it is recorded and shown, and everything is held.
fn alarm(engine: &Engine, said: String) {
    if engine.checked.0.set(said.clone()).is_err() {
        return;
    }
    engine.pausing.hold_for_now();
    engine.note(Entry::Alarm { code: "journal_changed".to_owned(), said });
    engine.desk().send(DeskEvent::Paused);
}

impl Engine {
    /// What in the journal was not as this home wrote it when this run began.
    #[must_use]
    pub fn journal_changed(&self) -> Option<&str> {
        self.checked.0.get().map(String::as_str)
    }
}
