//! An approval flow as its author edits it: keys as plain values, written back so that comments, and stages that only
//! changed their place, stay as they are. [`PolicySet::compile`](crate::PolicySet::compile) judges the result.

use crate::{
    DocumentError,
    authored::{put, put_list, put_value},
    section::Source,
};
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// The keys of a flow's document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthoredFlow {
    pub name: String,
    pub description: String,
    pub stages: Vec<AuthoredStage>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthoredStage {
    /// Which stage of the document it was; none for a new one.
    pub from: Option<usize>,
    pub users: Vec<String>,
    pub roles: Vec<String>,
    pub required: u32,
    /// `15m`; empty for the usual time.
    pub within: String,
    /// After its deadline others may vote too.
    pub escalates: bool,
    pub escalate_users: Vec<String>,
    pub escalate_roles: Vec<String>,
    /// `passkey` or `any`.
    pub step_up: Option<String>,
    pub exclude_requester: bool,
    pub grants: bool,
}

impl AuthoredFlow {
    /// What a document says, as far as it says it.
    ///
    /// # Errors
    /// It is no TOML.
    pub fn read(path: &str, text: &str) -> Result<AuthoredFlow, DocumentError> {
        let document = Source { path, text }.parse()?;
        let root: &dyn TableLike = document.as_table();
        let stages = root.get("stage").and_then(Item::as_array_of_tables);
        Ok(AuthoredFlow {
            name: word(root, "name").unwrap_or_default(),
            description: word(root, "description").unwrap_or_default(),
            stages: stages.into_iter().flat_map(ArrayOfTables::iter).enumerate().map(stage).collect(),
        })
    }

    /// The document that says this, made from `base` (empty for a new one).
    ///
    /// # Errors
    /// `base` is no TOML.
    pub fn write(&self, path: &str, base: &str) -> Result<String, DocumentError> {
        let mut document: DocumentMut = Source { path, text: base }.parse()?.into_mut();
        let before = AuthoredFlow::read(path, base)?;
        let root = document.as_table_mut();
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        put(root, "name", before.name == self.name, some(&self.name));
        put(root, "description", before.description == self.description, some(&self.description));
        if before.stages == self.stages {
            return Ok(document.to_string());
        }
        let old: Vec<Table> = match root.get("stage").and_then(Item::as_array_of_tables) {
            Some(tables) => tables.iter().cloned().collect(),
            None => Vec::new(),
        };
        let mut tables = ArrayOfTables::new();
        for stage in &self.stages {
            let kept = stage.from.and_then(|at| Some((old.get(at)?, before.stages.get(at)?)));
            let (mut table, was) = match kept {
                Some((table, was)) => (table.clone(), Some(was)),
                None => (Table::new(), None),
            };
            // Where a table stands in the text is the order of this list now.
            table.set_position(None);
            stage.put(&mut table, was);
            tables.push(table);
        }
        root.insert("stage", Item::ArrayOfTables(tables));
        Ok(document.to_string())
    }
}

impl AuthoredStage {
    fn put(&self, table: &mut Table, was: Option<&AuthoredStage>) {
        let usual = AuthoredStage { required: 1, ..AuthoredStage::default() };
        let was = was.unwrap_or(&usual);
        if was.users != self.users {
            put_list(table, "users", &self.users);
        }
        if was.roles != self.roles {
            put_list(table, "roles", &self.roles);
        }
        if was.required != self.required {
            put_value(table, "required", Value::from(i64::from(self.required)));
        }
        put(
            table,
            "within",
            was.within == self.within,
            (!self.within.is_empty()).then(|| self.within.clone()),
        );
        let escalates = self.escalates.then(|| "escalate".to_owned());
        put(table, "on_timeout", was.escalates == self.escalates, escalates);
        let same = was.escalate_users == self.escalate_users && was.escalate_roles == self.escalate_roles;
        if !self.escalates {
            table.remove("escalate_to");
        } else if !same || !was.escalates {
            let mut others = InlineTable::new();
            put_list(&mut others, "users", &self.escalate_users);
            put_list(&mut others, "roles", &self.escalate_roles);
            put_value(table, "escalate_to", Value::InlineTable(others));
        }
        put(table, "step_up", was.step_up == self.step_up, self.step_up.clone());
        for (key, before, now) in [
            ("exclude_requester", was.exclude_requester, self.exclude_requester),
            ("grants", was.grants, self.grants),
        ] {
            match (before == now, now) {
                (true, _) => {}
                (false, true) => put_value(table, key, Value::from(true)),
                (false, false) => drop(table.remove(key)),
            }
        }
    }
}

fn word(table: &dyn TableLike, key: &str) -> Option<String> {
    table.get(key).and_then(Item::as_str).map(str::to_owned)
}

fn stage((at, table): (usize, &Table)) -> AuthoredStage {
    let list = |table: Option<&dyn TableLike>, key: &str| -> Vec<String> {
        let list = table.and_then(|table| table.get(key)).and_then(Item::as_array);
        list.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let flag = |key: &str| table.get(key).and_then(Item::as_bool).unwrap_or(false);
    let others = table.get("escalate_to").and_then(Item::as_table_like);
    AuthoredStage {
        from: Some(at),
        users: list(Some(table), "users"),
        roles: list(Some(table), "roles"),
        required: table
            .get("required")
            .and_then(Item::as_integer)
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(1),
        within: word(table, "within").unwrap_or_default(),
        escalates: word(table, "on_timeout").as_deref() == Some("escalate"),
        escalate_users: list(others, "users"),
        escalate_roles: list(others, "roles"),
        step_up: word(table, "step_up"),
        exclude_requester: flag("exclude_requester"),
        grants: flag("grants"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"Finance\" # who\n\n# first they look\n[[stage]]\nroles = [\"finance\"] # all of them\nrequired = 2\n\n# then she does\n[[stage]]\nusers = [\"ana\"]\nwithin = \"1h\" # long\n";

    fn changed(change: impl FnOnce(&mut AuthoredFlow)) -> String {
        let mut flow = AuthoredFlow::read("flows/f.toml", TEXT).unwrap();
        change(&mut flow);
        let text = flow.write("flows/f.toml", TEXT).unwrap();
        let mut again = AuthoredFlow::read("flows/f.toml", &text).unwrap();
        again.stages.iter_mut().zip(&flow.stages).for_each(|(a, b)| a.from = b.from);
        assert_eq!(again, flow, "{text}");
        text
    }

    #[test]
    fn a_stage_that_changes_its_place_takes_its_comments_along() {
        assert_eq!(changed(|_| {}), TEXT);
        let text = changed(|flow| flow.stages.reverse());
        let (first, second) = (text.find("users = [\"ana\"]").unwrap(), text.find("# all of them").unwrap());
        assert!(first < second && text.find("# then she does").unwrap() < first, "{text}");
    }

    #[test]
    fn every_key_of_a_stage_is_set_and_taken_back() {
        let text = changed(|flow| {
            let stage = &mut flow.stages[0];
            (stage.escalates, stage.escalate_users) = (true, vec!["ana".into()]);
            (stage.step_up, stage.exclude_requester, stage.grants) = (Some("passkey".into()), true, true);
            stage.required = 1;
        });
        assert!(
            text.contains("escalate_to = { users = [\"ana\"] }") && text.contains("# all of them"),
            "{text}"
        );
        let mut back = AuthoredFlow::read("flows/f.toml", &text).unwrap();
        let stage = &mut back.stages[0];
        (stage.escalates, stage.exclude_requester, stage.grants, stage.step_up) = (false, false, false, None);
        (stage.escalate_users, stage.required) = (Vec::new(), 2);
        assert_eq!(back.write("flows/f.toml", &text).unwrap(), TEXT);
    }

    #[test]
    fn a_new_flow_is_written_whole() {
        let stage = AuthoredStage { required: 1, roles: vec!["finance".into()], ..AuthoredStage::default() };
        let flow = AuthoredFlow { name: "New".into(), description: String::new(), stages: vec![stage] };
        assert_eq!(
            flow.write("flows/n.toml", "").unwrap(),
            "name = \"New\"\n\n[[stage]]\nroles = [\"finance\"]\n"
        );
    }
}
