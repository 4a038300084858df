//! What the entries say of the lists beside them, as sums of keyed hashes: they come in any order, from any thread, and a
//! long journal needs neither memory nor look-ups. `sides` sums up the lists in the same way.

use crate::accepted::ACCEPTED;
use crate::chain::Head;
use crate::entry::{HOLD_OPENED, REFUSED, TURNED_AWAY};
use crate::grants::{GRANT_MADE, GRANT_REVOKED, GRANT_USED};
use crate::pins::PINNED;
use crate::release::{COMPLETED, RELEASED};
use crate::retain::CUT;
use crate::seal::KeyId;
use crate::set::CONFIRMED;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

/// Chosen anew for each look, so that nobody can choose what adds up to the same.
#[derive(Clone)]
pub(crate) struct SumKeys(RandomState, RandomState);

impl SumKeys {
    pub(crate) fn new() -> SumKeys {
        SumKeys(RandomState::new(), RandomState::new())
    }
}

/// The same for the same things, in whatever order, each as often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum(u128);

impl Sum {
    pub(crate) fn add(&mut self, keys: &SumKeys, what: &impl std::hash::Hash) {
        self.add_times(keys, what, 1);
    }

    pub(crate) fn add_times(&mut self, keys: &SumKeys, what: &impl std::hash::Hash, times: u64) {
        let half = |keys: &RandomState| u128::from(keys.hash_one(what));
        let one = (half(&keys.0) << 64) | half(&keys.1);
        self.0 = self.0.wrapping_add(one.wrapping_mul(u128::from(times)));
    }

    fn join(&mut self, other: Sum) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

/// An entry of a kind of which the newest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Newest {
    pub(crate) seq: u64,
    pub(crate) key: KeyId,
}

/// Over all entries.
#[derive(Default)]
pub(crate) struct Sums {
    /// Releases with their holds.
    pub(crate) released: Sum,
    /// Releases of calls that no policy held, with their entries.
    pub(crate) let_go: Sum,
    /// Releases with their completions' entries.
    pub(crate) completed: Sum,
    /// Entries that begin a call, with their holds.
    pub(crate) calls: Sum,
    /// Entries that pin a tool.
    pub(crate) pinned: Sum,
    /// Entries that say a tool was accepted with another definition: few.
    pub(crate) accepted: Vec<u64>,
    /// Entries that made or revoked a grant, with their holds.
    pub(crate) grants: Sum,
    /// The holds of grants, as often as these were used.
    pub(crate) used: Sum,
    pub(crate) set: Option<Newest>,
    pub(crate) cut: Option<Newest>,
    /// The first entry of each root key.
    pub(crate) sealed: BTreeMap<KeyId, u64>,
}

impl Sums {
    pub(crate) fn entry(
        &mut self,
        keys: &SumKeys,
        seq: u64,
        kind: &str,
        hold: Option<&str>,
        release: Option<&str>,
        key: &KeyId,
    ) {
        let newest = Some(Newest { seq, key: *key });
        match kind {
            RELEASED => {
                self.released.add(keys, &(release, hold));
                if hold.is_none() {
                    self.let_go.add(keys, &(release, seq));
                    self.calls.add(keys, &(seq, hold));
                }
            }
            COMPLETED => self.completed.add(keys, &(release, seq)),
            REFUSED | TURNED_AWAY | HOLD_OPENED => self.calls.add(keys, &(seq, hold)),
            PINNED => self.pinned.add(keys, &seq),
            ACCEPTED => self.accepted.push(seq),
            GRANT_MADE | GRANT_REVOKED => self.grants.add(keys, &(seq, hold)),
            GRANT_USED => self.used.add(keys, &hold),
            CONFIRMED => self.set = self.set.max(newest),
            CUT => self.cut = self.cut.max(newest),
            _ => {}
        }
        match self.sealed.get_mut(key) {
            Some(first) => *first = seq.min(*first),
            None => drop(self.sealed.insert(*key, seq)),
        }
    }

    pub(crate) fn join(&mut self, other: &Sums) {
        self.released.join(other.released);
        self.let_go.join(other.let_go);
        self.completed.join(other.completed);
        self.calls.join(other.calls);
        self.pinned.join(other.pinned);
        self.accepted.extend_from_slice(&other.accepted);
        self.grants.join(other.grants);
        self.used.join(other.used);
        self.set = self.set.max(other.set);
        self.cut = self.cut.max(other.cut);
        for (key, seq) in &other.sealed {
            let first = self.sealed.entry(*key).or_insert(*seq);
            *first = (*seq).min(*first);
        }
    }
}

/// Where the chain begins and whose it is: what the lists are looked at with.
pub(crate) struct Chain {
    pub(crate) keys: SumKeys,
    pub(crate) start: Head,
    /// The first entry that this home's root key can have sealed; what is bound to older ones cannot be checked here.
    pub(crate) mine: u64,
}
