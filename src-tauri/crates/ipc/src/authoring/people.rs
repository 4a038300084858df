//! The people: who agents act for, who votes, their roles and custom attributes. Read while they are edited, saved like
//! any other part of the set.

use super::Desk;
use super::people_wire::{
    PeopleDraft, PeopleRequest, PeopleView, UserAttribute, UserAttributeKind, UserDraft, UserView,
};
use super::proof;
use super::wire::{SaveEffect, SaveView, Saved};
use crate::host::Host;
use crate::wire::{IpcError, Nothing};
use gateway::{SetError, SigningError};
use policy::authored_people::{AuthoredPeople, AuthoredUser, AuthoredValue};
use policy::{People, UserId};
use std::collections::BTreeSet;
use tokio::runtime::Handle;

impl Host {
    pub(crate) async fn people(&self, _: Nothing) -> Result<PeopleDraft, IpcError> {
        self.at_desk(|desk| match desk.in_force.problem {
            // From what is in force: what somebody else wrote waits for its own confirmation, and is no draft of ours.
            None => draft(desk.in_force.bundle.people.clone()),
            Some(_) => draft(desk.engine.sets().people_on_disk()?),
        })
        .await
    }

    pub(crate) async fn read_people(&self, request: PeopleRequest) -> Result<PeopleView, IpcError> {
        self.at_desk(move |desk| Ok(read(desk, &request.draft)?.0)).await
    }

    pub(crate) async fn save_people(&self, request: PeopleRequest) -> Result<Saved, IpcError> {
        self.at_desk(move |desk| {
            let PeopleRequest { draft } = request;
            let (view, text) = read(desk, &draft)?;
            if !view.save.can {
                return Err(IpcError::new("unfinished", view.save.note, "mend it, then save again"));
            }
            let change = desk.engine.change_people(draft.base, text.clone());
            match Handle::current().block_on(change) {
                Ok(()) => Ok(Saved::Applied {
                    id: "people".to_owned(),
                    message: "In force from the next call on.".to_owned(),
                }),
                Err(SigningError::Set(SetError::WaitsOnDisk(_))) => Ok(Saved::Changed {
                    theirs: Some(desk.engine.sets().people_on_disk()?),
                    mine: Some(text),
                }),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }
}

fn draft(text: String) -> Result<PeopleDraft, IpcError> {
    let read = AuthoredPeople::read(&text)
        .map_err(|error| IpcError::new("bad_document", error.to_string(), "mend the file by hand"))?;
    let users = read.users.into_iter().map(|user| UserDraft {
        from: user.from,
        id: user.id,
        name: user.name,
        email: user.email,
        roles: user.roles,
        department: user.department,
        owner: user.owner,
        attributes: user.attributes.into_iter().map(attribute).collect(),
    });
    Ok(PeopleDraft { users: users.collect(), base: text })
}

fn attribute((key, value): (String, AuthoredValue)) -> UserAttribute {
    let (kind, text) = match value {
        AuthoredValue::Text(text) => (UserAttributeKind::Text, text),
        AuthoredValue::Number(text) => (UserAttributeKind::Number, text),
        AuthoredValue::Flag(flag) => (UserAttributeKind::Flag, flag.to_string()),
        AuthoredValue::Other(text) => (UserAttributeKind::Other, text),
    };
    UserAttribute { key, kind, text }
}

fn authored(draft: &PeopleDraft) -> AuthoredPeople {
    let users = draft.users.iter().map(|user| AuthoredUser {
        from: user.from,
        id: user.id.trim().to_owned(),
        name: user.name.trim().to_owned(),
        email: user.email.trim().to_owned(),
        roles: user.roles.clone(),
        department: user.department.trim().to_owned(),
        owner: user.owner,
        attributes: user
            .attributes
            .iter()
            .map(|one| {
                let value = match one.kind {
                    UserAttributeKind::Text => AuthoredValue::Text(one.text.clone()),
                    UserAttributeKind::Number => AuthoredValue::Number(one.text.trim().to_owned()),
                    UserAttributeKind::Flag => AuthoredValue::Flag(one.text == "true"),
                    UserAttributeKind::Other => AuthoredValue::Other(one.text.clone()),
                };
                (one.key.trim().to_owned(), value)
            })
            .collect(),
    });
    AuthoredPeople { users: users.collect() }
}

/// What is said of a draft, and the file it would be.
fn read(desk: &Desk, draft: &PeopleDraft) -> Result<(PeopleView, String), IpcError> {
    let text = authored(draft).write(&draft.base).map_err(|error| {
        IpcError::new("base_unreadable", error.to_string(), "mend the file by hand, then open it again")
    })?;
    let parsed = People::parse(&text);
    let agents = desk.engine.agents();
    let passkeys = desk.engine.passkeys().unwrap_or_default();
    let set = &desk.in_force.set;
    let is_known = |id: &str| draft.users.iter().any(|user| user.id.trim() == id);
    let users: Vec<UserView> = draft
        .users
        .iter()
        .enumerate()
        .map(|(at, user)| {
            let id = user.id.trim();
            let acts = agents.iter().filter(|agent| agent.user.as_str() == id);
            let own = passkeys.iter().filter(|key| key.removed_at().is_none() && key.person() == id);
            let votes = set.flows().filter(|flow| {
                flow.stages.iter().any(|stage| {
                    let by_role = user.roles.iter().any(|role| stage.approvers.roles.contains(role));
                    let by_name = id.parse::<UserId>().is_ok_and(|id| stage.approvers.users.contains(&id));
                    by_role || by_name || (stage.approvers.is_empty() && user.owner)
                })
            });
            UserView {
                agents: acts.map(|agent| agent.name.to_string()).collect(),
                passkeys: own.map(|key| key.name().to_owned()).collect(),
                votes_in: votes.map(|flow| flow.name.clone()).collect(),
                problems: problems(draft, at),
            }
        })
        .collect();
    let orphans: Vec<String> = agents
        .iter()
        .filter(|agent| !is_known(agent.user.as_str()))
        .map(|agent| format!("{}, for {}", agent.name, agent.user))
        .collect();
    let mut problems: Vec<String> = Vec::new();
    if users.iter().all(|user| user.problems.is_empty()) {
        problems.extend(parsed.as_ref().err().map(|error| match &error.hint {
            Some(hint) => format!("{}; {hint}", error.message),
            None => error.message.clone(),
        }));
    }
    let mut save = save(draft, &text, &problems, &users);
    if save.can {
        let sets = desk.engine.sets();
        save.proof = proof::reasons(&sets.needs_proof(&sets.with_people(&text)));
        if !save.proof.is_empty() {
            "Save, needs your passkey".clone_into(&mut save.label);
            "People decide who may vote. Your browser opens and asks for the passkey."
                .clone_into(&mut save.note);
        } else if let Some(orphan) = orphans.first() {
            save.note = format!("The agent {orphan}, would be refused every call.");
        }
    }
    let known_roles = draft.users.iter().flat_map(|user| user.roles.iter().cloned());
    let asked =
        set.flows().flat_map(|flow| &flow.stages).flat_map(|stage| stage.approvers.roles.iter().cloned());
    let named = set.policies().flat_map(|policy| policy.target.roles.iter().cloned());
    let roles: BTreeSet<String> = known_roles.chain(asked).chain(named).collect();
    let keys: BTreeSet<String> =
        draft.users.iter().flat_map(|user| &user.attributes).map(|one| one.key.trim().to_owned()).collect();
    let view = PeopleView {
        users,
        problems,
        orphans,
        roles: roles.into_iter().collect(),
        attributes: keys.into_iter().filter(|key| !key.is_empty()).collect(),
        save,
    };
    Ok((view, text))
}

/// Of one user alone, so that each is said where it is.
fn problems(draft: &PeopleDraft, at: usize) -> Vec<String> {
    let Some(user) = draft.users.get(at) else { return Vec::new() };
    let id = user.id.trim();
    let mut found = Vec::new();
    if id.is_empty() {
        found.push("an id is missing, such as `ana`".to_owned());
    } else if let Err(error) = id.parse::<UserId>() {
        found.push(error.to_string());
    } else if draft.users.iter().take(at).any(|other| other.id.trim() == id) {
        found.push(format!("the id `{id}` is taken"));
    }
    for one in &user.attributes {
        let key = one.key.trim();
        if key.is_empty() {
            found.push("an attribute has no name".to_owned());
        } else if user.attributes.iter().filter(|other| other.key.trim() == key).count() > 1 {
            found.push(format!("the attribute `{key}` stands here twice"));
        }
        if one.kind == UserAttributeKind::Number
            && policy::Value::parse(one.text.trim().as_bytes())
                .is_ok_and(|value| matches!(value, policy::Value::Number(_)))
        {
            continue;
        }
        if one.kind == UserAttributeKind::Number {
            found.push(format!("`{}` is not a number", one.text.trim()));
        }
    }
    found.dedup();
    found
}

fn save(draft: &PeopleDraft, text: &str, problems: &[String], users: &[UserView]) -> SaveView {
    let view = |can: bool, effect: SaveEffect, label: &str, note: String| SaveView {
        can,
        effect,
        label: label.to_owned(),
        note,
        proof: Vec::new(),
    };
    let own = users.iter().flat_map(|user| &user.problems).next();
    match own.or(problems.first()) {
        Some(problem) => view(false, SaveEffect::Changes, "Save", format!("It cannot be saved: {problem}.")),
        None if draft.base == text => {
            view(false, SaveEffect::Nothing, "Saved", "The file says exactly this.".to_owned())
        }
        None => {
            let note = "Applies from the next call on; calls that wait are judged again.".to_owned();
            view(true, SaveEffect::Changes, "Save", note)
        }
    }
}
