//! What happens to one `tools/call`, from its arrival to its answer. Read [`handle`] to know the product.
//!
//! Nothing here decides: `policy` judges, `approvals` admits, the desk keeps what waits, the journal records,
//! and only what the journal recorded can be forwarded. INVARIANT(I1): the only road to an upstream's tool is
//! `ReleasedCall` → `JournalledCall` → `forward`, and each step consumes the one before.

mod sending;

use crate::card::ToolWords;
use crate::continuations::REQUEST_STATE;
use crate::desk::{AttachError, Claim, DeskEvent, Place};
use crate::edits;
use crate::engine::Engine;
use crate::facts::{self, Known};
use crate::home::{Agent, UpstreamConfig};
use crate::judging;
use crate::outcomes::Outcome;
use crate::pairing;
use crate::pins::{self, Pin, PinError};
use crate::refusal;
use crate::secrets;
use crate::slip::{Answered, Slip};
use crate::ticket::{Phase, Ticket};
use crate::turned_away::TurnedAway;
use crate::upstream::{CallRoute, Reply, UpstreamError, UpstreamSession};
use crate::waits::{self, Era, Patience};
use approvals::{Admission, AtDesk, HoldId, Ids, Refusal, ReleasedCall};
use journal::{Entry, JournalError};
use policy::{Decision, Facts, Map, Timestamp, ToolCall, ToolName, Value};
use sending::{Recorded, record, run, send};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The process at the other end of the connection, where the platform can tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerProcess {
    pub(crate) pid: Option<u32>,
    pub(crate) program: Option<String>,
}

/// One `tools/call` as it came in, its sender known.
pub(crate) struct Incoming {
    pub(crate) agent: Agent,
    pub(crate) claimed_client: Option<String>,
    pub(crate) peer: PeerProcess,
    pub(crate) upstream: UpstreamConfig,
    pub(crate) session: UpstreamSession,
    pub(crate) tool: String,
    /// An object.
    pub(crate) arguments: Value,
    /// The agent sent no arguments, which is judged as an empty object.
    pub(crate) omits_arguments: bool,
    /// The other members of `params`: `_meta`, `task`. Not part of the call's identity.
    pub(crate) extras: Map,
    /// The request's members besides `jsonrpc`, `id`, `method` and `params`; they go up with the call.
    pub(crate) envelope: Map,
    pub(crate) patience: Patience,
    pub(crate) route: CallRoute,
    /// The agent cancelled or left: a hold becomes unattended; what is forwarded already goes on.
    pub(crate) cancel: CancellationToken,
}

/// What goes to the agent before the answer.
pub(crate) enum StreamItem {
    /// The call is held; `message` is for a person who watches the agent.
    Held { message: String },
    /// The hold's release was taken: the call runs.
    Running { message: String },
    /// A whole JSON-RPC notification or request of the upstream's.
    Message(Value),
    /// The upstream answers by a stream, so the agent gets one as well.
    Opened,
    /// The upstream closed its stream and is asked again later; agents that can come back for the rest are told
    /// after how long.
    Paused { retry: Duration },
}

/// Why a call has no answer of its own; each becomes what the agent reads.
enum Stop {
    Refused(Refusal),
    /// The identical call was held, and this came of it.
    Over(HoldId, Outcome, Slip),
    /// The agent was kept waiting for as long as it puts up with.
    StillWaiting(Waiting),
    UnknownTool,
    Upstream(UpstreamError),
    Journal(JournalError),
    /// The agent cancelled while the call was held; there is nobody to answer.
    Left,
    Broken(&'static str),
}

/// Where a hold stood when its agent's wait was over.
pub(crate) struct Waiting {
    pub(crate) hold: HoldId,
    /// Another waiter's run of it is under way.
    pub(crate) is_running: bool,
    /// When the hold ends by itself, or an approval does.
    pub(crate) until: Option<Timestamp>,
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Stop {
        Stop::Journal(error)
    }
}

impl From<PinError> for Stop {
    fn from(error: PinError) -> Stop {
        match error {
            PinError::Upstream(error) => Stop::Upstream(error),
            PinError::Journal(error) => Stop::Journal(error),
        }
    }
}

/// Judges one call, waits where it is held, and runs it at most once.
pub(crate) async fn handle(
    engine: &Arc<Engine>,
    incoming: Incoming,
    stream: mpsc::Sender<StreamItem>,
) -> Answered {
    let patience = incoming.patience;
    // While the upstream's own state is with the agent, ours has no place beside it.
    let may_show_page = patience.era == Era::Modern && patience.takes_urls && !has_foreign_state(&incoming);
    let qualified = format!("{}/{}", incoming.upstream.name, incoming.tool);
    let upstream = incoming.upstream.name.clone();
    let (own, slip) = match admit_and_run(engine, incoming, &stream).await {
        Ok(answered) => return answered,
        Err(Stop::Over(_, Outcome::Answered(reply), slip)) => {
            return Answered { reply: Reply::clone(&reply), slip: Some(slip) };
        }
        Err(Stop::Over(hold, outcome, slip)) => (refusal::outcome(&outcome, &hold), Some(slip)),
        Err(Stop::StillWaiting(waiting)) if may_show_page && !waiting.is_running => {
            return Reply::result(waits::please_look(engine.listen_addr(), &waiting.hold)).into();
        }
        Err(Stop::StillWaiting(waiting)) => (refusal::still_waiting(&waiting), None),
        Err(Stop::Refused(refusal)) => (refusal::reply(&refusal, None), None),
        Err(Stop::UnknownTool) => (refusal::unknown_tool(&qualified), None),
        Err(Stop::Left) => {
            let words = "This call was cancelled while it was held. It was not run.";
            (refusal::failed("cancelled", words), None)
        }
        Err(Stop::Upstream(error)) => {
            engine.note_upstream_error(&upstream, &error.to_string());
            (refusal::failed("upstream_failed", &error.for_agent()), None)
        }
        Err(Stop::Journal(JournalError::GrantEnded(_))) => {
            let words = "A person ended the permission that this call would have gone by, in this very moment. It was not run. Call again with identical arguments: a person is asked.";
            (refusal::failed("grant_ended", words), None)
        }
        Err(Stop::Journal(error)) => {
            tracing::error!(%error, "a call could not be recorded");
            let words = "Doorward could not record this call, so it was not run. Tell the person: the Doorward window says what is wrong.";
            (refusal::failed("not_recorded", words), None)
        }
        Err(Stop::Broken(what)) => {
            tracing::error!(what, "a call was dropped");
            (refusal::failed("internal", "Doorward failed on this call, and it was not run."), None)
        }
    };
    Answered { reply: refusal::fit(own, patience.era), slip }
}

fn has_foreign_state(incoming: &Incoming) -> bool {
    let mut extras = incoming.extras.clone();
    waits::forget_our_state(&mut extras);
    extras.get(REQUEST_STATE).is_some()
}

async fn admit_and_run(
    engine: &Arc<Engine>,
    incoming: Incoming,
    stream: &mpsc::Sender<StreamItem>,
) -> Result<Answered, Stop> {
    let arrived = engine.desk().clock().now();
    let limit =
        waits::limit(incoming.claimed_client.as_deref(), incoming.agent.wait_limit, incoming.patience);
    let mut incoming = incoming;
    waits::forget_our_state(&mut incoming.extras);
    let judging = match judge(engine, &mut incoming).await {
        Ok(judging) => judging,
        Err(stop) => {
            let arguments = std::mem::replace(&mut incoming.arguments, Value::Null);
            turn_away(engine, &incoming, arguments, &stop).await;
            return Err(stop);
        }
    };
    let place = match judging {
        Judging::Going(recorded) => return send(engine, *recorded, None, incoming).await,
        Judging::Back(place) => place,
        Judging::Judged(judged) => {
            let words = ToolWords::of(&judged.definition);
            match admit(engine, *judged, incoming.session.name()).await? {
                Admission::Released(call) => return run(engine, call, None, incoming).await,
                Admission::Refused(refusal) => return Err(Stop::Refused(refusal)),
                Admission::Held(held) => {
                    let (desk, arguments) = (Arc::clone(engine.desk()), held.call().arguments.clone());
                    match blocking(move || desk.attach(*held, words)).await? {
                        Ok(place) => place,
                        Err(AttachError::TooMany) => {
                            let stop = Stop::Refused(Refusal::TooManyHolds);
                            turn_away(engine, &incoming, arguments, &stop).await;
                            return Err(stop);
                        }
                        Err(AttachError::Journal(error)) => return Err(Stop::Journal(error)),
                    }
                }
            }
        }
    };
    let mut ticket = match place {
        Place::Open(ticket) => ticket,
        Place::Over(hold, outcome, slip) => return Err(Stop::Over(hold, outcome, slip)),
    };
    // A held call keeps nobody behind it.
    incoming.route.passed().cancel();
    let released = wait(engine, &mut ticket, arrived.after(limit), &incoming.cancel, stream).await?;
    run(engine, released, Some(ticket), incoming).await
}

/// Records a call that is refused without a decision.
async fn turn_away(engine: &Arc<Engine>, incoming: &Incoming, arguments: Value, stop: &Stop) {
    let refusal = match stop {
        Stop::UnknownTool => Refusal::UnknownTool,
        Stop::Refused(refusal @ (Refusal::ToolChanged | Refusal::TooManyHolds)) => refusal.clone(),
        _ => return,
    };
    let Incoming { agent, upstream, tool, .. } = incoming;
    TurnedAway { agent, upstream: &upstream.name, tool, arguments }.record(engine, refusal).await;
}

/// A re-send with what its upstream asked for goes on under the release it came from, where nothing new is
/// required of it.
fn continued(
    engine: &Engine,
    upstream: &UpstreamConfig,
    state: Option<&Value>,
    judged: &Judged,
) -> Result<Option<ReleasedCall>, Stop> {
    let Some(state) = state else { return Ok(None) };
    let now = engine.desk().clock().now();
    let Some(continuation) = engine.continuations().take(state, &judged.call, now) else { return Ok(None) };
    let (release, call) = (engine.release_id()?, continuation.as_sent(&judged.call));
    if call.arguments == judged.call.arguments {
        return Ok(continuation.admit(&judged.decision, &call, &judged.facts, release, now));
    }
    let (decision, facts) = edits::judged_as_sent(engine, &call, &judged.facts, upstream);
    Ok(continuation.admit(&decision, &call, &facts, release, now))
}

struct Judged {
    call: ToolCall,
    facts: Facts,
    decision: Decision,
    definition: Arc<Value>,
}

/// How far one step off the event loop brought a call. What no policy holds, which is most calls, is on the journal's
/// queue at its end: handing work over costs more than the work.
enum Judging {
    /// Allowed, and recorded.
    Going(Box<Recorded>),
    /// The desk has the identical call already.
    Back(Place),
    Judged(Box<Judged>),
}

/// Pin, facts, decision: what the set of this moment concludes on this call. Takes the arguments of a call that
/// could be judged.
async fn judge(engine: &Arc<Engine>, incoming: &mut Incoming) -> Result<Judging, Stop> {
    let Ok(tool) = incoming.tool.parse::<ToolName>() else { return Err(Stop::UnknownTool) };
    let upstream = incoming.upstream.name.clone();
    let pin = pins::check(engine.journal(), &incoming.session, &upstream, tool.as_str()).await?;
    let (definition, changed) = match pin {
        Pin::Same(definition) => (definition, None),
        Pin::Changed(definition) => {
            let (noting, upstream, tool, now) =
                (Arc::clone(engine), upstream.clone(), tool.clone(), definition.clone());
            let noted = blocking(move || noting.note_changed_tool(&upstream, tool.as_str(), &now));
            (definition, Some(noted.await??))
        }
        Pin::Twice => return Err(Stop::Refused(Refusal::ToolChanged)),
        Pin::Unknown => return Err(Stop::UnknownTool),
    };
    let in_force = engine.sets().current();
    let Some(user) = in_force.people.get(&incoming.agent.user).cloned() else {
        // Without a valid set there are no people either: the reason for that is what denies.
        let refusal = match &in_force.problem {
            Some(problem) => Refusal::Denied { message: Some(problem.clone()) },
            None => Refusal::Withdrawn,
        };
        return Err(Stop::Refused(refusal));
    };
    let call = ToolCall {
        user: user.id.clone(),
        agent: incoming.agent.name.clone(),
        upstream,
        tool,
        definition: definition.hash,
        arguments: std::mem::replace(&mut incoming.arguments, Value::Null),
    };
    let now = engine.desk().clock().now();
    let counts = engine.count_call(&incoming.agent.name, &call.upstream, call.tool.as_str(), now);
    let (agent, peer) = (incoming.agent.clone(), incoming.peer.clone());
    let (claimed, config) = (incoming.claimed_client.clone(), incoming.upstream.clone());
    let state = incoming.extras.get(REQUEST_STATE).cloned();
    let engine = Arc::clone(engine);
    let step = blocking(move || {
        let facts = facts::gather(&Known {
            user: &user,
            agent: &agent,
            claimed_client: claimed.as_deref(),
            peer: &peer,
            paired_programs: pairing::paired_programs(&engine, &agent, &peer),
            upstream: &config,
            definition: &definition.text,
            changed,
            arguments: &call.arguments,
            now,
            locked: engine.presence().is_locked(),
            counts,
        });
        let decision = judging::judge(&in_force.set, &call, &facts, engine.is_paused());
        let decision = secrets::require_proof(decision, &config);
        let judged = Judged { call, facts, decision, definition: definition.text };
        match continued(&engine, &config, state.as_ref(), &judged)? {
            Some(released) => Ok(Judging::Going(Box::new(record(&engine, released)?))),
            None => admit_at_once(&engine, judged),
        }
    });
    step.await?
}

/// What the desk has of the identical call already, where no policy of this moment denies it; else, where the set lets
/// it go, its release.
fn admit_at_once(engine: &Arc<Engine>, judged: Judged) -> Result<Judging, Stop> {
    if let Some(place) = come_back(engine, &judged) {
        return Ok(Judging::Back(place));
    }
    if judged.decision.outcome != policy::Outcome::Allowed {
        return Ok(Judging::Judged(Box::new(judged)));
    }
    let ids = Ids::from_random(engine.random()?, engine.random()?);
    // Who else may vote matters to a hold only.
    let in_force = engine.sets().current();
    let desk = in_force.people.owner().map(AtDesk::from).ok_or(Stop::Broken("the desk has no owner"))?;
    let Judged { call, facts, decision, .. } = judged;
    match engine.desk().admit((decision, call, facts), desk, ids) {
        Admission::Released(call) => Ok(Judging::Going(Box::new(record(engine, call)?))),
        _ => Err(Stop::Broken("an allowed call was not released")),
    }
}

fn come_back(engine: &Engine, judged: &Judged) -> Option<Place> {
    let is_held = match judged.decision.outcome {
        policy::Outcome::Denied { .. } => return None,
        policy::Outcome::Held(_) => true,
        policy::Outcome::Allowed => false,
    };
    engine.desk().come_back(judged.call.digest(), &judged.facts.agent, is_held)
}

/// What the decision means for this call, recorded before anybody is told where it refuses.
async fn admit(engine: &Arc<Engine>, judged: Judged, session: &str) -> Result<Admission, Stop> {
    let ids = Ids::from_random(engine.random()?, engine.random()?);
    let desk = engine.at_desk(session).ok_or(Stop::Broken("the desk has no owner"))?;
    let engine = Arc::clone(engine);
    blocking(move || {
        let Judged { call, facts, decision, .. } = judged;
        let judged = (decision.clone(), call.clone(), facts.clone());
        let admission = engine.desk().admit(judged, desk, ids);
        if let Admission::Refused(refusal) = &admission {
            engine.journal().record(Entry::Refused { call, facts, decision, refusal: refusal.clone() })?;
            engine.desk().send(DeskEvent::Activity);
        }
        Ok(admission)
    })
    .await?
}

/// Waits for the hold's verdict, at most until `limit`; an approved one is claimed by the first waiter, judged
/// once more.
async fn wait(
    engine: &Arc<Engine>,
    ticket: &mut Ticket,
    limit: Timestamp,
    cancel: &CancellationToken,
    stream: &mpsc::Sender<StreamItem>,
) -> Result<ReleasedCall, Stop> {
    let hold = ticket.hold().clone();
    let message = "Waiting for a person to decide in Doorward".to_owned();
    // An agent that does not read its stream any more still holds its place until it cancels or leaves.
    let _ = stream.send(StreamItem::Held { message }).await;
    loop {
        let phase = tokio::select! {
            biased;
            // Nothing is sent up for an agent that left.
            () = cancel.cancelled() => return Err(Stop::Left),
            phase = ticket.next() => phase,
            () = engine.desk().clock().sleep_until(limit) => {
                let (is_running, until) = (ticket.is_running(), engine.desk().deadline(&hold));
                return Err(Stop::StillWaiting(Waiting { hold, is_running, until }));
            }
        };
        match phase {
            Phase::Claimable => {
                let release = engine.release_id()?;
                let (desk, engine, hold) = (Arc::clone(engine.desk()), Arc::clone(engine), hold.clone());
                match blocking(move || desk.claim(&hold, |held| engine.again(held), release)).await? {
                    Claim::Released(call) => {
                        let message = "Approved. The call runs".to_owned();
                        let _ = stream.send(StreamItem::Running { message }).await;
                        return Ok(call);
                    }
                    Claim::NotNow => {}
                    Claim::NotRecorded(error) => return Err(Stop::Journal(error)),
                }
            }
            Phase::Over(outcome) => return Err(Stop::Over(hold, outcome, ticket.slip())),
            Phase::Waiting | Phase::Running => {}
        }
    }
}

/// For work that reads or writes the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stop> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Stop::Broken("a blocking step did not end"))
}
