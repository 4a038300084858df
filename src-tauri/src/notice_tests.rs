//! What a notification says and which buttons it has, one case a rule.

use super::*;
use ipc::{CardReason, CardStage, CardState};

fn desktop() -> Service {
    Service { name: "gnome-shell".into(), buttons: true, markup: true }
}

fn argument(path: &str, kind: &str, value: &str) -> CardArgument {
    CardArgument {
        path: path.into(),
        title: None,
        kind: kind.into(),
        unit: None,
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
        stages: vec![stage(true, false)],
        votes: Vec::new(),
        owner_voted: false,
        last_approved: None,
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

fn stage(current: bool, step_up: bool) -> CardStage {
    CardStage {
        flow: "owner".into(),
        name: "Owner".into(),
        approvers: "the desk's owner".into(),
        votes: 0,
        voters: Vec::new(),
        required: 1,
        current,
        escalated: false,
        extended: false,
        exclude_requester: false,
        step_up,
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
    notice_at(card, 0)
}

fn notice_at(card: &Card, now: i64) -> Notice {
    compose(card, &Desk { service: &desktop(), zone: &TimeZone::UTC, now })
}

fn on(service: &Service, card: &Card) -> Notice {
    compose(card, &Desk { service, zone: &TimeZone::UTC, now: 0 })
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
    assert_eq!(
        (shown.key.as_str(), shown.holds.as_slice(), shown.digest.as_str()),
        ("h-1", &["h-1".to_owned()][..], "d1")
    );
}

#[test]
fn a_call_without_arguments_says_so() {
    assert_eq!(notice(&card(Vec::new())).body, "No arguments\nWaits until 14:32");
    assert!(can_approve(&card(Vec::new())));
}

#[test]
fn the_deadline_is_in_the_persons_time() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    assert!(
        compose(&card(Vec::new()), &Desk { service: &desktop(), zone: &zone, now: 0 })
            .body
            .ends_with("Waits until 16:32")
    );
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
    assert!(line == "path: /home/ana/…/invoice.pdf", "{line}");
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
    let shown = on(&service, &card(vec![argument("note", "text", "a <b> c")]));
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
fn a_step_up_is_only_reviewed_from_a_notification() {
    let mut given = card(Vec::new());
    given.reasons.push(reason("every payment needs a passkey", ActionKind::StepUp));
    assert_eq!(notice(&given).buttons, [Button::Review]);
}

#[test]
fn services_that_any_program_can_drive_offer_review_only() {
    for name in ["dunst", "mako", "SwayNotificationCenter", "swaync"] {
        let service = Service { name: name.into(), ..desktop() };
        assert_eq!(on(&service, &card(Vec::new())).buttons, [Button::Review], "{name}");
    }
}

#[test]
fn a_service_without_buttons_gets_none() {
    let service = Service { buttons: false, ..desktop() };
    assert!(on(&service, &card(Vec::new())).buttons.is_empty());
}

fn titled(path: &str, title: &str, kind: &str, value: &str) -> CardArgument {
    CardArgument { title: Some(title.into()), ..argument(path, kind, value) }
}

#[test]
fn an_argument_has_the_name_that_its_schema_gives_it_and_a_number_its_unit() {
    let counts = |unit: &str, argument: CardArgument| CardArgument { unit: Some(unit.into()), ..argument };
    let shown = notice(&card(vec![
        counts("EUR", titled("amount", "Amount", "number", "7250.00")),
        titled("currency", "Currency", "text", "EUR"),
        counts("ms", titled("timeout_ms", "Time limit", "number", "5000")),
    ]));
    assert_eq!(shown.body, "Amount: 7250.00 EUR\nCurrency: EUR\nTime limit: 5000 ms\nWaits until 14:32");
    assert!(shown.buttons.contains(&Button::Approve));
}

#[test]
fn a_title_that_could_be_taken_for_something_else_is_not_used() {
    for title in
        ["to", "To", "amount: 5", "pay\u{200b}ee", "", "a title that is longer than any name should be"]
    {
        let given = card(vec![titled("from", title, "text", "ana"), argument("to", "text", "bob")]);
        assert!(notice(&given).body.starts_with("from: ana\nto: bob\n"), "{title:?}");
    }
    let twins = card(vec![titled("a", "Name", "text", "x"), titled("b", "Name", "text", "y")]);
    assert!(notice(&twins).body.starts_with("a: x\nb: y\n"));
}

#[test]
fn the_project_stands_before_the_deadline() {
    let mut given = card(vec![argument("customer_id", "text", "88231")]);
    given.project = Some("/home/ana/work/shop".into());
    assert_eq!(notice(&given).body, "customer_id: 88231\nIn shop. Waits until 14:32");
    given.branch = Some("main".into());
    assert_eq!(notice(&given).body, "customer_id: 88231\nIn shop (main). Waits until 14:32");
    assert!(can_approve(&given));
}

#[test]
fn who_calls_and_what_a_tool_became_is_read_on_the_card_before_an_approval() {
    for kind in [ReasonKind::OtherProgram, ReasonKind::ChangedTool] {
        let mut given = card(Vec::new());
        given.reasons.push(CardReason {
            kind,
            policy: String::new(),
            name: "Another program".into(),
            description: String::new(),
            action: ActionKind::RequestApproval,
            sentence: "it is another one".into(),
        });
        assert_eq!(notice(&given).buttons, [Button::Review, Button::Reject], "{kind:?}");
    }
}

#[test]
fn a_project_whose_name_is_not_plain_takes_approve_away() {
    for project in
        ["/home/ana/sh\u{200b}op", "/tmp/shop. Waits for  nobody", "/tmp/sh\u{430}p", "/tmp/a\nb: 5"]
    {
        let mut given = card(Vec::new());
        given.project = Some(project.into());
        assert!(!can_approve(&given), "{project:?}");
        assert_eq!(notice(&given).body.lines().count(), 2, "{project:?}");
    }
}

#[test]
fn a_long_project_and_branch_still_leave_the_deadline_in_sight() {
    let mut given = card(Vec::new());
    given.project = Some(format!("/home/ana/{}", "p".repeat(300)));
    given.branch = Some("b".repeat(300));
    let shown = notice(&given);
    assert!(shown.body.ends_with("Waits until 14:32"));
    assert!(columns(shown.body.lines().last().unwrap()) < 80);
}

#[test]
fn a_reminder_is_due_when_a_fifth_of_the_time_is_left_and_ten_minutes_before_the_end_at_most() {
    let lasting = |minutes: i64| Card { opened_at: 0, deadline: minutes * 60_000, ..card(Vec::new()) };
    assert_eq!(reminds_at(&lasting(15)), 12 * 60_000);
    assert_eq!(reminds_at(&lasting(24 * 60)), (24 * 60 - 10) * 60_000);
    assert_eq!(
        reminds_at(&Card { opened_at: 9, deadline: 5, ..card(Vec::new()) }),
        5,
        "a clock that was put back"
    );
    let given = Card { opened_at: 1_795_444_330_000 - 900_000, ..card(Vec::new()) };
    let due = reminds_at(&given);
    assert_eq!((notice_at(&given, due - 1).reminds, notice_at(&given, due).reminds), (false, true));
    assert!(notice_at(&given, due).body.ends_with("Ends soon, at 14:32"));
}

fn together(notices: &[Notice]) -> Notice {
    burst("coder", notices, &Desk { service: &desktop(), zone: &TimeZone::UTC, now: 0 })
}

#[test]
fn a_burst_says_how_many_calls_of_which_tools_wait_and_is_only_reviewed() {
    let call = |hold: &str, tool: &str, later: i64| {
        notice(&Card {
            hold: hold.into(),
            tool: tool.into(),
            deadline: 1_795_444_330_000 + later,
            ..card(Vec::new())
        })
    };
    let mut notices: Vec<Notice> =
        (0..5).map(|n| call(&format!("h-{n}"), "write", 60_000 * (n + 1))).collect();
    notices.push(call("h-first", "delete", 0));
    let shown = together(&notices);
    assert_eq!(shown.title, "coder: 6 calls wait");
    assert_eq!(shown.body, "5 × practice/write\n1 × practice/delete\nThe first waits until 14:32");
    assert_eq!(shown.buttons, [Button::Review]);
    assert_eq!(shown.holds.first().map(String::as_str), Some("h-first"), "Review opens what ends first");
    assert_eq!((shown.holds.len(), shown.reminds), (6, false));
    notices[2].reminds = true;
    assert!(together(&notices).body.ends_with("The first ends soon, at 14:32"));
}

#[test]
fn a_burst_of_many_tools_names_three_of_them() {
    let of = |tool: usize| notice(&Card { tool: format!("<b>{tool}"), ..card(Vec::new()) });
    let shown = together(&(0..9).map(of).collect::<Vec<_>>());
    assert!(shown.body.starts_with("1 × practice/&lt;b&gt;0\n"), "{}", shown.body);
    assert!(shown.body.contains("\nand 6 more tools\n"));
    assert!(shown.body.lines().count() <= LINES);
}

#[test]
fn a_call_that_waits_for_more_than_a_plain_vote_is_only_reviewed() {
    for stages in [
        Vec::new(),
        vec![stage(true, true)],
        vec![stage(false, false)],
        vec![stage(true, false), stage(true, true)],
    ] {
        let given = Card { stages, ..card(Vec::new()) };
        assert_eq!(notice(&given).buttons, [Button::Review], "{:?}", given.stages);
    }
}
