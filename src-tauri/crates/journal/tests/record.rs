//! What is on record, and what a person reads of it.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{Choice, Event, HeldCall, HoldState, Means, Refusal};
use journal::{ActivityOutcome, ActivityQuery, ActivityRow, Completion, Entry, Journal, JournalError};
use policy::Timestamp;
use support::*;

fn rows(journal: &Journal) -> Vec<ActivityRow> {
    journal.activity(&ActivityQuery { limit: 100, ..ActivityQuery::default() }).unwrap()
}

fn kinds(journal: &Journal) -> Vec<String> {
    journal.entries(1).unwrap().into_iter().map(|entry| entry.kind).collect()
}

#[test]
fn an_allowed_call_runs_and_is_answered() {
    let scene = Scene::new();
    let journal = scene.open();
    let released = scene.allowed();
    let release = released.id().clone();
    let journalled = journal.commit(released).unwrap();
    assert_eq!((journalled.release(), journalled.call()), (&release, &call("12.50")), "I12");
    assert_eq!(rows(&journal)[0].outcome, ActivityOutcome::Running);

    scene.pass(40);
    journal.complete(&release, &Completion::answered(true, b"{}")).unwrap();
    let row = &rows(&journal)[0];
    assert_eq!((row.outcome, row.bytes, row.tool_error), (ActivityOutcome::Allowed, Some(2), true));
    assert_eq!((row.at, row.ended_at), (START, Some(at(40))));
    assert_eq!(
        (row.agent.as_str(), row.upstream.as_str(), row.tool.as_str()),
        ("coder", "expenses", "create_expense")
    );
    assert_eq!(row.digest, Some(call("12.50").digest()));
    assert_eq!(row.arguments, Some(call("12.50").arguments));
    assert_eq!(kinds(&journal), ["call_released", "call_completed"]);
}

#[test]
fn a_held_call_leaves_who_decided_what_by_which_policy_on_which_values() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut held = scene.hold(&journal);
    assert_eq!(rows(&journal)[0].outcome, ActivityOutcome::Waiting);
    let vote = approval(&held);
    scene.happen(&journal, &mut held, vote);
    assert_eq!(rows(&journal)[0].outcome, ActivityOutcome::Approved);
    let released = scene.release(&mut held);
    let release = released.id().clone();
    let journalled = journal.commit(released).unwrap();
    assert_eq!(journalled.call(), held.call(), "I12");
    journal.complete(&release, &Completion::answered(false, b"12345")).unwrap();

    let row = &rows(&journal)[0];
    assert_eq!((row.outcome, row.bytes), (ActivityOutcome::Approved, Some(5)));
    assert_eq!(
        row.policies.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect::<Vec<_>>(),
        [("large", "The policy large")]
    );
    assert_eq!(row.policies[0].sentence, "amount is 7250.00, above 5000");
    assert_eq!((row.votes[0].by.as_str(), row.votes[0].means), ("ana", Means::Window));
    assert_eq!(row.hold.as_ref(), Some(held.id()));
    assert_eq!(kinds(&journal), ["hold_opened", "vote_cast", "call_released", "call_completed"]);

    let entries = journal.entries(1).unwrap();
    assert!(entries[0].body.as_ref().unwrap().contains(r#""arguments":{"amount":7250.00}"#), "as received");
    assert!(entries[1].body.as_ref().unwrap().contains(r#""by":"ana""#));
    assert!(entries[2].body.as_ref().unwrap().contains(release.as_str()));
    assert_eq!(journal.entries(3).unwrap().len(), 2);
    assert_eq!(journal.verify().unwrap().entries, 4);
}

#[test]
fn every_end_of_a_hold_is_told_apart() {
    let scene = Scene::new();
    let journal = scene.open();
    type End = (ActivityOutcome, fn(&HeldCall) -> Event, i64);
    let ends: [End; 4] = [
        (
            ActivityOutcome::Rejected,
            |held| {
                let choice = Choice::Reject { reason: Some("no".into()) };
                Event::Voted(vote("ana", choice, held.digest()))
            },
            0,
        ),
        (ActivityOutcome::Expired, |_| Event::DeadlinePassed, 15 * MINUTE),
        (ActivityOutcome::Withdrawn, |_| Event::Withdrawn { why: "the agent was removed".into() }, 0),
        (ActivityOutcome::Refused, |_| Event::Rejudged(denied()), 0),
    ];
    for (outcome, event, pause) in ends {
        let mut held = scene.hold(&journal);
        scene.pass(pause);
        let event = event(&held);
        scene.happen(&journal, &mut held, event);
        let row = &rows(&journal)[0];
        assert_eq!((row.outcome, row.ended_at), (outcome, Some(scene.now())));
    }
    let mut held = scene.hold(&journal);
    let vote = approval(&held);
    scene.happen(&journal, &mut held, vote);
    scene.pass(10 * MINUTE);
    scene.happen(&journal, &mut held, Event::CollectionPassed);
    assert_eq!(rows(&journal)[0].outcome, ActivityOutcome::Uncollected);
    assert!(journal.open_holds().unwrap().is_empty());
}

#[test]
fn denied_and_refused_calls_are_rows_of_their_own() {
    let scene = Scene::new();
    let journal = scene.open();
    journal.record(scene.refused()).unwrap();
    let refusal = Refusal::StepUpNotSetUp;
    journal
        .record(Entry::Refused {
            call: call("1"),
            facts: facts(),
            decision: step_up(),
            refusal: refusal.clone(),
        })
        .unwrap();
    let rows = rows(&journal);
    assert_eq!((rows[0].outcome, &rows[0].refusal), (ActivityOutcome::Refused, &Some(refusal)));
    assert_eq!((rows[1].outcome, rows[1].policies.len()), (ActivityOutcome::Denied, 1));
}

#[test]
fn a_call_that_was_turned_away_unjudged_is_a_row_too() {
    let scene = Scene::new();
    let journal = scene.open();
    let entry = Entry::TurnedAway {
        agent: "coder".parse().unwrap(),
        user: "ana".parse().unwrap(),
        upstream: "expenses".parse().unwrap(),
        tool: "no such tool".into(),
        arguments: call("1.0").arguments,
        refusal: Refusal::UnknownTool,
    };
    journal.record(entry).unwrap();
    let row = &rows(&journal)[0];
    assert_eq!(
        (row.outcome, row.tool.as_str(), &row.refusal),
        (ActivityOutcome::Refused, "no such tool", &Some(Refusal::UnknownTool))
    );
    assert_eq!((&row.arguments, row.digest), (&Some(call("1.0").arguments), None));
}

#[test]
fn activity_is_paged_and_filtered() {
    let scene = Scene::new();
    let journal = scene.open();
    for _ in 0..5 {
        journal.record(scene.refused()).unwrap();
        drop(journal.commit(scene.allowed()).unwrap());
    }
    let page = |before, text: Option<&str>, outcome| {
        let text = text.map(str::to_owned);
        let query = ActivityQuery { before, limit: 3, text, outcome, ..ActivityQuery::default() };
        journal.activity(&query).unwrap().iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_eq!(page(None, None, None), [10, 9, 8]);
    assert_eq!(page(Some(8), None, None), [7, 6, 5]);
    assert_eq!(page(Some(1), None, None), [0_u64; 0]);
    assert_eq!(page(None, None, Some(ActivityOutcome::Denied)), [9, 7, 5]);
    assert_eq!(page(Some(5), Some("EXPENSES/create"), Some(ActivityOutcome::Denied)), [3, 1]);
    assert_eq!(page(None, Some("coder"), None), [10, 9, 8]);
    assert_eq!(page(None, Some("create%expense"), None), [0_u64; 0], "no wildcards");
    assert_eq!(page(None, Some("'; --"), None), [0_u64; 0]);
}

#[test]
fn applied_policies_are_counted_by_the_day() {
    let scene = Scene::new();
    let journal = scene.open();
    journal.record(scene.refused()).unwrap();
    scene.pass(40 * 24 * 60 * MINUTE);
    scene.hold(&journal);
    drop(journal.commit(scene.allowed()).unwrap());
    let of = |since| journal.applied_counts(since).unwrap().get("large").copied();
    assert_eq!(of(Timestamp(0)), Some(3));
    assert_eq!(of(Timestamp(scene.now().0 - 30 * 24 * 60 * MINUTE)), Some(2));
    assert!(!journal.applied_counts(Timestamp(0)).unwrap().contains_key("other"), "it did not apply");
}

#[test]
fn a_hold_that_is_not_approved_on_record_is_not_released() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut held = scene.hold(&journal);
    // Approved in memory, but nobody recorded the vote.
    held.apply(approval(&held), scene.now()).unwrap();
    let released = scene.release(&mut held);
    let error = journal.commit(released).unwrap_err();
    assert!(matches!(error, JournalError::NotApproved { found: "waiting", .. }), "I3: {error}");
    assert_eq!(kinds(&journal), ["hold_opened"]);
    assert_eq!(rows(&journal)[0].outcome, ActivityOutcome::Waiting);
}

#[test]
fn a_hold_that_was_never_recorded_is_not_released() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut held = support::held(vec![anybody("owner", 15)]);
    held.apply(approval(&held), scene.now()).unwrap();
    let released = scene.release(&mut held);
    assert!(matches!(journal.commit(released), Err(JournalError::UnknownHold(_))), "I3");
}

/// The same hold once more, as the record has it.
fn twin(journal: &Journal, held: &HeldCall) -> HeldCall {
    let (opened, events) = journal.hold(held.id()).unwrap().unwrap();
    HeldCall::replay(opened, &events).unwrap()
}

#[test]
fn a_hold_and_a_release_go_once() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut held = scene.hold(&journal);
    let vote = approval(&held);
    scene.happen(&journal, &mut held, vote);
    let mut again = twin(&journal, &held);
    drop(journal.commit(scene.release(&mut held)).unwrap());
    let error = journal.commit(scene.release(&mut again)).unwrap_err();
    assert!(matches!(error, JournalError::AlreadyReleased(_)), "I2: {error}");

    let first = scene.allowed();
    let ids = approvals::Ids { release: first.id().clone(), ..scene.ids() };
    let decision = decision(policy::Outcome::Allowed);
    let approvals::Admission::Released(again) =
        approvals::admit(decision, call("1"), facts(), owner(), ids, START)
    else {
        panic!("released")
    };
    drop(journal.commit(first).unwrap());
    assert!(matches!(journal.commit(again), Err(JournalError::AlreadyReleased(_))), "I2");
    assert_eq!(journal.verify().unwrap().entries, 4, "what was refused left nothing");
}

#[test]
fn of_many_holds_that_are_approved_at_once_each_goes_once_and_one_that_ended_meanwhile_does_not() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut holds: Vec<HeldCall> = (0..40).map(|_| scene.hold(&journal)).collect();
    for held in &mut holds {
        let vote = approval(held);
        scene.happen(&journal, held, vote);
    }
    // The newest, so that it is one of those that are still at hand.
    let mut late = holds.pop().unwrap();
    let released = scene.release(&mut twin(&journal, &late));
    scene.happen(&journal, &mut late, Event::Rejudged(traced(denied())));
    let error = journal.commit(released).unwrap_err();
    assert!(matches!(error, JournalError::NotApproved { found: "refused", .. }), "{error}");
    for held in &mut holds {
        let mut again = twin(&journal, held);
        drop(journal.commit(scene.release(held)).unwrap());
        let error = journal.commit(scene.release(&mut again)).unwrap_err();
        assert!(matches!(error, JournalError::AlreadyReleased(_)), "{error}");
    }
    assert_eq!(journal.verify().unwrap().entries, 40 + 40 + 1 + 39);
}

#[test]
fn what_does_not_fit_the_record_is_not_recorded() {
    let scene = Scene::new();
    let journal = scene.open();
    let held = scene.hold(&journal);
    let record = |event| journal.record(Entry::HoldEvent { hold: held.id().clone(), event, at: scene.now() });
    assert!(matches!(record(Event::DeadlinePassed), Err(JournalError::DoesNotFit { .. })));
    assert!(matches!(
        record(Event::Claimed { release: release_id(9) }),
        Err(JournalError::ClaimWithoutRelease(_))
    ));
    let unknown = approvals::HoldId::from_random([99; 16]);
    let elsewhere = Entry::HoldEvent { hold: unknown, event: Event::DeadlinePassed, at: scene.now() };
    assert!(matches!(journal.record(elsewhere), Err(JournalError::UnknownHold(_))));
    assert_eq!(kinds(&journal), ["hold_opened"]);
}

#[test]
fn a_call_ends_once() {
    let scene = Scene::new();
    let journal = scene.open();
    assert!(matches!(
        journal.complete(&release_id(200), &Completion::Unknown),
        Err(JournalError::UnknownRelease(_))
    ));
    let released = scene.allowed();
    let release = released.id().clone();
    drop(journal.commit(released).unwrap());
    journal.complete(&release, &Completion::Failed { why: "gone".into() }).unwrap();
    assert!(matches!(
        journal.complete(&release, &Completion::Unknown),
        Err(JournalError::AlreadyCompleted(_))
    ));
    assert_eq!(rows(&journal)[0].outcome, ActivityOutcome::Failed);
}

#[test]
fn the_first_definition_of_a_tool_stays_pinned() {
    let scene = Scene::new();
    let journal = scene.open();
    let (first, second) = (policy::Value::from("first"), policy::Value::from("second"));
    assert_eq!(journal.pin("expenses", "pay").unwrap(), None);
    assert!(journal.set_pin("expenses", "pay", &first).unwrap());
    assert!(!journal.set_pin("expenses", "pay", &second).unwrap());
    let pin = journal.pin("expenses", "pay").unwrap().unwrap();
    assert_eq!((pin.hash, pin.definition.as_str()), (policy::DefinitionHash::of(&first), "\"first\""));
    assert_eq!(kinds(&journal), ["tool_pinned"]);
    let hash = policy::DefinitionHash::of;
    assert!(!journal.accept_pin("expenses", "pay", hash(&second), &first).unwrap(), "that one is not pinned");
    assert!(!journal.accept_pin("expenses", "other", hash(&first), &second).unwrap(), "no such tool");
    assert!(journal.accept_pin("expenses", "pay", hash(&first), &second).unwrap());
    assert_eq!(journal.pinned_hash("expenses", "pay").unwrap(), Some(hash(&second)));
    assert_eq!(kinds(&journal), ["tool_pinned", "tool_accepted"]);
    journal.verify().unwrap();
    assert_eq!((journal.pin_count("expenses").unwrap(), journal.pin_count("mail").unwrap()), (1, 0));
}

#[test]
fn many_threads_write_one_chain() {
    let scene = Scene::new();
    let journal = scene.open();
    std::thread::scope(|threads| {
        for thread in 0..8_u8 {
            let journal = &journal;
            threads.spawn(move || {
                for n in 0..20_u8 {
                    let ids = approvals::Ids::from_random([thread + 1; 16], [thread * 20 + n; 16]);
                    let decision = decision(policy::Outcome::Allowed);
                    let approvals::Admission::Released(released) =
                        approvals::admit(decision, call("1"), facts(), owner(), ids, START)
                    else {
                        panic!("released")
                    };
                    let release = released.id().clone();
                    drop(journal.commit(released).unwrap());
                    journal.complete(&release, &Completion::answered(false, b"")).unwrap();
                    journal.activity(&ActivityQuery { limit: 5, ..ActivityQuery::default() }).unwrap();
                }
            });
        }
    });
    assert_eq!(journal.verify().unwrap().entries, 320);
    assert_eq!(rows(&journal).len(), 100);
}

#[test]
fn a_hold_is_replayed_from_the_record_at_every_step() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut held = scene.hold(&journal);
    let added = flow("second", vec![stage(&[], &[], 1, 30), stage(&[], &[], 1, 30)]);
    let steps = [approval(&held), Event::Rejudged(held_by(vec![added])), approval(&held)];
    for event in steps {
        scene.pass(1_000);
        scene.happen(&journal, &mut held, event);
        let (opened, events) = journal.open_holds().unwrap().remove(0);
        assert_eq!(HeldCall::replay(opened, &events).unwrap(), held);
    }
    assert!(matches!(held.state(), HoldState::Approved { .. }));
    let released = scene.release(&mut held);
    drop(journal.commit(released).unwrap());
    assert!(journal.open_holds().unwrap().is_empty());
    let (opened, events) = journal.hold(held.id()).unwrap().unwrap();
    assert_eq!(HeldCall::replay(opened, &events).unwrap(), held);
}

#[test]
fn recorded_calls_are_read_newest_first_with_the_facts_they_were_judged_by() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let page = journal.recorded_calls(None).unwrap();
    let outcomes: Vec<ActivityOutcome> = page.calls.iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, [ActivityOutcome::Denied, ActivityOutcome::Failed, ActivityOutcome::Approved]);
    assert!(page.calls.iter().all(|call| call.facts == facts()));
    assert_eq!((page.calls[1].call.clone(), page.unreadable, page.before), (call("12.50"), 0, None));
    let older = journal.recorded_calls(Some(page.calls[1].seq)).unwrap();
    assert_eq!(older.calls.iter().map(|call| call.seq).collect::<Vec<_>>(), [page.calls[2].seq]);
}

#[test]
fn recorded_calls_come_in_pages_and_the_unreadable_are_counted() {
    let scene = Scene::new();
    let journal = scene.open();
    for _ in 0..401 {
        journal.record(scene.refused()).unwrap();
    }
    let (mut seen, mut before, mut pages) = (0, None, 0);
    loop {
        let page = journal.recorded_calls(before).unwrap();
        (seen, pages) = (seen + page.calls.len(), pages + 1);
        before = page.before;
        if before.is_none() {
            break;
        }
    }
    assert_eq!((seen, pages), (401, 3));
    drop(journal);
    let other = scene.try_open(8).unwrap();
    let page = other.recorded_calls(None).unwrap();
    assert_eq!((page.calls.len(), page.unreadable), (0, 200), "sealed with another key");
}
