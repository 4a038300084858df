//! Names that are not the one asked for but that some program behind us may read as it: `Amount` for `amount`, since
//! several JSON libraries match names in any case, full-width or Cyrillic letters, invisible characters. Where a call
//! has such a name, what the tool will read is not known.
//!
//! [`lookup`](super::lookup) asks for every step into an object. Values are never compared this way, names only.

use crate::{Map, Value, value::is_odd};
use unicode_normalization::UnicodeNormalization;

/// Most names beyond plain ASCII that one lookup compares; an object with more is in doubt as a whole.
const MOST_FOLDED: usize = 256;

/// Another member than the one asked for may be what the tool reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alike;

/// The member of this name; an error where a second one could pass for it.
pub(crate) fn member<'a>(map: &'a Map, name: &str) -> Result<Option<&'a Value>, Alike> {
    let (mut found, mut wanted, mut compared, mut prototype) = (None, None, 0_usize, false);
    let any_odd = map.has_odd_keys() || is_odd(name);
    for (key, value) in map.iter() {
        if key == name {
            found = Some(value);
        } else if !any_odd || !is_odd(key) && !is_odd(name) {
            if key.eq_ignore_ascii_case(name) {
                return Err(Alike);
            }
            prototype |= key == "__proto__";
        } else {
            compared += 1;
            if compared > MOST_FOLDED || folded(key) == *wanted.get_or_insert_with(|| folded(name)) {
                return Err(Alike);
            }
        }
    }
    // A JavaScript program that copies the object finds there whatever the object itself does not have.
    if prototype && matches!(found, None | Some(Value::Null)) { Err(Alike) } else { Ok(found) }
}

/// Names that could pass for each other have one folded form.
fn folded(name: &str) -> String {
    let shown = name.nfkc().filter(|c| !is_invisible(*c) && !c.is_whitespace()).collect::<String>();
    let cased = shown.to_uppercase().to_lowercase();
    cased.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).map(latin).collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}')
        || c.is_control()
}

/// The Latin letter that a small Cyrillic, Greek or Armenian one is drawn as.
fn latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'ь' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' => 'e',
        'ց' => 'g',
        'һ' | 'հ' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' => 'm',
        'п' | 'ո' | 'η' => 'n',
        'о' | 'ο' | 'σ' | 'օ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' | 'զ' => 'q',
        'г' => 'r',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ѡ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, name: &str) -> Result<Option<String>, Alike> {
        let Value::Map(map) = Value::parse(json.as_bytes()).unwrap() else { panic!("{json}") };
        member(&map, name).map(|found| found.map(Value::to_json))
    }

    #[test]
    fn a_name_is_found_where_nothing_else_could_be_it() {
        assert_eq!(of(r#"{"amount":1,"note":2}"#, "amount"), Ok(Some("1".to_owned())));
        assert_eq!(of(r#"{"amounts":1,"größe":2,"金额":3}"#, "amount"), Ok(None));
        assert_eq!(of(r#"{"größe":2,"amount":1}"#, "größe"), Ok(Some("2".to_owned())));
        assert_eq!(of(r#"{"amount":1,"__proto__":{"amount":2}}"#, "amount"), Ok(Some("1".to_owned())));
    }

    #[test]
    fn what_a_tool_might_read_as_the_name_leaves_it_in_doubt() {
        for json in [
            r#"{"Amount":1}"#,
            r#"{"amount":1,"AMOUNT":2}"#,
            r#"{"аmount":1}"#,
            r#"{"ａｍｏｕｎｔ":1}"#,
            r#"{"amo\u200bunt":1}"#,
            r#"{"amoun\u0301t":1}"#,
            r#"{"amount\u0000":1}"#,
            r#"{"amount ":1}"#,
            r#"{"__proto__":{"amount":1}}"#,
            r#"{"amount":null,"__proto__":{"amount":1}}"#,
        ] {
            assert_eq!(of(json, "amount"), Err(Alike), "{json}");
        }
        assert_eq!(of(r#"{"ta\u017f\u212a":1}"#, "task"), Err(Alike));
    }

    #[test]
    fn an_object_of_countless_odd_names_is_in_doubt_rather_than_slow() {
        let members: Vec<String> = (0..300).map(|at| format!("\"ключ{at}\":1")).collect();
        assert_eq!(of(&format!("{{{}}}", members.join(",")), "amount"), Err(Alike));
    }
}
