//! How often one agent calls: what `context.calls_last_minute` and its like are taken from. Kept in memory, so it
//! begins anew with each start; at most the newest [`MOST`] calls of an hour count.

use policy::Timestamp;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

const MOST: usize = 10_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// The calls of one agent in the last hour, oldest first, each with a keyed hash of its tool. The sums are kept beside
/// them, so that counting takes no longer for an agent that calls much.
#[derive(Default)]
pub(crate) struct Pace {
    calls: VecDeque<(Timestamp, u64)>,
    /// How many of them, from the front, are older than a minute.
    older: usize,
    tools: HashMap<u64, Sums>,
    key: RandomState,
}

/// The calls of one tool.
#[derive(Clone, Copy, Default)]
struct Sums {
    hour: u32,
    minute: u32,
}

/// How many calls came before one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) last_minute: u32,
    pub(crate) last_hour: u32,
    pub(crate) of_tool_last_minute: u32,
    pub(crate) of_tool_last_hour: u32,
}

impl Pace {
    /// Counts a call of `upstream/tool` and says how many came before it.
    pub(crate) fn count(&mut self, upstream: &str, tool: &str, now: Timestamp) -> Counts {
        while self.calls.get(self.older).is_some_and(|(at, _)| at.0 <= now.0 - MINUTE) {
            self.age();
        }
        while self.calls.front().is_some_and(|(at, _)| at.0 <= now.0 - HOUR) {
            self.forget();
        }
        let hash = self.key.hash_one((upstream, tool));
        let before = self.tools.get(&hash).copied().unwrap_or_default();
        let counts = Counts {
            last_minute: number(self.calls.len() - self.older),
            last_hour: number(self.calls.len()),
            of_tool_last_minute: before.minute,
            of_tool_last_hour: before.hour,
        };
        if self.calls.len() == MOST {
            self.forget();
        }
        let sums = self.tools.entry(hash).or_default();
        *sums = Sums { hour: sums.hour + 1, minute: sums.minute + 1 };
        self.calls.push_back((now, hash));
        counts
    }

    /// The oldest call of the last minute is none of it any more.
    fn age(&mut self) {
        if let Some(sums) = self.calls.get(self.older).and_then(|(_, tool)| self.tools.get_mut(tool)) {
            sums.minute = sums.minute.saturating_sub(1);
        }
        self.older += 1;
    }

    /// The oldest call of all goes.
    fn forget(&mut self) {
        if self.older == 0 {
            self.age();
        }
        let Some((_, tool)) = self.calls.pop_front() else { return };
        self.older = self.older.saturating_sub(1);
        if let Entry::Occupied(mut sums) = self.tools.entry(tool) {
            sums.get_mut().hour = sums.get().hour.saturating_sub(1);
            if sums.get().hour == 0 {
                sums.remove();
            }
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pace: &mut Pace, tool: &str, now: i64) -> [u32; 4] {
        let counts = pace.count("files", tool, Timestamp(now));
        [counts.last_minute, counts.last_hour, counts.of_tool_last_minute, counts.of_tool_last_hour]
    }

    #[test]
    fn calls_are_counted_by_minute_and_hour_and_by_tool() {
        let mut pace = Pace::default();
        assert_eq!(counts(&mut pace, "read", 0), [0, 0, 0, 0]);
        assert_eq!(counts(&mut pace, "write", 1_000), [1, 1, 0, 0]);
        assert_eq!(counts(&mut pace, "read", 59_999), [2, 2, 1, 1]);
        // A call a whole minute ago is not of the last minute any more.
        assert_eq!(counts(&mut pace, "read", 60_000), [2, 3, 1, 2]);
        assert_eq!(counts(&mut pace, "write", HOUR), [0, 3, 0, 1]);
        assert_eq!(counts(&mut pace, "write", 3 * HOUR), [0, 0, 0, 0]);
        assert_eq!(pace.count("other", "write", Timestamp(3 * HOUR)).of_tool_last_hour, 0);
    }

    #[test]
    fn a_flood_keeps_counting_its_newest_calls() {
        let mut pace = Pace::default();
        for at in 0..12_000_i64 {
            pace.count("files", "read", Timestamp(at));
        }
        assert_eq!(pace.calls.len(), MOST);
        assert_eq!(counts(&mut pace, "read", 12_000), [10_000; 4]);
        assert_eq!(counts(&mut pace, "read", 12_000 + MINUTE), [0, 10_000, 0, 10_000]);
    }
}
