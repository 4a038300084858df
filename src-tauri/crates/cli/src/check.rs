//! `doorward check`: compiles a folder of policies, lints it and runs its cases; for a person, for GitHub's
//! annotations, or as JSON.

use crate::{
    args::{Check, CheckFormat},
    failure::Failure,
    history, note, say,
};
use gateway::home::{Paths, read_documents};
use policy::{
    Documents, People, PolicySet, Value,
    cases::{self, CaseOutcome},
    catalogue::ToolEntry,
    lint::{self, Code, Finding, Known, Severity},
};
use serde::Serialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Everything a check found.
struct Checked {
    dir: PathBuf,
    policies: Vec<(String, String)>,
    findings: Vec<Finding>,
    cases: Vec<CaseOutcome>,
    has_cases: bool,
    passed: bool,
}

pub(crate) fn run(home: &Path, options: &Check) -> Result<ExitCode, Failure> {
    let dir = options.dir.clone().unwrap_or_else(|| Paths::new(home).policies());
    let documents = read_documents(&dir)?;
    let tools = match options.tools.as_deref() {
        Some(file) => tools(file)?,
        None if options.dir.is_none() => history::pinned(home)?,
        None => Vec::new(),
    };
    let people = people(home, options.people.as_deref(), options.dir.is_none())?;
    let known = Known { tools: &tools, people: people.as_ref() };
    let checked = check(dir, &documents, &known, options.strict)?;
    match options.format {
        CheckFormat::Text => checked.text(),
        CheckFormat::Github => checked.github(),
        CheckFormat::Json => checked.json()?,
    }
    Ok(if checked.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(dir: PathBuf, documents: &Documents, known: &Known<'_>, strict: bool) -> Result<Checked, Failure> {
    let findings = lint::lint(documents, known);
    let path = dir.join("cases.toml");
    let cases = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(&path, &error)),
    };
    let has_cases = cases.is_some();
    let (policies, outcomes) = match PolicySet::compile(documents) {
        Ok(set) => {
            let policies = set.policies().map(|policy| (policy.id.to_string(), policy.read_back()));
            (policies.collect(), cases.map(|text| cases::run(&set, &text)).unwrap_or_default())
        }
        Err(_) => (Vec::new(), Vec::new()),
    };
    let bad = |finding: &Finding| {
        finding.severity == Severity::Error || (strict && finding.severity == Severity::Warning)
    };
    let passed = !findings.iter().any(bad) && outcomes.iter().all(|outcome| outcome.passed);
    Ok(Checked { dir, policies, findings, cases: outcomes, has_cases, passed })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read `{}`: {error}", path.display()), "check that the file can be read")
}

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

/// The people of a file, or of the home where its own policies are looked at.
pub(crate) fn people(home: &Path, file: Option<&Path>, of_home: bool) -> Result<Option<People>, Failure> {
    let path = match file {
        Some(file) => file.to_owned(),
        None if of_home => Paths::new(home).people(),
        None => return Ok(None),
    };
    if file.is_none() && !path.exists() {
        return Ok(None);
    }
    let people = People::parse(&read(&path)?);
    people.map(Some).map_err(|error| {
        Failure::new(error.to_string(), error.hint.unwrap_or_else(|| "mend the file".to_owned()))
    })
}

/// `{"practice": [{"name": …}]}`, or the whole result of `tools/list` for each upstream.
fn tools(path: &Path) -> Result<Vec<ToolEntry>, Failure> {
    let wrong = |why: &str| {
        Failure::new(
            format!("`{}` is not a list of tools: {why}", path.display()),
            "write a JSON object of upstream name → result of `tools/list`",
        )
    };
    let value = Value::parse(read(path)?.as_bytes()).map_err(|error| wrong(&error.to_string()))?;
    let upstreams = value.as_map().ok_or_else(|| wrong("it is no object"))?;
    let mut tools = Vec::new();
    for (upstream, listed) in upstreams.iter() {
        let list = listed.as_list().or_else(|| listed.get("tools").and_then(Value::as_list));
        let list = list.ok_or_else(|| wrong(&format!("`{upstream}` has no list")))?;
        tools.extend(list.iter().filter_map(|definition| ToolEntry::of(upstream, definition)));
    }
    Ok(tools)
}

impl Checked {
    fn text(&self) {
        let (broken, found): (Vec<&Finding>, Vec<&Finding>) =
            self.findings.iter().partition(|finding| !compiles(finding));
        if !broken.is_empty() {
            for finding in &broken {
                note(format_args!("{}: {}", place(finding), finding.sentence));
                mends(finding, note);
            }
            note(format_args!(
                "{} in `{}`; a set with an error is not taken, and every call is denied",
                counted(broken.len(), "error"),
                self.dir.display()
            ));
            return;
        }
        for (id, sentence) in &self.policies {
            say(format_args!("ok      {id}: {sentence}"));
        }
        for finding in &found {
            let (word, code) = (severity(finding.severity), finding.code.as_str());
            say(format_args!("{word:<7} {}: {} [{code}]", place(finding), finding.sentence));
            mends(finding, say);
        }
        for outcome in &self.cases {
            if outcome.passed {
                say(format_args!("ok      case {}", outcome.name));
            } else {
                say(format_args!(
                    "not ok  case {}: expected {}, got {}",
                    outcome.name, outcome.expected, outcome.got
                ));
            }
        }
        self.summary(&found);
    }

    fn summary(&self, found: &[&Finding]) {
        let policies = counted(self.policies.len(), "policy");
        let failed = self.cases.iter().filter(|outcome| !outcome.passed).count();
        let cases = match (self.has_cases, failed) {
            (false, _) => "; there is no cases.toml to run".to_owned(),
            (true, 0) => format!(", {} passed", counted(self.cases.len(), "case")),
            (true, failed) => format!(", {failed} of {} failed", counted(self.cases.len(), "case")),
        };
        let found: Vec<String> = [Severity::Error, Severity::Warning, Severity::Advice]
            .into_iter()
            .filter_map(|level| {
                let count = found.iter().filter(|finding| finding.severity == level).count();
                let word = if level == Severity::Advice { "piece of advice" } else { severity(level) };
                (count > 0).then(|| match (count, level) {
                    (count, Severity::Advice) if count > 1 => format!("{count} pieces of advice"),
                    _ => counted(count, word),
                })
            })
            .collect();
        let found = if found.is_empty() { String::new() } else { format!(" Found {}.", found.join(", ")) };
        say(format_args!("{policies} compiled{cases}.{found}"));
    }

    /// Workflow commands; a line break or a percent sign would end or change one.
    fn github(&self) {
        for finding in &self.findings {
            let command = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Advice => "notice",
            };
            let mut place = format!("file={}", property(&self.file(&finding.document)));
            for (key, number) in [("line", finding.line), ("col", finding.column)] {
                if let Some(number) = number {
                    place += &format!(",{key}={number}");
                }
            }
            say(format_args!(
                "::{command} {place},title={}::{}",
                finding.code.as_str(),
                data(&finding.sentence)
            ));
        }
        for outcome in self.cases.iter().filter(|outcome| !outcome.passed) {
            let line = outcome.line.map_or_else(String::new, |line| format!(",line={line}"));
            let told = format!("{}: expected {}, got {}", outcome.name, outcome.expected, outcome.got);
            let file = property(&self.file("cases.toml"));
            say(format_args!("::error file={file}{line},title=case::{}", data(&told)));
        }
    }

    fn file(&self, document: &str) -> String {
        self.dir.join(document).display().to_string()
    }

    fn json(&self) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct ReadPolicy<'a> {
            id: &'a str,
            sentence: &'a str,
        }
        #[derive(Serialize)]
        struct Case<'a> {
            name: &'a str,
            line: Option<usize>,
            passed: bool,
            expected: &'a str,
            got: &'a str,
        }
        #[derive(Serialize)]
        struct Report<'a> {
            passed: bool,
            policies: Vec<ReadPolicy<'a>>,
            findings: &'a [Finding],
            cases: Vec<Case<'a>>,
        }
        let report = Report {
            passed: self.passed,
            policies: self.policies.iter().map(|(id, sentence)| ReadPolicy { id, sentence }).collect(),
            findings: &self.findings,
            cases: self
                .cases
                .iter()
                .map(|outcome| Case {
                    name: &outcome.name,
                    line: outcome.line,
                    passed: outcome.passed,
                    expected: &outcome.expected,
                    got: &outcome.got,
                })
                .collect(),
        };
        say(json(&report)?);
        Ok(())
    }
}

/// Indented, for people and programs alike.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(format!("cannot write the answer: {error}"), ""))
}

fn compiles(finding: &Finding) -> bool {
    !matches!(finding.code, Code::Document | Code::FlowMissing)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "advice",
    }
}

fn place(finding: &Finding) -> String {
    let number = |number: Option<usize>| number.map_or_else(String::new, |number| format!(":{number}"));
    format!("{}{}{}", finding.document, number(finding.line), number(finding.column))
}

fn mends(finding: &Finding, print: impl Fn(String)) {
    finding.mends.iter().for_each(|mend| print(format!("  try: {}", mend.label)));
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn counted(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {what}s"),
    }
}
