//! Which holds have a notification on screen, and what has to change about that. Pure: the caller shows and
//! closes. A notification a person put away does not come back for the same hold.

use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet};

/// One thing to do at the notification service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Show it, in place of an earlier one for the same hold.
    Show(Notice),
    /// The hold ended elsewhere.
    Close { hold: String },
}

/// See the module.
#[derive(Debug, Default)]
pub struct Ringing {
    shown: BTreeMap<String, Notice>,
    put_away: BTreeSet<String>,
}

impl Ringing {
    /// What has to be done so that exactly the waiting calls are on screen.
    pub fn follow(&mut self, waiting: Vec<Notice>) -> Vec<Step> {
        let open: BTreeSet<String> = waiting.iter().map(|notice| notice.hold.clone()).collect();
        self.put_away.retain(|hold| open.contains(hold));
        let ended: Vec<String> = self.shown.keys().filter(|hold| !open.contains(*hold)).cloned().collect();
        self.shown.retain(|hold, _| open.contains(hold));
        let mut steps: Vec<Step> = ended.into_iter().map(|hold| Step::Close { hold }).collect();
        for notice in waiting {
            let unchanged = self.shown.get(&notice.hold) == Some(&notice);
            if !unchanged && !self.put_away.contains(&notice.hold) {
                self.shown.insert(notice.hold.clone(), notice.clone());
                steps.push(Step::Show(notice));
            }
        }
        steps
    }

    /// The same while nobody can be at the screen: what ended is taken away, and what is new waits until somebody is back.
    pub fn follow_unseen(&mut self, waiting: &[Notice]) -> Vec<Step> {
        let known = waiting.iter().filter_map(|notice| self.shown.get(&notice.hold)).cloned().collect();
        let away = std::mem::take(&mut self.put_away);
        let steps = self.follow(known);
        // Put away is put away, whoever was there meanwhile.
        self.put_away =
            away.into_iter().filter(|hold| waiting.iter().any(|notice| notice.hold == *hold)).collect();
        steps
    }

    /// It could not be shown; the next look tries again.
    pub fn not_shown(&mut self, hold: &str) {
        self.shown.remove(hold);
    }

    /// A person answered it or closed it.
    pub fn put_away(&mut self, hold: &str) {
        self.shown.remove(hold);
        self.put_away.insert(hold.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(hold: &str, body: &str) -> Notice {
        Notice {
            hold: hold.into(),
            digest: "d".into(),
            title: "t".into(),
            body: body.into(),
            buttons: Vec::new(),
        }
    }

    #[test]
    fn a_new_hold_rings_once() {
        let mut ringing = Ringing::default();
        assert_eq!(ringing.follow(vec![notice("h-1", "a")]), [Step::Show(notice("h-1", "a"))]);
        assert_eq!(ringing.follow(vec![notice("h-1", "a")]), []);
    }

    #[test]
    fn a_hold_that_changed_is_shown_again_in_its_place() {
        let mut ringing = Ringing::default();
        ringing.follow(vec![notice("h-1", "a")]);
        assert_eq!(ringing.follow(vec![notice("h-1", "b")]), [Step::Show(notice("h-1", "b"))]);
    }

    #[test]
    fn a_hold_that_ended_elsewhere_is_closed() {
        let mut ringing = Ringing::default();
        ringing.follow(vec![notice("h-1", "a"), notice("h-2", "a")]);
        assert_eq!(ringing.follow(vec![notice("h-2", "a")]), [Step::Close { hold: "h-1".into() }]);
        assert_eq!(ringing.follow(vec![notice("h-2", "a")]), []);
    }

    #[test]
    fn behind_a_locked_screen_nothing_new_rings_and_all_of_it_does_on_return() {
        let mut ringing = Ringing::default();
        ringing.follow(vec![notice("h-1", "a"), notice("h-2", "a")]);
        ringing.put_away("h-2");
        let waiting = [notice("h-1", "b"), notice("h-2", "a"), notice("h-3", "a")];
        assert_eq!(ringing.follow_unseen(&waiting), []);
        assert_eq!(
            ringing.follow(waiting.to_vec()),
            [Step::Show(notice("h-1", "b")), Step::Show(notice("h-3", "a"))]
        );
        assert_eq!(ringing.follow_unseen(&[]).len(), 2, "what ended meanwhile is taken away");
    }

    #[test]
    fn what_could_not_be_shown_is_tried_again() {
        let mut ringing = Ringing::default();
        ringing.follow(vec![notice("h-1", "a")]);
        ringing.not_shown("h-1");
        assert_eq!(ringing.follow(vec![notice("h-1", "a")]), [Step::Show(notice("h-1", "a"))]);
    }

    #[test]
    fn what_a_person_put_away_stays_away() {
        let mut ringing = Ringing::default();
        ringing.follow(vec![notice("h-1", "a")]);
        ringing.put_away("h-1");
        assert_eq!(ringing.follow(vec![notice("h-1", "b")]), []);
        assert_eq!(ringing.follow(Vec::new()), []);
        assert_eq!(
            ringing.follow(vec![notice("h-1", "c")]).len(),
            1,
            "ended and opened again, it is a new matter"
        );
    }
}
