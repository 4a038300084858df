//! Which notifications are on screen, and what has to change about that. Pure: the caller shows and closes.
//!
//! A call has a notification of its own; an agent of which more than a few wait has one for all of them. What a
//! person put away stays away, until its time is nearly over: then it rings once more, once for each deadline.

use crate::notice::{Notice, burst_key};
use std::collections::{BTreeMap, BTreeSet};

/// An agent with more calls than this on screen gets one notification for all of them; with one left it is
/// that call's own again.
const SINGLE: usize = 3;

/// One thing to do at the notification service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Show it, in place of an earlier one under the same key.
    Show(Notice),
    /// What it was about ended elsewhere, or is part of a burst, or has to come up anew.
    Close { key: String },
}

/// See the module.
#[derive(Debug, Default)]
pub struct Ringing {
    shown: BTreeMap<String, Notice>,
    /// Holds.
    put_away: BTreeSet<String>,
    /// Holds, each with the deadline that it was reminded of.
    reminded: BTreeMap<String, i64>,
}

impl Ringing {
    /// What has to be done so that exactly the waiting calls are on screen; `gather` makes one notice of many of
    /// an agent. The notices are of one hold each.
    pub fn follow(&mut self, waiting: Vec<Notice>, gather: impl Fn(&str, &[Notice]) -> Notice) -> Vec<Step> {
        let open: BTreeSet<&String> = waiting.iter().map(|notice| &notice.key).collect();
        self.put_away.retain(|hold| open.contains(hold));
        self.reminded.retain(|hold, _| open.contains(hold));
        for notice in waiting.iter().filter(|notice| notice.reminds) {
            let reminded_of = self.reminded.insert(notice.key.clone(), notice.deadline);
            if reminded_of != Some(notice.deadline) {
                self.put_away.remove(&notice.key);
            }
        }
        let wanted = self.wanted(waiting, gather);
        let keys: BTreeSet<&String> = wanted.iter().map(|notice| &notice.key).collect();
        let ended: Vec<String> = self.shown.keys().filter(|key| !keys.contains(key)).cloned().collect();
        let mut steps = Vec::new();
        for key in ended {
            self.shown.remove(&key);
            steps.push(Step::Close { key });
        }
        for notice in wanted {
            let before = self.shown.insert(notice.key.clone(), notice.clone());
            if before.as_ref() == Some(&notice) {
                continue;
            }
            // Replaced in its place it might not be noticed.
            if before.is_some_and(|before| notice.reminds && !before.reminds) {
                steps.push(Step::Close { key: notice.key.clone() });
            }
            steps.push(Step::Show(notice));
        }
        steps
    }

    /// What should be on screen: in the order of the waiting calls, an agent's burst at the place of its first one.
    fn wanted(&self, waiting: Vec<Notice>, gather: impl Fn(&str, &[Notice]) -> Notice) -> Vec<Notice> {
        let mut agents: Vec<(String, Vec<Notice>)> = Vec::new();
        for notice in waiting.into_iter().filter(|notice| !self.put_away.contains(&notice.key)) {
            match agents.iter_mut().find(|(agent, _)| *agent == notice.agent) {
                Some((_, notices)) => notices.push(notice),
                None => agents.push((notice.agent.clone(), vec![notice])),
            }
        }
        let mut wanted = Vec::new();
        for (agent, notices) in agents {
            // A burst that shrinks stays one: three new notifications in its place would be a burst of their own.
            let is_gathered = self.shown.contains_key(&burst_key(&agent));
            if notices.len() > if is_gathered { 1 } else { SINGLE } {
                wanted.push(gather(&agent, &notices));
            } else {
                wanted.extend(notices);
            }
        }
        wanted
    }

    /// The keys of all that is on screen; nothing is, from now on.
    pub fn end(&mut self) -> Vec<String> {
        std::mem::take(&mut self.shown).into_keys().collect()
    }

    /// The same while nobody can be at the screen: what ended is taken away, and what is new waits until somebody is
    /// back.
    pub fn follow_unseen(&mut self, waiting: &[Notice]) -> Vec<Step> {
        let open: BTreeSet<&String> = waiting.iter().map(|notice| &notice.key).collect();
        self.put_away.retain(|hold| open.contains(hold));
        let is_over = |notice: &Notice| !notice.holds.iter().any(|hold| open.contains(hold));
        let ended: Vec<String> =
            self.shown.values().filter(|notice| is_over(notice)).map(|notice| notice.key.clone()).collect();
        self.shown.retain(|key, _| !ended.contains(key));
        ended.into_iter().map(|key| Step::Close { key }).collect()
    }

    /// It could not be shown; the next look tries again.
    pub fn not_shown(&mut self, key: &str) {
        self.shown.remove(key);
    }

    /// A person answered it or closed it.
    pub fn put_away(&mut self, notice: &Notice) {
        // By now it may stand for more calls than the person saw; those ring on.
        self.shown.remove(&notice.key);
        self.put_away.extend(notice.holds.iter().cloned());
    }
}

#[cfg(test)]
#[path = "ringing_tests.rs"]
mod tests;
