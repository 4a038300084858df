//! Approval flows: the list, a flow read while it is edited, saving and taking back.

use super::Desk;
use super::flow_wire::{
    DeleteFlowRequest, FlowDraft, FlowDraftRequest, FlowDraftView, FlowRow, FlowsView, OpenFlowRequest,
    StageDraft, StageView,
};
use super::proof::put;
use super::wire::{Choice, Deleted, RestoreRequest, SaveEffect, SaveView, Saved};
use crate::host::Host;
use crate::wire::{IpcError, Nothing};
use policy::authored_flow::{AuthoredFlow, AuthoredStage};
use policy::flow::OnTimeout;
use policy::lint::{self, Known};
use policy::{ApprovalFlow, Approvers, FlowId, People, PolicySet, Stage, UserId};
use std::collections::BTreeSet;

impl Host {
    pub(crate) async fn flows(&self, _: Nothing) -> Result<FlowsView, IpcError> {
        self.at_desk(|desk| {
            let set = &desk.in_force.set;
            let known = Known { tools: &[], people: Some(&desk.in_force.people) };
            let found = lint::lint(&desk.in_force.bundle.documents, &known);
            let rows = set.flows().map(|flow| {
                let path = format!("flows/{}.toml", flow.id);
                let text = desk.in_force.bundle.documents.get(&path);
                let read = text.and_then(|text| AuthoredFlow::read(&path, text).ok()).unwrap_or_default();
                FlowRow {
                    id: flow.id.to_string(),
                    name: flow.name.clone(),
                    description: read.description,
                    sentence: flow.sentence(),
                    stages: flow.stages.iter().map(Stage::words).collect(),
                    used_by: used_by(set, &flow.id),
                    built_in: text.is_none(),
                    problems: found
                        .iter()
                        .filter(|one| one.document == path)
                        .map(|one| one.sentence.clone())
                        .collect(),
                    changed_at: changed_at(&desk.engine.home().policies_dir().join(&path)),
                }
            });
            Ok(FlowsView { rows: rows.collect() })
        })
        .await
    }

    pub(crate) async fn open_flow(&self, request: OpenFlowRequest) -> Result<FlowDraft, IpcError> {
        self.at_desk(move |desk| {
            let Some(id) = request.id else {
                let stage =
                    AuthoredStage { required: 1, within: "15m".to_owned(), ..AuthoredStage::default() };
                return Ok(draft(
                    String::new(),
                    None,
                    AuthoredFlow { stages: vec![stage], ..AuthoredFlow::default() },
                ));
            };
            let path = document(&id)?;
            let disk = desk.engine.sets().on_disk(&path)?;
            let text = desk.in_force.bundle.documents.get(&path).map(str::to_owned).or_else(|| disk.clone());
            match text {
                Some(text) => {
                    let read = AuthoredFlow::read(&path, &text).map_err(|error| {
                        IpcError::new("bad_document", error.to_string(), "mend the file by hand")
                    })?;
                    Ok(draft(id, disk, read))
                }
                None if id == policy::flow::OWNER => {
                    let stage = AuthoredStage {
                        required: 1,
                        within: "15m".to_owned(),
                        grants: true,
                        ..AuthoredStage::default()
                    };
                    let flow = AuthoredFlow {
                        name: "The owner approves".to_owned(),
                        description: String::new(),
                        stages: vec![stage],
                    };
                    Ok(draft(id, None, flow))
                }
                None => Err(IpcError::new(
                    "no_flow",
                    format!("there is no flow `{id}`"),
                    "look at the list again",
                )),
            }
        })
        .await
    }

    pub(crate) async fn read_flow(&self, request: FlowDraftRequest) -> Result<FlowDraftView, IpcError> {
        self.at_desk(move |desk| read(desk, &request.draft)).await
    }

    pub(crate) async fn save_flow(&self, request: FlowDraftRequest) -> Result<Saved, IpcError> {
        self.at_desk(move |desk| {
            let view = read(desk, &request.draft)?;
            if !view.save.can {
                return Err(IpcError::new("unfinished", view.save.note, "mend it, then save again"));
            }
            let path = document(&view.id)?;
            let mine = view.file.unwrap_or_default();
            put(desk, &view.id, &path, request.draft.base.as_deref(), mine)
        })
        .await
    }

    pub(crate) async fn delete_flow(&self, request: DeleteFlowRequest) -> Result<Deleted, IpcError> {
        self.at_desk(move |desk| {
            let path = document(&request.id)?;
            let text = desk.in_force.bundle.documents.get(&path).ok_or_else(|| {
                IpcError::new(
                    "no_flow",
                    format!("there is no file of the flow `{}`", request.id),
                    "the built-in flow stays",
                )
            })?;
            let name = AuthoredFlow::read(&path, text).map(|flow| flow.name).unwrap_or_default();
            crate::signed::put_document(&desk.engine, &path, Some(text), None)?;
            desk.engine.set_changed();
            Ok(Deleted { id: request.id, name, text: text.to_owned() })
        })
        .await
    }

    pub(crate) async fn restore_flow(&self, request: RestoreRequest) -> Result<Saved, IpcError> {
        self.at_desk(move |desk| {
            let path = document(&request.id)?;
            put(desk, &request.id, &path, None, request.text)
        })
        .await
    }
}

/// When a document was written, in epoch milliseconds.
pub(crate) fn changed_at(path: &std::path::Path) -> Option<i64> {
    let at = std::fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(at.as_millis()).ok()
}

fn document(id: &str) -> Result<String, IpcError> {
    let id: FlowId = id.parse().map_err(|error: policy::NameError| {
        IpcError::new("bad_name", error.to_string(), "choose another name")
    })?;
    Ok(format!("flows/{id}.toml"))
}

fn used_by(set: &PolicySet, id: &FlowId) -> Vec<Choice> {
    let asking = set.policies().filter(|policy| policy.action.flow.as_ref() == Some(id));
    let mut used: Vec<Choice> = asking
        .map(|policy| Choice {
            id: policy.id.to_string(),
            name: policy.name.clone(),
            words: policy.sentence(),
        })
        .collect();
    if matches!(set.default_action(), policy::DefaultAction::RequestApproval { flow } if flow == *id) {
        used.push(Choice {
            id: String::new(),
            name: "the default".to_owned(),
            words: set.default_sentence(),
        });
    }
    used
}

fn read(desk: &Desk, draft: &FlowDraft) -> Result<FlowDraftView, IpcError> {
    let documents = &desk.in_force.bundle.documents;
    let free = |id: &String| documents.get(&format!("flows/{id}.toml")).is_none();
    let id =
        if draft.id.is_empty() { super::read::free_id(&draft.name, "flow", free) } else { draft.id.clone() };
    let path = format!("flows/{id}.toml");
    let authored = authored(draft);
    let file = authored.write(&path, draft.base.as_deref().unwrap_or_default()).map_err(|error| {
        IpcError::new("base_unreadable", error.to_string(), "mend the file by hand, then open it again")
    })?;
    let mut newer = documents.clone();
    newer.insert(&path, file.clone());
    let known = Known { tools: &[], people: Some(&desk.in_force.people) };
    let found = lint::lint(&newer, &known);
    let mut problems: Vec<String> =
        found.iter().filter(|one| one.document == path).map(|one| one.sentence.clone()).collect();
    let compiled = PolicySet::compile(&newer).ok();
    let flow: Option<&ApprovalFlow> = id.parse().ok().and_then(|id| compiled.as_ref()?.flow(&id));
    if compiled.is_none() && problems.is_empty() {
        problems.extend(found.first().map(|one| format!("{}: {}", one.document, one.sentence)));
    }
    let people = &desk.in_force.people;
    let stages =
        flow.map(|flow| flow.stages.iter().map(|stage| seen(stage, people)).collect()).unwrap_or_default();
    let save = super::proof::told(desk, save(draft, &file, flow, &problems), &path, &file);
    Ok(FlowDraftView {
        sentence: flow.map(ApprovalFlow::sentence),
        used_by: id.parse().map(|id| used_by(&desk.in_force.set, &id)).unwrap_or_default(),
        file: Some(file),
        id,
        stages,
        problems,
        save,
    })
}

fn save(draft: &FlowDraft, file: &str, flow: Option<&ApprovalFlow>, problems: &[String]) -> SaveView {
    let view = |can: bool, effect: SaveEffect, label: &str, note: String| SaveView {
        can,
        effect,
        label: label.to_owned(),
        note,
        proof: Vec::new(),
    };
    let cannot = |note: String| view(false, SaveEffect::Changes, "Save", note);
    if draft.name.trim().is_empty() {
        return cannot("Give the flow a name first.".to_owned());
    }
    if flow.is_none() {
        let why = problems.first().map_or("the flow cannot be read", String::as_str);
        return cannot(format!("It cannot be saved: {why}."));
    }
    if draft.base.as_deref() == Some(file) {
        return view(false, SaveEffect::Nothing, "Saved", "The file says exactly this.".to_owned());
    }
    if draft.base.is_none() && draft.id.is_empty() {
        let note = "Nothing asks this flow yet: choose it in a policy.".to_owned();
        return view(true, SaveEffect::Tightens, "Save", note);
    }
    view(true, SaveEffect::Changes, "Save", "Calls that wait already are judged again.".to_owned())
}

/// A stage as its approvers will meet it.
fn seen(stage: &Stage, people: &People) -> StageView {
    let voters = voters(&stage.approvers, people);
    let later: BTreeSet<UserId> = match stage.on_timeout {
        OnTimeout::Escalate => {
            self::voters(&stage.escalate_to, people).difference(&voters).cloned().collect()
        }
        OnTimeout::Reject => BTreeSet::new(),
    };
    let name =
        |id: &UserId| people.get(id).map_or_else(|| format!("{id}, unknown"), |user| user.name.clone());
    // Whoever asks may be one of them.
    let able = voters.len().saturating_sub(usize::from(stage.exclude_requester));
    let problem = (able < stage.required as usize).then(|| {
        let many = if able == 1 { "only 1 person".to_owned() } else { format!("only {able} people") };
        let votes = if stage.required == 1 {
            "1 vote is".to_owned()
        } else {
            format!("{} votes are", stage.required)
        };
        let asked = if stage.exclude_requester { " where one of them asks" } else { "" };
        format!("{votes} needed, and {many} can vote{asked}")
    });
    StageView {
        words: stage.words(),
        voters: voters.iter().map(name).collect(),
        later: later.iter().map(name).collect(),
        problem,
    }
}

fn voters(approvers: &Approvers, people: &People) -> BTreeSet<UserId> {
    if approvers.is_empty() {
        return people.owner().map(|owner| owner.id.clone()).into_iter().collect();
    }
    let by_role =
        people.iter().filter(|user| !user.roles.is_disjoint(&approvers.roles)).map(|user| user.id.clone());
    approvers.users.iter().filter(|id| people.get(id).is_some()).cloned().chain(by_role).collect()
}

fn draft(id: String, base: Option<String>, flow: AuthoredFlow) -> FlowDraft {
    let stages = flow.stages.into_iter().map(|stage| StageDraft {
        from: stage.from,
        users: stage.users,
        roles: stage.roles,
        required: stage.required,
        within: stage.within,
        escalates: stage.escalates,
        escalate_users: stage.escalate_users,
        escalate_roles: stage.escalate_roles,
        step_up: stage.step_up,
        exclude_requester: stage.exclude_requester,
        grants: stage.grants,
    });
    FlowDraft { id, base, name: flow.name, description: flow.description, stages: stages.collect() }
}

fn authored(draft: &FlowDraft) -> AuthoredFlow {
    let stages = draft.stages.iter().map(|stage| AuthoredStage {
        from: stage.from,
        users: stage.users.clone(),
        roles: stage.roles.clone(),
        required: stage.required,
        within: stage.within.trim().to_owned(),
        escalates: stage.escalates,
        escalate_users: if stage.escalates { stage.escalate_users.clone() } else { Vec::new() },
        escalate_roles: if stage.escalates { stage.escalate_roles.clone() } else { Vec::new() },
        step_up: stage.step_up.clone(),
        exclude_requester: stage.exclude_requester,
        grants: stage.grants,
    });
    AuthoredFlow {
        name: draft.name.trim().to_owned(),
        description: draft.description.trim().to_owned(),
        stages: stages.collect(),
    }
}
