//! The one view of a held call for people: window, notification and terminal render the same [`Card`].
//!
//! Text from agents and upstreams is data: every hidden character is a piece of its own with its name, and
//! nothing is shortened here (a view may fold a long value, and then says how long it is).

use crate::changed_tools;
use crate::visible::{self, Piece};
use approvals::{HeldCall, HoldState, StageView, Verdict};
use policy::{ActionKind, ProofKind, Timestamp, Value};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write as _;
use ts_rs::TS;

pub mod difference;
mod units;
mod votes;

pub use difference::{CardChange, LastApproved};
pub use votes::{CardVote, means_words, vote_words};

/// Values longer than this are folded by views, with their length; values of more lines too, or empty lines would push
/// what follows off the screen.
const FOLD_AFTER: usize = 400;
const FOLD_AFTER_LINES: usize = 24;
/// Objects within objects whose titles are shown.
const TITLES_DOWN_TO: usize = 8;

/// Everything a person needs to decide on one hold.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Card {
    pub hold: String,
    /// What a vote must name, so that it counts for this call only.
    pub digest: String,
    pub agent: String,
    /// As the agent calls itself.
    pub claimed_client: Option<String>,
    pub user_name: String,
    /// The program behind the connection, where this machine can tell.
    pub program: Option<String>,
    pub process: Option<u32>,
    pub project: Option<String>,
    pub branch: Option<String>,
    pub upstream: String,
    pub tool: String,
    pub tool_title: Option<String>,
    pub tool_description: Option<String>,
    /// The upstream says so, or says nothing (MCP: tools are destructive unless they say otherwise).
    pub destructive: bool,
    pub arguments: Vec<CardArgument>,
    pub reasons: Vec<CardReason>,
    pub stages: Vec<CardStage>,
    /// The first one first.
    pub votes: Vec<CardVote>,
    /// The desk's owner has said what they can say; others, or a proof, are still missing.
    pub owner_voted: bool,
    /// What differs from the last call of this tool that people approved; filled in where one card is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last_approved: Option<LastApproved>,
    /// Epoch milliseconds.
    #[ts(type = "number")]
    pub opened_at: i64,
    /// Epoch milliseconds.
    #[ts(type = "number")]
    pub deadline: i64,
    /// When the identical call last ran, if that was within the hour before this one. Epoch milliseconds.
    #[ts(type = "number | null")]
    pub ran_before: Option<i64>,
    /// What the call's user has to prove their presence with: `passkey`, `any`; none where no step-up is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub step_up: Option<String>,
    /// Everything but that proof is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub waits_for_proof: Option<bool>,
    /// What the agent asked for, where an approver changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub asked: Option<Vec<CardArgument>>,
    /// An agent is waiting for the answer.
    pub attended: bool,
    pub state: CardState,
    /// How it ended, in words.
    pub verdict: Option<String>,
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    Waiting,
    Approved,
    Released,
    Ended,
}

/// One argument, complete. Objects are opened into one row a member.
#[derive(Clone, Debug, Serialize, TS)]
pub struct CardArgument {
    /// `amount`, `address.city`
    pub path: String,
    pub title: Option<String>,
    /// `number`, `text`, `true/false`, `list`, `object`, `nothing`
    pub kind: String,
    /// What a number counts, where the call itself says it: `EUR`, `ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unit: Option<String>,
    pub pieces: Vec<Piece>,
    pub characters: usize,
    pub folded: bool,
}

/// Why a call waits: a deciding policy as a sentence with the values it compared, or what else holds it.
#[derive(Clone, Debug, Serialize, TS)]
pub struct CardReason {
    pub kind: ReasonKind,
    pub policy: String,
    pub name: String,
    pub description: String,
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub action: ActionKind,
    pub sentence: String,
}

/// What holds a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    Policy,
    /// No policy decides; the set's default does.
    Default,
    /// Another program than a known one calls in the agent's name.
    OtherProgram,
    /// The tool's definition is not the pinned one.
    ChangedTool,
    /// A person held everything.
    Paused,
}

/// One stage of a flow the call must pass.
#[derive(Clone, Debug, Serialize, TS)]
pub struct CardStage {
    pub flow: String,
    pub name: String,
    /// In words: "the desk's owner", "finance".
    pub approvers: String,
    pub votes: u32,
    /// Who cast them.
    pub voters: Vec<String>,
    pub required: u32,
    pub current: bool,
    /// Its deadline has passed, and more people are asked; `approvers` names them too.
    pub escalated: bool,
    /// Its deadline was put off.
    pub extended: bool,
    /// Nobody approves here what their own agent asks.
    pub exclude_requester: bool,
    /// Each approval here comes with a proof that its voter was there.
    pub step_up: bool,
}

impl From<StageView> for CardStage {
    fn from(stage: StageView) -> CardStage {
        let also = stage.escalate_to.as_ref().filter(|_| stage.escalated);
        let named: Vec<String> = [Some(&stage.approvers), also]
            .into_iter()
            .flatten()
            .flat_map(|asked| asked.roles.iter().cloned().chain(asked.users.iter().map(ToString::to_string)))
            .collect();
        CardStage {
            flow: stage.flow.to_string(),
            name: stage.flow_name,
            approvers: if named.is_empty() { "the desk's owner".to_owned() } else { named.join(" or ") },
            votes: u32::try_from(stage.votes.len()).unwrap_or(u32::MAX),
            voters: stage.votes.iter().map(ToString::to_string).collect(),
            required: stage.required,
            current: stage.current,
            escalated: stage.escalated,
            extended: stage.extended,
            exclude_requester: stage.exclude_requester,
            step_up: stage.step_up.is_some(),
        }
    }
}

fn proof_word(kind: ProofKind) -> String {
    match kind {
        ProofKind::Any => "any".to_owned(),
        ProofKind::Passkey => "passkey".to_owned(),
    }
}

/// What the pinned definition adds to a card.
#[derive(Clone, Debug, Default)]
pub struct ToolWords {
    pub title: Option<String>,
    pub description: Option<String>,
    /// By path: `amount`, `address.city`.
    pub parameter_titles: HashMap<String, String>,
}

impl ToolWords {
    /// From one entry of `tools/list`.
    #[must_use]
    pub fn of(definition: &Value) -> ToolWords {
        let text = |value: Option<&Value>| value.and_then(Value::as_text).map(str::to_owned);
        let annotations = definition.get("annotations");
        let mut parameter_titles = HashMap::new();
        if let Some(schema) = definition.get("inputSchema") {
            titles(schema, "", TITLES_DOWN_TO, &mut parameter_titles);
        }
        ToolWords {
            title: text(definition.get("title")).or_else(|| text(annotations.and_then(|a| a.get("title")))),
            description: text(definition.get("description")),
            parameter_titles,
        }
    }
}

/// Titles of parameters, and of the members of those that are objects.
fn titles(schema: &Value, path: &str, down_to: usize, found: &mut HashMap<String, String>) {
    let properties = schema.get("properties").and_then(Value::as_map).filter(|_| down_to > 0);
    for (key, schema) in properties.into_iter().flat_map(policy::Map::iter) {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        titles(schema, &path, down_to - 1, found);
        if let Some(title) = schema.get("title").and_then(Value::as_text) {
            found.insert(path, title.to_owned());
        }
    }
}

impl Card {
    /// The card of a hold as it stands.
    #[must_use]
    pub fn of(held: &HeldCall, words: &ToolWords, attended: bool, ran_before: Option<Timestamp>) -> Card {
        let opened = held.opened();
        let (call, facts) = (held.call(), held.facts());
        let (state, verdict) = match held.state() {
            HoldState::Waiting => (CardState::Waiting, None),
            HoldState::Approved { .. } => (CardState::Approved, None),
            HoldState::Released { .. } => (CardState::Released, None),
            HoldState::Ended { verdict, .. } => (CardState::Ended, Some(verdict_words(verdict))),
        };
        Card {
            hold: held.id().to_string(),
            digest: held.digest().to_string(),
            agent: call.agent.to_string(),
            claimed_client: facts.agent.claimed_client.as_deref().map(visible::marked),
            user_name: facts.user.name.clone(),
            program: facts.agent.program.clone(),
            process: facts.agent.process,
            project: facts.context.project.clone(),
            branch: facts.context.branch.clone(),
            upstream: call.upstream.to_string(),
            tool: visible::marked(call.tool.as_str()),
            tool_title: words.title.as_deref().map(visible::marked),
            tool_description: words.description.as_deref().map(visible::marked),
            destructive: facts.tool.destructive.unwrap_or(facts.tool.read_only != Some(true)),
            arguments: arguments(&call.arguments, words),
            reasons: other_program(&facts.agent)
                .into_iter()
                .chain(facts.tool.changed.as_deref().map(|difference| {
                    changed_tools::reason(call.upstream.as_str(), call.tool.as_str(), difference)
                }))
                .chain(reasons(&held.decision().trace))
                .collect(),
            stages: held.stages().into_iter().map(CardStage::from).collect(),
            votes: held.standing_votes().iter().map(CardVote::from).collect(),
            owner_voted: false,
            last_approved: None,
            opened_at: opened.at.0,
            deadline: held.deadline().0,
            ran_before: ran_before.map(|at| at.0),
            step_up: held.step_up().map(proof_word),
            waits_for_proof: held.waits_for_proof().then_some(true),
            asked: held.is_edited().then(|| self::arguments(&opened.call.arguments, words)),
            attended,
            state,
            verdict,
        }
    }

    /// For a terminal: control characters can neither move its cursor nor hide anything.
    #[must_use]
    pub fn plain_text(&self, now: Timestamp) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "hold {}", self.hold);
        let _ = writeln!(
            out,
            "  {} wants to run {}/{}, for {}",
            self.agent, self.upstream, self.tool, self.user_name
        );
        if self.arguments.is_empty() {
            let _ = writeln!(out, "  no arguments");
        }
        for argument in &self.arguments {
            let value: String = argument.pieces.iter().map(Piece::marked).collect();
            let _ = writeln!(out, "    {} = {}", argument.path, value.replace('\n', "\n      "));
        }
        for reason in &self.reasons {
            let _ = writeln!(out, "  because {}: {}", reason.name, reason.sentence);
        }
        if let Some(ran) = self.ran_before {
            let _ = writeln!(out, "  the same call ran {} ago", ago(Timestamp(ran).until(now)));
        }
        let left = now.until(Timestamp(self.deadline)).as_secs();
        let _ = writeln!(out, "  expires in {}:{:02}", left / 60, left % 60);
        out
    }
}

/// `40 s`, `3 min`: never more than it was.
fn ago(length: std::time::Duration) -> String {
    match length.as_secs() {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds if seconds < 3_600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

/// How a hold ended, in the words every view uses.
#[must_use]
pub fn verdict_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Approved => "approved".to_owned(),
        Verdict::Rejected { reason: Some(reason) } => format!("rejected: {reason}"),
        Verdict::Rejected { reason: None } => "rejected".to_owned(),
        Verdict::Expired => "expired: nobody decided in time".to_owned(),
        Verdict::Withdrawn => "withdrawn: its agent, upstream or user was removed".to_owned(),
        Verdict::Uncollected => "uncollected: approved, but the agent did not come back for it".to_owned(),
        Verdict::Refused { .. } => "refused: a newer policy denies it".to_owned(),
    }
}

/// Why a call waits although no policy holds it: another program uses its agent's name.
fn other_program(agent: &policy::AgentFacts) -> Option<CardReason> {
    let program = agent.program.as_deref().filter(|_| agent.is_other_program())?;
    let paired: Vec<String> =
        agent.paired_programs.iter().map(|paired| format!("`{}`", visible::marked(paired))).collect();
    Some(CardReason {
        kind: ReasonKind::OtherProgram,
        policy: "program".to_owned(),
        name: "Another program".to_owned(),
        description:
            "Its calls wait until it is accepted under Agents. This one needs your answer all the same."
                .to_owned(),
        action: ActionKind::RequestApproval,
        sentence: format!(
            "`{}` asks in the name of {}, which is paired with {}",
            visible::marked(program),
            agent.name,
            paired.join(" and ")
        ),
    })
}

/// The deciding policies of a trace.
#[must_use]
pub fn reasons(trace: &policy::Trace) -> Vec<CardReason> {
    let mut reasons: Vec<CardReason> = trace
        .policies
        .iter()
        .filter(|policy| policy.deciding)
        .map(|policy| CardReason {
            kind: ReasonKind::Policy,
            policy: policy.id.to_string(),
            name: policy.name.clone(),
            description: policy.description.clone(),
            action: policy.action,
            sentence: visible::marked(&policy.sentence),
        })
        .collect();
    if trace.paused {
        reasons.push(CardReason {
            kind: ReasonKind::Paused,
            policy: "paused".to_owned(),
            name: "Everything is held".to_owned(),
            description: "A person holds every call until they let calls go again.".to_owned(),
            action: ActionKind::RequestApproval,
            sentence: "everything was held when this call came".to_owned(),
        });
    }
    if reasons.is_empty() && trace.by_default {
        reasons.push(CardReason {
            kind: ReasonKind::Default,
            policy: "set".to_owned(),
            name: "Default of the policy set".to_owned(),
            description: "What happens to a call that no policy decides.".to_owned(),
            action: ActionKind::RequestApproval,
            sentence: "no policy decides this call".to_owned(),
        });
    }
    reasons
}

/// Every argument, opened one row a member of nested objects, in the order received.
#[must_use]
pub fn arguments(arguments: &Value, words: &ToolWords) -> Vec<CardArgument> {
    let mut rows = Vec::new();
    if let Value::Map(map) = arguments {
        for (key, value) in map.iter() {
            open(key, value, words, &mut rows);
        }
    }
    units::add(&mut rows);
    rows
}

fn open(path: &str, value: &Value, words: &ToolWords, rows: &mut Vec<CardArgument>) {
    let (kind, text) = match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, inner) in map.iter() {
                open(&format!("{path}.{key}"), inner, words, rows);
            }
            return;
        }
        Value::Map(_) => ("object", "{}".to_owned()),
        Value::List(_) => ("list", value.to_json()),
        Value::Text(text) => ("text", text.clone()),
        Value::Number(number) => ("number", number.as_str().to_owned()),
        Value::Bool(b) => ("true/false", b.to_string()),
        Value::Null => ("nothing", "null".to_owned()),
    };
    let characters = text.chars().count();
    rows.push(CardArgument {
        path: visible::marked(path),
        title: words.parameter_titles.get(path).map(|title| visible::marked(title)),
        kind: kind.to_owned(),
        unit: None,
        pieces: visible::pieces(&text),
        characters,
        folded: characters > FOLD_AFTER || text.lines().nth(FOLD_AFTER_LINES).is_some(),
    });
}

/// One line for lists: the first values, shortened; the card has them all.
#[must_use]
pub fn summary(arguments: &Value) -> String {
    let rows = self::arguments(arguments, &ToolWords::default());
    let words: Vec<String> = rows
        .iter()
        .take(3)
        .map(|row| {
            let value: String = row.pieces.iter().map(Piece::marked).collect();
            let short: String = value.chars().take(48).map(|c| if c == '\n' { ' ' } else { c }).collect();
            let more = if value.chars().count() > 48 { "…" } else { "" };
            format!("{} {short}{more}", row.path)
        })
        .collect();
    match (words.len(), rows.len()) {
        (0, _) => "no arguments".to_owned(),
        (shown, all) if all > shown => format!("{}, and {} more", words.join(", "), all - shown),
        _ => words.join(", "),
    }
}
