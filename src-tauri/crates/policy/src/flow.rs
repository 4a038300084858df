//! An approval flow as a policy names it: ordered stages, who may vote, how many, how long.

use crate::{DocumentError, FlowId, UserId, section::Source};
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
}

/// Who may vote at a stage. The desk's owner where both are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvers {
    #[serde(default)]
    pub users: BTreeSet<UserId>,
    #[serde(default)]
    pub roles: BTreeSet<String>,
}

impl ApprovalFlow {
    /// The built-in flow [`OWNER`]; a file `flows/owner.toml` takes its place.
    ///
    /// # Errors
    /// None in practice: the id is a constant that is a valid name.
    pub fn owner() -> Result<ApprovalFlow, crate::NameError> {
        let stage = Stage { approvers: Approvers::default(), required: 1, within_seconds: DEFAULT_SECONDS };
        Ok(ApprovalFlow { id: OWNER.parse()?, name: "The owner approves".to_owned(), stages: vec![stage] })
    }

    /// Who is asked, in words: "the desk's owner" or the flow's name.
    #[must_use]
    pub fn asked(&self) -> String {
        match self.stages.as_slice() {
            [only] if only.approvers.users.is_empty() && only.approvers.roles.is_empty() => {
                "the desk's owner".to_owned()
            }
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
        section.only(&["users", "roles", "required", "within"])?;
        let users: BTreeSet<UserId> = section
            .texts("users", MOST_APPROVERS)?
            .iter()
            .map(|user| user.parse())
            .collect::<Result<_, _>>()?;
        let roles: BTreeSet<String> =
            section.texts("roles", MOST_APPROVERS)?.iter().map(|role| role.owned()).collect();
        let required = section.whole("required", 1..=20)?.unwrap_or(1);
        let everybody_named = roles.is_empty().then(|| users.len().max(1));
        if everybody_named.is_some_and(|named| required as usize > named) {
            return Err(section
                .error(
                    "required",
                    format!("{required} votes are required, more than the stage has approvers"),
                )
                .hint("name more users, or a role"));
        }
        let within_seconds = section.seconds("within", 10..=MOST_SECONDS)?.unwrap_or(DEFAULT_SECONDS);
        stages.push(Stage { approvers: Approvers { users, roles }, required, within_seconds });
    }
    if stages.is_empty() {
        return Err(source
            .error(None, "a flow needs at least one `[[stage]]`")
            .hint("an empty `[[stage]]` asks the desk's owner for one vote within 15m"));
    }
    Ok(ApprovalFlow { id: id.clone(), name, stages })
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
        assert_eq!(flow.stages, ApprovalFlow::owner().unwrap().stages);
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
    fn a_flow_that_nobody_can_satisfy_is_refused() {
        let cases = [
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
