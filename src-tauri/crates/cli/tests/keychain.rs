//! The system's secret store for real: a private session bus with gnome-keyring on it, and what is said without.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::process::Command;
use support::{Said, TestHome, run};

/// Runs a shell script on a session bus of its own, with an empty data folder; `$DOORWARD` is the program on the
/// test's home. Needs `dbus-run-session` and `gnome-keyring-daemon`.
fn on_a_bus(home: &TestHome, script: &str) -> Said {
    let data = home.folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let mut command = Command::new("dbus-run-session");
    command
        .args(["--", "sh", "-eu", "-c", script])
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env("XDG_DATA_HOME", &data)
        .env("XDG_RUNTIME_DIR", home.folder.path())
        .env("DOORWARD", format!("{} --home {}", env!("CARGO_BIN_EXE_doorward"), home.dir.display()));
    run(&mut command)
}

const UNLOCKED: &str =
    "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; ";

/// Starts the gateway, makes a call once it says that it listens, and stops it.
const ONE_RUN: &str = "\
    said=\"$XDG_RUNTIME_DIR/said\"; mkfifo \"$said\"; \
    $DOORWARD serve > \"$said\" & serve=$!; \
    read -r listens < \"$said\"; \
    $DOORWARD call practice/list_expenses; \
    kill $serve; wait $serve; rm \"$said\"; ";

fn os_home() -> TestHome {
    let home = TestHome::absent();
    let said = home.run(&["init", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 0, "{said:?}");
    home
}

#[test]
fn an_unlocked_keyring_keeps_the_root_key_over_restarts() {
    let home = os_home();
    let said = on_a_bus(
        &home,
        &format!("{UNLOCKED} {ONE_RUN} {ONE_RUN} $DOORWARD journal verify; $DOORWARD doctor || true"),
    );
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("The journal is whole: "), "{said:?}");
    assert!(!said.out.contains("not readable"), "one key sealed both runs: {said:?}");
    let line = "ok      keychain: stores, gives back and deletes a secret; this home's root key is there";
    assert!(said.out.contains(line), "{said:?}");
}

#[test]
fn a_journal_whose_key_is_gone_is_not_begun_anew() {
    let home = os_home();
    assert_eq!(on_a_bus(&home, &format!("{UNLOCKED} {ONE_RUN}")).code, 0);
    std::fs::remove_dir_all(home.folder.path().join("data")).unwrap();
    let said = on_a_bus(&home, &format!("{UNLOCKED} $DOORWARD serve"));
    assert_eq!(said.code, 1);
    assert!(said.err.contains("the keychain has no root key for this home"), "{said:?}");
    assert!(said.err.contains("try: restore the keychain"), "{said:?}");
}

#[test]
fn a_keyring_that_cannot_be_opened_says_which_way_it_is_closed() {
    let home = os_home();
    // Never unlocked: there is a service, and no collection to write into.
    let fresh =
        on_a_bus(&home, "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1; $DOORWARD serve");
    assert_eq!(fresh.code, 1);
    assert!(fresh.err.contains("the keychain has no default collection"), "{fresh:?}");
    assert!(fresh.err.contains("  try: make a default keyring once"), "{fresh:?}");
    assert!(!home.path("journal.sqlite").exists(), "without a key nothing begins");
    // No service at all.
    let absent = home.run(&["serve"]);
    assert_eq!(absent.code, 1);
    assert!(absent.err.contains("no keychain service answers"), "{absent:?}");
    assert_eq!(absent.err.lines().count(), 2, "{}", absent.err);
}

#[test]
fn a_locked_keyring_is_told_apart_from_an_absent_one() {
    let home = os_home();
    assert_eq!(on_a_bus(&home, &format!("{UNLOCKED} {ONE_RUN}")).code, 0);
    // The keyring of the first session is there, with its password, and nobody types it.
    let said =
        on_a_bus(&home, "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1; $DOORWARD serve");
    assert_eq!(said.code, 1);
    assert!(said.err.contains("the keychain is locked"), "{said:?}");
    assert!(said.err.contains("try: unlock it"), "{said:?}");
}

#[test]
fn a_draft_is_tried_on_the_calls_on_record() {
    let home = os_home();
    let draft = home.folder.path().join("no-lists.toml");
    std::fs::write(
        &draft,
        "name = \"No lists\"\nwhen = 'limitt == 3'\n[target]\ntools = [\"practice/list_*\"]\n[action]\nkind = \"deny\"\n",
    )
    .unwrap();
    let open = draft.with_file_name("observed.toml");
    let text = std::fs::read_to_string(&draft).unwrap();
    std::fs::write(&open, text.replace("when = 'limitt == 3'\n", "")).unwrap();
    let said = on_a_bus(
        &home,
        &format!(
            "{UNLOCKED} {ONE_RUN} {ONE_RUN} $DOORWARD backtest {}; $DOORWARD backtest {}; $DOORWARD backtest; \
             cp {} {}/policies/; $DOORWARD check || true; $DOORWARD backtest --format json",
            draft.display(),
            open.display(),
            open.display(),
            home.dir.display(),
        ),
    );
    assert_eq!(said.code, 0, "{said:?}");
    let none = "Of 2 calls that could match, none would change.\n";
    assert!(said.out.contains(none), "a draft that never applies changes nothing: {said:?}");
    assert!(said.out.contains("practice/list_expenses           allowed → denied  (observed)\n"), "{said:?}");
    let changes = "Of 2 calls that could match, 2 would change: 2 allowed would be denied.\n";
    assert!(said.out.contains(changes), "{said:?}");
    assert!(
        said.out.contains("Of 0 calls that could match, none would change.\n"),
        "files as in force: {said:?}"
    );
    let json = said.out.rfind("{\n  \"sentence\"").map(|at| &said.out[at..]).unwrap();
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(report["counts"]["changed"], 2, "what the files would do differs from what is in force");
    assert_eq!((&report["unreadable"], &report["changed"][0]["to"]), (&0.into(), &"deny".into()));
}

#[test]
fn a_check_of_the_home_knows_the_tools_it_has_seen() {
    let home = os_home();
    let policy = "name = \"Typo\"\nwhen = 'amuont > 3'\n[target]\ntools = [\"practice/create_expense\"]\n[action]\nkind = \"deny\"\n";
    let before = home.run(&["check"]);
    assert!(!before.out.contains("amuont"), "{before:?}");
    let said = on_a_bus(&home, &format!("{UNLOCKED} {ONE_RUN}"));
    assert_eq!(said.code, 0, "{said:?}");
    home.write("policies/typo.toml", policy);
    let after = home.run(&["check"]);
    assert!(after.out.contains("typo.toml:2:9") && after.out.contains("[unknown_attribute]"), "{after:?}");
}

#[test]
fn a_call_whose_secrets_are_not_on_record_is_counted_and_not_judged() {
    let home = os_home();
    let draft = home.folder.path().join("no-lists.toml");
    let text = "name = \"No lists\"\n[target]\ntools = [\"practice/list_*\"]\n[action]\nkind = \"deny\"\n";
    std::fs::write(&draft, text).unwrap();
    let with_secret = ONE_RUN.replace("list_expenses", "list_expenses '{\"token\": \"tok-12345\"}' || true");
    let script = format!("{UNLOCKED} {ONE_RUN} {with_secret} $DOORWARD backtest {}", draft.display());
    let said = on_a_bus(&home, &script);
    assert_eq!(said.code, 0, "{said:?}");
    let judged =
        "Of 1 call that could match, 1 would change: 1 allowed would be denied.\n1 more cannot be judged";
    assert!(said.out.contains(judged), "{said:?}");
}
