//! A free row: CEL that is no typed predicate, judged by the CEL library. The library has no limits of its own
//! and can exhaust the stack, so size, depth, functions and data are capped here first; whatever it cannot
//! evaluate, and a missing value above all, is undetermined.

use super::{
    attribute::{Attribute, Fact, ROOTS, Segment},
    lookup::{Seen, View},
    recognise::{chain, pattern},
    syntax::{Expr, Kind, SyntaxError},
    token::Tokens,
};
use crate::{Truth, Value, section};
use cel::{Context, Env, ExecutionError, Program, objects::Key};
use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock},
};

/// Deepest row: far below what overflows a small thread's stack, see the test.
const MAX_DEPTH: usize = 16;
/// `all`, `exists`, `filter` inside each other. There is no `map`: chained, it grows texts without bound.
const MAX_LOOPS: usize = 2;
/// Most work one call may cause: rounds of the loops × nodes of the row × 64-byte pieces of text.
const MAX_WORK: usize = 400_000;
const MAX_VALUES: usize = 5_000;
const MAX_VALUE_TEXT: usize = 64 * 1024;

const FUNCTIONS: [&str; 13] = [
    "size",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "timestamp",
    "duration",
    "type",
    "dyn",
    "has",
    "contains",
    "matches",
];
const METHODS: [&str; 17] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "exists",
    "all",
];
const LOOPS: [&str; 4] = ["exists", "all", "exists_one", "filter"];
const TYPES: [&str; 10] =
    ["int", "uint", "double", "string", "bool", "bytes", "list", "map", "null_type", "type"];
const TYPED_ONLY: [&str; 3] = ["between", "within", "ignoreCase"];

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// One compiled row.
#[derive(Clone)]
pub(crate) struct FreeRow {
    text: String,
    attributes: Vec<Attribute>,
    /// Whether it looks at the parameters as a whole.
    all_arguments: bool,
    size: Size,
    program: Arc<Program>,
}

/// What a row's work depends on besides the call.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    loops: u32,
    longest_list: usize,
}

impl PartialEq for FreeRow {
    fn eq(&self, other: &FreeRow) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for FreeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FreeRow({})", self.text)
    }
}

impl fmt::Display for FreeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FreeRow {
    pub(crate) fn read(text: &str, expr: &Expr) -> Result<FreeRow, SyntaxError> {
        let expr = expr.bare();
        let at = expr.span.start;
        let source = text.get(expr.span.clone()).unwrap_or_default();
        if source.chars().count() > super::MAX_FREE {
            return Err(SyntaxError::new(
                at,
                format!("a part with free CEL is longer than {} characters", super::MAX_FREE),
            ));
        }
        if expr.depth > MAX_DEPTH {
            return Err(SyntaxError::new(at, "a part with free CEL is nested too deeply")
                .hint("split it with `&&` and `||`"));
        }
        if Tokens::of(source)?.has_comments {
            return Err(SyntaxError::new(at, "a comment stands inside a part with free CEL")
                .hint("move it before or after"));
        }
        let mut reader =
            Reader { attributes: Vec::new(), all_arguments: false, size: Size::default(), bound: Vec::new() };
        reader.look(expr)?;
        if reader.attributes.is_empty() && !reader.all_arguments {
            return Err(SyntaxError::new(at, "this looks at nothing of the call")
                .hint("compare an attribute, such as `amount` or `user.role`, with a value"));
        }
        let env = standard_env();
        let program = env.compile(source).map_err(|errors| {
            let message = errors.to_string();
            let reason = message.lines().next().unwrap_or_default().to_lowercase();
            SyntaxError::new(at, format!("not valid CEL: {reason}"))
        })?;
        Ok(FreeRow {
            text: source.to_owned(),
            attributes: reader.attributes,
            all_arguments: reader.all_arguments,
            size: reader.size,
            program: Arc::new(program),
        })
    }

    /// What it looks at by name.
    pub(crate) fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    pub(crate) fn looks_at_all_arguments(&self) -> bool {
        self.all_arguments
    }

    /// Judges the row, with the reason where it cannot be.
    pub(crate) fn truth(&self, view: &View<'_>) -> (Truth, Option<Cow<'static, str>>) {
        let data = match self.data(view) {
            Ok(data) => data,
            Err(why) => return (Truth::Undetermined, Some(why.into())),
        };
        // The library is not ours: a panic in it must not take the gateway down, nor allow.
        let run = AssertUnwindSafe(|| {
            let mut context = Context::with_env(standard_env());
            for (name, value) in data {
                context.add_variable_from_value(name, value);
            }
            self.program.execute(&context)
        });
        match catch_unwind(run) {
            Ok(Ok(cel::Value::Bool(true))) => (Truth::True, None),
            Ok(Ok(cel::Value::Bool(false))) => (Truth::False, None),
            Ok(Ok(_)) => (Truth::Undetermined, Some("its result is neither true nor false".into())),
            Ok(Err(error)) => (Truth::Undetermined, Some(reason(&error))),
            Err(_) => (Truth::Undetermined, Some("it could not be evaluated".into())),
        }
    }

    /// The variables the row names, with nothing else of the call.
    fn data(&self, view: &View<'_>) -> Result<HashMap<String, cel::Value>, &'static str> {
        let mut budget = Budget { values: 0, text: 0, longest: self.size.longest_list };
        let mut variables: HashMap<String, cel::Value> = HashMap::new();
        let mut roots: HashMap<&str, HashMap<Key, cel::Value>> = HashMap::new();
        if self.all_arguments {
            roots.insert("args", budget.members(view.call.arguments.as_map())?);
        }
        for attribute in &self.attributes {
            if view.find(attribute).seen == Seen::Alike {
                return Err("the call has another name that the tool may read as one of these");
            }
            match attribute {
                Attribute::Argument(steps) | Attribute::Custom(steps) => {
                    let root = if matches!(attribute, Attribute::Argument(_)) { "args" } else { "user" };
                    let Some(first @ Segment::Key(key)) = steps.first() else { continue };
                    let members = roots.entry(root).or_default();
                    let whole = match attribute {
                        Attribute::Argument(_) => Attribute::Argument(vec![first.clone()]),
                        _ => Attribute::Custom(vec![first.clone()]),
                    };
                    let Some(value) = budget.seen(&view.find(&whole).seen)? else { continue };
                    members.insert(key.clone().into(), value.clone());
                    if root == "args" && !ROOTS.contains(&key.as_str()) {
                        variables.insert(key.clone(), value);
                    }
                }
                Attribute::Fact(_) => {
                    let name = attribute.key();
                    let Some((root, key)) = name.split_once('.') else { continue };
                    let root = ROOTS.iter().find(|known| **known == root).copied().unwrap_or("context");
                    let members = roots.entry(root).or_default();
                    if let Some(value) = budget.seen(&view.find(attribute).seen)? {
                        members.insert(key.to_owned().into(), value);
                    }
                }
            }
        }
        let rounds = budget.longest.max(1).saturating_pow(self.size.loops);
        if rounds.saturating_mul(self.size.nodes).saturating_mul(budget.text / 64 + 1) > MAX_WORK {
            return Err("the call's arguments are too large to be judged in free CEL");
        }
        for (root, members) in roots {
            variables.insert(root.to_owned(), cel::Value::Map(members.into()));
        }
        Ok(variables)
    }
}

/// The standard functions and macros of CEL, without optional values.
fn standard_env() -> Arc<Env> {
    ENV.clone()
}

fn reason(error: &ExecutionError) -> Cow<'static, str> {
    match error {
        ExecutionError::NoSuchKey(key) | ExecutionError::UndeclaredReference(key) => {
            format!("`{}` is missing", crate::wording::shown(key)).into()
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "it divides by zero".into(),
        ExecutionError::Overflow(..) => "a number in it becomes too large".into(),
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnexpectedType { .. } => {
            "its values are of types that do not go together; `double(..)` or `int(..)` makes numbers alike"
                .into()
        }
        ExecutionError::IndexOutOfBounds(_) => "a list in it is shorter than that".into(),
        _ => "it could not be evaluated".into(),
    }
}

/// Counts what goes into one evaluation.
struct Budget {
    values: usize,
    /// In bytes.
    text: usize,
    /// Entries of the longest list or object.
    longest: usize,
}

impl Budget {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<Option<cel::Value>, &'static str> {
        Ok(Some(match seen {
            Seen::Missing | Seen::Required | Seen::Untold | Seen::Astray | Seen::Alike => return Ok(None),
            Seen::Text(text) => self.text(text)?,
            Seen::Number(text) => number(text)?,
            Seen::Whole(number) => cel::Value::Int(*number),
            Seen::Flag(flag) => cel::Value::Bool(*flag),
            Seen::Time(moment) => timestamp(&moment.rfc3339())?,
            Seen::List(items) => self.list(items)?,
            Seen::Object(value) => cel::Value::Map(self.members(value.as_map())?.into()),
            Seen::Roles(roles) => {
                let roles: Vec<cel::Value> = roles.iter().map(|role| role.as_str().into()).collect();
                cel::Value::List(roles.into())
            }
        }))
    }

    fn value(&mut self, value: &Value) -> Result<cel::Value, &'static str> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err("the call's arguments are too many to be judged in free CEL");
        }
        Ok(match value {
            Value::Null => cel::Value::Null,
            Value::Bool(flag) => cel::Value::Bool(*flag),
            Value::Number(text) => number(text.as_str())?,
            Value::Text(text) => self.text(text)?,
            Value::List(items) => self.list(items)?,
            Value::Map(map) => cel::Value::Map(self.members(Some(map))?.into()),
        })
    }

    fn list(&mut self, items: &[Value]) -> Result<cel::Value, &'static str> {
        self.longest = self.longest.max(items.len());
        let items: Vec<cel::Value> = items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?;
        Ok(cel::Value::List(items.into()))
    }

    /// A null member is left out: it is missing, and so undetermined.
    fn members(&mut self, map: Option<&crate::Map>) -> Result<HashMap<Key, cel::Value>, &'static str> {
        let mut members = HashMap::new();
        self.longest = self.longest.max(map.map_or(0, crate::Map::len));
        for (key, value) in map.into_iter().flat_map(crate::Map::iter) {
            if !matches!(value, Value::Null) {
                self.text += key.len();
                members.insert(key.to_owned().into(), self.value(value)?);
            }
        }
        Ok(members)
    }

    fn text(&mut self, text: &str) -> Result<cel::Value, &'static str> {
        if text.len() > MAX_VALUE_TEXT {
            return Err("a text in the call is too long to be judged in free CEL");
        }
        self.text += text.len();
        Ok(super::scalar::form(text, false).into_owned().into())
    }
}

/// Whole numbers as integers, others as doubles, but only where a double is the same number.
fn number(text: &str) -> Result<cel::Value, &'static str> {
    let inexact = "a number in the call has more digits than CEL can keep";
    if !text.contains(['.', 'e', 'E']) {
        return text.parse().map(cel::Value::Int).map_err(|_| inexact);
    }
    let double: f64 = text.parse().map_err(|_| inexact)?;
    let same = crate::decimal::Decimal::parse(text).is_some_and(|exact| {
        crate::decimal::Decimal::parse(&format!("{double:e}")).is_some_and(|back| back == exact)
    });
    if same { Ok(cel::Value::Float(double)) } else { Err(inexact) }
}

/// The library's own reading of a time, so that this crate needs no second calendar.
fn timestamp(text: &str) -> Result<cel::Value, &'static str> {
    let why = "the time could not be given to CEL";
    let program = standard_env().compile(&format!("timestamp(\"{text}\")")).map_err(|_| why)?;
    program.execute(&Context::with_env(standard_env())).map_err(|_| why)
}

/// Goes through a row before the library sees it.
struct Reader {
    attributes: Vec<Attribute>,
    all_arguments: bool,
    size: Size,
    bound: Vec<String>,
}

impl Reader {
    fn look(&mut self, expr: &Expr) -> Result<(), SyntaxError> {
        let at = expr.span.start;
        self.size.nodes += 1;
        if let Kind::List(items) = &expr.kind {
            self.size.longest_list = self.size.longest_list.max(items.len());
        }
        if let Some((root, steps)) = chain(expr) {
            return self.name(&root, &steps, at);
        }
        match &expr.kind {
            // `args[name]`: which parameter is known only when the call is there.
            Kind::Index(inner, index) if matches!(&inner.bare().kind, Kind::Name(name) if name == "args") => {
                self.all_arguments = true;
                self.look(index)
            }
            Kind::Call { target: None, name, arguments } => {
                self.known(name, &FUNCTIONS, at)?;
                if name == "has" && !matches!(arguments.as_slice(), [Expr { kind: Kind::Select(..), .. }]) {
                    return Err(SyntaxError::new(at, "`has` takes one attribute")
                        .hint("write it like `has(args.note)`"));
                }
                if name == "matches" {
                    self.fixed_pattern(arguments.get(1), at)?;
                }
                arguments.iter().try_for_each(|argument| self.look(argument))
            }
            Kind::Call { target: Some(target), name, arguments } if LOOPS.contains(&name.as_str()) => {
                self.target(target)?;
                self.walk_loop(name, arguments, at)
            }
            Kind::Call { target: Some(target), name, arguments } => {
                self.known(name, &METHODS, at)?;
                if name == "matches" {
                    self.fixed_pattern(arguments.first(), at)?;
                }
                self.target(target)?;
                arguments.iter().try_for_each(|argument| self.look(argument))
            }
            kind => kind.children().try_for_each(|child| self.look(child)),
        }
    }

    /// `args.exists(..)` goes over the parameters' names.
    fn target(&mut self, target: &Expr) -> Result<(), SyntaxError> {
        if matches!(&target.bare().kind, Kind::Name(name) if name == "args") {
            self.all_arguments = true;
            return Ok(());
        }
        self.look(target)
    }

    fn name(&mut self, root: &str, steps: &[Segment], at: usize) -> Result<(), SyntaxError> {
        if self.bound.iter().any(|bound| bound == root) || (steps.is_empty() && TYPES.contains(&root)) {
            return Ok(());
        }
        let attribute =
            Attribute::of(root, steps).map_err(|(message, hint)| SyntaxError { at, message, hint })?;
        if attribute == Attribute::Fact(Fact::UserRole) {
            return Err(SyntaxError::new(
                at,
                "a user may have several roles, so `user.role` has no one value here",
            )
            .hint("use `user.roles`, a list"));
        }
        if !self.attributes.contains(&attribute) {
            self.attributes.push(attribute);
        }
        Ok(())
    }

    fn known(&self, name: &str, known: &[&str], at: usize) -> Result<(), SyntaxError> {
        if known.contains(&name) {
            return Ok(());
        }
        if TYPED_ONLY.contains(&name) {
            return Err(SyntaxError::new(at, format!("`{name}` takes one attribute and fixed values"))
                .hint("join it to the rest with `&&` or `||`"));
        }
        let all: Vec<&str> = known.iter().chain(&TYPED_ONLY).chain(&LOOPS).copied().collect();
        let hint = section::did_you_mean(name, &all)
            .unwrap_or_else(|| format!("there are {}", section::listed(known)));
        Err(SyntaxError::new(at, format!("unknown function `{name}`")).hint(hint))
    }

    /// A pattern that came from the call could be made expensive by an agent.
    fn fixed_pattern(&self, argument: Option<&Expr>, at: usize) -> Result<(), SyntaxError> {
        match argument.map(|argument| &argument.bare().kind) {
            Some(Kind::Text(text)) => pattern(text, false, at).map(drop),
            _ => Err(SyntaxError::new(at, "the pattern of `matches` must be a fixed text")),
        }
    }

    fn walk_loop(&mut self, name: &str, arguments: &[Expr], at: usize) -> Result<(), SyntaxError> {
        let Some((Expr { kind: Kind::Name(variable), .. }, bodies)) =
            arguments.split_first().filter(|(_, rest)| !rest.is_empty())
        else {
            return Err(SyntaxError::new(at, format!("`{name}` takes a name and a condition on it"))
                .hint(format!("write it like `tags.{name}(tag, tag == \"urgent\")`")));
        };
        if ROOTS.contains(&variable.as_str()) {
            return Err(SyntaxError::new(at, format!("`{variable}` has a meaning already"))
                .hint("choose another name for the entry"));
        }
        self.bound.push(variable.clone());
        self.size.loops = self.size.loops.max(u32::try_from(self.bound.len()).unwrap_or(u32::MAX));
        if self.bound.len() > MAX_LOOPS {
            return Err(SyntaxError::new(at, format!("more than {MAX_LOOPS} loops stand inside each other")));
        }
        bodies.iter().try_for_each(|body| self.look(body))?;
        self.bound.pop();
        Ok(())
    }
}
