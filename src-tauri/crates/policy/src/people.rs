//! Who acts and who votes: the users of `people.toml`.

use crate::{
    DocumentError, UserId, Value,
    section::{Section, Source},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const MOST_USERS: usize = 1_000;
const MOST_ROLES: usize = 50;
const MOST_ATTRIBUTES: usize = 50;

/// A person. `owner` marks the desk's owner, whose votes need no passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default)]
    pub roles: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(default)]
    pub owner: bool,
    /// Custom attributes: `user.<key>` in conditions.
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
}

/// Everybody in `people.toml`; exactly one is the desk's owner, or there is nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People(BTreeMap<UserId, User>);

impl People {
    /// Reads `people.toml`: `[[user]]` with `id`, `name`, `email`, `roles`, `department`, `owner`, `attributes`.
    ///
    /// # Errors
    /// What is wrong and where: an unknown key, an id that stands twice, no owner or more than one.
    pub fn parse(text: &str) -> Result<People, DocumentError> {
        let source = Source { path: "people.toml", text };
        let document = source.parse()?;
        let root = source.root(&document);
        root.only(&["user"])?;
        let mut people = BTreeMap::new();
        let mut owner: Option<UserId> = None;
        for section in root.sections("user", MOST_USERS)? {
            let user = user(&section)?;
            if user.owner
                && let Some(first) = owner.replace(user.id.clone())
            {
                let error = section.error("owner", format!("`{first}` is the owner already"));
                return Err(error.hint("mark exactly one user with `owner = true`"));
            }
            if people.contains_key(&user.id) {
                return Err(section.error("id", format!("the user `{}` stands here twice", user.id)));
            }
            people.insert(user.id.clone(), user);
        }
        if owner.is_none() && !people.is_empty() {
            return Err(source
                .error(None, "no user is the owner")
                .hint("mark exactly one user with `owner = true`"));
        }
        Ok(People(people))
    }

    #[must_use]
    pub fn get(&self, id: &UserId) -> Option<&User> {
        self.0.get(id)
    }

    #[must_use]
    pub fn owner(&self) -> Option<&User> {
        self.0.values().find(|user| user.owner)
    }

    /// In the order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.0.values()
    }
}

/// One `[[user]]` table. Also what a case's `user` is made of.
pub(crate) fn user(section: &Section<'_>) -> Result<User, DocumentError> {
    section.only(&["id", "name", "email", "roles", "department", "owner", "attributes"])?;
    let id: UserId = section.required("id", 64)?.parse()?;
    let mut attributes = BTreeMap::new();
    if let Some(table) = section.section("attributes")? {
        for (key, item) in table.items() {
            if attributes.len() == MOST_ATTRIBUTES {
                return Err(table.error(key, format!("a user has more than {MOST_ATTRIBUTES} attributes")));
            }
            if BUILT_IN.contains(&key) {
                return Err(table
                    .error(key, format!("`{key}` is an attribute of every user already"))
                    .hint("set it beside `id`, or choose another name"));
            }
            attributes
                .insert(key.to_owned(), table.value(item).map_err(|message| table.error(key, message))?);
        }
    }
    Ok(User {
        name: section.text("name", 120)?.map_or_else(|| id.to_string(), |text| text.owned()),
        email: section.text("email", 320)?.map(|text| text.owned()),
        roles: section.texts("roles", MOST_ROLES)?.iter().map(|role| role.owned()).collect(),
        department: section.text("department", 120)?.map(|text| text.owned()),
        owner: section.flag("owner")?.unwrap_or(false),
        attributes,
        id,
    })
}

/// What `user.` already means without custom attributes.
pub(crate) const BUILT_IN: [&str; 7] = ["id", "name", "email", "role", "roles", "department", "owner"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_read_with_roles_and_attributes() {
        let people = People::parse(
            "[[user]]\nid = \"me\"\nname = \"Me\"\nowner = true\nroles = [\"employee\"]\n\n\
             [[user]]\nid = \"ana\"\ndepartment = \"sales\"\nattributes = { level = 3, limit = 10.50 }\n",
        )
        .unwrap();
        assert_eq!(people.owner().unwrap().id.as_str(), "me");
        let ana = people.get(&"ana".parse().unwrap()).unwrap();
        assert_eq!((ana.name.as_str(), ana.attributes["limit"].to_json().as_str()), ("ana", "10.50"));
        assert_eq!(people.iter().count(), 2);
    }

    #[test]
    fn wrong_people_are_refused_with_their_place() {
        let cases = [
            (
                "[[user]]\nid = \"me\"\n",
                "people.toml: no user is the owner; mark exactly one user with `owner = true`",
            ),
            (
                "[[user]]\nid = \"me\"\nowner = true\nrole = [\"x\"]\n",
                "people.toml:4:1: unknown key `role`; did you mean `roles`?",
            ),
            (
                "[[user]]\nid = \"me\"\nowner = true\n[[user]]\nid = \"me\"\n",
                "people.toml:5:6: the user `me` stands here twice",
            ),
            ("[[user]]\nowner = true\n", "people.toml:1:1: `id` is missing"),
            ("[[user]\n", "people.toml:1:8: not valid TOML: unclosed array table, expected `]`"),
        ];
        for (text, expected) in cases {
            assert_eq!(People::parse(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn no_people_at_all_is_not_an_error() {
        assert!(People::parse("").unwrap().owner().is_none());
    }
}
