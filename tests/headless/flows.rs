//! Flows through the whole gateway: who is asked, in which order, until when, and what of it is on record.

use super::support::agent::Agent;
use super::support::browser::{Page, SoftPasskey, passkey};
use super::support::home::{ALLOW, TestHome};
use super::support::journal::kinds_until;
use super::support::within;
use super::support::world::{World, digest};
use approvals::{Bound, Choice, Event, GrantTerms, HoldId, Limit, Means};
use gateway::card::Card;
use gateway::ceremony::{CeremonyEnd, Subject};
use gateway::desk::Ballot;
use gateway::grants::State;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const PEOPLE: &str = "[[user]]\nid = \"me\"\nname = \"Me\"\nowner = true\n[[user]]\nid = \"bo\"\nname = \"Bo\"\nroles = [\"finance\"]\n[[user]]\nid = \"eva\"\nname = \"Eva\"\nroles = [\"boss\"]\n";

/// Customers are deleted by this flow, whose stages are given.
fn home(stages: &str) -> TestHome {
    let home = TestHome::in_memory(&[
        ALLOW,
        (
            "customers.toml",
            "name = \"Customers\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"request_approval\"\nflow = \"asked\"\n",
        ),
        ("flows/asked.toml", &format!("name = \"Asked\"\n{stages}")),
    ]);
    home.write_people(PEOPLE);
    home
}

/// The page that was shown last.
struct Shown(Arc<Mutex<Option<String>>>);

impl Shown {
    fn of(world: &World) -> Shown {
        let shown = Shown(Arc::default());
        let known = Arc::clone(&shown.0);
        world.engine.show_ceremonies_with(Box::new(move |url| {
            *known.lock().unwrap() = Some(url.to_owned());
            true
        }));
        shown
    }

    fn forget(&self) -> Option<String> {
        self.0.lock().unwrap().take()
    }

    async fn next(&self) -> Page {
        let url = within("a page is shown", async {
            loop {
                if let Some(url) = self.forget() {
                    return url;
                }
                tokio::task::yield_now().await;
            }
        });
        Page::at(&url.await).await
    }
}

/// Passkeys of people of this desk, the first of which let the others in.
struct Keys(Vec<(&'static str, SoftPasskey)>);

impl Keys {
    async fn of(world: &World, people: &[&'static str]) -> Keys {
        let mut keys = Keys(Vec::new());
        for person in people {
            let subject = Subject::Enrol { person: person.parse().unwrap(), name: (*person).to_owned() };
            let ceremony = world.engine.start_ceremony(subject).await.unwrap();
            let mut made = passkey();
            let signer = keys.0.first_mut().map(|(_, key)| key);
            let reply = Page::open(&ceremony).await.run(Some(&mut made), signer).await;
            assert_eq!(reply["kind"], "done", "{reply}");
            assert!(matches!(ceremony.ended().await, CeremonyEnd::Enrolled(_)));
            keys.0.push((person, made));
        }
        keys
    }

    fn key(&mut self, person: &str) -> &mut SoftPasskey {
        &mut self.0.iter_mut().find(|(name, _)| *name == person).unwrap().1
    }

    /// They approve it on its page; what the page said last.
    async fn approve(&mut self, world: &World, person: &str, card: &Card) -> Value {
        let hold: HoldId = card.hold.parse().unwrap();
        let ceremony = world.engine.start_ceremony(Subject::Hold { hold }).await.unwrap();
        Page::open(&ceremony).await.run(None, Some(self.key(person))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_approved_and_sent_is_on_record_and_the_agent_finds_its_call_by_what_it_asked() {
    let world = World::of(home("[[stage]]\n")).await;
    let token = world.pair("claude");
    let agent = Agent::connect(world.door(), "ledger", &token).await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    agent.leave().await;
    drop(pending);
    world.until("the hold is unattended", |_| world.card(&card.hold).filter(|card| !card.attended)).await;
    let arguments = policy::Value::parse(br#"{"customer_id":"c-2"}"#).unwrap();
    let (hold, owner) = (card.hold.parse().unwrap(), world.engine.owner_id().unwrap());
    world
        .engine
        .approve_edited(&hold, digest(&card), arguments.clone(), (Means::Window, &owner), None)
        .unwrap();
    world.upstream.saw_nothing();
    assert!(world.card(&card.hold).unwrap().votes[0].approves, "a vote with changes is one for it");

    // What was sent is another call to the agent, and is held as one.
    let agent = Agent::connect(world.door(), "ledger", &token).await;
    let other = agent.start("delete_customer", json!({ "customer_id": "c-2" }));
    let card_of_other = world.held().await;
    assert_ne!(card_of_other.hold, card.hold);
    world.reject(&card_of_other, "No");
    other.answer().await.refused("rejected");
    let text = agent.call("delete_customer", json!({ "customer_id": "c-1" })).await.ran();
    assert!(text.starts_with("A person approved this call with changes"), "{text}");
    let [sent] = <[String; 1]>::try_from(world.upstream.calls()).expect("one call went up");
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(sent["arguments"], json!({ "customer_id": "c-2" }), "I12");

    let kinds = kinds_until(&world.home.paths().journal(), &card.hold, "outcome_read");
    assert_eq!(kinds, ["hold_opened", "vote_cast", "call_released", "call_completed", "outcome_read"]);
    let (opened, events) = world.engine.journal().hold(&hold).unwrap().unwrap();
    assert_eq!(opened.call.arguments.to_json(), r#"{"customer_id":"c-1"}"#);
    let Event::Voted(vote) = &events[0].1 else { panic!("{events:?}") };
    let Choice::ApproveEdited { arguments: approved, .. } = &vote.choice else { panic!("{vote:?}") };
    assert_eq!(*approved, arguments);

    // And it is what the next one is held beside.
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-3" }));
    let card = world.held().await;
    let last = world.engine.last_approved(&card.hold.parse().unwrap()).unwrap();
    assert!(last.is_some_and(|last| last.changes.len() == 1), "it was approved, with changes");
    world.reject(&card, "No");
    pending.answer().await.refused("rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passed_deadline_asks_others_once_and_their_vote_lets_the_call_go() {
    let stage =
        "[[stage]]\nwithin = \"10m\"\non_timeout = \"escalate\"\nescalate_to = { roles = [\"boss\"] }\n";
    let world = World::of(home(stage)).await;
    let agent = world.agent("claude").await;
    let mut keys = Keys::of(&world, &["me", "eva"]).await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    world.pass(10 * MINUTE);
    let escalated = world.card(&card.hold).unwrap();
    let longer = escalated.deadline - card.deadline;
    assert!((600_000..660_000).contains(&longer), "as long again from when it was noticed: {longer}");
    assert!(pending.is_waiting());
    assert_eq!(keys.approve(&world, "eva", &card).await["kind"], "done");
    pending.answer().await.ran();

    let pending = agent.start("delete_customer", json!({ "customer_id": "c-2" }));
    world.held().await;
    world.pass(10 * MINUTE);
    world.pass(10 * MINUTE);
    pending.answer().await.refused("expired");
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_was_put_off_holds_and_is_put_off_once() {
    let world = World::of(home("[[stage]]\nwithin = \"10m\"\n")).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    let (hold, owner) = (card.hold.parse().unwrap(), world.engine.owner_id().unwrap());
    world.engine.desk().extend(&hold, &owner).unwrap();
    assert!(world.engine.desk().extend(&hold, &owner).is_err());
    world.pass(15 * MINUTE);
    assert!(pending.is_waiting());
    // The clock people read is set back by an hour: the call waits no longer for it.
    world.clock.set_back(60 * MINUTE);
    world.pass(5 * MINUTE);
    pending.answer().await.refused("expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_stage_of_two_people_comes_before_the_second_and_whoever_asked_is_not_among_them() {
    let stages =
        "[[stage]]\nroles = [\"finance\", \"boss\"]\nrequired = 2\nexclude_requester = true\n[[stage]]\n";
    let world = World::of(home(stages)).await;
    let agent = world.agent("claude").await;
    let mut keys = Keys::of(&world, &["me", "bo", "eva"]).await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    assert!(world.vote(&card, Choice::Approve).is_err(), "her own call, and not her stage");
    assert_eq!(keys.approve(&world, "bo", &card).await["kind"], "done");
    assert!(world.vote(&card, Choice::Approve).is_err(), "one of two");
    assert_eq!(keys.approve(&world, "eva", &card).await["kind"], "done");
    assert!(pending.is_waiting(), "the second stage is there");
    world.upstream.saw_nothing();
    world.approve(&card);
    pending.answer().await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_flows_are_asked_in_parallel_and_one_rejection_ends_both() {
    let home = home("[[stage]]\n");
    home.write_policy(
        "finance.toml",
        "name = \"Finance too\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"request_approval\"\nflow = \"finance\"\n",
    );
    home.write_policy("flows/finance.toml", "name = \"Finance\"\n[[stage]]\nroles = [\"finance\"]\n");
    let world = World::of(home).await;
    let agent = world.agent("claude").await;
    let mut keys = Keys::of(&world, &["me", "bo"]).await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    assert_eq!(card.stages.iter().filter(|stage| stage.current).count(), 2);
    world.approve(&card);
    assert!(pending.is_waiting());
    assert_eq!(keys.approve(&world, "bo", &card).await["kind"], "done");
    pending.answer().await.ran();

    let pending = agent.start("delete_customer", json!({ "customer_id": "c-2" }));
    let card = world.held().await;
    assert_eq!(keys.approve(&world, "bo", &card).await["kind"], "done");
    world.reject(&card, "Not that one");
    pending.answer().await.refused("rejected");
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_agent_is_removed_is_withdrawn_though_it_was_approved() {
    let world = World::of(home("[[stage]]\n[[stage]]\n")).await;
    let agent = world.agent("claude").await;
    let _pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    world.approve(&card);
    world.engine.remove_agent("claude").unwrap();
    assert!(world.vote(&card, Choice::Approve).is_err(), "I5");
    let card = world.card(&card.hold).unwrap();
    assert!(card.verdict.as_deref().unwrap().starts_with("withdrawn"), "{:?}", card.verdict);
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vote_of_somebody_who_was_removed_does_not_stand_and_the_call_waits_for_others() {
    let stage = "[[stage]]\nusers = [\"me\"]\nroles = [\"finance\", \"boss\"]\nrequired = 2\n";
    let world = World::of(home(stage)).await;
    let agent = world.agent("claude").await;
    let mut keys = Keys::of(&world, &["me", "bo", "eva"]).await;
    let page = Shown::of(&world);
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    assert_eq!(keys.approve(&world, "bo", &card).await["kind"], "done");

    // Bo loses the role.
    world.home.write_people(&PEOPLE.replace("roles = [\"finance\"]\n", ""));
    let waiting = world.change_waits().await;
    page.forget();
    let engine = Arc::clone(&world.engine);
    let confirming = tokio::spawn(async move { engine.confirm_change(waiting.hash).await });
    // Fewer roles may open what a policy keeps from those who have them: a change of people is never free.
    assert_eq!(page.next().await.run(None, Some(keys.key("me"))).await["kind"], "done");
    confirming.await.unwrap().unwrap();

    let standing = world.card(&card.hold).unwrap();
    assert!(standing.stages.iter().all(|stage| stage.votes == 0), "{:?}", standing.stages);
    assert_eq!(keys.approve(&world, "eva", &card).await["kind"], "done");
    assert!(pending.is_waiting(), "one vote of two stands");
    world.upstream.saw_nothing();
    world.reject(&card, "Nobody else is there");
    pending.answer().await.refused("rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_while_nothing_runs_gives_a_call_no_more_time_than_it_had() {
    let world = World::of(home("[[stage]]\nwithin = \"15m\"\n")).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    world.pass(14 * MINUTE);
    // Something is written down at that time.
    agent.call("list_expenses", json!({})).await.ran();
    world.clock.set_back(3 * 60 * MINUTE);
    let world = world.restart().await;
    drop(pending);
    world.engine.desk().pass_deadlines();
    assert!(world.card(&card.hold).is_some(), "it still has its minute");
    world.pass(MINUTE);
    assert!(world.vote(&card, Choice::Approve).is_err(), "its time is over");
    let verdict = world.card(&card.hold).unwrap().verdict.unwrap();
    assert!(verdict.starts_with("expired"), "{verdict}");
}

/// An approval that lets calls like it go for half an hour, with this bound for the customer.
async fn grant(world: &World, card: &Card, bound: Bound) -> Result<(), String> {
    let owner = world.engine.owner_id().unwrap();
    let maker = world.engine.grant_maker(owner.clone(), Means::Window, Some(false)).unwrap();
    let (hold, digest) = (card.hold.parse().unwrap(), digest(card));
    let ballot =
        Ballot { hold, digest, choice: Choice::Approve, means: Means::Window, by: owner, proof: None };
    let terms = GrantTerms {
        scope: vec![Limit { argument: "customer_id".to_owned(), bound }],
        project: card.project.is_some(),
        until: world.engine.desk().clock().now().after(30 * MINUTE),
        session: false,
        uses: None,
    };
    let made = world.engine.approve_and_grant(ballot, terms, maker).await;
    made.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_loosens_waits_for_the_passkey_and_one_for_this_call_alone_does_not() {
    let world = Arc::new(World::of(home("[[stage]]\ngrants = true\n")).await);
    world.engine.presence().set_locked(false);
    let agent = world.agent("claude").await;
    let mut keys = Keys::of(&world, &["me"]).await;
    let page = Shown::of(&world);
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    grant(&world, &card, Bound::Exactly(policy::Value::from("c-1"))).await.unwrap();
    pending.answer().await.ran();
    assert_eq!(page.forget(), None, "nobody was asked for anything more");

    let pending = agent.start("delete_customer", json!({ "customer_id": "c-2" }));
    let card = world.held().await;
    let making = tokio::spawn({
        let (world, card) = (Arc::clone(&world), card.clone());
        async move { grant(&world, &card, Bound::Any).await }
    });
    let shown = page.next().await;
    assert!(shown.text.contains("Let calls like this go without asking"), "{}", shown.text);
    assert!(pending.is_waiting() && world.engine.grants().len() == 1, "nothing is voted or made before");
    assert_eq!(shown.run(None, Some(keys.key("me"))).await["kind"], "done");
    making.await.unwrap().unwrap();
    pending.answer().await.ran();
    agent.call("delete_customer", json!({ "customer_id": "c-3" })).await.ran();
    let in_force = world.engine.grants().into_iter().filter(|listed| listed.state == State::InForce);
    assert_eq!(in_force.count(), 2);
}
