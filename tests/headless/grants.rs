//! Grants through a whole gateway, with a logind of the test's own: who may make one when, and what it lets go.

use super::apart::Apart;
use super::support::answer::Answer;
use super::support::bus::Bus;
use super::support::fake_logind::FakeLogind;
use super::support::home::{ALLOW, TestHome, address, pair};
use super::support::recorder::Recorder;
use super::support::wire::Wire;
use super::support::{PATIENCE, within};
use gateway::home::{AgentBook, UpstreamBook};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const POLICIES: [(&str, &str); 4] = [
    ALLOW,
    (
        "customers.toml",
        "name = \"Customers are deleted by people\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"request_approval\"\n",
    ),
    (
        "board.toml",
        "name = \"Not the board\"\nwhen = 'customer_id == \"board\"'\n[action]\nkind = \"deny\"\n",
    ),
    (
        "vip.toml",
        "name = \"Some need a passkey\"\nwhen = 'customer_id == \"vip\"'\n[action]\nkind = \"step_up\"\nmethod = \"passkey\"\n",
    ),
];
const MINUTE: u64 = 60_000;

/// A gateway with two agents, and what surrounds it.
pub(super) struct Scene {
    pub(super) apart: Apart,
    claude: Arc<Wire>,
    codex: Arc<Wire>,
    pub(super) upstream: Recorder,
    /// Of the agent `claude`.
    pub(super) token: String,
    logind: Option<FakeLogind>,
    _bus: Bus,
    pub(super) home: TestHome,
}

impl Scene {
    /// With a screen that is locked or not, or with nobody who could tell.
    pub(super) async fn new(locked: Option<bool>) -> Scene {
        let (home, bus, upstream) = (TestHome::in_memory(&POLICIES), Bus::start(), Recorder::start().await);
        let logind = match locked {
            Some(locked) => Some(FakeLogind::start(&bus.address, locked).await),
            None => None,
        };
        let mut book = UpstreamBook::load(home.paths().upstreams()).unwrap();
        book.add(address("ledger", &upstream.url())).unwrap();
        let [claude, codex] = ["claude", "codex"].map(|name| {
            let token = pair(&home, name);
            let mut book = AgentBook::load(home.paths().agents()).unwrap();
            book.set_wait_limit(name, Some(Duration::from_secs(24 * 60 * 60))).unwrap();
            token
        });
        let mut apart = Apart::on(&home, Duration::ZERO, &bus);
        let token = claude;
        let claude = Arc::new(Wire::open(apart.door, "ledger", &token).await);
        let codex = Arc::new(Wire::open(apart.door, "ledger", &codex).await);
        until_screen(&mut apart, locked);
        Scene { apart, claude, codex, upstream, token, logind, _bus: bus, home }
    }

    async fn set_locked(&mut self, locked: bool) {
        self.logind.as_ref().unwrap().set_locked(locked).await;
        until_screen(&mut self.apart, Some(locked));
    }

    pub(super) fn start(&self, customer: &str) -> JoinHandle<Answer> {
        calling(&self.claude, customer)
    }

    /// The only hold, once there is one.
    pub(super) fn held(&mut self) -> Value {
        until("a call is held", || {
            let holds = self.apart.done(json!({ "do": "holds" }));
            holds.as_array().filter(|all| all.len() == 1).map(|all| all[0]["hold"].clone())
        })
    }

    pub(super) fn grant(&mut self, hold: &Value, more: Value) -> Result<Value, String> {
        let mut what = json!({ "do": "grant", "hold": hold });
        what.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.apart.ask(what)
    }

    /// A first call that was approved with this grant.
    async fn granted(&mut self, customer: &str, more: Value) {
        let call = self.start(customer);
        let hold = self.held();
        self.grant(&hold, more).unwrap();
        answered(call).await.ran();
    }

    async fn goes(&self, customer: &str) {
        answered(self.start(customer)).await.ran();
    }

    /// It waits for a person, who says no.
    pub(super) async fn is_held(&mut self, call: JoinHandle<Answer>) {
        let hold = self.held();
        self.apart.done(json!({ "do": "vote", "hold": hold, "choice": "reject" }));
        answered(call).await.refused("rejected");
    }

    fn state(&mut self) -> Value {
        self.apart.done(json!({ "do": "grants" }))[0].clone()
    }
}

fn calling(wire: &Arc<Wire>, customer: &str) -> JoinHandle<Answer> {
    let (wire, arguments) = (Arc::clone(wire), json!({ "customer_id": customer }).to_string());
    tokio::spawn(async move { wire.call("delete_customer", &arguments).await })
}

async fn answered(call: JoinHandle<Answer>) -> Answer {
    within("an answer", call).await.unwrap()
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "in vain: {what}");
        std::thread::yield_now();
    }
}

fn until_screen(apart: &mut Apart, locked: Option<bool>) {
    until("the screen is known", || {
        let screen = apart.done(json!({ "do": "screen" }));
        // Where nobody can tell, that was found out once a reason is given.
        let found_out = locked.is_some() || screen["why"] != "nobody has looked yet";
        (screen["locked"] == json!(locked) && found_out).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_lets_the_next_call_like_it_go_as_often_as_it_says_and_no_other() {
    let mut scene = Scene::new(Some(false)).await;
    scene.granted("c-1", json!({ "uses": 2 })).await;
    scene.goes("c-1").await;
    let other_value = scene.start("c-2");
    scene.is_held(other_value).await;
    let other_agent = calling(&scene.codex, "c-1");
    scene.is_held(other_agent).await;
    scene.goes("c-1").await;
    assert_eq!((scene.state()["hits"].as_u64(), scene.state()["state"].as_str()), (Some(2), Some("UsedUp")));
    let one_more = scene.start("c-1");
    scene.is_held(one_more).await;
    assert_eq!(scene.upstream.calls().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_grant_is_made_while_the_screen_is_locked_and_what_was_granted_before_goes_on() {
    let mut scene = Scene::new(Some(false)).await;
    scene.granted("c-1", json!({})).await;
    scene.set_locked(true).await;
    scene.goes("c-1").await;
    let call = scene.start("c-2");
    let hold = scene.held();
    let no = scene.grant(&hold, json!({})).unwrap_err();
    assert!(no.contains("the screen is locked"), "{no}");
    assert_eq!(scene.held(), hold, "nothing was voted either");
    scene.set_locked(false).await;
    scene.grant(&hold, json!({})).unwrap();
    answered(call).await.ran();
    scene.goes("c-2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_grant_is_made_where_nobody_can_tell_whether_the_screen_is_locked() {
    let mut scene = Scene::new(None).await;
    let call = scene.start("c-1");
    let hold = scene.held();
    let no = scene.grant(&hold, json!({})).unwrap_err();
    assert!(no.contains("nobody can tell"), "{no}");
    // The plain approval of this one call needs no screen.
    scene.apart.done(json!({ "do": "vote", "hold": hold, "choice": "approve" }));
    answered(call).await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_passes_neither_a_denial_nor_a_step_up_nor_a_person_who_holds_everything() {
    let mut scene = Scene::new(Some(false)).await;
    scene.granted("c-1", json!({ "any": ["customer_id"] })).await;
    scene.goes("c-2").await;
    answered(scene.start("board")).await.refused("denied");
    answered(scene.start("vip")).await.refused("step_up_not_set_up");
    scene.apart.done(json!({ "do": "pause", "on": true }));
    let call = scene.start("c-3");
    scene.is_held(call).await;
    scene.apart.done(json!({ "do": "pause", "on": false }));
    scene.goes("c-4").await;
    assert_eq!(scene.upstream.calls().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_ends_when_it_is_revoked() {
    let mut scene = Scene::new(Some(false)).await;
    scene.granted("c-1", json!({})).await;
    scene.goes("c-1").await;
    let id = scene.state()["id"].clone();
    scene.apart.done(json!({ "do": "revoke", "grant": id }));
    assert_eq!(scene.state()["state"], "Revoked");
    let call = scene.start("c-1");
    scene.is_held(call).await;
    assert!(scene.apart.ask(json!({ "do": "revoke", "grant": id })).is_err(), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_ends_with_its_time_and_a_clock_that_is_set_back_gives_it_no_more() {
    let mut scene = Scene::new(Some(false)).await;
    scene.granted("c-1", json!({ "minutes": 30 })).await;
    scene.apart.done(json!({ "do": "advance", "ms": 29 * MINUTE }));
    scene.goes("c-1").await;
    // By what the clock says, it now has 21 minutes left.
    scene.apart.done(json!({ "do": "set_back", "ms": 20 * MINUTE }));
    scene.goes("c-1").await;
    scene.apart.done(json!({ "do": "advance", "ms": MINUTE }));
    let call = scene.start("c-1");
    scene.is_held(call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_void_once_the_tool_says_something_else_of_itself() {
    let mut scene = Scene::new(Some(false)).await;
    scene.granted("c-1", json!({ "any": ["customer_id"] })).await;
    scene.upstream.redefine("delete_customer", "Deletes a customer and everybody else.");
    // A new session lists the tools anew.
    let again = Arc::new(scene.claude.again().await);
    let call = calling(&again, "c-1");
    scene.is_held(call).await;
    assert_eq!(scene.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_for_a_session_ends_with_it() {
    let mut scene = Scene::new(Some(false)).await;
    scene.granted("c-1", json!({ "session": true })).await;
    scene.goes("c-1").await;
    // The same agent in another session.
    let again = Arc::new(scene.claude.again().await);
    let call = calling(&again, "c-1");
    scene.is_held(call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_slept_finds_the_deadlines_behind_it_when_logind_says_that_it_woke_up() {
    let mut scene = Scene::new(Some(false)).await;
    let call = scene.start("c-1");
    scene.held();
    scene.logind.as_ref().unwrap().sleep(true).await;
    scene.apart.done(json!({ "do": "oversleep", "ms": 60 * MINUTE }));
    scene.logind.as_ref().unwrap().sleep(false).await;
    answered(call).await.refused("expired");
    scene.upstream.saw_nothing();
}
