//! Why a condition came out as it did, with the compared values, in words a person reads late in the evening:
//! "amount is 7250.00, above 5000, and the user's role is employee, not finance".

use super::{
    Comparison, Condition, Predicate, Test,
    attribute::{Attribute, Fact},
    evaluate::{Evaluation, not},
    lookup::{Seen, View},
    path::{self, Place},
    phrase::values,
};
use crate::{
    PredicateTrace, Truth,
    wording::{few, quoted, shown},
};

/// Most reasons in one sentence.
const MOST_REASONS: usize = 4;

/// Every leaf with what it looked at.
pub(crate) fn traces(condition: &Condition, view: &View<'_>) -> Vec<PredicateTrace> {
    let mut traces = Vec::new();
    collect(condition, view, &mut traces);
    traces
}

fn collect(condition: &Condition, view: &View<'_>, traces: &mut Vec<PredicateTrace>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, view, traces))
        }
        // A negated leaf is one row, as it is one row in the builder.
        Condition::Not(inner) => match &**inner {
            Condition::Typed(_) | Condition::Free(_) => {
                let from = traces.len();
                collect(inner, view, traces);
                for trace in traces.iter_mut().skip(from) {
                    trace.text = condition.to_string();
                    trace.truth = not(trace.truth);
                }
            }
            inner => collect(inner, view, traces),
        },
        Condition::Typed(predicate) => {
            let Evaluation { truth, found, note } = predicate.evaluate(view);
            let by_default =
                found.by_default.then(|| "it was left out; the tool's own default counts".into());
            traces.push(PredicateTrace {
                attribute: predicate.attribute.key(),
                text: predicate.to_string(),
                compared: found.seen.written(),
                truth,
                note: note.or(by_default).map(std::borrow::Cow::into_owned),
            });
        }
        Condition::Free(row) => {
            let (truth, note) = row.truth(view);
            let names: Vec<String> = row.attributes().iter().map(Attribute::key).collect();
            let value = |a: &Attribute| view.find(a).seen.written().map(|text| format!("{a} = {text}"));
            let compared: Vec<String> = row.attributes().iter().filter_map(value).collect();
            traces.push(PredicateTrace {
                attribute: if names.is_empty() { "args".to_owned() } else { names.join(", ") },
                text: row.to_string(),
                compared: (!compared.is_empty()).then(|| compared.join(", ")),
                truth,
                note: note.map(std::borrow::Cow::into_owned),
            });
        }
    }
}

/// The reasons for a condition's truth, joined.
pub(crate) fn because(condition: &Condition, view: &View<'_>) -> String {
    let mut reasons = Vec::new();
    reasons_for(condition, view, &mut reasons);
    let mut unique: Vec<String> = Vec::new();
    reasons.into_iter().filter(|reason| !reason.is_empty()).for_each(|reason| {
        if !unique.contains(&reason) {
            unique.push(reason);
        }
    });
    match unique.as_slice() {
        [] => "it always applies".to_owned(),
        [only] => only.clone(),
        reasons => {
            let shown: Vec<&str> = reasons.iter().take(MOST_REASONS).map(String::as_str).collect();
            let rest = reasons.len().saturating_sub(MOST_REASONS);
            match (shown.split_last(), rest) {
                (Some((last, first)), 0) => format!("{}, and {last}", first.join(", ")),
                _ => format!("{}, and {rest} more", shown.join(", ")),
            }
        }
    }
}

/// Only the parts that explain the result: all of what held, or what failed, or what could not be judged.
fn reasons_for(condition: &Condition, view: &View<'_>, reasons: &mut Vec<String>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            let truth = condition.truth(view);
            for part in parts {
                if part.truth(view) == truth {
                    reasons_for(part, view, reasons);
                }
            }
        }
        Condition::Not(inner) => reasons_for(inner, view, reasons),
        Condition::Typed(predicate) => reasons.push(predicate.seen_as(view)),
        Condition::Free(row) => {
            let (truth, note) = row.truth(view);
            reasons.push(match (truth, note) {
                (Truth::True, _) => format!("`{row}` holds"),
                (Truth::False, _) => format!("`{row}` does not hold"),
                (Truth::Undetermined, note) => {
                    format!("`{row}` cannot be judged: {}", note.unwrap_or_default())
                }
            });
        }
    }
}

impl Predicate {
    /// What was found, and how it stands to the test: "amount is 1200.00, above 1000".
    fn seen_as(&self, view: &View<'_>) -> String {
        let evaluation = self.evaluate(view);
        let text = self.stated(&evaluation, view);
        if evaluation.found.by_default {
            format!("{text} (left out, so the tool's own default counts)")
        } else {
            text
        }
    }

    fn stated(&self, evaluation: &Evaluation<'_>, view: &View<'_>) -> String {
        let Evaluation { truth, found, note } = evaluation;
        let subject = self.attribute.words();
        // A flag's words are a clause: "the screen is locked" → "whether the screen is locked".
        let name =
            if self.flag_clause(false).is_some() { format!("whether {subject}") } else { subject.clone() };
        match (&found.seen, truth) {
            (Seen::Untold, Truth::Undetermined) => return format!("{name} is not known on this machine"),
            (Seen::Required, Truth::Undetermined) => {
                return format!("{subject} is missing, though the tool requires it");
            }
            (Seen::Astray, Truth::Undetermined) => {
                return format!("{subject} cannot be looked up in what was sent");
            }
            (Seen::Alike, Truth::Undetermined) => {
                return format!("{subject} is in doubt, as another name was sent that may be read as it");
            }
            (Seen::Missing | Seen::Required | Seen::Untold, _) => {
                return match self.attribute {
                    Attribute::Fact(Fact::UserRole | Fact::UserRoles) => "the user has no role".to_owned(),
                    _ if self.flag_clause(false).is_some() => format!("nobody said {name}"),
                    _ => format!("{subject} is missing"),
                };
            }
            _ => {}
        }
        if *truth == Truth::Undetermined {
            let note = note.as_deref().unwrap_or("it cannot be judged");
            let value = found.seen.written().unwrap_or_default();
            return format!(
                "{subject} is {}, but {note}",
                if is_text(&found.seen) { quoted(&value) } else { value }
            );
        }
        let held = *truth == Truth::True;
        if self.each.is_some() {
            return self.words(!held);
        }
        if let Seen::Roles(roles) = found.seen {
            return self.stated_of_roles(roles.iter().map(|role| quoted(role)).collect(), held);
        }
        if let Some(clause) = self.flag_clause(!held) {
            return clause;
        }
        let value = match &found.seen {
            Seen::Text(text) => quoted(text),
            other => other.written().unwrap_or_default(),
        };
        self.stated_of_value(&subject, &value, held, view)
    }

    fn stated_of_roles(&self, roles: Vec<String>, held: bool) -> String {
        let list = few(&roles, 4, "and");
        let has = format!("the user's {} {list}", if roles.len() == 1 { "role is" } else { "roles are" });
        match &self.test {
            Test::Compare(comparison, literal) => {
                let equal = held == (*comparison == Comparison::Equal);
                if equal && roles.len() == 1 {
                    has
                } else if equal {
                    format!("{has}, so {} is among them", literal.words())
                } else {
                    format!("{has}, not {}", literal.words())
                }
            }
            Test::OneOf(literals) if held => format!("{has}, one of {}", values(literals)),
            Test::OneOf(literals) => format!("{has}, not {}", values(literals)),
            Test::Present => has,
            _ => format!("{has}, and {}", self.clause("one of them", !held)),
        }
    }

    fn stated_of_value(&self, subject: &str, value: &str, held: bool, view: &View<'_>) -> String {
        let is = format!("{subject} is {value}");
        let not = if held { "" } else { "not " };
        match &self.test {
            Test::Present => format!("{subject} is given"),
            Test::Compare(comparison @ (Comparison::Equal | Comparison::NotEqual), literal) => {
                let equal = held == (*comparison == Comparison::Equal);
                match (equal, literal.words()) {
                    (true, wanted) if wanted == value => is,
                    (true, wanted) => format!("{is}, the same as {wanted}"),
                    (false, wanted) => format!("{is}, not {wanted}"),
                }
            }
            Test::Compare(comparison, literal) => {
                format!("{is}, {not}{}{}", comparison.word(literal), literal.words())
            }
            Test::Between(low, high) => format!("{is}, {not}between {} and {}", low.words(), high.words()),
            Test::OneOf(literals) if literals.len() == 1 && held => is,
            Test::OneOf(literals) if held => format!("{is}, one of {}", values(literals)),
            Test::OneOf(literals) => format!("{is}, not {}", values(literals)),
            Test::Within(folder) => {
                let written = match view.find(&self.attribute).seen {
                    Seen::Text(text) => text,
                    _ => "",
                };
                let key = || self.attribute.key();
                match path::within(written, folder, self.ground(&key, view)) {
                    Ok(Place::LeadsTo(elsewhere)) => {
                        format!("{is}, which leads to {}, outside {}", quoted(&elsewhere), quoted(folder))
                    }
                    _ => format!("{is}, {} {}", if held { "inside" } else { "outside" }, quoted(folder)),
                }
            }
            _ => format!("{is}, which {}", self.clause("", !held).trim_start()),
        }
    }
}

fn is_text(seen: &Seen<'_>) -> bool {
    matches!(seen, Seen::Text(_))
}

/// The name of a context with its reason, for the sentence of a policy that names it.
pub(crate) fn of_context(name: &str, condition: &Condition, view: &View<'_>) -> String {
    let reason = because(condition, view);
    let name = format!("“{}”", shown(name));
    match condition.truth(view) {
        Truth::True => format!("{name} holds ({reason})"),
        Truth::False => format!("{name} does not hold ({reason})"),
        Truth::Undetermined => format!("{name} cannot be judged ({reason})"),
    }
}
