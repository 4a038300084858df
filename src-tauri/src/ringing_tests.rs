//! What is on screen as calls come, go, are put away and run out of time.

use super::*;

fn notice(hold: &str, body: &str) -> Notice {
    Notice {
        key: hold.into(),
        holds: vec![hold.into()],
        digest: "d".into(),
        agent: "coder".into(),
        tool: "files/write_file".into(),
        title: "t".into(),
        body: body.into(),
        buttons: Vec::new(),
        deadline: 1_000,
        reminds: false,
    }
}

fn notices(count: usize) -> Vec<Notice> {
    (0..count).map(|n| notice(&format!("h-{n}"), "a")).collect()
}

fn of(agent: &str, hold: &str) -> Notice {
    Notice { agent: agent.into(), ..notice(hold, "a") }
}

fn late(hold: &str, deadline: i64) -> Notice {
    Notice { reminds: true, deadline, ..notice(hold, "ends soon") }
}

fn gather(agent: &str, notices: &[Notice]) -> Notice {
    Notice {
        key: burst_key(agent),
        holds: notices.iter().flat_map(|notice| notice.holds.clone()).collect(),
        title: format!("{agent}: {} calls wait", notices.len()),
        reminds: notices.iter().any(|notice| notice.reminds),
        ..notice("", "")
    }
}

/// `+key` for what is shown, `-key` for what is closed.
fn follow(ringing: &mut Ringing, waiting: Vec<Notice>) -> Vec<String> {
    let steps = ringing.follow(waiting, gather);
    let words = steps.into_iter().map(|step| match step {
        Step::Show(notice) => format!("+{}", notice.key),
        Step::Close { key } => format!("-{key}"),
    });
    words.collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_new_hold_rings_once() {
    let mut ringing = Ringing::default();
    assert_eq!(ringing.follow(vec![notice("h-1", "a")], gather), [Step::Show(notice("h-1", "a"))]);
    assert_eq!(follow(&mut ringing, vec![notice("h-1", "a")]), NOTHING);
}

#[test]
fn a_hold_that_changed_is_shown_again_in_its_place() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, vec![notice("h-1", "a")]);
    assert_eq!(ringing.follow(vec![notice("h-1", "b")], gather), [Step::Show(notice("h-1", "b"))]);
}

#[test]
fn a_hold_that_ended_elsewhere_is_closed() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, vec![notice("h-1", "a"), notice("h-2", "a")]);
    assert_eq!(follow(&mut ringing, vec![notice("h-2", "a")]), ["-h-1"]);
    assert_eq!(follow(&mut ringing, vec![notice("h-2", "a")]), NOTHING);
}

#[test]
fn what_could_not_be_shown_is_tried_again() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, vec![notice("h-1", "a")]);
    ringing.not_shown("h-1");
    assert_eq!(follow(&mut ringing, vec![notice("h-1", "a")]), ["+h-1"]);
}

#[test]
fn what_a_person_put_away_stays_away() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, vec![notice("h-1", "a")]);
    ringing.put_away(&notice("h-1", "a"));
    assert_eq!(follow(&mut ringing, vec![notice("h-1", "b")]), NOTHING);
    assert_eq!(follow(&mut ringing, Vec::new()), NOTHING);
    assert_eq!(
        follow(&mut ringing, vec![notice("h-1", "c")]),
        ["+h-1"],
        "ended and opened again, it is a new matter"
    );
}

#[test]
fn a_burst_becomes_one_notification_with_a_count() {
    let mut ringing = Ringing::default();
    assert_eq!(follow(&mut ringing, notices(3)), ["+h-0", "+h-1", "+h-2"]);
    assert_eq!(follow(&mut ringing, notices(4)), ["-h-0", "-h-1", "-h-2", "+agent:coder"]);
    let [Step::Show(burst)] = &ringing.follow(notices(7), gather)[..] else {
        panic!("counted on in its place")
    };
    assert_eq!(burst.title, "coder: 7 calls wait");
    assert_eq!(follow(&mut ringing, notices(7)), NOTHING);
}

#[test]
fn a_burst_that_comes_at_once_is_one_notification_from_the_start() {
    assert_eq!(follow(&mut Ringing::default(), notices(50)), ["+agent:coder"]);
}

#[test]
fn a_burst_shrinks_to_its_last_call_and_ends_with_it() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, notices(5));
    assert_eq!(follow(&mut ringing, notices(2)), ["+agent:coder"]);
    assert_eq!(follow(&mut ringing, notices(1)), ["-agent:coder", "+h-0"]);
    assert_eq!(follow(&mut ringing, Vec::new()), ["-h-0"]);
}

#[test]
fn a_burst_that_ends_at_once_is_closed() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, notices(5));
    assert_eq!(follow(&mut ringing, Vec::new()), ["-agent:coder"]);
}

#[test]
fn the_calls_of_another_agent_are_not_part_of_a_burst() {
    let mut ringing = Ringing::default();
    let mut waiting = notices(4);
    waiting.insert(2, of("writer", "h-w"));
    assert_eq!(follow(&mut ringing, waiting), ["+agent:coder", "+h-w"]);
}

#[test]
fn a_burst_that_was_put_away_is_not_counted_with_what_comes_later() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, notices(5));
    ringing.put_away(&gather("coder", &notices(5)));
    assert_eq!(follow(&mut ringing, notices(5)), NOTHING);
    assert_eq!(follow(&mut ringing, notices(6)), ["+h-5"]);
}

#[test]
fn a_call_that_joined_a_burst_nobody_had_seen_yet_rings_on() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, notices(5));
    let seen = gather("coder", &notices(4));
    ringing.put_away(&seen);
    assert_eq!(follow(&mut ringing, notices(5)), ["+h-4"]);
}

#[test]
fn a_reminder_comes_up_anew_once() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, vec![notice("h-1", "a")]);
    assert_eq!(follow(&mut ringing, vec![late("h-1", 1_000)]), ["-h-1", "+h-1"]);
    assert_eq!(follow(&mut ringing, vec![late("h-1", 1_000)]), NOTHING);
}

#[test]
fn a_reminder_brings_back_what_was_put_away_and_can_be_put_away_itself() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, vec![notice("h-1", "a")]);
    ringing.put_away(&notice("h-1", "a"));
    assert_eq!(follow(&mut ringing, vec![late("h-1", 1_000)]), ["+h-1"]);
    ringing.put_away(&late("h-1", 1_000));
    assert_eq!(follow(&mut ringing, vec![late("h-1", 1_000)]), NOTHING);
}

#[test]
fn an_extended_hold_is_reminded_of_its_new_deadline() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, vec![late("h-1", 1_000)]);
    ringing.put_away(&late("h-1", 1_000));
    assert_eq!(follow(&mut ringing, vec![Notice { deadline: 2_000, ..notice("h-1", "a") }]), NOTHING);
    assert_eq!(follow(&mut ringing, vec![late("h-1", 2_000)]), ["+h-1"]);
}

#[test]
fn a_burst_reminds_once_however_many_of_its_calls_end() {
    let mut ringing = Ringing::default();
    follow(&mut ringing, notices(5));
    let mut waiting = notices(5);
    waiting[0] = late("h-0", 1_000);
    assert_eq!(follow(&mut ringing, waiting.clone()), ["-agent:coder", "+agent:coder"]);
    waiting[1] = late("h-1", 1_001);
    assert_eq!(follow(&mut ringing, waiting), NOTHING);
}

#[test]
fn behind_a_locked_screen_nothing_new_rings_and_all_of_it_does_on_return() {
    let mut ringing = Ringing::default();
    ringing.follow(vec![notice("h-1", "a"), notice("h-2", "a")], gather);
    ringing.put_away(&notice("h-2", "a"));
    let waiting = [notice("h-1", "b"), notice("h-2", "a"), notice("h-3", "a")];
    assert_eq!(ringing.follow_unseen(&waiting), []);
    assert_eq!(
        ringing.follow(waiting.to_vec(), gather),
        [Step::Show(notice("h-1", "b")), Step::Show(notice("h-3", "a"))]
    );
    assert_eq!(ringing.follow_unseen(&[]).len(), 2, "what ended meanwhile is taken away");
}
