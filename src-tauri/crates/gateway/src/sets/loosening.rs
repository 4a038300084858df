//! Which changes of the set are free, and which need proof. The free ones are a fixed list; everything else needs it.
//!
//! Free: a new policy that is no `allow`; off → enforce and observe → enforce of one that is none; the removal of an
//! `allow` or of an agent. An agent's first program, and how long it is kept waiting, are Doorward's own notes beside
//! these, and free as well: they let nothing through. Pure: texts in, reasons out.

use super::Bundle;
use super::bundle::{AGENTS, PEOPLE, UPSTREAMS};
use crate::home::{AgentBook, AgentRow, UpstreamBook};
use std::fmt;
use std::path::PathBuf;
use toml_edit::DocumentMut;

/// Why a change needs proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No set that could be trusted was in force before.
    NothingInForce,
    /// It lets calls go.
    Allows(String),
    Removed(String),
    Changed(String),
    Added(String),
    /// With the user it acts for, and the programs that may call as it.
    AgentAdded(String, String),
    /// With what is changed of it.
    AgentChanged(String, String),
    /// With what it reaches, and what it is given.
    UpstreamAdded(String, String),
    /// With what is changed of it.
    UpstreamChanged(String, String),
    UpstreamRemoved(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NothingInForce => f.write_str("no trusted set was in force before it"),
            Reason::Allows(path) => write!(f, "`{path}` lets calls go"),
            Reason::Removed(path) => write!(f, "`{path}` is removed"),
            Reason::Changed(path) => write!(f, "`{path}` is changed"),
            Reason::Added(path) => write!(f, "`{path}` is new"),
            Reason::AgentAdded(name, what) => write!(f, "the agent `{name}` is new, and {what}"),
            Reason::AgentChanged(name, what) => write!(f, "the agent `{name}` is changed: {what}"),
            Reason::UpstreamAdded(name, reached) => write!(f, "the upstream `{name}` is new: {reached}"),
            Reason::UpstreamChanged(name, what) => write!(f, "the upstream `{name}` is changed: {what}"),
            Reason::UpstreamRemoved(name) => write!(f, "the upstream `{name}` is removed"),
        }
    }
}

/// Empty for a free change.
#[must_use]
pub fn needs_proof(before: &Bundle, after: &Bundle) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for change in before.documents.diff(&after.documents) {
        let is_policy = !change.path.contains('/') && change.path != "set.toml";
        reasons.extend(match (&change.before, &change.after) {
            (None, Some(text)) if is_policy => match allows(text) {
                Some(false) => None,
                Some(true) | None => Some(Reason::Allows(change.path)),
            },
            (Some(text), None) if is_policy && allows(text) == Some(true) => None,
            (Some(old), Some(new)) if is_policy && is_put_in_force(old, new) => None,
            (None, _) => Some(Reason::Added(change.path)),
            (Some(_), None) => Some(Reason::Removed(change.path)),
            (Some(_), Some(_)) => Some(Reason::Changed(change.path)),
        });
    }
    if before.people != after.people {
        reasons.push(Reason::Changed(PEOPLE.to_owned()));
    }
    reasons.extend(upstreams(&before.upstreams, &after.upstreams));
    reasons.extend(agents(&before.agents, &after.agents));
    reasons
}

fn read(text: &str) -> Option<DocumentMut> {
    text.parse().ok()
}

/// Whether a policy is an `allow`; none where that cannot be read.
fn allows(text: &str) -> Option<bool> {
    Some(read(text)?.get("action")?.get("kind")?.as_str()? == "allow")
}

/// Nothing but the mode differs, it is `enforce` now, and the policy restricts.
fn is_put_in_force(old: &str, new: &str) -> bool {
    let (Some(mut before), Some(mut after)) = (read(old), read(new)) else { return false };
    let mode = |document: &DocumentMut| {
        document.get("mode").map_or(Some("enforce".to_owned()), |mode| mode.as_str().map(str::to_owned))
    };
    let modes = (mode(&before), mode(&after));
    before.remove("mode");
    after.remove("mode");
    matches!(modes, (Some(_), Some(now)) if now == "enforce")
        && before.to_string() == after.to_string()
        && allows(new) == Some(false)
}

/// None of it is free; what is changed is named where it can be read.
fn upstreams(old: &str, new: &str) -> Vec<Reason> {
    if old == new {
        return Vec::new();
    }
    let book = |text: &str| UpstreamBook::parse(PathBuf::from(UPSTREAMS), text);
    let (Ok(before), Ok(after)) = (book(old), book(new)) else {
        return vec![Reason::Changed(UPSTREAMS.to_owned())];
    };
    let mut reasons = Vec::new();
    for now in after.list() {
        let name = now.name.to_string();
        match before.get(&name) {
            None => reasons.push(Reason::UpstreamAdded(name, changed::new_upstream(now))),
            Some(known) if known != now => {
                reasons.push(Reason::UpstreamChanged(name, changed::upstream(known, now)));
            }
            Some(_) => {}
        }
    }
    let gone = before.list().iter().filter(|known| after.get(known.name.as_str()).is_none());
    reasons.extend(gone.map(|known| Reason::UpstreamRemoved(known.name.to_string())));
    if reasons.is_empty() {
        reasons.push(Reason::Changed(UPSTREAMS.to_owned()));
    }
    reasons
}

fn agents(old: &str, new: &str) -> Vec<Reason> {
    if old == new {
        return Vec::new();
    }
    let book = |text: &str| AgentBook::parse(PathBuf::from(AGENTS), text);
    let (Ok(before), Ok(after)) = (book(old), book(new)) else {
        return vec![Reason::Changed(AGENTS.to_owned())];
    };
    let mut reasons = Vec::new();
    for agent in after.list() {
        match before.list().iter().find(|known| known.name == agent.name) {
            None => reasons.push(Reason::AgentAdded(agent.name.to_string(), changed::new_agent(agent))),
            Some(known) if !is_same(known, agent) => {
                reasons.push(Reason::AgentChanged(agent.name.to_string(), changed::agent(known, agent)));
            }
            Some(_) => {}
        }
    }
    reasons
}

fn is_same(known: &AgentRow, now: &AgentRow) -> bool {
    let is_first_program = known.programs.is_empty() && now.programs.len() <= 1;
    let programs = known.programs == now.programs || is_first_program;
    let mut known = known.clone();
    known.programs.clone_from(&now.programs);
    known.wait_limit = now.wait_limit;
    programs && known == *now
}

mod changed;
#[cfg(test)]
mod tests;
