//! Tree → text: CEL that reads back as the same tree.

use super::{Comparison, Condition, Each, Literal, Predicate, Test, TextLiteral, attribute::with_steps};
use std::fmt::{self, Display, Write};

impl Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::All(parts) if parts.is_empty() => f.write_str("true"),
            Condition::Any(parts) if parts.is_empty() => f.write_str("false"),
            Condition::All(parts) => joined(f, parts, " && "),
            Condition::Any(parts) => joined(f, parts, " || "),
            Condition::Not(inner) => match &**inner {
                Condition::Typed(predicate) if predicate.is_call() => write!(f, "!{predicate}"),
                inner => write!(f, "!({inner})"),
            },
            Condition::Typed(predicate) => predicate.fmt(f),
            Condition::Free(row) => row.fmt(f),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Condition], operator: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(operator)?;
        }
        // A group inside a group keeps its own parentheses; so does a free row, whatever it holds.
        let group = matches!(part, Condition::All(inner) | Condition::Any(inner) if !inner.is_empty());
        if group || matches!(part, Condition::Free(_)) {
            write!(f, "({part})")?;
        } else {
            part.fmt(f)?;
        }
    }
    Ok(())
}

impl Predicate {
    /// Whether its text is one call, which `!` can stand before without parentheses.
    fn is_call(&self) -> bool {
        match &self.each {
            Some(each) => !self.is_membership(each),
            None => !matches!(self.test, Test::Compare(..) | Test::OneOf(_)),
        }
    }

    /// `"a" in list`.
    fn is_membership(&self, each: &Each) -> bool {
        let text = matches!(self.test, Test::Compare(Comparison::Equal, _));
        text && !each.all && !each.negated && each.path.is_empty() && !self.ignore_case && !self.is_timed()
    }

    pub(crate) fn is_timed(&self) -> bool {
        matches!(self.test, Test::Compare(_, Literal::Time { .. }) | Test::Between(Literal::Time { .. }, _))
            || matches!(&self.test, Test::OneOf(list) if matches!(list.first(), Some(Literal::Time { .. })))
    }
}

impl Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(each) = &self.each else { return self.write_test(f, &self.attribute.to_string()) };
        if let (true, Test::Compare(_, literal)) = (self.is_membership(each), &self.test) {
            return write!(f, "{literal} in {}", self.attribute);
        }
        let call = if each.all { "all" } else { "exists" };
        write!(f, "{}.{call}(x, ", self.attribute)?;
        let mut body = String::new();
        write_body(&mut body, self, &with_steps("x", &each.path))?;
        if !each.negated { write!(f, "{body})") } else { write!(f, "!({body}))") }
    }
}

fn write_body(out: &mut String, predicate: &Predicate, subject: &str) -> fmt::Result {
    struct Body<'a>(&'a Predicate, &'a str);
    impl Display for Body<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.write_test(f, self.1)
        }
    }
    write!(out, "{}", Body(predicate, subject))
}

impl Predicate {
    fn write_test(&self, f: &mut fmt::Formatter<'_>, attribute: &str) -> fmt::Result {
        let always_time = self.each.is_none() && self.attribute.kind() == super::attribute::Type::Time;
        let subject = match (self.ignore_case, self.is_timed() && !always_time) {
            (true, _) => format!("ignoreCase({attribute})"),
            (_, true) => format!("timestamp({attribute})"),
            _ => attribute.to_owned(),
        };
        let text = |text: &str| crate::Value::from(text).to_json();
        match &self.test {
            Test::Present => write!(f, "has({subject})"),
            Test::Compare(comparison, literal) => write!(f, "{subject} {} {literal}", comparison.symbol()),
            Test::Between(low, high) => write!(f, "between({subject}, {low}, {high})"),
            Test::OneOf(literals) => {
                let literals: Vec<String> = literals.iter().map(Literal::to_string).collect();
                write!(f, "{subject} in [{}]", literals.join(", "))
            }
            Test::Contains(TextLiteral { text: wanted, .. }) => {
                write!(f, "{subject}.contains({})", text(wanted))
            }
            Test::StartsWith(TextLiteral { text: wanted, .. }) => {
                write!(f, "{subject}.startsWith({})", text(wanted))
            }
            Test::EndsWith(TextLiteral { text: wanted, .. }) => {
                write!(f, "{subject}.endsWith({})", text(wanted))
            }
            Test::Matches(pattern) => write!(f, "{subject}.matches({})", text(&pattern.text)),
            Test::Within(folder) => write!(f, "{subject}.within({})", text(folder)),
        }
    }
}

impl Comparison {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Number { text, .. } => f.write_str(text),
            // JSON's escapes are all CEL escapes.
            Literal::Text(TextLiteral { text, .. }) => {
                f.write_str(&crate::Value::from(text.as_str()).to_json())
            }
            Literal::Flag(flag) => write!(f, "{flag}"),
            Literal::Time { text, .. } => {
                write!(f, "timestamp({})", crate::Value::from(text.as_str()).to_json())
            }
        }
    }
}
