//! Tools whose definition is not the pinned one any more: their calls wait for the desk's owner, with the difference, until
//! a person accepts it. Accepting pins it, with an entry, and ends the grants that were made for what the tool was. Once a
//! passkey is enrolled it is asked for first; nothing on the agents' port or on the home's socket accepts (I11).

use crate::card::CardReason;
use crate::ceremony::{Agreement, CeremonyError};
use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::pairing;
use crate::readable;
use crate::upstream::Definition;
use crate::visible;
use journal::{Entry, JournalError};
use policy::{Decision, DefinitionHash, Facts, Outcome, PolicySet, UpstreamName, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use stepup::Purpose;

/// Most tools that are remembered; of further ones each call is compared anew.
const MOST: usize = 200;
/// A card shows a difference as far as this, in characters; whoever accepts it sees it as far as that.
const ON_A_CARD: usize = 8_000;
const LONGEST: usize = 100_000;

/// One of them, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTool {
    pub upstream: UpstreamName,
    pub tool: String,
    /// Of the new definition: what is accepted is what was shown.
    pub hash: DefinitionHash,
    /// Line by line, hidden characters marked.
    pub difference: String,
}

impl ChangedTool {
    /// `upstream/tool`, as the upstream writes it.
    #[must_use]
    pub fn written(&self) -> String {
        format!("{}/{}", self.upstream, self.tool)
    }
}

/// Why a definition was not accepted. Nothing changed then.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    #[error("this is not the newest definition of `{0}` that was seen")]
    Stale(String),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error("accepting it was broken off")]
    BrokenOff,
}

#[derive(Default)]
pub(crate) struct ChangedTools(Mutex<BTreeMap<(UpstreamName, String), Change>>);

struct Change {
    before: DefinitionHash,
    hash: DefinitionHash,
    definition: Arc<Value>,
    difference: String,
}

/// Its calls wait for the owner beside whoever else is asked.
pub(crate) fn hold_changed_tool(mut decision: Decision, facts: &Facts, set: &PolicySet) -> Decision {
    if facts.tool.changed.is_none() {
        return decision;
    }
    match &mut decision.outcome {
        Outcome::Denied { .. } => {}
        Outcome::Allowed => pairing::hold_for_owner(&mut decision, set),
        Outcome::Held(requirements) => match pairing::owner_flow(set) {
            Some(owner) if requirements.flows.iter().any(|flow| flow.id == owner.id) => {}
            Some(owner) => {
                requirements.flows.push(owner);
                requirements.flows.sort_by(|one, other| one.id.cmp(&other.id));
            }
            None => decision.outcome = Outcome::Denied { message: None },
        },
    }
    decision
}

impl Engine {
    /// A tool is not as it was pinned: how it differs, as far as a card shows it. Blocks on the disk, and compares.
    pub(crate) fn note_changed_tool(
        &self,
        upstream: &UpstreamName,
        tool: &str,
        definition: &Definition,
    ) -> Result<String, JournalError> {
        let key = (upstream.clone(), tool.to_owned());
        if let Some(known) = self.changed_tools.lock().get(&key).filter(|known| known.hash == definition.hash)
        {
            return Ok(readable::cut(&known.difference, ON_A_CARD));
        }
        let Some(pinned) = self.journal().pin(upstream.as_str(), tool)? else { return Ok(String::new()) };
        if pinned.hash == definition.hash {
            return Ok(String::new());
        }
        let difference = readable::difference(&pinned.definition, &definition.text.to_json());
        let difference = readable::cut(&difference, LONGEST);
        let shown = readable::cut(&difference, ON_A_CARD);
        let (hash, text) = (definition.hash, Arc::clone(&definition.text));
        let change = Change { before: pinned.hash, hash, definition: text, difference };
        let mut changed = self.changed_tools.lock();
        if changed.len() >= MOST && !changed.contains_key(&key) {
            changed.pop_first();
        }
        changed.insert(key, change);
        drop(changed);
        let said = format!("{upstream}/{} is not as it was first seen", visible::marked(tool));
        self.note(Entry::Alarm { code: "tool_changed".to_owned(), said });
        self.desk().send(DeskEvent::Upstreams);
        Ok(shown)
    }

    /// Tools that were called and are not as they were pinned.
    #[must_use]
    pub fn changed_tools(&self) -> Vec<ChangedTool> {
        let of = |((upstream, tool), change): (&(UpstreamName, String), &Change)| ChangedTool {
            upstream: upstream.clone(),
            tool: tool.clone(),
            hash: change.hash,
            difference: marked(&change.difference),
        };
        self.changed_tools.lock().iter().map(of).collect()
    }

    /// A person looked at the difference and accepts it: calls go by the policies again. With a passkey where one is
    /// enrolled, as it lets calls go that would wait.
    ///
    /// # Errors
    /// [`AcceptError::Stale`] where it is not what was shown any more, or nobody proved it.
    pub async fn accept_tool(self: &Arc<Self>, shown: ChangedTool) -> Result<(), AcceptError> {
        let stale = || AcceptError::Stale(format!("{}/{}", shown.upstream, visible::marked(&shown.tool)));
        if !self.changed_tools().contains(&shown) {
            return Err(stale());
        }
        self.require_proof(agreement(&shown)).await?;
        let engine = Arc::clone(self);
        let (accepting, error) = (shown.clone(), stale());
        let accepted = tokio::task::spawn_blocking(move || engine.accept_shown(&accepting)).await;
        if accepted.map_err(|_| AcceptError::BrokenOff)?? { Ok(()) } else { Err(error) }
    }

    /// False where another definition was seen, or accepted, since.
    fn accept_shown(&self, shown: &ChangedTool) -> Result<bool, JournalError> {
        let ChangedTool { upstream, tool, hash, .. } = shown;
        let key = (upstream.clone(), tool.clone());
        let mut changed = self.changed_tools.lock();
        let Some(change) = changed.get(&key).filter(|change| change.hash == *hash) else { return Ok(false) };
        if !self.journal().accept_pin(upstream.as_str(), tool, change.before, &change.definition)? {
            return Ok(false);
        }
        changed.remove(&key);
        drop(changed);
        self.desk().revoke_all("its tool was accepted with another definition", |grant| {
            grant.upstream == *upstream && grant.tool.as_str() == tool
        });
        self.desk().send(DeskEvent::Upstreams);
        Ok(true)
    }
}

impl ChangedTools {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(UpstreamName, String), Change>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn agreement(shown: &ChangedTool) -> Agreement {
    let name = format!("{}/{}", shown.upstream, visible::marked(&shown.tool));
    let lines = [
        ("Tool", name.clone()),
        ("Difference", shown.difference.clone()),
        ("Definition", String::from(shown.hash)),
    ];
    let lines = lines.map(|(label, text)| (label.to_owned(), text)).into();
    Agreement::to_lines(Purpose::Change, &format!("Accept the new definition of {name}"), lines)
}

fn marked(difference: &str) -> String {
    difference.lines().map(|line| visible::marked(line) + "\n").collect()
}

/// Why such a call waits.
pub(crate) fn reason(upstream: &str, tool: &str, difference: &str) -> CardReason {
    CardReason {
        kind: crate::card::ReasonKind::ChangedTool,
        policy: "definition".to_owned(),
        name: "Changed tool".to_owned(),
        description:
            "Its calls wait until the new definition is accepted under Upstreams. This one needs your answer all the same."
                .to_owned(),
        action: policy::ActionKind::RequestApproval,
        sentence: format!(
            "{upstream}/{} is not as it was first seen:\n{}",
            visible::marked(tool),
            marked(difference)
        ),
    }
}
