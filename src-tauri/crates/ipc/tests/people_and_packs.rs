//! People and packs in the window, against a real engine in a home of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it must be"
)]

mod desktop;

use desktop::Desktop;
use serde_json::{Value, json};

const PEOPLE: &str =
    "# ours\n[[user]]\nid = \"me\"\nname = \"Me\" # myself\nowner = true\nroles = [\"employee\"]\n";

async fn people(desktop: &Desktop) -> Value {
    desktop.told("people", json!({})).await
}

#[tokio::test]
async fn a_person_is_added_with_roles_and_attributes_and_the_comments_stay() {
    let desktop = Desktop::start(&[("people.toml", PEOPLE)]).await;
    let mut draft = people(&desktop).await;
    draft["users"].as_array_mut().unwrap().push(json!({
        "from": null, "id": "ana", "name": "Ana Ruiz", "email": "", "roles": ["finance"], "department": "sales", "owner": false,
        "attributes": [{"key": "level", "kind": "number", "text": "3"}, {"key": "remote", "kind": "flag", "text": "true"}],
    }));
    let view = desktop.told("read_people", json!({"draft": draft})).await;
    assert_eq!(
        (&view["save"]["can"], &view["users"][0]["agents"]),
        (&json!(true), &json!(["practice"])),
        "{view}"
    );
    let saved = desktop.told("save_people", json!({"draft": draft})).await;
    assert_eq!(saved["kind"], "applied");
    let text = desktop.text("people.toml").unwrap();
    assert!(text.starts_with(PEOPLE) && text.contains("level = 3"), "{text}");
    // What they are can be looked at in conditions from now on.
    let catalogue = desktop.told("catalogue", json!({"tools": []})).await;
    let ids: Vec<&str> =
        catalogue["attributes"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
    assert!(ids.contains(&"user.level") && ids.contains(&"user.remote"), "{ids:?}");
    assert!(desktop.told("policies", json!({})).await["waiting"].is_null(), "our own write waits for nobody");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_person_is_said_at_the_person_and_nothing_is_saved() {
    let desktop = Desktop::start(&[("people.toml", PEOPLE)]).await;
    let mut draft = people(&desktop).await;
    let mut twin = draft["users"][0].clone();
    (twin["from"], twin["owner"]) = (Value::Null, json!(false));
    twin["attributes"] = json!([{"key": "level", "kind": "number", "text": "high"}]);
    draft["users"].as_array_mut().unwrap().push(twin);
    let view = desktop.told("read_people", json!({"draft": draft})).await;
    assert_eq!(view["users"][1]["problems"], json!(["the id `me` is taken", "`high` is not a number"]));
    assert_eq!(desktop.ask("save_people", json!({"draft": draft})).await.unwrap_err().code, "unfinished");
    draft["users"] = json!([]);
    let view = desktop.told("read_people", json!({"draft": draft})).await;
    assert_eq!(view["orphans"], json!(["practice, for me"]), "an agent that acts for nobody is named");
    assert_eq!(desktop.text("people.toml").unwrap(), PEOPLE);
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn people_changed_underneath_are_never_overwritten_unseen() {
    let desktop = Desktop::start(&[("people.toml", PEOPLE)]).await;
    let mut draft = people(&desktop).await;
    draft["users"][0]["name"] = json!("Mine");
    let theirs = PEOPLE.replace("employee", "finance");
    std::fs::write(desktop.file("people.toml"), &theirs).unwrap();
    let saved = desktop.told("save_people", json!({"draft": draft})).await;
    assert_eq!((&saved["kind"], &saved["theirs"]), (&json!("changed"), &json!(theirs)));
    assert_eq!(desktop.text("people.toml").unwrap(), theirs);
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn what_somebody_else_wrote_into_the_people_file_is_no_part_of_a_draft() {
    let desktop = Desktop::start(&[("people.toml", PEOPLE)]).await;
    let theirs = PEOPLE.replace("employee", "finance");
    std::fs::write(desktop.file("people.toml"), &theirs).unwrap();
    let mut draft = people(&desktop).await;
    assert_eq!(draft["users"][0]["roles"], json!(["employee"]), "as it is in force");
    draft["users"][0]["name"] = json!("Mine");
    let saved = desktop.told("save_people", json!({"draft": draft})).await;
    assert_eq!((&saved["kind"], &saved["theirs"]), (&json!("changed"), &json!(theirs)), "it is shown first");
    assert_eq!(people(&desktop).await["users"][0]["roles"], json!(["employee"]), "nothing came into force");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_file_that_waits_for_its_confirmation_is_not_overwritten_by_a_pack() {
    let desktop = Desktop::start(&[]).await;
    let mine = "name = \"Mine\"\n[target]\ntools = [\"git/push\"]\n[action]\nkind = \"deny\"\n";
    std::fs::write(desktop.file("policies/force.toml"), mine).unwrap();
    let source = json!({"kind": "shipped", "name": "git"});
    let view = desktop.told("pack", json!({"source": source, "with_default": false})).await;
    let files = view["files"].as_array().unwrap();
    let force = files.iter().find(|file| file["path"] == "force.toml").unwrap();
    assert_eq!(force["state"], "kept", "{force}");
    let add = json!({"source": source, "with_default": false, "observe": false, "seen": view["text"]});
    let added = desktop.told("add_pack", add).await;
    assert_eq!(added["kept"], json!(["force.toml"]));
    assert_eq!(desktop.text("policies/force.toml").unwrap(), mine);
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_shipped_pack_is_added_to_observe_and_nothing_of_ones_own_is_overwritten() {
    let mine = "name = \"Mine\"\n[target]\ntools = [\"git/push\"]\n[action]\nkind = \"deny\"\n";
    let desktop = Desktop::start(&[("policies/push.toml", mine)]).await;
    let rows = desktop.told("packs", json!({})).await;
    assert_eq!(rows.as_array().unwrap().len(), 6, "{rows}");
    assert_eq!((&rows[0]["name"], &rows[0]["there"]), (&json!("starter"), &rows[0]["policies"]));
    let source = json!({"kind": "shipped", "name": "git"});
    let view = desktop.told("pack", json!({"source": source, "with_default": false})).await;
    assert_eq!((&view["absent"], &view["problems"]), (&json!(["git"]), &json!([])));
    let state = |path: &str| {
        let files = view["files"].as_array().unwrap();
        files.iter().find(|file| file["path"] == path).map(|file| file["state"].clone()).unwrap()
    };
    assert_eq!((state("push.toml"), state("force.toml")), (json!("kept"), json!("new")));
    let effect =
        desktop.told("pack_effect", json!({"source": source, "with_default": false, "so_far": null})).await;
    assert_eq!(effect["judged"], 0, "nothing was recorded yet");
    let added = desktop
        .told(
            "add_pack",
            json!({"source": source, "with_default": false, "observe": true, "seen": view["text"]}),
        )
        .await;
    assert_eq!(added["kept"], json!(["push.toml"]));
    assert_eq!(desktop.text("policies/push.toml").unwrap(), mine);
    let text = desktop.text("policies/force.toml").unwrap();
    assert!(text.contains("mode = \"observe\""), "{text}");
    let seen = view["text"].clone();
    let view = desktop.told("policies", json!({})).await;
    let force = view["rows"].as_array().unwrap().iter().find(|row| row["id"] == "force").unwrap();
    assert_eq!((&force["mode"], &view["waiting"]), (&json!("observe"), &Value::Null));
    let again = desktop
        .ask("add_pack", json!({"source": source, "with_default": false, "observe": false, "seen": seen}))
        .await;
    assert_eq!(again.unwrap_err().code, "nothing_to_add");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn the_set_is_exported_to_a_folder_and_imported_from_it() {
    let desktop = Desktop::start(&[]).await;
    let folder = desktop.file("../export");
    let exported = desktop.told("export_policies", json!({"folder": folder})).await;
    let written = std::fs::read_to_string(folder.join("payments.toml")).unwrap();
    assert_eq!(written, desktop.text("policies/payments.toml").unwrap());
    assert!(exported["text"].as_str().unwrap().contains("# ==== payments.toml ===="), "{exported}");
    let refused = desktop.ask("export_policies", json!({"folder": folder})).await.unwrap_err();
    assert_eq!(refused.code, "not_empty", "what is there is never overwritten");
    let refused = desktop.ask("export_policies", json!({"folder": "here"})).await.unwrap_err();
    assert_eq!(refused.code, "not_whole");

    desktop.told("delete_policy", json!({"id": "payments"})).await;
    let source = json!({"kind": "folder", "path": folder});
    let seen = desktop.told("pack", json!({"source": source, "with_default": false})).await["text"].clone();
    let add = json!({"source": source, "with_default": false, "observe": false, "seen": seen});
    let added = desktop.told("add_pack", add.clone()).await;
    assert_eq!(added["added"], json!(["payments.toml"]));
    assert_eq!(desktop.text("policies/payments.toml").unwrap(), written);

    std::fs::write(folder.join("broken.toml"), "name = 1\n").unwrap();
    let view = desktop.told("pack", json!({"source": source, "with_default": false})).await;
    assert!(view["problems"][0].as_str().unwrap().starts_with("broken.toml"), "{}", view["problems"]);
    let refused = desktop.ask("add_pack", add).await.unwrap_err();
    assert_eq!(refused.code, "changed", "what was not looked at is not added");
    let add = json!({"source": source, "with_default": false, "observe": false, "seen": view["text"]});
    assert_eq!(desktop.ask("add_pack", add).await.unwrap_err().code, "set_invalid");
    assert!(desktop.text("policies/broken.toml").is_none(), "nothing is half added");
    desktop.engine.shutdown().await;
}
