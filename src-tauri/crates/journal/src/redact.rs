//! What is kept of a call once nobody needs the whole of it: without values that are marked secret, and to 64 KB.
//!
//! Bodies of calls that never wait are written so at once; those of a hold are sealed in full until it ended, or its
//! call was sent, and are then sealed anew. INVARIANT(I8): also reasons, paths and votes that repeat a secret lose it.

use crate::chain::{About, Form};
use crate::entry::HOLD_OPENED;
use crate::grants::{BESIDE, GRANT_MADE};
use crate::marks::{Marked, is_secret_name};
use crate::read::{Kept, of_hold};
use crate::seal::Opening;
use crate::write::Draft;
use crate::{Journal, JournalError, recorded};
use approvals::{HoldId, Opened};
use policy::{CallDigest, ToolCall, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of arguments, as JSON.
pub(crate) const MOST: usize = 64 * 1024;
const SECRET: &str = "(left out: secret)";
/// Shorter texts are left out where they stand as values, but not looked for inside others.
const SHORTEST: usize = 4;
/// Members that name things, and are never searched for secrets.
const NAMING: [&str; 13] = [
    "id",
    "hold",
    "release",
    "revision",
    "definition",
    "agent",
    "user",
    "upstream",
    "tool",
    "by",
    "name",
    "at",
    "sha256",
];

/// What a body says of itself, in its member `redacted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redaction {
    /// Of the call as it was asked.
    pub(crate) digest: Option<CallDigest>,
    /// Attribute paths of what was left out or cut.
    pub(crate) paths: Vec<String>,
}

#[derive(Deserialize)]
struct Marker {
    #[serde(default)]
    redacted: Option<Redaction>,
}

/// What was left out of a body; none where it is whole.
pub(crate) fn redaction_of(body: &[u8]) -> Option<Redaction> {
    serde_json::from_slice::<Marker>(body).ok().and_then(|marker| marker.redacted)
}

/// What is taken out on the way through one body or one hold.
#[derive(Default)]
struct Found {
    /// `args.login.password`
    paths: Vec<String>,
    texts: Vec<String>,
    /// Digests as they were asked, and what the redacted calls have.
    digests: BTreeMap<String, String>,
}

/// Appends an entry about a call that does not wait; its body is redacted before anything of it is sealed.
pub(crate) fn append(
    draft: &mut Draft<'_>,
    kind: &str,
    about: About<'_>,
    body: &impl Serialize,
    call: &ToolCall,
) -> Result<u64, JournalError> {
    let marked = draft.marks.of(draft.sql, call.upstream.as_str(), call.tool.as_str())?;
    append_arguments(draft, (kind, about), body, &call.arguments, &marked, Some(call))
}

/// As [`append`], of a call that never became one.
pub(crate) fn append_unjudged(
    draft: &mut Draft<'_>,
    kind: &str,
    body: &impl Serialize,
    (upstream, tool): (&str, &str),
    arguments: &Value,
) -> Result<u64, JournalError> {
    let marked = draft.marks.of(draft.sql, upstream, tool)?;
    append_arguments(draft, (kind, About::default()), body, arguments, &marked, None)
}

fn append_arguments(
    draft: &mut Draft<'_>,
    (kind, about): (&str, About<'_>),
    body: &impl Serialize,
    arguments: &Value,
    marked: &Marked,
    call: Option<&ToolCall>,
) -> Result<u64, JournalError> {
    let body = serde_json::to_vec(body).map_err(JournalError::Encoding)?;
    if !needs(arguments, marked) {
        return draft.append_text(kind, about, &body);
    }
    let mut found = Found::default();
    let cleaned = clean(&body, marked, call, &mut found).unwrap_or_else(|| nothing_left(&found));
    draft.append_text(kind, about, &cleaned)
}

/// An answer as it may be kept; one that is no JSON object is only cut.
pub(crate) fn answer(text: &str) -> String {
    let mut found = Found::default();
    match Value::parse(text.as_bytes()) {
        Ok(value @ Value::Map(_)) => {
            let cleaned = shorten(without_secrets(&value, "result", None, &mut found), &mut found);
            leave_out(cleaned, &found, true).to_json()
        }
        _ => text.chars().take(MOST / 4).collect(),
    }
}

/// One call as a table shows it, without what is secret; it has its `arguments` and whatever was said of them.
pub(crate) fn told(
    journal: &Journal,
    (upstream, tool): (&str, &str),
    told: &Value,
) -> Result<Value, JournalError> {
    let marked = journal.pen.marks.of(&journal.reader(), upstream, tool)?;
    let mut found = Found::default();
    let cleaned = clean_arguments(told.clone(), &marked, None, &mut found);
    Ok(leave_out(cleaned, &found, false))
}

/// Seals a hold's entries anew, where they have something that is kept no longer.
pub(crate) fn ended_hold(draft: &mut Draft<'_>, hold: &HoldId) -> Result<(), JournalError> {
    let entries = of_hold(draft.sql, hold.as_str())?;
    let Some(opened) = entries.iter().find(|entry| entry.kind == HOLD_OPENED) else { return Ok(()) };
    let Ok(opened) = opened.read::<Opened>(draft.seals) else { return Ok(()) };
    let call = &opened.call;
    let marked = draft.marks.of(draft.sql, call.upstream.as_str(), call.tool.as_str())?;
    let bodies: Vec<(Kept, Vec<u8>)> = entries
        .into_iter()
        // A grant in force needs the values it was made on; it is sealed for as long as it is kept.
        .filter(|entry| entry.form == Some(Form::AsWritten) && !BESIDE.contains(&entry.kind.as_str()))
        .filter_map(|entry| match entry.open(draft.seals) {
            Opening::Body(body) => Some((entry, body)),
            Opening::OtherKey | Opening::Broken => None,
        })
        .collect();
    // An edited call can have secrets that the asked one has not.
    let edited = |(_, body): &(Kept, Vec<u8>)| contains(body, b"\"arguments\"");
    if !needs(&call.arguments, &marked)
        && !bodies.iter().skip(1).filter(|b| edited(b)).any(|(_, body)| {
            Value::parse(body)
                .ok()
                .is_none_or(|body| any_arguments(&body, &|arguments| needs(arguments, &marked)))
        })
    {
        return Ok(());
    }
    let mut found = Found::default();
    // Twice, as a later entry may show what has to go from an earlier one.
    let cleaned: Vec<_> =
        bodies.iter().map(|(_, body)| clean(body, &marked, Some(call), &mut found)).collect();
    for ((entry, body), first) in bodies.iter().zip(cleaned) {
        let cleaned = clean(body, &marked, Some(call), &mut found);
        let cleaned = cleaned.or(first).unwrap_or_else(|| nothing_left(&found));
        if cleaned != *body {
            draft.replace(entry, Form::Redacted, &cleaned)?;
        }
    }
    Ok(())
}

/// Redacts bodies on their way out that are still whole on record: open holds, grants, older formats.
#[derive(Default)]
pub(crate) struct Exported {
    /// By hold, the call and what is taken out of whatever is said of it.
    holds: BTreeMap<String, (Opened, Found)>,
}

impl Exported {
    /// `body` opened, without what is secret.
    pub(crate) fn body(
        &mut self,
        journal: &Journal,
        entry: &Kept,
        body: Vec<u8>,
    ) -> Result<String, JournalError> {
        let of = |body: Vec<u8>| String::from_utf8(body).map_err(|_| JournalError::Unreadable(entry.seq));
        let marks = |call: &ToolCall| {
            journal.pen.marks.of(&journal.reader(), call.upstream.as_str(), call.tool.as_str())
        };
        let hold = entry.hold.clone().unwrap_or_default();
        if entry.kind == HOLD_OPENED
            && let Ok(opened) = serde_json::from_slice::<Opened>(&body)
            && needs(&opened.call.arguments, &*marks(&opened.call)?)
        {
            self.holds.insert(hold.clone(), (opened, Found::default()));
        }
        if let Some((opened, found)) = self.holds.get_mut(&hold) {
            let marked = marks(&opened.call)?;
            let cleaned = clean(&body, &marked, Some(&opened.call), found);
            return of(cleaned.unwrap_or_else(|| nothing_left(found)));
        }
        let call = recorded::judged(entry, &journal.seals).map(|(call, _, _)| call);
        let marked = call.as_ref().map(marks).transpose()?.unwrap_or_default();
        let is_grant = entry.kind == GRANT_MADE;
        if !is_grant && !call.as_ref().is_some_and(|call| needs(&call.arguments, &marked)) {
            return of(body);
        }
        let mut found = Found::default();
        let cleaned = clean(&body, &marked, call.as_ref(), &mut found);
        of(cleaned.unwrap_or_else(|| nothing_left(&found)))
    }
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

fn any_arguments(body: &Value, test: &dyn Fn(&Value) -> bool) -> bool {
    match body {
        Value::Map(map) => map.iter().any(|(key, value)| {
            if key == "arguments" && value.as_map().is_some() {
                test(value)
            } else {
                any_arguments(value, test)
            }
        }),
        Value::List(items) => items.iter().any(|item| any_arguments(item, test)),
        _ => false,
    }
}

/// Whether anything has to be left out. Most calls have nothing: this must cost little.
fn needs(arguments: &Value, marked: &Marked) -> bool {
    has_secret(arguments, Some(marked)) || (size(arguments) > MOST)
}

fn has_secret(value: &Value, marked: Option<&Marked>) -> bool {
    if marked.is_some_and(|marked| marked.is_secret) {
        return true;
    }
    match value {
        Value::Map(map) => map.iter().any(|(key, value)| {
            is_secret_name(key) && *value != Value::Null || has_secret(value, member(marked, key))
        }),
        Value::List(items) => items.iter().any(|item| has_secret(item, entries(marked))),
        _ => false,
    }
}

fn member<'a>(marked: Option<&'a Marked>, key: &str) -> Option<&'a Marked> {
    let marked = marked?;
    marked.members.get(key).or(marked.others.as_deref())
}

fn entries(marked: Option<&Marked>) -> Option<&Marked> {
    marked?.others.as_deref()
}

/// At least the length of the JSON, nearly.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(number) => number.as_str().len(),
        Value::Text(text) => text.len() + 2,
        Value::List(items) => 2 + items.iter().map(|item| size(item) + 1).sum::<usize>(),
        Value::Map(map) => 2 + map.iter().map(|(key, value)| key.len() + 4 + size(value)).sum::<usize>(),
    }
}

/// A body that cannot be read as JSON any more, because it is nested too deep, keeps its digest only.
fn nothing_left(found: &Found) -> Vec<u8> {
    let paths = Value::List(found.paths.iter().map(|path| Value::from(path.as_str())).collect());
    let redacted = Value::object([("digest", Value::Null), ("paths", paths)]);
    Value::object([("redacted", redacted)]).to_json().into_bytes()
}

/// The body without what goes; none where it cannot be read.
fn clean(body: &[u8], marked: &Marked, call: Option<&ToolCall>, found: &mut Found) -> Option<Vec<u8>> {
    let body = Value::parse(body).ok()?;
    let body = clean_arguments(body, marked, call, found);
    let mut body = leave_out(body, found, false);
    if let Value::Map(map) = &mut body {
        let digest = call.map_or(Value::Null, |call| Value::from(call.digest().to_string().as_str()));
        let paths = Value::List(found.paths.iter().map(|path| Value::from(path.as_str())).collect());
        map.insert("redacted", Value::object([("digest", digest), ("paths", paths)]));
    }
    Some(body.to_json().into_bytes())
}

/// First every `arguments`, wherever it stands, and the digests of calls with them.
fn clean_arguments(body: Value, marked: &Marked, call: Option<&ToolCall>, found: &mut Found) -> Value {
    match body {
        Value::Map(map) => {
            let mut out = policy::Map::default();
            let is_secret_limit = map.get("argument").and_then(Value::as_text).is_some_and(is_secret_name);
            for (key, value) in map.iter() {
                let value = if key == "bound" && is_secret_limit {
                    Value::from(SECRET)
                } else if key == "arguments" && value.as_map().is_some() {
                    let cleaned = shorten(without_secrets(value, "args", Some(marked), found), found);
                    if let Some(call) = call {
                        let of = |arguments: &Value| {
                            ToolCall { arguments: arguments.clone(), ..call.clone() }.digest().to_string()
                        };
                        found.digests.insert(of(value), of(&cleaned));
                    }
                    cleaned
                } else {
                    clean_arguments(value.clone(), marked, call, found)
                };
                out.insert(key, value);
            }
            Value::Map(out)
        }
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| clean_arguments(item, marked, call, found)).collect())
        }
        scalar => scalar,
    }
}

fn without_secrets(value: &Value, at: &str, marked: Option<&Marked>, found: &mut Found) -> Value {
    if marked.is_some_and(|marked| marked.is_secret) && *value != Value::Null {
        return take_out(value, at, found);
    }
    match value {
        Value::Map(map) => {
            let mut out = policy::Map::default();
            for (key, value) in map.iter() {
                let at = policy::facts::member(at, key);
                let value = if is_secret_name(key) && *value != Value::Null {
                    take_out(value, &at, found)
                } else {
                    without_secrets(value, &at, member(marked, key), found)
                };
                out.insert(key, value);
            }
            Value::Map(out)
        }
        Value::List(items) => {
            let one = |(index, item)| {
                without_secrets(item, &policy::facts::element(at, index), entries(marked), found)
            };
            Value::List(items.iter().enumerate().map(one).collect())
        }
        scalar => scalar.clone(),
    }
}

fn take_out(value: &Value, at: &str, found: &mut Found) -> Value {
    fn texts(value: &Value, into: &mut Vec<String>) {
        let text = match value {
            Value::Text(text) => text.as_str(),
            Value::Number(number) => number.as_str(),
            Value::List(items) => return items.iter().for_each(|item| texts(item, into)),
            Value::Map(map) => return map.iter().for_each(|(_, value)| texts(value, into)),
            Value::Null | Value::Bool(_) => return,
        };
        if !text.is_empty() && text != SECRET && !into.iter().any(|known| known == text) {
            into.push(text.to_owned());
        }
    }
    texts(value, &mut found.texts);
    note(at, found);
    Value::from(SECRET)
}

fn note(at: &str, found: &mut Found) {
    if !found.paths.iter().any(|known| known == at) {
        found.paths.push(at.to_owned());
    }
}

/// To 64 KB: long texts first, then whatever holds the most.
fn shorten(mut arguments: Value, found: &mut Found) -> Value {
    for most in [8_192, 1_024, 128] {
        if size(&arguments) <= MOST {
            return arguments;
        }
        arguments = cut_texts(arguments, "args", most, found);
    }
    if size(&arguments) <= MOST {
        return arguments;
    }
    let Value::Map(map) = arguments else { return Value::object([]) };
    let mut out = policy::Map::default();
    for (count, (key, value)) in map.iter().enumerate() {
        if count == 256 {
            note("args", found);
            break;
        }
        let key: String = key.chars().take(64).collect();
        let size = size(value);
        if size <= 128 {
            out.insert(&key, value.clone());
        } else {
            note(&policy::facts::member("args", &key), found);
            out.insert(&key, Value::from(format!("(left out: {size} bytes)").as_str()));
        }
    }
    Value::Map(out)
}

fn cut_texts(value: Value, at: &str, most: usize, found: &mut Found) -> Value {
    match value {
        Value::Text(text) if text.len() > most => {
            note(at, found);
            let kept: String = text.chars().take(most / 4).collect();
            Value::Text(format!("{kept}… (cut: {} bytes in all)", text.len()))
        }
        Value::List(items) => {
            let one = |(index, item)| cut_texts(item, &policy::facts::element(at, index), most, found);
            Value::List(items.into_iter().enumerate().map(one).collect())
        }
        Value::Map(map) => {
            let mut out = policy::Map::default();
            for (key, value) in map.iter() {
                out.insert(key, cut_texts(value.clone(), &policy::facts::member(at, key), most, found));
            }
            Value::Map(out)
        }
        scalar => scalar,
    }
}

/// Then whatever else repeats a secret: reasons, compared values, resolved paths, what a person wrote.
fn leave_out(value: Value, found: &Found, in_arguments: bool) -> Value {
    match value {
        Value::Map(map) => {
            let about_secret = |path: &str| {
                found.paths.iter().any(|secret| path.starts_with(secret.as_str()) || secret.starts_with(path))
            };
            let compares = |predicate: &Value| {
                predicate.get("attribute").and_then(Value::as_text).is_some_and(about_secret)
            };
            let is_trace =
                map.get("predicates").and_then(Value::as_list).is_some_and(|all| all.iter().any(compares));
            let is_predicate = compares(&Value::Map(map.clone()));
            let mut out = policy::Map::default();
            for (key, value) in map.iter() {
                if found.paths.iter().any(|path| path == key) {
                    continue;
                }
                let value = match key {
                    "digest" => match value.as_text().and_then(|digest| found.digests.get(digest)) {
                        Some(digest) => Value::from(digest.as_str()),
                        None => value.clone(),
                    },
                    "sentence" if is_trace => Value::from("what it compared is left out"),
                    "compared" | "note" if is_predicate && *value != Value::Null => Value::from(SECRET),
                    key if !in_arguments && NAMING.contains(&key) => value.clone(),
                    key => leave_out(value.clone(), found, in_arguments || key == "arguments"),
                };
                out.insert(key, value);
            }
            Value::Map(out)
        }
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| leave_out(item, found, in_arguments)).collect())
        }
        Value::Text(text) => {
            let repeats = |secret: &String| secret.len() >= SHORTEST && text.contains(secret.as_str());
            if found.texts.iter().any(|secret| *secret == text || repeats(secret)) {
                let shown = found
                    .texts
                    .iter()
                    .filter(|secret| secret.len() >= SHORTEST)
                    .fold(text.clone(), |shown, secret| shown.replace(secret.as_str(), SECRET));
                Value::Text(if shown == text { SECRET.to_owned() } else { shown })
            } else {
                Value::Text(text)
            }
        }
        scalar => scalar,
    }
}
