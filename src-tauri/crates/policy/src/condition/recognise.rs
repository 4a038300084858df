//! Gives the syntax its meaning: `&&`, `||`, `!` become the tree, `attribute operator literal` shapes become
//! typed predicates, and what is neither stays one free CEL row. What would be judged differently from how it
//! reads is refused in words.

use super::{
    Comparison, Condition, Each, Literal, MAX_LIST, Pattern, Predicate, Test, TextLiteral,
    attribute::{Attribute, ROOTS, Segment, Type},
    free::FreeRow,
    path,
    scalar::form,
    syntax::{Expr, Kind, SyntaxError},
};
use crate::{decimal::Decimal, moment::Moment, section};

type Read<T> = Result<T, SyntaxError>;

/// Longest pattern, in characters, and the largest program one may become, in bytes.
const MAX_PATTERN: usize = 512;
const MAX_REGEX: usize = 1 << 18;

pub(crate) fn condition(text: &str, expr: &Expr) -> Read<Condition> {
    match &expr.kind {
        Kind::Group(inner) => condition(text, inner),
        Kind::And(parts) => {
            parts.iter().map(|part| condition(text, part)).collect::<Read<_>>().map(Condition::All)
        }
        Kind::Or(parts) => {
            parts.iter().map(|part| condition(text, part)).collect::<Read<_>>().map(Condition::Any)
        }
        Kind::Not(inner) => Ok(Condition::Not(Box::new(condition(text, inner)?))),
        Kind::Bool(true) => Ok(Condition::All(Vec::new())),
        Kind::Bool(false) => Ok(Condition::Any(Vec::new())),
        _ => match leaf(expr, None)? {
            Some(Leaf { predicate, negated: false }) => Ok(Condition::Typed(Box::new(predicate))),
            Some(Leaf { predicate, negated: true }) => {
                Ok(Condition::Not(Box::new(Condition::Typed(Box::new(predicate)))))
            }
            None => FreeRow::read(text, expr).map(Condition::Free),
        },
    }
}

/// A typed predicate; `x == null` is the negation of *is present*.
struct Leaf {
    predicate: Predicate,
    negated: bool,
}

/// The attribute side of a predicate.
struct Subject {
    attribute: Attribute,
    /// Steps inside an entry, where the subject is a list's entry.
    ignore_case: bool,
    timed: bool,
    at: usize,
}

/// Reads one leaf; none where it is no typed shape. `entry` is the name a list's entry goes by.
fn leaf(expr: &Expr, entry: Option<&str>) -> Read<Option<Leaf>> {
    match &expr.kind {
        Kind::Binary("in", left, right) => membership(expr, left, right, entry),
        Kind::Binary(operator, left, right) => match comparison(operator) {
            Some(operator) => compared(operator, left, right, entry),
            None => Ok(None),
        },
        Kind::Call { target: None, name, arguments } => match (name.as_str(), arguments.as_slice()) {
            ("has", [inner]) => {
                let Some(subject) = subject(inner, entry)? else { return Ok(None) };
                plain(&subject, "has")?;
                Ok(Some(positive(subject, Test::Present)))
            }
            ("between", [inner, low, high]) => {
                let Some(subject) = subject(inner, entry)? else {
                    return Err(only_typed(expr, "between(amount, 5, 10)"));
                };
                let (Some(low), Some(high)) = (literal(low, &subject)?, literal(high, &subject)?) else {
                    return Err(only_typed(expr, "between(amount, 5, 10)"));
                };
                ordered(&subject, &low, expr)?;
                ordered(&subject, &high, expr)?;
                if is_backwards(&low, &high) {
                    return Err(SyntaxError::new(
                        expr.span.start,
                        "the first end of `between` is above the second",
                    ));
                }
                Ok(Some(positive(subject, Test::Between(low, high))))
            }
            ("between", _) => Err(only_typed(expr, "between(amount, 5, 10)")),
            _ => Ok(None),
        },
        Kind::Call { target: Some(target), name, arguments } => method(expr, target, name, arguments, entry),
        Kind::Name(_) | Kind::Select(..) | Kind::Index(..) => {
            let Some(subject) = subject(expr, entry)? else { return Ok(None) };
            fits(&subject, Type::Flag, expr.span.start)?;
            Ok(Some(positive(subject, Test::Compare(Comparison::Equal, Literal::Flag(true)))))
        }
        _ => Ok(None),
    }
}

fn positive(subject: Subject, test: Test) -> Leaf {
    let Subject { attribute, ignore_case, .. } = subject;
    Leaf { predicate: Predicate { attribute, each: None, ignore_case, test }, negated: false }
}

fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        _ => return None,
    })
}

fn compared(operator: Comparison, left: &Expr, right: &Expr, entry: Option<&str>) -> Read<Option<Leaf>> {
    // `5000 < amount` reads as `amount > 5000`.
    let mirrored = match operator {
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        same => same,
    };
    for (operator, one, other) in [(operator, left, right), (mirrored, right, left)] {
        let Some(subject) = subject(one, entry)? else { continue };
        let equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
        if matches!(other.bare().kind, Kind::Null) && equality {
            plain(&subject, "null")?;
            let Leaf { predicate, .. } = positive(subject, Test::Present);
            return Ok(Some(Leaf { predicate, negated: operator == Comparison::Equal }));
        }
        let Some(literal) = literal(other, &subject)? else { continue };
        if !equality {
            ordered(&subject, &literal, other)?;
        }
        return Ok(Some(positive(subject, Test::Compare(operator, literal))));
    }
    Ok(None)
}

/// `x in [..]`, and `"a" in list`.
fn membership(expr: &Expr, left: &Expr, right: &Expr, entry: Option<&str>) -> Read<Option<Leaf>> {
    if let (Some(subject), Kind::List(items)) = (subject(left, entry)?, &right.bare().kind) {
        if items.is_empty() {
            return Err(SyntaxError::new(right.span.start, "the list is empty, so nothing is in it"));
        }
        if items.len() > MAX_LIST {
            return Err(SyntaxError::new(
                right.span.start,
                format!("the list has more than {MAX_LIST} values"),
            ));
        }
        let mut literals: Vec<Literal> = Vec::with_capacity(items.len());
        for item in items {
            let Some(literal) = literal(item, &subject)? else { return Ok(None) };
            if literals.first().is_some_and(|first| type_of(first) != type_of(&literal)) {
                let error = SyntaxError::new(item.span.start, "the list mixes values of different types");
                return Err(
                    error.hint("a value is only ever compared with its own type; make two comparisons")
                );
            }
            literals.push(literal);
        }
        return Ok(Some(positive(subject, Test::OneOf(literals))));
    }
    let whole = match subject(right, entry)? {
        Some(whole) if !whole.ignore_case && !whole.timed && entry.is_none() => whole,
        _ => return Ok(None),
    };
    fits(&whole, Type::Texts, expr.span.start)?;
    let of_entry = Subject { attribute: whole.attribute, ignore_case: false, timed: false, at: whole.at };
    let Some(literal) = literal_of_any(left, &of_entry)? else { return Ok(None) };
    let mut leaf = positive(of_entry, Test::Compare(Comparison::Equal, literal));
    leaf.predicate.each = Some(Each { all: false, negated: false, path: Vec::new() });
    Ok(Some(leaf))
}

fn method(
    expr: &Expr,
    target: &Expr,
    name: &str,
    arguments: &[Expr],
    entry: Option<&str>,
) -> Read<Option<Leaf>> {
    if let ("exists" | "all", None, [variable, body]) = (name, entry, arguments) {
        return entries(name == "all", target, variable, body);
    }
    let known = ["contains", "startsWith", "endsWith", "matches", "within"];
    if !known.contains(&name) {
        return Ok(None);
    }
    let example = "path.within(\"/srv/data\")";
    let Some(subject) = subject(target, entry)? else {
        return if name == "within" { Err(only_typed(expr, example)) } else { Ok(None) };
    };
    let [argument] = arguments else { return Ok(None) };
    let Kind::Text(text) = &argument.bare().kind else {
        return if name == "within" { Err(only_typed(expr, example)) } else { Ok(None) };
    };
    if subject.timed {
        return Err(SyntaxError::new(expr.span.start, format!("a time has no `{name}`")));
    }
    fits(&subject, Type::Text, argument.span.start)?;
    let wanted = text_literal(text, subject.ignore_case);
    let test = match name {
        "contains" | "startsWith" | "endsWith" if text.is_empty() => {
            return Err(SyntaxError::new(argument.span.start, format!("every text `{name}` the empty text")));
        }
        "contains" => Test::Contains(wanted),
        "startsWith" => Test::StartsWith(wanted),
        "endsWith" => Test::EndsWith(wanted),
        "matches" => Test::Matches(pattern(text, subject.ignore_case, argument.span.start)?),
        _ => {
            plain(&subject, "within")?;
            let folder = path::normalised(text)
                .map_err(|why| SyntaxError::new(argument.span.start, why.replace("path", "folder")))?;
            Test::Within(folder)
        }
    };
    Ok(Some(positive(subject, test)))
}

/// `list.exists(x, …)` and `list.all(x, …)` with one typed predicate over the entry.
fn entries(all: bool, target: &Expr, variable: &Expr, body: &Expr) -> Read<Option<Leaf>> {
    let (Some(list), Kind::Name(name)) = (subject(target, None)?, &variable.bare().kind) else {
        return Ok(None);
    };
    if list.ignore_case || list.timed || ROOTS.contains(&name.as_str()) {
        return Ok(None);
    }
    fits(&list, Type::Texts, target.span.start)?;
    let (negated, inner) = match &body.bare().kind {
        Kind::Not(inner) => (true, inner.bare()),
        _ => (false, body.bare()),
    };
    let Some(Leaf { predicate, negated: turned }) = leaf(inner, Some(name))? else { return Ok(None) };
    let (Attribute::Argument(steps), Attribute::Argument(_) | Attribute::Custom(_) | Attribute::Fact(_)) =
        (&predicate.attribute, &list.attribute)
    else {
        return Ok(None);
    };
    let path = steps.get(1..).unwrap_or_default().to_vec();
    let each = Each { all, negated: negated != turned, path };
    let predicate = Predicate { attribute: list.attribute, each: Some(each), ..predicate };
    Ok(Some(Leaf { predicate, negated: false }))
}

/// An attribute, bare or inside `ignoreCase(..)` or `timestamp(..)`.
fn subject(expr: &Expr, entry: Option<&str>) -> Read<Option<Subject>> {
    let expr = expr.bare();
    if let Kind::Call { target: None, name, arguments } = &expr.kind {
        let (ignore_case, timed) = (name == "ignoreCase", name == "timestamp");
        let ([inner], true) = (arguments.as_slice(), ignore_case || timed) else { return Ok(None) };
        let Some(subject) = subject(inner, entry)? else {
            return if ignore_case {
                Err(only_typed(expr, "ignoreCase(category) == \"travel\""))
            } else {
                Ok(None)
            };
        };
        if subject.ignore_case || subject.timed {
            return Ok(None);
        }
        if ignore_case {
            fits(&subject, Type::Text, expr.span.start)?;
        }
        return Ok(Some(Subject { ignore_case, timed, ..subject }));
    }
    let Some((root, steps)) = chain(expr) else { return Ok(None) };
    // `args` as a whole is for free CEL, which also says what is wrong with the other roots alone.
    if steps.is_empty() && ROOTS.contains(&root.as_str()) {
        return Ok(None);
    }
    // Inside a list's body only the entry is a subject; it stands here as a parameter of that name.
    let attribute = match entry {
        Some(name) if name == root => {
            Attribute::Argument(std::iter::once(Segment::Key(root)).chain(steps).collect())
        }
        Some(_) => return Ok(None),
        None => Attribute::of(&root, &steps).map_err(|(message, hint)| SyntaxError {
            at: expr.span.start,
            message,
            hint,
        })?,
    };
    Ok(Some(Subject { attribute, ignore_case: false, timed: false, at: expr.span.start }))
}

/// `root.a["b"][0]` as its root and steps.
pub(crate) fn chain(expr: &Expr) -> Option<(String, Vec<Segment>)> {
    match &expr.kind {
        Kind::Name(name) => Some((name.clone(), Vec::new())),
        Kind::Select(inner, key) => {
            let (root, mut steps) = chain(inner)?;
            steps.push(Segment::Key(key.clone()));
            Some((root, steps))
        }
        Kind::Index(inner, index) => {
            let (root, mut steps) = chain(inner)?;
            steps.push(match &index.bare().kind {
                Kind::Text(key) => Segment::Key(key.clone()),
                Kind::Number(number) => Segment::Index(number.parse().ok()?),
                _ => return None,
            });
            Some((root, steps))
        }
        _ => None,
    }
}

/// A literal that may stand opposite this subject; none where it is no literal.
fn literal(expr: &Expr, subject: &Subject) -> Read<Option<Literal>> {
    let Some(literal) = literal_of_any(expr, subject)? else { return Ok(None) };
    fits(subject, type_of(&literal), expr.span.start)?;
    let Literal::Text(TextLiteral { text, .. }) = &literal else { return Ok(Some(literal)) };
    match subject.attribute.vocabulary() {
        Some(words) if !words.contains(&text.as_str()) && !subject.ignore_case => {
            let message = format!("{} is never {}", subject.attribute.key(), crate::wording::quoted(text));
            let hint = section::did_you_mean(&text.to_lowercase(), words);
            let hint = hint.unwrap_or_else(|| format!("it is one of {}", section::listed(words)));
            Err(SyntaxError::new(expr.span.start, message).hint(hint))
        }
        _ => Ok(Some(literal)),
    }
}

fn literal_of_any(expr: &Expr, subject: &Subject) -> Read<Option<Literal>> {
    let expr = expr.bare();
    let at = expr.span.start;
    Ok(Some(match &expr.kind {
        Kind::Bool(flag) => Literal::Flag(*flag),
        Kind::Text(text) => Literal::Text(text_literal(text, subject.ignore_case)),
        Kind::Number(text) => {
            let written = text.strip_prefix('-').unwrap_or(text);
            let value = Decimal::parse(text).ok_or_else(|| {
                let zeros = written.len() > 1 && written.starts_with('0') && !written.starts_with("0.");
                let hint =
                    if zeros { "take the leading zeros away" } else { "no tool takes a number of that size" };
                SyntaxError::new(at, format!("`{text}` is not a number that can be compared")).hint(hint)
            })?;
            Literal::Number { text: text.clone(), value }
        }
        Kind::Call { target: None, name, arguments } if name == "timestamp" => {
            let [Expr { kind: Kind::Text(text), .. }] = arguments.as_slice() else { return Ok(None) };
            let moment = Moment::parse(text).ok_or_else(|| {
                SyntaxError::new(at, format!("{} is not a time with its zone", crate::wording::quoted(text)))
                    .hint("write it like `timestamp(\"2026-01-05T12:00:00+01:00\")`")
            })?;
            Literal::Time { text: text.clone(), nanoseconds: moment.nanoseconds }
        }
        _ => return Ok(None),
    }))
}

fn text_literal(text: &str, ignore_case: bool) -> TextLiteral {
    TextLiteral { text: text.to_owned(), form: form(text, ignore_case).into_owned() }
}

pub(crate) fn pattern(text: &str, ignore_case: bool, at: usize) -> Read<Pattern> {
    if text.chars().count() > MAX_PATTERN {
        return Err(SyntaxError::new(at, format!("the pattern is longer than {MAX_PATTERN} characters")));
    }
    let built = regex::RegexBuilder::new(text).case_insensitive(ignore_case).size_limit(MAX_REGEX).build();
    let regex = built.map_err(|error| {
        // The library draws several lines; the last one says what is wrong.
        let message = error.to_string();
        let reason = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        SyntaxError::new(at, format!("not a pattern: {reason}"))
    })?;
    Ok(Pattern { text: text.to_owned(), regex })
}

fn type_of(literal: &Literal) -> Type {
    match literal {
        Literal::Number { .. } => Type::Number,
        Literal::Text(_) => Type::Text,
        Literal::Flag(_) => Type::Flag,
        Literal::Time { .. } => Type::Time,
    }
}

/// Refuses a comparison that could never be judged.
fn fits(subject: &Subject, wanted: Type, at: usize) -> Read<()> {
    let has = if subject.timed { Type::Time } else { subject.attribute.kind() };
    let noun = |kind: Type| match kind {
        Type::Text => "a text",
        Type::Number => "a number",
        Type::Flag => "true or false",
        Type::Time => "a time",
        Type::Texts => "a list",
        Type::Any => "anything",
    };
    if subject.timed && !matches!(subject.attribute.kind(), Type::Any | Type::Time | Type::Text) {
        return Err(SyntaxError::new(subject.at, format!("`{}` is not a time", subject.attribute.key())));
    }
    if subject.ignore_case && wanted != Type::Text {
        return Err(SyntaxError::new(at, "`ignoreCase` compares texts only"));
    }
    if has == Type::Any && wanted == Type::Time && !subject.timed {
        let error = SyntaxError::new(subject.at, format!("`{0}` is compared with a time", subject.attribute));
        return Err(error.hint(format!("write `timestamp({})`", subject.attribute)));
    }
    if has == Type::Any || has == wanted {
        return Ok(());
    }
    let error = SyntaxError::new(
        at,
        format!(
            "`{}` is {}, so it cannot be compared with {}",
            subject.attribute.key(),
            noun(has),
            noun(wanted)
        ),
    );
    Err(match has {
        Type::Texts => error.hint("write `\"finance\" in user.roles`, or `user.role == \"finance\"`"),
        Type::Time => error.hint("write `timestamp(\"2026-01-05T12:00:00Z\")`"),
        _ => error,
    })
}

/// Only numbers and times have an order.
fn ordered(subject: &Subject, literal: &Literal, at: &Expr) -> Read<()> {
    if matches!(literal, Literal::Number { .. } | Literal::Time { .. }) {
        return Ok(());
    }
    let error = SyntaxError::new(
        at.span.start,
        format!("`{}` is put in order with something that has none", subject.attribute),
    );
    Err(error.hint("only numbers and times have an order; write a number without quotation marks"))
}

fn is_backwards(low: &Literal, high: &Literal) -> bool {
    match (low, high) {
        (Literal::Number { value: low, .. }, Literal::Number { value: high, .. }) => low > high,
        (Literal::Time { nanoseconds: low, .. }, Literal::Time { nanoseconds: high, .. }) => low > high,
        _ => true,
    }
}

/// Refuses `ignoreCase` and `timestamp` where they say nothing.
fn plain(subject: &Subject, place: &str) -> Read<()> {
    if subject.ignore_case || subject.timed {
        return Err(SyntaxError::new(subject.at, format!("`{place}` takes the attribute alone")));
    }
    Ok(())
}

fn only_typed(expr: &Expr, example: &str) -> SyntaxError {
    SyntaxError::new(expr.span.start, "this takes one attribute and fixed values")
        .hint(format!("write it like `{example}`"))
}
