//! A condition as plain data: what the visual builder edits. Every condition becomes a [`Node`] and comes back as the
//! same condition (property-tested). A row that is not finished says what it lacks; nothing is guessed.

use super::{
    Comparison, Condition, Each, Literal, Predicate, Test, attribute::with_steps, syntax::SyntaxError,
};
use crate::{Value, catalogue::Operator, decimal::Decimal};
use serde::{Deserialize, Serialize};

/// One place in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Node {
    /// All or any of the parts; negated: not all, or none.
    Group {
        joined: Joined,
        negated: bool,
        parts: Vec<Node>,
    },
    Row(Row),
    /// CEL that is no single comparison.
    Free {
        negated: bool,
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joined {
    All,
    Any,
}

/// `attribute operator values`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// As it is written in a condition: `amount`, `user.role`.
    pub attribute: String,
    /// Set where entries of a list are looked at.
    pub each: Option<EachEntry>,
    pub operator: Operator,
    pub negated: bool,
    pub ignore_case: bool,
    pub values: Vec<RowValue>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EachEntry {
    /// Every entry; else some entry.
    pub all: bool,
    /// The test of an entry is turned round.
    pub negated: bool,
    /// What of the entry is looked at: `.price`; empty for the entry itself.
    pub part: String,
}

/// A value as a person types it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowValue {
    pub kind: ValueKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    Text,
    Number,
    Flag,
    Time,
}

impl Node {
    /// A group that nobody has filled yet: it says nothing.
    fn is_empty(&self) -> bool {
        matches!(self, Node::Group { parts, .. } if parts.iter().all(Node::is_empty))
    }
}

impl Row {
    /// Its own words carry a negation.
    fn is_negative(&self) -> bool {
        self.negated
            || (self.each.is_none() && matches!(self.operator, Operator::NotInList | Operator::IsMissing))
    }

    fn turned(mut self) -> Row {
        match (self.each.is_some(), self.operator) {
            (false, Operator::InList) => self.operator = Operator::NotInList,
            (false, Operator::IsPresent) => self.operator = Operator::IsMissing,
            _ => self.negated = true,
        }
        self
    }

    /// CEL of the row, as far as it is finished.
    fn cel(&self) -> Result<String, SyntaxError> {
        let lacks = |message: &str, hint: &str| Err(SyntaxError::new(0, message).hint(hint));
        if self.attribute.trim().is_empty() {
            return lacks("nothing is chosen to look at", "choose a parameter or a fact");
        }
        let subject = match &self.each {
            Some(each) => format!("x{}", each.part),
            None => self.attribute.clone(),
        };
        let timed = self.values.first().is_some_and(|value| value.kind == ValueKind::Time);
        let subject = match (self.ignore_case, timed && subject != "context.time") {
            (true, _) => format!("ignoreCase({subject})"),
            (_, true) => format!("timestamp({subject})"),
            _ => subject,
        };
        let values: Vec<String> = self.values.iter().map(RowValue::cel).collect::<Result<_, _>>()?;
        let test = match (self.operator, values.as_slice()) {
            (Operator::IsPresent, []) => format!("has({subject})"),
            (Operator::IsMissing, []) => format!("!has({subject})"),
            (Operator::Between, [low, high]) => format!("between({subject}, {low}, {high})"),
            (Operator::InList, [_, ..]) => format!("{subject} in [{}]", values.join(", ")),
            (Operator::NotInList, [_, ..]) => format!("!({subject} in [{}])", values.join(", ")),
            (operator, [value]) if operator != Operator::Between => {
                match (sign(operator), method(operator)) {
                    (Some(sign), _) => format!("{subject} {sign} {value}"),
                    (_, Some(method)) => format!("{subject}.{method}({value})"),
                    _ => return lacks("this comparison takes other values", "choose the comparison again"),
                }
            }
            _ => return lacks("a value is missing", "fill it in"),
        };
        let test = match &self.each {
            Some(EachEntry { all, negated, .. }) => {
                let call = if *all { "all" } else { "exists" };
                let test = if *negated { format!("!({test})") } else { test };
                format!("{}.{call}(x, {test})", self.attribute)
            }
            None => test,
        };
        Ok(if self.negated { format!("!({test})") } else { test })
    }

    /// The row as a condition.
    pub(super) fn condition(&self) -> Result<Condition, SyntaxError> {
        let condition = Condition::parse(&self.cel()?).map_err(|error| SyntaxError { at: 0, ..error })?;
        let mut leaf = &condition;
        while let Condition::Not(inner) = leaf {
            leaf = inner;
        }
        match leaf {
            Condition::Typed(_) => Ok(condition),
            _ => Err(SyntaxError::new(0, format!("`{}` cannot be compared in this way", self.attribute))
                .hint("choose another comparison, or write the row as CEL")),
        }
    }
}

impl RowValue {
    fn cel(&self) -> Result<String, SyntaxError> {
        let text = self.text.trim();
        let wrong = |message: String, hint: &str| Err(SyntaxError::new(0, message).hint(hint));
        match self.kind {
            ValueKind::Text => Ok(Value::from(self.text.as_str()).to_json()),
            _ if text.is_empty() => wrong("a value is missing".to_owned(), "fill it in"),
            ValueKind::Number if Decimal::parse(text).is_none() => {
                wrong(format!("`{text}` is not a number"), "write it like 5000 or 12.50")
            }
            ValueKind::Number => Ok(text.to_owned()),
            ValueKind::Flag if text == "true" || text == "false" => Ok(text.to_owned()),
            ValueKind::Flag => wrong(format!("`{text}` is neither true nor false"), "choose one of them"),
            ValueKind::Time => Ok(format!("timestamp({})", Value::from(text).to_json())),
        }
    }

    fn of(literal: &Literal) -> RowValue {
        let (kind, text) = match literal {
            Literal::Number { text, .. } => (ValueKind::Number, text.clone()),
            Literal::Text(text) => (ValueKind::Text, text.text.clone()),
            Literal::Flag(flag) => (ValueKind::Flag, flag.to_string()),
            Literal::Time { text, .. } => (ValueKind::Time, text.clone()),
        };
        RowValue { kind, text }
    }
}

fn sign(operator: Operator) -> Option<&'static str> {
    Some(match operator {
        Operator::Equals => "==",
        Operator::NotEquals => "!=",
        Operator::Greater | Operator::After => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Less | Operator::Before => "<",
        Operator::LessOrEqual => "<=",
        _ => return None,
    })
}

fn method(operator: Operator) -> Option<&'static str> {
    Some(match operator {
        Operator::Contains => "contains",
        Operator::StartsWith => "startsWith",
        Operator::EndsWith => "endsWith",
        Operator::Matches => "matches",
        Operator::WithinPath => "within",
        _ => return None,
    })
}

impl Condition {
    pub(crate) fn node(&self) -> Node {
        let group = |joined, parts: &[Condition]| Node::Group {
            joined,
            negated: false,
            parts: parts.iter().map(Condition::node).collect(),
        };
        match self {
            // Literals are rows of their own: a group without parts is one that nobody has filled yet.
            Condition::All(parts) if parts.is_empty() => {
                Node::Free { negated: false, text: "true".to_owned() }
            }
            Condition::Any(parts) if parts.is_empty() => {
                Node::Free { negated: false, text: "false".to_owned() }
            }
            Condition::All(parts) => group(Joined::All, parts),
            Condition::Any(parts) => group(Joined::Any, parts),
            Condition::Typed(predicate) => Node::Row(row(predicate)),
            Condition::Free(row) => Node::Free { negated: false, text: row.to_string() },
            Condition::Not(inner) => match inner.node() {
                Node::Group { joined, negated: false, parts } => Node::Group { joined, negated: true, parts },
                Node::Row(row) if !row.is_negative() => Node::Row(row.turned()),
                Node::Free { negated: false, text } => Node::Free { negated: true, text },
                twice => Node::Group { joined: Joined::All, negated: true, parts: vec![twice] },
            },
        }
    }

    /// The leaf at a place that lint names, counted in the order written; none where a group stands there.
    pub(crate) fn leaf_at(&self, place: &[usize]) -> Option<usize> {
        match self {
            Condition::Typed(_) | Condition::Free(_) => Some(0),
            Condition::Not(inner) => inner.leaf_at(place.get(1..).unwrap_or_default()),
            Condition::All(parts) | Condition::Any(parts) => {
                let (index, rest) = place.split_first()?;
                let before: usize = parts.iter().take(*index).map(|part| part.leaves().len()).sum();
                Some(before + parts.get(*index)?.leaf_at(rest)?)
            }
        }
    }
}

fn row(predicate: &Predicate) -> Row {
    let each = predicate.each.as_ref().map(|Each { all, negated, path }| EachEntry {
        all: *all,
        negated: *negated,
        part: with_steps("", path),
    });
    let time = |literal: &Literal| matches!(literal, Literal::Time { .. });
    let one =
        |operator, text: &str| (operator, vec![RowValue { kind: ValueKind::Text, text: text.to_owned() }]);
    let (operator, values) = match &predicate.test {
        Test::Present => (Operator::IsPresent, Vec::new()),
        Test::Compare(comparison, literal) => {
            let operator = match comparison {
                Comparison::Equal => Operator::Equals,
                Comparison::NotEqual => Operator::NotEquals,
                Comparison::Greater if time(literal) => Operator::After,
                Comparison::Greater => Operator::Greater,
                Comparison::GreaterOrEqual => Operator::GreaterOrEqual,
                Comparison::Less if time(literal) => Operator::Before,
                Comparison::Less => Operator::Less,
                Comparison::LessOrEqual => Operator::LessOrEqual,
            };
            (operator, vec![RowValue::of(literal)])
        }
        Test::Between(low, high) => (Operator::Between, vec![RowValue::of(low), RowValue::of(high)]),
        Test::OneOf(list) => (Operator::InList, list.iter().map(RowValue::of).collect()),
        Test::Contains(text) => one(Operator::Contains, &text.text),
        Test::StartsWith(text) => one(Operator::StartsWith, &text.text),
        Test::EndsWith(text) => one(Operator::EndsWith, &text.text),
        Test::Matches(pattern) => one(Operator::Matches, &pattern.text),
        Test::Within(folder) => one(Operator::WithinPath, folder),
    };
    Row {
        attribute: predicate.attribute.to_string(),
        each,
        operator,
        negated: false,
        ignore_case: predicate.ignore_case,
        values,
    }
}

/// The condition of a tree, or what is wrong with its leaves, by their position in the order written.
pub(crate) fn condition(node: &Node) -> Result<Condition, Vec<(usize, SyntaxError)>> {
    let mut wrong = Vec::new();
    let built = build(node, &mut 0, &mut wrong);
    match built {
        Some(condition) if wrong.is_empty() => Ok(condition),
        _ => Err(wrong),
    }
}

fn build(node: &Node, leaf: &mut usize, wrong: &mut Vec<(usize, SyntaxError)>) -> Option<Condition> {
    let turned = |negated: bool, condition: Condition| {
        if negated { Condition::Not(Box::new(condition)) } else { condition }
    };
    let read = match node {
        Node::Group { joined, negated, parts } => {
            let filled = parts.iter().filter(|part| !part.is_empty());
            let parts: Vec<Option<Condition>> = filled.map(|part| build(part, leaf, wrong)).collect();
            let mut parts: Vec<Condition> = parts.into_iter().collect::<Option<_>>()?;
            let group = match (parts.len(), joined) {
                (1, _) => parts.swap_remove(0),
                (_, Joined::All) => Condition::All(parts),
                (_, Joined::Any) => Condition::Any(parts),
            };
            return Some(turned(*negated, group));
        }
        Node::Row(row) => row.condition(),
        Node::Free { text, .. } if text.trim().is_empty() => {
            Err(SyntaxError::new(0, "the row is empty").hint("write a comparison, or remove the row"))
        }
        Node::Free { negated, text } => Condition::parse(text).map(|condition| turned(*negated, condition)),
    };
    let at = *leaf;
    *leaf += 1;
    match read {
        Ok(condition) => Some(condition),
        Err(error) => {
            wrong.push((at, error));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_finished_says_what_it_lacks() {
        let row = |operator, values: &[(ValueKind, &str)]| Row {
            attribute: "amount".to_owned(),
            each: None,
            operator,
            negated: false,
            ignore_case: false,
            values: values
                .iter()
                .map(|(kind, text)| RowValue { kind: *kind, text: (*text).to_owned() })
                .collect(),
        };
        let told = |row: Row| condition(&Node::Row(row)).unwrap_err().remove(0).1.message;
        assert_eq!(told(row(Operator::Greater, &[])), "a value is missing");
        assert_eq!(
            told(row(Operator::Greater, &[(ValueKind::Number, "5 || true")])),
            "`5 || true` is not a number"
        );
        assert_eq!(told(row(Operator::Between, &[(ValueKind::Number, "5")])), "a value is missing");
        let odd =
            Row { attribute: "amount + 1".to_owned(), ..row(Operator::Equals, &[(ValueKind::Number, "5")]) };
        assert_eq!(told(odd), "`amount + 1` cannot be compared in this way");
        let free = Node::Free { negated: false, text: " ".to_owned() };
        assert_eq!(condition(&free).unwrap_err().remove(0).1.message, "the row is empty");
    }

    #[test]
    fn every_unfinished_row_is_told_by_its_position() {
        let row = |text: &str| Node::Free { negated: false, text: text.to_owned() };
        let group = |parts| Node::Group { joined: Joined::Any, negated: true, parts };
        let tree = group(vec![row("a > 1"), group(vec![row(""), row("b > 2"), row("c >")])]);
        let at: Vec<usize> = condition(&tree).unwrap_err().into_iter().map(|(at, _)| at).collect();
        assert_eq!(at, [1, 3]);
    }

    #[test]
    fn a_group_that_is_not_filled_yet_says_nothing() {
        let read = Condition::parse("a == 1 && true").unwrap();
        let Node::Group { joined, negated, mut parts } = read.node() else { panic!("no group") };
        parts.push(Node::Group { joined: Joined::Any, negated: true, parts: vec![] });
        assert_eq!(condition(&Node::Group { joined, negated, parts }).unwrap(), read);
    }

    #[test]
    fn what_lint_names_is_found_among_the_leaves() {
        let condition = Condition::parse("a == 1 && !(b == 2 || c == null) && d + e > 3").unwrap();
        assert_eq!(condition.leaf_at(&[0]), Some(0));
        assert_eq!(condition.leaf_at(&[1, 0, 1]), Some(2));
        assert_eq!(condition.leaf_at(&[1, 0, 1, 0]), Some(2));
        assert_eq!(condition.leaf_at(&[2]), Some(3));
        assert_eq!(condition.leaf_at(&[]), None);
    }
}
