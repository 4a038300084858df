//! `people.toml` as a person edits it in the window: keys as plain values, written back so that comments, and users who
//! only changed their place, stay as they are. [`People::parse`](crate::People::parse) judges the result.

use crate::{
    DocumentError,
    authored::{put, put_list, put_value},
    section::Source,
};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

/// The users of the document, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuthoredPeople {
    pub users: Vec<AuthoredUser>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuthoredUser {
    /// Which user of the document it was; none for a new one.
    pub from: Option<usize>,
    pub id: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<String>,
    pub department: String,
    pub owner: bool,
    /// Custom attributes, in the order of the document.
    pub attributes: Vec<(String, AuthoredValue)>,
}

/// The value of a custom attribute, as it is typed.
#[derive(Clone, Debug, PartialEq)]
pub enum AuthoredValue {
    Text(String),
    Number(String),
    Flag(bool),
    /// A list or a table, as TOML: kept as it is, not edited.
    Other(String),
}

impl AuthoredPeople {
    /// What the document says, as far as it says it.
    ///
    /// # Errors
    /// It is no TOML.
    pub fn read(text: &str) -> Result<AuthoredPeople, DocumentError> {
        // Made changeable, as only then a number keeps the digits it was written with.
        let document: DocumentMut = Source { path: PATH, text }.parse()?.into_mut();
        let users = document.as_table().get("user").and_then(Item::as_array_of_tables);
        Ok(AuthoredPeople {
            users: users.into_iter().flat_map(ArrayOfTables::iter).enumerate().map(user).collect(),
        })
    }

    /// The document that says this, made from `base` (empty for a new one).
    ///
    /// # Errors
    /// `base` is no TOML.
    pub fn write(&self, base: &str) -> Result<String, DocumentError> {
        let mut document: DocumentMut = Source { path: PATH, text: base }.parse()?.into_mut();
        let before = AuthoredPeople::read(base)?;
        if before == *self {
            return Ok(document.to_string());
        }
        let root = document.as_table_mut();
        let old: Vec<Table> = match root.get("user").and_then(Item::as_array_of_tables) {
            Some(tables) => tables.iter().cloned().collect(),
            None => Vec::new(),
        };
        let mut tables = ArrayOfTables::new();
        for user in &self.users {
            let kept = user.from.and_then(|at| Some((old.get(at)?, before.users.get(at)?)));
            let (mut table, was) = match kept {
                Some((table, was)) => (table.clone(), was.clone()),
                None => (Table::new(), AuthoredUser::default()),
            };
            // Where a table stands in the text is the order of this list now.
            table.set_position(None);
            user.put(&mut table, &was);
            tables.push(table);
        }
        root.insert("user", Item::ArrayOfTables(tables));
        Ok(document.to_string())
    }
}

const PATH: &str = "people.toml";

impl AuthoredUser {
    fn put(&self, table: &mut Table, was: &AuthoredUser) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        put(table, "id", was.id == self.id, some(&self.id));
        put(table, "name", was.name == self.name, some(&self.name));
        put(table, "email", was.email == self.email, some(&self.email));
        if was.roles != self.roles {
            put_list(table, "roles", &self.roles);
        }
        put(table, "department", was.department == self.department, some(&self.department));
        match (was.owner == self.owner, self.owner) {
            (true, _) => {}
            (false, true) => put_value(table, "owner", Value::from(true)),
            (false, false) => drop(table.remove("owner")),
        }
        if was.attributes != self.attributes {
            self.put_attributes(table, was);
        }
    }

    fn put_attributes(&self, table: &mut Table, was: &AuthoredUser) {
        if self.attributes.is_empty() {
            table.remove("attributes");
            return;
        }
        let item = table
            .entry("attributes")
            .or_insert_with(|| Item::Value(Value::InlineTable(toml_edit::InlineTable::new())));
        let Some(own) = item.as_table_like_mut() else { return };
        for (key, _) in &was.attributes {
            if self.attributes.iter().all(|(kept, _)| kept != key) {
                own.remove(key);
            }
        }
        for (key, value) in &self.attributes {
            let is_same = was.attributes.iter().any(|(known, old)| known == key && old == value);
            if let Some(written) = value.written().filter(|_| !is_same) {
                put_value(own, key, written);
            }
        }
    }
}

impl AuthoredValue {
    fn of(item: &Item) -> AuthoredValue {
        match item {
            Item::Value(Value::String(text)) => AuthoredValue::Text(text.value().clone()),
            Item::Value(value @ (Value::Integer(_) | Value::Float(_))) => {
                AuthoredValue::Number(value.to_string().trim().to_owned())
            }
            Item::Value(Value::Boolean(flag)) => AuthoredValue::Flag(*flag.value()),
            other => AuthoredValue::Other(other.to_string().trim().to_owned()),
        }
    }

    /// None where it is kept as it stands. A number that is none is written as text, for the reader to refuse nothing.
    fn written(&self) -> Option<Value> {
        match self {
            AuthoredValue::Text(text) => Some(Value::from(text.as_str())),
            AuthoredValue::Number(text) => {
                let read = text.trim().parse::<Value>().ok();
                let number = read.filter(|value| value.is_integer() || value.is_float());
                Some(number.unwrap_or_else(|| Value::from(text.as_str())))
            }
            AuthoredValue::Flag(flag) => Some(Value::from(*flag)),
            AuthoredValue::Other(_) => None,
        }
    }
}

fn user((at, table): (usize, &Table)) -> AuthoredUser {
    let word = |key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
    let roles = table.get("roles").and_then(Item::as_array);
    let attributes = table.get("attributes").and_then(Item::as_table_like);
    AuthoredUser {
        from: Some(at),
        id: word("id"),
        name: word("name"),
        email: word("email"),
        roles: roles.into_iter().flatten().filter_map(|role| role.as_str().map(str::to_owned)).collect(),
        department: word("department"),
        owner: table.get("owner").and_then(Item::as_bool).unwrap_or(false),
        attributes: attributes
            .into_iter()
            .flat_map(TableLike::iter)
            .map(|(key, item)| (key.to_owned(), AuthoredValue::of(item)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::People;

    const TEXT: &str = "# who\n\n[[user]]\nid = \"me\" # myself\nowner = true\nroles = [\"employee\"] # so far\n\n# she decides\n[[user]]\nid = \"ana\"\nname = \"Ana\"\nattributes = { level = 3, limit = 10.50, tags = [\"a\"] } # of hers\n";

    fn changed(change: impl FnOnce(&mut AuthoredPeople)) -> String {
        let mut people = AuthoredPeople::read(TEXT).unwrap();
        change(&mut people);
        let text = people.write(TEXT).unwrap();
        People::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let mut again = AuthoredPeople::read(&text).unwrap();
        again.users.iter_mut().zip(&people.users).for_each(|(a, b)| a.from = b.from);
        assert_eq!(again, people, "{text}");
        text
    }

    #[test]
    fn what_nobody_changed_stays_to_the_letter() {
        assert_eq!(changed(|_| {}), TEXT);
        let text = changed(|people| people.users[0].roles.push("finance".to_owned()));
        assert_eq!(text, TEXT.replace("[\"employee\"]", "[\"employee\", \"finance\"]"));
        let text = changed(|people| people.users[1].attributes[0].1 = AuthoredValue::Number("4".to_owned()));
        assert_eq!(text, TEXT.replace("level = 3", "level = 4"));
    }

    #[test]
    fn a_user_comes_goes_and_owns_with_the_comments_of_the_rest() {
        let text = changed(|people| {
            people.users.push(AuthoredUser {
                id: "lee".to_owned(),
                name: "Lee Park".to_owned(),
                email: "lee@example.org".to_owned(),
                department: "sales".to_owned(),
                attributes: vec![
                    ("manager".to_owned(), AuthoredValue::Flag(true)),
                    ("spends".to_owned(), AuthoredValue::Number("1.50".to_owned())),
                    ("desk".to_owned(), AuthoredValue::Text("2 \"b\"".to_owned())),
                ],
                ..AuthoredUser::default()
            });
        });
        assert!(text.starts_with(TEXT) && text.contains("spends = 1.50"), "{text}");
        let text = changed(|people| {
            people.users.remove(0);
            people.users[0].owner = true;
        });
        assert!(
            text.contains("# she decides") && text.contains("# of hers") && !text.contains("myself"),
            "{text}"
        );
    }

    #[test]
    fn attributes_come_and_go_one_by_one() {
        let text = changed(|people| drop(people.users[1].attributes.remove(0)));
        assert!(!text.contains("level") && text.contains("limit = 10.50") && text.contains("tags"), "{text}");
        let text = changed(|people| people.users[1].attributes.clear());
        assert!(!text.contains("attributes"), "{text}");
    }
}
