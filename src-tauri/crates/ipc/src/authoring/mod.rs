//! What the screens of an author ask: the catalogue, a draft read while it is typed, its effect on the calls on
//! record, saving and taking back. The window decides nothing of this by itself (I10).

mod choices;
pub mod flow_wire;
mod flows;
mod history;
mod operators;
pub mod pack_wire;
mod packs;
mod pattern;
mod people;
pub mod people_wire;
mod proof;
mod read;
#[cfg(test)]
mod tests;
mod tried;
pub mod tried_wire;
pub mod wire;

pub(crate) use flows::changed_at;
pub(crate) use tried::tried_policy;

use crate::host::{Host, blocking};
use crate::wire::{IpcError, Problem};
use gateway::{Engine, Hypothetical, InForce};
use policy::catalogue::{self, ToolEntry};
use policy::{Node, PolicyId, PolicySet, Row, RowValue, Timestamp, Value, ValueKind};
use proof::put;
use read::Around;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tried_wire::{WhatIfRequest, WhatIfView};
use wire::{
    BacktestRequest, BacktestView, Catalogue, CatalogueRequest, Choice, DeleteRequest, Deleted, Draft,
    DraftAction, DraftFrom, DraftRequest, DraftView, MendRequest, OpenDraftRequest, RestoreRequest,
    SaveRequest, Saved,
};

/// How long an upstream's list of tools is kept for authors.
const KEPT: Duration = Duration::from_secs(60);
/// Pages of recorded calls searched for one that a person points at.
const PAGES: usize = 50;
const LONGEST_VALUE: usize = 200;

/// By upstream: when it was asked, and what it listed or why it did not.
type Lists = BTreeMap<String, (Instant, Result<Vec<Value>, String>)>;

/// Tools of upstreams that no call has pinned yet, as they listed them lately.
#[derive(Default)]
pub(crate) struct Listed(Mutex<Lists>);

impl Listed {
    /// Asks the upstreams whose tools nobody has seen; what was asked within the minute is not asked again.
    async fn refresh(&self, engine: &Engine) {
        for upstream in engine.upstreams() {
            let name = upstream.name.as_str();
            let is_fresh = self.kept().get(name).is_some_and(|(at, _)| at.elapsed() < KEPT);
            if is_fresh || engine.journal().pin_count(name).is_ok_and(|count| count > 0) {
                continue;
            }
            let listed = engine.list_tools(name).await.map_err(|error| error.to_string());
            self.kept().insert(name.to_owned(), (Instant::now(), listed));
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every tool there is: as pinned, else as listed lately.
    fn tools(&self, engine: &Engine) -> Result<Vec<(ToolEntry, Value)>, IpcError> {
        let configured: Vec<String> = engine.upstreams().iter().map(|row| row.name.to_string()).collect();
        let pins = engine.journal().pins()?;
        let mut found: Vec<(ToolEntry, Value)> = Vec::new();
        for (upstream, pin) in pins.iter().filter(|(upstream, _)| configured.contains(upstream)) {
            let definition = Value::parse(pin.definition.as_bytes()).ok();
            found.extend(definition.and_then(|value| Some((ToolEntry::of(upstream, &value)?, value))));
        }
        for (upstream, (_, listed)) in
            self.kept().iter().filter(|(upstream, _)| configured.contains(upstream))
        {
            if !pins.iter().any(|(pinned, _)| pinned == upstream) {
                let listed = listed.iter().flatten();
                found.extend(
                    listed.filter_map(|value| Some((ToolEntry::of(upstream, value)?, value.clone()))),
                );
            }
        }
        Ok(found)
    }

    fn problems(&self, engine: &Engine) -> Vec<Problem> {
        let kept = self.kept();
        let of = |name: &str| Some((name.to_owned(), kept.get(name)?.1.as_ref().err()?.clone()));
        let failed = engine.upstreams().into_iter().filter_map(|row| of(row.name.as_str()));
        failed
            .map(|(name, why)| Problem {
                message: format!("The tools of `{name}` are not known: {why}."),
                hint: "Policies for it can be written all the same; parameters are typed by hand.".to_owned(),
            })
            .collect()
    }
}

/// In milliseconds.
const DAY: i64 = 86_400_000;

/// The engine with what a draft is read against.
struct Desk {
    engine: Arc<Engine>,
    in_force: Arc<InForce>,
    tools: Vec<(ToolEntry, Value)>,
    entries: Vec<ToolEntry>,
}

impl Desk {
    fn around(&self) -> Around<'_> {
        Around {
            documents: &self.in_force.bundle.documents,
            set: &self.in_force.set,
            people: &self.in_force.people,
            tools: &self.entries,
        }
    }

    /// The set as it would be with the draft in it.
    fn drafted(&self, draft: &Draft) -> Result<PolicySet, IpcError> {
        let around = self.around();
        let written = around.write(draft)?;
        let unfinished =
            || IpcError::new("unfinished", "the draft is not finished", "finish the rows that are marked");
        let documents = around.with(&written).ok_or_else(unfinished)?;
        PolicySet::compile(&documents).map_err(|errors| {
            let told = errors.first().map(ToString::to_string).unwrap_or_default();
            IpcError::new("set_invalid", told, "the findings beside the draft say what to mend")
        })
    }
}

impl Host {
    /// Runs `work` where blocking is allowed, with everything a draft is read against.
    async fn at_desk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Desk) -> Result<T, IpcError> + Send + 'static,
    ) -> Result<T, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let listed = self.listed();
        blocking(move || {
            let tools = listed.tools(&engine)?;
            let entries = tools.iter().map(|(entry, _)| entry.clone()).collect();
            work(&Desk { in_force: engine.sets().current(), tools, entries, engine })
        })
        .await?
    }

    pub(crate) async fn catalogue(&self, request: CatalogueRequest) -> Result<Catalogue, IpcError> {
        let listed = self.listed();
        listed.refresh(self.engine()?).await;
        self.at_desk(move |desk| {
            let tools: Vec<_> =
                desk.entries.iter().map(|entry| choices::tool(entry, &request.tools)).collect();
            let chosen: Vec<&ToolEntry> = desk
                .entries
                .iter()
                .zip(&tools)
                .filter(|(_, tool)| tool.chosen)
                .map(|(entry, _)| entry)
                .collect();
            // Of everything there is, no list of parameters would help anybody.
            let narrow = if request.tools.is_empty() { &[][..] } else { &chosen[..] };
            let seen = history::Seen::gather(desk.engine.journal(), narrow)?;
            let people = &desk.in_force.people;
            let named = |id: &str, name: &str, words: String| Choice {
                id: id.to_owned(),
                name: name.to_owned(),
                words,
            };
            let mut roles: BTreeMap<String, usize> = BTreeMap::new();
            people
                .iter()
                .flat_map(|user| &user.roles)
                .for_each(|role| *roles.entry(role.clone()).or_default() += 1);
            let count =
                |count: usize| if count == 1 { "1 person".to_owned() } else { format!("{count} people") };
            Ok(Catalogue {
                matched: chosen.len(),
                attributes: choices::attributes(narrow, &catalogue::custom(people), &seen),
                users: people
                    .iter()
                    .map(|user| {
                        let roles: Vec<&str> = user.roles.iter().map(String::as_str).collect();
                        named(user.id.as_str(), &user.name, roles.join(", "))
                    })
                    .collect(),
                roles: roles.into_iter().map(|(role, people)| named(&role, &role, count(people))).collect(),
                agents: desk
                    .engine
                    .agents()
                    .iter()
                    .map(|agent| {
                        named(agent.name.as_str(), agent.name.as_str(), format!("acts for {}", agent.user))
                    })
                    .collect(),
                contexts: desk
                    .in_force
                    .set
                    .contexts()
                    .map(|(id, name, words)| named(id.as_str(), name, words))
                    .collect(),
                flows: desk
                    .in_force
                    .set
                    .flows()
                    .map(|flow| named(flow.id.as_str(), &flow.name, flow.sentence()))
                    .collect(),
                problems: listed.problems(&desk.engine),
                tools,
            })
        })
        .await
    }

    pub(crate) async fn open_draft(&self, request: OpenDraftRequest) -> Result<Draft, IpcError> {
        self.at_desk(move |desk| match request.from {
            DraftFrom::Nothing => Ok(empty()),
            DraftFrom::Text { id, text, base } => read::draft_of(&id, &text, base),
            DraftFrom::Policy { id } => {
                let path = document(&id)?;
                // The author starts from the file, which may have changed since it was confirmed.
                let disk = desk.engine.sets().on_disk(&path)?;
                let text =
                    desk.in_force.bundle.documents.get(&path).map(str::to_owned).or_else(|| disk.clone());
                read::draft_of(&id, &text.ok_or_else(|| no_policy(&id))?, disk)
            }
            DraftFrom::Copy { id } => {
                let path = document(&id)?;
                let text = desk.in_force.bundle.documents.get(&path).ok_or_else(|| no_policy(&id))?;
                let mut draft = read::draft_of("", text, None)?;
                draft.name = format!("{}, copy", draft.name);
                Ok(draft)
            }
            DraftFrom::Hold { hold } => {
                let id = hold.parse().map_err(|_| IpcError::gone(&hold))?;
                let card = desk.engine.desk().card(&id).ok_or_else(|| IpcError::gone(&hold))?;
                from_call(desk, None, |call| call.digest().to_string() == card.digest)
            }
            DraftFrom::Call { seq } => from_call(desk, Some((seq.saturating_add(1), seq)), |_| true),
        })
        .await
    }

    pub(crate) async fn read_draft(&self, request: DraftRequest) -> Result<DraftView, IpcError> {
        self.at_desk(move |desk| {
            let mut view = desk.around().read(&request.draft)?;
            if let Some(file) = &view.file {
                view.save = proof::told(desk, view.save, &format!("{}.toml", view.id), file);
            }
            Ok(view)
        })
        .await
    }

    pub(crate) async fn mend_draft(&self, request: MendRequest) -> Result<Draft, IpcError> {
        self.at_desk(move |desk| {
            let around = desk.around();
            let written = around.write(&request.draft)?;
            let stale =
                || IpcError::new("stale", "the draft has changed since", "look at the findings again");
            let documents =
                around.with(&written).filter(|_| request.mend.document == written.path).ok_or_else(stale)?;
            let mended = documents.mended(&request.mend).map_err(|_| stale())?;
            let text = mended.get(&written.path).ok_or_else(stale)?;
            read::draft_of(&request.draft.id, text, request.draft.base)
        })
        .await
    }

    pub(crate) async fn save_policy(&self, request: SaveRequest) -> Result<Saved, IpcError> {
        self.at_desk(move |desk| {
            let around = desk.around();
            let written = around.write(&request.draft)?;
            desk.drafted(&request.draft)?;
            document(&written.id)?;
            let mine = written.file.clone().unwrap_or_default();
            put(desk, &written.id, &written.path, request.draft.base.as_deref(), mine)
        })
        .await
    }

    pub(crate) async fn delete_policy(&self, request: DeleteRequest) -> Result<Deleted, IpcError> {
        self.at_desk(move |desk| {
            let path = document(&request.id)?;
            let text = desk.in_force.bundle.documents.get(&path).ok_or_else(|| no_policy(&request.id))?;
            let name = read::draft_of(&request.id, text, None)?.name;
            crate::signed::put_document(&desk.engine, &path, Some(text), None)?;
            desk.engine.set_changed();
            Ok(Deleted { id: request.id, name, text: text.to_owned() })
        })
        .await
    }

    pub(crate) async fn restore_policy(&self, request: RestoreRequest) -> Result<Saved, IpcError> {
        self.at_desk(move |desk| {
            let path = document(&request.id)?;
            put(desk, &request.id, &path, None, request.text)
        })
        .await
    }

    pub(crate) async fn backtest(&self, request: BacktestRequest) -> Result<BacktestView, IpcError> {
        self.at_desk(move |desk| {
            let draft = desk.drafted(&request.draft)?;
            let since = request.days.map(|days| {
                Timestamp(desk.engine.desk().clock().now().0.saturating_sub(i64::from(days) * DAY))
            });
            let sets = (&desk.in_force.set, &draft);
            Ok(history::backtest(desk.engine.journal(), sets, since, request.so_far)?)
        })
        .await
    }

    pub(crate) async fn what_if(&self, request: WhatIfRequest) -> Result<WhatIfView, IpcError> {
        self.at_desk(move |desk| {
            let known = desk.tools.iter().find(|(entry, _)| entry.qualified() == request.tool);
            let (upstream, tool) = request.tool.split_once('/').unwrap_or((&request.tool, ""));
            let bad =
                |message: String| IpcError::new("bad_call", message, "mend the call, then try it again");
            let arguments = Value::parse(request.arguments.as_bytes())
                .map_err(|error| bad(format!("the arguments are no JSON: {error}")))?;
            let call = Hypothetical {
                upstream: upstream.to_owned(),
                tool: tool.to_owned(),
                agent: request.agent,
                user: request.user,
                arguments,
                at: request.at.map(Timestamp),
            };
            let definition = known.map_or(Value::Null, |(_, definition)| definition.clone());
            let (call, facts) =
                desk.engine.hypothetical(call, &definition).map_err(|error| bad(error.to_string()))?;
            let drafted = request.draft.as_ref().map(|draft| desk.drafted(draft)).transpose()?;
            let set = drafted.as_ref().unwrap_or(&desk.in_force.set);
            let documents = match &request.draft {
                Some(draft) => {
                    let around = desk.around();
                    around.with(&around.write(draft)?).unwrap_or_default()
                }
                None => desk.in_force.bundle.documents.clone(),
            };
            Ok(tried::tried(policy::backtest::what_if(set, &call, &facts), set, &documents))
        })
        .await
    }
}

fn document(id: &str) -> Result<String, IpcError> {
    let id: PolicyId = id.parse().map_err(|error: policy::NameError| {
        IpcError::new("bad_name", error.to_string(), "choose another name")
    })?;
    Ok(format!("{id}.toml"))
}

fn no_policy(id: &str) -> IpcError {
    IpcError::new(
        "no_policy",
        format!("there is no policy `{id}`"),
        "it may have been removed; look at the list again",
    )
}

/// Where a new policy begins.
fn empty() -> Draft {
    Draft {
        id: String::new(),
        base: None,
        name: String::new(),
        description: String::new(),
        mode: policy::Mode::Enforce,
        trust_claims: false,
        tools: Vec::new(),
        users: Vec::new(),
        roles: Vec::new(),
        agents: Vec::new(),
        contexts: Vec::new(),
        action: DraftAction {
            kind: policy::ActionKind::RequestApproval,
            flow: Some(policy::flow::OWNER.to_owned()),
            method: None,
            max_age: None,
            message: None,
        },
        when: String::new(),
        tree: None,
    }
}

/// A policy about exactly this call, to be widened by its author: tool, agent, and every argument that is one value.
fn from_call(
    desk: &Desk,
    entry: Option<(u64, u64)>,
    is_wanted: impl Fn(&policy::ToolCall) -> bool,
) -> Result<Draft, IpcError> {
    let mut before = entry.map(|(before, _)| before);
    for _ in 0..PAGES {
        let page = desk.engine.journal().recorded_calls(before)?;
        let fits = |recorded: &&journal::RecordedCall| {
            entry.is_none_or(|(_, seq)| recorded.seq == seq) && is_wanted(&recorded.call)
        };
        if let Some(recorded) = page.calls.iter().find(fits) {
            let call = &recorded.call;
            let mut draft = empty();
            draft.name = format!("{} by {}", call.tool, call.agent);
            draft.tools = vec![call.qualified_tool()];
            draft.agents = vec![call.agent.to_string()];
            let rows: Vec<Node> = call
                .arguments
                .as_map()
                .into_iter()
                // What is left of redacted arguments may read otherwise than what was sent.
                .filter(|_| recorded.arguments == journal::ArgumentsKept::AsAsked)
                .flat_map(policy::Map::iter)
                .filter_map(|(key, value)| {
                    let entry = desk.entries.iter().find(|entry| entry.qualified() == call.qualified_tool());
                    let path = policy::facts::member("args", key);
                    let written = entry.and_then(|tool| {
                        tool.parameters.iter().find(|one| one.path == path)?.written.clone()
                    });
                    row_of(written.unwrap_or(path), value)
                })
                .collect();
            if !rows.is_empty() {
                let tree = Node::Group { joined: policy::Joined::All, negated: false, parts: rows };
                let read =
                    policy::authored::ReadCondition::of_tree(&tree, None, &std::collections::BTreeSet::new());
                draft.when = read.map(|read| read.text).unwrap_or_default();
            }
            return Ok(draft);
        }
        before = page.before;
        if before.is_none() || entry.is_some() {
            break;
        }
    }
    Err(IpcError::new(
        "no_call",
        "the call is no longer on record",
        "make the policy from a newer call, or from nothing",
    ))
}

fn row_of(attribute: String, value: &Value) -> Option<Node> {
    let (kind, text) = match value {
        Value::Text(text) if text.chars().count() <= LONGEST_VALUE => (ValueKind::Text, text.clone()),
        Value::Number(number) => (ValueKind::Number, number.as_str().to_owned()),
        Value::Bool(flag) => (ValueKind::Flag, flag.to_string()),
        _ => return None,
    };
    let operator = policy::catalogue::Operator::Equals;
    let values = vec![RowValue { kind, text }];
    Some(Node::Row(Row { attribute, each: None, operator, negated: false, ignore_case: false, values }))
}
