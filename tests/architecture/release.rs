//! What a release build of the window is made of. That it refuses automation is tested in `environment`, for both kinds
//! of build; here, that nothing else differs between them and that no page has more than its few commands.

use super::{files, root};
use std::fs;

#[test]
fn a_release_build_has_no_ipc_and_no_tools_that_a_debug_build_is_tested_without() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    // The one difference between the two is told to `environment::look`.
    let asks: Vec<String> = files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("src-tauri/") && path.ends_with(".rs"))
        .filter(|(_, file)| fs::read_to_string(file).unwrap().contains("debug_assertions"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(asks, ["src-tauri/src/main.rs", "src-tauri/src/start.rs"]);
    let start = read("src-tauri/src/start.rs");
    assert_eq!(start.matches("cfg!(debug_assertions)").count(), 1);
    assert!(start.contains("environment::look(std::env::vars_os(), !cfg!(debug_assertions))"));
    let manifest = read("Cargo.toml");
    let profile = manifest.split("[profile.release]").nth(1).expect("the release profile");
    assert!(!profile.split("\n[").next().unwrap().contains("debug-assertions"), "{profile}");
    let tauri = manifest.lines().find(|line| line.starts_with("tauri = ")).expect("tauri");
    assert!(!tauri.contains("devtools"), "{tauri}");
    let config: serde_json::Value = serde_json::from_str(&read("tauri.conf.json")).unwrap();
    assert_eq!(config["app"]["withGlobalTauri"], false);
    assert_eq!(config["app"]["security"]["assetProtocol"]["enable"], false);
    assert_eq!(config["app"]["security"]["capabilities"], serde_json::json!(["main", "approval"]));
    for (window, own) in [("main", vec![]), ("approval", vec!["be-put-away"])] {
        let path = format!("src-tauri/capabilities/{window}.json");
        let capability: serde_json::Value = serde_json::from_str(&read(&path)).unwrap();
        let event = vec!["core:event:allow-listen", "core:event:allow-unlisten"];
        let permissions = [vec!["ask-doorward"], own, event].concat();
        assert_eq!(capability["permissions"], serde_json::json!(permissions), "{path}");
        assert!(capability.get("remote").is_none(), "no page from elsewhere may ask anything");
    }
}
