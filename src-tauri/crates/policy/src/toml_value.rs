//! A TOML value as the JSON value it stands for, numbers with the characters the person wrote.

use crate::{Map, Value};
use toml_edit::{Item, Value as Toml};

/// An item of the document with this text; in words where it has no JSON counterpart.
pub(crate) fn value(item: &Item, text: &str) -> Result<Value, String> {
    match item {
        Item::None => Ok(Value::Null),
        Item::Value(inner) => from_value(inner, text),
        Item::Table(table) => object(table.iter(), text),
        Item::ArrayOfTables(tables) => {
            tables.iter().map(|table| object(table.iter(), text)).collect::<Result<_, _>>().map(Value::List)
        }
    }
}

/// A JSON value as TOML writes it; null members are left out, and none stands for what TOML cannot say.
pub(crate) fn written(value: &Value) -> Option<Toml> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => Toml::from(*flag),
        Value::Number(number) => number.as_str().parse().ok()?,
        Value::Text(text) => Toml::from(text.as_str()),
        Value::List(items) => Toml::Array(items.iter().map(written).collect::<Option<_>>()?),
        Value::Map(map) => {
            let mut table = toml_edit::InlineTable::new();
            for (key, value) in map.iter().filter(|(_, value)| **value != Value::Null) {
                table.insert(key, written(value)?);
            }
            Toml::InlineTable(table)
        }
    })
}

fn object<'a>(members: impl Iterator<Item = (&'a str, &'a Item)>, text: &str) -> Result<Value, String> {
    let mut map = Map::default();
    for (key, item) in members {
        map.insert(key, value(item, text)?);
    }
    Ok(Value::Map(map))
}

fn from_value(inner: &Toml, text: &str) -> Result<Value, String> {
    match inner {
        Toml::String(string) => Ok(Value::from(string.value().as_str())),
        Toml::Integer(number) => Ok(Value::from(*number.value())),
        Toml::Float(number) => {
            let span = number.span().and_then(|span| text.get(span));
            let written = span.unwrap_or_default().replace('_', "");
            let written = written.strip_prefix('+').unwrap_or(&written);
            Value::parse(written.as_bytes()).map_err(|_| format!("`{written}` is not a JSON number"))
        }
        Toml::Boolean(flag) => Ok(Value::from(*flag.value())),
        Toml::Datetime(time) => Ok(Value::from(time.value().to_string())),
        Toml::Array(list) => {
            list.iter().map(|inner| from_value(inner, text)).collect::<Result<_, _>>().map(Value::List)
        }
        Toml::InlineTable(table) => {
            let mut map = Map::default();
            for (key, inner) in table.iter() {
                map.insert(key, from_value(inner, text)?);
            }
            Ok(Value::Map(map))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_characters() {
        let text = "a = 1200.00\nb = 1e3\nc = +5.5\nd = [1_000, true, { e = 'x' }]\nf = nan";
        let document = toml_edit::Document::parse(text).unwrap();
        let of = |key: &str| value(document.as_table().get(key).unwrap(), text).map(|value| value.to_json());
        assert_eq!(of("a").unwrap(), "1200.00");
        assert_eq!(of("b").unwrap(), "1e3");
        assert_eq!(of("c").unwrap(), "5.5");
        assert_eq!(of("d").unwrap(), r#"[1000,true,{"e":"x"}]"#);
        assert!(of("f").is_err());
    }
}
