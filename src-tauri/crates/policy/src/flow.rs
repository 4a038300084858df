//! An approval flow as a policy names it: ordered stages, who may vote, how many, how long.

use crate::{
    DocumentError, FlowId, UserId,
    section::{Section, Source},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The flow that exists without a file: the desk's owner, one vote, within a quarter of an hour.
pub const OWNER: &str = "owner";

const MOST_STAGES: usize = 10;
const MOST_APPROVERS: usize = 100;
const MOST_SECONDS: u64 = 30 * 86_400;
const DEFAULT_SECONDS: u64 = 15 * 60;

/// A flow of `flows/<id>.toml`, resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalFlow {
    pub id: FlowId,
    pub name: String,
    /// At least one; all required, in order.
    pub stages: Vec<Stage>,
}

/// One stage of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub approvers: Approvers,
    /// Votes needed, at least 1.
    pub required: u32,
    /// How long this stage may take.
    pub within_seconds: u64,
    /// What its deadline does.
    #[serde(default)]
    pub on_timeout: OnTimeout,
    /// Who may vote as well once the deadline has passed, with [`OnTimeout::Escalate`].
    #[serde(default)]
    pub escalate_to: Approvers,
    /// The user the agent acts for may not vote here.
    #[serde(default)]
    pub exclude_requester: bool,
    /// A vote here may also make a grant, and a grant may stand for the vote.
    #[serde(default)]
    pub grants: bool,
    /// What each approval here must come with.
    #[serde(default)]
    pub step_up: Option<ProofKind>,
}

/// What happens when a stage's time is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// Nobody approved: the call ends.
    #[default]
    Reject,
    /// Once: others may vote too, and the time begins anew. As many votes are needed as before.
    Escalate,
}

/// Which proof of a person's presence is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofKind {
    /// A passkey or the passphrase.
    Any,
    Passkey,
}

/// Who may vote at a stage. The desk's owner where both are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvers {
    #[serde(default)]
    pub users: BTreeSet<UserId>,
    #[serde(default)]
    pub roles: BTreeSet<String>,
}

impl Stage {
    /// Votes within a time, and nothing else asked or offered.
    #[must_use]
    pub fn of(approvers: Approvers, required: u32, within_seconds: u64) -> Stage {
        Stage {
            approvers,
            required,
            within_seconds,
            on_timeout: OnTimeout::Reject,
            escalate_to: Approvers::default(),
            exclude_requester: false,
            grants: false,
            step_up: None,
        }
    }
}

impl Approvers {
    /// Nobody is named: the desk's owner is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.roles.is_empty()
    }
}

impl ApprovalFlow {
    /// The built-in flow [`OWNER`]; a file `flows/owner.toml` takes its place.
    ///
    /// # Errors
    /// None in practice: the id is a constant that is a valid name.
    pub fn owner() -> Result<ApprovalFlow, crate::NameError> {
        let mut stage = Stage::of(Approvers::default(), 1, DEFAULT_SECONDS);
        stage.grants = true;
        Ok(ApprovalFlow { id: OWNER.parse()?, name: "The owner approves".to_owned(), stages: vec![stage] })
    }

    /// Who is asked, in words: "the desk's owner" or the flow's name.
    #[must_use]
    pub fn asked(&self) -> String {
        match self.stages.as_slice() {
            [only] if only.approvers.is_empty() => "the desk's owner".to_owned(),
            _ => crate::wording::quoted(&self.name),
        }
    }
}

/// Reads `flows/<id>.toml`.
pub(crate) fn parse(id: &FlowId, source: Source<'_>) -> Result<ApprovalFlow, DocumentError> {
    let document = source.parse()?;
    let root = source.root(&document);
    root.only(&["name", "description", "stage"])?;
    root.text("description", 1_000)?;
    let name = root.required("name", 120)?.owned();
    let mut stages = Vec::new();
    for section in root.sections("stage", MOST_STAGES)? {
        stages.push(stage(&section)?);
    }
    if stages.is_empty() {
        return Err(source
            .error(None, "a flow needs at least one `[[stage]]`")
            .hint("an empty `[[stage]]` asks the desk's owner for one vote within 15m"));
    }
    Ok(ApprovalFlow { id: id.clone(), name, stages })
}

/// One `[[stage]]`.
fn stage(section: &Section<'_>) -> Result<Stage, DocumentError> {
    section.only(&[
        "users",
        "roles",
        "required",
        "within",
        "on_timeout",
        "escalate_to",
        "step_up",
        "exclude_requester",
        "grants",
    ])?;
    let approvers = approvers(section)?;
    let required = section.whole("required", 1..=20)?.unwrap_or(1);
    let within_seconds = section.seconds("within", 10..=MOST_SECONDS)?.unwrap_or(DEFAULT_SECONDS);
    let mut stage = Stage::of(approvers, required, within_seconds);
    let words = [("reject", OnTimeout::Reject), ("escalate", OnTimeout::Escalate)];
    stage.on_timeout = section.word("on_timeout", &words)?.unwrap_or_default();
    if let Some(others) = section.section("escalate_to")? {
        others.only(&["users", "roles"])?;
        stage.escalate_to = self::approvers(&others)?;
    }
    match stage.on_timeout {
        OnTimeout::Escalate if stage.escalate_to.is_empty() => {
            return Err(section
                .error("on_timeout", "a stage that escalates must say to whom")
                .hint("name them: `escalate_to = { roles = [\"…\"] }`"));
        }
        OnTimeout::Reject if !stage.escalate_to.is_empty() => {
            return Err(section
                .error("escalate_to", "nobody is asked here unless the stage escalates")
                .hint("add `on_timeout = \"escalate\"`"));
        }
        OnTimeout::Reject | OnTimeout::Escalate => {}
    }
    stage.exclude_requester = section.flag("exclude_requester")?.unwrap_or(false);
    stage.grants = section.flag("grants")?.unwrap_or(false);
    stage.step_up = section.word("step_up", &[("any", ProofKind::Any), ("passkey", ProofKind::Passkey)])?;
    let named = [&stage.approvers, &stage.escalate_to];
    let people: BTreeSet<&UserId> = named.iter().flat_map(|approvers| &approvers.users).collect();
    let everybody_named = named.iter().all(|approvers| approvers.roles.is_empty());
    // Where nobody is named, the desk's owner is one more.
    let most = people.len() + usize::from(stage.approvers.is_empty());
    if everybody_named && required as usize > most {
        return Err(section
            .error("required", format!("{required} votes are required, more than the stage has approvers"))
            .hint("name more users, or a role"));
    }
    Ok(stage)
}

/// `users` and `roles`.
fn approvers(section: &Section<'_>) -> Result<Approvers, DocumentError> {
    let users = section.texts("users", MOST_APPROVERS)?;
    let roles = section.texts("roles", MOST_APPROVERS)?;
    Ok(Approvers {
        users: users.iter().map(|user| user.parse()).collect::<Result<_, _>>()?,
        roles: roles.iter().map(|role| role.owned()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ApprovalFlow, String> {
        parse(&"finance".parse().unwrap(), Source { path: "flows/finance.toml", text })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_stage_is_the_owner_within_a_quarter_of_an_hour() {
        let flow = read("name = \"The owner approves\"\n[[stage]]\n").unwrap();
        let built_in = ApprovalFlow::owner().unwrap().stages;
        assert_eq!(flow.stages, [Stage { grants: false, ..built_in[0].clone() }], "a file says so itself");
        assert_eq!(flow.asked(), "the desk's owner");
    }

    #[test]
    fn stages_are_read_in_their_order() {
        let flow = read("name = \"Finance\"\n[[stage]]\nroles = [\"finance\"]\nrequired = 2\nwithin = \"1h\"\n[[stage]]\nusers = [\"ana\"]\n")
            .unwrap();
        let (first, second) = (&flow.stages[0], &flow.stages[1]);
        assert_eq!((first.required, first.within_seconds, second.required), (2, 3_600, 1));
        assert_eq!(flow.asked(), "Finance");
    }

    #[test]
    fn a_stage_says_what_happens_when_nobody_decides_and_what_a_vote_takes() {
        let text = "name = \"x\"\n[[stage]]\nusers = [\"ana\"]\nrequired = 2\non_timeout = \"escalate\"\n\
                    escalate_to = { users = [\"bob\"] }\nstep_up = \"passkey\"\nexclude_requester = true\ngrants = true\n";
        let flow = read(text).unwrap();
        let stage = &flow.stages[0];
        assert_eq!((stage.on_timeout, stage.step_up), (OnTimeout::Escalate, Some(ProofKind::Passkey)));
        assert!(stage.exclude_requester && stage.grants && stage.escalate_to.users.contains("bob"));
    }

    #[test]
    fn a_flow_that_nobody_can_satisfy_is_refused() {
        let cases = [
            (
                "name = \"x\"\n[[stage]]\non_timeout = \"escalate\"\n",
                "flows/finance.toml:3:14: a stage that escalates must say to whom",
            ),
            (
                "name = \"x\"\n[[stage]]\nescalate_to = { users = [\"ana\"] }\n",
                "flows/finance.toml:3:15: nobody is asked here unless the stage escalates",
            ),
            ("name = \"x\"\n", "flows/finance.toml: a flow needs at least one `[[stage]]`"),
            (
                "name = \"x\"\n[[stage]]\nusers = [\"ana\"]\nrequired = 2\n",
                "flows/finance.toml:4:12: 2 votes are required",
            ),
            (
                "name = \"x\"\n[[stage]]\nwithin = \"soon\"\n",
                "flows/finance.toml:3:10: `soon` is not a length of time",
            ),
            (
                "name = \"x\"\n[[stage]]\nrequired = 0\n",
                "flows/finance.toml:3:12: `required` must be between 1 and 20",
            ),
            (
                "name = \"x\"\n[[stages]]\n",
                "flows/finance.toml:2:3: unknown key `stages`; did you mean `stage`?",
            ),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
