//! Grants that are kept to the folder an agent works in: agents in processes of their own, each in its folder. Such an
//! agent is this test binary once more, which makes one call and prints what came of it.

use super::grants::Scene;
use super::support::answer::Answer;
use super::support::program::{Program, clean};
use super::support::wire::Wire;
use serde_json::{Value, json};
use std::path::Path;
use tokio::task::JoinHandle;

/// Where to call, with which token, about which customer.
const CALL: &str = "DOORWARD_TEST_CALL";
const SELF: &str = "projects::a_grant_for_a_project_lets_calls_from_its_folder_go_and_from_no_other";
const MARK: &str = "answered ";

/// The same agent at work in this folder.
fn start(scene: &Scene, folder: &Path, customer: &str) -> JoinHandle<Answer> {
    let call = json!({ "door": scene.apart.door, "token": scene.token, "customer": customer });
    let mut command = clean(std::env::current_exe().unwrap());
    command.args([SELF, "--exact", "--nocapture", "--test-threads=1"]).env(CALL, call.to_string());
    let agent = Program::start(command.current_dir(folder));
    tokio::task::spawn_blocking(move || {
        let (_, said) = agent.finish();
        let answer = said.lines().find_map(|line| line.strip_prefix(MARK));
        let answer = answer.unwrap_or_else(|| panic!("it printed no answer:\n{said}"));
        Answer(serde_json::from_str(answer).unwrap())
    })
}

/// The other side.
async fn call(what: &Value) {
    let text = |key: &str| what[key].as_str().unwrap();
    let wire = Wire::open(text("door").parse().unwrap(), "ledger", text("token")).await;
    let arguments = json!({ "customer_id": text("customer") }).to_string();
    let Answer(result) = wire.call("delete_customer", &arguments).await;
    println!("\n{MARK}{result}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_for_a_project_lets_calls_from_its_folder_go_and_from_no_other() {
    if let Some(what) = std::env::var_os(CALL) {
        return call(&serde_json::from_str(what.to_str().unwrap()).unwrap()).await;
    }
    let mut scene = Scene::new(Some(false)).await;
    let [one, other] = ["one", "other"].map(|name| scene.home.beside(name));
    let inside = one.join("inside");
    std::fs::create_dir(&inside).unwrap();

    let first = start(&scene, &one, "c-1");
    let hold = scene.held();
    scene.grant(&hold, json!({ "project": true, "any": ["customer_id"] })).unwrap();
    first.await.unwrap().ran();
    start(&scene, &one, "c-2").await.unwrap().ran();
    // Each folder is a project of its own, also one inside of it, and that of the agent's other processes.
    for (folder, customer) in [(&other, "c-3"), (&inside, "c-4")] {
        let elsewhere = start(&scene, folder, customer);
        scene.is_held(elsewhere).await;
    }
    let elsewhere = scene.start("c-5");
    scene.is_held(elsewhere).await;
    // The folder itself counts, and not the name that led to it.
    let link = one.with_file_name("link");
    std::os::unix::fs::symlink(&one, &link).unwrap();
    start(&scene, &link, "c-6").await.unwrap().ran();
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&other, &link).unwrap();
    let elsewhere = start(&scene, &link, "c-7");
    scene.is_held(elsewhere).await;
    assert_eq!(scene.upstream.calls().len(), 3);

    // Another one is for any folder.
    let anywhere = start(&scene, &other, "c-8");
    let hold = scene.held();
    scene.grant(&hold, json!({})).unwrap();
    anywhere.await.unwrap().ran();
    start(&scene, &one, "c-8").await.unwrap().ran();
}
