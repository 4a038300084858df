//! Conditions against the schemas of the tools their policy is about: unknown parameters, operators on the wrong
//! type, values that the schema rules out. Said only where every known tool of the target agrees.

use super::{Code, Known, Looked, Report, Severity, place::Spot};
use crate::{
    Value,
    catalogue::{Entry, Kind, Lookup, ToolEntry},
    condition::{
        Comparison, Condition, Each, Literal, Predicate, Test, TextLiteral,
        attribute::{Attribute, Segment},
        scalar::form,
    },
    decimal::Decimal,
    mend::{Edit, Key, Mend},
    section,
    wording::few,
};

pub(super) fn look(looked: &Looked<'_>, known: &Known<'_>, report: &mut Report) {
    let Some(condition) = &looked.policy.condition else { return };
    let tools: Vec<&ToolEntry> =
        known.tools.iter().filter(|tool| looked.policy.tools.matches(&tool.qualified())).collect();
    let checker = Checker { looked, known, tools };
    checker.walk(condition, &mut Vec::new(), report);
}

struct Checker<'a> {
    looked: &'a Looked<'a>,
    known: &'a Known<'a>,
    /// Of the target.
    tools: Vec<&'a ToolEntry>,
}

/// What all tools say of one place.
enum Common<'a> {
    /// No tool has it.
    Absent,
    /// Every tool that has it, and at least one.
    Found(Vec<&'a Entry>),
    Unclear,
}

impl Checker<'_> {
    fn walk(&self, condition: &Condition, node: &mut Vec<usize>, report: &mut Report) {
        let mut each = |parts: &[Condition]| {
            for (index, part) in parts.iter().enumerate() {
                node.push(index);
                self.walk(part, node, report);
                node.pop();
            }
        };
        match condition {
            Condition::All(parts) | Condition::Any(parts) => each(parts),
            Condition::Not(inner) => each(std::slice::from_ref(&**inner)),
            Condition::Typed(predicate) => self.predicate(predicate, node, report),
            Condition::Free(row) => {
                for attribute in row.attributes() {
                    self.is_known(attribute, None, node, report);
                }
            }
        }
    }

    fn common(&self, steps: &[Segment]) -> Common<'_> {
        let mut found = Vec::new();
        for tool in &self.tools {
            match tool.find(steps) {
                Lookup::Found(entry) => found.push(entry),
                Lookup::Absent => {}
                Lookup::Unclear => return Common::Unclear,
            }
        }
        match (found.is_empty(), self.tools.is_empty()) {
            (_, true) => Common::Unclear,
            (true, _) => Common::Absent,
            (false, _) => Common::Found(found),
        }
    }

    fn predicate(&self, predicate: &Predicate, node: &[usize], report: &mut Report) {
        if !self.is_known(&predicate.attribute, Some(predicate), node, report) {
            return;
        }
        let Attribute::Argument(steps) = &predicate.attribute else { return };
        let Common::Found(entries) = self.common(steps) else { return };
        let fits = |entries: &[&Entry], wanted: &[Kind]| {
            entries.iter().any(|e| e.kinds.is_empty() || e.kinds.iter().any(|kind| wanted.contains(kind)))
        };
        let Some(each) = &predicate.each else {
            if fits(&entries, takes(&predicate.test)) {
                self.values(predicate, &entries, node, report);
            } else {
                self.wrong_type(predicate, &entries, node, report);
            }
            return;
        };
        if !fits(&entries, &[Kind::List]) {
            self.wrong_type(predicate, &entries, node, report);
            return;
        }
        let inside: Vec<Segment> =
            steps.iter().chain([&Segment::Index(0)]).chain(&each.path).cloned().collect();
        if let Common::Found(entries) = self.common(&inside) {
            if fits(&entries, takes(&predicate.test)) {
                self.values(predicate, &entries, node, report);
            } else {
                self.wrong_type(predicate, &entries, node, report);
            }
        }
    }

    /// False, and reported, where no tool has the parameter or no user the attribute.
    fn is_known(
        &self,
        attribute: &Attribute,
        predicate: Option<&Predicate>,
        node: &[usize],
        report: &mut Report,
    ) -> bool {
        let (sentence, names): (String, Vec<String>) = match attribute {
            Attribute::Argument(steps) => {
                if !matches!(self.common(steps), Common::Absent) {
                    return true;
                }
                let tools: Vec<String> =
                    self.tools.iter().map(|tool| format!("`{}`", tool.qualified())).collect();
                let entries = self.tools.iter().flat_map(|tool| &tool.parameters);
                let names = entries.filter_map(|entry| entry.written.clone()).collect();
                (format!("{} has no parameter `{attribute}`", few(&tools, 3, "or")), names)
            }
            Attribute::Custom(steps) => {
                let (Some(people), Some(Segment::Key(key))) = (self.known.people, steps.first()) else {
                    return true;
                };
                if people.iter().any(|user| user.attributes.contains_key(key)) {
                    return true;
                }
                let keys = people.iter().flat_map(|user| user.attributes.keys());
                let built_in = crate::people::BUILT_IN.iter().map(|key| (*key).to_owned());
                let names = keys.cloned().chain(built_in).map(|key| crate::facts::member("user", &key));
                (format!("no user has the attribute `{attribute}`"), names.collect())
            }
            Attribute::Fact(_) => return true,
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let nearest = section::nearest(&attribute.to_string(), &names);
        let sentence = match nearest {
            Some(nearest) => format!("{sentence}; did you mean `{nearest}`?"),
            None => sentence,
        };
        let finding =
            self.looked.finding(Code::UnknownAttribute, Severity::Error, Spot::Node(node), sentence);
        let mend = nearest.zip(predicate).and_then(|(nearest, predicate)| {
            let Ok(Condition::Typed(named)) = Condition::parse(&format!("has({nearest})")) else {
                return None;
            };
            let renamed = Predicate { attribute: named.attribute, ..predicate.clone() };
            self.instead(node, &renamed, format!("Did you mean `{nearest}`?"))
        });
        report.add(finding, mend);
        false
    }

    /// The document with this leaf written anew.
    fn instead(&self, node: &[usize], predicate: &Predicate, label: String) -> Option<Mend> {
        let text = self.looked.sheet.spans()?.with(node, &predicate.to_string())?;
        Some(self.looked.mend(label, Edit::Text { at: vec![Key::name("when")], text }))
    }

    fn wrong_type(&self, predicate: &Predicate, entries: &[&Entry], node: &[usize], report: &mut Report) {
        let kinds: Vec<Kind> = entries.iter().flat_map(|entry| entry.kinds.iter().copied()).collect();
        let mut nouns: Vec<String> = kinds.iter().map(|kind| noun(*kind).to_owned()).collect();
        nouns.dedup();
        let sentence = format!(
            "`{predicate}` can never be judged: the tool's schema says that the value is {}",
            few(&nouns, 4, "or")
        );
        let finding = self.looked.finding(Code::WrongType, Severity::Error, Spot::Node(node), sentence);
        let mended = retyped(predicate, &kinds);
        let mend = mended.and_then(|other| self.instead(node, &other, format!("Write `{other}`")));
        report.add(finding, mend);
    }

    /// Values that none of the tools takes.
    fn values(&self, predicate: &Predicate, entries: &[&Entry], node: &[usize], report: &mut Report) {
        let literals: Vec<&Literal> = match &predicate.test {
            Test::Compare(_, literal) => vec![literal],
            Test::Between(low, high) => vec![low, high],
            Test::OneOf(literals) => literals.iter().collect(),
            _ => return,
        };
        let equality = match &predicate.test {
            Test::Compare(comparison, _) => {
                matches!(comparison, Comparison::Equal | Comparison::NotEqual)
            }
            Test::OneOf(_) => true,
            _ => false,
        };
        for (index, literal) in literals.into_iter().enumerate() {
            let listed = entries.iter().all(|entry| !entry.values.is_empty());
            let taken =
                |entry: &&Entry| entry.values.iter().any(|v| is_same(v, literal, predicate.ignore_case));
            if equality && listed && !entries.iter().any(taken) {
                self.outside_enum(predicate, literal, index, entries, node, report);
            } else if entries.iter().all(|entry| is_outside(entry, literal)) {
                let sentence =
                    format!("the tool's schema does not let `{}` reach {literal}", predicate.attribute);
                let at = Spot::Node(node);
                report.add(self.looked.finding(Code::OutsideRange, Severity::Warning, at, sentence), []);
            }
        }
    }

    fn outside_enum(
        &self,
        predicate: &Predicate,
        literal: &Literal,
        index: usize,
        entries: &[&Entry],
        node: &[usize],
        report: &mut Report,
    ) {
        let values: Vec<&Value> = entries.iter().flat_map(|entry| &entry.values).collect();
        let mut shown: Vec<String> = values.iter().map(|value| value.to_json()).collect();
        shown.dedup();
        let sentence = format!(
            "`{}` is never {literal}: the tool's schema lists {}",
            predicate.attribute,
            few(&shown, 8, "and")
        );
        let finding = self.looked.finding(Code::OutsideEnum, Severity::Warning, Spot::Node(node), sentence);
        let texts: Vec<&str> = values.iter().filter_map(|value| value.as_text()).collect();
        let nearest = match literal {
            Literal::Text(text) => near_value(&text.text, &texts),
            _ => None,
        };
        let test = match (&predicate.test, nearest) {
            (Test::Compare(comparison, _), Some(nearest)) => {
                Some(Test::Compare(*comparison, text(nearest, predicate.ignore_case)))
            }
            (Test::OneOf(literals), nearest) => {
                let mut literals = literals.clone();
                let here = literals.get_mut(index);
                match (here, nearest.map(|nearest| text(nearest, predicate.ignore_case))) {
                    (Some(here), Some(nearest)) => *here = nearest,
                    _ => drop(literals.remove(index)),
                }
                let mut unique: Vec<Literal> = Vec::new();
                literals.into_iter().for_each(|literal| {
                    if !unique.contains(&literal) {
                        unique.push(literal);
                    }
                });
                (!unique.is_empty()).then_some(Test::OneOf(unique))
            }
            _ => None,
        };
        let mend = test.and_then(|test| {
            let other = Predicate { test, ..predicate.clone() };
            self.instead(node, &other, format!("Write `{other}`"))
        });
        report.add(finding, mend);
    }
}

/// Upper and lower case count little when a value is looked for.
fn near_value<'a>(given: &str, values: &[&'a str]) -> Option<&'a str> {
    let same = values.iter().find(|value| form(value, true) == form(given, true));
    same.copied().or_else(|| section::nearest(given, values))
}

fn text(value: &str, ignore_case: bool) -> Literal {
    Literal::Text(TextLiteral { text: value.to_owned(), form: form(value, ignore_case).into_owned() })
}

/// Kinds a test can be judged on.
fn takes(test: &Test) -> &'static [Kind] {
    use Kind::{Flag, List, Null, Number, Object, Text, Time, Whole};
    let literal = match test {
        Test::Present => return &[Text, Number, Whole, Flag, Time, List, Object, Null],
        Test::Compare(_, literal) | Test::Between(literal, _) => Some(literal),
        Test::OneOf(literals) => literals.first(),
        _ => return &[Text],
    };
    match literal {
        Some(Literal::Number { .. }) => &[Number, Whole],
        Some(Literal::Flag(_)) => &[Flag],
        _ => &[Text],
    }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "a text",
        Kind::Number => "a number",
        Kind::Whole => "a whole number",
        Kind::Flag => "true or false",
        Kind::Time => "a time",
        Kind::List => "a list",
        Kind::Object => "an object",
        Kind::Null => "null",
    }
}

/// The same comparison on the type that is there: a number without its quotation marks, some entry of a list.
fn retyped(predicate: &Predicate, kinds: &[Kind]) -> Option<Predicate> {
    let Predicate { attribute, each, ignore_case, test } = predicate;
    if each.is_none() && kinds.contains(&Kind::List) {
        let turned = matches!(test, Test::Compare(Comparison::NotEqual, _));
        let test = match test {
            Test::Compare(Comparison::NotEqual, literal) => Test::Compare(Comparison::Equal, literal.clone()),
            // What a person means by a text that a list contains.
            Test::Contains(part) => Test::Compare(Comparison::Equal, Literal::Text(part.clone())),
            other => other.clone(),
        };
        // `tags != x`: every entry is another.
        let each = Some(Each { all: turned, negated: turned, path: Vec::new() });
        return Some(Predicate { attribute: attribute.clone(), each, ignore_case: *ignore_case, test });
    }
    let number = kinds.iter().any(|kind| matches!(kind, Kind::Number | Kind::Whole));
    let change = |literal: &Literal| match literal {
        Literal::Text(TextLiteral { text, .. }) if number => {
            Decimal::parse(text).map(|value| Literal::Number { text: text.clone(), value })
        }
        Literal::Text(TextLiteral { text, .. }) if kinds.contains(&Kind::Flag) => {
            text.parse().ok().map(Literal::Flag)
        }
        Literal::Number { text: written, .. } if kinds.contains(&Kind::Text) => Some(text(written, false)),
        _ => None,
    };
    let equality = |c: &Comparison| matches!(c, Comparison::Equal | Comparison::NotEqual);
    let test = match test {
        Test::Compare(comparison, literal) if equality(comparison) && !ignore_case => {
            Test::Compare(*comparison, change(literal)?)
        }
        Test::OneOf(literals) if !ignore_case => {
            Test::OneOf(literals.iter().map(change).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some(Predicate { test, ..predicate.clone() })
}

fn is_same(value: &Value, literal: &Literal, ignore_case: bool) -> bool {
    match (value, literal) {
        (Value::Text(value), Literal::Text(wanted)) => form(value, ignore_case) == wanted.form.as_str(),
        (Value::Number(value), Literal::Number { value: wanted, .. }) => {
            Decimal::parse(value.as_str()).is_some_and(|value| value == *wanted)
        }
        (Value::Bool(value), Literal::Flag(wanted)) => value == wanted,
        // A time may be written in many ways.
        (_, Literal::Time { .. }) => true,
        _ => false,
    }
}

/// A number the schema's range leaves out.
fn is_outside(entry: &Entry, literal: &Literal) -> bool {
    let (Some(range), Literal::Number { value, .. }) = (&entry.range, literal) else { return false };
    let beyond = |bound: &Option<crate::catalogue::Bound>, low: bool| {
        let Some(bound) = bound else { return false };
        let Some(end) = Decimal::parse(&bound.value) else { return false };
        if low { *value < end } else { *value > end }
    };
    beyond(&range.low, true) || beyond(&range.high, false)
}
