//! Grants and proof windows: what they let go, and what they never do.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{
    Admission, Asked, AtDesk, Authenticator, Basis, Bound, Grant, GrantId, GrantMaker, GrantTerms, HeldCall,
    Limit, Means, NoGrant, ProofId, ProofWindow, Refusal, Voter, Voters, admit,
};
use policy::{
    ActionKind, Applied, ApprovalFlow, Decision, Facts, Mode, PathFact, PolicyTrace, ProofKind, Stage,
    ToolCall, Value,
};
use support::*;

fn granting() -> ApprovalFlow {
    flow("owner", vec![Stage { grants: true, ..stage(&[], &[], 1, 15) }])
}

fn maker() -> GrantMaker {
    let id = GrantId::from_random([3; 16]);
    GrantMaker { id, by: "ana".parse().unwrap(), means: Means::Window, is_locked: Some(false), now: at(1) }
}

fn terms(bound: Bound) -> GrantTerms {
    let scope = vec![Limit { argument: "amount".into(), bound }];
    GrantTerms { scope, project: false, until: at(60 * MINUTE), session: false, uses: Some(2) }
}

fn grant(bound: Bound) -> Grant {
    held_with_others(held_by(vec![granting()])).draft_grant(terms(bound), &maker()).unwrap()
}

fn number(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

fn covers(grant: &Grant, call: &ToolCall, facts: &Facts) -> bool {
    grant.covers(&Asked { call, facts, session: Some("s1") }, at(2))
}

#[test]
fn a_bound_holds_its_own_values_and_no_others() {
    let cases = [
        (Bound::Exactly(number("7250.00")), vec!["7250.00"], vec!["7250", "1", "\"7250.00\""]),
        (Bound::OneOf(vec![number("7250.00"), number("1")]), vec!["7250.00", "1"], vec!["2"]),
        (
            Bound::UpTo(number("7250.00")),
            vec!["0", "0.5", "7250", "7250.00"],
            vec!["7250.01", "-1", "1e400", "\"5\"", "null"],
        ),
        (Bound::Any, vec!["1", "null", "[]", "\"x\""], vec![]),
    ];
    for (bound, inside, outside) in cases {
        let grant = grant(bound.clone());
        for amount in inside {
            assert!(covers(&grant, &call(amount), &facts()), "{bound:?} {amount}");
        }
        for amount in outside {
            assert!(!covers(&grant, &call(amount), &facts()), "{bound:?} {amount}");
        }
    }
}

#[test]
fn what_a_grant_does_not_speak_of_must_be_absent() {
    let grant = grant(Bound::Any);
    let with = |arguments: &str| ToolCall { arguments: number(arguments), ..call("1") };
    assert!(covers(&grant, &with("{}"), &facts()));
    assert!(!covers(&grant, &with("{\"amount\":1,\"force\":true}"), &facts()));
    assert!(!covers(&grant, &with("[]"), &facts()));
}

#[test]
fn a_grant_is_for_one_agent_tool_definition_and_person() {
    let grant = grant(Bound::Any);
    let same = call("1");
    let others = [
        ToolCall { agent: "other".parse().unwrap(), ..same.clone() },
        ToolCall { upstream: "other".parse().unwrap(), ..same.clone() },
        ToolCall { tool: "other".parse().unwrap(), ..same.clone() },
        ToolCall { user: "bob".parse().unwrap(), ..same.clone() },
        ToolCall { definition: policy::DefinitionHash([8; 32]), ..same.clone() },
    ];
    assert!(covers(&grant, &same, &facts()));
    for other in &others {
        assert!(!covers(&grant, other, &facts()), "{other:?}");
    }
    let mut stranger = facts();
    stranger.agent.program = Some("/bin/evil".into());
    stranger.agent.paired_programs = vec!["/bin/coder".into()];
    assert!(!covers(&grant, &same, &stranger), "another program in the agent's name");
    let mut changed = facts();
    changed.tool.changed = Some("+more".into());
    assert!(!covers(&grant, &same, &changed), "a tool that nobody accepted as it is");
}

#[test]
fn a_folder_holds_paths_that_lead_into_it_and_no_others() {
    let path = |text: &str, resolved: Option<&str>| {
        let arguments = Value::object([("path", text.into())]);
        let mut facts = facts();
        facts.paths = resolved
            .map(|to| ("args.path".to_owned(), PathFact { resolved: to.to_owned() }))
            .into_iter()
            .collect();
        (ToolCall { arguments, ..call("1") }, facts)
    };
    let scope = vec![Limit { argument: "path".into(), bound: Bound::Within("/home/ana/notes".into()) }];
    let grant = Grant { scope, ..grant(Bound::Any) };
    let inside = |text, resolved| {
        let (call, facts) = path(text, resolved);
        covers(&grant, &call, &facts)
    };
    assert!(inside("/home/ana/notes/a.txt", Some("/home/ana/notes/a.txt")));
    assert!(!inside("/home/ana/notes/a.txt", Some("/etc/passwd")), "it leads elsewhere");
    assert!(!inside("/home/ana/notes/a.txt", None), "nobody knows where it leads");
    assert!(!inside("/home/ana/notes/../x", Some("/home/ana/x")));
    assert!(!inside("/home/ana/notes-2/a", Some("/home/ana/notes-2/a")));
}

#[test]
fn a_grant_ends_with_its_time_its_session_and_its_project() {
    let held = held_with_others(held_by(vec![granting()]));
    let of_session = held.draft_grant(GrantTerms { session: true, ..terms(Bound::Any) }, &maker()).unwrap();
    let (call, mut facts) = (call("1"), facts());
    let asked = |session| Asked { call: &call, facts: &facts, session };
    assert!(of_session.covers(&asked(Some("s1")), at(2)));
    assert!(!of_session.covers(&asked(Some("s2")), at(2)) && !of_session.covers(&asked(None), at(2)));
    assert!(!of_session.covers(&asked(Some("s1")), at(60 * MINUTE)), "its time");
    assert!(!of_session.covers(&asked(Some("s1")), at(0)), "a clock that was put back");
    let refused = held.draft_grant(GrantTerms { project: true, ..terms(Bound::Any) }, &maker());
    assert_eq!(refused, Err(NoGrant::NoProject));
    let of_project = Grant { project: Some("/src/a".into()), ..of_session };
    assert!(!of_project.covers(&asked(Some("s1")), at(2)));
    facts.context.project = Some("/src/a".into());
    assert!(of_project.covers(&Asked { call: &call, facts: &facts, session: Some("s1") }, at(2)));
}

#[test]
fn terms_must_be_of_the_call_they_are_made_on() {
    let held = held_with_others(held_by(vec![granting()]));
    let draft = |terms| held.draft_grant(terms, &maker()).unwrap_err();
    assert_eq!(draft(terms(Bound::UpTo(number("1")))), NoGrant::OutsideOf { argument: "amount".into() });
    assert_eq!(
        draft(GrantTerms { scope: vec![], ..terms(Bound::Any) }),
        NoGrant::OutsideOf { argument: "amount".into() }
    );
    assert_eq!(draft(GrantTerms { until: at(1), ..terms(Bound::Any) }), NoGrant::End);
    assert_eq!(draft(GrantTerms { uses: Some(0), ..terms(Bound::Any) }), NoGrant::Uses);
    let twice = vec![Limit { argument: "amount".into(), bound: Bound::Any }; 2];
    assert!(matches!(draft(GrantTerms { scope: twice, ..terms(Bound::Any) }), NoGrant::Crowded { .. }));
}

#[test]
fn only_the_vote_that_completes_a_plain_flow_makes_a_grant() {
    let of = |stage: Stage| held_with_others(held_by(vec![flow("owner", vec![stage])]));
    let plain = Stage { grants: true, ..stage(&[], &[], 1, 15) };
    let why = |held: HeldCall| held.may_grant(&maker()).unwrap_err();
    assert_eq!(of(plain.clone()).may_grant(&maker()), Ok(()));
    assert_eq!(why(of(Stage { grants: false, ..plain.clone() })), NoGrant::FlowDoesNot);
    assert_eq!(why(of(Stage { required: 2, ..plain.clone() })), NoGrant::FlowDoesNot);
    assert_eq!(why(of(Stage { exclude_requester: true, ..plain.clone() })), NoGrant::FlowDoesNot);
    assert_eq!(why(of(Stage { step_up: Some(ProofKind::Any), ..plain.clone() })), NoGrant::FlowDoesNot);
    let two = flow("two", vec![plain.clone(), plain.clone()]);
    assert_eq!(why(held_with_others(held_by(vec![two]))), NoGrant::FlowDoesNot);
    assert_eq!(why(held_with_others(with_step_up(vec![granting()], false, 0))), NoGrant::StepUp);
    let bobs = flow("bobs", vec![Stage { grants: true, ..stage(&["bob"], &[], 1, 15) }]);
    assert_eq!(why(held_with_others(held_by(vec![granting(), bobs]))), NoGrant::NotTheLastVote);
    for is_locked in [None, Some(true)] {
        let locked = GrantMaker { is_locked, ..maker() };
        assert_eq!(of(plain.clone()).may_grant(&locked), Err(NoGrant::Locked), "unknown counts as locked");
    }
    let button = GrantMaker { means: Means::Notification, ..maker() };
    assert_eq!(of(plain).may_grant(&button), Err(NoGrant::Means));
}

#[test]
fn a_grant_stands_in_for_its_own_flow_and_for_nothing_else() {
    let desk =
        |grant: Grant| AtDesk { grants: vec![grant], session: Some("s1".into()), ..AtDesk::from(owner()) };
    let admitted = |decision: Decision| {
        let desk = AtDesk { authenticator: Authenticator::Passkey, ..desk(grant(Bound::Any)) };
        admit(decision, call("1"), facts(), desk, ids(2), at(2))
    };
    let Admission::Released(released) = admitted(held_by(vec![granting()])) else { panic!("released") };
    assert_eq!(*released.basis(), Basis::Grant { grant: GrantId::from_random([3; 16]), uses: Some(2) });
    assert!(matches!(admitted(denied()), Admission::Refused(Refusal::Denied { .. })), "never a denial");
    assert!(
        matches!(admitted(with_step_up(vec![granting()], false, 0)), Admission::Held(_)),
        "never a step-up"
    );
    assert!(matches!(admitted(with_step_up(vec![], false, 0)), Admission::Held(_)), "nor a step-up alone");
    let changed = flow("owner", vec![Stage { grants: true, ..stage(&[], &[], 1, 14) }]);
    assert!(matches!(admitted(held_by(vec![changed])), Admission::Held(_)), "the flow is not what it was");
    let and_more = held_by(vec![granting(), anybody("also", 5)]);
    assert!(matches!(admitted(and_more), Admission::Held(_)), "part of what is required is not enough");
}

#[test]
fn wider_than_the_values_or_longer_than_an_hour_loosens() {
    let exact = || terms(Bound::Exactly(number("7250.00")));
    let of = |terms| held_with_others(held_by(vec![granting()])).draft_grant(terms, &maker()).unwrap();
    assert!(!of(exact()).is_loosening(None));
    assert!(of(exact()).is_loosening(Some("/src")), "any project, where the call had one");
    assert!(of(terms(Bound::Any)).is_loosening(None));
    assert!(of(terms(Bound::UpTo(number("7250.00")))).is_loosening(None));
    assert!(of(GrantTerms { until: at(62 * MINUTE), ..exact() }).is_loosening(None));
}

fn asking(policies: &[&str], max_age: u64, passkey_only: bool) -> Decision {
    let mut decision = with_step_up(vec![], passkey_only, max_age);
    decision.trace.policies = policies
        .iter()
        .map(|id| PolicyTrace {
            id: id.parse().unwrap(),
            name: (*id).to_owned(),
            description: String::new(),
            action: ActionKind::StepUp,
            flow: None,
            mode: Mode::Enforce,
            applied: Applied::Yes,
            deciding: true,
            predicates: vec![],
            sentence: String::new(),
        })
        .collect();
    decision
}

#[test]
fn a_window_counts_for_the_same_user_agent_and_policies_while_it_is_fresh() {
    let decision = asking(&["pay"], 300, true);
    let held = held_with_others(decision.clone());
    let window = ProofWindow::of(&proof("ana", passkey(), &held), held.call(), &decision).unwrap();
    let covers = |decision: &Decision, after| window.covers(&call("1"), decision, at(after));
    assert!(covers(&decision, 299_999), "any call of these policies");
    assert!(!covers(&decision, 300_000) && !covers(&decision, -1), "I6: not past its age, nor before it");
    assert!(!covers(&asking(&["pay"], 60, true), 60_000), "a newer set asks for a fresher proof");
    assert!(!covers(&asking(&["pay", "other"], 300, true), 1), "another policy asks as well");
    assert!(!covers(&asking(&["pay"], 0, true), 1));
    let other = ToolCall { agent: "other".parse().unwrap(), ..call("1") };
    assert!(!window.covers(&other, &decision, at(1)));
    assert!(ProofWindow::of(&proof("bob", passkey(), &held), held.call(), &decision).is_none());
    assert!(
        ProofWindow::of(&proof("ana", passkey(), &held), held.call(), &asking(&["pay"], 0, true)).is_none()
    );

    let desk =
        AtDesk { windows: vec![window], authenticator: Authenticator::Passkey, ..AtDesk::from(owner()) };
    let admitted = |decision| admit(decision, call("1"), facts(), desk.clone(), ids(2), at(2));
    let Admission::Released(released) = admitted(decision) else { panic!("released") };
    assert_eq!(*released.basis(), Basis::Window { proof: ProofId::from_random([5; 16]) });
    let with_votes = with_step_up(vec![anybody("owner", 5)], true, 300);
    assert!(matches!(admitted(with_votes), Admission::Held(_)), "a window is no vote");
    // Whoever took the agent's token proved nothing.
    let mut stranger = facts();
    stranger.agent.program = Some("/bin/other".into());
    stranger.agent.paired_programs = vec!["/bin/coder".into()];
    let asked = asking(&["pay"], 300, true);
    assert!(matches!(admit(asked, call("1"), stranger, desk.clone(), ids(2), at(2)), Admission::Held(_)));
}

#[test]
fn a_step_up_that_nobody_could_give_is_refused_at_once() {
    let admitted = |authenticator, passkey_only| {
        let desk = AtDesk { authenticator, ..AtDesk::from(owner()) };
        admit(with_step_up(vec![], passkey_only, 0), call("1"), facts(), desk, ids(2), at(2))
    };
    let not_set_up = |admission| matches!(admission, Admission::Refused(Refusal::StepUpNotSetUp));
    assert!(not_set_up(admitted(Authenticator::None, false)));
    assert!(not_set_up(admitted(Authenticator::Passphrase, true)));
    assert!(matches!(admitted(Authenticator::Passphrase, false), Admission::Held(_)));
    assert!(matches!(admitted(Authenticator::Passkey, true), Admission::Held(_)));
}

#[test]
fn a_grant_stands_for_as_long_as_its_maker_may_cast_the_votes_it_stands_in_for() {
    let of_owner = grant(Bound::Any);
    let [bob, eva] = <[Voter; 2]>::try_from(others()).unwrap();
    let now = Voters { owner: owner(), others: vec![bob.clone()] };
    assert!(of_owner.is_still_its_makers(&now));
    let bobs_desk = Voters { owner: bob, others: vec![owner()] };
    assert!(!of_owner.is_still_its_makers(&bobs_desk), "it was made by whoever owns the desk");
    assert!(!of_owner.is_still_its_makers(&Voters { owner: eva, others: vec![] }), "she is gone");
    let finance = flow("finance", vec![Stage { grants: true, ..stage(&[], &["finance"], 1, 15) }]);
    let of_role = Grant { flows: vec![finance], ..of_owner };
    assert!(of_role.is_still_its_makers(&now));
    let without = Voters { owner: Voter { roles: [].into(), ..owner() }, others: vec![] };
    assert!(!of_role.is_still_its_makers(&without), "she lost the role");
}
