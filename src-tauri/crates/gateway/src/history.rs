//! Takes out of the journal what is older, or more, than is kept: a minute after the start, then every hour. What cannot
//! be taken out now is tried again; nothing waits for it. Keeping less is what a person said, never a file alone.

use crate::Engine;
use crate::home::{FEWEST_DAYS, FEWEST_MB, History, Settings, SettingsChange, SettingsError};
use crate::keychain::{Keychain, KeychainError};
use journal::{Entry, MacKey, Retention, RootKey};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq as _;

const FIRST: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Until the engine stops.
pub(crate) async fn keep(engine: Arc<Engine>) {
    let stopping = engine.stopping();
    let mut pause = FIRST;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => return,
        }
        pause = EVERY;
        let keeper = Arc::clone(&engine);
        match tokio::task::spawn_blocking(move || keeper.journal().retain(&wanted(&keeper))).await {
            Ok(Ok(trimmed)) if trimmed.entries + trimmed.bodies > 0 => {
                tracing::info!(entries = trimmed.entries, bodies = trimmed.bodies, "old history was removed");
            }
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(error)) => tracing::warn!(%error, "old history could not be removed; it is tried again"),
        }
    }
}

/// As long as was confirmed, or as `doorward.toml` says where that is longer.
fn wanted(engine: &Engine) -> Retention {
    if let Some(waits) = engine.history_waits() {
        engine.kept.alarm(engine, waits);
    }
    let kept = engine.kept_history();
    Retention {
        keep: Duration::from_secs(u64::from(kept.keep_days.max(FEWEST_DAYS)) * 86_400),
        most_bytes: u64::from(kept.keep_mb.max(FEWEST_MB)) * 1024 * 1024,
    }
}

/// How much history a person agreed to keep: whoever can write `doorward.toml` cannot forget more than that.
///
/// The keychain has it, under a keyed hash. Where it has none, or another one, it is what a new home keeps.
pub(crate) struct KeptHistory {
    keychain: Arc<dyn Keychain>,
    entry: String,
    key: MacKey,
    confirmed: Mutex<(u32, u32)>,
    /// What an alarm was recorded of last.
    alarmed: Mutex<Option<(u32, u32)>>,
}

/// As the keychain keeps it.
#[derive(Serialize, Deserialize)]
struct Confirmed {
    keep_days: u32,
    keep_mb: u32,
    mac: [u8; 32],
}

impl KeptHistory {
    pub(crate) fn open(
        keychain: Arc<dyn Keychain>,
        (root, home_id): (&RootKey, &str),
    ) -> Result<KeptHistory, KeychainError> {
        let (entry, key) = (format!("history/{home_id}"), root.mac_key("history"));
        let known = keychain.get(&entry)?.and_then(|kept| serde_json::from_slice::<Confirmed>(&kept).ok());
        let known = known.map(|kept| ((kept.keep_days, kept.keep_mb), kept.mac));
        let known = known.filter(|(kept, mac)| key.mac(&input(*kept)).ct_eq(mac).into());
        let first = History::default();
        let confirmed = known.map_or((first.keep_days, first.keep_mb), |(kept, _)| kept);
        Ok(KeptHistory { keychain, entry, key, confirmed: Mutex::new(confirmed), alarmed: Mutex::default() })
    }

    /// A person said so. Blocks on the keychain.
    ///
    /// # Errors
    /// The keychain did not keep it; what was confirmed before stays.
    pub(crate) fn confirm(&self, keep_days: u32, keep_mb: u32) -> Result<(), KeychainError> {
        let mut confirmed = self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        if *confirmed == (keep_days, keep_mb) {
            return Ok(());
        }
        let mac = self.key.mac(&input((keep_days, keep_mb)));
        let text = serde_json::to_vec(&Confirmed { keep_days, keep_mb, mac })
            .map_err(|error| KeychainError::Failed { why: format!("a note was not written: {error}") })?;
        self.keychain.set(&self.entry, &text)?;
        *confirmed = (keep_days, keep_mb);
        Ok(())
    }

    fn at_least(&self, file: History) -> History {
        let (keep_days, keep_mb) = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        History { keep_days: file.keep_days.max(keep_days), keep_mb: file.keep_mb.max(keep_mb), ..file }
    }

    fn alarm(&self, engine: &Engine, said: String) {
        let file = engine.history_on_disk();
        let now = Some((file.keep_days, file.keep_mb));
        let mut alarmed = self.alarmed.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *alarmed, now) != now {
            engine.note(Entry::Alarm { code: "history_waits".to_owned(), said });
        }
    }
}

fn input((keep_days, keep_mb): (u32, u32)) -> [u8; 8] {
    let mut bytes = [0; 8];
    let parts = keep_days.to_be_bytes().into_iter().chain(keep_mb.to_be_bytes());
    bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    bytes
}

impl Engine {
    /// As `doorward.toml` says now; as at the start where it cannot be read.
    fn history_on_disk(&self) -> History {
        self.home().settings_on_disk().map_or(self.settings().journal, |settings| settings.journal)
    }

    /// How much history is kept: what a person confirmed, or what the file says where that is more. Reads the file.
    #[must_use]
    pub fn kept_history(&self) -> History {
        self.kept.at_least(self.history_on_disk())
    }

    /// Why the file counts for less than it says; none where it does not. Reads the file.
    #[must_use]
    pub fn history_waits(&self) -> Option<String> {
        let file = self.history_on_disk();
        let kept = self.kept.at_least(file);
        (file != kept).then(|| {
            format!(
                "doorward.toml says to keep {} days and {} MB of history; {} days and {} MB are kept",
                file.keep_days, file.keep_mb, kept.keep_days, kept.keep_mb
            )
        })
    }

    /// Changes a setting as a person at the desk wants it. Whoever calls has asked for the passkey that keeping less
    /// history needs. Blocks on the keychain and the disk.
    ///
    /// # Errors
    /// The value is none, or it could not be kept; the file is as it was then.
    pub fn change_settings(&self, change: SettingsChange) -> Result<Settings, SettingsError> {
        change.check()?;
        if let SettingsChange::Retention { keep_days, keep_mb } = change {
            self.kept.confirm(keep_days, keep_mb)?;
        }
        self.home().change_settings(change)
    }
}
