//! Pages of Activity, in the words the window shows. What can be asked for is the journal's; see its `activity`.

use crate::wire::{ActivityPage, ActivityRequest, ActivityRow, DetailRow, IpcError, PolicyName};
use approvals::Refusal;
use gateway::Engine;
use gateway::card::vote_words;
use gateway::card::{self, ToolWords};
use journal::ActivityQuery;
use policy::Timestamp;

/// Most rows of one page.
const PAGE: u32 = 200;

pub(crate) fn activity(engine: &Engine, request: &ActivityRequest) -> Result<ActivityPage, IpcError> {
    let Some(query) = query(request) else {
        return Ok(ActivityPage { rows: Vec::new(), next: None });
    };
    let found = engine.journal().activity_page(&query)?;
    let people = engine.sets().current();
    let name_of = |id: &str| {
        let known = id.parse().ok().and_then(|id| people.people.get(&id));
        known.map_or_else(|| id.to_owned(), |user| user.name.clone())
    };
    let rows = found.rows.into_iter().map(|row| {
        let decided_by =
            row.votes.last().map(|vote| format!("{}, {}", name_of(vote.by.as_str()), vote_words(vote)));
        let (summary, detail) = match &row.arguments {
            Some(arguments) => (card::summary(arguments), details(arguments)),
            None => ("arguments can no longer be read".to_owned(), Vec::new()),
        };
        ActivityRow {
            seq: row.seq,
            at: row.at.0,
            user: name_of(&row.user),
            agent: row.agent,
            upstream: row.upstream,
            tool: gateway::visible::marked(&row.tool),
            summary,
            outcome: row.outcome.into(),
            policies: row
                .policies
                .into_iter()
                .map(|policy| PolicyName { id: policy.id.to_string(), name: policy.name })
                .collect(),
            decided_by,
            hold: row.hold.map(|hold| hold.to_string()),
            detail,
            why: row.refusal.as_ref().and_then(why),
        }
    });
    Ok(ActivityPage { rows: rows.collect(), next: found.next })
}

/// As the journal is asked; none where no policy can have the name, so that none of its calls are on record.
pub(crate) fn query(request: &ActivityRequest) -> Option<ActivityQuery> {
    let text = request.text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let policy = request.policy.as_deref().map(str::parse).transpose().ok()?;
    Some(ActivityQuery {
        before: request.before,
        limit: request.limit.clamp(1, PAGE) as usize,
        text,
        outcome: request.outcome.map(Into::into),
        agent: request.agent.clone(),
        upstream: request.upstream.clone(),
        tool: request.tool.clone(),
        policy,
        since: request.since.map(Timestamp),
        until: request.until.map(Timestamp),
    })
}

fn details(arguments: &policy::Value) -> Vec<DetailRow> {
    let rows = card::arguments(arguments, &ToolWords::default()).into_iter().map(|row| DetailRow {
        value: row.pieces.iter().map(gateway::visible::Piece::marked).collect(),
        path: row.path,
    });
    rows.collect()
}

/// Why a call was refused, where its outcome does not say all.
fn why(refusal: &Refusal) -> Option<String> {
    let text = match refusal {
        Refusal::StepUpNotSetUp => "it needs a step-up, and none is set up",
        Refusal::UnknownTool => "its upstream has no such tool",
        Refusal::ToolChanged => "its tool is not the one that was pinned",
        Refusal::TooManyHolds => "its agent had too many calls waiting",
        Refusal::PathMoved => "one of its paths led elsewhere than when it was judged",
        Refusal::RefusedByNewerPolicy { .. } => "a newer policy denies it",
        Refusal::Denied { .. }
        | Refusal::Rejected { .. }
        | Refusal::Expired
        | Refusal::Withdrawn
        | Refusal::Uncollected => return None,
    };
    Some(text.to_owned())
}
