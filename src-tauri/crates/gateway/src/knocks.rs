//! Requests that nobody may make here, and answers that nobody gave, in the journal: the first of each kind at once, and then at most one entry in
//! ten minutes, with how many came. So a flood of them fills no disk.

use crate::engine::Engine;
use journal::Entry;
use policy::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(10 * 60);
/// What agents look for before they have a token, by their protocol.
const LOOKED_FOR: &str = "/.well-known/";

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Knock {
    /// A token that is none of ours, or none.
    Token,
    /// A path that is nothing here.
    Path,
    /// From a web page, under another name, or by another user.
    Place,
    /// No request, but an answer to a notification that its service did not give.
    Answer,
}

impl Knock {
    /// The alarm, with how many came.
    fn alarm(self, count: u64) -> Entry {
        let how = match self {
            Knock::Token => "without a token that is known here",
            Knock::Path => "for something that is not here",
            Knock::Place => "from a web page, under another name, or by another user",
            Knock::Answer => {
                let said = "another program than the notification service answered a notification, and was not believed";
                return Entry::Alarm { code: "forged_answer".to_owned(), said: said.to_owned() };
            }
        };
        let requests = if count == 1 { "a request was".to_owned() } else { format!("{count} requests were") };
        let said = format!("{requests} refused at the agents' port or the home's socket: {how}");
        Entry::Alarm { code: "door_refused".to_owned(), said }
    }
}

/// When each kind was last recorded, and how many came since.
#[derive(Default)]
pub(crate) struct Knocks(Mutex<BTreeMap<Knock, (Timestamp, u64)>>);

impl Knocks {
    /// How many to record now; none while it is quiet time.
    fn count(&self, knock: Knock, now: Timestamp) -> Option<u64> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get_mut(&knock) {
            // A clock that was put back ends the quiet time: nothing is hidden that way.
            Some((last, more)) if *last <= now && now < last.after(QUIET) => {
                *more = more.saturating_add(1);
                None
            }
            known => {
                let more = known.map_or(0, |(_, more)| *more);
                seen.insert(knock, (now, 0));
                Some(more.saturating_add(1))
            }
        }
    }
}

impl Engine {
    /// Records it beside the request, which does not wait for the disk.
    pub(crate) fn knocked(self: &Arc<Self>, knock: Knock, path: &str) {
        if path.starts_with(LOOKED_FOR) {
            return;
        }
        self.record(knock);
    }

    /// Records that somebody on the session's bus answered a notification in its service's place.
    pub fn note_forged_answer(self: &Arc<Self>) {
        self.record(Knock::Answer);
    }

    fn record(self: &Arc<Self>, knock: Knock) {
        let Some(count) = self.knocks.count(knock, self.desk().clock().now()) else { return };
        let engine = Arc::clone(self);
        self.tasks().spawn_blocking(move || engine.note(knock.alarm(count)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_kind_is_recorded_at_once_and_the_others_are_counted() {
        let knocks = Knocks::default();
        let at = |seconds: i64| Timestamp(seconds * 1000);
        assert_eq!(knocks.count(Knock::Token, at(0)), Some(1));
        assert_eq!(knocks.count(Knock::Token, at(1)), None);
        assert_eq!(knocks.count(Knock::Path, at(1)), Some(1), "another kind");
        assert_eq!(knocks.count(Knock::Token, at(599)), None);
        assert_eq!(knocks.count(Knock::Token, at(600)), Some(3), "those that came meanwhile too");
        assert_eq!(knocks.count(Knock::Token, at(500)), Some(1), "a clock that is set back hides nothing");
    }
}
