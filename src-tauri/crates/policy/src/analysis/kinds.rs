//! All leaves about one attribute, for each kind of value it may have: as [`evaluate`](crate::condition::evaluate)
//! would judge them, with the values themselves left open.

use super::{Among, ranges, texts};
use crate::condition::{
    Comparison, Each, Literal, Predicate, Test,
    attribute::{Attribute, Fact, Type},
};

/// What there may be to look at; as [`Seen`](crate::condition::lookup::Seen), without the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Missing,
    Required,
    Untold,
    Astray,
    Text,
    /// One that can be judged; `Absurd` cannot.
    Number,
    Absurd,
    Flag,
    Time,
    List,
    Object,
    Roles,
}

/// One test on one value, and what it should come out as.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) test: &'a Test,
    pub(super) ignore_case: bool,
    pub(super) among: Among,
}

/// Values an attribute cannot leave.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    None,
    Words(&'static [&'static str]),
    /// Whole numbers from zero, to the last one.
    Whole(Option<u32>),
}

pub(super) fn possible(attribute: &Attribute, group: &[(&Predicate, Among)]) -> bool {
    let bounds = bounds(attribute);
    sorts(attribute).iter().any(|sort| fits(*sort, group, bounds))
}

fn sorts(attribute: &Attribute) -> &'static [Sort] {
    use Sort::{Absurd, Astray, Flag, List, Missing, Number, Object, Required, Roles, Text, Time, Untold};
    let always = matches!(
        attribute,
        Attribute::Fact(
            Fact::UserId
                | Fact::UserName
                | Fact::AgentName
                | Fact::ToolName
                | Fact::UpstreamName
                | Fact::UpstreamTransport
                | Fact::UpstreamRemote
                | Fact::Time
                | Fact::Hour
                | Fact::Weekday
                | Fact::CallsLastMinute
        )
    );
    match (attribute, attribute.kind()) {
        (Attribute::Argument(_), _) => &[Text, Number, Flag, List, Missing, Required, Astray, Absurd, Object],
        (Attribute::Custom(_), _) => &[Text, Number, Flag, List, Missing, Astray, Absurd, Object],
        (Attribute::Fact(Fact::UserRoles), _) => &[Roles, Missing],
        (_, Type::Text) if always => &[Text],
        (_, Type::Number) if always => &[Number],
        (_, Type::Flag) if always => &[Flag],
        (_, Type::Time) if always => &[Time],
        (_, Type::Text) => &[Text, Missing, Untold],
        (_, Type::Number) => &[Number, Missing, Untold],
        (_, Type::Flag) => &[Flag, Missing, Untold],
        (_, Type::Time) => &[Time, Missing, Untold],
        _ => &[Text, Number, Flag, Time, List, Roles, Missing, Required, Untold, Astray, Absurd, Object],
    }
}

fn bounds(attribute: &Attribute) -> Bounds {
    match (attribute, attribute.vocabulary()) {
        (_, Some(words)) => Bounds::Words(words),
        (Attribute::Fact(Fact::Hour), _) => Bounds::Whole(Some(23)),
        (Attribute::Fact(_), _) if attribute.kind() == Type::Number => Bounds::Whole(None),
        _ => Bounds::None,
    }
}

fn fits(sort: Sort, group: &[(&Predicate, Among)], bounds: Bounds) -> bool {
    match sort {
        Sort::List => {
            let plain = group.iter().filter(|(predicate, _)| predicate.each.is_none());
            let mut plain = plain.map(|(predicate, among)| (matches!(predicate.test, Test::Present), *among));
            // A list is present, and nothing else that is asked of it as a whole can be judged.
            plain.all(|(present, among)| if present { among.yes } else { among.unclear })
                && entries(group, |each, path| each.path == path, &ENTRY, true)
        }
        Sort::Roles => {
            let odd = |p: &Predicate| p.each.as_ref().is_some_and(|each| !each.path.is_empty());
            group.iter().all(|(predicate, among)| !odd(predicate) || among.unclear)
                && group
                    .iter()
                    .all(|(p, among)| !matches!((&p.each, &p.test), (None, Test::Present)) || among.yes)
                && entries(group, |each, path| each.path.is_empty() && path.is_empty(), &[Sort::Text], false)
        }
        sort => {
            let asks: Option<Vec<Ask<'_>>> = group
                .iter()
                .map(|(predicate, among)| match &predicate.each {
                    None => Some(ask(predicate, *among)),
                    // A list was expected.
                    Some(_) => {
                        let met = if sort == Sort::Missing { among.no } else { among.unclear };
                        met.then_some(Ask {
                            test: &Test::Present,
                            ignore_case: false,
                            among: Among { yes: true, no: true, unclear: true },
                        })
                    }
                })
                .collect();
            asks.is_some_and(|asks| one_value(sort, &asks, bounds))
        }
    }
}

/// What an entry of a list may be; `null` is missing.
const ENTRY: [Sort; 8] = [
    Sort::Text,
    Sort::Number,
    Sort::Flag,
    Sort::Missing,
    Sort::Astray,
    Sort::Absurd,
    Sort::List,
    Sort::Object,
];

/// Entries of one list (or the roles of one user): each *some* with every *every*.
fn entries(
    group: &[(&Predicate, Among)],
    counts: impl Fn(&Each, &[crate::condition::attribute::Segment]) -> bool,
    sorts: &[Sort],
    may_be_empty: bool,
) -> bool {
    let mut paths: Vec<&[crate::condition::attribute::Segment]> = Vec::new();
    for (predicate, _) in group {
        let path: &[_] = predicate.each.as_ref().map_or(&[], |each| &each.path);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths.into_iter().all(|path| {
        let (mut some, mut every) = (Vec::new(), Vec::new());
        for (predicate, among) in group {
            match &predicate.each {
                Some(each) if counts(each, path) => {
                    // *All* fails where some entry fails; *exists* where every one does.
                    let of_every = if each.all { among.yes } else { among.no };
                    let wanted = if each.negated { among.turned() } else { *among };
                    if of_every { &mut every } else { &mut some }.push(ask(predicate, wanted));
                }
                // `user.role == x`: some role is; `!=` is the exact opposite.
                None if !may_be_empty && !matches!(predicate.test, Test::Present) => {
                    let among = if is_turned(predicate) { among.turned() } else { *among };
                    let one = Ask { among, ..base(predicate) };
                    if among.no { &mut every } else { &mut some }.push(one);
                }
                _ => {}
            }
        }
        let one = |extra: Option<&Ask<'_>>| {
            let asks: Vec<Ask<'_>> = every.iter().chain(extra).copied().collect();
            sorts.iter().any(|sort| one_value(*sort, &asks, Bounds::None))
        };
        (may_be_empty || one(None)) && some.iter().all(|ask| one(Some(ask)))
    })
}

fn is_turned(predicate: &Predicate) -> bool {
    matches!(predicate.test, Test::Compare(Comparison::NotEqual, _))
}

fn base(predicate: &Predicate) -> Ask<'_> {
    Ask { test: &predicate.test, ignore_case: predicate.ignore_case, among: super::TRUE }
}

/// `!=` is asked as `==`, turned round.
fn ask(predicate: &Predicate, among: Among) -> Ask<'_> {
    Ask { among: if is_turned(predicate) { among.turned() } else { among }, ..base(predicate) }
}

/// Whether some value of this sort answers every ask.
fn one_value(sort: Sort, asks: &[Ask<'_>], bounds: Bounds) -> bool {
    let mut open = Vec::new();
    for ask in asks {
        let fixed = match (sort, ask.test) {
            (Sort::Missing | Sort::Required | Sort::Untold, Test::Present) => Some(ask.among.no),
            (Sort::Astray, Test::Present) => Some(ask.among.unclear),
            (_, Test::Present) => Some(ask.among.yes),
            (Sort::Missing, _) => Some(ask.among.no),
            (Sort::Text | Sort::Number | Sort::Flag | Sort::Time, test) if takes(sort, test) => None,
            _ => Some(ask.among.unclear),
        };
        match fixed {
            Some(false) => return false,
            Some(true) => {}
            None => open.push(*ask),
        }
    }
    match sort {
        Sort::Text => texts::possible(&open, bounds),
        Sort::Number => ranges::number_possible(&open, bounds),
        Sort::Flag => ranges::flag_possible(&open),
        Sort::Time => ranges::time_possible(&open),
        _ => true,
    }
}

/// Whether a test can be judged on such a value.
fn takes(sort: Sort, test: &Test) -> bool {
    let literal = match test {
        Test::Compare(_, literal) | Test::Between(literal, _) => Some(literal),
        Test::OneOf(literals) => literals.first(),
        _ => return sort == Sort::Text,
    };
    match literal {
        Some(Literal::Text(_)) => sort == Sort::Text,
        Some(Literal::Number { .. }) => sort == Sort::Number,
        Some(Literal::Flag(_)) => sort == Sort::Flag,
        Some(Literal::Time { .. }) => matches!(sort, Sort::Time | Sort::Text),
        None => false,
    }
}
