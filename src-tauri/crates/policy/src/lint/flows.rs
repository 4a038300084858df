//! Flows against the people who would have to vote.

use super::{
    Code, Known, Report, Severity,
    place::{Sheet, Spot},
};
use crate::{
    Documents, People, PolicySet, Stage, UserId,
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
            let voters = voters(stage, people).len();
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
            for user in stage.approvers.users.iter().filter(|user| people.get(user).is_none()) {
                let at = Spot::Of("stage", index, "users");
                let sentence = format!("there is no user `{user}` who could vote");
                let finding = sheet.finding(Code::UnknownUser, Severity::Warning, at, sentence);
                report.add(finding, []);
            }
        }
    }
}

/// Everybody who may vote at a stage; the desk's owner where nobody is named.
fn voters<'a>(stage: &Stage, people: &'a People) -> BTreeSet<&'a UserId> {
    let (users, roles) = (&stage.approvers.users, &stage.approvers.roles);
    if users.is_empty() && roles.is_empty() {
        return people.owner().map(|owner| &owner.id).into_iter().collect();
    }
    let may = |user: &&crate::User| users.contains(&user.id) || !user.roles.is_disjoint(roles);
    people.iter().filter(may).map(|user| &user.id).collect()
}
