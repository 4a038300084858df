//! A home with everything in it that is read before anything runs: keys, journal, set, passkeys, desk, books.
//!
//! The engine is made of it once its port and socket are there. Blocks on the disk and the keychain.

use crate::books;
use crate::card::ToolWords;
use crate::ceremony::Proofs;
use crate::clock::Clock;
use crate::desk::Desk;
use crate::engine::ChangePolicy;
use crate::history::KeptHistory;
use crate::home::{AgentBook, Home, KeychainKind, UpstreamBook};
use crate::judging;
use crate::keychain::{self, Keychain};
use crate::pausing::Pausing;
use crate::reset::Reset;
use crate::secrets::Supply;
use crate::sets::{self, Sets};
use crate::start_error::StartError;
use journal::{Entry, Journal};
use policy::Value;
use std::path::Path;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Everything of a home that is read before anything runs.
pub(crate) struct Opened {
    pub(crate) home: Home,
    pub(crate) desk: Arc<Desk>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) sets: Sets,
    pub(crate) supply: Supply,
    pub(crate) proofs: Proofs,
    pub(crate) reset: Reset,
    pub(crate) kept: KeptHistory,
    pub(crate) keychain: Arc<dyn Keychain>,
    pub(crate) agents: AgentBook,
    pub(crate) upstreams: UpstreamBook,
    pub(crate) pausing: Pausing,
    pub(crate) tasks: TaskTracker,
}

impl Opened {
    pub(crate) fn open(
        dir: &Path,
        on_change: ChangePolicy,
        clock: Clock,
        keychain: Option<Arc<dyn Keychain>>,
    ) -> Result<Opened, StartError> {
        let home = Home::open(dir)?;
        let keychain = keychain.unwrap_or_else(|| keychain::open(home.settings().keychain));
        let root = home.root_key(&*keychain)?;
        let journal_clock = clock.clone();
        let id = home.settings().id.as_str();
        let noted = sets::noted_format(&*keychain, id)?;
        let now = move || journal_clock.now();
        let journal = Arc::new(Journal::open_of_format(&home.journal_path(), &root, noted, now)?);
        journal.record(Entry::Started { version: env!("CARGO_PKG_VERSION").to_owned() })?;
        let take = on_change == ChangePolicy::TakeAtStart || home.settings().keychain == KeychainKind::Memory;
        let known = (Arc::clone(&keychain), id);
        let reset = Reset::open(Arc::clone(&keychain), (&root, id))?;
        let kept = KeptHistory::open(Arc::clone(&keychain), (&root, id))?;
        let proofs = Proofs::open(&home, &root, Arc::clone(&keychain), sets::is_signed(&journal)?)?;
        if take && proofs.passkeys().roster().is_ok_and(|roster| roster.is_empty()) {
            // As with every other file.
            let asked = home.settings().journal;
            kept.confirm(asked.keep_days, asked.keep_mb)?;
        }
        let sets = Sets::open(Arc::clone(&journal), home.paths().clone(), known, proofs.signers(), take)?;
        let words_of = |call: &policy::ToolCall| {
            let pinned = journal.pin(call.upstream.as_str(), call.tool.as_str()).ok().flatten();
            let definition = pinned.and_then(|pin| Value::parse(pin.definition.as_bytes()).ok());
            definition.map(|definition| ToolWords::of(&definition)).unwrap_or_default()
        };
        let supply = Supply::new(Arc::clone(&keychain), &home.settings().id, Some(Arc::clone(&journal)));
        supply.withhold(sets.current().problem.is_some());
        let tasks = TaskTracker::new();
        let desk = Arc::new(Desk::open(Arc::clone(&journal), clock, words_of, tasks.clone())?);
        // What is in force may be newer than what holds were judged by, and people may be others.
        let current = sets.current();
        if current.problem.is_none() {
            desk.rejudge(|held| judging::judge_again(&current.set, held));
            desk.follow_people(&current.people);
        }
        let (agents, upstreams) = books::in_force(&home, &sets.current())?;
        let pausing = Pausing::of(&journal)?;
        Ok(Opened {
            agents,
            upstreams,
            home,
            pausing,
            desk,
            journal,
            sets,
            proofs,
            reset,
            kept,
            keychain,
            supply,
            tasks,
        })
    }
}
