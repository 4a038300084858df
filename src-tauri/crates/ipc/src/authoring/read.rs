//! Reads a draft: once a moment while its author types. One pass says everything the window shows of it.

use super::wire::{
    Draft, DraftAction, DraftView, FindingView, MendChoice, RowView, SaveEffect, SaveView, TextProblem,
    TreeNode,
};
use crate::wire::{IpcError, Problem};
use policy::authored::{Authored, AuthoredAction, ConditionError, ReadCondition};
use policy::catalogue::ToolEntry;
use policy::lint::{self, Known};
use policy::{ActionKind, Documents, Mode, Node, People, Policy, PolicySet, Target, Truth};
use std::collections::BTreeSet;

/// What a draft is read against.
pub(super) struct Around<'a> {
    /// In force.
    pub(super) documents: &'a Documents,
    pub(super) set: &'a PolicySet,
    pub(super) people: &'a People,
    pub(super) tools: &'a [ToolEntry],
}

/// A draft as far as it can be written down.
pub(super) struct Written {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) condition: Option<ReadCondition>,
    pub(super) text_problem: Option<TextProblem>,
    pub(super) row_problems: Vec<ConditionError>,
    /// The file.
    pub(super) file: Option<String>,
}

impl Around<'_> {
    pub(super) fn write(&self, draft: &Draft) -> Result<Written, IpcError> {
        let id = self.id_of(draft);
        let path = format!("{id}.toml");
        let required = self.required(&draft.tools);
        let (mut condition, mut text_problem, mut row_problems) = (None, None, Vec::new());
        match &draft.tree {
            Some(tree) => {
                let older = Some(draft.when.as_str()).filter(|text| !text.trim().is_empty());
                match ReadCondition::of_tree(&node(tree)?, older, &required) {
                    Ok(read) => condition = Some(read).filter(|read| !read.is_nothing()),
                    Err(errors) => row_problems = errors,
                }
            }
            None if draft.when.trim().is_empty() => {}
            None => match ReadCondition::of_text(&draft.when, &required) {
                Ok(read) => condition = Some(read),
                Err(error) => {
                    text_problem = Some(TextProblem {
                        at: utf16(&draft.when, error.at),
                        message: error.message,
                        hint: error.hint,
                    });
                }
            },
        }
        let is_whole = text_problem.is_none() && row_problems.is_empty();
        let when = condition.as_ref().map(|read| read.text.clone());
        let base = draft.base.as_deref().unwrap_or_default();
        let file = if is_whole {
            authored(draft, when).write(&path, base).map(Some).map_err(|error| {
                IpcError::new(
                    "base_unreadable",
                    error.to_string(),
                    "mend the file by hand, then open it again",
                )
            })?
        } else {
            None
        };
        Ok(Written { id, path, condition, text_problem, row_problems, file })
    }

    /// The whole set with the draft in it.
    pub(super) fn with(&self, written: &Written) -> Option<Documents> {
        let mut documents = self.documents.clone();
        documents.insert(&written.path, written.file.clone()?);
        Some(documents)
    }

    pub(super) fn read(&self, draft: &Draft) -> Result<DraftView, IpcError> {
        let written = self.write(draft)?;
        let documents = self.with(&written);
        let known = Known { tools: self.tools, people: Some(self.people) };
        let found = documents.as_ref().map(|documents| lint::lint(documents, &known)).unwrap_or_default();
        let compiled = documents.as_ref().and_then(|documents| PolicySet::compile(documents).ok());
        let policy_id = written.id.parse().ok();
        let policy = policy_id.as_ref().and_then(|id| compiled.as_ref()?.policy(id));
        let findings: Vec<FindingView> = found
            .iter()
            .filter(|finding| finding.document == written.path)
            .map(|f| finding(f, &written))
            .collect();
        let save = self.save(draft, &written, policy, &findings, &found);
        Ok(DraftView {
            text: match (&written.condition, written.file.is_some()) {
                (Some(read), _) => Some(read.text.clone()),
                (None, true) => Some(String::new()),
                (None, false) => None,
            },
            tree: match (&written.condition, written.file.is_some()) {
                (Some(read), _) => Some(grouped(tree(&read.tree)?)),
                (None, true) => {
                    Some(TreeNode::Group { joined: "all".to_owned(), negated: false, parts: Vec::new() })
                }
                (None, false) => None,
            },
            rows: rows(draft, &written),
            sentence: policy.map(Policy::read_back),
            text_problem: written.text_problem,
            file: written.file,
            id: written.id,
            findings,
            save,
        })
    }

    /// The file's name: as it is, or made from the policy's name.
    fn id_of(&self, draft: &Draft) -> String {
        if !draft.id.is_empty() {
            return draft.id.clone();
        }
        // The names of Doorward's own files are taken, also where they lie elsewhere.
        let is_own = |id: &str| ["set", "cases", "people", "agents", "upstreams"].contains(&id);
        let free = |id: &String| self.documents.get(&format!("{id}.toml")).is_none() && !is_own(id);
        free_id(&draft.name, "policy", free)
    }

    /// The parameters that every tool in question requires.
    fn required(&self, target: &[String]) -> BTreeSet<String> {
        let mut tools =
            self.tools.iter().filter(|tool| policy::authored::is_about(target, &tool.qualified()));
        let of = |tool: &ToolEntry| -> BTreeSet<String> {
            let required = tool.parameters.iter().filter(|entry| entry.required);
            required.filter_map(|entry| entry.path.strip_prefix("args.").map(str::to_owned)).collect()
        };
        let Some(first) = tools.next() else { return BTreeSet::new() };
        tools.fold(of(first), |all, tool| all.intersection(&of(tool)).cloned().collect())
    }

    fn save(
        &self,
        draft: &Draft,
        written: &Written,
        policy: Option<&Policy>,
        own: &[FindingView],
        all: &[lint::Finding],
    ) -> SaveView {
        let cannot = |note: &str| SaveView {
            can: false,
            effect: SaveEffect::Changes,
            label: "Save".to_owned(),
            note: note.to_owned(),
            proof: Vec::new(),
        };
        if draft.name.trim().is_empty() {
            return cannot("Give the policy a name first.");
        }
        if written.text_problem.is_some() {
            return cannot("The text of the condition cannot be read yet.");
        }
        if !written.row_problems.is_empty() {
            return cannot("A row of the condition is not finished.");
        }
        let Some(policy) = policy else {
            let why = own.first().map(|finding| finding.sentence.clone());
            let other = all.first().map(|finding| format!("`{}`: {}", finding.document, finding.sentence));
            return cannot(&why.or(other).map_or_else(
                || "The policy cannot be read.".to_owned(),
                |why| format!("It cannot be saved: {why}."),
            ));
        };
        let before = self.set.policy(&policy.id);
        let effect = if draft.base.is_some() && draft.base == written.file {
            SaveEffect::Nothing
        } else {
            effect(before, policy)
        };
        let (label, note) = match effect {
            SaveEffect::Nothing => ("Saved", "The file says exactly this."),
            SaveEffect::Tightens => {
                ("Save, tightens", "Applies from the next call on; calls that wait are judged again.")
            }
            SaveEffect::Loosens => ("Save, loosens", "Permits more than before, from the next call on."),
            SaveEffect::Changes => ("Save", "May permit more or less than before, from the next call on."),
        };
        SaveView {
            can: effect != SaveEffect::Nothing,
            effect,
            label: label.to_owned(),
            note: note.to_owned(),
            proof: Vec::new(),
        }
    }
}

/// What is certain to permit no more, or to permit more; everything else may do either.
fn effect(before: Option<&Policy>, after: &Policy) -> SaveEffect {
    let rank = |mode: Mode| match mode {
        Mode::Off => 0,
        Mode::Observe => 1,
        Mode::Enforce => 2,
    };
    let restricts = after.action.kind != ActionKind::Allow;
    let Some(before) = before else {
        return match (restricts, after.mode) {
            (_, Mode::Off | Mode::Observe) => SaveEffect::Tightens,
            (true, Mode::Enforce) => SaveEffect::Tightens,
            (false, Mode::Enforce) => SaveEffect::Loosens,
        };
    };
    let same = before.action == after.action
        && before.target == after.target
        && before.when == after.when
        && before.trust_claims == after.trust_claims;
    match (same, rank(after.mode).cmp(&rank(before.mode))) {
        (true, std::cmp::Ordering::Greater) if restricts => SaveEffect::Tightens,
        (true, std::cmp::Ordering::Less) if !restricts => SaveEffect::Tightens,
        (true, std::cmp::Ordering::Equal) => SaveEffect::Changes,
        (true, _) => SaveEffect::Loosens,
        _ => SaveEffect::Changes,
    }
}

fn rows(draft: &Draft, written: &Written) -> Vec<RowView> {
    if let Some(read) = &written.condition {
        let restricts = draft.action.kind != ActionKind::Allow;
        return read
            .leaves
            .iter()
            .map(|leaf| RowView {
                words: Some(leaf.words.clone()),
                missing: leaf.missing.map(|truth| missing(truth, restricts).to_owned()),
                problem: None,
            })
            .collect();
    }
    let last = written.row_problems.iter().map(|problem| problem.at + 1).max().unwrap_or(0);
    let mut rows = vec![RowView::default(); last];
    for problem in &written.row_problems {
        if let Some(row) = rows.get_mut(problem.at) {
            row.problem = Some(Problem {
                message: problem.message.clone(),
                hint: problem.hint.clone().unwrap_or_default(),
            });
        }
    }
    rows
}

/// What a row comes to where its attribute is missing.
fn missing(truth: Truth, restricts: bool) -> &'static str {
    match (truth, restricts) {
        (Truth::True, _) => "if missing: holds",
        (Truth::False, _) => "if missing: does not hold",
        (Truth::Undetermined, true) => "if missing: unclear, so the policy applies",
        (Truth::Undetermined, false) => "if missing: unclear, so nothing is allowed",
    }
}

fn finding(found: &lint::Finding, written: &Written) -> FindingView {
    let read = written.condition.as_ref();
    let place = found.node.as_deref();
    let span = place.and_then(|place| lint::span_of(&read?.text, place));
    let in_text = |at: usize| read.map(|read| utf16(&read.text, at));
    FindingView {
        code: found.code.as_str().to_owned(),
        severity: found.severity,
        sentence: found.sentence.clone(),
        row: place.and_then(|place| read?.leaf_at(place)),
        from: span.as_ref().and_then(|span| in_text(span.start)),
        to: span.as_ref().and_then(|span| in_text(span.end)),
        // What would change another file is not the author's to do here.
        mends: found
            .mends
            .iter()
            .filter(|mend| {
                mend.document == written.path && !matches!(mend.edit, policy::mend::Edit::RemoveFile)
            })
            .map(|mend| MendChoice { label: mend.label.clone(), mend: mend.clone() })
            .collect(),
    }
}

/// The draft's keys.
fn authored(draft: &Draft, when: Option<String>) -> Authored {
    let action = &draft.action;
    Authored {
        name: draft.name.trim().to_owned(),
        description: draft.description.trim().to_owned(),
        mode: draft.mode,
        trust_claims: draft.trust_claims,
        target: Target {
            tools: draft.tools.clone(),
            users: draft.users.clone(),
            roles: draft.roles.clone(),
            agents: draft.agents.clone(),
            contexts: draft.contexts.clone(),
        },
        action: AuthoredAction {
            kind: action.kind,
            flow: action.flow.clone(),
            method: action.method.clone(),
            max_age: action.max_age.clone(),
            message: action.message.clone().filter(|text| !text.trim().is_empty()),
        },
        when,
    }
}

/// A document as a draft.
pub(super) fn draft_of(id: &str, text: &str, base: Option<String>) -> Result<Draft, IpcError> {
    let read = Authored::read(&format!("{id}.toml"), text)
        .map_err(|error| IpcError::new("bad_document", error.to_string(), "mend the file by hand"))?;
    Ok(Draft {
        id: id.to_owned(),
        base,
        name: read.name,
        description: read.description,
        mode: read.mode,
        trust_claims: read.trust_claims,
        tools: read.target.tools,
        users: read.target.users,
        roles: read.target.roles,
        agents: read.target.agents,
        contexts: read.target.contexts,
        action: DraftAction {
            kind: read.action.kind,
            flow: read.action.flow,
            method: read.action.method,
            max_age: read.action.max_age,
            message: read.action.message,
        },
        when: read.when.unwrap_or_default(),
        tree: None,
    })
}

/// A file's name made from a person's name for it.
pub(super) fn free_id(name: &str, otherwise: &str, free: impl Fn(&String) -> bool) -> String {
    let slug = slug(name);
    let stem = if slug.is_empty() { otherwise.to_owned() } else { slug };
    let numbered = (2..10_000).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.clone()).chain(numbered).find(free).unwrap_or(stem)
}

fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 48 {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The same place in UTF-16 units, as editors count.
fn utf16(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < byte).map(|(_, c)| c.len_utf16()).sum()
}

/// At the top stands a group, so that there is a place to add to.
fn grouped(node: TreeNode) -> TreeNode {
    match node {
        group @ TreeNode::Group { .. } => group,
        leaf => TreeNode::Group { joined: "all".to_owned(), negated: false, parts: vec![leaf] },
    }
}

/// Both are the same JSON; a tree from the window may be none.
fn node(tree: &TreeNode) -> Result<Node, IpcError> {
    let read = serde_json::to_value(tree).and_then(serde_json::from_value);
    read.map_err(|error| IpcError::broken("bad_request", format!("the condition is no tree: {error}")))
}

fn tree(node: &Node) -> Result<TreeNode, IpcError> {
    let read = serde_json::to_value(node).and_then(serde_json::from_value);
    read.map_err(|error| IpcError::broken("bad_answer", format!("the condition is no tree: {error}")))
}
