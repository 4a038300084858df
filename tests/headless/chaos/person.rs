//! The two people of the chaos test: what they see, what they say to it, and what they saw confirmed.

use super::super::apart::Apart;
use super::super::support::browser::{Page, SoftPasskey};
use super::super::support::journal::Line;
use super::{Dice, lane_of, number_of};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are somebody's word on a hold.
const WORDS: [&str; 3] = ["vote_cast", "presence_proven", "deadline_extended"];

/// What was typed and not answered yet.
struct Said {
    hold: String,
    number: usize,
    is_edit: bool,
}

/// See the module.
pub(super) struct Person {
    keys: [SoftPasskey; 2],
    /// The holds that are open, by their call's number.
    pub(super) open: BTreeMap<usize, Value>,
    /// The hold of each call that was approved; another hold of the same call is rejected.
    pub(super) approved: BTreeMap<usize, String>,
    /// Calls that were approved with changes, as far as that was confirmed.
    pub(super) edited: BTreeSet<usize>,
    /// By the number it was typed under, in this run of the gateway.
    said: BTreeMap<u64, Said>,
    /// How many words on each hold were confirmed.
    confirmed: BTreeMap<String, usize>,
    tried: BTreeSet<(String, &'static str)>,
}

impl Person {
    pub(super) fn new(keys: [SoftPasskey; 2]) -> Person {
        Person {
            keys,
            open: BTreeMap::new(),
            approved: BTreeMap::new(),
            edited: BTreeSet::new(),
            said: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            tried: BTreeSet::new(),
        }
    }

    pub(super) fn confirmed(&self) -> usize {
        self.confirmed.values().sum()
    }

    fn look(&mut self, apart: &mut Apart) {
        let holds = apart.done(json!({ "do": "holds" }));
        let holds = holds.as_array().unwrap().iter();
        self.open = holds.map(|hold| (number_of(&hold["asked"]), hold.clone())).collect();
    }

    /// After a start: what the last run left.
    pub(super) fn looks_back(&mut self, apart: &mut Apart, seen: &mut BTreeMap<String, usize>) {
        self.said.clear();
        self.tried.clear();
        self.look(apart);
        for hold in self.open.values() {
            for state in hold["is"].as_array().unwrap() {
                *seen.entry(state.as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        let unknown = apart.done(json!({ "do": "found_unknown" })).as_u64().unwrap();
        if unknown > 0 {
            *seen.entry("unknown".to_owned()).or_default() += usize::try_from(unknown).unwrap();
        }
    }

    /// Takes what was confirmed by now.
    pub(super) fn hears(&mut self, apart: &Apart) {
        for (id, answer) in apart.answers() {
            let Some(Said { hold, number, is_edit }) = self.said.remove(&id) else { continue };
            if answer.is_ok() {
                *self.confirmed.entry(hold).or_default() += 1;
                if is_edit {
                    self.edited.insert(number);
                }
            }
        }
    }

    /// Says something to about one in `times` of what is open.
    pub(super) async fn decides(&mut self, apart: &mut Apart, dice: &mut Dice, times: usize) {
        self.hears(apart);
        self.look(apart);
        for (number, seen) in self.open.clone() {
            if dice.once_in(times) {
                self.decide(apart, dice, number, &seen).await;
            }
        }
    }

    async fn decide(&mut self, apart: &mut Apart, dice: &mut Dice, number: usize, seen: &Value) {
        let hold = seen["hold"].as_str().unwrap().to_owned();
        let is = |state: &str| seen["is"].as_array().unwrap().iter().any(|known| known == state);
        if is("approved") {
            return;
        }
        let is_first = self.approved.get(&number).is_none_or(|known| *known == hold);
        if !is_first || dice.once_in(8) {
            if self.approved.get(&number) != Some(&hold) {
                self.say(apart, number, &hold, "reject", json!({ "do": "vote", "choice": "reject" }));
            }
            return;
        }
        if dice.once_in(6) {
            self.say(apart, number, &hold, "extend", json!({ "do": "extend" }));
        }
        let lane = lane_of(number);
        let is_half = is("partly voted") || is("waits at its second stage");
        if is("waits for a proof") || (lane == "both" && is("partly voted")) {
            let who = usize::from(!is("waits for a proof"));
            self.prove(apart, number, &hold, who).await;
        } else if lane == "edited" && !is("held with everything") {
            let mut arguments = seen["asked"].clone();
            arguments["note"] = json!("edited");
            self.say(apart, number, &hold, "edit", json!({ "do": "edit", "arguments": arguments }));
        } else if lane == "granted" && !is("held with everything") && dice.once_in(3) {
            self.grant(apart, number, &hold).await;
        } else if !is_half || lane == "stages" {
            let stage = if is("waits at its second stage") { "approve again" } else { "approve" };
            self.say(apart, number, &hold, stage, json!({ "do": "vote", "choice": "approve" }));
        }
    }

    /// Types it, unless it was typed before.
    fn say(&mut self, apart: &mut Apart, number: usize, hold: &str, word: &'static str, mut what: Value) {
        if !self.tried.insert((hold.to_owned(), word)) {
            return;
        }
        if !matches!(word, "reject" | "extend") {
            self.approved.insert(number, hold.to_owned());
        }
        what["hold"] = json!(hold);
        let id = apart.tell(what);
        self.said.insert(id, Said { hold: hold.to_owned(), number, is_edit: word == "edit" });
    }

    /// On the page of the hold.
    async fn prove(&mut self, apart: &mut Apart, number: usize, hold: &str, who: usize) {
        let pages = apart.pages().len();
        if apart.ask(json!({ "do": "prove", "hold": hold })).is_err() {
            return;
        }
        self.approved.insert(number, hold.to_owned());
        let page = Page::at(&apart.page_after(pages)).await;
        // It may be decided by then; the page says so.
        if page.run(None, Some(&mut self.keys[who])).await["kind"] == "done" {
            *self.confirmed.entry(hold.to_owned()).or_default() += 1;
        }
    }

    /// For any customer, so that the next calls of its lane go by it; that is wide enough to ask for the passkey.
    async fn grant(&mut self, apart: &mut Apart, number: usize, hold: &str) {
        let pages = apart.pages().len();
        let grant = json!({ "do": "grant", "hold": hold, "any": ["customer_id"], "minutes": 30, "uses": 3 });
        let id = apart.tell(grant);
        let answered = |apart: &Apart| apart.answers().iter().any(|(answer, _)| *answer == id);
        while apart.pages().len() == pages {
            if answered(apart) {
                return;
            }
            tokio::task::yield_now().await;
        }
        self.approved.insert(number, hold.to_owned());
        self.said.insert(id, Said { hold: hold.to_owned(), number, is_edit: false });
        let page = Page::at(&apart.page_after(pages)).await;
        page.run(None, Some(&mut self.keys[0])).await;
        while !answered(apart) {
            tokio::task::yield_now().await;
        }
    }

    /// Everything that was confirmed is on record.
    #[track_caller]
    pub(super) fn lost_nothing(&self, record: &[Line], seed: u64) {
        for (hold, confirmed) in &self.confirmed {
            let of_hold = record.iter().filter(|line| line.hold.as_ref() == Some(hold));
            let recorded = of_hold.filter(|line| WORDS.contains(&line.kind.as_str())).count();
            assert!(
                recorded >= *confirmed,
                "{hold}: {confirmed} confirmed, {recorded} on record, with seed {seed}"
            );
        }
    }
}
