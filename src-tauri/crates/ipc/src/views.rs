//! Turns what the engine knows into what the window shows. Words for people are made here, once.

use crate::wire::{
    AgentRow, AgentsView, Alarm, ChangeKind, ChangedFile, GatewayState, InboxRow, Needs, OtherProgram,
    Overview, PartState, Person, PoliciesView, PolicyRow, Problem, UpstreamRow, WaitingChange,
};
use crate::{pausing, practice, reset};
use gateway::Engine;
use gateway::home::{KeychainKind, Transport};
use policy::Timestamp;

/// What happened while nobody was here is told for this long after the return.
const AWAY_TOLD: std::time::Duration = std::time::Duration::from_secs(10 * 60);
const THIRTY_DAYS_MS: i64 = 30 * 24 * 60 * 60 * 1000;

pub(crate) fn overview(engine: &Engine, version: String, home: String, notifications: PartState) -> Overview {
    let in_force = engine.sets().current();
    let mut alarms = Vec::new();
    if let Some(problem) = &in_force.problem {
        alarms.push(Alarm {
            code: "set_denies".to_owned(),
            message: format!("Every call is denied: {problem}."),
            hint: "Open Policies, look at what waits there, and apply it once it is right.".to_owned(),
        });
    }
    if in_force.problem.is_none() && engine.sets().is_unsigned() {
        alarms.push(Alarm {
            code: "set_unsigned".to_owned(),
            message: "A passkey is enrolled, and has not signed the policies in force yet. After the next start every call would be denied.".to_owned(),
            hint: "Sign them now: your browser opens and asks for the passkey.".to_owned(),
        });
    }
    if engine.sets().waiting().is_some() {
        alarms.push(Alarm {
            code: "set_waiting".to_owned(),
            message: "Policy files were changed outside this window. They do not apply yet.".to_owned(),
            hint: "Open Policies to see the difference, then apply it or put it back.".to_owned(),
        });
    }
    if let Some(trouble) = engine.journal().trouble() {
        alarms.push(Alarm {
            code: "journal".to_owned(),
            message: format!("Calls cannot be recorded: {trouble}."),
            hint: "Held calls are refused until then, and once too many wait to be recorded, every call. Nothing has to be restarted.".to_owned(),
        });
    }
    alarms.extend(reset::alarm(engine));
    if engine.is_paused() {
        alarms.push(pausing::alarm());
    }
    alarms.extend(not_as_it_was(engine));
    alarms.extend(around(engine));
    alarms.extend(while_away(engine));
    let owner = in_force
        .people
        .owner()
        .map(|owner| Person { id: owner.id.to_string(), name: owner.name.clone() })
        .unwrap_or_default();
    let keychain = match engine.settings().keychain {
        KeychainKind::Os => PartState { ok: true, name: "Keychain".to_owned(), message: None, hint: None },
        KeychainKind::Memory => PartState {
            ok: false,
            name: "Keychain".to_owned(),
            message: Some("This home keeps its root key in memory only.".to_owned()),
            hint: Some("History and holds are unreadable after a restart. Make a home with the system's keychain for real work.".to_owned()),
        },
    };
    Overview {
        version,
        home,
        gateway: GatewayState::On { listen: engine.listen_addr().to_string() },
        waiting: engine.desk().inbox().len(),
        paused: engine.is_paused(),
        owner,
        keychain,
        notifications,
        screen: screen(engine.presence().unknown_words()),
        practice: practice::is_set_up(engine),
        alarms,
    }
}

/// `unknown` is why nobody can tell whether it is locked, and what follows.
pub(crate) fn screen(unknown: Option<[String; 2]>) -> PartState {
    let (message, hint) = unknown.map(|[why, what_follows]| (why, what_follows)).unzip();
    PartState { ok: message.is_none(), name: "Screen".to_owned(), message, hint }
}

/// What of this home's own records something else changed.
fn not_as_it_was(engine: &Engine) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if let Some(bad) = engine.journal_changed() {
        alarms.push(Alarm {
            code: "journal_changed".to_owned(),
            message: format!("The record was changed by something else than Doorward: {bad}."),
            hint: "Everything is held. Look at Grants, Agents and Activity, and put the newest copy of journal.sqlite back if you have one; then let calls go.".to_owned(),
        });
    }
    if let Some(waits) = engine.history_waits() {
        alarms.push(Alarm {
            code: "history_waits".to_owned(),
            message: format!("The settings were changed outside this window: {waits}."),
            hint: "Save under Settings how much history is to be kept.".to_owned(),
        });
    }
    alarms
}

/// Servers that were added around the door.
fn around(engine: &Engine) -> Option<Alarm> {
    let around = engine.around();
    let first = around.first()?;
    let server = gateway::visible::marked(&first.server);
    let message = match around.len() {
        1 => {
            format!("{} reaches the server {server} around Doorward: its calls are not judged.", first.agent)
        }
        more => format!(
            "{} reaches the server {server} around Doorward, and so with {} more: their calls are not judged.",
            first.agent,
            more - 1
        ),
    };
    let hint = "Open Agents to move it behind Doorward, or to leave it where it is.".to_owned();
    Some(Alarm { code: "around_the_door".to_owned(), message, hint })
}

/// What became of held calls while the screen was locked, for a while after the return.
fn while_away(engine: &Engine) -> Option<Alarm> {
    let digest = engine.away_digest()?;
    let told_until = digest.until?.after(AWAY_TOLD);
    let message = digest.sentence().filter(|_| engine.desk().clock().now() < told_until)?;
    let hint = "What waits is in the inbox, what ended is in Activity.".to_owned();
    Some(Alarm { code: "while_away".to_owned(), message, hint })
}

pub(crate) fn inbox(engine: &Engine) -> Vec<InboxRow> {
    let rows = engine.desk().inbox().into_iter().map(|held| InboxRow {
        hold: held.hold.to_string(),
        agent: held.agent,
        upstream: held.upstream,
        tool: held.tool,
        summary: held.summary,
        needs: if held.needs_proof { Needs::StepUp } else { Needs::Approval },
        opened_at: held.opened_at.0,
        deadline: held.deadline.0,
        attended: held.attended,
    });
    rows.collect()
}

pub(crate) fn policies(engine: &Engine) -> PoliciesView {
    let in_force = engine.sets().current();
    let since = Timestamp(engine.desk().clock().now().0 - THIRTY_DAYS_MS);
    let counts = engine.journal().applied_counts(since).unwrap_or_default();
    let rows = in_force.set.policies().map(|policy| PolicyRow {
        id: policy.id.to_string(),
        name: policy.name.clone(),
        description: policy.description.clone(),
        action: policy.action.kind,
        mode: policy.mode,
        tools: policy.target.tools.clone(),
        roles: policy.target.roles.clone(),
        condition: policy.when.clone(),
        sentence: policy.sentence(),
        applied_30_days: counts.get(&policy.id).copied().unwrap_or(0),
        users: policy.target.users.clone(),
        agents: policy.target.agents.clone(),
        contexts: policy.target.contexts.clone(),
        changed_at: crate::authoring::changed_at(
            &engine.home().policies_dir().join(format!("{}.toml", policy.id)),
        ),
    });
    let waiting = engine.sets().waiting().map(|waiting| WaitingChange {
        hash: waiting.hash,
        problems: waiting.problems,
        files: waiting
            .changes
            .into_iter()
            .map(|change| ChangedFile {
                path: change.path,
                kind: match change.kind {
                    policy::set::ChangeKind::Added => ChangeKind::Added,
                    policy::set::ChangeKind::Changed => ChangeKind::Changed,
                    policy::set::ChangeKind::Removed => ChangeKind::Removed,
                },
                before: change.before,
                after: change.after,
            })
            .collect(),
    });
    PoliciesView {
        revision: in_force.set.revision().to_owned(),
        rows: rows.collect(),
        default_action: default_words(&in_force.set.default_action()),
        waiting,
        problem: in_force.problem.clone().map(|message| Problem {
            message,
            hint: "Every call is denied until a policy set is in force. Mend the files, then apply the change here.".to_owned(),
        }),
    }
}

fn default_words(default: &policy::set::DefaultAction) -> String {
    match default {
        policy::set::DefaultAction::Allow => "allowed".to_owned(),
        policy::set::DefaultAction::Deny => "denied".to_owned(),
        policy::set::DefaultAction::RequestApproval { flow } => {
            format!("held for approval by the flow `{flow}`")
        }
    }
}

pub(crate) fn upstreams(engine: &Engine) -> Vec<UpstreamRow> {
    let rows = engine.upstreams().into_iter().map(|config| UpstreamRow {
        transport: match config.transport {
            Transport::Stdio { .. } => "stdio".to_owned(),
            Transport::Http { .. } => "http".to_owned(),
        },
        command: config.shown(),
        address: gateway::connect::address(engine.listen_addr(), config.name.as_str()),
        sessions: engine.upstream_sessions(config.name.as_str()),
        last_error: engine.upstream_error(&config.name),
        tools: engine.journal().pin_count(config.name.as_str()).ok().filter(|count| *count > 0),
        name: config.name.to_string(),
    });
    rows.collect()
}

pub(crate) fn agents(engine: &Engine) -> AgentsView {
    let agents = engine.agents().into_iter().map(|row| AgentRow {
        last_seen: engine.last_seen(&row.name).map(|at| at.0),
        other_programs: engine
            .other_programs(&row)
            .into_iter()
            .map(|other| OtherProgram { program: other.program, last_call: other.last_call.0 })
            .collect(),
        wait_limit: row.wait_limit.and_then(|limit| u32::try_from(limit.as_secs()).ok()),
        wait_of_program: engine.wait_of_program(&row.name),
        name: row.name.to_string(),
        user: row.user.to_string(),
        added_at: row.added_at.0,
        programs: row.programs,
    });
    let in_force = engine.sets().current();
    let users =
        in_force.people.iter().map(|user| Person { id: user.id.to_string(), name: user.name.clone() });
    AgentsView { agents: agents.collect(), users: users.collect() }
}
