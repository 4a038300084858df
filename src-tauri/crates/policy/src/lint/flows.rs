//! Flows against the people who would have to vote.

use super::{
    Code, Known, Report, Severity,
    place::{Sheet, Spot},
};
use crate::{
    Approvers, Documents, People, PolicySet, Stage, UserId,
    mend::{Edit, Key, Mend},
};
use std::collections::BTreeSet;

pub(super) fn look(documents: &Documents, set: &PolicySet, known: &Known<'_>, report: &mut Report) {
    let Some(people) = known.people else { return };
    for flow in set.flows() {
        let path = format!("flows/{}.toml", flow.id);
        // The built-in flow asks the owner, and there always is one.
        let Some(text) = documents.get(&path) else { continue };
        let sheet = Sheet { path: path.clone(), text };
        for (index, stage) in flow.stages.iter().enumerate() {
            let named = voters(stage, people);
            let voters = named.len();
            excluded(&sheet, (index, stage), (&named, people), report);
            if voters < stage.required as usize {
                let number = index + 1;
                let sentence = match voters {
                    0 => format!("nobody can vote at stage {number}, so every call waits until it expires"),
                    one => format!(
                        "stage {number} requires {} votes, and only {one} {} may give one",
                        stage.required,
                        if one == 1 { "person" } else { "people" }
                    ),
                };
                let at = Spot::Of("stage", index, "required");
                let finding = sheet.finding(Code::FlowUnsatisfiable, Severity::Error, at, sentence);
                let keys = vec![Key::name("stage"), Key::Index(index), Key::name("required")];
                let number = i64::try_from(voters).unwrap_or(1);
                let mend = (voters > 0).then(|| Mend {
                    label: format!("Require {voters}"),
                    document: path.clone(),
                    edit: Edit::Number { at: keys, number },
                });
                report.add(finding, mend);
            }
            for user in stage
                .approvers
                .users
                .union(&stage.escalate_to.users)
                .filter(|user| people.get(user).is_none())
            {
                let at = Spot::Of("stage", index, "users");
                let sentence = format!("there is no user `{user}` who could vote");
                let finding = sheet.finding(Code::UnknownUser, Severity::Warning, at, sentence);
                report.add(finding, []);
            }
        }
    }
}

/// Users whose own calls nobody else could pass, at a stage where they may not vote.
fn excluded(
    sheet: &Sheet<'_>,
    (index, stage): (usize, &Stage),
    (named, people): (&BTreeSet<&UserId>, &People),
    report: &mut Report,
) {
    let required = stage.required as usize;
    if !stage.exclude_requester || named.len() < required {
        return;
    }
    let stuck: Vec<&UserId> = people
        .iter()
        .map(|user| &user.id)
        .filter(|user| named.iter().filter(|voter| *voter != user).count() < required)
        .collect();
    let Some(first) = stuck.first() else { return };
    let number = index + 1;
    let sentence = format!(
        "nobody but `{first}` could complete stage {number} on calls made for `{first}`, and they may not vote on these"
    );
    // Where it is so for everybody, no call can pass.
    let severity = if stuck.len() == people.iter().count() { Severity::Error } else { Severity::Warning };
    let at = Spot::Of("stage", index, "exclude_requester");
    report.add(sheet.finding(Code::FlowUnsatisfiable, severity, at, sentence), []);
}

/// Everybody who may vote at a stage, those it escalates to included; the desk's owner where nobody is named.
fn voters<'a>(stage: &Stage, people: &'a People) -> BTreeSet<&'a UserId> {
    let among = |user: &crate::User, approvers: &Approvers| {
        approvers.users.contains(&user.id) || !user.roles.is_disjoint(&approvers.roles)
    };
    let nobody_named = stage.approvers.is_empty();
    let may = |user: &&crate::User| {
        among(user, &stage.approvers) || among(user, &stage.escalate_to) || (nobody_named && user.owner)
    };
    people.iter().filter(may).map(|user| &user.id).collect()
}
