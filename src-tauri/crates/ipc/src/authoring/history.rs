//! The calls on record: what values were seen lately, and what a draft would have done to them.

use super::choices::plain;
use super::wire::{BacktestView, ChangedCall, Editor, MoveView};
use gateway::card;
use journal::{Journal, JournalError, PastCalls, PastTold, RecordedCall};
use policy::backtest::Backtest;
use policy::catalogue::ToolEntry;
use policy::{ActionKind, PolicySet, Timestamp, Value};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Calls looked at for examples.
const LOOKED_AT: usize = 600;
const MOST_EXAMPLES: usize = 20;
const LONGEST_EXAMPLE: usize = 60;
/// Calls that can match, of one answer: the first shows at once, the rest come behind.
const AT_ONCE: u64 = 5_000;
/// An answer has what was found by then, however few can match: somebody waits for it.
const SOON: Duration = Duration::from_millis(400);
/// Looked at before the time is asked again.
const STEP: u64 = 100;
const MOST_ROWS: usize = 50;

/// Values of attributes in the calls of late.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<String, Past>);

#[derive(Default)]
pub(super) struct Past {
    /// The newest first, each once.
    pub(super) examples: Vec<String>,
    range: Option<(f64, String, f64, String)>,
}

impl Seen {
    /// What the chosen tools were given.
    pub(super) fn gather(journal: &Journal, chosen: &[&ToolEntry]) -> Result<Seen, JournalError> {
        let (mut seen, mut before, mut count) = (Seen::default(), None, 0);
        while count < LOOKED_AT && !chosen.is_empty() {
            let page = journal.recorded_calls(before)?;
            count += page.calls.len().max(1);
            for RecordedCall { call, .. } in &page.calls {
                if chosen
                    .iter()
                    .any(|tool| tool.upstream == call.upstream.as_str() && tool.name == call.tool.as_str())
                {
                    seen.note("args", &call.arguments, 0);
                }
            }
            before = page.before;
            if before.is_none() {
                break;
            }
        }
        Ok(seen)
    }

    fn note(&mut self, at: &str, value: &Value, depth: usize) {
        match value {
            Value::Map(map) if depth < 6 => {
                map.iter()
                    .for_each(|(key, value)| self.note(&policy::facts::member(at, key), value, depth + 1));
            }
            Value::List(items) => {
                items.iter().take(20).for_each(|item| self.note(&format!("{at}[]"), item, depth + 1))
            }
            Value::Null | Value::Map(_) => {}
            scalar => {
                let (past, text) = (self.0.entry(at.to_owned()).or_default(), plain(scalar));
                if let (Value::Number(number), Ok(size)) = (scalar, text.parse::<f64>()) {
                    let written = number.as_str().to_owned();
                    past.range = Some(match past.range.take() {
                        None => (size, written.clone(), size, written),
                        Some((low, low_words, high, high_words)) => {
                            let (low, low_words) =
                                if size < low { (size, written.clone()) } else { (low, low_words) };
                            let (high, high_words) =
                                if size > high { (size, written) } else { (high, high_words) };
                            (low, low_words, high, high_words)
                        }
                    });
                }
                let fits = text.chars().count() <= LONGEST_EXAMPLE && past.examples.len() < MOST_EXAMPLES;
                if fits && !past.examples.contains(&text) {
                    past.examples.push(text);
                }
            }
        }
    }

    pub(super) fn of(&self, path: &str) -> Option<&Past> {
        self.0.get(path)
    }
}

impl Past {
    /// "seen 12 to 9400"
    pub(super) fn words(&self, editor: Editor) -> Option<String> {
        match (&self.range, self.examples.first()) {
            (Some((low, low_words, high, high_words)), _) if editor == Editor::Number && low < high => {
                Some(format!("seen {low_words} to {high_words}"))
            }
            (_, Some(example)) => Some(format!("seen {example}")),
            _ => None,
        }
    }
}

/// One stretch of a backtest, added to what came before; over the calls since a time, or all.
pub(super) fn backtest(
    journal: &Journal,
    (base, draft): (&PolicySet, &PolicySet),
    since: Option<Timestamp>,
    so_far: Option<BacktestView>,
) -> Result<BacktestView, JournalError> {
    let begun = so_far.is_some();
    let mut view = so_far.unwrap_or_default();
    if begun && view.before.is_none() {
        return Ok(view);
    }
    let mut past = Vec::new();
    let mut calls = PastCalls::new(journal, view.before);
    if let Some(since) = since {
        calls = calls.since(since);
    }
    let mut test = Backtest::new(base, draft, &mut calls);
    let began = Instant::now();
    while !test.is_done() && test.counts().judged < AT_ONCE && began.elapsed() < SOON {
        // One look finds one call at most, so that there are never more than that.
        past.extend(test.look_at(STEP.min(AT_ONCE - test.counts().judged)));
    }
    let (counts, done) = (test.counts().clone(), test.is_done());
    let PastTold { unreadable, last, error } = calls.told();
    if let Some(error) = error {
        return Err(error);
    }
    view.seen += counts.seen;
    view.judged += counts.judged;
    view.changed += counts.changed;
    view.unreadable += unreadable;
    for moved in &counts.moves {
        match view.moves.iter_mut().find(|known| (known.from, known.to) == (moved.from, moved.to)) {
            Some(known) => known.calls += moved.calls,
            None => view.moves.push(MoveView {
                from: moved.from,
                to: moved.to,
                calls: moved.calls,
                words: move_words(moved.from, moved.to),
            }),
        }
    }
    view.moves.sort_by_key(|known| (order(known.from), order(known.to)));
    if let Some((seq, at)) = last {
        view.back_to = Some(at.0);
        view.before = (!done).then_some(seq);
    } else {
        view.before = None;
    }
    for changed in past {
        if view.rows.len() < MOST_ROWS {
            let kept = changed.key;
            view.rows.push(ChangedCall {
                seq: kept.seq,
                at: kept.at.0,
                agent: kept.agent,
                user: kept.user,
                tool: gateway::visible::marked(&changed.tool),
                summary: card::summary(&kept.arguments),
                words: would_be(changed.to).to_owned(),
                from: changed.from,
                to: changed.to,
            });
        }
    }
    view.sentence = sentence(&view);
    Ok(view)
}

fn sentence(view: &BacktestView) -> String {
    if view.judged == 0 {
        return "No call on record could match.".to_owned();
    }
    let moves = view.moves.iter().map(|moved| policy::backtest::Move {
        from: moved.from,
        to: moved.to,
        calls: moved.calls,
    });
    policy::backtest::Counts {
        seen: view.seen,
        judged: view.judged,
        changed: view.changed,
        moves: moves.collect(),
    }
    .sentence()
}

fn move_words(from: ActionKind, to: ActionKind) -> String {
    if from == to { "would be held in another way".to_owned() } else { would_be(to).to_owned() }
}

fn would_be(to: ActionKind) -> &'static str {
    match to {
        ActionKind::Deny => "would be denied",
        ActionKind::RequestApproval => "would wait for approval",
        ActionKind::StepUp => "would wait for a step-up",
        ActionKind::Allow => "would be allowed",
    }
}

fn order(kind: ActionKind) -> u8 {
    match kind {
        ActionKind::Allow => 0,
        ActionKind::RequestApproval => 1,
        ActionKind::StepUp => 2,
        ActionKind::Deny => 3,
    }
}
