//! The signed set: the first passkey signs it, a start verifies it, and nothing loosens it without a passkey.

use super::enrolment::Kept;
use super::support::browser::{Page, SoftPasskey, create, passkey};
use super::support::home::{ALLOW, TestHome, address};
use super::support::journal;
use super::support::program::doorward;
use super::support::world::World;
use super::{enrolled, run_enrolment};
use gateway::ceremony::Subject;
use gateway::{Engine, SetError, SigningError};
use policy::Mode;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const NO_LISTS: (&str, &str) = (
    "no-lists.toml",
    "name = \"No lists\"\n[target]\ntools = [\"ledger/list_expenses\"]\n[action]\nkind = \"deny\"\n",
);
const FREE_LISTS: (&str, &str) = (
    "free-lists.toml",
    "name = \"Free lists\"\n[target]\ntools = [\"ledger/list_expenses\"]\n[action]\nkind = \"allow\"\n",
);
const FLOW: (&str, &str) = ("flows/two.toml", "name = \"Two\"\n[[stage]]\nrequired = 1\nwithin = \"5m\"\n");
const NIGHT: (&str, &str) = ("contexts/night.toml", "name = \"Night\"\nwhen = 'context.hour < 6'\n");

fn kept(policies: &[(&str, &str)]) -> Kept {
    Kept { home: TestHome::in_memory(policies), keychain: Arc::default() }
}

/// A home whose only passkey signed what is in force.
async fn guarded(policies: &[(&str, &str)]) -> (Kept, SoftPasskey) {
    let kept = kept(policies);
    let engine = kept.start().await;
    let mut key = passkey();
    run_enrolment(&engine, "me", &mut key, None).await;
    Kept::end(engine).await;
    (kept, key)
}

/// Addresses of ceremonies, as a browser would be told to open them.
pub(super) fn pages(engine: &Engine) -> UnboundedReceiver<String> {
    let (told, urls) = unbounded_channel();
    engine.show_ceremonies_with(Box::new(move |url| told.send(url.to_owned()).is_ok()));
    urls
}

/// Uses the passkey on the next page; what the page showed.
pub(super) async fn prove(urls: &mut UnboundedReceiver<String>, key: &mut SoftPasskey) -> String {
    let page = Page::at(&urls.recv().await.unwrap()).await;
    let reply = page.run(None, Some(key)).await;
    assert_eq!(reply["kind"], "done", "{reply}");
    page.text
}

fn alarms(kept: &Kept) -> usize {
    let lines = journal::lines(&kept.home.paths().journal());
    lines.iter().filter(|line| line.kind == "alarm").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_passkey_signs_what_is_in_force_and_the_next_start_verifies_it() {
    let (kept, _key) = guarded(&[ALLOW, NO_LISTS]).await;
    let engine = kept.start().await;
    let current = engine.sets().current();
    assert_eq!(current.problem, None);
    assert_eq!(current.set.policies().count(), 1);
    assert!(!engine.sets().is_unsigned() && engine.sets().waiting().is_none());
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_passkey_that_does_not_sign_is_not_enrolled_and_the_set_stays_in_force() {
    let kept = kept(&[ALLOW, NO_LISTS]);
    let engine = kept.start().await;
    let subject = Subject::Enrol { person: "me".parse().unwrap(), name: "Laptop".to_owned() };
    let page = Page::open(&engine.start_ceremony(subject).await.unwrap()).await;
    assert!(page.text.contains("It asks twice"), "{}", page.text);
    let mut key = passkey();
    let asked = page.begin().await;
    let made = create(&mut key, &page.origin(), &asked["publicKey"]);
    let sign = page.step(json!({ "answer": made })).await;
    assert_eq!(sign["kind"], "get");
    assert!(sign["text"].as_str().unwrap().contains("sign the policies in force"), "{sign}");
    // The person goes away, and the machine is started anew.
    assert!(engine.passkeys().unwrap().is_empty());
    Kept::end(engine).await;
    let engine = kept.start().await;
    assert!(engine.passkeys().unwrap().is_empty());
    assert_eq!(engine.sets().current().problem, None);
    assert_eq!(engine.sets().current().set.policies().count(), 1);
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_changes_while_the_first_passkey_is_made_is_signed_as_it_is_then() {
    let kept = kept(&[ALLOW, NO_LISTS]);
    let engine = kept.start().await;
    let subject = Subject::Enrol { person: "me".parse().unwrap(), name: "Laptop".to_owned() };
    let page = Page::open(&engine.start_ceremony(subject).await.unwrap()).await;
    let mut key = passkey();
    let asked = page.begin().await;
    let made = create(&mut key, &page.origin(), &asked["publicKey"]);
    let sign = page.step(json!({ "answer": made })).await;
    engine.sets().set_mode(&"no-lists".parse().unwrap(), Mode::Observe).unwrap();
    let answer = super::support::browser::get(&mut key, &page.origin(), &sign["publicKey"]);
    let again = page.step(json!({ "answer": answer })).await;
    assert_eq!(again["kind"], "get", "{again}");
    assert!(again["title"].as_str().unwrap().contains("changed meanwhile"), "{again}");
    assert!(engine.passkeys().unwrap().is_empty());
    let answer = super::support::browser::get(&mut key, &page.origin(), &again["publicKey"]);
    assert_eq!(page.step(json!({ "answer": answer })).await["kind"], "done");
    assert!(!engine.sets().is_unsigned());
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_were_changed_while_nobody_ran_are_not_in_force_and_show_their_difference() {
    let (kept, mut key) = guarded(&[ALLOW, NO_LISTS]).await;
    let before = alarms(&kept);
    std::fs::remove_file(kept.home.paths().policies().join(NO_LISTS.0)).unwrap();
    kept.home.write_policy(FREE_LISTS.0, FREE_LISTS.1);
    // `serve` takes files at its start, but none that loosen.
    let engine = kept.start().await;
    assert_eq!(engine.sets().current().problem, None);
    assert!(engine.sets().current().bundle.documents.get(NO_LISTS.0).is_some(), "the last signed set");
    let waiting = engine.sets().waiting().unwrap();
    let changed: Vec<&str> = waiting.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(changed, [FREE_LISTS.0, NO_LISTS.0]);
    assert_eq!(waiting.changes[1].before.as_deref(), Some(NO_LISTS.1));
    assert_eq!(alarms(&kept), before + 1);
    assert!(matches!(engine.sets().confirm(&waiting.hash), Err(SetError::NeedsProof(_))));

    let mut urls = pages(&engine);
    let confirming = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.confirm_change(waiting.hash).await }
    });
    let shown = prove(&mut urls, &mut key).await;
    assert!(shown.contains("`free-lists.toml` lets calls go") && shown.contains("no-lists.toml"), "{shown}");
    confirming.await.unwrap().unwrap();
    Kept::end(engine).await;
    let engine = kept.start().await;
    assert!(engine.sets().current().bundle.documents.get(FREE_LISTS.0).is_some());
    assert!(engine.sets().waiting().is_none());
    Kept::end(engine).await;
}

/// One change of one file of the home, made by something else than Doorward.
struct Edit {
    what: &'static str,
    file: &'static str,
    text: Option<String>,
}

fn edits(home: &TestHome) -> Vec<Edit> {
    let read = |file: &str| std::fs::read_to_string(home.dir().join(file)).unwrap();
    let more = |file: &str, text: &str| Some(format!("{}{text}", read(file)));
    vec![
        Edit { what: "an allow", file: "policies/free-lists.toml", text: Some(FREE_LISTS.1.to_owned()) },
        Edit { what: "a deny that goes", file: "policies/no-lists.toml", text: None },
        Edit {
            what: "a deny of less",
            file: "policies/no-lists.toml",
            text: Some(NO_LISTS.1.replace("list_expenses", "nothing")),
        },
        Edit {
            what: "a deny that is off",
            file: "policies/no-lists.toml",
            text: Some(format!("mode = \"off\"\n{}", NO_LISTS.1)),
        },
        Edit {
            what: "another default",
            file: "policies/set.toml",
            text: Some("default = \"request_approval\"\ndefault_flow = \"two\"\n".to_owned()),
        },
        Edit {
            what: "another flow",
            file: "policies/flows/two.toml",
            text: Some(FLOW.1.replace("5m", "9m")),
        },
        Edit {
            what: "another context",
            file: "policies/contexts/night.toml",
            text: Some(NIGHT.1.replace('6', "1")),
        },
        Edit {
            what: "one more person",
            file: "people.toml",
            text: more("people.toml", "\n[[user]]\nid = \"bo\"\nname = \"Bo\"\n"),
        },
        Edit {
            what: "one more upstream",
            file: "upstreams.toml",
            text: more("upstreams.toml", "\n[[upstream]]\nname = \"shell\"\ncommand = \"sh\"\n"),
        },
        Edit {
            what: "one more agent",
            file: "agents.toml",
            text: more("agents.toml", "\n[[agent]]\nname = \"mine\"\nuser = \"me\"\n"),
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_loosening_waits_for_the_passkey_and_comes_in_with_it() {
    let (kept, mut key) = guarded(&[ALLOW, NO_LISTS, FLOW, NIGHT]).await;
    let count = edits(&kept.home).len();
    for number in 0..count {
        // A start for each: what was signed before it must be in force, and hold.
        let engine = kept.start().await;
        assert_eq!(engine.sets().current().problem, None);
        assert!(!engine.sets().is_unsigned());
        let Edit { what, file, text } = edits(&kept.home).swap_remove(number);
        let path = kept.home.dir().join(file);
        let before = engine.sets().current().bundle.hash();
        match &text {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        engine.look_at_files();
        let waiting = engine.sets().waiting().unwrap_or_else(|| panic!("{what} waits"));
        assert_eq!(waiting.problems, [] as [String; 0], "{what}");
        assert!(!waiting.needs_proof.is_empty(), "{what}");
        assert!(matches!(engine.sets().confirm(&waiting.hash), Err(SetError::NeedsProof(_))), "{what}");
        assert_eq!(engine.sets().current().bundle.hash(), before, "{what} is not in force");

        let mut urls = pages(&engine);
        let (changing, hash) = (Arc::clone(&engine), waiting.hash.clone());
        let confirming = tokio::spawn(async move { changing.confirm_change(hash).await });
        prove(&mut urls, &mut key).await;
        confirming.await.unwrap().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(engine.sets().current().bundle.hash(), waiting.bundle.hash(), "{what} is in force");
        if text.is_none() {
            // What the next ones change must be there.
            kept.home.write_policy(NO_LISTS.0, NO_LISTS.1);
            engine.look_at_files();
            engine.sets().confirm(&engine.sets().waiting().unwrap().hash).expect("a new deny is free");
        }
        Kept::end(engine).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_free_needs_a_click_and_no_passkey() {
    let (kept, _key) = guarded(&[ALLOW, FREE_LISTS]).await;
    let engine = kept.start().await;
    let sets = engine.sets();
    let confirm = || {
        engine.look_at_files();
        let waiting = sets.waiting().unwrap();
        assert_eq!(waiting.needs_proof, []);
        sets.confirm(&waiting.hash).unwrap();
    };
    kept.home.write_policy(NO_LISTS.0, &format!("mode = \"off\"\n{}", NO_LISTS.1));
    confirm();
    sets.set_mode(&"no-lists".parse().unwrap(), Mode::Enforce).unwrap();
    std::fs::remove_file(kept.home.paths().policies().join(FREE_LISTS.0)).unwrap();
    confirm();
    assert!(matches!(
        sets.set_mode(&"no-lists".parse().unwrap(), Mode::Observe),
        Err(SetError::NeedsProof(_))
    ));
    assert!(!sets.is_unsigned(), "the signature reaches over what is free");
    Kept::end(engine).await;
    let engine = kept.start().await;
    assert_eq!(engine.sets().current().problem, None);
    assert!(engine.sets().waiting().is_none());
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_window_one_passkey_brings_an_agent_or_an_upstream_into_force_and_none_changes_nothing() {
    let (kept, mut key) = guarded(&[ALLOW]).await;
    let engine = kept.start().await;
    let mut urls = pages(&engine);
    let upstreams = std::fs::read_to_string(kept.home.paths().upstreams()).unwrap();

    let adding = Arc::clone(&engine);
    let adding =
        tokio::spawn(
            async move { adding.connect_upstream(address("ledger", "http://127.0.0.1:9/mcp")).await },
        );
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert!(page.text.contains("the upstream `ledger` is new: http://127.0.0.1:9/mcp"), "{}", page.text);
    assert!(engine.upstream("ledger").is_none(), "nothing is in force before the passkey is used");
    assert_eq!(std::fs::read_to_string(kept.home.paths().upstreams()).unwrap(), upstreams);
    assert_eq!(page.step(json!({ "reject": true })).await["kind"], "stop");
    assert!(matches!(adding.await.unwrap(), Err(SigningError::Ceremony(_))));
    assert_eq!(std::fs::read_to_string(kept.home.paths().upstreams()).unwrap(), upstreams);
    assert!(engine.sets().waiting().is_none(), "and nothing waits");

    let adding = Arc::clone(&engine);
    let adding =
        tokio::spawn(
            async move { adding.connect_upstream(address("ledger", "http://127.0.0.1:9/mcp")).await },
        );
    prove(&mut urls, &mut key).await;
    adding.await.unwrap().unwrap();
    assert!(engine.upstream("ledger").is_some());

    let pairing = Arc::clone(&engine);
    let pairing =
        tokio::spawn(
            async move { pairing.connect_agent("claude".parse().unwrap(), "me".parse().unwrap()).await },
        );
    let shown = prove(&mut urls, &mut key).await;
    assert!(shown.contains("the agent `claude` is new, and acts for `me`"), "{shown}");
    pairing.await.unwrap().unwrap();
    assert_eq!(engine.agents().iter().filter(|agent| agent.name.as_str() == "claude").count(), 1);
    engine.remove_agent("claude").unwrap();
    assert!(engine.agents().iter().all(|agent| agent.name.as_str() != "claude"), "its going is free");

    let dropping = Arc::clone(&engine);
    let dropping = tokio::spawn(async move { dropping.drop_upstream("ledger".to_owned()).await });
    prove(&mut urls, &mut key).await;
    dropping.await.unwrap().unwrap();
    assert!(engine.upstream("ledger").is_none() && engine.sets().waiting().is_none());
    let kinds: Vec<_> =
        journal::lines(&kept.home.paths().journal()).into_iter().map(|line| line.kind).collect();
    for kind in ["upstream_added", "agent_added", "agent_removed", "upstream_removed"] {
        assert_eq!(kinds.iter().filter(|one| *one == kind).count(), 1, "{kind}");
    }
    Kept::end(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_command_line_agents_and_upstreams_wait_for_the_passkey_and_it_says_so() {
    let world = World::new(&[ALLOW]).await;
    let mut key = enrolled(&world, "me").await;
    let run = |arguments: &[&str]| {
        let said = doorward(&world.home.dir(), arguments).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap()
    };
    let added = run(&["agent", "add", "mine", "--user", "me"]);
    assert!(added.contains("The agent `mine` is not in force yet. It waits for your passkey"), "{added}");
    assert!(added.contains("Open Policies in Doorward's window"), "{added}");
    let token = added.lines().find_map(|line| line.trim().strip_prefix("dw_")).unwrap();
    let token = format!("dw_{token}");
    let call = |token: String| {
        let url = format!("http://{}/mcp/ledger", world.door());
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(url).bearer_auth(token).json(&body);
        request.header("accept", "application/json, text/event-stream").send()
    };
    assert_eq!(call(token.clone()).await.unwrap().status(), 401, "its token is refused");

    let removed = run(&["upstream", "remove", "ledger"]);
    assert!(removed.contains("The upstream `ledger` is still in force."), "{removed}");
    assert!(world.engine.upstream("ledger").is_some());
    world.engine.sets().discard(&world.engine.sets().waiting().unwrap().hash).unwrap();
    let added = run(&["upstream", "add", "shell", "--", "sh"]);
    assert!(added.contains("The upstream `shell` is not in force yet."), "{added}");
    assert!(world.engine.upstream("shell").is_none());
    world.engine.sets().discard(&world.engine.sets().waiting().unwrap().hash).unwrap();

    // The same, confirmed in the window.
    let added = run(&["agent", "add", "mine", "--user", "me"]);
    let token = format!("dw_{}", added.lines().find_map(|line| line.trim().strip_prefix("dw_")).unwrap());
    let mut urls = pages(&world.engine);
    let (engine, hash) = (Arc::clone(&world.engine), world.engine.sets().waiting().unwrap().hash);
    let confirming = tokio::spawn(async move { engine.confirm_change(hash).await });
    prove(&mut urls, &mut key).await;
    confirming.await.unwrap().unwrap();
    assert_eq!(call(token).await.unwrap().status(), 200);
}
