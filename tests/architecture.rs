//! The rules of the repository that no compiler checks: which crate may depend on which, who may touch the database,
//! the window and the keychain, what the pure crates may not read, how long a file may be, what a clone may contain.
//! Each rule is a function over plain data, so that its own test can show that it fails when it should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "architecture/release.rs"]
mod release;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const LONGEST_FILE: usize = 500;
const MOST_ROOT_ENTRIES: usize = 14;
const APP: &str = "doorward-desktop";

/// Who may depend on whom among our own packages; everything else is an upward edge or a short cut.
const EDGES: [(&str, &[&str]); 11] = [
    ("policy", &[]),
    ("approvals", &["policy"]),
    ("journal", &["approvals", "policy"]),
    // What an assertion is for is opaque to it: 32 bytes.
    ("stepup", &[]),
    ("agents", &[]),
    ("gateway", &["agents", "approvals", "journal", "policy", "stepup"]),
    // Names, votes and activity rows cross to the window in the types of the crates that own them.
    ("ipc", &["agents", "approvals", "gateway", "journal", "policy"]),
    (APP, &["ipc"]),
    ("cli", &["agents", "gateway", "journal", "policy"]),
    ("xtask", &[]),
    // It drives the built programs, as an agent and a person would.
    ("bench", &[]),
];

/// Crates that only some packages may use: a name, or the beginning of names.
const OWNERS: [(&str, &[&str]); 8] = [
    ("rusqlite", &["journal", "cli"]),
    ("tauri", &[APP]),
    ("notify-rust", &[APP]),
    ("keyring", &["gateway"]),
    ("zbus-secret-service", &["gateway"]),
    ("webauthn-rs", &["stepup"]),
    ("axum", &["gateway"]),
    ("jsonc-parser", &["agents"]),
];

/// Within a package, the files that may name a crate; `cli` has a database only for the practice upstream.
const PLACES: [(&str, &str, &str); 2] = [
    ("src-tauri/crates/cli/src", "rusqlite", "practice"),
    ("src-tauri/crates/gateway/src", "keyring", "keychain"),
];

/// What `policy` and `approvals` may not read: the clock (I9), nor anything else outside their arguments.
const IMPURE: [&str; 10] = [
    "SystemTime",
    "Instant",
    "::now(",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "getrandom",
    "rand::",
    "async fn",
];

/// A package of the workspace with its dependencies: name and kind (`normal`, `build`, `dev`).
type Packages = BTreeMap<String, Vec<(String, String)>>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn packages() -> Packages {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo answers in JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let listed = metadata["packages"].as_array().expect("packages").iter();
    listed
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
            let dependencies = dependencies.map(|dependency| {
                let kind = dependency["kind"].as_str().unwrap_or("normal").to_owned();
                (text(&dependency["name"]), kind)
            });
            (text(&package["name"]), dependencies.collect())
        })
        .collect()
}

/// Every file of the repository that is not a result or a download, with its path from the root.
fn files() -> Vec<(String, PathBuf)> {
    const NOT_OURS: [&str; 9] = [
        "target",
        "gen",
        "node_modules",
        "dist",
        "dist-fake",
        ".git",
        "coverage",
        "test-results",
        "__screenshots__",
    ];
    let root = root();
    let mut found = Vec::new();
    let mut waiting = vec![root.clone()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of ours can be read").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
                waiting.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let shown =
                    path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
                found.push((shown, path));
            }
        }
    }
    found.sort();
    found
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

// Dependencies

fn edge_problems(packages: &Packages) -> Vec<String> {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        EDGES.iter().map(|(name, below)| (*name, below.iter().copied().collect())).collect();
    let mut problems = Vec::new();
    for name in packages.keys().filter(|name| !allowed.contains_key(name.as_str())) {
        problems.push(format!("`{name}` has no place in the dependency order"));
    }
    for (name, below) in &allowed {
        let Some(dependencies) = packages.get(*name) else {
            problems.push(format!("the package `{name}` is missing"));
            continue;
        };
        let ours = |kinds: &[&str]| -> BTreeSet<&str> {
            let listed = dependencies.iter().filter(|(_, kind)| kinds.contains(&kind.as_str()));
            listed.map(|(other, _)| other.as_str()).filter(|other| allowed.contains_key(other)).collect()
        };
        let built = ours(&["normal", "build"]);
        for extra in built.difference(below) {
            problems.push(format!("`{name}` may not depend on `{extra}`"));
        }
        for absent in below.difference(&built) {
            problems.push(format!("`{name}` should depend on `{absent}`: the drawn edge is not there"));
        }
        // Tests may reach further down, never up; the whole-app tests see everything.
        let reach = everything_below(name, &allowed);
        for extra in ours(&["dev"]).iter().filter(|other| *name != APP && !reach.contains(**other)) {
            problems.push(format!("the tests of `{name}` may not depend on `{extra}`"));
        }
    }
    problems
}

fn everything_below<'a>(name: &'a str, allowed: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reach = BTreeSet::from([name]);
    let mut waiting = vec![name];
    while let Some(next) = waiting.pop() {
        for below in allowed.get(next).into_iter().flatten() {
            if reach.insert(*below) {
                waiting.push(*below);
            }
        }
    }
    reach
}

fn owner_problems(packages: &Packages) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, dependencies) in packages {
        for (dependency, _) in dependencies.iter().filter(|(_, kind)| kind != "dev") {
            for (owned, owners) in OWNERS {
                let is_it = dependency == owned || dependency.starts_with(&format!("{owned}-"));
                if is_it && !owners.contains(&name.as_str()) {
                    problems.push(format!(
                        "`{name}` may not use `{dependency}`: it belongs to {}",
                        owners.join(", ")
                    ));
                }
            }
        }
    }
    problems
}

#[test]
fn packages_depend_only_on_what_is_below_them() {
    none(&edge_problems(&packages()));
}

#[test]
fn the_database_the_window_and_the_keychain_have_one_owner_each() {
    none(&owner_problems(&packages()));
}

#[test]
fn an_upward_edge_a_missing_one_and_a_stranger_are_found() {
    let mut made = packages();
    made.get_mut("policy").unwrap().push(("approvals".into(), "normal".into()));
    made.get_mut("approvals").unwrap().push(("journal".into(), "dev".into()));
    made.get_mut("ipc").unwrap().retain(|(name, _)| name != "gateway");
    made.insert("helpers".into(), Vec::new());
    let problems = edge_problems(&made).join("\n");
    for expected in [
        "`policy` may not depend on `approvals`",
        "the tests of `approvals` may not depend on `journal`",
        "`ipc` should depend on `gateway`",
        "`helpers` has no place",
    ] {
        assert!(problems.contains(expected), "{problems}");
    }
}

#[test]
fn a_crate_in_the_wrong_package_is_found() {
    let made = Packages::from([
        ("ipc".to_owned(), vec![("tauri-build".to_owned(), "build".to_owned())]),
        ("approvals".to_owned(), vec![("rusqlite".to_owned(), "normal".to_owned())]),
        ("policy".to_owned(), vec![("rusqlite".to_owned(), "dev".to_owned())]),
        ("gateway".to_owned(), vec![("webauthn-rs".to_owned(), "normal".to_owned())]),
    ]);
    assert_eq!(owner_problems(&made).len(), 3);
}

#[test]
fn every_package_keeps_the_lints_of_the_workspace() {
    for (path, file) in files().iter().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{path} does not say `[lints] workspace = true`");
    }
}

// Sources

/// The lines of a Rust source that are not comments, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether the code names it as a word: `Instant` is not part of `InstantPrint`.
fn names(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let opens = word.starts_with(|c: char| !is_part(c)) || !before.is_some_and(is_part);
        let closes = word.ends_with(|c: char| !is_part(c)) || !after.is_some_and(is_part);
        opens && closes
    })
}

fn purity_problems(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, line) in code(text) {
        for word in IMPURE.iter().filter(|word| names(line, word)) {
            problems.push(format!(
                "{path}:{number}: I9: `{word}` is not for a pure crate; take it as an argument"
            ));
        }
    }
    problems
}

#[test]
fn i9_policy_and_approvals_read_no_clock_and_nothing_else() {
    let pure = ["src-tauri/crates/policy/src/", "src-tauri/crates/approvals/src/"];
    let sources: Vec<_> =
        files().into_iter().filter(|(path, _)| pure.iter().any(|at| path.starts_with(at))).collect();
    assert!(sources.len() > 10, "the pure crates are where they were");
    let problems =
        sources.iter().flat_map(|(path, file)| purity_problems(path, &fs::read_to_string(file).unwrap()));
    none(&problems.collect::<Vec<_>>());
}

#[test]
fn i9_a_clock_in_the_code_is_found_and_one_in_a_comment_is_not() {
    assert_eq!(purity_problems("a.rs", "let now = SystemTime::now();").len(), 2);
    assert_eq!(purity_problems("a.rs", "/// No SystemTime here.\nlet x = InstantPrint;").len(), 0);
}

#[test]
fn a_crate_is_named_only_where_it_belongs() {
    let mut problems = Vec::new();
    for (path, file) in files() {
        for (folder, crate_name, place) in PLACES {
            let Some(inside) = path.strip_prefix(folder) else { continue };
            if !path.ends_with(".rs") || inside.contains(place) {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            let uses = |line: &str| {
                line.contains(&format!("{crate_name}::")) || line.contains(&format!("{crate_name}_"))
            };
            if let Some((number, _)) = code(&text).find(|(_, line)| uses(line)) {
                problems.push(format!("{path}:{number}: `{crate_name}` belongs to `{place}`"));
            }
        }
    }
    none(&problems);
}

/// I11: what is not in the lists of `gateway/src/routes.rs` is not tried by the attack on all routes.
fn route_problems(path: &str, text: &str) -> Vec<String> {
    let named = |line: &str| {
        let adds = [".route(", ".route_service(", ".nest(", ".nest_service("];
        adds.iter().any(|adds| line.split(adds).skip(1).any(|rest| !rest.starts_with("routes::")))
    };
    let found = code(text).filter(|(_, line)| named(line));
    found.map(|(number, _)| format!("{path}:{number}: I11: a route's path stands in `routes.rs`")).collect()
}

#[test]
fn i11_every_route_is_in_the_list_that_is_attacked() {
    let sources = files().into_iter().filter(|(path, _)| path.starts_with("src-tauri/crates/gateway/src/"));
    let problems = sources.flat_map(|(path, file)| route_problems(&path, &fs::read_to_string(file).unwrap()));
    none(&problems.collect::<Vec<_>>());
    assert_eq!(route_problems("a.rs", "Router::new().route(\"/vote\", post(vote))").len(), 1);
    assert_eq!(route_problems("a.rs", "Router::new().route(routes::MCP, any(mcp))").len(), 0);
}

fn is_source(path: &str) -> bool {
    let generated = path.contains("/generated/") || path.contains(".gen.");
    !generated && [".rs", ".ts", ".tsx"].iter().any(|ending| path.ends_with(ending))
}

#[test]
fn no_source_file_is_longer_than_a_person_reads_at_once() {
    let long = files().into_iter().filter(|(path, _)| is_source(path)).filter_map(|(path, file)| {
        let lines = fs::read_to_string(file).unwrap().lines().count();
        (lines > LONGEST_FILE).then(|| format!("{path}: {lines} lines, at most {LONGEST_FILE}"))
    });
    none(&long.collect::<Vec<_>>());
}

// The repository

#[test]
fn the_root_can_be_taken_in_at_a_glance() {
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    let is_ignored = |name: &str| ignored.lines().any(|line| line.trim_matches('/') == name);
    let entries = fs::read_dir(root()).unwrap().flatten();
    let entries = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let visible: Vec<String> = entries.filter(|name| !name.starts_with('.') && !is_ignored(name)).collect();
    assert!(visible.len() <= MOST_ROOT_ENTRIES, "{} entries: {}", visible.len(), visible.join(" "));
}

/// What would tie a clone to the machine it was made on. Spelled in two parts, or this file would name them itself.
const TIES: [&str; 9] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/plan"),
    concat!("/wo", "rk/shared"),
    concat!("/ro", "ot/"),
    concat!("registry.", "npmjs"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("deb.", "debian.org"),
    concat!("py", "pi.org"),
];

fn tie_problems(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for tie in TIES.iter().filter(|tie| line.contains(**tie)) {
            problems.push(format!("{path}:{}: names `{tie}`", index + 1));
        }
        if path.ends_with("package-lock.json") && line.trim_start().starts_with("\"resolved\": \"http") {
            problems.push(format!(
                "{path}:{}: a download address; the lock file holds versions and hashes",
                index + 1
            ));
        }
    }
    problems
}

#[test]
fn no_file_is_tied_to_a_machine_or_a_registry() {
    let mut problems = Vec::new();
    for (path, file) in files() {
        // Pictures and other bytes are no text.
        if let Ok(text) = fs::read_to_string(file) {
            problems.extend(tie_problems(&path, &text));
        }
    }
    none(&problems);
}

#[test]
fn a_path_of_this_machine_is_found() {
    let text = format!("see {}/notes\nhttps://{}.org/x", TIES[0], TIES[4]);
    assert_eq!(tie_problems("a.md", &text).len(), 2);
    assert_eq!(tie_problems("ui/package-lock.json", "  \"resolved\": \"https://somewhere/a.tgz\",").len(), 1);
}

#[test]
fn what_a_newcomer_looks_for_is_there() {
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE",
        ".github/SECURITY.md",
        "policies/README.md",
    ] {
        let text = fs::read_to_string(root().join(name)).unwrap_or_default();
        assert!(!text.trim().is_empty(), "{name} is missing");
    }
}

#[test]
fn every_test_that_the_table_of_attacks_names_is_there() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = page.split("### Attacks that were tried").nth(1).expect("the table of attacks");
    let table = table.split("\n## ").next().unwrap();
    let words = table.split(['`', ' ', ':']).filter(|word| word.matches('_').count() >= 4);
    let sources: Vec<String> = files()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .map(|(_, file)| fs::read_to_string(file).unwrap())
        .collect();
    let named: BTreeSet<&str> = words.collect();
    assert!(named.len() >= 18, "{named:?}");
    let is_there = |name: &str| sources.iter().any(|text| text.contains(&format!("fn {name}(")));
    let missing: Vec<String> = named.iter().filter(|name| !is_there(name)).map(ToString::to_string).collect();
    none(&missing);
}

#[test]
fn links_between_our_own_pages_lead_somewhere() {
    let mut problems = Vec::new();
    for (path, file) in files().iter().filter(|(path, _)| path.ends_with(".md")) {
        let text = fs::read_to_string(file).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with(['#', '<'])) {
            let target = link.split(['#', ' ']).next().unwrap_or_default();
            let folder = file.parent().unwrap_or(Path::new("."));
            if !target.is_empty() && !folder.join(target).exists() {
                problems.push(format!("{path}: `{link}` leads nowhere"));
            }
        }
    }
    none(&problems);
}
