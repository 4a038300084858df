//! One hypothetical call as a JSON file: what a case says, with `arguments` exactly as an agent would send them.

use crate::{
    DocumentError, Facts, Map, People, ToolCall, Value,
    cases::{self, Case},
    toml_value,
};

/// Keys of a case that may stand beside `tool` and `arguments`.
const BESIDE: [&str; 5] = ["context", "claims", "paths", "upstream", "agent"];

/// Reads `{"tool": "upstream/tool", "arguments": {…}}`, with `user` (an id of the people, or a whole user), `agent`,
/// `context`, `claims`, `paths` and `upstream` as in a case.
///
/// # Errors
/// What is wrong, in words.
pub fn parse(path: &str, text: &str, people: Option<&People>) -> Result<(ToolCall, Facts), DocumentError> {
    let wrong = |message: String, hint: &str| DocumentError {
        path: path.to_owned(),
        line: None,
        column: None,
        message,
        hint: (!hint.is_empty()).then(|| hint.to_owned()),
    };
    let shape = "write `{\"tool\": \"upstream/tool\", \"arguments\": {…}}`";
    let value = Value::parse(text.as_bytes()).map_err(|error| wrong(error.to_string(), ""))?;
    let Value::Map(members) = &value else {
        return Err(wrong("a call is one JSON object".to_owned(), shape));
    };
    let known = ["tool", "arguments", "user"];
    if let Some((key, _)) = members.iter().find(|(key, _)| !known.contains(key) && !BESIDE.contains(key)) {
        let all: Vec<&str> = known.into_iter().chain(BESIDE).collect();
        return Err(wrong(format!("unknown key `{key}`"), "").suggest(key, &all));
    }
    let Some(tool) = members.get("tool").and_then(Value::as_text) else {
        return Err(wrong("`tool` is missing".to_owned(), shape));
    };
    let arguments = match members.get("arguments") {
        None => Value::Map(Map::default()),
        Some(arguments @ Value::Map(_)) => arguments.clone(),
        Some(_) => return Err(wrong("`arguments` is not an object".to_owned(), shape)),
    };
    let mut case = toml_edit::Table::new();
    for (key, text) in [("name", "call"), ("expect", "allow"), ("tool", tool)] {
        case.insert(key, toml_edit::value(text));
    }
    let mut named = None;
    for (key, value) in members.iter().filter(|(key, _)| *key == "user" || BESIDE.contains(key)) {
        match (key, value) {
            ("user", Value::Text(id)) => named = Some(id.as_str()),
            (key, value) => {
                let Some(item) = toml_value::written(value) else {
                    return Err(wrong(format!("`{key}` has a number that cannot be taken"), ""));
                };
                case.insert(key, toml_edit::Item::Value(item));
            }
        }
    }
    let mut tables = toml_edit::ArrayOfTables::new();
    tables.push(case);
    let mut document = toml_edit::DocumentMut::new();
    document.insert("case", toml_edit::Item::ArrayOfTables(tables));
    let read = cases::parse(&document.to_string());
    // The lines are those of a text that nobody wrote.
    let read =
        read.map_err(|error| DocumentError { path: path.to_owned(), line: None, column: None, ..error })?;
    let Some(Case { mut call, mut facts, .. }) = read.into_iter().next() else {
        return Err(wrong("there is no call".to_owned(), shape));
    };
    call.arguments = arguments;
    if let Some(id) = named {
        let user = people.and_then(|people| people.iter().find(|user| user.id.as_str() == id));
        let Some(user) = user else {
            let hint = "give the whole user: `{\"id\": \"ana\", \"roles\": [\"finance\"]}`";
            return Err(wrong(format!("the user `{id}` is not known here"), hint));
        };
        call.user = user.id.clone();
        facts.user = user.clone();
    }
    Ok((call, facts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_with_its_facts_and_exact_numbers() {
        let people = People::parse("[[user]]\nid = \"ana\"\nowner = true\nroles = [\"finance\"]\n").unwrap();
        let text = r#"{"tool":"a/b","arguments":{"amount":1200.00,"x":null},"user":"ana","context":{"locked":"yes"},
                       "claims":{"required":["amount"],"defaults":{"n":1.50}},"upstream":{"remote":true}}"#;
        let (call, facts) = parse("call.json", text, Some(&people)).unwrap();
        assert_eq!(call.arguments.to_json(), r#"{"amount":1200.00,"x":null}"#);
        assert_eq!(
            (call.user.as_str(), facts.context.locked, facts.upstream.remote),
            ("ana", Some(true), true)
        );
        assert_eq!(facts.tool.defaults["n"].to_json(), "1.50");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("[]", "call.json: a call is one JSON object"),
            ("{}", "call.json: `tool` is missing"),
            ("{\"tool\":\"a/b\",\"args\":{}}", "call.json: unknown key `args`"),
            ("{\"tool\":\"ab\"}", "call.json: `ab` is not a tool; write `upstream/tool`"),
            ("{\"tool\":\"a/b\",\"user\":\"bob\"}", "call.json: the user `bob` is not known here"),
            (
                "{\"tool\":\"a/b\",\"context\":{\"lockd\":\"yes\"}}",
                "call.json: unknown key `lockd`; did you mean `locked`?",
            ),
            ("{\"tool\":\"a/b\",\"tool\":\"a/c\"}", "call.json: not valid JSON"),
        ] {
            let error = parse("call.json", text, None).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
