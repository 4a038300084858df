use super::*;
use crate::Value;

const TOOLS: &str = r##"[
  {"name":"create_expense","inputSchema":{"type":"object","properties":{
     "amount":{"type":"number","minimum":0,"maximum":1000},
     "currency":{"enum":["EUR","USD"]},
     "count":{"type":"integer"},
     "urgent":{"type":"boolean"},
     "note":{"type":"string"},
     "tags":{"type":"array","items":{"type":"string"}},
     "kind":{"type":"string","default":"x"},
     "site":{"type":"object","properties":{"city":{"type":"string"},"zip":{"type":"string"}},"required":["city"]}
   },"required":["amount","site"]}},
  {"name":"post_letter","annotations":{"openWorldHint":true,"readOnlyHint":false},"inputSchema":{"type":"object"}},
  {"name":"look_up","annotations":{"openWorldHint":true,"readOnlyHint":true},"inputSchema":{"type":"object"}},
  {"name":"pin_note","annotations":{"openWorldHint":true,"destructiveHint":false},"inputSchema":{"type":"object"}},
  {"name":"delete_customer","annotations":{"destructiveHint":true},"inputSchema":{"type":"object","properties":{"customer_id":{"type":"string"}}}}
]"##;

const PEOPLE: &str = "[[user]]\nid = \"me\"\nowner = true\nroles = [\"employee\"]\nattributes = { level = 3 }\n\
                      [[user]]\nid = \"ana\"\nroles = [\"finance\"]\n";

fn tools() -> Vec<ToolEntry> {
    let listed = Value::parse(TOOLS.as_bytes()).unwrap();
    listed.as_list().unwrap().iter().map(|tool| ToolEntry::of("practice", tool).unwrap()).collect()
}

fn documents(files: &[(&str, &str)]) -> Documents {
    let mut documents: Documents =
        [("set.toml".to_owned(), "default = \"allow\"\n".to_owned())].into_iter().collect();
    files.iter().for_each(|(path, text)| documents.insert(path, (*text).to_owned()));
    documents
}

fn looked_at(documents: &Documents) -> Vec<Finding> {
    let (tools, people) = (tools(), People::parse(PEOPLE).unwrap());
    lint(documents, &Known { tools: &tools, people: Some(&people) })
}

/// One policy over `create_expense`.
fn policy(when: &str, kind: &str) -> String {
    format!(
        "name = \"x\" # mine\nwhen = '''{when}'''\n[target]\ntools = [\"practice/create_expense\"]\n[action]\nkind = \"{kind}\"\n"
    )
}

/// The only finding of this code, with its mends tried: each takes the finding away and leaves a set that compiles.
fn only(documents: &Documents, code: Code) -> Finding {
    let findings = looked_at(documents);
    let of_code: Vec<&Finding> = findings.iter().filter(|finding| finding.code == code).collect();
    let [finding] = of_code.as_slice() else { panic!("{findings:#?}") };
    for mend in &finding.mends {
        let mended = documents.mended(mend).unwrap();
        let after = looked_at(&mended);
        assert!(
            !after.iter().any(|other| other.code == code || other.code == Code::Document),
            "{} left {after:#?} of {:?}",
            mend.label,
            mended.get(&mend.document)
        );
    }
    (*finding).clone()
}

fn of_condition(when: &str, code: Code) -> Finding {
    only(&documents(&[("p.toml", &policy(when, "deny"))]), code)
}

#[test]
fn a_sound_policy_has_no_findings() {
    for when in
        ["amount > 500", "!has(note) || note.contains(\"wire\")", "!(currency in [\"EUR\"])", "kind == \"x\""]
    {
        let findings = looked_at(&documents(&[("p.toml", &policy(when, "deny"))]));
        assert_eq!(findings, [], "{when}");
    }
}

#[test]
fn each_code_has_a_place_a_sentence_and_mends_that_work() {
    let cases = [
        (
            "amuont > 5",
            Code::UnknownAttribute,
            1,
            "`practice/create_expense` has no parameter `amuont`; did you mean `amount`?",
        ),
        (
            "size(taggs) > 5",
            Code::UnknownAttribute,
            0,
            "`practice/create_expense` has no parameter `taggs`; did you mean `tags`?",
        ),
        (
            "user.levle > 2",
            Code::UnknownAttribute,
            1,
            "no user has the attribute `user.levle`; did you mean `user.level`?",
        ),
        (
            "amount == \"500\"",
            Code::WrongType,
            1,
            "`amount == \"500\"` can never be judged: the tool's schema says that the value is a number",
        ),
        (
            "urgent != \"true\"",
            Code::WrongType,
            1,
            "`urgent != \"true\"` can never be judged: the tool's schema says that the value is true or false",
        ),
        (
            "has(tags) && tags.contains(\"prod\")",
            Code::WrongType,
            1,
            "`tags.contains(\"prod\")` can never be judged: the tool's schema says that the value is a list",
        ),
        (
            "has(note) && note > 5",
            Code::WrongType,
            0,
            "`note > 5` can never be judged: the tool's schema says that the value is a text",
        ),
        (
            "currency != \"eur\"",
            Code::OutsideEnum,
            1,
            "`currency` is never \"eur\": the tool's schema lists \"EUR\" and \"USD\"",
        ),
        (
            "!(currency in [\"EUR\", \"YEN\"])",
            Code::OutsideEnum,
            1,
            "`currency` is never \"YEN\": the tool's schema lists \"EUR\" and \"USD\"",
        ),
        ("amount > 5000", Code::OutsideRange, 0, "the tool's schema does not let `amount` reach 5000"),
        (
            "amount > 10 && amount < 5",
            Code::NeverTrue,
            1,
            "no call can make this condition true; it applies only to calls that cannot be judged",
        ),
        (
            "amount > 10 || user.id == \"me\" && user.id == \"ana\"",
            Code::NeverTrue,
            1,
            "no call can make `user.id == \"me\" && user.id == \"ana\"` true",
        ),
        (
            "context.hour < 24",
            Code::AlwaysTrue,
            1,
            "no call can make this condition false, so it narrows nothing down",
        ),
        (
            "amount > 10 && context.hour >= 0",
            Code::AlwaysTrue,
            1,
            "no call can make `context.hour >= 0` false",
        ),
        (
            "tool.name == \"create_expense\"",
            Code::AlwaysTrue,
            1,
            "no call can make this condition false, so it narrows nothing down",
        ),
        ("amount > 10 || amount > 10", Code::Duplicate, 1, "`amount > 10` stands in this group already"),
        (
            "has(note) && note == \"x\" || amount > 7 && (has(note) && note.matches(\"a^b\"))",
            Code::DeadPattern,
            1,
            "the pattern “a^b” matches no text at all",
        ),
        (
            "note == \"wire\"",
            Code::DodgeByOmission,
            2,
            "an agent can leave `note` out, and get past this policy",
        ),
        (
            "amount > 5 && !(note != \"wire\")",
            Code::DodgeByOmission,
            2,
            "an agent can leave `note` out, and get past this policy",
        ),
        (
            "tags.exists(t, t == \"prod\")",
            Code::DodgeByOmission,
            2,
            "an agent can leave `tags` out, and get past this policy",
        ),
        (
            "!(note != \"a\" || amount > 5)",
            Code::DodgeByOmission,
            2,
            "an agent can leave `note` out, and get past this policy",
        ),
        (
            "amount > 5 && !tool.read_only",
            Code::UntrustedClaim,
            1,
            "whoever claims the right `tool.read_only` is exempt from this policy, and it is only a claim of an agent or an upstream",
        ),
        (
            "context.project != \"/srv/x\"",
            Code::UntrustedClaim,
            1,
            "whoever claims the right `context.project` is exempt from this policy, and it is only a claim of an agent or an upstream",
        ),
        (
            "size(context.branch) > 3",
            Code::UntrustedClaim,
            1,
            "whoever claims the right `context.branch` is exempt from this policy, and it is only a claim of an agent or an upstream",
        ),
    ];
    for (when, code, mends, sentence) in cases {
        let finding = of_condition(when, code);
        assert_eq!((finding.sentence.as_str(), finding.mends.len()), (sentence, mends), "{when}");
        assert_eq!((finding.document.as_str(), finding.line), ("p.toml", Some(2)), "{when}");
        assert!(finding.node.is_some(), "{when}");
    }
}

#[test]
fn a_finding_points_at_its_part_of_the_condition() {
    let text = policy("amount > 5\n  && (note == \"é\" ||\n   amuont > 7)", "deny");
    let finding = only(&documents(&[("p.toml", &text)]), Code::UnknownAttribute);
    assert_eq!((finding.line, finding.column, finding.node), (Some(4), Some(4), Some(vec![1, 1])));
    assert_eq!(finding.policy.unwrap().as_str(), "p");
}

#[test]
fn a_mend_changes_one_part_and_keeps_every_comment() {
    let text = policy("amount > 5 && // why\n  amuont > 7", "deny");
    let documents = documents(&[("p.toml", &text)]);
    let finding = only(&documents, Code::UnknownAttribute);
    let mended = documents.mended(&finding.mends[0]).unwrap();
    let expected = text.replace("amuont", "amount").replace("'''amount", "'''\namount");
    assert_eq!(mended.get("p.toml").unwrap(), expected);
}

#[test]
fn an_allow_that_leaving_out_satisfies_is_a_dodge_too() {
    let documents = documents(&[("p.toml", &policy("!(note == \"wire\")", "allow"))]);
    let finding = only(&documents, Code::DodgeByOmission);
    assert_eq!(finding.sentence, "an agent can leave `note` out, and be allowed by this policy");
    let mended = documents.mended(&finding.mends[0]).unwrap();
    assert!(mended.get("p.toml").unwrap().contains("(has(note) && !(note == \"wire\"))"));
    // What only a given value allows is none.
    let safe = self::documents(&[("p.toml", &policy("note == \"x\"", "allow"))]);
    assert_eq!(looked_at(&safe), []);
}

#[test]
fn a_claim_that_is_trusted_is_not_reported_and_one_that_only_restricts_neither() {
    let trusted = policy("!tool.read_only", "deny").replace("[target]", "trust_claims = true\n[target]");
    assert_eq!(looked_at(&documents(&[("p.toml", &trusted)])), []);
    assert_eq!(looked_at(&documents(&[("p.toml", &policy("tool.destructive", "deny"))])), []);
    let context = "name = \"elsewhere\"\nwhen = 'context.project != \"/srv/x\"'\n";
    let text = policy("amount > 5", "deny").replace("[action]", "contexts = [\"c\"]\n[action]");
    let finding = only(&documents(&[("contexts/c.toml", context), ("p.toml", &text)]), Code::UntrustedClaim);
    assert_eq!(finding.line, Some(5));
}

#[test]
fn a_context_is_looked_at_although_no_policy_names_it() {
    let context = |when: &str| {
        let text = format!("name = \"night\"\nwhen = '{when}'\n");
        lint(&documents(&[("contexts/night.toml", &text)]), &Known::default())
    };
    assert_eq!(context("context.hour >= 22 || context.hour < 6"), []);
    for (when, code, word) in [
        ("context.hour >= 22 && context.hour < 6", Code::NeverTrue, "true"),
        ("context.hour >= 6 || context.hour < 22", Code::AlwaysTrue, "false"),
    ] {
        let findings = context(when);
        let [finding] = &findings[..] else { panic!("{when}: {findings:?}") };
        assert_eq!((finding.code, finding.document.as_str()), (code, "contexts/night.toml"));
        assert_eq!((finding.line, finding.column), (Some(2), Some(9)));
        assert!(
            finding.sentence.starts_with(&format!("no call can make this context {word}")),
            "{finding:?}"
        );
    }
}

#[test]
fn a_policy_behind_a_deny_is_shadowed() {
    let deny =
        "name = \"d\"\nwhen = 'amount > 5'\n[target]\ntools = [\"practice/*\"]\n[action]\nkind = \"deny\"\n";
    let asks = policy("amount > 10 && user.id == \"me\"", "request_approval");
    let finding = only(&documents(&[("d.toml", deny), ("p.toml", &asks)]), Code::Shadowed);
    assert_eq!(
        finding.sentence,
        "whenever this policy applies, `d` denies the call, so this one has no effect"
    );
    for (deny, policy) in [
        (deny.replace("deny\"", "step_up\""), asks.clone()),
        (deny.replace("name", "mode = \"observe\"\nname"), asks.clone()),
        (deny.replace("[target]", "[target]\nusers = [\"ana\"]"), asks.clone()),
        (deny.replace("practice/*", "practice/delete_*"), asks.clone()),
        (deny.to_owned(), asks.replace("> 10", "> 4")),
        // Required and missing, the amount is in doubt for the policy, and simply not there for the deny.
        (deny.replace("amount > 5", "has(amount)"), asks.replace("amount > 10", "amount == 12")),
        // A text is no number: the deny is in doubt and applies, but a missing amount is only denied by none.
        (deny.to_owned(), asks.replace("amount > 10", "!(amount <= 10)")),
    ] {
        let findings = looked_at(&documents(&[("d.toml", &deny), ("p.toml", &policy)]));
        assert!(!findings.iter().any(|f| f.code == Code::Shadowed), "{deny}\n{policy}\n{findings:#?}");
    }
}

#[test]
fn the_same_policy_twice_is_reported_once() {
    let text = policy("amount > 5", "deny");
    let finding = only(
        &documents(&[("a.toml", &text), ("b.toml", &text.replace("\"x\"", "\"other name\""))]),
        Code::Duplicate,
    );
    assert_eq!(
        (finding.document.as_str(), finding.sentence.as_str()),
        ("b.toml", "this policy says the same as `a`")
    );
}

#[test]
fn targets_are_compared_with_what_is_known() {
    let text = "name = \"x\"\n[target]\ntools = [\"practice/create_expense\", \"practice/delete_custmer\"]\n[action]\nkind = \"deny\"\n";
    let finding = only(&documents(&[("p.toml", text)]), Code::NoSuchTool);
    assert_eq!((finding.line, finding.column), (Some(3), Some(37)));
    assert_eq!(finding.mends[0].label, "Did you mean `practice/delete_customer`?");
    let people =
        "name = \"x\"\n[target]\nusers = [\"anna\"]\nroles = [\"finanse\"]\n[action]\nkind = \"deny\"\n";
    let documents = documents(&[("p.toml", people)]);
    assert_eq!(only(&documents, Code::UnknownUser).sentence, "there is no user `anna`");
    assert_eq!(only(&documents, Code::UnknownRole).sentence, "nobody has the role `finanse`");
}

#[test]
fn what_is_not_known_is_not_compared_with() {
    let text = policy("amuont > 5 && note == \"x\"", "deny").replace("practice/", "elsewhere/");
    let documents = documents(&[("p.toml", &text)]);
    assert_eq!(lint(&documents, &Known::default()), []);
}

#[test]
fn flows_that_nobody_can_complete_are_errors() {
    let policy = |flow: &str| policy("amount > 5", "request_approval") + &format!("flow = \"{flow}\"\n");
    let flow = "name = \"f\"\n[[stage]]\nroles = [\"finance\"]\nrequired = 2\n";
    let finding =
        only(&documents(&[("flows/f.toml", flow), ("p.toml", &policy("f"))]), Code::FlowUnsatisfiable);
    assert_eq!(finding.sentence, "stage 1 requires 2 votes, and only 1 person may give one");
    assert_eq!((finding.line, finding.mends.len()), (Some(4), 1));
    let nobody = flow.replace("finance", "board");
    let finding = only(&documents(&[("flows/f.toml", &nobody)]), Code::FlowUnsatisfiable);
    assert_eq!(finding.sentence, "nobody can vote at stage 1, so every call waits until it expires");

    let absent =
        documents(&[("flows/finance.toml", &flow.replace("= 2", "= 1")), ("p.toml", &policy("finanse"))]);
    let finding = only(&absent, Code::FlowMissing);
    assert_eq!((finding.line, finding.mends[0].label.as_str()), (Some(7), "Ask the flow `finance`"));
}

#[test]
fn an_approval_of_what_destroys_is_advised_a_step_up() {
    let text = "# why\nname = \"x\"\n[target]\ntools = [\"practice/delete_*\"]\n[action]\nkind = \"request_approval\"\n";
    let documents = documents(&[("p.toml", text)]);
    let finding = only(&documents, Code::StepUpRecommended);
    assert_eq!(finding.severity, Severity::Advice);
    let mended = documents.mended(&finding.mends[0]).unwrap();
    let added = PolicySet::compile(&mended).unwrap();
    assert_eq!(
        added.policies().nth(1).unwrap().sentence(),
        "Ask for a passkey before any delete_* on practice."
    );
}

#[test]
fn an_approval_of_what_acts_on_the_world_outside_is_advised_one_too_unless_it_reads_or_only_adds() {
    let asks = |tool: &str| {
        let text = format!(
            "name = \"x\"\n[target]\ntools = [\"practice/{tool}\"]\n[action]\nkind = \"request_approval\"\n"
        );
        looked_at(&documents(&[("p.toml", &text)]))
    };
    let found = asks("post_letter");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, Code::StepUpRecommended);
    assert!(found[0].sentence.starts_with("`practice/post_letter` says of itself that it acts on the world"));
    assert_eq!((asks("look_up"), asks("pin_note")), (vec![], vec![]));
}

#[test]
fn a_document_that_does_not_compile_is_a_finding_with_its_place() {
    let findings =
        looked_at(&documents(&[("p.toml", "name = \"x\"\nwhn = 'a > 1'\n[action]\nkind = \"deny\"\n")]));
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].code, findings[0].line, findings[0].column), (Code::Document, Some(2), Some(1)));
    assert_eq!(findings[0].sentence, "unknown key `whn`; did you mean `when`?");
}

#[test]
fn a_thousand_policies_are_looked_at_and_the_one_behind_a_deny_is_found() {
    let mut documents = documents(&[]);
    for at in 0..1_000 {
        let kind = if at % 2 == 0 { "deny" } else { "request_approval" };
        let text = policy(&format!("amount > {at} && currency == \"EUR\""), kind);
        documents.insert(&format!("p{at}.toml"), text.replace("create_expense", &format!("tool_{at}")));
    }
    let asks = policy("amount > 900 && currency == \"EUR\"", "request_approval")
        .replace("create_expense", "tool_500");
    documents.insert("z.toml", asks);
    let findings = lint(&documents, &Known::default());
    assert_eq!(
        findings.iter().map(|f| (f.code, f.document.as_str())).collect::<Vec<_>>(),
        [(Code::Shadowed, "z.toml")]
    );
}

#[test]
fn parts_of_a_required_parameter_can_still_be_left_out() {
    for (when, although) in
        [("site.zip == \"3000\"", ""), ("site.city == \"Bern\"", ", although the tool's schema requires it")]
    {
        let attribute = when.split_once(' ').unwrap().0;
        let finding = of_condition(when, Code::DodgeByOmission);
        let sentence = format!("an agent can leave `{attribute}` out{although}, and get past this policy");
        assert_eq!(finding.sentence, sentence);
        assert_eq!(finding.mends.len(), 2);
    }
    let said = documents(&[("p.toml", &policy("!has(site.city) || site.city == \"Bern\"", "deny"))]);
    assert_eq!(looked_at(&said), []);
}
