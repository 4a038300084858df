//! Which calls may be answered with one gesture, by the desk itself: whatever a window asks for, a step-up is not among them.

use super::*;
use policy::{ProofKind, StepUpRule};

fn asking_for_a_step_up() -> Decision {
    let step_up = Some(StepUpRule { passkey_only: true, max_age_seconds: 0 });
    let flows = vec![ApprovalFlow::owner().unwrap()];
    let outcome = Decided::Held(Requirements { flows, step_up, ..Requirements::default() });
    Decision { revision: "r".into(), outcome, trace: Trace::default() }
}

fn with_a_proof_in_its_stage() -> Decision {
    let mut flow = ApprovalFlow::owner().unwrap();
    flow.stages[0].step_up = Some(ProofKind::Passkey);
    held_by(vec![flow])
}

fn alike(bench: &Bench, hold: &HoldId) -> Vec<String> {
    bench.desk.similar(hold).into_iter().map(|card| card.hold).collect()
}

#[test]
fn calls_that_differ_in_their_arguments_alone_are_answered_together() {
    let bench = bench(owner());
    let tickets: Vec<Ticket> = (0..3).map(|number| bench.hold(number)).collect();
    let asked = tickets[1].hold();
    let found = alike(&bench, asked);
    assert_eq!(found[0], asked.to_string(), "the one asked about first");
    assert_eq!(found.len(), 3);
}

#[test]
fn a_step_up_is_never_answered_together_with_others_whatever_is_asked() {
    for strict in [asking_for_a_step_up(), with_a_proof_in_its_stage()] {
        let mut bench = bench(owner());
        bench.desk.set_authenticators([(ana().id, approvals::Authenticator::Passkey)]);
        let plain = [bench.hold(0), bench.hold(1)];
        bench.decision = strict;
        let guarded = [bench.hold(2), bench.hold(3)];
        assert!(alike(&bench, guarded[0].hold()).is_empty(), "asked about a step-up there is none");
        let found = alike(&bench, plain[0].hold());
        assert_eq!(found.len(), 2, "and it is not among the others: {found:?}");
        assert!(guarded.iter().all(|ticket| !found.contains(&ticket.hold().to_string())));
    }
}

#[test]
fn whoever_is_not_named_any_more_proves_nothing() {
    let mut bench = bench(owner());
    bench.decision = asking_for_a_step_up();
    let asks = |bench: &Bench| {
        let desk = AtDesk { session: Some("s".into()), ..AtDesk::from(Voter::from(&ana())) };
        bench.desk.admit((bench.decision.clone(), call(1), facts()), desk, bench.ids())
    };
    bench.desk.set_authenticators([(ana().id, approvals::Authenticator::Passkey)]);
    assert!(matches!(asks(&bench), Admission::Held(_)));
    bench.desk.set_authenticators([]);
    assert!(matches!(asks(&bench), Admission::Refused(_)), "nobody could give what it waits for");
}

#[test]
fn calls_from_another_folder_branch_or_program_stand_by_themselves() {
    let bench = bench(owner());
    let here = bench.hold(0);
    let changes: [fn(&mut Facts); 3] = [
        |facts| facts.context.project = Some("/home/ana/prod".into()),
        |facts| facts.context.branch = Some("main".into()),
        |facts| facts.agent.program = Some("/usr/bin/other".into()),
    ];
    let mut others = Vec::new();
    for (number, change) in (1..).zip(changes) {
        let mut facts = facts();
        change(&mut facts);
        let desk = AtDesk { session: Some("s".into()), ..AtDesk::from(Voter::from(&ana())) };
        let admitted = bench.desk.admit((bench.decision.clone(), call(number), facts), desk, bench.ids());
        let Admission::Held(held) = admitted else { panic!("held") };
        let Place::Open(ticket) = bench.desk.attach(*held, ToolWords::default()).unwrap() else {
            panic!("open")
        };
        others.push(ticket);
    }
    assert_eq!(alike(&bench, here.hold()), [here.hold().to_string()]);
    assert!(others.iter().all(|ticket| alike(&bench, ticket.hold()).len() == 1));
}

#[test]
fn an_approval_with_changes_is_shown_as_an_approval() {
    let judged = Box::new(approvals::Judged { facts: facts(), decision: owner() });
    let edited = Choice::ApproveEdited { arguments: call(1).arguments, judged };
    for (choice, approves, means) in [
        (Choice::Approve, true, "in the window"),
        (edited, true, "in the window, with changes"),
        (Choice::Reject { reason: None }, false, "in the window"),
    ] {
        let at = Timestamp(START);
        let vote = approvals::Vote {
            by: "ana".parse().unwrap(),
            choice,
            means: Means::Window,
            digest: call(0).digest(),
            at,
            proof: None,
        };
        let shown = crate::card::CardVote::from(&vote);
        assert_eq!((shown.approves, shown.means.as_str()), (approves, means));
    }
}

#[test]
fn many_empty_lines_are_folded_and_count_as_unread() {
    let words = ToolWords::default();
    let rows = |text: &str| crate::card::arguments(&Value::object([("note", Value::from(text))]), &words);
    assert!(!rows(&"a line\n".repeat(24))[0].folded);
    assert!(rows(&"\n".repeat(40))[0].folded);
}
