//! What a notification says of one hold, and which buttons it may have. Pure: a [`Card`], what the
//! notification service can do and a time zone go in, a [`Notice`] comes out.
//!
//! Text from agents and upstreams is data: markup is escaped, and *Approve* is offered only where a person
//! reads every argument, whole and as written, before pressing it.

use crate::plain::{columns, shows_as_written};
use ipc::{ActionKind, Card, CardArgument, Piece};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// More lines than this are not all shown by every service.
const LINES: usize = 5;
/// Longer lines are wrapped or cut by some services.
const WIDTH: usize = 56;
/// Arguments picked where they do not all fit.
const PICKED: usize = 3;

/// Programs that let any other program press a notification's buttons (`makoctl`, `dunstctl`, …).
const DRIVEN_BY_ANYONE: [&str; 6] =
    ["mako", "dunst", "swaync", "SwayNotificationCenter", "fnott", "linux_notification_center"];

/// One notification, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub hold: String,
    /// Of the card it was made from: an approval counts for this call only.
    pub digest: String,
    pub title: String,
    /// Escaped where the service reads markup.
    pub body: String,
    /// Shown in this order.
    pub buttons: Vec<Button>,
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
    /// A program on this desktop can press its buttons without a person.
    #[must_use]
    pub fn driven_by_anyone(&self) -> bool {
        DRIVEN_BY_ANYONE.iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

/// The notification of a waiting call.
#[must_use]
pub fn compose(card: &Card, service: &Service, zone: &TimeZone) -> Notice {
    let title = format!("{}: {}/{}", card.agent, card.upstream, card.tool);
    let shown = Shown::of(card);
    let mut lines = shown.lines;
    lines.push(deadline(card.deadline, zone));
    let text = lines.join("\n");
    let readable = shown.complete
        && fits(&title)
        && shows_as_written(&title)
        // Titles are never markup, and a service that reads none may still drop what looks like it.
        && !looks_like_markup(&title)
        && (service.markup || !looks_like_markup(&text));
    Notice {
        hold: card.hold.clone(),
        digest: card.digest.clone(),
        title,
        body: if service.markup { escaped(&text) } else { text },
        buttons: buttons(service, readable && !needs_step_up(card)),
    }
}

fn buttons(service: &Service, approvable: bool) -> Vec<Button> {
    match (service.buttons, service.driven_by_anyone(), approvable) {
        (false, _, _) => Vec::new(),
        (true, true, _) => vec![Button::Review],
        (true, false, true) => vec![Button::Approve, Button::Reject, Button::Review],
        (true, false, false) => vec![Button::Review, Button::Reject],
    }
}

fn needs_step_up(card: &Card) -> bool {
    card.step_up.is_some()
        || card.stages.iter().any(|stage| stage.current && stage.step_up.is_some())
        || card.reasons.iter().any(|reason| reason.action == ActionKind::StepUp)
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
        let whole: Vec<Line> = arguments.iter().map(Line::of).collect();
        if whole.len() < LINES && whole.iter().all(|line| line.exact && fits(&line.text)) {
            return Shown { lines: whole.into_iter().map(|line| line.text).collect(), complete: true };
        }
        let picked = pick(card);
        let mut lines: Vec<String> =
            picked.iter().map(|argument| shortened(&Line::of(argument).text)).collect();
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
    text: String,
    /// What stands there is what would be sent.
    exact: bool,
}

impl Line {
    fn of(argument: &CardArgument) -> Line {
        let value: String = argument.pieces.iter().map(Piece::marked).collect();
        let hidden = argument.pieces.iter().any(|piece| matches!(piece, Piece::Hidden { .. }));
        let exact = !hidden && shows_as_written(&argument.path) && shows_as_written(&value);
        let value = match (argument.kind.as_str(), value.as_str()) {
            ("text", "") => "\"\"".to_owned(),
            _ => value.replace(['\n', '\r'], "↵").replace('\t', " "),
        };
        Line { text: format!("{}: {value}", argument.path), exact }
    }
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

/// Shortened in the middle: how a value begins and how it ends both tell.
fn shortened(line: &str) -> String {
    if fits(line) {
        return line.to_owned();
    }
    let characters: Vec<char> = line.chars().collect();
    // Wide scripts take two columns a character.
    let room = if columns(line) > characters.len() { WIDTH / 2 } else { WIDTH } - 1;
    let (head, tail) = (room - room / 3, room / 3);
    let start: String = characters.iter().take(head).collect();
    let end: String = characters.iter().skip(characters.len().saturating_sub(tail).max(head)).collect();
    format!("{start}…{end}")
}

fn deadline(at: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at) {
        Ok(at) => format!("Waits until {}", at.to_zoned(zone.clone()).strftime("%H:%M")),
        Err(_) => "Waits for you".to_owned(),
    }
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
