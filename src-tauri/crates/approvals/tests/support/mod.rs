//! Calls, decisions and holds to test with.

use approvals::{
    Admission, Choice, Event, HeldCall, HoldId, Ids, Means, Opened, ProofId, ProofMethod, ReleaseId,
    StepUpProof, Vote, Voter, admit,
};
use policy::{
    AgentFacts, ApprovalFlow, Approvers, CallDigest, ContextFacts, Decision, DefinitionHash, Facts, Outcome,
    Requirements, Stage, StepUpRule, Timestamp, ToolCall, ToolFacts, Trace, UpstreamFacts, User, Value,
};

pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000);
pub(crate) const MINUTE: i64 = 60_000;

pub(crate) fn at(milliseconds: i64) -> Timestamp {
    Timestamp(START.0 + milliseconds)
}

pub(crate) fn user(id: &str) -> User {
    User {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        email: None,
        roles: ["finance".to_owned()].into(),
        department: None,
        owner: id == "ana",
        attributes: [].into(),
    }
}

/// Ana owns the desk, and has the role `finance`.
pub(crate) fn owner() -> Voter {
    Voter::from(&user("ana"))
}

pub(crate) fn call(amount: &str) -> ToolCall {
    ToolCall {
        user: "ana".parse().unwrap(),
        agent: "coder".parse().unwrap(),
        upstream: "expenses".parse().unwrap(),
        tool: "create_expense".parse().unwrap(),
        definition: DefinitionHash([7; 32]),
        arguments: Value::parse(format!("{{\"amount\":{amount}}}").as_bytes()).unwrap(),
    }
}

pub(crate) fn facts() -> Facts {
    Facts {
        user: user("ana"),
        agent: AgentFacts {
            name: "coder".into(),
            program: None,
            process: None,
            claimed_client: None,
            paired_programs: Vec::new(),
        },
        tool: ToolFacts::default(),
        upstream: UpstreamFacts {
            name: "expenses".into(),
            transport: "stdio".into(),
            remote: false,
            root: None,
        },
        context: ContextFacts {
            time: START,
            utc_offset_minutes: 0,
            project: None,
            branch: None,
            locked: None,
            calls_last_minute: 0,
            calls_last_hour: None,
            tool_calls_last_minute: None,
            tool_calls_last_hour: None,
        },
        paths: [].into(),
    }
}

pub(crate) fn decision(outcome: Outcome) -> Decision {
    Decision { revision: "r1".into(), outcome, trace: Trace::default() }
}

pub(crate) fn held_by(flows: Vec<ApprovalFlow>) -> Decision {
    decision(Outcome::Held(Requirements { flows, step_up: None, message: Some("ask first".into()) }))
}

pub(crate) fn denied() -> Decision {
    decision(Outcome::Denied { message: Some("not any more".into()) })
}

pub(crate) fn step_up() -> Decision {
    let rule = StepUpRule { passkey_only: true, max_age_seconds: 0 };
    decision(Outcome::Held(Requirements {
        flows: vec![anybody("owner", 15)],
        step_up: Some(rule),
        message: None,
    }))
}

pub(crate) fn stage(users: &[&str], roles: &[&str], required: u32, minutes: u64) -> Stage {
    let approvers = Approvers {
        users: users.iter().map(|user| user.parse().unwrap()).collect(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    Stage::of(approvers, required, minutes * 60)
}

pub(crate) fn flow(id: &str, stages: Vec<Stage>) -> ApprovalFlow {
    ApprovalFlow { id: id.parse().unwrap(), name: id.to_owned(), stages }
}

/// One stage that the desk's owner satisfies.
pub(crate) fn anybody(id: &str, minutes: u64) -> ApprovalFlow {
    flow(id, vec![stage(&[], &[], 1, minutes)])
}

pub(crate) fn ids(n: u8) -> Ids {
    Ids::from_random([n; 16], [n; 16])
}

pub(crate) fn opened(decision: Decision) -> Opened {
    let id = HoldId::from_random([1; 16]);
    Opened {
        id,
        call: call("7250.00"),
        facts: facts(),
        decision,
        owner: owner(),
        others: Vec::new(),
        session: None,
        at: START,
    }
}

pub(crate) fn held(flows: Vec<ApprovalFlow>) -> HeldCall {
    match admit(held_by(flows), call("7250.00"), facts(), owner(), ids(1), START) {
        Admission::Held(held) => *held,
        other => panic!("held, not {other:?}"),
    }
}

pub(crate) fn vote(by: &str, choice: Choice, digest: CallDigest) -> Vote {
    Vote { by: by.parse().unwrap(), choice, means: Means::Window, digest, at: START, proof: None }
}

/// A verified proof of this person for the hold as it stands.
pub(crate) fn proof(by: &str, method: ProofMethod, held: &HeldCall) -> StepUpProof {
    let id = ProofId::from_random([5; 16]);
    let (hold, digest) = (held.id().clone(), held.digest());
    StepUpProof { id, by: by.parse().unwrap(), method, hold, digest, at: START, evidence: None }
}

pub(crate) fn passkey() -> ProofMethod {
    ProofMethod::Passkey { credential: "c".into() }
}

/// Bob, or anybody else, votes with their own passkey.
pub(crate) fn proven_vote(by: &str, choice: Choice, held: &HeldCall) -> Event {
    let proof = Some(proof(by, passkey(), held));
    Event::Voted(Vote { means: Means::Ceremony, proof, ..vote(by, choice, held.digest()) })
}

/// Without a role `finance`, unlike Ana; Eva is the boss.
pub(crate) fn others() -> Vec<Voter> {
    let voter = |id: &str, roles: &[&str]| Voter {
        id: id.parse().unwrap(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    vec![voter("bob", &["finance"]), voter("eva", &["boss"])]
}

pub(crate) fn held_with_others(decision: Decision) -> HeldCall {
    HeldCall::open(Opened { others: others(), session: Some("s1".into()), ..opened(decision) })
}

pub(crate) fn with_step_up(flows: Vec<ApprovalFlow>, passkey_only: bool, max_age_seconds: u64) -> Decision {
    let step_up = Some(StepUpRule { passkey_only, max_age_seconds });
    decision(Outcome::Held(Requirements { flows, step_up, message: None }))
}

pub(crate) fn approval(held: &HeldCall) -> Event {
    Event::Voted(vote("ana", Choice::Approve, held.digest()))
}

pub(crate) fn release_id(n: u8) -> ReleaseId {
    ReleaseId::from_random([n; 16])
}
