//! The page of a ceremony as text: the card everybody else sees, one button, and words for every way it can end.
//!
//! Made on this side, without a template language: every text from elsewhere goes through [`escape`] or is a
//! [`Piece`], and the policy of the page lets nothing run but its own script.

use super::subject::Shown;
use crate::card::{Card, CardReason};
use crate::visible::{self, Piece};
use policy::{ActionKind, Timestamp};
use std::fmt::Write as _;

pub(super) const STYLE: &str = include_str!("page.css");
pub(super) const SCRIPT: &str = include_str!("page.js");
/// Its own style and script, its own steps, and nothing else; nobody may frame it.
pub(super) const CONTENT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Values longer than this scroll in their own box, with their length above.
const LONG: usize = 400;

/// What a page that asks says.
pub(super) struct Asking<'a> {
    pub(super) shown: &'a Shown,
    /// Below its address everything lies: `/TOKEN`.
    pub(super) at: &'a str,
    pub(super) until: Timestamp,
    /// What a step must repeat, so that it is for what this page shows.
    pub(super) mark: &'a str,
    pub(super) may_reject: bool,
}

/// The page that asks for a passkey.
pub(super) fn asking(page: &Asking<'_>) -> String {
    let mut body = String::new();
    let shown = page.shown;
    let _ = write!(body, "<div><h1>{}</h1>", escape(&shown.title));
    let _ = write!(body, "<p class=\"lead\">{}</p></div>", escape(&shown.lead));
    if !shown.lines.is_empty() {
        body.push_str("<dl>");
        for line in &shown.lines {
            line_of(&mut body, line);
        }
        body.push_str("</dl>");
    }
    if !shown.reasons.is_empty() {
        body.push_str("<section><h2>Why it waits</h2><ul>");
        for reason in &shown.reasons {
            reason_of(&mut body, reason);
        }
        body.push_str("</ul></section>");
    }
    for note in &shown.notes {
        let _ = write!(body, "<p class=\"small\">{}</p>", escape(note));
    }
    let reject = if page.may_reject { "<button type=\"button\" id=\"reject\">Reject</button>" } else { "" };
    let _ = write!(
        body,
        "<div class=\"end\"><div class=\"answers\"><button type=\"button\" id=\"use\" class=\"use\">{}</button>{reject}<span class=\"left\" id=\"left\"></span></div>\
         <p id=\"say\" role=\"status\" aria-live=\"polite\"></p></div>\
         <noscript><p class=\"lead\">Passkeys need JavaScript. Allow it for this page, or open the address in another browser.</p></noscript>\
         <p class=\"small foot\">{}</p>",
        escape(&shown.button),
        escape(&shown.foot),
    );
    let data = format!(
        " data-state=\"asking\" data-step=\"{at}/step\" data-until=\"{}\" data-shown=\"{}\"",
        page.until.0,
        escape(page.mark),
        at = escape(page.at),
    );
    whole(&shown.title, page.at, &data, &body, true)
}

/// A page that only says something.
pub(super) fn saying(title: &str, text: &str, at: &str) -> String {
    let body = format!(
        "<div role=\"status\"><h1>{}</h1><p class=\"lead\">{}</p></div>",
        escape(title),
        escape(text)
    );
    whole(title, at, " data-state=\"over\"", &body, false)
}

fn whole(title: &str, at: &str, data: &str, body: &str, with_script: bool) -> String {
    let at = escape(at);
    let script =
        if with_script { format!("<script src=\"{at}/page.js\" defer></script>") } else { String::new() };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"same-origin\">\
         <title>{} · Doorward</title><link rel=\"stylesheet\" href=\"{at}/page.css\">{script}</head>\
         <body><main{data}><div class=\"brand\"><span class=\"door\" aria-hidden=\"true\"></span>Doorward</div>{body}</main></body></html>\n",
        escape(title)
    )
}

/// One row of what a person agrees to.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub label: String,
    pub pieces: Vec<Piece>,
    pub characters: usize,
}

impl Line {
    /// `text` may come from anywhere: what would not show is named.
    #[must_use]
    pub(super) fn new(label: &str, text: &str) -> Line {
        Line {
            label: visible::marked(label),
            pieces: visible::pieces(text),
            characters: text.chars().count(),
        }
    }

    /// Every row of a card: the tool, then each argument.
    pub(super) fn of_card(card: &Card) -> Vec<Line> {
        let tool = Line::new("tool", &format!("{}/{}", card.upstream, card.tool));
        let arguments = card.arguments.iter().map(|argument| Line {
            label: argument.path.clone(),
            pieces: argument.pieces.clone(),
            characters: argument.characters,
        });
        std::iter::once(tool).chain(arguments).collect()
    }
}

fn line_of(out: &mut String, line: &Line) {
    let label = escape(&line.label);
    let _ = write!(out, "<dt>{label}</dt><dd>");
    let is_long = line.characters > LONG;
    if is_long {
        let count = thousands(line.characters);
        let _ = write!(out, "<div class=\"length\">{count} characters, scroll to read all</div>");
        let _ = write!(
            out,
            "<div class=\"value long\" tabindex=\"0\" role=\"region\" aria-label=\"{label}, {count} characters\">"
        );
    } else {
        out.push_str("<div class=\"value\">");
    }
    if line.pieces.is_empty() {
        out.push_str("<span class=\"empty\">empty</span>");
    }
    for piece in &line.pieces {
        match piece {
            Piece::Plain { text } => out.push_str(&escape(text)),
            Piece::Hidden { name, .. } => {
                let _ =
                    write!(out, "<span class=\"hidden\" title=\"hidden character\">{}</span>", escape(name));
            }
            Piece::LookAlike { text, like, name } => {
                let _ = write!(
                    out,
                    "{}<span class=\"hidden\" title=\"looks like {}\">{}</span>",
                    escape(text),
                    escape(like),
                    escape(name)
                );
            }
        }
    }
    out.push_str("</div></dd>");
}

fn reason_of(out: &mut String, reason: &CardReason) {
    let (class, word) = match reason.action {
        ActionKind::Deny => ("deny", "Deny"),
        ActionKind::RequestApproval => ("request_approval", "Approval"),
        ActionKind::StepUp => ("step_up", "Step up"),
        ActionKind::Allow => ("allow", "Allow"),
    };
    let _ = write!(
        out,
        "<li><span class=\"tag {class}\">{word}</span><span><strong>{}</strong>: <span class=\"muted\">{}</span></span></li>",
        escape(&visible::marked(&reason.name)),
        escape(&visible::marked(&reason.sentence)),
    );
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// For text and for attributes in double quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: Vec<Line>) -> Shown {
        Shown {
            title: "T <b>".into(),
            lead: "l".into(),
            button: "Use passkey".into(),
            lines,
            ..Shown::default()
        }
    }

    fn page(lines: Vec<Line>) -> String {
        let shown = shown(lines);
        asking(&Asking { shown: &shown, at: "/x", until: Timestamp(5), mark: "m", may_reject: true })
    }

    #[test]
    fn nothing_from_elsewhere_becomes_markup() {
        let text = page(vec![Line::new("a\"onfocus=\"x", "</div><script>alert(1)</script>&amp;")]);
        assert!(text.contains("&lt;/div&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"), "{text}");
        assert!(text.contains("a&quot;onfocus=&quot;x"));
        assert_eq!(text.matches("<script").count(), 1, "its own");
        assert!(!text.contains("style=") && !text.contains(" onclick"));
    }

    #[test]
    fn hidden_characters_are_named_and_long_values_are_whole() {
        let text = page(vec![
            Line::new("to", "Nord\u{200b}wind"),
            Line::new("memo", &"x".repeat(4_182)),
            Line::new("n", ""),
        ]);
        assert!(
            text.contains(
                "Nord<span class=\"hidden\" title=\"hidden character\">ZERO-WIDTH SPACE</span>wind"
            )
        );
        assert!(text.contains("4,182 characters") && text.contains(&"x".repeat(4_182)));
        assert!(text.contains("<span class=\"empty\">empty</span>"));
    }

    #[test]
    fn the_policy_of_the_page_lets_nothing_in() {
        assert!(!CONTENT.contains("unsafe") && !CONTENT.contains('*') && !CONTENT.contains("http"));
        for word in ["innerHTML", "eval(", "document.write", "http://", "https://"] {
            assert!(!SCRIPT.contains(word) && !STYLE.contains(word), "{word}");
        }
    }
}
