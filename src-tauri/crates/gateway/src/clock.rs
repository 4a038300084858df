//! The one place that reads the time for the engine; the pure crates get it as an argument (I9).

use policy::Timestamp;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// Sleepers look at the clock at least this often: a machine that slept, or a clock that was set, is noticed.
const LOOK: Duration = Duration::from_secs(5);

/// Reads the time; tests move it.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    moved: Arc<Notify>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Clock {
        Clock::from_fn(|| {
            let since =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        })
    }

    /// Any other way of telling the time. Whoever makes it jump says so with [`Clock::moved`].
    #[must_use]
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Clock {
        Clock { now: Arc::new(now), moved: Arc::default() }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// The clock jumped: who sleeps looks again.
    pub fn moved(&self) {
        self.moved.notify_waiters();
    }

    /// Until this clock shows `at`.
    pub async fn sleep_until(&self, at: Timestamp) {
        loop {
            let mut moved = pin!(self.moved.notified());
            // Registered before the clock is read, so that no jump is missed in between.
            moved.as_mut().enable();
            let left = self.now().until(at);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left.min(LOOK)) => {}
                () = moved => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_sleeper_follows_the_clock_that_a_test_moves() {
        let time = Arc::new(AtomicI64::new(0));
        let read = Arc::clone(&time);
        let clock = Clock::from_fn(move || Timestamp(read.load(Ordering::SeqCst)));
        let sleeper = clock.clone();
        let sleep = tokio::spawn(async move { sleeper.sleep_until(Timestamp(60_000)).await });
        let began = Instant::now();
        tokio::task::yield_now().await;
        time.store(59_999, Ordering::SeqCst);
        clock.moved();
        tokio::task::yield_now().await;
        assert!(!sleep.is_finished());
        time.store(60_000, Ordering::SeqCst);
        clock.moved();
        sleep.await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody waited for real time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleeper_follows_tokios_clock() {
        let began = Instant::now();
        let clock =
            Clock::from_fn(move || Timestamp(i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX)));
        clock.sleep_until(Timestamp(1_500_000)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1_500));
    }
}
