//! `people.toml`: who the agents act for and who votes.

use super::{error::FileError, folder::read_text};
use policy::people::People;
use std::{env, path::Path};

/// Reads `people.toml`.
///
/// # Errors
/// The file is absent, unreadable, or not a valid list of people; with the place in it.
pub fn read_people(path: &Path) -> Result<People, FileError> {
    let text = read_text(path)?;
    People::parse(&text).map_err(|error| FileError::Document {
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        error: Box::new(error),
    })
}

/// The people of a new home: this login as `me`, the desk's owner.
pub(super) fn first_people() -> String {
    let name = whoami::realname().ok().filter(|name| is_name(name)).or_else(|| whoami::username().ok());
    let name = name
        .or_else(|| env::var("USER").ok())
        .filter(|name| is_name(name))
        .unwrap_or_else(|| "Me".to_owned());
    format!(
        "# Who agents act for, and who votes. Exactly one user is the desk's owner.\n\
         # Roles, department and [user.attributes] can be used in conditions: `user.role == \"finance\"`.\n\
         \n\
         [[user]]\n\
         id = \"me\"\n\
         name = {}\n\
         owner = true\n\
         roles = [\"employee\"]\n",
        toml_edit::Value::from(name.trim())
    )
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 100 && !name.chars().any(char::is_control)
}
