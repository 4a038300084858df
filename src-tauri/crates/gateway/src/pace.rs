//! How often one agent calls: what `context.calls_last_minute` and its like are taken from. Kept in memory, so it
//! begins anew with each start; at most the newest [`MOST`] calls of an hour count.

use policy::Timestamp;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

const MOST: usize = 10_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// The calls of one agent in the last hour, oldest first, each with a keyed hash of its tool.
#[derive(Default)]
pub(crate) struct Pace {
    calls: VecDeque<(Timestamp, u64)>,
    key: RandomState,
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
        while self.calls.front().is_some_and(|(at, _)| at.0 <= now.0 - HOUR) {
            self.calls.pop_front();
        }
        let hash = self.key.hash_one((upstream, tool));
        let mut counts = Counts { last_hour: number(self.calls.len()), ..Counts::default() };
        for (at, of) in &self.calls {
            let (recent, same) = (at.0 > now.0 - MINUTE, *of == hash);
            counts.last_minute += u32::from(recent);
            counts.of_tool_last_hour += u32::from(same);
            counts.of_tool_last_minute += u32::from(recent && same);
        }
        if self.calls.len() == MOST {
            self.calls.pop_front();
        }
        self.calls.push_back((now, hash));
        counts
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
