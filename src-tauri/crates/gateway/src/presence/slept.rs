//! Notices that the machine slept, where nobody tells: the clock that counts sleep has then gone further than the one
//! that does not. Where somebody tells, the same waking is told twice, which changes nothing.

use super::Presence;
use std::time::Duration;

/// How often it looks, and what difference is a sleep rather than two readings apart.
const LOOK: Duration = Duration::from_secs(5);
const A_SLEEP: Duration = Duration::from_secs(2);

/// Tells of each waking for as long as it is polled.
pub(super) async fn watch(presence: Presence) {
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
