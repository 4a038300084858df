//! Contexts by themselves, whether a policy names them or not: never true, always true.

use super::{
    Code, Report, Severity,
    place::{Sheet, Spot},
};
use crate::{
    ContextId, Documents,
    analysis::{self, Among, FALSE, TRUE},
    condition::Condition,
    documents::Place,
    policy::parse_context,
    section::Source,
};

pub(super) fn look(documents: &Documents, report: &mut Report) {
    for (path, text) in documents.iter() {
        let Place::Context(stem) = Place::of(path) else { continue };
        let Ok(id) = stem.parse::<ContextId>() else { continue };
        let Ok(context) = parse_context(&id, Source { path, text }) else { continue };
        let possible = |among: Among| analysis::possible(&[(&context.condition as &Condition, among)]);
        let (code, word, rest) = match (possible(TRUE), possible(FALSE)) {
            (false, _) => {
                (Code::NeverTrue, "true", ", so a policy that names only it never applies for certain")
            }
            (_, false) => (Code::AlwaysTrue, "false", ", so it narrows nothing down"),
            (true, true) => continue,
        };
        let sheet = Sheet { path: path.to_owned(), text };
        let sentence = format!("no call can make this context {word}{rest}");
        report.add(sheet.finding(code, Severity::Warning, Spot::Node(&[]), sentence), []);
    }
}
