//! An edit of one document that mends a finding, as data: offered by lint, shown before it is made, applied so that
//! every comment, the order and the spacing of the rest stay.

use crate::{DocumentError, Documents, section::Source};
use serde::{Deserialize, Serialize};
use toml_edit::{Array, DocumentMut, Item, TableLike, Value};

/// One edit with the words on its button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mend {
    /// "Turn this policy off"
    pub label: String,
    pub document: String,
    pub edit: Edit,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Edit {
    Text {
        at: Vec<Key>,
        text: String,
    },
    Flag {
        at: Vec<Key>,
        flag: bool,
    },
    Number {
        at: Vec<Key>,
        number: i64,
    },
    /// A key with its value, or an entry of a list.
    Remove {
        at: Vec<Key>,
    },
    RemoveFile,
    AddFile {
        text: String,
    },
}

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    Name(String),
    /// An entry of a list, or the nth `[[table]]`.
    Index(usize),
}

impl Key {
    #[must_use]
    pub fn name(name: &str) -> Key {
        Key::Name(name.to_owned())
    }
}

impl Documents {
    /// These documents with one mend made.
    ///
    /// # Errors
    /// The document is not TOML, or no longer has the place that the mend is about.
    pub fn mended(&self, mend: &Mend) -> Result<Documents, DocumentError> {
        let mut newer = self.clone();
        let gone = |message: &str| DocumentError {
            path: mend.document.clone(),
            line: None,
            column: None,
            message: message.to_owned(),
            hint: Some("check the policies again".to_owned()),
        };
        match (&mend.edit, self.get(&mend.document)) {
            (Edit::AddFile { .. }, Some(_)) => return Err(gone("the file is there already")),
            (Edit::AddFile { text }, None) => newer.insert(&mend.document, text.clone()),
            (_, None) => return Err(gone("the file is gone")),
            (Edit::RemoveFile, Some(_)) => {
                newer.remove(&mend.document);
            }
            (edit, Some(text)) => {
                let source = Source { path: &mend.document, text };
                let mut document = source.parse()?.into_mut();
                apply(&mut document, edit).ok_or_else(|| gone("the place to mend is gone"))?;
                newer.insert(&mend.document, document.to_string());
            }
        }
        Ok(newer)
    }
}

fn apply(document: &mut DocumentMut, edit: &Edit) -> Option<()> {
    let root: &mut dyn TableLike = document.as_table_mut();
    match edit {
        Edit::Text { at, text } => set(root, at, written(text)),
        Edit::Flag { at, flag } => set(root, at, Value::from(*flag)),
        Edit::Number { at, number } => set(root, at, Value::from(*number)),
        Edit::Remove { at } => match at.split_last()? {
            (Key::Name(name), way) => table(root, way)?.remove(name).map(drop),
            (Key::Index(index), way) => {
                let list = list(root, way)?;
                (*index < list.len()).then(|| drop(list.remove(*index)))
            }
        },
        Edit::RemoveFile | Edit::AddFile { .. } => None,
    }
}

/// Replaces a value in its place, or adds the key where there is none.
fn set(root: &mut dyn TableLike, at: &[Key], mut value: Value) -> Option<()> {
    match at.split_last()? {
        (Key::Name(name), way) => {
            let table = table(root, way)?;
            match table.get_mut(name) {
                Some(Item::Value(old)) => {
                    *value.decor_mut() = old.decor().clone();
                    *old = value;
                }
                Some(_) => return None,
                None => drop(table.insert(name, Item::Value(value))),
            }
        }
        (Key::Index(index), way) => {
            let old = list(root, way)?.get_mut(*index)?;
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
    }
    Some(())
}

fn table<'a>(at: &'a mut dyn TableLike, way: &[Key]) -> Option<&'a mut dyn TableLike> {
    match way {
        [] => Some(at),
        [Key::Name(name), Key::Index(index), rest @ ..] => match at.get_mut(name)? {
            Item::ArrayOfTables(tables) => table(tables.get_mut(*index)?, rest),
            _ => None,
        },
        [Key::Name(name), rest @ ..] => table(at.get_mut(name)?.as_table_like_mut()?, rest),
        [Key::Index(_), ..] => None,
    }
}

fn list<'a>(root: &'a mut dyn TableLike, way: &[Key]) -> Option<&'a mut Array> {
    let (Key::Name(name), way) = way.split_last()? else { return None };
    table(root, way)?.get_mut(name)?.as_array_mut()
}

/// A text as a person would write it: a condition full of quotation marks in single quotes.
pub(crate) fn written(text: &str) -> Value {
    let plain = !text.contains('\'') && !text.chars().any(char::is_control);
    let long = text.contains('\n') && !text.contains("'''") && !text.contains('\r');
    let literal = if text.contains('"') && plain {
        format!("'{text}'").parse().ok()
    } else if long {
        format!("'''\n{text}'''").parse().ok()
    } else {
        None
    };
    literal.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\nname = 'x' # n\nwhen = 'amount > 5' # w\n\n[target]\ntools = [\n  'a/b', # one\n  'a/c',\n]\n\n[[stage]]\nrequired = 2 # r\n";

    fn mended(edit: Edit) -> String {
        let documents: Documents = [("p.toml".to_owned(), TEXT.to_owned())].into_iter().collect();
        let mend = Mend { label: String::new(), document: "p.toml".to_owned(), edit };
        documents.mended(&mend).unwrap().get("p.toml").unwrap_or_default().to_owned()
    }

    #[test]
    fn comments_and_order_survive_every_edit() {
        let at = |keys: &[&str]| keys.iter().map(|key| Key::name(key)).collect::<Vec<_>>();
        let when = mended(Edit::Text { at: at(&["when"]), text: "currency == \"EUR\"".into() });
        assert_eq!(when, TEXT.replace("'amount > 5'", "'currency == \"EUR\"'"));
        let tool = [at(&["target", "tools"]), vec![Key::Index(0)]].concat();
        assert_eq!(
            mended(Edit::Text { at: tool.clone(), text: "a/x".into() }),
            TEXT.replace("'a/b'", "\"a/x\"")
        );
        assert!(!mended(Edit::Remove { at: tool }).contains("'a/b'"));
        assert_eq!(mended(Edit::Remove { at: at(&["when"]) }), TEXT.replace("when = 'amount > 5' # w\n", ""));
        let votes = [vec![Key::name("stage"), Key::Index(0)], at(&["required"])].concat();
        assert_eq!(mended(Edit::Number { at: votes, number: 1 }), TEXT.replace("= 2 #", "= 1 #"));
        let flag = mended(Edit::Flag { at: at(&["trust_claims"]), flag: true });
        assert_eq!(flag, TEXT.replace("# w\n", "# w\ntrust_claims = true\n"));
    }

    #[test]
    fn a_place_that_is_gone_is_said_and_nothing_is_changed() {
        let documents: Documents = [("p.toml".to_owned(), TEXT.to_owned())].into_iter().collect();
        let mend =
            |document: &str, edit: Edit| Mend { label: String::new(), document: document.into(), edit };
        let at = vec![Key::name("target"), Key::name("tools"), Key::Index(7)];
        for wrong in [
            mend("q.toml", Edit::RemoveFile),
            mend("p.toml", Edit::Remove { at: at.clone() }),
            mend("p.toml", Edit::Text { at, text: "x".into() }),
            mend("p.toml", Edit::AddFile { text: String::new() }),
        ] {
            assert!(documents.mended(&wrong).unwrap_err().hint.is_some());
        }
    }
}
