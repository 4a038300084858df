//! What is wrong with a document is said with its place and what was probably meant; any error fails the set.

use super::{compile, documents};
use policy::{ActionKind, DefaultAction, Documents, Mode, Outcome, PolicySet, cases, decide};

fn errors(files: &[(&str, &str)]) -> Vec<String> {
    match PolicySet::compile(&documents(files)) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

const DENY: &str = "name = \"x\"\n[action]\nkind = \"deny\"\n";

#[test]
fn each_mistake_has_its_own_words() {
    let policies = [
        (
            "version = 2\nsigned = true\nname = \"x\"\n",
            "p.toml:1:11: written in version 2 of the policy language, and this Doorward reads 1; update Doorward",
        ),
        (
            "version = 0\nname = \"x\"\n",
            "p.toml:1:11: there is no version 0 of the policy language; write `version = 1`, or leave it out",
        ),
        ("version = \"1\"\n", "p.toml:1:11: `version` must be a whole number, not string"),
        (
            "name = \"x\"\n[target]\nversion = 1\n",
            "p.toml:3:1: unknown key `version`; the keys here are `tools`, `users`, `roles`, `agents` and `contexts`",
        ),
        ("whn = 'amount > 1'\nname = \"x\"\n", "p.toml:1:1: unknown key `whn`; did you mean `when`?"),
        ("name = \"x\"\n", "p.toml: `[action]` is missing; add `[action]` with a `kind`"),
        (
            "name = \"x\"\n[action]\nkind = \"block\"\n",
            "p.toml:3:8: `kind` cannot be `block`; use `deny`, `request_approval`, `step_up` or `allow`",
        ),
        (
            "name = \"x\"\n[action]\nkind = \"denny\"\n",
            "p.toml:3:8: `kind` cannot be `denny`; did you mean `deny`?",
        ),
        (
            "name = \"x\"\n[action]\nkind = \"request_approval\"\nflow = \"finanse\"\n",
            "p.toml:4:8: there is no flow `finanse`; did you mean `finance`?",
        ),
        (
            "name = \"x\"\n[action]\nkind = \"deny\"\nflow = \"finance\"\n",
            "p.toml:4:8: `flow` belongs to `kind = \"request_approval\"`",
        ),
        (
            "name = \"x\"\n[target]\ntools = [\"practice\"]\n[action]\nkind = \"deny\"\n",
            "p.toml:3:10: `practice` is not a tool pattern; write `upstream/tool`, as in `practice/delete_customer` or `*/delete_*`",
        ),
        (
            "name = \"x\"\n[target]\ncontexts = [\"nigth\"]\n[action]\nkind = \"deny\"\n",
            "p.toml:3:13: there is no context `nigth`; did you mean `night`?",
        ),
        (
            "name = \"x\"\nwhen = 'amount > 5 && user.role = \"x\"'\n[action]\nkind = \"deny\"\n",
            "p.toml:2:33: unexpected `=`; compare with `==`",
        ),
        (
            "name = \"x\"\nwhen = '''\namount > 5 &&\n  note.contians(\"x\")'''\n[action]\nkind = \"deny\"\n",
            "p.toml:4:3: unknown function `contians`; did you mean `contains`?",
        ),
        (
            "name = \"x\"\nwhen = 'tool.read_only'\n[action]\nkind = \"allow\"\n",
            "p.toml:2:8: this `allow` depends on `tool.read_only`, which an agent or an upstream only claims; \
             use an attribute that is verified, or say `trust_claims = true`",
        ),
        (
            "name = \"x\"\n[target]\ncontexts = [\"shop\"]\n[action]\nkind = \"allow\"\n",
            "p.toml:2:1: this `allow` depends on `context.project`, which an agent or an upstream only claims; \
             use an attribute that is verified, or say `trust_claims = true`",
        ),
        ("name = 5\n[action]\nkind = \"deny\"\n", "p.toml:1:8: `name` must be a text, not integer"),
        ("name = \"\"\n[action]\nkind = \"deny\"\n", "p.toml:1:8: `name` is empty"),
        ("name = \"x\"\nname = \"y\"\n", "p.toml:2:1: not valid TOML: duplicate key"),
        (
            "name = \"x\"\n[action]\nkind = \"step_up\"\nmax_age = \"2d\"\n",
            "p.toml:4:11: `max_age` must be between 0s and 1d",
        ),
    ];
    let around = [
        ("flows/finance.toml", "name = \"Finance\"\n[[stage]]\n"),
        ("contexts/night.toml", "name = \"Night\"\nwhen = 'context.hour < 6'\n"),
        ("contexts/shop.toml", "name = \"Shop\"\nwhen = 'context.project == \"/shop\"'\n"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in policies {
        let files: Vec<_> = around.iter().copied().chain([("p.toml", text)]).collect();
        let got = errors(&files);
        if got != [expected] {
            wrong.push((text, got, expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_wrong_file_is_named_and_none_of_the_set_compiles() {
    let errors = errors(&[
        ("a.toml", "name = \n"),
        ("b.toml", DENY),
        ("Bad Name.toml", DENY),
        ("other/c.toml", DENY),
        ("contexts/x.toml", "name = \"x\"\nwhen = 'amount > 5'\n"),
        ("flows/y.toml", "name = \"y\"\n"),
        ("set.toml", "default = \"perhaps\"\n"),
    ]);
    let starts = [
        "Bad Name.toml: `Bad Name` is not a valid policy id",
        "a.toml:1:8: not valid TOML",
        "contexts/x.toml:2:8: a context looks at `context.*` only, not at `args.amount`",
        "flows/y.toml: a flow needs at least one `[[stage]]`",
        "other/c.toml: this file is not part of a policy set",
        "set.toml:1:11: `default` cannot be `perhaps`",
    ];
    assert_eq!(errors.len(), starts.len(), "{errors:#?}");
    for (error, start) in errors.iter().zip(starts) {
        assert!(error.starts_with(start), "{error}");
    }
}

#[test]
fn without_a_set_file_what_nobody_allows_is_denied_and_says_so() {
    let mut documents = Documents::new();
    documents.insert("p.toml", DENY.replace("deny", "allow") + "[target]\ntools = [\"a/ok\"]\n");
    let set = compile(&documents);
    assert_eq!(set.default_action(), DefaultAction::Deny);
    let cases = "[[case]]\nname = \"x\"\ntool = \"a/b\"\nexpect = \"deny\"\n[[case]]\nname = \"y\"\ntool = \"a/ok\"\nexpect = \"allow\"\n";
    super::check(&set, cases);
    let case = &cases::parse(cases).unwrap()[0];
    let Outcome::Denied { message } = decide(&set, &case.call, &case.facts).outcome else { panic!() };
    assert!(message.unwrap().contains("set.toml"));
}

#[test]
fn deny_all_denies_with_its_reason() {
    let set = PolicySet::deny_all("the policies cannot be read");
    let case = &cases::parse("[[case]]\nname = \"x\"\ntool = \"a/b\"\nexpect = \"deny\"\n").unwrap()[0];
    let decision = decide(&set, &case.call, &case.facts);
    assert_eq!(decision.outcome, Outcome::Denied { message: Some("the policies cannot be read".to_owned()) });
    assert!(decision.trace.by_default && decision.revision.len() == 64);
}

#[test]
fn the_owner_flow_exists_until_a_file_takes_its_place() {
    let held = "name = \"x\"\n[action]\nkind = \"request_approval\"\n";
    let set = compile(&documents(&[("p.toml", held)]));
    let owner = set.flow(&"owner".parse().unwrap()).unwrap();
    assert_eq!((owner.stages.len(), owner.stages[0].required, owner.stages[0].within_seconds), (1, 1, 900));
    let own = "name = \"Mine\"\n[[stage]]\nwithin = \"5m\"\n";
    let set = compile(&documents(&[("p.toml", held), ("flows/owner.toml", own)]));
    assert_eq!(set.flow(&"owner".parse().unwrap()).unwrap().stages[0].within_seconds, 300);
}

#[test]
fn a_compiled_policy_shows_what_its_document_says() {
    let text = "name = \"N\"\ndescription = \"D\"\nmode = \"observe\"\nwhen = 'amount > 1'\n\
                [target]\ntools = [\"a/b\"]\nroles = [\"r\"]\n[action]\nkind = \"step_up\"\nmethod = \"any\"\nmax_age = \"5m\"\nmessage = \"M\"\n";
    let set = compile(&documents(&[("p.toml", text)]));
    let policy = set.policies().next().unwrap();
    assert_eq!((policy.id.as_str(), policy.name.as_str(), policy.description.as_str()), ("p", "N", "D"));
    assert_eq!((policy.mode, policy.when.as_deref()), (Mode::Observe, Some("amount > 1")));
    assert_eq!(
        (&policy.target.tools[..], &policy.target.roles[..]),
        (&["a/b".to_owned()][..], &["r".to_owned()][..])
    );
    assert_eq!((policy.action.kind, policy.action.message.as_deref()), (ActionKind::StepUp, Some("M")));
    let rule = policy.action.step_up.unwrap();
    assert_eq!((rule.passkey_only, rule.max_age_seconds), (false, 300));
}

#[test]
fn a_mode_changed_by_the_app_compiles_and_keeps_the_file() {
    let documents =
        documents(&[("p.toml", "# mine\nname = \"x\" # so\n\n[action] # what\nkind = \"deny\"\n")]);
    let off = documents.with_mode(&"p".parse().unwrap(), Mode::Off).unwrap();
    assert_eq!(
        off.get("p.toml").unwrap(),
        "# mine\nname = \"x\" # so\nmode = \"off\"\n\n[action] # what\nkind = \"deny\"\n"
    );
    assert_eq!(compile(&off).policies().next().unwrap().mode, Mode::Off);
    let changes = documents.diff(&off);
    assert_eq!((changes.len(), changes[0].path.as_str()), (1, "p.toml"));
    let error = documents.with_mode(&"q".parse().unwrap(), Mode::Off).unwrap_err();
    assert!(error.to_string().starts_with("q.toml: there is no policy `q`"));
}

#[test]
fn a_document_past_its_limits_is_refused() {
    let long = format!("name = \"x\"\ndescription = \"{}\"\n", "x".repeat(70_000));
    assert_eq!(errors(&[("p.toml", &long)]), ["p.toml: longer than 64 KiB"]);
    let many: Vec<String> = (0..201).map(|n| format!("\"a/t{n}\"")).collect();
    let many = format!("name = \"x\"\n[target]\ntools = [{}]\n[action]\nkind = \"deny\"\n", many.join(", "));
    assert_eq!(errors(&[("p.toml", &many)]), ["p.toml:3:9: `tools` has more than 200 entries"]);
    let message = format!("{DENY}message = \"{}\"\n", "x".repeat(501));
    assert_eq!(errors(&[("p.toml", &message)]), ["p.toml:4:11: `message` is longer than 500 characters"]);
}

#[test]
fn every_document_may_name_the_version_it_is_written_in() {
    let v = "version = 1\n";
    let files = [
        ("p.toml", format!("{v}{DENY}")),
        ("set.toml", format!("{v}default = \"allow\"\n")),
        ("flows/f.toml", format!("{v}name = \"f\"\n[[stage]]\nusers = [\"ana\"]\n")),
        ("contexts/c.toml", format!("{v}name = \"c\"\nwhen = 'context.hour > 5'\n")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(errors(&files), [""; 0]);
    assert!(policy::People::parse("version = 1\n").is_ok());
    assert!(policy::People::parse("version = 2\n").unwrap_err().to_string().contains("update Doorward"));
}
