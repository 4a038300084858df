//! What to say of a change that is not in force yet, and what to do next.

use gateway::home::Paths;
use serde::Deserialize;
use std::path::Path;

/// Why a change waits, one sentence each; empty where it is in force.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits(Vec<String>);

/// What the running Doorward says of a change.
#[derive(Deserialize)]
pub(crate) struct Became {
    waits: Vec<String>,
}

impl From<Became> for Waits {
    fn from(became: Became) -> Waits {
        Waits(became.waits)
    }
}

impl Waits {
    pub(crate) fn of(waits: Vec<String>) -> Waits {
        Waits(waits)
    }

    /// Nobody runs: whether a passkey guards the home is looked up by the next start, which knows its keys.
    pub(crate) fn at_the_start(home: &Path) -> Waits {
        let guarded = Paths::new(home).passkeys().exists();
        let why = "this home has passkeys, and the next start looks at the change";
        Waits(if guarded { vec![why.to_owned()] } else { Vec::new() })
    }

    /// Why, and the next step; none where it is in force.
    pub(crate) fn sentence(&self) -> Option<String> {
        let (first, more) = self.0.split_first()?;
        let more = match more.len() {
            0 => String::new(),
            count => format!(" ({count} more)"),
        };
        Some(format!(
            "It waits for your passkey: {first}{more}. Open Policies in Doorward's window, look at the difference, and apply it there."
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_in_force_needs_no_words_and_one_that_waits_says_where_to_go() {
        assert_eq!(Waits::default().sentence(), None);
        let waits = Waits::of(vec!["the agent `a` is new".to_owned(), "`people.toml` is changed".to_owned()]);
        let said = waits.sentence().unwrap();
        assert!(
            said.starts_with("It waits for your passkey: the agent `a` is new (1 more). Open Policies"),
            "{said}"
        );
    }

    #[test]
    fn without_a_running_doorward_only_a_home_with_passkeys_says_so() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Waits::at_the_start(home.path()), Waits::default());
        std::fs::write(Paths::new(home.path()).passkeys(), "{}").unwrap();
        assert!(Waits::at_the_start(home.path()).sentence().is_some());
    }
}
