//! What a notification says of one hold or of many, and which buttons it may have. Pure: a [`Card`], what the
//! notification service can do, the time and its zone go in, a [`Notice`] comes out.
//!
//! Text from agents and upstreams is data: markup is escaped, and *Approve* is offered only where a person
//! reads every argument, whole and as written, before pressing it.

use crate::plain::{columns, shows_as_written};
use crate::shorten::shortened;
use ipc::{ActionKind, Card, CardArgument, Piece, ReasonKind};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// More lines than this are not all shown by every service.
const LINES: usize = 5;
/// Longer lines are wrapped or cut by some services.
const WIDTH: usize = 56;
/// Names of arguments, folders and branches are shortened beyond this.
const NAME: usize = 24;
/// Arguments picked where they do not all fit; tools named of a burst.
const PICKED: usize = 3;
/// Ten minutes.
const LONGEST_REMINDER: i64 = 10 * 60 * 1_000;

/// Programs that let any other program press a notification's buttons (`makoctl`, `dunstctl`, …).
const DRIVEN_BY_ANYONE: [&str; 6] =
    ["mako", "dunst", "swaync", "SwayNotificationCenter", "fnott", "linux_notification_center"];

/// One notification, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What is shown later under the same key takes its place: a hold's id, or that of an agent's [`burst`].
    pub key: String,
    /// What it is about, the one that ends first on top. *Review* opens that one.
    pub holds: Vec<String>,
    /// Of the card it was made from: an approval counts for this call only. Empty for a burst, which has none.
    pub digest: String,
    pub agent: String,
    /// `upstream/tool`
    pub tool: String,
    pub title: String,
    /// Escaped where the service reads markup.
    pub body: String,
    /// Shown in this order.
    pub buttons: Vec<Button>,
    /// Epoch milliseconds.
    pub deadline: i64,
    /// Its time is nearly over.
    pub reminds: bool,
}

/// What a person can press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Button {
    Approve,
    Reject,
    Review,
}

impl Button {
    pub const ALL: [Button; 3] = [Button::Approve, Button::Reject, Button::Review];

    /// What is written on it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Button::Approve => "Approve",
            Button::Reject => "Reject",
            Button::Review => "Review",
        }
    }

    /// What the notification service calls it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Button::Approve => "approve",
            Button::Reject => "reject",
            Button::Review => "review",
        }
    }
}

/// What the notification service of this desktop can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// As it names itself.
    pub name: String,
    pub buttons: bool,
    /// It reads a small markup in bodies, so that `<` has to be escaped.
    pub markup: bool,
}

impl Service {
    /// It forgets a notification that is closed over the bus and leaves it on the screen, where the next one would
    /// come up (notification-daemon 3.20). One that expires goes.
    #[must_use]
    pub fn leaves_closed_on_screen(&self) -> bool {
        self.name == "Notification Daemon"
    }

    /// A program on this desktop can press its buttons without a person.
    #[must_use]
    pub fn driven_by_anyone(&self) -> bool {
        DRIVEN_BY_ANYONE.iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

/// When and where it is shown.
#[derive(Clone, Debug)]
pub struct Desk<'a> {
    pub service: &'a Service,
    pub zone: &'a TimeZone,
    /// Epoch milliseconds.
    pub now: i64,
}

/// When a person is reminded of a waiting call, in epoch milliseconds: when a fifth of its time is left, and ten
/// minutes before its end at the earliest.
#[must_use]
pub fn reminds_at(card: &Card) -> i64 {
    let whole = card.deadline.saturating_sub(card.opened_at).max(0);
    card.deadline.saturating_sub((whole / 5).min(LONGEST_REMINDER))
}

/// The notification of a waiting call.
#[must_use]
pub fn compose(card: &Card, desk: &Desk<'_>) -> Notice {
    let service = desk.service;
    let tool = format!("{}/{}", card.upstream, card.tool);
    let title = format!("{}: {tool}", card.agent);
    let shown = Shown::of(card);
    let place = Place::of(card);
    let reminds = reminds_at(card) <= desk.now;
    let mut lines = shown.lines;
    lines.push(place.words + &until(card.deadline, reminds, desk.zone));
    let text = lines.join("\n");
    let readable = shown.complete
        && place.is_plain
        && !needs_the_card(card)
        && fits(&title)
        && shows_as_written(&title)
        // Titles are never markup, and a service that reads none may still drop what looks like it.
        && !looks_like_markup(&title)
        && (service.markup || !looks_like_markup(&text));
    let offer = match (needs_step_up(card), readable) {
        (true, _) => Offer::Review,
        (false, true) => Offer::All,
        (false, false) => Offer::ReviewAndReject,
    };
    Notice {
        key: card.hold.clone(),
        holds: vec![card.hold.clone()],
        digest: card.digest.clone(),
        agent: card.agent.clone(),
        tool,
        title,
        body: if service.markup { escaped(&text) } else { text },
        buttons: buttons(service, offer),
        deadline: card.deadline,
        reminds,
    }
}

/// Whether why it waits is more than a notification says: who calls, or what the tool became.
fn needs_the_card(card: &Card) -> bool {
    card.reasons
        .iter()
        .any(|reason| matches!(reason.kind, ReasonKind::OtherProgram | ReasonKind::ChangedTool))
}

/// One notification for many calls of one agent: how many, of which tools, until when the first of them waits.
/// Nothing is decided from it.
#[must_use]
pub fn burst(agent: &str, notices: &[Notice], desk: &Desk<'_>) -> Notice {
    let mut tools: Vec<(&str, usize)> = Vec::new();
    for notice in notices {
        match tools.iter_mut().find(|(tool, _)| *tool == notice.tool) {
            Some((_, calls)) => *calls += 1,
            None => tools.push((&notice.tool, 1)),
        }
    }
    let mut lines: Vec<String> = tools
        .iter()
        .take(PICKED)
        .map(|(tool, calls)| shortened(&format!("{calls} × {tool}"), WIDTH))
        .collect();
    match tools.len().saturating_sub(PICKED) {
        0 => {}
        1 => lines.push("and 1 more tool".to_owned()),
        more => lines.push(format!("and {more} more tools")),
    }
    let first = notices.iter().map(|notice| notice.deadline).min().unwrap_or_default();
    let reminds = notices.iter().any(|notice| notice.reminds);
    lines.push(match (clock(first, desk.zone), reminds) {
        (Some(at), false) => format!("The first waits until {at}"),
        (Some(at), true) => format!("The first ends soon, at {at}"),
        (None, _) => "They wait for you".to_owned(),
    });
    let text = lines.join("\n");
    let mut holds: Vec<(i64, &String)> =
        notices.iter().flat_map(|notice| notice.holds.iter().map(|hold| (notice.deadline, hold))).collect();
    holds.sort_by_key(|(deadline, _)| *deadline);
    Notice {
        key: burst_key(agent),
        holds: holds.into_iter().map(|(_, hold)| hold.clone()).collect(),
        digest: String::new(),
        agent: agent.to_owned(),
        tool: String::new(),
        title: format!("{agent}: {} calls wait", notices.len()),
        body: if desk.service.markup { escaped(&text) } else { text },
        buttons: buttons(desk.service, Offer::Review),
        deadline: first,
        reminds,
    }
}

/// Holds' ids have no colon.
#[must_use]
pub fn burst_key(agent: &str) -> String {
    format!("agent:{agent}")
}

/// What a notification may decide.
#[derive(Clone, Copy)]
enum Offer {
    All,
    ReviewAndReject,
    /// A step-up is decided by a person before the card.
    Review,
}

fn buttons(service: &Service, offer: Offer) -> Vec<Button> {
    match (service.buttons, service.driven_by_anyone(), offer) {
        (false, _, _) => Vec::new(),
        (true, true, _) | (true, false, Offer::Review) => vec![Button::Review],
        (true, false, Offer::All) => vec![Button::Approve, Button::Reject, Button::Review],
        (true, false, Offer::ReviewAndReject) => vec![Button::Review, Button::Reject],
    }
}

/// A plain vote is not all that it waits for now.
fn needs_step_up(card: &Card) -> bool {
    let mut current = card.stages.iter().filter(|stage| stage.current).peekable();
    let takes_votes = current.peek().is_some() && current.all(|stage| !stage.step_up);
    !takes_votes
        || card.step_up.is_some()
        || card.reasons.iter().any(|reason| reason.action == ActionKind::StepUp)
}

/// The agent's folder and branch, as it claims them.
struct Place {
    /// Empty, or ends so that the deadline can follow.
    words: String,
    is_plain: bool,
}

impl Place {
    fn of(card: &Card) -> Place {
        let Some(project) = card.project.as_deref() else {
            return Place { words: String::new(), is_plain: true };
        };
        let folder = project.trim_end_matches('/').rsplit('/').next().unwrap_or(project);
        let branch = card.branch.as_deref().filter(|branch| !branch.is_empty());
        let is_plain = shows_as_written(folder) && branch.is_none_or(shows_as_written);
        let short = |text: &str| shortened(&ipc::marked(text).replace(['\n', '\r', '\t'], " "), NAME);
        let words = match branch {
            Some(branch) => format!("In {} ({}). ", short(folder), short(branch)),
            None => format!("In {}. ", short(folder)),
        };
        Place { words, is_plain }
    }
}

struct Shown {
    lines: Vec<String>,
    /// Every argument is there, unshortened, with nothing hidden.
    complete: bool,
}

impl Shown {
    fn of(card: &Card) -> Shown {
        let arguments = &card.arguments;
        if arguments.is_empty() {
            return Shown { lines: vec!["No arguments".to_owned()], complete: true };
        }
        let whole: Vec<Line> = arguments.iter().map(|argument| Line::of(argument, arguments)).collect();
        if whole.len() < LINES && whole.iter().all(|line| line.exact && fits(&line.text())) {
            return Shown { lines: whole.iter().map(Line::text).collect(), complete: true };
        }
        let picked = pick(card);
        let mut lines: Vec<String> =
            picked.iter().map(|argument| Line::of(argument, arguments).fitted()).collect();
        match arguments.len() - picked.len() {
            0 => lines.push("Shortened here; Review shows all of it".to_owned()),
            1 => lines.push("and 1 more".to_owned()),
            more => lines.push(format!("and {more} more")),
        }
        Shown { lines, complete: false }
    }
}

/// One argument on one line.
struct Line {
    name: String,
    value: String,
    /// What stands there is what would be sent.
    exact: bool,
}

impl Line {
    fn of(argument: &CardArgument, all: &[CardArgument]) -> Line {
        let value: String = argument.pieces.iter().map(Piece::marked).collect();
        let hidden = argument.pieces.iter().any(|piece| !matches!(piece, Piece::Plain { .. }));
        let exact = !hidden && shows_as_written(&argument.path) && shows_as_written(&value);
        let value = match (argument.kind.as_str(), value.as_str()) {
            ("text", "") => "\"\"".to_owned(),
            _ => value.replace(['\n', '\r'], "↵").replace('\t', " "),
        };
        let value = match &argument.unit {
            Some(unit) => format!("{value} {unit}"),
            None => value,
        };
        Line { name: title(argument, all).unwrap_or(&argument.path).to_owned(), value, exact }
    }

    fn text(&self) -> String {
        format!("{}: {}", self.name, self.value)
    }

    fn fitted(&self) -> String {
        let name = shortened(&self.name, NAME);
        let room = WIDTH.saturating_sub(columns(&name) + 2);
        format!("{name}: {}", shortened(&self.value, room))
    }
}

/// What the tool's schema calls an argument, where that is plain and cannot be taken for another one.
fn title<'a>(argument: &'a CardArgument, all: &[CardArgument]) -> Option<&'a str> {
    let title = argument.title.as_deref()?;
    let same = |name: &str| name.eq_ignore_ascii_case(title);
    let others = all.iter().filter(|other| other.path != argument.path);
    let is_taken =
        others.into_iter().any(|other| same(&other.path) || other.title.as_deref().is_some_and(same));
    let is_plain = !title.is_empty() && columns(title) <= NAME && shows_as_written(title);
    // A colon would let a title look like a name with its value.
    (is_plain && !is_taken && !title.contains(':')).then_some(title)
}

/// The arguments that matter most, in their own order: those a deciding policy speaks of, then short values.
fn pick(card: &Card) -> Vec<&CardArgument> {
    let weight = |argument: &CardArgument| {
        let spoken_of = card.reasons.iter().any(|reason| speaks_of(&reason.sentence, &argument.path));
        let short =
            argument.characters <= WIDTH && !matches!(argument.kind.as_str(), "list" | "object" | "nothing");
        (!spoken_of, !short)
    };
    let mut ranked: Vec<(usize, &CardArgument)> = card.arguments.iter().enumerate().collect();
    ranked.sort_by_key(|(_, argument)| weight(argument));
    ranked.truncate(PICKED);
    ranked.sort_by_key(|(position, _)| *position);
    ranked.into_iter().map(|(_, argument)| argument).collect()
}

/// The sentence has the path as a word of its own.
fn speaks_of(sentence: &str, path: &str) -> bool {
    let of_a_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    sentence.split(|c| !of_a_path(c)).any(|word| word.trim_matches('.').trim_start_matches("args.") == path)
}

fn fits(line: &str) -> bool {
    columns(line) <= WIDTH
}

fn until(deadline: i64, reminds: bool, zone: &TimeZone) -> String {
    match (clock(deadline, zone), reminds) {
        (Some(at), false) => format!("Waits until {at}"),
        (Some(at), true) => format!("Ends soon, at {at}"),
        (None, _) => "Waits for you".to_owned(),
    }
}

fn clock(at: i64, zone: &TimeZone) -> Option<String> {
    let at = Timestamp::from_millisecond(at).ok()?;
    Some(at.to_zoned(zone.clone()).strftime("%H:%M").to_string())
}

fn looks_like_markup(text: &str) -> bool {
    text.contains(['<', '>', '&'])
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
#[path = "notice_tests.rs"]
mod tests;
