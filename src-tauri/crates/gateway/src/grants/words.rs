//! Grants in words.

use crate::visible;
use approvals::{Bound, Grant};
use policy::Value;

/// Longest value that stands in a sentence.
const LONGEST: usize = 60;

/// "exactly 7250.00", "up to 7250.00", "in the folder `/home/me/notes`"
#[must_use]
pub fn bound_words(bound: &Bound) -> String {
    match bound {
        Bound::Exactly(value) => format!("exactly {}", shown(value)),
        Bound::OneOf(values) => {
            let values: Vec<String> = values.iter().map(shown).collect();
            format!("one of {}", values.join(", "))
        }
        Bound::Prefix(start) => format!("begins with {}", quoted(start)),
        Bound::Within(folder) => format!("in the folder {}", quoted(folder)),
        Bound::UpTo(most) => format!("from 0 up to {}", shown(most)),
        Bound::Any => "anything".to_owned(),
    }
}

/// "coder may run files/write for Me where path is in the folder `/tmp/a` and text is anything."
#[must_use]
pub fn sentence(grant: &Grant) -> String {
    let scope: Vec<String> = grant
        .scope
        .iter()
        .map(|limit| {
            let is = if matches!(limit.bound, Bound::Prefix(_)) { "" } else { "is " };
            format!("{} {is}{}", visible::marked(&limit.argument), bound_words(&limit.bound))
        })
        .collect();
    let mut sentence =
        format!("{} may run {}/{}", grant.agent, grant.upstream, visible::marked(grant.tool.as_str()));
    sentence += &if scope.is_empty() {
        " without arguments".to_owned()
    } else {
        format!(" where {}", scope.join(" and "))
    };
    if let Some(project) = &grant.project {
        sentence += &format!(", in the project {}", quoted(project));
    }
    if grant.session.is_some() {
        sentence += ", in this session";
    }
    match grant.uses {
        Some(1) => sentence += ", once",
        Some(uses) => sentence += &format!(", {uses} times"),
        None => {}
    }
    sentence + "."
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        other => short(&other.to_json()),
    }
}

fn quoted(text: &str) -> String {
    format!("`{}`", short(text))
}

fn short(text: &str) -> String {
    let text = visible::marked(text);
    if text.chars().count() <= LONGEST {
        return text;
    }
    format!("{}…", text.chars().take(LONGEST).collect::<String>())
}
