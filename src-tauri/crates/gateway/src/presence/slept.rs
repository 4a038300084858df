//! Notices that the machine slept, where nobody tells: the clock that counts sleep has then gone further than the one
//! that does not. Where somebody tells, the same waking is told twice, which changes nothing.

use super::Presence;
use std::time::Duration;

/// How often it looks, and what difference is a sleep rather than two readings apart.
const LOOK: Duration = Duration::from_secs(5);
const A_SLEEP: Duration = Duration::from_secs(2);

/// Tells of each waking for as long as it is polled.
pub(super) async fn watch(presence: Presence) {
    watch_by(presence, asleep).await;
}

async fn watch_by(presence: Presence, asleep: impl Fn() -> Duration) {
    let mut before = asleep();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = asleep();
        if now.saturating_sub(before) >= A_SLEEP {
            presence.set_asleep(false);
        }
        before = now;
    }
}

/// How long this machine has slept since it was started.
#[cfg(target_os = "linux")]
fn asleep() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let read = |id| Duration::try_from(clock_gettime(id)).unwrap_or_default();
    read(ClockId::Boottime).saturating_sub(read(ClockId::Monotonic))
}

/// Elsewhere the clock people read goes on during sleep, and the one that programs measure with does not; a clock
/// that is set forward looks the same, and is taken for a sleep.
#[cfg(not(target_os = "linux"))]
fn asleep() -> Duration {
    use std::sync::OnceLock;
    use std::time::{Instant, SystemTime};
    static BEGAN: OnceLock<(Instant, SystemTime)> = OnceLock::new();
    let (instant, time) = BEGAN.get_or_init(|| (Instant::now(), SystemTime::now()));
    time.elapsed().unwrap_or_default().saturating_sub(instant.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presence::PresenceEvent;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_waking_that_nobody_tells_of_is_noticed_once_and_two_readings_apart_are_none() {
        let slept = Arc::new(AtomicU64::new(0));
        let presence = Presence::default();
        let mut told = presence.changes();
        let read = Arc::clone(&slept);
        let watched = presence.clone();
        let watch = tokio::spawn(async move {
            watch_by(watched, move || Duration::from_millis(read.load(Ordering::SeqCst))).await;
        });
        tokio::time::sleep(LOOK * 2).await;
        slept.fetch_add(1_900, Ordering::SeqCst);
        tokio::time::sleep(LOOK * 2).await;
        assert!(told.try_recv().is_err(), "it did not sleep");
        slept.fetch_add(60_000, Ordering::SeqCst);
        tokio::time::sleep(LOOK * 3).await;
        assert_eq!(told.try_recv().unwrap(), PresenceEvent::Resumed);
        assert!(told.try_recv().is_err(), "it woke up once");
        watch.abort();
    }
}
