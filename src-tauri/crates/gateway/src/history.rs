//! Takes out of the journal what is older, or more, than the settings keep: a minute after the start, then every hour.
//! What cannot be taken out now is tried again; nothing waits for it.

use crate::Engine;
use journal::Retention;
use std::{sync::Arc, time::Duration};

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

/// As the settings say now: they may have been changed in the window. Those of the start where they cannot be read.
fn wanted(engine: &Engine) -> Retention {
    let settings =
        engine.home().settings_on_disk().map_or(engine.settings().journal, |settings| settings.journal);
    Retention {
        keep: Duration::from_secs(u64::from(settings.keep_days.max(1)) * 86_400),
        most_bytes: u64::from(settings.keep_mb.max(1)) * 1024 * 1024,
    }
}
