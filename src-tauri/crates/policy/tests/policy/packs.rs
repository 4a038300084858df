//! Every shipped pack: it compiles, its cases pass, and each of its policies is decided both ways.

use super::{check, compile, root};
use policy::{
    Applied, Documents, PolicySet, cases, decide,
    format::formatted,
    lint::{Known, lint},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn read(dir: &Path) -> (Documents, String) {
    let mut documents = Documents::new();
    for folder in ["", "flows", "contexts"] {
        let Ok(entries) = fs::read_dir(dir.join(folder)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().replace('\\', "/");
            if Documents::takes(&name) {
                documents.insert(&name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    (documents, fs::read_to_string(dir.join("cases.toml")).unwrap())
}

fn packs() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("policies")).unwrap();
    let packs: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    assert!(packs.len() >= 6);
    packs
}

#[test]
fn the_cases_of_every_pack_pass_and_cover_every_policy_both_ways() {
    for dir in packs() {
        let (documents, text) = read(&dir);
        assert!(dir.join("README.md").is_file(), "{} has no README.md", dir.display());
        let set = compile(&documents);
        check(&set, &text);
        covers_both_ways(&dir, &set, &text);
    }
}

/// Each policy decides one case; and it stays out of another whose tool it is about, or, where it has nothing to
/// judge by, of a call to another tool.
fn covers_both_ways(dir: &Path, set: &PolicySet, text: &str) {
    let (mut decided, mut stayed_out) = (BTreeSet::new(), BTreeSet::new());
    for case in cases::parse(text).unwrap() {
        let decision = decide(set, &case.call, &case.facts);
        let trace = &decision.trace.policies;
        decided.extend(trace.iter().filter(|policy| policy.deciding).map(|policy| policy.id.clone()));
        for policy in set.policies() {
            let judges = policy.when.is_some() || !policy.target.contexts.is_empty();
            let looked_at = trace.iter().find(|trace| trace.id == policy.id);
            let out = match looked_at {
                Some(trace) => trace.applied == Applied::No,
                None => !judges,
            };
            if out {
                stayed_out.insert(policy.id.clone());
            }
        }
    }
    for policy in set.policies() {
        assert!(decided.contains(&policy.id), "{}: no case is decided by {}", dir.display(), policy.id);
        assert!(stayed_out.contains(&policy.id), "{}: {} stays out of no case", dir.display(), policy.id);
    }
}

#[test]
fn shipped_policies_are_formatted_and_have_no_findings() {
    for dir in packs() {
        let (documents, cases) = read(&dir);
        let findings = lint(&documents, &Known::default());
        assert!(findings.is_empty(), "{}: {findings:#?}", dir.display());
        for (path, text) in documents.iter().chain([("cases.toml", cases.as_str())]) {
            assert_eq!(formatted(path, text).unwrap(), text, "{} {path}", dir.display());
        }
    }
}

#[test]
fn formatting_changes_nothing_that_a_set_means() {
    for dir in packs() {
        let (documents, cases) = read(&dir);
        // Spread out and squeezed together.
        let messy: Documents = documents
            .iter()
            .map(|(path, text)| (path.to_owned(), text.replace("\n\n", "\n\n\n  \n").replace(" = ", "=")))
            .map(|(path, text)| (path, text.replace("==true", " == true")))
            .collect();
        let tidy: Documents =
            messy.iter().map(|(path, text)| (path.to_owned(), formatted(path, text).unwrap())).collect();
        let (before, after) = (compile(&documents), compile(&tidy));
        for (one, other) in before.policies().zip(after.policies()) {
            assert_eq!((&one.target, &one.action, one.mode), (&other.target, &other.action, other.mode));
            assert_eq!(one.sentence(), other.sentence());
        }
        check(&after, &cases);
    }
}

#[test]
fn the_starter_pack_does_what_a_new_user_is_shown() {
    let (documents, _) = read(&root().join("policies/starter"));
    let set = compile(&documents);
    check(
        &set,
        r#"
[[case]]
name = "allowed"
tool = "practice/create_expense"
args = { amount = 25, currency = "EUR", category = "travel" }
claims = { required = ["amount", "category"], defaults = { currency = "EUR" } }
expect = "allow"
[[case]]
name = "denied"
tool = "practice/create_expense"
args = { amount = 12000, currency = "EUR", category = "travel" }
expect = "deny"
[[case]]
name = "held"
tool = "practice/delete_customer"
args = { customer_id = "c-1" }
expect = "request_approval"
[[case]]
name = "step-up"
tool = "practice/send_payment"
args = { amount = 5, to = "x" }
expect = "step_up"
"#,
    );
}
