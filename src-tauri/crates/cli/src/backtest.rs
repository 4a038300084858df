//! `doorward backtest`: what a draft would have done to the calls on record, judged with the facts of then.
//!
//! Works beside a running Doorward and changes nothing. Calls whose arguments are no longer on record are counted,
//! never guessed.

use crate::{
    args::{Backtest, BacktestFormat},
    check,
    failure::Failure,
    history, note, say,
};
use gateway::home::{Paths, read_documents};
use journal::{PastCall, PastCalls, PastTold};
use policy::{
    ActionKind, Documents, PolicySet,
    backtest::{self, Changed, Counts},
};
use serde::Serialize;
use std::{path::Path, process::ExitCode};

/// Calls that can match, judged before anything is shown.
const FIRST: u64 = 5_000;

#[derive(Serialize)]
struct Call<'a> {
    entry: u64,
    at: String,
    agent: &'a str,
    tool: &'a str,
    from: ActionKind,
    to: ActionKind,
    decided_by: Vec<&'a str>,
}

#[derive(Serialize)]
struct Report<'a> {
    sentence: String,
    counts: &'a Counts,
    /// Calls that cannot be judged again.
    unreadable: u64,
    changed: Vec<Call<'a>>,
}

pub(crate) fn run(home: &Path, options: &Backtest) -> Result<ExitCode, Failure> {
    let own = Paths::new(home).policies();
    let journal = history::open(home)?;
    let in_force = journal.as_ref().map(history::in_force).transpose()?.flatten();
    let base = match in_force {
        Some(bundle) => bundle.documents,
        None => read_documents(&own)?,
    };
    let draft = match options.draft.as_deref() {
        Some(file) if !file.is_dir() => with_file(&base, file)?,
        Some(folder) => read_documents(folder)?,
        None => read_documents(&own)?,
    };
    let (base, draft) = (compiled(&base, "set in force")?, compiled(&draft, "draft")?);
    let Some(journal) = journal else {
        return Err(Failure::new(
            "no call is on record in this home",
            "let agents work for a while, then try the draft again",
        ));
    };
    let mut past = PastCalls::new(&journal, None);
    let mut backtest = backtest::Backtest::new(&base, &draft, &mut past);
    let mut changed = Vec::new();
    while !backtest.is_done() {
        let some = backtest.advance(FIRST);
        match options.format {
            BacktestFormat::Text => some.iter().for_each(print),
            BacktestFormat::Json => changed.extend(some),
        }
    }
    let counts = backtest.counts().clone();
    let PastTold { unreadable, error, .. } = past.told();
    if let Some(error) = error {
        return Err(history::failed(&error));
    }
    match options.format {
        BacktestFormat::Text => {
            say(counts.sentence());
            if unreadable > 0 {
                say(format_args!(
                    "{unreadable} more cannot be judged again: their arguments are not on record, or sealed with another key."
                ));
            }
        }
        BacktestFormat::Json => {
            let changed = changed.iter().map(described).collect();
            say(check::json(&Report { sentence: counts.sentence(), counts: &counts, unreadable, changed })?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The set with this file in it, under the file's own name.
fn with_file(base: &Documents, file: &Path) -> Result<Documents, Failure> {
    let text = check::read(file)?;
    let name = file.file_name().and_then(|name| name.to_str()).filter(|name| Documents::takes(name));
    let name = name.ok_or_else(|| {
        Failure::new(
            format!("`{}` is not named like a policy", file.display()),
            "name it `<id>.toml`, in small letters, digits and dashes",
        )
    })?;
    let mut documents = base.clone();
    documents.insert(name, text);
    Ok(documents)
}

fn compiled(documents: &Documents, what: &str) -> Result<PolicySet, Failure> {
    PolicySet::compile(documents).map_err(|errors| {
        errors.iter().for_each(note);
        Failure::new(format!("the {what} does not compile"), "mend it; `doorward check` lists what is wrong")
    })
}

fn described(changed: &Changed<PastCall>) -> Call<'_> {
    Call {
        entry: changed.key.seq,
        at: time(&changed.key),
        agent: &changed.key.agent,
        tool: &changed.tool,
        from: changed.from,
        to: changed.to,
        decided_by: changed.decided_by.iter().map(policy::PolicyId::as_str).collect(),
    }
}

fn print(changed: &Changed<PastCall>) {
    let call = described(changed);
    let by = if call.decided_by.is_empty() { "the default".to_owned() } else { call.decided_by.join(", ") };
    let (from, to) = (word(call.from), word(call.to));
    say(format_args!(
        "{:>8}  {}  {:<12} {:<32} {from} → {to}  ({by})",
        call.entry, call.at, call.agent, call.tool
    ));
}

fn word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Allow => "allowed",
        ActionKind::RequestApproval => "held for approval",
        ActionKind::StepUp => "held for step-up",
        ActionKind::Deny => "denied",
    }
}

fn time(past: &PastCall) -> String {
    jiff::Timestamp::from_millisecond(past.at.0).map_or_else(
        |_| past.at.0.to_string(),
        |at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}
