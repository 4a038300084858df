//! One policy: target, condition, action. Read from `<id>.toml`, compiled once, never changed after.

use crate::{
    ActionKind, AgentName, ApprovalFlow, ContextId, DocumentError, Facts, FlowId, Mode, PolicyId, ToolCall,
    User,
    condition::{Condition, MAX_TEXT},
    decision::StepUpRule,
    flow,
    glob::ToolGlobs,
    section::{Section, Source, Text},
};
use std::{collections::BTreeMap, sync::Arc};
use unicode_normalization::UnicodeNormalization;

const MOST_PATTERNS: usize = 200;

/// A compiled policy with the document's words beside it.
#[derive(Clone, Debug)]
pub struct Policy {
    pub id: PolicyId,
    pub name: String,
    pub description: String,
    pub mode: Mode,
    pub action: Action,
    pub target: Target,
    /// The condition as the person wrote it.
    pub when: Option<String>,
    /// Lets an `allow` depend on what an agent or an upstream claims.
    pub trust_claims: bool,
    pub(crate) tools: ToolGlobs,
    pub(crate) condition: Option<Condition>,
    /// Those the target names; any of them must hold.
    pub(crate) contexts: Vec<Arc<NamedContext>>,
    /// Whom the action's flow asks, in words.
    pub(crate) asked: Option<String>,
}

/// What the policy asks for when it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub kind: ActionKind,
    /// Set for `request_approval`.
    pub flow: Option<FlowId>,
    /// Set for `step_up`.
    pub step_up: Option<StepUpRule>,
    /// For the agent.
    pub message: Option<String>,
}

/// The scope: all listed dimensions must fit, any entry within one; an empty one fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Globs over `upstream/tool`; `!glob` excludes.
    pub tools: Vec<String>,
    pub users: Vec<String>,
    pub roles: Vec<String>,
    pub agents: Vec<String>,
    pub contexts: Vec<String>,
}

/// A reusable condition over `context.*`, read from `contexts/<id>.toml`.
#[derive(Clone, Debug)]
pub(crate) struct NamedContext {
    pub(crate) id: ContextId,
    pub(crate) name: String,
    pub(crate) condition: Condition,
}

/// What a policy may refer to in the rest of the set.
pub(crate) struct Surroundings<'a> {
    pub(crate) flows: &'a BTreeMap<FlowId, ApprovalFlow>,
    pub(crate) contexts: &'a BTreeMap<ContextId, Arc<NamedContext>>,
}

/// Reads `<id>.toml`.
pub(crate) fn parse(
    id: &PolicyId,
    source: Source<'_>,
    around: &Surroundings<'_>,
) -> Result<Policy, DocumentError> {
    let document = source.parse()?;
    let root = source.root(&document);
    root.only(&["name", "description", "mode", "when", "trust_claims", "target", "action"])?;
    let name = root.required("name", 120)?.owned();
    let description = root.text("description", 1_000)?.map(|text| text.owned()).unwrap_or_default();
    let modes = [("enforce", Mode::Enforce), ("observe", Mode::Observe), ("off", Mode::Off)];
    let mode = root.word("mode", &modes)?.unwrap_or_default();
    let (target, tools) = match root.section("target")? {
        Some(section) => target(&section, around)?,
        None => Default::default(),
    };
    let Some(section) = root.section("action")? else {
        return Err(source.error(None, "`[action]` is missing").hint("add `[action]` with a `kind`"));
    };
    let (action, asked) = action(&section, around)?;
    let trust_claims = root.flag("trust_claims")?.unwrap_or(false);
    let when = root.text("when", MAX_TEXT)?;
    let condition = when.map(|when| condition(&when)).transpose()?;
    let contexts: Vec<Arc<NamedContext>> =
        target.contexts.iter().filter_map(|id| around.contexts.get(id.as_str()).cloned()).collect();
    let claimed = condition
        .iter()
        .chain(contexts.iter().map(|context| &context.condition))
        .find_map(Condition::claimed);
    if let (ActionKind::Allow, false, Some(claimed)) = (action.kind, trust_claims, claimed) {
        let message =
            format!("this `allow` depends on `{claimed}`, which an agent or an upstream only claims");
        let error =
            when.map_or_else(|| root.error("target", message.clone()), |when| when.error(message.clone()));
        return Err(error.hint("use an attribute that is verified, or say `trust_claims = true`"));
    }
    Ok(Policy {
        id: id.clone(),
        name,
        description,
        mode,
        action,
        target,
        when: when.map(|when| when.owned()),
        trust_claims,
        tools,
        condition,
        contexts,
        asked,
    })
}

/// Reads `contexts/<id>.toml`.
pub(crate) fn parse_context(id: &ContextId, source: Source<'_>) -> Result<NamedContext, DocumentError> {
    let document = source.parse()?;
    let root = source.root(&document);
    root.only(&["name", "description", "when"])?;
    root.text("description", 1_000)?;
    let when = root.required("when", MAX_TEXT)?;
    let condition = condition(&when)?;
    if let Some(beyond) = condition.beyond_context() {
        return Err(when
            .error(format!("a context looks at `context.*` only, not at `{beyond}`"))
            .hint("put this comparison into the policies' own `when`"));
    }
    Ok(NamedContext { id: id.clone(), name: root.required("name", 120)?.owned(), condition })
}

fn condition(when: &Text<'_>) -> Result<Condition, DocumentError> {
    Condition::parse(when.text).map_err(|error| {
        let located = when.error_inside(error.at, error.message);
        match error.hint {
            Some(hint) => located.hint(hint),
            None => located,
        }
    })
}

fn target(section: &Section<'_>, around: &Surroundings<'_>) -> Result<(Target, ToolGlobs), DocumentError> {
    section.only(&["tools", "users", "roles", "agents", "contexts"])?;
    let mut globs = ToolGlobs::default();
    let tools = section.texts("tools", MOST_PATTERNS)?;
    for tool in &tools {
        globs
            .add(tool.text)
            .map_err(|why| tool.error(format!("`{}` is not a tool pattern", tool.text)).hint(why))?;
    }
    let list = |key: &str| section.texts(key, MOST_PATTERNS);
    let owned = |texts: &[Text<'_>]| texts.iter().map(Text::owned).collect::<Vec<_>>();
    let (users, agents) = (list("users")?, list("agents")?);
    users.iter().try_for_each(|user| user.parse::<crate::UserId>().map(drop))?;
    agents.iter().try_for_each(|agent| agent.parse::<crate::AgentName>().map(drop))?;
    let contexts = list("contexts")?;
    for context in &contexts {
        if !around.contexts.contains_key(context.text) {
            let known: Vec<&str> = around.contexts.keys().map(ContextId::as_str).collect();
            let error = context
                .error(format!("there is no context `{}`", context.text))
                .suggest(context.text, &known);
            let hint = error.hint.clone().unwrap_or_else(|| format!("add `contexts/{}.toml`", context.text));
            return Err(error.hint(hint));
        }
    }
    let roles = list("roles")?.iter().map(|role| role.text.nfc().collect()).collect();
    let target = Target {
        tools: owned(&tools),
        users: owned(&users),
        roles,
        agents: owned(&agents),
        contexts: owned(&contexts),
    };
    Ok((target, globs))
}

fn action(
    section: &Section<'_>,
    around: &Surroundings<'_>,
) -> Result<(Action, Option<String>), DocumentError> {
    let kinds = [
        ("deny", ActionKind::Deny),
        ("request_approval", ActionKind::RequestApproval),
        ("step_up", ActionKind::StepUp),
        ("allow", ActionKind::Allow),
    ];
    section.only(&["kind", "flow", "method", "max_age", "message"])?;
    let Some(kind) = section.word("kind", &kinds)? else {
        let hint = "use `deny`, `request_approval`, `step_up` or `allow`";
        return Err(section.error("kind", "`kind` is missing").hint(hint));
    };
    let belongs = [
        ("flow", ActionKind::RequestApproval),
        ("method", ActionKind::StepUp),
        ("max_age", ActionKind::StepUp),
    ];
    for (key, owner) in belongs {
        if section.has(key) && kind != owner {
            let owner = if owner == ActionKind::StepUp { "step_up" } else { "request_approval" };
            return Err(section.error(key, format!("`{key}` belongs to `kind = \"{owner}\"`")));
        }
    }
    let (mut flow, mut asked, mut step_up) = (None, None, None);
    if kind == ActionKind::RequestApproval {
        let id: FlowId = match section.text("flow", 64)? {
            Some(text) => text.parse()?,
            None => flow::OWNER.parse().map_err(|error| section.error("flow", format!("{error}")))?,
        };
        let Some(found) = around.flows.get(&id) else {
            let known: Vec<&str> = around.flows.keys().map(FlowId::as_str).collect();
            let error =
                section.error("flow", format!("there is no flow `{id}`")).suggest(id.as_str(), &known);
            let hint = error.hint.clone().unwrap_or_else(|| format!("add `flows/{id}.toml`"));
            return Err(error.hint(hint));
        };
        asked = Some(found.asked());
        flow = Some(id);
    }
    if kind == ActionKind::StepUp {
        let passkey_only = section.word("method", &[("passkey", true), ("any", false)])?.unwrap_or(true);
        let max_age_seconds = section.seconds("max_age", 0..=86_400)?.unwrap_or(0);
        step_up = Some(StepUpRule { passkey_only, max_age_seconds });
    }
    let message = section.text("message", 500)?.map(|text| text.owned());
    Ok((Action { kind, flow, step_up, message }, asked))
}

impl Policy {
    /// True for every action but `allow`: when in doubt, it applies.
    #[must_use]
    pub fn is_restricting(&self) -> bool {
        self.action.kind != ActionKind::Allow
    }

    /// Whether this policy denies every call of the tools it names, whatever their arguments and the moment.
    pub(crate) fn always_denies(&self, user: &User, agent: &AgentName) -> bool {
        let Target { users, roles, agents, contexts, .. } = &self.target;
        self.mode == Mode::Enforce
            && self.action.kind == ActionKind::Deny
            && self.condition.is_none()
            && contexts.is_empty()
            && (users.is_empty() || users.iter().any(|named| named == user.id.as_str()))
            && (agents.is_empty() || agents.iter().any(|named| named == agent.as_str()))
            && (roles.is_empty() || roles.iter().any(|role| has_role(user, role)))
    }

    /// The first part of the target that does not fit; contexts and tools are judged elsewhere. Allocates nothing.
    pub(crate) fn misfit(&self, call: &ToolCall, facts: &Facts) -> Option<Misfit> {
        let Target { users, roles, agents, .. } = &self.target;
        if !users.is_empty() && !users.iter().any(|user| user == call.user.as_str()) {
            return Some(Misfit::User);
        }
        if !agents.is_empty() && !agents.iter().any(|agent| agent == call.agent.as_str()) {
            return Some(Misfit::Agent);
        }
        let has = |role: &String| has_role(&facts.user, role);
        (!roles.is_empty() && !roles.iter().any(has)).then_some(Misfit::Role)
    }

    /// A misfit in words.
    pub(crate) fn misfit_words(&self, misfit: Misfit, call: &ToolCall) -> String {
        let few = |names: &[String]| crate::wording::few(names, 5, "or");
        match misfit {
            Misfit::User => format!("the user is {}, not {}", call.user, few(&self.target.users)),
            Misfit::Agent => format!("the agent is {}, not {}", call.agent, few(&self.target.agents)),
            Misfit::Role => format!("the user is not in role {}", few(&self.target.roles)),
        }
    }
}

/// `role` is in normal form already; a text of ASCII alone always is.
fn has_role(user: &User, role: &str) -> bool {
    user.roles.iter().any(|held| held == role || !held.is_ascii() && held.nfc().eq(role.chars()))
}

/// Which part of a target does not fit a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    User,
    Agent,
    Role,
}
