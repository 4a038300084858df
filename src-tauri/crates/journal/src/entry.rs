//! What can be recorded beside releases and completions: past-tense facts, each one entry.

use crate::activity::ActivityOutcome;
use crate::chain::About;
use crate::index::{self, Names};
use crate::passkeys::{self, PasskeyEntry};
use crate::passphrase::{self, PassphraseEntry};
use crate::paused::{PAUSED, RESUMED};
use crate::write::{Draft, Durability};
use crate::{Journal, JournalError, Revoked, grants, holds, redact};
use approvals::{Event, Grant, HoldId, Opened, ProofWindow, Refusal};
use policy::{AgentName, Decision, Facts, Timestamp, ToolCall, UpstreamName, UserId, Value};
use serde::{Deserialize, Serialize};

/// One thing that happened. A release and its completion are recorded by [`Journal::commit`] and
/// [`Journal::complete`], a pin by [`Journal::set_pin`], a confirmed set by [`Journal::confirm_set`].
#[derive(Clone, Debug)]
pub enum Entry {
    /// A call that was refused at once.
    Refused {
        call: ToolCall,
        facts: Facts,
        decision: Decision,
        refusal: Refusal,
    },
    /// A call that was refused before it could be judged: its tool is unknown or changed, or there is no room.
    TurnedAway {
        agent: AgentName,
        user: UserId,
        upstream: UpstreamName,
        tool: String,
        arguments: Value,
        refusal: Refusal,
    },
    /// A call that waits. Its decision, facts and arguments are in here.
    HoldOpened(Opened),
    /// Something happened to a hold, at the time it was applied. A [`Event::Claimed`] is not recorded here.
    HoldEvent {
        hold: HoldId,
        event: Event,
        at: Timestamp,
    },
    /// What came of a hold was written to its agent.
    OutcomeRead {
        hold: HoldId,
    },
    /// The completing vote on a hold made it. A use of it is the release it gave.
    GrantMade(Grant),
    GrantRevoked(Revoked),
    /// A proof counts for calls like its own for a while. Its end is not recorded: no window outlives the process.
    WindowOpened(ProofWindow),
    AgentAdded {
        agent: AgentName,
        user: UserId,
    },
    AgentRemoved {
        agent: AgentName,
    },
    /// An agent's first call came from this program.
    ProgramPaired {
        agent: AgentName,
        program: String,
    },
    /// A person let another program use an agent's name.
    ProgramAccepted {
        agent: AgentName,
        program: String,
    },
    /// `reached` is the command line or the URL, without secrets.
    UpstreamAdded {
        upstream: UpstreamName,
        reached: String,
    },
    UpstreamRemoved {
        upstream: UpstreamName,
    },
    /// Something that a person should look at: what is not as this home left it, or was tried and refused.
    Alarm {
        code: String,
        said: String,
    },
    /// From here on every call waits for a person. Not the end of any hold when it is over.
    Paused {
        by: UserId,
    },
    Resumed {
        by: UserId,
    },
    /// Something about passkeys, or a proof by one that belongs to no hold.
    Passkey(PasskeyEntry),
    /// Something about the passphrase; never what was typed.
    Passphrase(PassphraseEntry),
    /// The gateway started.
    Started {
        version: String,
    },
}

/// The body of a `call_refused` entry.
#[derive(Serialize, Deserialize)]
pub(crate) struct RefusedBody {
    pub(crate) call: ToolCall,
    pub(crate) facts: Facts,
    pub(crate) decision: Decision,
    pub(crate) refusal: Refusal,
}

/// The body of a `call_turned_away` entry.
#[derive(Serialize, Deserialize)]
pub(crate) struct TurnedAwayBody {
    pub(crate) tool: String,
    pub(crate) arguments: Value,
    pub(crate) refusal: Refusal,
}

#[derive(Serialize)]
struct ProgramBody<'a> {
    agent: &'a AgentName,
    program: &'a str,
}

#[derive(Serialize)]
struct AgentBody<'a> {
    agent: &'a AgentName,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a UserId>,
}

#[derive(Serialize)]
struct UpstreamBody<'a> {
    upstream: &'a UpstreamName,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<&'a str>,
}

#[derive(Serialize)]
struct AlarmBody<'a> {
    code: &'a str,
    said: &'a str,
}

#[derive(Serialize)]
struct PausedBody<'a> {
    by: &'a UserId,
}

#[derive(Serialize)]
struct StartedBody<'a> {
    version: &'a str,
}

pub(crate) const REFUSED: &str = "call_refused";
pub(crate) const TURNED_AWAY: &str = "call_turned_away";
pub(crate) const HOLD_OPENED: &str = "hold_opened";

impl Journal {
    /// Records one thing and returns its entry's number. On the disk before it returns; but a refusal, which
    /// lets nothing go, may be lost with the machine's power (never with the process).
    ///
    /// # Errors
    /// Nothing was recorded then. An event that does not fit its hold's record is an error.
    pub fn record(&self, entry: Entry) -> Result<u64, JournalError> {
        let durability = match entry {
            Entry::Refused { .. } | Entry::TurnedAway { .. } | Entry::OutcomeRead { .. } => {
                Durability::Buffered
            }
            _ => Durability::Synced,
        };
        self.write(durability, |draft| record(draft, entry))
    }
}

fn record(draft: &mut Draft<'_>, entry: Entry) -> Result<u64, JournalError> {
    let nothing = About::default();
    match entry {
        Entry::Refused { call, facts, decision, refusal } => {
            let body = RefusedBody { call, facts, decision, refusal };
            let seq = redact::append(draft, REFUSED, nothing, &body, &body.call)?;
            let outcome = match body.refusal {
                Refusal::Denied { .. } => ActivityOutcome::Denied,
                _ => ActivityOutcome::Refused,
            };
            index::add_call(draft, seq, Names::of(&body.call), None, outcome, Some(&body.decision))?;
            Ok(seq)
        }
        Entry::TurnedAway { agent, user, upstream, tool, arguments, refusal } => {
            let body = TurnedAwayBody { tool: tool.clone(), arguments, refusal };
            let place = (upstream.as_str(), tool.as_str());
            let seq = redact::append_unjudged(draft, TURNED_AWAY, &body, place, &body.arguments)?;
            let (agent, user, upstream) = (agent.as_str(), user.as_str(), upstream.as_str());
            let names = Names { agent, user, upstream, tool: &tool };
            index::add_call(draft, seq, names, None, ActivityOutcome::Refused, None)?;
            Ok(seq)
        }
        Entry::HoldOpened(opened) => {
            let seq = draft.append(HOLD_OPENED, About { hold: Some(&opened.id), release: None }, &opened)?;
            index::add_call(
                draft,
                seq,
                Names::of(&opened.call),
                Some(&opened.id),
                ActivityOutcome::Waiting,
                Some(&opened.decision),
            )?;
            Ok(seq)
        }
        Entry::HoldEvent { hold, event, at } => holds::record_event(draft, &hold, event, at),
        Entry::OutcomeRead { hold } => holds::record_read(draft, &hold),
        Entry::GrantMade(grant) => grants::record_made(draft, &grant),
        Entry::GrantRevoked(revoked) => grants::record_revoked(draft, &revoked),
        Entry::WindowOpened(window) => grants::record_window(draft, &window),
        Entry::AgentAdded { agent, user } => {
            draft.append("agent_added", nothing, &AgentBody { agent: &agent, user: Some(&user) })
        }
        Entry::AgentRemoved { agent } => {
            draft.append("agent_removed", nothing, &AgentBody { agent: &agent, user: None })
        }
        Entry::ProgramPaired { agent, program } => {
            draft.append("program_paired", nothing, &ProgramBody { agent: &agent, program: &program })
        }
        Entry::ProgramAccepted { agent, program } => {
            draft.append("program_accepted", nothing, &ProgramBody { agent: &agent, program: &program })
        }
        Entry::UpstreamAdded { upstream, reached } => draft.append(
            "upstream_added",
            nothing,
            &UpstreamBody { upstream: &upstream, reached: Some(&reached) },
        ),
        Entry::UpstreamRemoved { upstream } => {
            draft.append("upstream_removed", nothing, &UpstreamBody { upstream: &upstream, reached: None })
        }
        Entry::Alarm { code, said } => {
            draft.append("alarm", nothing, &AlarmBody { code: &code, said: &said })
        }
        Entry::Paused { by } => draft.append(PAUSED, nothing, &PausedBody { by: &by }),
        Entry::Resumed { by } => draft.append(RESUMED, nothing, &PausedBody { by: &by }),
        Entry::Passkey(entry) => passkeys::record(draft, &entry),
        Entry::Passphrase(entry) => passphrase::record(draft, &entry),
        Entry::Started { version } => draft.append("started", nothing, &StartedBody { version: &version }),
    }
}
