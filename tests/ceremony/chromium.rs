//! The pages in a real browser, with a virtual authenticator: what a person sees and does.
//!
//! With `DOORWARD_PICTURES` set to a folder, pictures of the pages are put there to be looked at.

use super::held::{POLICIES, ceremony_of, two_people};
use super::support::node::{ceremony_browser, node};
use super::support::world::World;
use gateway::ceremony::Subject;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

pub(crate) struct Chromium {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Chromium {
    pub(crate) async fn start() -> Chromium {
        let mut command = Command::new(node());
        command.arg(ceremony_browser()).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("node starts");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Chromium { _child: child, input, output: BufReader::new(output).lines() }
    }

    pub(crate) async fn tell(&mut self, command: &str, mut rest: Value) -> Value {
        rest["command"] = json!(command);
        self.input.write_all(format!("{rest}\n").as_bytes()).await.unwrap();
        let line =
            super::support::within(command, self.output.next_line()).await.unwrap().expect("an answer");
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        answer["value"].clone()
    }

    pub(crate) async fn open(&mut self, url: &str) {
        self.tell("open", json!({ "url": url })).await;
    }

    pub(crate) async fn says(&mut self, text: &str) {
        self.tell("says", json!({ "text": text })).await;
    }

    pub(crate) async fn take(&mut self, key: Option<&str>) {
        self.tell("take", json!({ "key": key })).await;
    }

    pub(crate) async fn look(&mut self) -> Value {
        let seen = self.tell("look", json!({})).await;
        assert_eq!(seen["problems"], json!([]), "nothing of the page was refused");
        seen
    }

    /// The page as it stands, light and dark, in three sizes, where pictures are wanted.
    pub(crate) async fn picture(&mut self, name: &str) {
        if let Ok(folder) = std::env::var("DOORWARD_PICTURES") {
            self.tell("pictures", json!({ "folder": folder, "name": name })).await;
        }
    }

    async fn enrol(&mut self, world: &World, name: &str, signer: Option<&str>) {
        let subject = Subject::Enrol { person: "me".parse().unwrap(), name: name.to_owned() };
        let ceremony = world.engine.start_ceremony(subject).await.unwrap();
        self.take(Some(name)).await;
        self.open(&ceremony.url).await;
        self.picture(if signer.is_some() { "enrol-second" } else { "enrol" }).await;
        if let Some(signer) = signer {
            self.tell("before_get", json!({ "key": signer })).await;
        }
        self.tell("click", json!({ "id": "use" })).await;
        self.says("The passkey is enrolled.").await;
        self.picture("enrolled").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_held_the_page_opens_the_passkey_is_used_and_it_runs_once() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let mut chromium = Chromium::start().await;
    chromium.enrol(&world, "Laptop", None).await;
    let memo = "Dear Sir or Madam, please find attached. ".repeat(60);
    let arguments = json!({
        "amount": 7250.00, "to": "Nordwind\u{200b} GmbH", "note": "a\u{202e}b <script>alert(1)</script>", "memo": memo,
    });
    let pending = agent.start("send_payment", arguments);
    let ceremony = ceremony_of(&world, &world.held().await).await;
    chromium.open(&ceremony.url).await;
    chromium.picture("hold").await;
    let seen = chromium.look().await;
    let text = seen["text"].as_str().unwrap();
    for expected in [
        "ledger/send_payment",
        "7250",
        "ZERO-WIDTH SPACE",
        "RIGHT-TO-LEFT OVERRIDE",
        "<script>alert(1)</script>",
        "Payments need a passkey",
        "left, works once",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert_eq!((&seen["focus"], &seen["buttons"]), (&json!("use"), &json!(["Use passkey", "Reject"])));

    assert_eq!(chromium.tell("in_sight", json!({ "id": "use" })).await, true, "however long the call is");

    // A person who is not recognised, then one who is, by keyboard alone.
    chromium.tell("verified", json!({ "is": false })).await;
    chromium.tell("press", json!({ "key": "Enter" })).await;
    chromium.says("No passkey was used.").await;
    assert_eq!(chromium.tell("in_sight", json!({ "id": "say" })).await, true);
    chromium.picture("cancelled").await;
    assert!(pending.is_waiting());
    world.upstream.saw_nothing();
    chromium.tell("verified", json!({ "is": true })).await;
    chromium.tell("press", json!({ "key": "Enter" })).await;
    chromium.says("Proven.").await;
    assert_eq!(pending.answer().await.ran(), "send_payment ran");
    assert_eq!(world.upstream.calls().len(), 1);
    chromium.picture("done").await;
    chromium.open(&ceremony.url).await;
    chromium.says("This page works once and is used.").await;
    chromium.picture("used").await;
    chromium.look().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_a_removed_one_a_page_without_passkeys_and_one_out_of_time() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let mut chromium = Chromium::start().await;
    chromium.enrol(&world, "Laptop", None).await;
    chromium.enrol(&world, "Blue key", Some("Laptop")).await;
    let first = world.engine.passkeys().unwrap()[0].id().clone();
    world.engine.remove_passkey(&first).await.unwrap();
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    let card = world.held().await;
    let ceremony = ceremony_of(&world, &card).await;
    chromium.open(&ceremony.url).await;
    chromium.take(Some("Laptop")).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("No passkey was used.").await;
    assert!(pending.is_waiting());
    chromium.take(Some("Blue key")).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("Proven.").await;
    assert_eq!(pending.answer().await.ran(), "send_payment ran");

    let _pending = agent.start("send_payment", json!({ "amount": 2 }));
    let card = world.held().await;
    let ceremony = ceremony_of(&world, &card).await;
    chromium.open(&ceremony.url).await;
    world.clock.advance(Duration::from_secs(120));
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("The time for this page is over.").await;
    chromium.picture("expired").await;

    let ceremony = ceremony_of(&world, &card).await;
    chromium.tell("without_passkeys", json!({})).await;
    chromium.open(&ceremony.url).await;
    chromium.says("This browser cannot use passkeys.").await;
    chromium.picture("wrong-browser").await;
    assert_eq!(world.upstream.calls().len(), 1);
}

/// The page by its names and roles, as a screen reader has it, and by the keyboard alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_can_be_heard_and_used_by_keyboard_and_rejected_there() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let mut chromium = Chromium::start().await;
    chromium.enrol(&world, "Laptop", None).await;
    let pending = agent.start("send_payment", json!({ "amount": 1, "memo": "x".repeat(900) }));
    let ceremony = ceremony_of(&world, &world.held().await).await;
    chromium.open(&ceremony.url).await;
    let heard = chromium.tell("heard", json!({})).await;
    let heard = heard.as_str().unwrap();
    for expected in [
        "main",
        "heading \"Prove it is you, for this one call\" [level=1]",
        "heading \"Why it waits\" [level=2]",
        "region \"memo, 900 characters\"",
        "button \"Use passkey\"",
        "button \"Reject\"",
        "status",
    ] {
        assert!(heard.contains(expected), "{expected} in {heard}");
    }
    assert_eq!(chromium.tell("faults", json!({})).await, json!([]), "what axe finds");
    // From the first button on, Tab goes to the other one and never away from the page.
    assert_eq!(chromium.look().await["focus"], "use");
    chromium.tell("press", json!({ "key": "Tab" })).await;
    assert_eq!(chromium.look().await["focus"], "reject");
    chromium.tell("press", json!({ "key": "Space" })).await;
    chromium.says("Rejected.").await;
    chromium.picture("rejected").await;
    pending.answer().await.refused("rejected");
    world.upstream.saw_nothing();
}

/// Ana and Bob, each with a passkey of their own; and before Bob has one, the page says so.
#[tokio::test(flavor = "multi_thread")]
async fn two_people_and_a_page_that_says_whose_passkey_is_missing() {
    let home = two_people();
    let world = World::of(home).await;
    let agent = world.agent("claude").await;
    let mut chromium = Chromium::start().await;
    chromium.enrol(&world, "Ana's", None).await;
    let pending = agent.start("send_payment", json!({ "amount": 9 }));
    let card = world.held().await;
    let ceremony = ceremony_of(&world, &card).await;
    chromium.open(&ceremony.url).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("Proven.").await;
    chromium.says("waits for what is still required").await;
    chromium.picture("first-of-two").await;
    let ceremony = ceremony_of(&world, &card).await;
    chromium.open(&ceremony.url).await;
    chromium.says("No passkey is enrolled for Bob.").await;
    chromium.picture("no-passkey").await;
    assert!(pending.is_waiting());

    let subject = Subject::Enrol { person: "bob".parse().unwrap(), name: "Bob's".to_owned() };
    let enrol = world.engine.start_ceremony(subject).await.unwrap();
    chromium.take(Some("Bob's")).await;
    chromium.open(&enrol.url).await;
    chromium.tell("before_get", json!({ "key": "Ana's" })).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("The passkey is enrolled.").await;
    // Ana cannot stand in for Bob.
    chromium.open(&ceremony.url).await;
    chromium.take(Some("Ana's")).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("No passkey was used.").await;
    world.upstream.saw_nothing();
    chromium.take(Some("Bob's")).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("Proven.").await;
    assert_eq!(pending.answer().await.ran(), "send_payment ran");
    assert_eq!(world.upstream.calls().len(), 1);
}
