//! A pattern tried on texts while it is typed: judged by the very comparison that a policy would use.

use super::tried_wire::{PatternRequest, PatternView};
use crate::host::Host;
use crate::wire::IpcError;
use policy::authored::ReadCondition;
use policy::catalogue::Operator;
use policy::{Node, Row, RowValue, Value, ValueKind};
use std::collections::BTreeSet;

const MOST_SAMPLES: usize = 50;

impl Host {
    pub(crate) async fn try_pattern(&self, request: PatternRequest) -> Result<PatternView, IpcError> {
        self.at_desk(move |_| Ok(tried(&request))).await
    }
}

fn tried(request: &PatternRequest) -> PatternView {
    let row = Node::Row(Row {
        attribute: "sample".to_owned(),
        each: None,
        operator: Operator::Matches,
        negated: false,
        ignore_case: request.ignore_case,
        values: vec![RowValue { kind: ValueKind::Text, text: request.pattern.clone() }],
    });
    match ReadCondition::of_tree(&row, None, &BTreeSet::new()) {
        Ok(read) => {
            let fits = request.samples.iter().take(MOST_SAMPLES).map(|sample| {
                let arguments = Value::object([("sample", Value::from(sample.as_str()))]);
                read.holds_for(arguments)
            });
            PatternView { problem: None, fits: fits.collect() }
        }
        Err(errors) => {
            let problem = errors.into_iter().next().map(|error| match error.hint {
                Some(hint) => format!("{}; {hint}", error.message),
                None => error.message,
            });
            PatternView { problem, fits: Vec::new() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_tried_as_a_policy_would_and_says_why_it_is_none() {
        let ask = |pattern: &str, ignore_case| {
            let samples = ["inv-12", "INV-12", ""].map(str::to_owned).to_vec();
            tried(&PatternRequest { pattern: pattern.to_owned(), ignore_case, samples })
        };
        assert_eq!(ask("^inv-[0-9]+$", false).fits, [true, false, false]);
        assert_eq!(ask("^inv-[0-9]+$", true).fits, [true, true, false]);
        let broken = ask("(", false);
        assert!(broken.problem.is_some() && broken.fits.is_empty());
    }
}
