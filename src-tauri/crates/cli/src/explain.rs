//! `doorward explain`: what would happen to a call that nobody makes, and why.

use crate::{args::Explain, check, failure::Failure, note, say};
use gateway::home::Paths;
use policy::{Applied, Mode, PolicyTrace, Truth, backtest::what_if, call_file};
use std::{path::Path, process::ExitCode};

pub(crate) fn run(home: &Path, options: &Explain) -> Result<ExitCode, Failure> {
    let dir = options.policies.clone().unwrap_or_else(|| Paths::new(home).policies());
    let people = check::people(home, None, options.policies.is_none())?;
    let set = match policy::PolicySet::compile(&gateway::home::read_documents(&dir)?) {
        Ok(set) => set,
        Err(errors) => {
            errors.iter().for_each(note);
            return Err(Failure::new(
                format!("the policies in `{}` do not compile", dir.display()),
                "mend them; until then every call is denied",
            ));
        }
    };
    let path = options.call.display().to_string();
    let text = check::read(&options.call)?;
    let (call, facts) = call_file::parse(&path, &text, people.as_ref()).map_err(|error| {
        let place = error.to_string();
        Failure::new(place, "see `doorward explain --help` for what a call's file holds")
    })?;
    let told = what_if(&set, &call, &facts);
    if options.json {
        say(check::json(&told)?);
        return Ok(ExitCode::SUCCESS);
    }
    say(&told.sentence);
    if told.decision.trace.policies.is_empty() {
        say("No policy is about this tool.");
        return Ok(ExitCode::SUCCESS);
    }
    say("");
    for (policy, read) in told.decision.trace.policies.iter().zip(&told.policies) {
        say(format_args!("{:<12} {}: {}", standing(policy), policy.id, read.reads));
        say(format_args!("             {}", policy.sentence));
        for predicate in &policy.predicates {
            let truth = match predicate.truth {
                Truth::True => "true",
                Truth::False => "false",
                Truth::Undetermined => "undetermined",
            };
            let compared = predicate.compared.as_deref().unwrap_or("missing");
            say(format_args!("             {truth:<12} {}  [{compared}]", predicate.text));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn standing(policy: &PolicyTrace) -> &'static str {
    match (policy.mode, policy.applied, policy.deciding) {
        (_, _, true) => "decides",
        (Mode::Observe, Applied::Yes | Applied::Undetermined, _) => "observes",
        (_, Applied::Yes, _) => "applies",
        (_, Applied::Undetermined, _) => "in doubt",
        (_, Applied::No, _) => "-",
    }
}
