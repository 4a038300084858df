//! A fresh proof (`max_age`) before a screen that a logind of the test's own tells of: it counts for its own agent and
//! user, until the screen is locked or the machine sleeps. What a restart makes of it is in `windows`.

use super::apart::Apart;
use super::support::PATIENCE;
use super::support::browser::{Page, SoftPasskey, passkey};
use super::support::bus::Bus;
use super::support::fake_logind::FakeLogind;
use super::support::home::{ALLOW, TestHome, address, pair};
use super::support::recorder::Recorder;
use super::support::wire::Wire;
use gateway::home::{AgentBook, UpstreamBook};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

const PAYMENTS: (&str, &str) = (
    "payments.toml",
    "name = \"Payments need a passkey\"\n[target]\ntools = [\"ledger/send_payment\"]\n[action]\nkind = \"step_up\"\nmethod = \"passkey\"\nmax_age = \"10m\"\n",
);
const PEOPLE: &str =
    "[[user]]\nid = \"me\"\nname = \"Ana\"\nowner = true\n[[user]]\nid = \"bob\"\nname = \"Bob\"\n";

struct Scene {
    apart: Apart,
    logind: FakeLogind,
    key: SoftPasskey,
    /// Pages that were shown so far.
    pages: usize,
    payments: u32,
}

impl Scene {
    fn until(&mut self, what: &str, mut look: impl FnMut(&mut Apart) -> bool) {
        let limit = Instant::now() + PATIENCE;
        while !look(&mut self.apart) {
            assert!(Instant::now() < limit, "in vain: {what}");
            std::thread::yield_now();
        }
    }

    fn until_screen(&mut self, locked: bool) {
        self.until("the screen is known", |apart| {
            apart.done(json!({ "do": "screen" }))["locked"] == json!(locked)
        });
    }

    async fn set_locked(&mut self, locked: bool) {
        self.logind.set_locked(locked).await;
        self.until_screen(locked);
    }

    async fn page(&mut self, what: Value) -> Page {
        self.apart.done(what);
        self.pages += 1;
        Page::at(&self.apart.page_after(self.pages - 1)).await
    }

    fn payment(&mut self) -> String {
        self.payments += 1;
        json!({ "amount": self.payments, "to": "Bo" }).to_string()
    }

    fn held(&mut self) -> Value {
        let mut hold = Value::Null;
        self.until("a call is held", |apart| {
            let holds = apart.done(json!({ "do": "holds" }));
            hold = holds[0]["hold"].clone();
            holds.as_array().is_some_and(|all| all.len() == 1)
        });
        hold
    }

    fn start(&mut self, wire: &Arc<Wire>) -> tokio::task::JoinHandle<super::support::answer::Answer> {
        let (wire, payment) = (Arc::clone(wire), self.payment());
        tokio::spawn(async move { wire.call("send_payment", &payment).await })
    }

    /// A payment that waits for the passkey, which is used.
    async fn proves(&mut self, wire: &Arc<Wire>) {
        let call = self.start(wire);
        let hold = self.held();
        let page = self.page(json!({ "do": "prove", "hold": hold })).await;
        assert_eq!(page.run(None, Some(&mut self.key)).await["kind"], "done");
        super::support::within("an answer", call).await.unwrap().ran();
    }

    async fn goes(&mut self, wire: &Arc<Wire>) {
        let call = self.start(wire);
        super::support::within("an answer", call).await.unwrap().ran();
    }

    /// A payment that waits for a passkey of its own, and is rejected.
    async fn asks(&mut self, wire: &Arc<Wire>) {
        let call = self.start(wire);
        let hold = self.held();
        let is = self.apart.done(json!({ "do": "holds" }))[0]["is"].to_string();
        assert!(is.contains("waits for a proof"), "{is}");
        self.apart.done(json!({ "do": "vote", "hold": hold, "choice": "reject" }));
        super::support::within("an answer", call).await.unwrap().refused("rejected");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i6_a_fresh_proof_crosses_no_agent_no_user_no_lock_and_no_sleep() {
    let home = TestHome::in_memory(&[ALLOW, PAYMENTS]);
    home.write_people(PEOPLE);
    let (bus, upstream) = (Bus::start(), Recorder::start().await);
    let logind = FakeLogind::start(&bus.address, false).await;
    UpstreamBook::load(home.paths().upstreams()).unwrap().add(address("ledger", &upstream.url())).unwrap();
    let [claude, codex] = ["claude", "codex"].map(|name| pair(&home, name));
    let mut book = AgentBook::load(home.paths().agents()).unwrap();
    let of_bob = book.add("helper".parse().unwrap(), "bob".parse().unwrap()).unwrap();
    let apart = Apart::on(&home, std::time::Duration::ZERO, &bus);
    let door = apart.door;
    let open = async |token: &str| Arc::new(Wire::open(door, "ledger", token).await);
    let (claude, codex, of_bob) = (open(&claude).await, open(&codex).await, open(of_bob.as_str()).await);
    let mut scene = Scene { apart, logind, key: passkey(), pages: 0, payments: 0 };
    scene.until_screen(false);
    let page = scene.page(json!({ "do": "enrol", "person": "me" })).await;
    assert_eq!(page.run(Some(&mut scene.key), None).await["kind"], "done");
    let page = scene.page(json!({ "do": "enrol", "person": "bob" })).await;
    let mut bobs = passkey();
    assert_eq!(page.run(Some(&mut bobs), Some(&mut scene.key)).await["kind"], "done");

    scene.proves(&claude).await;
    scene.goes(&claude).await;
    scene.asks(&codex).await;
    scene.asks(&of_bob).await;
    scene.goes(&claude).await;

    scene.set_locked(true).await;
    scene.asks(&claude).await;
    scene.set_locked(false).await;
    scene.asks(&claude).await;

    scene.proves(&claude).await;
    scene.goes(&claude).await;
    let heard = scene.apart.screens();
    scene.logind.sleep(true).await;
    scene.logind.sleep(false).await;
    scene.until("the desk heard of both", |apart| apart.screens() >= heard + 2);
    scene.asks(&claude).await;
    assert_eq!(upstream.calls().len(), 5);
}
