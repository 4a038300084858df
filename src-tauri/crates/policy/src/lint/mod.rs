//! What is probably wrong with a set although it compiles: each finding with its place, one sentence for a person
//! and, where there is one, an edit that mends it. Decides nothing about calls.
//!
//! *Never true*, *always true* and *shadowed* are said only where [`analysis`](crate::analysis) proves them. What
//! depends on tools or people that are not known is not said.

mod claims;
mod conditions;
mod contexts;
mod flows;
mod omission;
mod place;
#[cfg(test)]
mod properties;
mod schema;
mod shadow;
mod targets;
#[cfg(test)]
mod tests;

use crate::{
    DocumentError, Documents, Mode, People, PolicyId, PolicySet,
    catalogue::ToolEntry,
    documents::Place as Kind,
    mend::{Edit, Key, Mend},
    policy::Policy,
};
use place::Sheet;
use serde::Serialize;

/// Most findings reported for one set.
const MOST_FINDINGS: usize = 2_000;

/// What is known besides the documents; what is empty is not checked against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    pub tools: &'a [ToolEntry],
    pub people: Option<&'a People>,
}

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    /// The file, relative to the folder of the set.
    pub document: String,
    /// From 1.
    pub line: Option<usize>,
    /// From 1, in characters.
    pub column: Option<usize>,
    /// The place in the condition's tree: the position within each group, from the outside; a negation has one part.
    pub node: Option<Vec<usize>>,
    pub policy: Option<PolicyId>,
    pub sentence: String,
    /// Each removes the finding by itself.
    pub mends: Vec<Mend>,
}

/// Stable names: they stand in scripts and in people's notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A document does not compile.
    Document,
    FlowMissing,
    FlowUnsatisfiable,
    UnknownUser,
    UnknownRole,
    UnknownAttribute,
    WrongType,
    OutsideEnum,
    OutsideRange,
    NeverTrue,
    AlwaysTrue,
    Shadowed,
    Duplicate,
    DodgeByOmission,
    UntrustedClaim,
    DeadPattern,
    NoSuchTool,
    StepUpRecommended,
}

impl Code {
    /// Every code, in the order of the reference.
    pub const ALL: [Code; 18] = [
        Code::Document,
        Code::FlowMissing,
        Code::FlowUnsatisfiable,
        Code::UnknownUser,
        Code::UnknownRole,
        Code::UnknownAttribute,
        Code::WrongType,
        Code::OutsideEnum,
        Code::OutsideRange,
        Code::NeverTrue,
        Code::AlwaysTrue,
        Code::Shadowed,
        Code::Duplicate,
        Code::DodgeByOmission,
        Code::UntrustedClaim,
        Code::DeadPattern,
        Code::NoSuchTool,
        Code::StepUpRecommended,
    ];

    /// As it is written: `never_true`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Document => "document",
            Code::FlowMissing => "flow_missing",
            Code::FlowUnsatisfiable => "flow_unsatisfiable",
            Code::UnknownUser => "unknown_user",
            Code::UnknownRole => "unknown_role",
            Code::UnknownAttribute => "unknown_attribute",
            Code::WrongType => "wrong_type",
            Code::OutsideEnum => "outside_enum",
            Code::OutsideRange => "outside_range",
            Code::NeverTrue => "never_true",
            Code::AlwaysTrue => "always_true",
            Code::Shadowed => "shadowed",
            Code::Duplicate => "duplicate",
            Code::DodgeByOmission => "dodge_by_omission",
            Code::UntrustedClaim => "untrusted_claim",
            Code::DeadPattern => "dead_pattern",
            Code::NoSuchTool => "no_such_tool",
            Code::StepUpRecommended => "step_up_recommended",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Fails a check.
    Error,
    Warning,
    Advice,
}

/// Looks at a whole set. Errors of single documents come back as findings, and then nothing else does.
#[must_use]
pub fn lint(documents: &Documents, known: &Known<'_>) -> Vec<Finding> {
    let set = match PolicySet::compile(documents) {
        Ok(set) => set,
        Err(errors) => return errors.iter().map(|error| uncompiled(documents, error)).collect(),
    };
    let mut report = Report { findings: Vec::new() };
    let active: Vec<Looked<'_>> = set
        .policies()
        .filter(|policy| policy.mode != Mode::Off)
        .filter_map(|p| Looked::at(documents, p))
        .collect();
    for looked in &active {
        conditions::look(looked, &mut report);
        claims::look(looked, &mut report);
        schema::look(looked, known, &mut report);
        omission::look(looked, known, &mut report);
        targets::look(looked, known, &mut report);
    }
    contexts::look(documents, &mut report);
    shadow::look(&active, &mut report);
    targets::step_ups(&active, known, &mut report);
    flows::look(documents, &set, known, &mut report);
    let mut findings = report.findings;
    findings.sort_by(|a, b| {
        (&a.document, a.line, a.column, a.code).cmp(&(&b.document, b.line, b.column, b.code))
    });
    findings.truncate(MOST_FINDINGS);
    findings
}

/// The bytes of a condition's text that a finding's `node` is about.
#[must_use]
pub fn span_of(when: &str, node: &[usize]) -> Option<std::ops::Range<usize>> {
    place::Spans::of_text(when)?.of(node)
}

/// A policy beside its document.
struct Looked<'a> {
    policy: &'a Policy,
    sheet: Sheet<'a>,
}

impl<'a> Looked<'a> {
    fn at(documents: &'a Documents, policy: &'a Policy) -> Option<Looked<'a>> {
        let path = format!("{}.toml", policy.id);
        let text = documents.get(&path)?;
        Some(Looked { policy, sheet: Sheet { path, text } })
    }

    fn finding(&self, code: Code, severity: Severity, at: place::Spot<'_>, sentence: String) -> Finding {
        let mut finding = self.sheet.finding(code, severity, at, sentence);
        finding.policy = Some(self.policy.id.clone());
        finding
    }

    fn mend(&self, label: impl Into<String>, edit: Edit) -> Mend {
        Mend { label: label.into(), document: self.sheet.path.clone(), edit }
    }

    fn turn_off(&self) -> Mend {
        self.mend("Turn this policy off", Edit::Text { at: vec![Key::name("mode")], text: "off".to_owned() })
    }
}

struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, finding: Finding, mends: impl IntoIterator<Item = Mend>) {
        if self.findings.len() < 2 * MOST_FINDINGS {
            self.findings.push(Finding { mends: mends.into_iter().collect(), ..finding });
        }
    }
}

/// An error of a document; where a policy names a flow that is not there, with a flow that is.
fn uncompiled(documents: &Documents, error: &DocumentError) -> Finding {
    let mut finding = Finding {
        code: Code::Document,
        severity: Severity::Error,
        document: error.path.clone(),
        line: error.line,
        column: error.column,
        node: None,
        policy: error.path.strip_suffix(".toml").and_then(|stem| stem.parse().ok()),
        sentence: match &error.hint {
            Some(hint) => format!("{}; {hint}", error.message),
            None => error.message.clone(),
        },
        mends: Vec::new(),
    };
    if let (Kind::Policy(_), Some(text)) = (Kind::of(&error.path), documents.get(&error.path)) {
        let sheet = Sheet { path: error.path.clone(), text };
        if let Some(wanted) = sheet.text_at(&["action", "flow"]).filter(|_| error.message.contains("no flow"))
        {
            finding.code = Code::FlowMissing;
            let flows: Vec<&str> = documents
                .iter()
                .filter_map(|(path, _)| match Kind::of(path) {
                    Kind::Flow(id) => Some(id),
                    _ => None,
                })
                .chain([crate::flow::OWNER])
                .collect();
            let nearest = crate::section::nearest(&wanted, &flows).unwrap_or(crate::flow::OWNER);
            finding.mends.push(Mend {
                label: format!("Ask the flow `{nearest}`"),
                document: error.path.clone(),
                edit: Edit::Text {
                    at: vec![Key::name("action"), Key::name("flow")],
                    text: nearest.to_owned(),
                },
            });
        }
    }
    finding
}
