//! JSON Schema → attributes. Reads what says something about values (`type`, `enum`, `const`, bounds, `format`,
//! `properties`, `items`, `oneOf`, `anyOf`, `allOf`, `$ref` within the document); the rest is left to the
//! upstream. Where branches differ, what any of them allows counts as allowed.

use super::{Bound, Entry, Kind, MOST_ENTRIES, Range, Standing, operators};
use crate::{Map, Value, condition::attribute::ROOTS, decimal::Decimal, facts::member};
use std::collections::BTreeSet;

/// Deepest attribute; longest chain of references and combinations; most work for one definition.
const MAX_LEVELS: usize = 8;
const MAX_CHAIN: usize = 24;
const MAX_WORK: usize = 10_000;
/// Longest texts kept, in characters, and most values of an `enum`.
const MAX_WORDS: usize = 1_000;
const MAX_KEY: usize = 200;
const MOST_VALUES: usize = 500;

/// Title or description of somebody else's, cut.
pub(super) fn words(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(MAX_WORDS).collect();
    (!text.is_empty()).then_some(text)
}

pub(super) fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Flag,
        Value::Number(_) => Kind::Number,
        Value::Text(_) => Kind::Text,
        Value::List(_) => Kind::List,
        Value::Map(_) => Kind::Object,
    }
}

/// The parameters of an input schema, and whether there may be others.
pub(super) fn parameters(schema: &Value) -> (Vec<Entry>, bool) {
    let mut reader = Reader { root: schema, entries: Vec::new(), work: 0, cut: false };
    let shape = reader.shape(&Join::One(schema), 0);
    let open = shape.is_open();
    reader.members("args", &shape, 0);
    (reader.entries, open || reader.cut)
}

/// Several schemas for one place.
#[derive(Clone)]
enum Join<'a> {
    One(&'a Value),
    All(Vec<Join<'a>>),
    Any(Vec<Join<'a>>),
}

/// What the schemas of one place say together. `None` and empty mean: nothing said.
#[derive(Clone, Default)]
struct Shape<'a> {
    kinds: Option<BTreeSet<Kind>>,
    values: Option<Vec<&'a Value>>,
    low: Option<Bound>,
    high: Option<Bound>,
    title: Option<&'a str>,
    description: Option<&'a str>,
    format: Option<&'a str>,
    default: Option<&'a Value>,
    members: Vec<(&'a str, Join<'a>)>,
    required: BTreeSet<&'a str>,
    items: Option<Join<'a>>,
    /// `additionalProperties: false`; true, a schema or a pattern for others.
    closed: bool,
    others: bool,
    /// Something was not read.
    cut: bool,
}

impl Shape<'_> {
    fn is_open(&self) -> bool {
        let silent = self.members.is_empty() && !self.closed;
        self.cut || self.others || silent
    }
}

struct Reader<'a> {
    root: &'a Value,
    entries: Vec<Entry>,
    work: usize,
    cut: bool,
}

impl<'a> Reader<'a> {
    /// One place, then its parts.
    fn place(
        &mut self,
        path: String,
        written: Option<String>,
        join: &Join<'a>,
        required: bool,
        level: usize,
    ) {
        if self.entries.len() >= MOST_ENTRIES || self.work > MAX_WORK {
            self.cut = true;
            return;
        }
        let shape = self.shape(join, 0);
        let kinds: Vec<Kind> = shape.kinds.iter().flatten().copied().collect();
        let has_parts =
            kinds.is_empty() || kinds.iter().any(|kind| matches!(kind, Kind::Object | Kind::List));
        let too_deep = level >= MAX_LEVELS && has_parts;
        let format = shape.format.and_then(words);
        let is_path = kinds.contains(&Kind::Text) && shape.values.is_none();
        let range = Range { low: shape.low.clone(), high: shape.high.clone() };
        self.entries.push(Entry {
            path: path.clone(),
            written: written.clone(),
            operators: operators(&kinds, is_path),
            kinds,
            title: shape.title.and_then(words),
            description: shape.description.and_then(words),
            values: shape.values.iter().flatten().map(|value| (*value).clone()).collect(),
            range: (range != Range::default()).then_some(range),
            format,
            required,
            default: shape.default.cloned(),
            standing: Standing::Verified,
            open: has_parts && (too_deep || shape.cut || (shape.is_open() && shape.items.is_none())),
        });
        if too_deep {
            return;
        }
        self.members(&path, &shape, level + 1);
        if let Some(items) = &shape.items {
            self.place(format!("{path}[]"), None, items, false, level + 1);
        }
    }

    fn members(&mut self, at: &str, shape: &Shape<'a>, level: usize) {
        for (key, join) in &shape.members {
            if key.chars().count() > MAX_KEY {
                self.cut = true;
                continue;
            }
            let path = member(at, key);
            let bare = at == "args" && !ROOTS.contains(key) && path == format!("args.{key}");
            // Inside a list's entry no attribute of a condition can stand.
            let written = match (bare, at.contains("[]")) {
                (true, _) => Some((*key).to_owned()),
                (false, true) => None,
                (false, false) => Some(shortest(&path)),
            };
            self.place(path, written, join, shape.required.contains(key), level);
        }
    }

    fn shape(&mut self, join: &Join<'a>, chain: usize) -> Shape<'a> {
        self.work += 1;
        if chain > MAX_CHAIN || self.work > MAX_WORK {
            self.cut = true;
            return Shape { cut: true, ..Shape::default() };
        }
        match join {
            Join::One(schema) => self.one(schema, chain),
            Join::All(parts) => {
                parts.iter().fold(Shape::default(), |all, part| both(all, self.shape(part, chain + 1)))
            }
            Join::Any(parts) => {
                let shapes = parts.iter().map(|part| self.shape(part, chain + 1)).collect::<Vec<_>>();
                shapes.into_iter().reduce(either).unwrap_or_default()
            }
        }
    }

    fn one(&mut self, schema: &'a Value, chain: usize) -> Shape<'a> {
        let Some(map) = schema.as_map() else {
            // `true` and `false` are schemas too.
            return Shape::default();
        };
        let mut shape = plain(map);
        if let Some(reference) = map.get("$ref").and_then(Value::as_text) {
            let target = resolve(self.root, reference);
            let referred = match target {
                Some(target) => self.shape(&Join::One(target), chain + 1),
                None => Shape { cut: true, ..Shape::default() },
            };
            shape = both(shape, referred);
        }
        if let Some(parts) = map.get("allOf").and_then(Value::as_list) {
            for part in parts {
                let part = self.shape(&Join::One(part), chain + 1);
                shape = both(shape, part);
            }
        }
        for key in ["oneOf", "anyOf"] {
            let Some(parts) = map.get(key).and_then(Value::as_list).filter(|parts| !parts.is_empty()) else {
                continue;
            };
            let parts = self.shape(&Join::Any(parts.iter().map(Join::One).collect()), chain + 1);
            shape = both(shape, parts);
        }
        shape
    }
}

/// `user` as a parameter's name needs its root; a longer path keeps its own.
fn shortest(path: &str) -> String {
    let bare = path.strip_prefix("args.").filter(|rest| {
        let first = rest.split(['.', '[']).next().unwrap_or_default();
        !ROOTS.contains(&first)
    });
    bare.unwrap_or(path).to_owned()
}

/// `#` and `#/a/b` only: nothing outside the document is ever looked at.
fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    if pointer.is_empty() {
        return Some(root);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(root, |at, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        match at {
            Value::Map(map) => map.get(&step),
            Value::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

/// One schema without its references and combinations.
fn plain(map: &Map) -> Shape<'_> {
    let text = |key: &str| map.get(key).and_then(Value::as_text);
    let number = |key: &str| match map.get(key) {
        Some(Value::Number(number)) => Some(number.as_str()),
        _ => None,
    };
    let bound = |closed: &str, open: &str, pick: fn(Bound, Bound) -> Bound| {
        // Draft 4 wrote `exclusiveMinimum: true` beside `minimum`.
        let strict = map.get(open).and_then(Value::as_bool).unwrap_or(false);
        let closed = number(closed).map(|value| Bound { value: value.to_owned(), exclusive: strict });
        let open = number(open).map(|value| Bound { value: value.to_owned(), exclusive: true });
        joined(closed, open, pick)
    };
    let values = match (map.get("const"), map.get("enum").and_then(Value::as_list)) {
        (Some(only), _) => Some(vec![only]),
        (None, Some(list)) if list.len() <= MOST_VALUES => Some(list.iter().collect()),
        _ => None,
    };
    let kinds = match map.get("type") {
        Some(Value::Text(word)) => kind(word).map(|kind| BTreeSet::from([kind])),
        Some(Value::List(words)) => {
            words.iter().map(|word| word.as_text().and_then(kind)).collect::<Option<BTreeSet<_>>>()
        }
        _ => None,
    };
    let kinds = kinds.or_else(|| values.as_ref().map(|list| list.iter().map(|v| kind_of(v)).collect()));
    let nullable = map.get("nullable").and_then(Value::as_bool).unwrap_or(false);
    let kinds = kinds.map(|mut kinds| {
        if nullable {
            kinds.insert(Kind::Null);
        }
        kinds
    });
    let others = match map.get("additionalProperties") {
        Some(Value::Bool(others)) => *others,
        Some(_) => true,
        None => map.get("patternProperties").is_some(),
    };
    let properties = map.get("properties").and_then(Value::as_map);
    let items = match map.get("items") {
        Some(Value::List(parts)) => Some(Join::Any(parts.iter().map(Join::One).collect())),
        Some(schema @ Value::Map(_)) => Some(Join::One(schema)),
        _ => map
            .get("prefixItems")
            .and_then(Value::as_list)
            .map(|parts| Join::Any(parts.iter().map(Join::One).collect())),
    };
    Shape {
        kinds,
        values,
        low: bound("minimum", "exclusiveMinimum", higher),
        high: bound("maximum", "exclusiveMaximum", lower),
        title: text("title"),
        description: text("description"),
        format: text("format"),
        default: map.get("default"),
        members: properties
            .into_iter()
            .flat_map(Map::iter)
            .map(|(key, value)| (key, Join::One(value)))
            .collect(),
        required: map
            .get("required")
            .and_then(Value::as_list)
            .into_iter()
            .flatten()
            .filter_map(Value::as_text)
            .collect(),
        items,
        closed: map.get("additionalProperties").and_then(Value::as_bool) == Some(false),
        others,
        cut: false,
    }
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "string" => Kind::Text,
        "number" => Kind::Number,
        "integer" => Kind::Whole,
        "boolean" => Kind::Flag,
        "array" => Kind::List,
        "object" => Kind::Object,
        "null" => Kind::Null,
        _ => return None,
    })
}

fn joined<T>(a: Option<T>, b: Option<T>, pick: fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (a, b) => a.or(b),
    }
}

fn higher(a: Bound, b: Bound) -> Bound {
    match (Decimal::parse(&a.value), Decimal::parse(&b.value)) {
        (Some(x), Some(y)) if y > x || (x == y && b.exclusive) => b,
        _ => a,
    }
}

fn lower(a: Bound, b: Bound) -> Bound {
    match (Decimal::parse(&a.value), Decimal::parse(&b.value)) {
        (Some(x), Some(y)) if y < x || (x == y && b.exclusive) => b,
        _ => a,
    }
}

/// Both hold.
fn both<'a>(a: Shape<'a>, b: Shape<'a>) -> Shape<'a> {
    let mut members = a.members;
    for (key, join) in b.members {
        match members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = Join::All(vec![known.clone(), join]),
            None => members.push((key, join)),
        }
    }
    Shape {
        kinds: joined(a.kinds, b.kinds, |a, b| {
            let narrow = |kind: &Kind, other: &BTreeSet<Kind>| {
                other.contains(kind) || (*kind == Kind::Whole && other.contains(&Kind::Number))
            };
            let from = |one: &BTreeSet<Kind>, other: &BTreeSet<Kind>| {
                one.iter().filter(|kind| narrow(kind, other)).copied().collect::<Vec<_>>()
            };
            from(&a, &b).into_iter().chain(from(&b, &a)).collect()
        }),
        values: joined(a.values, b.values, |a, b| {
            let there: BTreeSet<String> = b.iter().map(|value| value.canonical()).collect();
            a.into_iter().filter(|value| there.contains(&value.canonical())).collect()
        }),
        low: joined(a.low, b.low, higher),
        high: joined(a.high, b.high, lower),
        title: a.title.or(b.title),
        description: a.description.or(b.description),
        format: a.format.or(b.format),
        default: a.default.or(b.default),
        members,
        required: a.required.union(&b.required).copied().collect(),
        items: joined(a.items, b.items, |a, b| Join::All(vec![a, b])),
        closed: a.closed || b.closed,
        others: a.others || b.others,
        cut: a.cut || b.cut,
    }
}

/// One of them holds.
fn either<'a>(a: Shape<'a>, b: Shape<'a>) -> Shape<'a> {
    let mut members = a.members;
    for (key, join) in b.members {
        match members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, Join::Any(known))) => known.push(join),
            Some((_, known)) => *known = Join::Any(vec![known.clone(), join]),
            None => members.push((key, join)),
        }
    }
    let shared = |a: Option<Bound>, b: Option<Bound>, pick: fn(Bound, Bound) -> Bound| {
        a.zip(b).map(|(a, b)| pick(a, b))
    };
    Shape {
        kinds: a.kinds.zip(b.kinds).map(|(a, b)| a.union(&b).copied().collect()),
        values: a.values.zip(b.values).map(|(a, b)| [a, b].concat()).filter(|all| all.len() <= MOST_VALUES),
        low: shared(a.low, b.low, lower),
        high: shared(a.high, b.high, higher),
        title: None,
        description: a.description.or(b.description),
        format: a.format.filter(|format| b.format == Some(*format)),
        default: a.default.or(b.default),
        members,
        required: a.required.intersection(&b.required).copied().collect(),
        items: match (a.items, b.items) {
            (Some(a), Some(b)) => Some(Join::Any(vec![a, b])),
            (a, b) => a.or(b),
        },
        closed: a.closed && b.closed,
        others: a.others || b.others,
        cut: a.cut || b.cut,
    }
}
