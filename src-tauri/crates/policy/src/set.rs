//! Documents → compiled set. Any error in any file fails the whole set, so that a typing mistake can never
//! quietly leave a policy out; whoever asked then keeps the set that was in force, or [`PolicySet::deny_all`].

use crate::{
    AgentName, ApprovalFlow, ContextId, Facts, FlowId, NameError, PolicyId, ToolCall, UpstreamName, User,
    documents::Place,
    flow,
    index::{self, Index},
    policy::{self, NamedContext, Surroundings},
    section::Source,
};
pub use crate::{
    documents::{ChangeKind, DocumentChange, DocumentError, Documents},
    policy::{Action, Policy, Target},
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

const MOST_DOCUMENTS: usize = 20_000;

/// The active policies, flows, contexts and default, with one revision.
#[derive(Clone, Debug)]
pub struct PolicySet {
    revision: String,
    policies: Vec<Policy>,
    flows: BTreeMap<FlowId, ApprovalFlow>,
    contexts: BTreeMap<ContextId, Arc<NamedContext>>,
    default: DefaultAction,
    /// Why the default denies although nobody wrote so.
    default_note: Option<String>,
    index: Index,
}

/// What happens to a call that no policy decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    Allow,
    Deny,
    RequestApproval { flow: FlowId },
}

impl PolicySet {
    /// Compiles every document. `cases.toml` and notes beside them play no part.
    ///
    /// # Errors
    /// Every document that is wrong, in the order of the paths; then there is no set.
    pub fn compile(documents: &Documents) -> Result<PolicySet, Vec<DocumentError>> {
        let mut errors = Vec::new();
        if documents.len() > MOST_DOCUMENTS {
            return Err(vec![about("", format!("more than {MOST_DOCUMENTS} files"))]);
        }
        let mut flows = BTreeMap::new();
        let mut contexts = BTreeMap::new();
        match ApprovalFlow::owner() {
            Ok(owner) => drop(flows.insert(owner.id.clone(), owner)),
            Err(error) => errors.push(about("flows/owner.toml", error.to_string())),
        }
        for (path, text) in documents.iter() {
            let source = Source { path, text };
            match Place::of(path) {
                Place::Flow(stem) => match id::<FlowId>(path, stem).and_then(|id| flow::parse(&id, source)) {
                    Ok(flow) => drop(flows.insert(flow.id.clone(), flow)),
                    Err(error) => errors.push(error),
                },
                Place::Context(stem) => {
                    match id::<ContextId>(path, stem).and_then(|id| policy::parse_context(&id, source)) {
                        Ok(context) => drop(contexts.insert(context.id.clone(), Arc::new(context))),
                        Err(error) => errors.push(error),
                    }
                }
                Place::Unknown => {
                    errors.push(about(path, "this file is not part of a policy set".to_owned()).hint(
                        "policies are `<id>.toml`, flows `flows/<id>.toml`, contexts `contexts/<id>.toml`",
                    ))
                }
                Place::Set | Place::Policy(_) | Place::Aside => {}
            }
        }
        let around = Surroundings { flows: &flows, contexts: &contexts };
        let mut policies = Vec::new();
        for (path, text) in documents.iter() {
            let Place::Policy(stem) = Place::of(path) else { continue };
            match id::<PolicyId>(path, stem).and_then(|id| policy::parse(&id, Source { path, text }, &around))
            {
                Ok(policy) => policies.push(policy),
                Err(error) => errors.push(error),
            }
        }
        let (default, default_note) = match documents.get("set.toml") {
            None => (
                DefaultAction::Deny,
                Some("the policies have no set.toml, so what no policy allows is denied".to_owned()),
            ),
            Some(text) => match default_action(Source { path: "set.toml", text }, &flows) {
                Ok(default) => (default, None),
                Err(error) => {
                    errors.push(error);
                    (DefaultAction::Deny, None)
                }
            },
        };
        if !errors.is_empty() {
            errors.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
            return Err(errors);
        }
        policies.sort_by(|a, b| a.id.cmp(&b.id));
        let index = Index::of(&policies);
        Ok(PolicySet {
            revision: hex(&documents.hash()),
            policies,
            flows,
            contexts,
            default,
            default_note,
            index,
        })
    }

    /// The set for when nothing valid is in force: every call is denied, with the reason as message.
    #[must_use]
    pub fn deny_all(reason: &str) -> PolicySet {
        let mut hash = Sha256::new();
        hash.update(b"doorward deny all v1");
        hash.update(reason);
        PolicySet {
            revision: hex(&hash.finalize()),
            policies: Vec::new(),
            flows: BTreeMap::new(),
            contexts: BTreeMap::new(),
            default: DefaultAction::Deny,
            default_note: Some(reason.to_owned()),
            index: Index::default(),
        }
    }

    /// Hex SHA-256 of the documents.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// In the order of their ids.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter()
    }

    #[must_use]
    pub fn policy(&self, id: &PolicyId) -> Option<&Policy> {
        self.policies.binary_search_by(|policy| policy.id.cmp(id)).ok().and_then(|at| self.policies.get(at))
    }

    #[must_use]
    pub fn flow(&self, id: &FlowId) -> Option<&ApprovalFlow> {
        self.flows.get(id)
    }

    /// In the order of their ids, the built-in `owner` included.
    pub fn flows(&self) -> impl Iterator<Item = &ApprovalFlow> {
        self.flows.values()
    }

    /// Named contexts that an active policy may use: id, name, and the condition in words.
    pub fn contexts(&self) -> impl Iterator<Item = (&ContextId, &str, String)> {
        self.contexts.values().map(|context| (&context.id, context.name.as_str(), context.condition.words()))
    }

    #[must_use]
    pub fn default_action(&self) -> DefaultAction {
        self.default.clone()
    }

    pub(crate) fn default(&self) -> &DefaultAction {
        &self.default
    }

    pub(crate) fn default_note(&self) -> Option<&str> {
        self.default_note.as_deref()
    }

    /// Whether every call of this tool by this agent for this user is denied, whatever its arguments and the
    /// moment: an enforced `deny` without condition and contexts names it.
    #[must_use]
    pub fn always_denies(&self, user: &User, agent: &AgentName, upstream: &UpstreamName, tool: &str) -> bool {
        let met = self.index.met(&self.policies, upstream.as_str(), tool);
        let mut named = met.all.iter().filter_map(|at| index::policy(&self.policies, *at));
        named.any(|policy| policy.always_denies(user, agent))
    }

    /// The policies that fit a call's tool and are not off, in the order of their ids.
    pub(crate) fn of_tool(&self, call: &ToolCall) -> Vec<&Policy> {
        let met = self.index.met(&self.policies, call.upstream.as_str(), call.tool.as_str());
        met.all.iter().filter_map(|at| index::policy(&self.policies, *at)).collect()
    }

    /// How many tools the index remembers.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.index.remembered()
    }

    /// Those of them that can apply. Cost does not grow with the others.
    pub(crate) fn each_near<'a>(&'a self, call: &ToolCall, facts: &Facts, mut look: impl FnMut(&'a Policy)) {
        let met = self.index.met(&self.policies, call.upstream.as_str(), call.tool.as_str());
        let near = met.narrowed(call, facts);
        near.positions().iter().filter_map(|at| index::policy(&self.policies, *at)).for_each(&mut look);
    }
}

fn default_action(
    source: Source<'_>,
    flows: &BTreeMap<FlowId, ApprovalFlow>,
) -> Result<DefaultAction, DocumentError> {
    let document = source.parse()?;
    let root = source.root(&document);
    root.only(&["default", "default_flow"])?;
    let words = [("allow", 0), ("deny", 1), ("request_approval", 2)];
    let Some(word) = root.word("default", &words)? else {
        return Err(root
            .error("default", "`default` is missing")
            .hint("use `allow`, `request_approval` or `deny`"));
    };
    if word != 2 && root.has("default_flow") {
        return Err(root.error("default_flow", "`default_flow` belongs to `default = \"request_approval\"`"));
    }
    match word {
        0 => Ok(DefaultAction::Allow),
        1 => Ok(DefaultAction::Deny),
        _ => {
            let flow: FlowId = match root.text("default_flow", 64)? {
                Some(text) => text.parse()?,
                None => flow::OWNER
                    .parse()
                    .map_err(|error: NameError| root.error("default_flow", error.to_string()))?,
            };
            if !flows.contains_key(&flow) {
                return Err(root
                    .error("default_flow", format!("there is no flow `{flow}`"))
                    .hint(format!("add `flows/{flow}.toml`")));
            }
            Ok(DefaultAction::RequestApproval { flow })
        }
    }
}

fn id<T: std::str::FromStr<Err = NameError>>(path: &str, stem: &str) -> Result<T, DocumentError> {
    stem.parse().map_err(|error: NameError| about(path, error.to_string()).hint("rename the file"))
}

fn about(path: &str, message: String) -> DocumentError {
    DocumentError { path: path.to_owned(), line: None, column: None, message, hint: None }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
