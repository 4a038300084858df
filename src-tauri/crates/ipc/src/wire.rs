//! The shapes that cross to the window. Times are epoch milliseconds; TypeScript is generated from here.

use gateway::card::CardState;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A command without a request body.
#[derive(Clone, Debug, Deserialize, TS)]
#[ts(type = "Record<string, never>")]
pub struct Nothing {}

#[derive(Clone, Debug, Serialize, TS)]
pub struct Overview {
    pub version: String,
    pub home: String,
    pub gateway: GatewayState,
    pub waiting: usize,
    /// Every call waits for a person until calls go again.
    pub paused: bool,
    pub owner: Person,
    pub keychain: PartState,
    pub notifications: PartState,
    /// Whether anybody can tell if it is locked.
    pub screen: PartState,
    /// The practice upstream and its agent are set up.
    pub practice: bool,
    pub alarms: Vec<Alarm>,
}

#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum GatewayState {
    On { listen: String },
    Off { message: String, hint: String },
}

#[derive(Clone, Debug, Default, Serialize, TS)]
pub struct Person {
    pub id: String,
    pub name: String,
}

/// One part of this machine that Doorward needs.
#[derive(Clone, Debug, Serialize, TS)]
pub struct PartState {
    pub ok: bool,
    pub name: String,
    pub message: Option<String>,
    pub hint: Option<String>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct Alarm {
    pub code: String,
    pub message: String,
    pub hint: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct InboxRow {
    pub hold: String,
    pub agent: String,
    pub upstream: String,
    pub tool: String,
    pub summary: String,
    pub needs: Needs,
    #[ts(type = "number")]
    pub opened_at: i64,
    #[ts(type = "number")]
    pub deadline: i64,
    pub attended: bool,
}

#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    Approval,
    StepUp,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct CardRequest {
    pub hold: String,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct VoteRequest {
    pub hold: String,
    /// Of the card that was shown: a vote counts for this call only.
    pub digest: String,
    pub choice: VoteChoice,
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VoteChoice {
    Approve,
    Reject,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct VoteReceipt {
    pub hold: String,
    pub state: CardState,
    pub message: String,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct ActivityRequest {
    #[ts(type = "number | null")]
    pub before: Option<u64>,
    pub limit: u32,
    /// Part of the agent's, user's, upstream's or tool's name.
    pub text: Option<String>,
    pub outcome: Option<ActivityOutcome>,
    /// Exactly this name; so with the three below.
    pub agent: Option<String>,
    pub upstream: Option<String>,
    pub tool: Option<String>,
    /// The id of a policy that was part of the decision.
    pub policy: Option<String>,
    /// Begun at this time or later.
    #[ts(type = "number | null")]
    pub since: Option<i64>,
    /// Begun at this time or earlier.
    #[ts(type = "number | null")]
    pub until: Option<i64>,
}

/// The journal's outcomes, as TypeScript knows them.
macro_rules! outcomes {
    ($($name:ident),*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
        #[serde(rename_all = "snake_case")]
        pub enum ActivityOutcome { $($name),* }

        impl From<journal::ActivityOutcome> for ActivityOutcome {
            fn from(outcome: journal::ActivityOutcome) -> ActivityOutcome {
                match outcome { $(journal::ActivityOutcome::$name => ActivityOutcome::$name),* }
            }
        }

        impl From<ActivityOutcome> for journal::ActivityOutcome {
            fn from(outcome: ActivityOutcome) -> journal::ActivityOutcome {
                match outcome { $(ActivityOutcome::$name => journal::ActivityOutcome::$name),* }
            }
        }
    };
}

outcomes!(
    Allowed,
    Denied,
    Approved,
    Rejected,
    Expired,
    Withdrawn,
    Uncollected,
    Refused,
    Waiting,
    Running,
    Failed,
    Unknown
);

#[derive(Clone, Debug, Serialize, TS)]
pub struct ActivityRow {
    #[ts(type = "number")]
    pub seq: u64,
    #[ts(type = "number")]
    pub at: i64,
    pub agent: String,
    pub user: String,
    pub upstream: String,
    pub tool: String,
    pub summary: String,
    pub outcome: ActivityOutcome,
    pub policies: Vec<PolicyName>,
    /// "Ana, in the window"
    pub decided_by: Option<String>,
    pub hold: Option<String>,
    pub detail: Vec<DetailRow>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub why: Option<String>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PolicyName {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct DetailRow {
    pub path: String,
    pub value: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct ActivityPage {
    pub rows: Vec<ActivityRow>,
    /// What `before` is for the page after this; none where nothing older fits. A page may be short all the same.
    #[ts(type = "number | null")]
    pub next: Option<u64>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PoliciesView {
    pub revision: String,
    pub rows: Vec<PolicyRow>,
    pub default_action: String,
    pub waiting: Option<WaitingChange>,
    pub problem: Option<Problem>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct Problem {
    pub message: String,
    pub hint: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PolicyRow {
    pub id: String,
    pub name: String,
    pub description: String,
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub action: policy::ActionKind,
    #[ts(type = "\"enforce\" | \"observe\" | \"off\"")]
    pub mode: policy::Mode,
    pub tools: Vec<String>,
    pub roles: Vec<String>,
    pub condition: Option<String>,
    pub sentence: String,
    pub applied_30_days: u32,
    pub users: Vec<String>,
    pub agents: Vec<String>,
    pub contexts: Vec<String>,
    /// Of the file, epoch milliseconds.
    #[ts(type = "number | null")]
    pub changed_at: Option<i64>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct WaitingChange {
    pub hash: String,
    pub files: Vec<ChangedFile>,
    pub problems: Vec<String>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct ChangedFile {
    pub path: String,
    pub kind: ChangeKind,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct PolicyModeRequest {
    pub id: String,
    #[ts(type = "\"enforce\" | \"observe\" | \"off\"")]
    pub mode: policy::Mode,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct ChangeRequest {
    pub hash: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct UpstreamRow {
    pub name: String,
    pub transport: String,
    /// The exact command or address, untruncated.
    pub command: String,
    /// Where an agent reaches it.
    pub address: String,
    pub sessions: usize,
    pub last_error: Option<String>,
    pub tools: Option<usize>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct AddUpstreamRequest {
    pub name: String,
    pub command: Option<Vec<String>>,
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct NameRequest {
    pub name: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct AgentsView {
    pub agents: Vec<AgentRow>,
    pub users: Vec<Person>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct AgentRow {
    pub name: String,
    pub user: String,
    #[ts(type = "number")]
    pub added_at: i64,
    #[ts(type = "number | null")]
    pub last_seen: Option<i64>,
    /// Paths of the programs it is known to be; none before its first call.
    pub programs: Vec<String>,
    /// Programs that lately called in its name without being known as it, the latest first.
    pub other_programs: Vec<OtherProgram>,
    /// How long it is kept waiting for a held call, in seconds; none where nobody set that.
    pub wait_limit: Option<u32>,
    /// How long that is where nobody set it, in words; none before its first call.
    pub wait_of_program: Option<String>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct OtherProgram {
    /// Its path.
    pub program: String,
    #[ts(type = "number")]
    pub last_call: i64,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct AcceptProgramRequest {
    pub agent: String,
    /// A path that was shown as another program of the agent.
    pub program: String,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct WaitLimitRequest {
    pub agent: String,
    /// None: as its program allows.
    pub seconds: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct AddAgentRequest {
    pub name: String,
    pub user: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct NewAgent {
    pub name: String,
    /// Shown once.
    pub token: String,
    pub connect: Vec<ConnectHelp>,
}

/// Text to paste into one agent's configuration.
#[derive(Clone, Debug, Serialize, TS)]
pub struct ConnectHelp {
    pub title: String,
    pub text: String,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct PracticeCallRequest {
    pub kind: PracticeKind,
}

#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PracticeKind {
    Allowed,
    Denied,
    Held,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct Started {
    pub started: bool,
}

/// What every command answers when it cannot do what was asked.
#[derive(Clone, Debug, Serialize, TS)]
pub struct IpcError {
    pub code: String,
    pub message: String,
    pub hint: String,
}

/// Something changed: queries with these tags are out of date.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Changed {
    pub tags: Vec<Tag>,
    /// The hold it was about.
    pub hold: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    Overview,
    Inbox,
    Activity,
    Policies,
    Upstreams,
    Agents,
    Grants,
    Security,
}

impl Tag {
    pub(crate) const ALL: &[Tag] = &[
        Tag::Overview,
        Tag::Inbox,
        Tag::Activity,
        Tag::Policies,
        Tag::Upstreams,
        Tag::Agents,
        Tag::Grants,
        Tag::Security,
    ];
}

impl IpcError {
    pub(crate) fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> IpcError {
        IpcError { code: code.to_owned(), message: message.into(), hint: hint.into() }
    }

    /// Window and engine do not understand each other: not the person's doing.
    pub(crate) fn broken(code: &str, message: String) -> IpcError {
        IpcError::new(code, message, "restart Doorward; if it stays, report it")
    }

    pub(crate) fn gone(hold: &str) -> IpcError {
        IpcError::new("no_hold", format!("there is no hold `{hold}` any more"), "Activity shows how it ended")
    }
}

impl From<gateway::home::BookError> for IpcError {
    fn from(error: gateway::home::BookError) -> IpcError {
        IpcError::new(error.code(), error.to_string(), error.hint())
    }
}

impl From<gateway::SetError> for IpcError {
    fn from(error: gateway::SetError) -> IpcError {
        IpcError::new(error.code(), error.to_string(), error.hint())
    }
}

impl From<gateway::desk::VoteError> for IpcError {
    fn from(error: gateway::desk::VoteError) -> IpcError {
        IpcError::new(error.code(), error.to_string(), "the card shows how the call stands now")
    }
}

impl From<journal::JournalError> for IpcError {
    fn from(error: journal::JournalError) -> IpcError {
        IpcError::new("journal", error.to_string(), "check free space and permissions of the home folder")
    }
}
