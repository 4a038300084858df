//! `check`, `explain`, `policy fmt` and `init --pack`, as a person or a workflow types them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use serde_json::Value;
use std::{fs, path::Path};
use support::{TestHome, doorward, run};

const LIMIT: &str = "# mine\nname = \"Limit\"\nwhen = 'amount > 100'\n\n[target]\ntools = [\"shop/pay\"]\n\n[action]\nkind = \"deny\"\n";

/// A folder of policies with a default and these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("set.toml"), "default = \"allow\"\n").unwrap();
    for (path, text) in files {
        fs::write(folder.path().join(path), text).unwrap();
    }
    folder
}

fn typed(arguments: &[&str], dir: &Path) -> support::Said {
    run(doorward().args(arguments).arg(dir))
}

#[test]
fn a_warning_is_shown_with_its_mend_and_fails_only_a_strict_check() {
    let never = LIMIT.replace("amount > 100", "amount > 100 && amount < 50");
    let folder = folder(&[("limit.toml", &never)]);
    let said = typed(&["check"], folder.path());
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("warning limit.toml:3:9: no call can make this condition true"),
        "{}",
        said.out
    );
    assert!(said.out.contains("[never_true]\n  try: Turn this policy off\n"), "{}", said.out);
    assert!(
        said.out.ends_with("1 policy compiled; there is no cases.toml to run. Found 1 warning.\n"),
        "{}",
        said.out
    );
    assert_eq!(typed(&["check", "--strict"], folder.path()).code, 1);
}

#[test]
fn an_exemption_by_a_claim_fails_the_check() {
    let claimed = LIMIT.replace("amount > 100", "amount > 100 && tool.read_only != true");
    let folder = folder(&[("limit.toml", &claimed)]);
    let said = typed(&["check"], folder.path());
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("error   limit.toml:3:25: "), "{}", said.out);
}

#[test]
fn github_reads_every_finding_and_every_failed_case_as_an_annotation() {
    let claimed = LIMIT.replace("amount > 100", "!tool.read_only");
    let cases = "# one\n[[case]]\nname = \"100% wrong\"\ntool = \"shop/pay\"\nexpect = \"allow\"\n";
    let folder = folder(&[("limit.toml", &claimed), ("cases.toml", cases)]);
    let said = typed(&["check", "--format", "github"], folder.path());
    assert_eq!(said.code, 1);
    let dir = folder.path().display();
    let lines: Vec<&str> = said.out.lines().collect();
    let [finding, case] = lines.as_slice() else { panic!("{}", said.out) };
    let expected = format!(
        "::error file={dir}/limit.toml,line=3,col=10,title=untrusted_claim::whoever claims the right"
    );
    assert!(finding.starts_with(&expected), "{finding}");
    assert_eq!(
        *case,
        format!(
            "::error file={dir}/cases.toml,line=3,title=case::100%25 wrong: expected allow, got deny, decided by limit"
        )
    );
    fs::write(folder.path().join("limit.toml"), LIMIT.replace("when", "whn")).unwrap();
    let said = typed(&["check", "--format", "github"], folder.path());
    assert_eq!(
        said.out,
        format!(
            "::error file={dir}/limit.toml,line=3,col=1,title=document::unknown key `whn`; did you mean `when`?\n"
        )
    );
    assert_eq!(said.code, 1);
}

#[test]
fn json_holds_policies_findings_with_their_mends_and_cases() {
    let never = LIMIT.replace("amount > 100", "amount > 100 && amount < 50");
    let cases = "[[case]]\nname = \"a\"\ntool = \"shop/pay\"\nexpect = \"allow\"\n";
    let folder = folder(&[("limit.toml", &never), ("cases.toml", cases)]);
    let said = typed(&["check", "--format", "json"], folder.path());
    assert_eq!(said.code, 0);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["passed"], true);
    assert_eq!(report["policies"][0]["id"], "limit");
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["severity"], &finding["line"]),
        (&"never_true".into(), &"warning".into(), &3.into())
    );
    assert_eq!(finding["mends"][0]["edit"]["text"], "off");
    assert_eq!((&report["cases"][0]["passed"], &report["cases"][0]["line"]), (&true.into(), &2.into()));
}

#[test]
fn known_tools_and_people_find_more() {
    let typo = LIMIT.replace("amount >", "ammount >").replace("[target]", "[target]\nusers = [\"anna\"]");
    let folder = folder(&[("limit.toml", &typo)]);
    assert_eq!(typed(&["check"], folder.path()).code, 0);
    let beside = tempfile::tempdir().unwrap();
    let (tools, people) = (beside.path().join("tools.json"), beside.path().join("people.toml"));
    fs::write(&tools, r#"{"shop":{"tools":[{"name":"pay","inputSchema":{"type":"object","properties":{"amount":{"type":"number"}}}}]}}"#).unwrap();
    fs::write(&people, "[[user]]\nid = \"ana\"\nowner = true\n").unwrap();
    let said = run(doorward()
        .arg("check")
        .arg("--tools")
        .arg(&tools)
        .arg("--people")
        .arg(&people)
        .arg(folder.path()));
    assert_eq!(said.code, 1, "{said:?}");
    for line in ["`shop/pay` has no parameter `ammount`; did you mean `amount`?", "there is no user `anna`"] {
        assert!(said.out.contains(line), "{}", said.out);
    }
    fs::write(&tools, "[]").unwrap();
    let said = run(doorward().arg("check").arg("--tools").arg(&tools).arg(folder.path()));
    assert!(said.code == 1 && said.err.contains("is not a list of tools"), "{said:?}");
}

#[test]
fn a_call_is_explained_with_the_values_compared() {
    let folder = folder(&[("limit.toml", LIMIT)]);
    let call = folder.path().join("call.json");
    fs::write(&call, r#"{"tool":"shop/pay","arguments":{"amount":100.50}}"#).unwrap();
    let explain = |more: &[&str]| {
        run(doorward().args(["explain", "--call"]).arg(&call).arg("--policies").arg(folder.path()).args(more))
    };
    let said = explain(&[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(
        said.out,
        "Denied by “Limit”: amount is 100.50, above 100.\n\n\
         decides      limit: Deny pay on shop when amount is above 100.\n\
         \x20            amount is 100.50, above 100\n\
         \x20            true         amount > 100  [100.50]\n"
    );
    let report: Value = serde_json::from_str(&explain(&["--json"]).out).unwrap();
    assert_eq!(
        (&report["outcome"], &report["decision"]["trace"]["policies"][0]["predicates"][0]["compared"]),
        (&"deny".into(), &"100.50".into())
    );
    fs::write(&call, r#"{"tool":"shop/list","user":"nobody"}"#).unwrap();
    let said = explain(&[]);
    assert!(said.code == 1 && said.err.contains("the user `nobody` is not known here"), "{said:?}");
    fs::write(&call, r#"{"tool":"shop/list"}"#).unwrap();
    assert_eq!(
        explain(&[]).out,
        "Allowed by default: no policy decides about it.\nNo policy is about this tool.\n"
    );
}

#[test]
fn the_home_explains_with_its_own_policies_and_people() {
    let home = TestHome::made(&[]);
    let call = home.path("call.json");
    fs::write(&call, r#"{"tool":"practice/delete_customer","arguments":{"customer_id":"c-1"},"user":"me"}"#)
        .unwrap();
    let said = home.run(&["explain", "--call", call.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.starts_with("Held for the desk's owner by “Deleting a customer needs a look”"),
        "{}",
        said.out
    );
}

#[test]
fn formatting_keeps_comments_and_is_done_once() {
    let messy = "# mine\nname='Limit'   # why\nwhen = '100<args.amount'\n[target]\ntools = [\"shop/pay\" ]\n\n\n\n[action]\nkind = 'deny'";
    let folder = folder(&[
        ("limit.toml", messy),
        ("cases.toml", "[[case]]\nname='a'\ntool='shop/pay'\nexpect='allow'\n"),
    ]);
    let said = typed(&["policy", "fmt", "--check"], folder.path());
    assert_eq!((said.code, said.out.as_str()), (1, "not formatted  limit.toml\nnot formatted  cases.toml\n"));
    let read = || fs::read_to_string(folder.path().join("limit.toml")).unwrap();
    assert_eq!(read(), messy);
    assert_eq!(typed(&["policy", "fmt"], folder.path()).code, 0);
    assert_eq!(
        read(),
        "# mine\nname = 'Limit' # why\nwhen = 'amount > 100'\n\n[target]\ntools = [\"shop/pay\"]\n\n[action]\nkind = 'deny'\n"
    );
    let again = typed(&["policy", "fmt", "--check"], folder.path());
    assert_eq!((again.code, again.out.as_str()), (0, ""));
    fs::write(folder.path().join("limit.toml"), "name = ").unwrap();
    let said = typed(&["policy", "fmt"], folder.path());
    assert!(said.code == 1 && said.err.contains("limit.toml:1:"), "{said:?}");
}

#[test]
fn a_home_can_begin_with_another_pack() {
    for pack in ["database", "filesystem", "git", "payments", "strict-home"] {
        let home = TestHome::absent();
        let said = home.run(&["init", "--keychain", "memory", "--listen", "127.0.0.1:0", "--pack", pack]);
        assert!(said.code == 0 && said.out.contains(&format!("with the {pack} policies")), "{said:?}");
        let shipped = format!("{}/../../../policies/{pack}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(
            home.read("policies/set.toml"),
            fs::read_to_string(format!("{shipped}/set.toml")).unwrap()
        );
        assert!(
            !home.path("policies/customer-deletion.toml").exists(),
            "nothing of the starter pack is left"
        );
        assert_eq!(run(doorward().args(["check", &shipped])).code, 0);
        let said = home.run(&["check"]);
        // A new home has one person: what asks two people of finance says so.
        assert_eq!(said.code, i32::from(pack == "payments"), "{}", said.out);
    }
}
