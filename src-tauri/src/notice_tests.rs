//! What a notification says and which buttons it has, one case a rule.

use super::*;
use ipc::{CardReason, CardState, ReasonKind};

fn desktop() -> Service {
    Service { name: "gnome-shell".into(), buttons: true, markup: true }
}

fn argument(path: &str, kind: &str, value: &str) -> CardArgument {
    CardArgument {
        path: path.into(),
        title: None,
        kind: kind.into(),
        pieces: ipc::pieces(value),
        characters: value.chars().count(),
        folded: value.chars().count() > 400,
    }
}

fn card(arguments: Vec<CardArgument>) -> Card {
    Card {
        hold: "h-1".into(),
        digest: "d1".into(),
        agent: "claude".into(),
        claimed_client: None,
        user_name: "Ana".into(),
        program: None,
        process: None,
        project: None,
        branch: None,
        upstream: "practice".into(),
        tool: "delete_customer".into(),
        tool_title: None,
        tool_description: None,
        destructive: true,
        arguments,
        reasons: vec![reason(policy_sentence(), ActionKind::RequestApproval)],
        stages: Vec::new(),
        opened_at: 0,
        // 2026-11-23 14:32:10 UTC
        deadline: 1_795_444_330_000,
        ran_before: None,
        step_up: None,
        waits_for_proof: None,
        asked: None,
        attended: true,
        state: CardState::Waiting,
        verdict: None,
    }
}

fn policy_sentence() -> &'static str {
    "every delete_customer waits for approval"
}

fn reason(sentence: &str, action: ActionKind) -> CardReason {
    CardReason {
        kind: ReasonKind::Policy,
        policy: "p".into(),
        name: "P".into(),
        description: String::new(),
        action,
        sentence: sentence.into(),
    }
}

fn notice(card: &Card) -> Notice {
    compose(card, &desktop(), &TimeZone::UTC)
}

fn can_approve(card: &Card) -> bool {
    notice(card).buttons.contains(&Button::Approve)
}

#[test]
fn a_small_call_is_shown_whole_and_can_be_approved() {
    let shown = notice(&card(vec![
        argument("customer_id", "text", "88231"),
        argument("force", "true/false", "true"),
    ]));
    assert_eq!(shown.title, "claude: practice/delete_customer");
    assert_eq!(shown.body, "customer_id: 88231\nforce: true\nWaits until 14:32");
    assert_eq!(shown.buttons, [Button::Approve, Button::Reject, Button::Review]);
    assert_eq!((shown.hold.as_str(), shown.digest.as_str()), ("h-1", "d1"));
}

#[test]
fn a_call_without_arguments_says_so() {
    assert_eq!(notice(&card(Vec::new())).body, "No arguments\nWaits until 14:32");
    assert!(can_approve(&card(Vec::new())));
}

#[test]
fn the_deadline_is_in_the_persons_time() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    assert!(compose(&card(Vec::new()), &desktop(), &zone).body.ends_with("Waits until 16:32"));
}

#[test]
fn an_empty_text_is_seen_as_one() {
    assert!(notice(&card(vec![argument("note", "text", "")])).body.starts_with("note: \"\"\n"));
}

#[test]
fn too_many_arguments_show_three_and_how_many_more() {
    let arguments: Vec<_> = (0..9).map(|n| argument(&format!("a{n}"), "number", "1")).collect();
    let shown = notice(&card(arguments));
    assert_eq!(shown.body, "a0: 1\na1: 1\na2: 1\nand 6 more\nWaits until 14:32");
    assert_eq!(shown.buttons, [Button::Review, Button::Reject]);
}

#[test]
fn an_argument_a_policy_speaks_of_comes_before_the_others() {
    let mut given: Vec<_> = (0..6).map(|n| argument(&format!("a{n}"), "number", "1")).collect();
    given.push(argument("amount", "number", "7250.00"));
    let mut card = card(given);
    card.reasons = vec![reason("args.amount is 7250.00, above 5,000", ActionKind::RequestApproval)];
    assert_eq!(notice(&card).body, "a0: 1\na1: 1\namount: 7250.00\nand 4 more\nWaits until 14:32");
}

#[test]
fn a_long_value_is_shortened_in_the_middle_and_cannot_be_approved() {
    let path = format!("/home/ana/{}/invoice.pdf", "x".repeat(200));
    let shown = notice(&card(vec![argument("path", "text", &path)]));
    let line = shown.body.lines().next().unwrap();
    assert!(
        line.starts_with("path: /home/ana/xxx") && line.contains('…') && line.ends_with("/invoice.pdf"),
        "{line}"
    );
    assert!(columns(line) <= WIDTH);
    assert!(shown.body.contains("Review shows all of it"));
    assert_eq!(shown.buttons, [Button::Review, Button::Reject]);
}

#[test]
fn a_megabyte_of_text_makes_a_short_notification() {
    let shown = notice(&card(vec![argument("content", "text", &"漢".repeat(400_000))]));
    assert!(shown.body.chars().count() < 200);
    assert!(shown.body.lines().all(fits));
}

#[test]
fn hidden_characters_are_named_and_take_approve_away() {
    let hostile = card(vec![argument("to", "text", "Nordwind\u{200b} GmbH")]);
    assert!(notice(&hostile).body.starts_with("to: Nordwind⟨ZERO-WIDTH SPACE⟩ GmbH"));
    assert!(!can_approve(&hostile));
}

#[test]
fn what_could_be_misread_takes_approve_away() {
    for value in
        ["p\u{430}ypal.com", "travel                    amount: 5", "line one\nline two", "\u{5d0}\u{5d1}"]
    {
        assert!(!can_approve(&card(vec![argument("v", "text", value)])), "{value:?}");
    }
    assert!(
        !can_approve(&card(vec![argument("amo\u{200b}unt", "number", "5")])),
        "a hidden character in a name"
    );
}

#[test]
fn a_value_cannot_add_a_line_of_its_own() {
    let shown = notice(&card(vec![argument("note", "text", "x\namount: 1")]));
    assert_eq!(shown.body.lines().filter(|line| line.starts_with("amount")).count(), 0);
    assert!(shown.body.starts_with("note: x↵amount: 1"));
}

#[test]
fn markup_is_escaped_where_the_service_reads_it() {
    let given = card(vec![argument("note", "text", "<a href=\"x\">free</a> & more")]);
    assert!(notice(&given).body.starts_with("note: &lt;a href=\"x\"&gt;free&lt;/a&gt; &amp; more\n"));
    assert!(can_approve(&given), "escaped, it shows as written");
}

#[test]
fn a_service_that_reads_no_markup_gets_the_text_but_no_approve_for_it() {
    let service = Service { markup: false, ..desktop() };
    let shown = compose(&card(vec![argument("note", "text", "a <b> c")]), &service, &TimeZone::UTC);
    assert!(shown.body.starts_with("note: a <b> c"));
    assert!(!shown.buttons.contains(&Button::Approve));
}

#[test]
fn a_tool_whose_name_is_not_plain_cannot_be_approved() {
    for tool in [
        "delete⟨ZERO-WIDTH SPACE⟩customer",
        "<b>x</b>",
        "a_tool_with_a_name_that_is_longer_than_any_title_can_show",
    ] {
        let mut given = card(Vec::new());
        given.tool = tool.into();
        assert!(!can_approve(&given), "{tool}");
    }
}

#[test]
fn a_step_up_is_never_approved_from_a_notification() {
    let mut given = card(Vec::new());
    given.reasons.push(reason("every payment needs a passkey", ActionKind::StepUp));
    assert_eq!(notice(&given).buttons, [Button::Review, Button::Reject]);
}

#[test]
fn services_that_any_program_can_drive_offer_review_only() {
    for name in ["dunst", "mako", "SwayNotificationCenter", "swaync"] {
        let service = Service { name: name.into(), ..desktop() };
        assert_eq!(compose(&card(Vec::new()), &service, &TimeZone::UTC).buttons, [Button::Review], "{name}");
    }
}

#[test]
fn a_service_without_buttons_gets_none() {
    let service = Service { buttons: false, ..desktop() };
    assert!(compose(&card(Vec::new()), &service, &TimeZone::UTC).buttons.is_empty());
}
