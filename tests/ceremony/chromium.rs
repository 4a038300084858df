//! The pages in a real browser, with a virtual authenticator: what a person sees and does.
//!
//! With `DOORWARD_PICTURES` set to a folder, pictures of the pages are put there to be looked at.

use super::held::{POLICIES, ceremony_of};
use super::support::node::{ceremony_browser, node};
use super::support::world::World;
use gateway::ceremony::Subject;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

struct Chromium {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Chromium {
    async fn start() -> Chromium {
        let mut command = Command::new(node());
        command.arg(ceremony_browser()).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("node starts");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Chromium { _child: child, input, output: BufReader::new(output).lines() }
    }

    async fn tell(&mut self, command: &str, mut rest: Value) -> Value {
        rest["command"] = json!(command);
        self.input.write_all(format!("{rest}\n").as_bytes()).await.unwrap();
        let line =
            super::support::within(command, self.output.next_line()).await.unwrap().expect("an answer");
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        answer["value"].clone()
    }

    async fn open(&mut self, url: &str) {
        self.tell("open", json!({ "url": url })).await;
    }

    async fn says(&mut self, text: &str) {
        self.tell("says", json!({ "text": text })).await;
    }

    async fn take(&mut self, key: Option<&str>) {
        self.tell("take", json!({ "key": key })).await;
    }

    async fn look(&mut self) -> Value {
        let seen = self.tell("look", json!({})).await;
        assert_eq!(seen["problems"], json!([]), "nothing of the page was refused");
        seen
    }

    /// Light and dark, where pictures are wanted.
    async fn picture(&mut self, name: &str, url: &str) {
        let Ok(folder) = std::env::var("DOORWARD_PICTURES") else { return };
        for scheme in ["dark", "light"] {
            self.tell("open", json!({ "url": url, "scheme": scheme })).await;
            self.tell("picture", json!({ "path": format!("{folder}/{name}-{scheme}.png") })).await;
        }
    }

    async fn enrol(&mut self, world: &World, name: &str, signer: Option<&str>) {
        let subject = Subject::Enrol { person: "me".parse().unwrap(), name: name.to_owned() };
        let ceremony = world.engine.start_ceremony(subject).await.unwrap();
        self.take(Some(name)).await;
        self.picture(if signer.is_some() { "enrol-second" } else { "enrol" }, &ceremony.url).await;
        self.open(&ceremony.url).await;
        if let Some(signer) = signer {
            self.tell("before_get", json!({ "key": signer })).await;
        }
        self.tell("click", json!({ "id": "use" })).await;
        self.says("The passkey is enrolled.").await;
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
    chromium.picture("hold", &ceremony.url).await;
    chromium.open(&ceremony.url).await;
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

    // A person who is not recognised, then one who is, by keyboard alone.
    chromium.tell("verified", json!({ "is": false })).await;
    chromium.tell("press", json!({ "key": "Enter" })).await;
    chromium.says("No passkey was used.").await;
    assert!(pending.is_waiting());
    world.upstream.saw_nothing();
    chromium.tell("verified", json!({ "is": true })).await;
    chromium.tell("press", json!({ "key": "Enter" })).await;
    chromium.says("Proven.").await;
    assert_eq!(pending.answer().await.ran(), "send_payment ran");
    assert_eq!(world.upstream.calls().len(), 1);
    chromium.picture("used", &ceremony.url).await;
    chromium.open(&ceremony.url).await;
    chromium.says("This page works once and is used.").await;
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
    chromium.picture("expired", &ceremony.url).await;

    let ceremony = ceremony_of(&world, &card).await;
    chromium.tell("without_passkeys", json!({})).await;
    chromium.open(&ceremony.url).await;
    chromium.says("This browser cannot use passkeys.").await;
    chromium.picture("wrong-browser", &ceremony.url).await;
    assert_eq!(world.upstream.calls().len(), 1);
}
