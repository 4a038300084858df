//! Every shipped pack: it compiles, its cases pass, and each of its policies is decided both ways.

use super::{check, compile, root};
use policy::{Documents, PolicySet, cases, decide};
use std::{collections::BTreeSet, fs, path::Path};

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

#[test]
fn the_cases_of_every_pack_pass_and_cover_every_policy_both_ways() {
    let mut packs = 0;
    for entry in fs::read_dir(root().join("policies")).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.is_dir() {
            continue;
        }
        packs += 1;
        let (documents, text) = read(&dir);
        assert!(dir.join("README.md").is_file(), "{} has no README.md", dir.display());
        let set = compile(&documents);
        check(&set, &text);
        covers_both_ways(&dir, &set, &text);
    }
    assert!(packs > 0);
}

fn covers_both_ways(dir: &Path, set: &PolicySet, text: &str) {
    let (mut decided, mut passed_over) = (BTreeSet::new(), BTreeSet::new());
    for case in cases::parse(text).unwrap() {
        let decision = decide(set, &case.call, &case.facts);
        let deciding: BTreeSet<_> = decision
            .trace
            .policies
            .iter()
            .filter(|policy| policy.deciding)
            .map(|policy| policy.id.clone())
            .collect();
        for policy in set.policies() {
            let set = if deciding.contains(&policy.id) { &mut decided } else { &mut passed_over };
            set.insert(policy.id.clone());
        }
    }
    for policy in set.policies() {
        assert!(decided.contains(&policy.id), "{}: no case is decided by {}", dir.display(), policy.id);
        assert!(
            passed_over.contains(&policy.id),
            "{}: every case is decided by {}",
            dir.display(),
            policy.id
        );
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
