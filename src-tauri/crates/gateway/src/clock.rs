//! The one place that reads the time for the engine; the pure crates get it as an argument (I9).

use policy::Timestamp;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// Sleepers look at the clock at least this often: a machine that slept, or a clock that was set, is noticed.
const LOOK: Duration = Duration::from_secs(5);

/// Clocks that are kept right drift from each other by less than this; more is a clock that was set.
const SLEW: Duration = Duration::from_secs(2);

/// Reads the time; tests move it. Two clocks: the one people read, which can be set, and one that only goes on, through
/// the machine's sleep too.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    counted: Arc<dyn Fn() -> Duration + Send + Sync>,
    moved: Arc<Notify>,
}

/// When something ends, in both clocks; whichever comes first ends it, so that a clock that is set back lengthens
/// nothing, and one that is set forward is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    at: Timestamp,
    counted: Duration,
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    now: Timestamp,
    counted: Duration,
}

impl Reading {
    /// Whether somebody set the clock back between this and a later reading.
    pub(crate) fn was_set_back_by(&self, later: &Reading) -> bool {
        let should_be = self.now.after(later.counted.saturating_sub(self.counted));
        later.now.until(should_be) > SLEW
    }
}

/// When something began, in both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    at: Timestamp,
    counted: Duration,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Clock {
        let now = || {
            let since =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        };
        Clock::from_fns(now, counted)
    }

    /// Any other way of telling the time, for both clocks. Whoever makes it jump says so with [`Clock::moved`].
    #[must_use]
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Clock {
        let now = Arc::new(now);
        let read = Arc::clone(&now);
        let counted = move || Duration::from_millis(u64::try_from(read().0).unwrap_or(0));
        Clock { now, counted: Arc::new(counted), moved: Arc::default() }
    }

    /// The same with a clock of its own that only goes on.
    #[must_use]
    pub fn from_fns(
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        counted: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Clock {
        Clock { now: Arc::new(now), counted: Arc::new(counted), moved: Arc::default() }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// The clock that only goes on: from the machine's start on Linux, through its sleep.
    pub(crate) fn counted(&self) -> Duration {
        (self.counted)()
    }

    /// The clock jumped: who sleeps looks again.
    pub fn moved(&self) {
        self.moved.notify_waiters();
    }

    /// `at` in both clocks, as far away as it is now.
    pub(crate) fn end(&self, at: Timestamp) -> End {
        End { at, counted: (self.counted)().saturating_add(self.now().until(at)) }
    }

    /// The same where the time is known to have been `floor` before: a clock that was set back while nobody counted
    /// gives no more time than was left then.
    pub(crate) fn end_since(&self, at: Timestamp, floor: Timestamp) -> End {
        let left = self.now().max(floor).until(at);
        End { at, counted: (self.counted)().saturating_add(left) }
    }

    /// `at` in both clocks where it takes the place of `before`. One that is put off is put off in both by as much,
    /// whatever the clock people read says by now.
    pub(crate) fn end_after(&self, before: End, at: Timestamp) -> End {
        let end = self.end(at);
        if at < before.at {
            return end;
        }
        let put_off = before.counted.max((self.counted)()).saturating_add(before.at.until(at));
        End { counted: end.counted.min(put_off), ..end }
    }

    /// Both clocks at this moment.
    pub(crate) fn reading(&self) -> Reading {
        Reading { now: self.now(), counted: (self.counted)() }
    }

    /// The time to go by where this ends something: past it, once either clock is.
    pub(crate) fn now_by(&self, end: End) -> Timestamp {
        let now = self.now();
        if (self.counted)() >= end.counted { now.max(end.at) } else { now }
    }

    /// Now, for whoever will ask how long ago that is.
    pub(crate) fn begin(&self) -> Begun {
        Begun { at: self.now(), counted: (self.counted)() }
    }

    /// The time to go by for what began then: never less after it than went by, whatever the clock was set to.
    pub(crate) fn now_since(&self, begun: Begun) -> Timestamp {
        let went_by = (self.counted)().saturating_sub(begun.counted);
        self.now().max(begun.at.after(went_by))
    }

    /// Until this clock shows `at`, or that much time went by.
    pub async fn sleep_until(&self, at: Timestamp) {
        let end = self.end(at);
        loop {
            let mut moved = pin!(self.moved.notified());
            // Registered before the clock is read, so that no jump is missed in between.
            moved.as_mut().enable();
            let left = self.now_by(end).until(at);
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

impl End {
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }
}

/// What the machine counts through its sleep, and nobody can set.
#[cfg(target_os = "linux")]
fn counted() -> Duration {
    rustix::time::clock_gettime(rustix::time::ClockId::Boottime).try_into().unwrap_or_default()
}

/// On macOS this clock goes on during sleep.
#[cfg(all(unix, not(target_os = "linux")))]
fn counted() -> Duration {
    rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).try_into().unwrap_or_default()
}

#[cfg(not(unix))]
fn counted() -> Duration {
    static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(std::time::Instant::now).elapsed()
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

    #[test]
    fn an_end_comes_by_whichever_clock_is_there_first() {
        let (time, count) = (Arc::new(AtomicI64::new(1_000)), Arc::new(AtomicI64::new(50)));
        let (now, counted) = (Arc::clone(&time), Arc::clone(&count));
        let clock = Clock::from_fns(
            move || Timestamp(now.load(Ordering::SeqCst)),
            move || Duration::from_millis(u64::try_from(counted.load(Ordering::SeqCst)).unwrap()),
        );
        let end = clock.end(Timestamp(11_000));
        // Set back by a day, and ten seconds go by.
        time.store(-86_400_000, Ordering::SeqCst);
        count.store(10_049, Ordering::SeqCst);
        assert!(clock.now_by(end) < end.at());
        count.store(10_050, Ordering::SeqCst);
        assert_eq!(clock.now_by(end), end.at());
        // Set forward, it is believed at once.
        let end = clock.end(Timestamp(11_000));
        time.store(11_000, Ordering::SeqCst);
        assert_eq!(clock.now_by(end), end.at());
    }

    fn clocks() -> (Arc<AtomicI64>, Arc<AtomicI64>, Clock) {
        let (time, count) = (Arc::new(AtomicI64::new(1_000_000)), Arc::new(AtomicI64::new(0)));
        let (now, counted) = (Arc::clone(&time), Arc::clone(&count));
        let clock = Clock::from_fns(
            move || Timestamp(now.load(Ordering::SeqCst)),
            move || Duration::from_millis(u64::try_from(counted.load(Ordering::SeqCst)).unwrap()),
        );
        (time, count, clock)
    }

    #[test]
    fn a_clock_that_was_set_back_while_nobody_counted_gives_no_more_than_was_left() {
        let (_, count, clock) = clocks();
        // A minute was left when it was looked at last, an hour in the future by what the clock says now.
        let last = Timestamp(1_000_000 + 3_600_000);
        let end = clock.end_since(last.after(Duration::from_secs(60)), last);
        count.store(59_999, Ordering::SeqCst);
        assert!(clock.now_by(end) < end.at());
        count.store(60_000, Ordering::SeqCst);
        assert_eq!(clock.now_by(end), end.at());
        // Looked at in the past, as it should be, nothing differs.
        let at = Timestamp(1_600_000);
        assert_eq!(clock.end_since(at, Timestamp(0)), clock.end(at));
    }

    #[test]
    fn an_end_that_is_put_off_after_the_clock_was_set_back_is_put_off_by_no_more() {
        let (time, count, clock) = clocks();
        let minute = Duration::from_secs(60);
        let end = clock.end(clock.now().after(minute));
        time.fetch_sub(86_400_000, Ordering::SeqCst);
        let later = clock.end_after(end, end.at().after(minute));
        count.store(119_999, Ordering::SeqCst);
        assert!(clock.now_by(later) < later.at());
        count.store(120_000, Ordering::SeqCst);
        assert_eq!(clock.now_by(later), later.at());
        // One that is counted from now on has its whole time.
        let fresh = clock.end_after(end, clock.now().after(minute));
        assert_eq!(fresh, clock.end(fresh.at()));
    }

    #[test]
    fn a_clock_that_is_set_back_is_told_from_one_that_drifts() {
        let (time, count, clock) = clocks();
        let before = clock.reading();
        time.fetch_add(8_500, Ordering::SeqCst);
        count.fetch_add(10_000, Ordering::SeqCst);
        assert!(!before.was_set_back_by(&clock.reading()));
        time.fetch_sub(1_000, Ordering::SeqCst);
        assert!(before.was_set_back_by(&clock.reading()));
        time.fetch_add(86_400_000, Ordering::SeqCst);
        assert!(!before.was_set_back_by(&clock.reading()), "forward is believed");
    }

    #[test]
    fn the_machines_own_count_goes_on() {
        let before = counted();
        assert!(counted() >= before && before > Duration::ZERO);
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
