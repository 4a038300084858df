//! One client program at one server, and what it saw: a notebook of steps, which is the same wherever the server is
//! reached. A step that differs is shown whole on both sides.

use super::door::Command;
use crate::support::program::Program;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// How long a tour may take: with all else that runs at the time, five programs may have to start for it.
const LONGEST: Duration = Duration::from_secs(90);

/// A client program under way.
pub(crate) struct Tour {
    program: Program,
}

/// Whose client library goes on the tour.
#[derive(Clone, Copy)]
pub(crate) enum Guide {
    TypeScript,
    Python,
}

impl Tour {
    /// Starts it at a server, in an era (`legacy`, `auto` or a version).
    pub(crate) fn start(guide: Guide, tour: &str, era: &str, reach: Value, given: Value) -> Tour {
        let job = json!({ "tour": tour, "era": era, "reach": reach, "given": given }).to_string();
        let command = match guide {
            Guide::TypeScript => Command::node("client.mjs", &[&job]),
            Guide::Python => {
                let script = super::door::tests().join("python/client.py").display().to_string();
                Command::python(&[&script, &job])
            }
        };
        Tour { program: command.start() }
    }

    /// Waits until it says so, in a line of its own.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        self.program.line_within(LONGEST, 0, words, |line| line == words);
    }

    /// What it saw, once it is over.
    #[track_caller]
    pub(crate) fn notebook(self) -> Notebook {
        let (_, line) = self.program.line_within(LONGEST, 0, "its notebook", |line| line.starts_with("[{"));
        let steps: Vec<Value> = serde_json::from_str(&line).expect("a notebook is JSON");
        let steps = steps.into_iter().map(|mut step| {
            let saw = step["saw"].take();
            (step["step"].as_str().expect("a step has a name").to_owned(), saw)
        });
        Notebook { steps: steps.collect() }
    }
}

pub(crate) struct Notebook {
    /// Each step with what was seen.
    pub(crate) steps: Vec<(String, Value)>,
}

impl Notebook {
    /// What was seen in a step.
    #[track_caller]
    pub(crate) fn saw(&self, step: &str) -> &Value {
        let found = self.steps.iter().find(|(name, _)| name == step);
        &found.unwrap_or_else(|| panic!("there is no step `{step}`")).1
    }

    /// The text of a tool's result.
    #[track_caller]
    pub(crate) fn text(&self, step: &str) -> &str {
        let saw = self.saw(step);
        saw["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {step}: {saw}"))
    }

    /// The names of the items of a list.
    #[track_caller]
    pub(crate) fn names(&self, step: &str, list: &str) -> Vec<&str> {
        let items = self.saw(step)[list].as_array().unwrap_or_else(|| panic!("no {list} in {step}"));
        items.iter().filter_map(|item| item["name"].as_str()).collect()
    }

    /// Through the door it is as it is without one, step by step.
    #[track_caller]
    pub(crate) fn is_as(&self, direct: &Notebook) {
        let names =
            |notebook: &Notebook| notebook.steps.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(self), names(direct), "the tours took different steps");
        let mut differences = String::new();
        for ((name, through), (_, directly)) in self.steps.iter().zip(&direct.steps) {
            if through != directly {
                let _ = writeln!(differences, "{name}\n  directly: {directly}\n  through:  {through}");
            }
        }
        assert!(differences.is_empty(), "these steps went differently:\n{differences}");
    }
}

#[test]
fn a_step_that_went_differently_is_found() {
    let notebook = |saw: &[(&str, Value)]| Notebook {
        steps: saw.iter().map(|(step, saw)| ((*step).to_owned(), saw.clone())).collect(),
    };
    let direct = notebook(&[("tools", json!([1, 2])), ("sum", json!({ "is": 3.0 }))]);
    direct.is_as(&direct);
    for other in [
        notebook(&[("tools", json!([2, 1])), ("sum", json!({ "is": 3.0 }))]),
        notebook(&[("tools", json!([1, 2])), ("sum", json!({ "is": 3.0, "too": null }))]),
        notebook(&[("tools", json!([1, 2]))]),
    ] {
        let compared = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| other.is_as(&direct)));
        assert!(compared.is_err());
    }
}
