//! What one list of an upstream's tools says of one tool, with the hash of its definition: worked out once a list, and
//! not with every call.

use policy::{DefinitionHash, Value};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A tool on a list of tools.
#[derive(Clone, Debug)]
pub(crate) enum Listed {
    No,
    Once(Definition),
    /// Nobody could say which of them a call means.
    Often,
}

/// One tool's definition and what pins it.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) hash: DefinitionHash,
    pub(crate) text: Arc<Value>,
}

/// What was asked of the newest list so far.
#[derive(Default)]
pub(super) struct Known(Mutex<OfOneList>);

#[derive(Default)]
struct OfOneList {
    list: Arc<Vec<Value>>,
    asked: HashMap<String, Listed>,
}

impl Known {
    pub(super) fn look_up(&self, list: &Arc<Vec<Value>>, tool: &str) -> Listed {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&known.list, list) {
            *known = OfOneList { list: Arc::clone(list), asked: HashMap::new() };
        }
        if let Some(listed) = known.asked.get(tool) {
            return listed.clone();
        }
        let listed = Listed::on(list, tool);
        if !matches!(listed, Listed::No) {
            known.asked.insert(tool.to_owned(), listed.clone());
        }
        listed
    }
}

impl Listed {
    fn on(list: &[Value], tool: &str) -> Listed {
        let mut named =
            list.iter().filter(|listed| listed.get("name").and_then(Value::as_text) == Some(tool));
        match (named.next(), named.next()) {
            (None, _) => Listed::No,
            (Some(definition), None) => Listed::Once(Definition {
                hash: DefinitionHash::of(definition),
                text: Arc::new(definition.clone()),
            }),
            (Some(_), Some(_)) => Listed::Often,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Arc<Vec<Value>> {
        Arc::new(names.iter().map(|name| Value::object([("name", (*name).into())])).collect())
    }

    #[test]
    fn a_tool_is_looked_up_on_the_list_of_the_moment() {
        let known = Known::default();
        let (first, second) = (list(&["read", "twice", "twice"]), list(&["write"]));
        assert!(matches!(known.look_up(&first, "twice"), Listed::Often));
        assert!(matches!(known.look_up(&first, "write"), Listed::No));
        for _ in 0..2 {
            let Listed::Once(Definition { hash, text }) = known.look_up(&first, "read") else {
                panic!("it is on the list")
            };
            assert_eq!(hash, DefinitionHash::of(&text));
        }
        assert!(matches!(known.look_up(&second, "read"), Listed::No));
        assert!(matches!(known.look_up(&second, "write"), Listed::Once(_)));
    }
}
