//! A policy as its author edits it: the document's keys as plain values, written back so that every comment, the
//! order and the spacing of the rest stay; and its condition as text and as tree, each with what it says.
//!
//! What is read here may be unfinished or wrong: [`PolicySet::compile`](crate::PolicySet::compile) judges it.

use crate::{
    ActionKind, AgentFacts, ContextFacts, DefinitionHash, DocumentError, Facts, Mode, Node, Target,
    Timestamp, ToolCall, ToolFacts, Truth, UpstreamFacts, User, Value,
    condition::{
        Condition,
        lookup::{Seen, View},
        reword::reworded,
        syntax::SyntaxError,
        tree,
    },
    glob::ToolGlobs,
    mend::written,
    section::Source,
};
use std::collections::{BTreeMap, BTreeSet};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike};

/// The keys of a policy's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authored {
    pub name: String,
    pub description: String,
    pub mode: Mode,
    pub trust_claims: bool,
    pub target: Target,
    pub action: AuthoredAction,
    pub when: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthoredAction {
    pub kind: ActionKind,
    pub flow: Option<String>,
    /// `passkey` or `any`.
    pub method: Option<String>,
    /// `15m`
    pub max_age: Option<String>,
    pub message: Option<String>,
}

impl Authored {
    /// What a document says, as far as it says it.
    ///
    /// # Errors
    /// It is no TOML.
    pub fn read(path: &str, text: &str) -> Result<Authored, DocumentError> {
        let document = Source { path, text }.parse()?;
        let root: &dyn TableLike = document.as_table();
        let text = |table: Option<&dyn TableLike>, key: &str| {
            table.and_then(|table| table.get(key)).and_then(Item::as_str).map(str::to_owned)
        };
        let section = |key: &str| root.get(key).and_then(Item::as_table_like);
        let (target, action) = (section("target"), section("action"));
        let list = |key: &str| -> Vec<String> {
            let list = target.and_then(|table| table.get(key)).and_then(Item::as_array);
            list.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        };
        Ok(Authored {
            name: text(Some(root), "name").unwrap_or_default(),
            description: text(Some(root), "description").unwrap_or_default(),
            mode: match text(Some(root), "mode").as_deref() {
                Some("observe") => Mode::Observe,
                Some("off") => Mode::Off,
                _ => Mode::Enforce,
            },
            trust_claims: root.get("trust_claims").and_then(Item::as_bool).unwrap_or(false),
            target: Target {
                tools: list("tools"),
                users: list("users"),
                roles: list("roles"),
                agents: list("agents"),
                contexts: list("contexts"),
            },
            action: AuthoredAction {
                kind: match text(action, "kind").as_deref() {
                    Some("allow") => ActionKind::Allow,
                    Some("request_approval") => ActionKind::RequestApproval,
                    Some("step_up") => ActionKind::StepUp,
                    _ => ActionKind::Deny,
                },
                flow: text(action, "flow"),
                method: text(action, "method"),
                max_age: text(action, "max_age"),
                message: text(action, "message"),
            },
            when: text(Some(root), "when"),
        })
    }

    /// The document that says this, made from `base` (empty for a new one). Keys that say the same are not touched.
    ///
    /// # Errors
    /// `base` is no TOML.
    pub fn write(&self, path: &str, base: &str) -> Result<String, DocumentError> {
        let mut document: DocumentMut = Source { path, text: base }.parse()?.into_mut();
        let before = Authored::read(path, base)?;
        let is_new = base.trim().is_empty();
        let root = document.as_table_mut();
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        put(root, "name", before.name.as_str() == self.name && !is_new, some(&self.name));
        put(root, "description", before.description == self.description, some(&self.description));
        put(root, "mode", before.mode == self.mode && !is_new, Some(mode_word(self.mode).to_owned()));
        if before.trust_claims != self.trust_claims {
            if self.trust_claims {
                root.insert("trust_claims", toml_edit::value(true));
            } else {
                root.remove("trust_claims");
            }
        }
        put(root, "when", before.when == self.when, self.when.clone());
        if before.target != self.target {
            let lists = [
                ("tools", &self.target.tools),
                ("users", &self.target.users),
                ("roles", &self.target.roles),
                ("agents", &self.target.agents),
                ("contexts", &self.target.contexts),
            ];
            if let Some(table) = section(root, "target") {
                lists.into_iter().for_each(|(key, wanted)| put_list(table, key, wanted));
                if table.is_empty() {
                    root.remove("target");
                }
            }
        }
        if (is_new || before.action != self.action)
            && let Some(table) = section(root, "action")
        {
            let (own, was) = (self.action.fitting(), &before.action);
            put(table, "kind", was.kind == own.kind && !is_new, Some(kind_word(own.kind).to_owned()));
            put(table, "flow", was.flow == own.flow, own.flow);
            put(table, "method", was.method == own.method, own.method);
            put(table, "max_age", was.max_age == own.max_age, own.max_age);
            put(table, "message", was.message == own.message, own.message);
        }
        Ok(document.to_string())
    }
}

impl AuthoredAction {
    /// Without what belongs to another kind of action.
    fn fitting(&self) -> AuthoredAction {
        let only = |kind: ActionKind, text: &Option<String>| text.clone().filter(|_| self.kind == kind);
        AuthoredAction {
            flow: only(ActionKind::RequestApproval, &self.flow),
            method: only(ActionKind::StepUp, &self.method),
            max_age: only(ActionKind::StepUp, &self.max_age),
            message: self.message.clone().filter(|text| !text.is_empty()),
            kind: self.kind,
        }
    }
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Observe => "observe",
        Mode::Off => "off",
    }
}

fn kind_word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Deny => "deny",
        ActionKind::RequestApproval => "request_approval",
        ActionKind::StepUp => "step_up",
        ActionKind::Allow => "allow",
    }
}

/// Sets or removes one text; what stands beside it stays.
pub(crate) fn put(table: &mut dyn TableLike, key: &str, is_same: bool, wanted: Option<String>) {
    if is_same {
        return;
    }
    let Some(wanted) = wanted else {
        table.remove(key);
        return;
    };
    put_value(table, key, written(&wanted));
}

/// Sets one value in its place.
pub(crate) fn put_value(table: &mut dyn TableLike, key: &str, mut value: toml_edit::Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => drop(table.insert(key, Item::Value(value))),
    }
}

/// Entries that stay keep their comments.
pub(crate) fn put_list(table: &mut dyn TableLike, key: &str, wanted: &[String]) {
    if wanted.is_empty() {
        table.remove(key);
        return;
    }
    let Some(list) = table.get_mut(key).and_then(Item::as_array_mut) else {
        table.insert(key, Item::Value(wanted.iter().map(String::as_str).collect::<Array>().into()));
        return;
    };
    let text_of = |text: Option<&toml_edit::RawString>| {
        text.and_then(|raw| raw.as_str()).unwrap_or_default().to_owned()
    };
    let indent = text_of(list.iter().next().and_then(|value| value.decor().prefix()));
    let indent = if indent.contains('\n') && !indent.contains('#') { indent } else { " ".to_owned() };
    let mut kept = Array::new();
    // A comment behind an entry stands before the next one: it stays although that one goes.
    let mut comments = String::new();
    for value in list.iter() {
        let before = text_of(value.decor().prefix());
        if value.as_str().is_some_and(|text| wanted.iter().any(|one| one == text)) {
            let mut value = value.clone();
            value.decor_mut().set_prefix(std::mem::take(&mut comments) + &before);
            kept.push_formatted(value);
        } else if let Some((comment, _)) =
            before.rsplit_once('\n').filter(|(comment, _)| comment.contains('#'))
        {
            comments += comment;
        }
    }
    let there: BTreeSet<String> = kept.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
    for one in wanted.iter().filter(|one| !there.contains(*one)) {
        let mut value = toml_edit::Value::from(one.as_str());
        let indent = if kept.is_empty() && !indent.contains('\n') { "" } else { &indent };
        value.decor_mut().set_prefix(std::mem::take(&mut comments) + indent);
        kept.push_formatted(value);
    }
    kept.set_trailing(comments + &text_of(Some(list.trailing())));
    kept.set_trailing_comma(list.trailing_comma());
    *kept.decor_mut() = list.decor().clone();
    *list = kept;
}

fn section<'a>(root: &'a mut Table, key: &str) -> Option<&'a mut dyn TableLike> {
    root.entry(key).or_insert_with(toml_edit::table).as_table_like_mut()
}

/// Whether a target with these patterns is about a tool; patterns that are none match nothing.
#[must_use]
pub fn is_about(patterns: &[String], qualified: &str) -> bool {
    let mut globs = ToolGlobs::default();
    patterns.iter().all(|pattern| globs.add(pattern).is_ok()) && globs.matches(qualified)
}

/// A condition, read.
#[derive(Clone, Debug)]
pub struct ReadCondition {
    pub text: String,
    pub tree: Node,
    /// In the order written.
    pub leaves: Vec<ReadLeaf>,
    condition: Condition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLeaf {
    pub text: String,
    /// "amount is above 5000"
    pub words: String,
    /// What it comes to where the attribute is missing; none where it never is, or where nobody can say.
    pub missing: Option<Truth>,
}

/// Why a text or a row is no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    /// Of a text, the byte it is about; of a tree, the leaf in the order written.
    pub at: usize,
    pub message: String,
    pub hint: Option<String>,
}

impl From<(usize, SyntaxError)> for ConditionError {
    fn from((at, error): (usize, SyntaxError)) -> ConditionError {
        ConditionError { at, message: error.message, hint: error.hint }
    }
}

impl ReadCondition {
    /// From text. `required` are the parameters that every chosen tool requires.
    ///
    /// # Errors
    /// It is no condition.
    pub fn of_text(text: &str, required: &BTreeSet<String>) -> Result<ReadCondition, ConditionError> {
        let condition = Condition::parse(text).map_err(|error| ConditionError::from((error.at, error)))?;
        Ok(ReadCondition::new(text.to_owned(), condition, required))
    }

    /// From a tree; the text stays as close to `older` as it can.
    ///
    /// # Errors
    /// Every leaf that is not finished; one at the position after the last where the whole is too much.
    pub fn of_tree(
        tree: &Node,
        older: Option<&str>,
        required: &BTreeSet<String>,
    ) -> Result<ReadCondition, Vec<ConditionError>> {
        let condition = tree::condition(tree)
            .map_err(|errors| errors.into_iter().map(ConditionError::from).collect::<Vec<_>>())?;
        let text = older.map_or_else(|| condition.to_string(), |older| reworded(older, &condition));
        if let Err(error) = Condition::parse(&text) {
            return Err(vec![ConditionError::from((condition.leaves().len(), error))]);
        }
        Ok(ReadCondition::new(text, condition, required))
    }

    fn new(text: String, condition: Condition, required: &BTreeSet<String>) -> ReadCondition {
        let mut leaves = Vec::new();
        collect(&condition, false, nothing(required).as_ref(), &mut leaves);
        ReadCondition { text, tree: condition.node(), leaves, condition }
    }

    /// Always true: the same as no condition.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.condition == Condition::All(Vec::new())
    }

    /// Whether it is true of these arguments alone, with nothing known beside them.
    #[must_use]
    pub fn holds_for(&self, arguments: Value) -> bool {
        let Some((call, facts)) = nothing(&BTreeSet::new()) else { return false };
        let call = ToolCall { arguments, ..call };
        self.condition.truth(&View { call: &call, facts: &facts, defaults: false }) == Truth::True
    }

    /// The leaf at a place that lint names.
    #[must_use]
    pub fn leaf_at(&self, place: &[usize]) -> Option<usize> {
        self.condition.leaf_at(place)
    }
}

/// Each leaf with the negation that stands right before it.
fn collect(
    condition: &Condition,
    negated: bool,
    view: Option<&(ToolCall, Facts)>,
    leaves: &mut Vec<ReadLeaf>,
) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, false, view, leaves));
        }
        Condition::Not(inner) if matches!(**inner, Condition::Typed(_) | Condition::Free(_)) => {
            collect(inner, !negated, view, leaves);
        }
        Condition::Not(inner) => collect(inner, false, view, leaves),
        leaf => {
            let whole = if negated { Condition::Not(Box::new(leaf.clone())) } else { leaf.clone() };
            let missing = match (leaf, view) {
                (Condition::Typed(predicate), Some((call, facts))) => {
                    let view = View { call, facts, defaults: false };
                    match view.find(&predicate.attribute).seen {
                        Seen::Missing | Seen::Required | Seen::Untold => Some(whole.truth(&view)),
                        _ => None,
                    }
                }
                _ => None,
            };
            leaves.push(ReadLeaf { text: whole.to_string(), words: whole.words(), missing });
        }
    }
}

/// A call that says nothing, and facts of which everything that may be missing is.
fn nothing(required: &BTreeSet<String>) -> Option<(ToolCall, Facts)> {
    let unnamed = "nobody".to_owned();
    let call = ToolCall {
        user: unnamed.parse().ok()?,
        agent: unnamed.parse().ok()?,
        upstream: unnamed.parse().ok()?,
        tool: unnamed.parse().ok()?,
        definition: DefinitionHash([0; 32]),
        arguments: Value::object([]),
    };
    let facts = Facts {
        user: User {
            id: call.user.clone(),
            name: unnamed.clone(),
            email: None,
            roles: BTreeSet::new(),
            department: None,
            owner: false,
            attributes: BTreeMap::new(),
        },
        agent: AgentFacts {
            name: unnamed.clone(),
            program: None,
            process: None,
            claimed_client: None,
            paired_programs: Vec::new(),
        },
        tool: ToolFacts { required: required.clone(), ..ToolFacts::default() },
        upstream: UpstreamFacts { name: unnamed, transport: "stdio".to_owned(), remote: false, root: None },
        context: ContextFacts {
            time: Timestamp(0),
            utc_offset_minutes: 0,
            project: None,
            branch: None,
            locked: None,
            calls_last_minute: 0,
            calls_last_hour: Some(0),
            tool_calls_last_minute: Some(0),
            tool_calls_last_hour: Some(0),
        },
        paths: BTreeMap::new(),
    };
    Some((call, facts))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\nname = \"Large\" # short\nwhen = 'amount >  5000 && (a + b > 3)' # both\n\n[target]\ntools = [\n  \"x/a\", # first\n  \"x/b\",\n]\n\n[action] # what\nkind = \"request_approval\"\nflow = \"finance\" # they know\n";

    fn changed(change: impl FnOnce(&mut Authored)) -> String {
        let mut authored = Authored::read("p.toml", TEXT).unwrap();
        change(&mut authored);
        authored.write("p.toml", TEXT).unwrap()
    }

    #[test]
    fn what_is_not_changed_is_not_touched() {
        assert_eq!(changed(|_| {}), TEXT);
        assert_eq!(changed(|a| a.name = "Larger".into()), TEXT.replace("Large", "Larger"));
        assert_eq!(
            changed(|a| a.when = Some("amount > 1".into())),
            TEXT.replace("'amount >  5000 && (a + b > 3)'", "\"amount > 1\"")
        );
        assert_eq!(
            changed(|a| a.target.tools = vec!["x/a".into(), "x/c".into()]),
            TEXT.replace("x/b", "x/c")
        );
        assert_eq!(
            changed(|a| a.target.tools.clear()),
            TEXT.replace("[target]\ntools = [\n  \"x/a\", # first\n  \"x/b\",\n]\n\n", "")
        );
    }

    #[test]
    fn another_action_drops_what_does_not_belong_to_it() {
        let text = changed(|a| {
            a.action.kind = ActionKind::StepUp;
            a.action.method = Some("passkey".into());
        });
        assert!(text.contains("kind = \"step_up\"") && text.contains("method = \"passkey\""), "{text}");
        assert!(!text.contains("flow"), "{text}");
    }

    #[test]
    fn a_new_document_has_its_keys_in_the_usual_order() {
        let mut authored = Authored::read("p.toml", TEXT).unwrap();
        authored.description = "Why.".into();
        authored.target.tools.pop();
        let text = authored.write("p.toml", "").unwrap();
        assert_eq!(
            text,
            "name = \"Large\"\ndescription = \"Why.\"\nmode = \"enforce\"\nwhen = \"amount >  5000 && (a + b > 3)\"\n\n[target]\ntools = [\"x/a\"]\n\n[action]\nkind = \"request_approval\"\nflow = \"finance\"\n"
        );
        assert_eq!(Authored::read("p.toml", &text).unwrap(), authored);
    }

    #[test]
    fn a_leaf_says_what_it_comes_to_without_its_attribute() {
        let required = BTreeSet::from(["amount".to_owned()]);
        let text = "amount > 5 && note == \"x\" && note != \"x\" && !(user.department == \"x\") && agent.name == \"x\"";
        let read = ReadCondition::of_text(text, &required).unwrap();
        let missing: Vec<Option<Truth>> = read.leaves.iter().map(|leaf| leaf.missing).collect();
        assert_eq!(
            missing,
            [Some(Truth::Undetermined), Some(Truth::False), Some(Truth::True), Some(Truth::True), None]
        );
        assert_eq!(read.leaves[3].words, "the user's department is not x");
    }
}
