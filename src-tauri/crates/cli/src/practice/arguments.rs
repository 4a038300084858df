//! Arguments read one by one, as the schemas in [`tools`](super::tools) promise; what does not fit is said in a
//! sentence for the agent.

use policy::{Map, Value};

/// Largest amount taken, to keep a slip from looking real.
const LARGEST: f64 = 1e9;

/// The arguments of one call; every one must be asked for before [`Arguments::end`].
pub(super) struct Arguments<'a> {
    members: &'a Map,
    known: Vec<&'static str>,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(members: &'a Map) -> Arguments<'a> {
        Arguments { members, known: Vec::new() }
    }

    fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.members.get(name)
    }

    /// An amount above zero, with exactly the characters received.
    pub(super) fn amount(&mut self, name: &'static str) -> Result<&'a str, String> {
        let Some(value) = self.get(name) else { return Err(format!("`{name}` is missing")) };
        let Value::Number(number) = value else { return Err(format!("`{name}` must be a number")) };
        let text = number.as_str();
        let near = text.parse::<f64>().map_err(|_| format!("`{name}` must be a number"))?;
        if near > 0.0 && near <= LARGEST {
            Ok(text)
        } else {
            Err(format!("`{name}` must be greater than 0 and at most 1000000000; it is {text}"))
        }
    }

    /// A text of 1 to `longest` characters.
    pub(super) fn text(&mut self, name: &'static str, longest: usize) -> Result<&'a str, String> {
        self.optional_text(name, longest)?.ok_or_else(|| format!("`{name}` is missing"))
    }

    pub(super) fn optional_text(
        &mut self,
        name: &'static str,
        longest: usize,
    ) -> Result<Option<&'a str>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_text().ok_or_else(|| format!("`{name}` must be text"))?;
        if text.trim().is_empty() || text.chars().count() > longest {
            return Err(format!("`{name}` must have 1 to {longest} characters"));
        }
        Ok(Some(text))
    }

    /// One of `choices`, the first when it is left out.
    pub(super) fn choice(
        &mut self,
        name: &'static str,
        choices: &[&'static str],
    ) -> Result<&'static str, String> {
        let given = self.optional_text(name, 40)?;
        let found = match given {
            None => choices.first(),
            Some(given) => choices.iter().find(|choice| **choice == given),
        };
        found.copied().ok_or_else(|| format!("`{name}` must be one of {}", choices.join(", ")))
    }

    /// Refuses what nobody asked for.
    pub(super) fn end(self) -> Result<(), String> {
        let unknown = self.members.iter().find(|(name, _)| !self.known.iter().any(|known| known == name));
        unknown.map_or(Ok(()), |(name, _)| Err(format!("there is no argument `{name}`")))
    }
}
