//! Every kind of change, one by one: what is free is exactly the list.

use super::*;
use policy::set::Documents;

const SET: &str = "default = \"allow\"\n";

fn policy(kind: &str, mode: &str) -> String {
    format!("name = \"P\"\nmode = \"{mode}\"\n\n[target]\ntools = [\"a/*\"]\n\n[action]\nkind = \"{kind}\"\n")
}

fn bundle(policies: &[(&str, &str)]) -> Bundle {
    let mut documents = Documents::new();
    documents.insert("set.toml", SET.to_owned());
    for (path, text) in policies {
        documents.insert(path, (*text).to_owned());
    }
    Bundle { documents, people: "people".to_owned(), ..Bundle::default() }
}

const KINDS: [&str; 4] = ["deny", "request_approval", "step_up", "allow"];
const MODES: [&str; 3] = ["enforce", "observe", "off"];

#[test]
fn a_change_of_nothing_is_free() {
    assert_eq!(needs_proof(&bundle(&[]), &bundle(&[])), []);
}

#[test]
fn a_new_policy_is_free_unless_it_allows() {
    for kind in KINDS {
        for mode in MODES {
            let text = policy(kind, mode);
            let reasons = needs_proof(&bundle(&[]), &bundle(&[("p.toml", &text)]));
            assert_eq!(reasons.is_empty(), kind != "allow", "{kind} {mode}");
        }
    }
}

#[test]
fn removing_a_policy_is_free_only_if_it_allowed() {
    for kind in KINDS {
        for mode in MODES {
            let text = policy(kind, mode);
            let reasons = needs_proof(&bundle(&[("p.toml", &text)]), &bundle(&[]));
            assert_eq!(reasons.is_empty(), kind == "allow", "{kind} {mode}");
        }
    }
}

#[test]
fn of_all_changes_of_mode_only_enforcing_a_restriction_is_free() {
    for kind in KINDS {
        for (from, to) in MODES.iter().flat_map(|from| MODES.iter().map(move |to| (*from, *to))) {
            let (old, new) = (policy(kind, from), policy(kind, to));
            let reasons = needs_proof(&bundle(&[("p.toml", &old)]), &bundle(&[("p.toml", &new)]));
            let is_free = from == to || (kind != "allow" && to == "enforce");
            assert_eq!(reasons.is_empty(), is_free, "{kind}: {from} → {to}: {reasons:?}");
        }
    }
}

#[test]
fn a_mode_that_comes_with_another_change_is_not_free() {
    let old = policy("deny", "off");
    for new in [
        policy("deny", "enforce").replace("a/*", "a/b"),
        policy("deny", "enforce").replace("name = \"P\"", "name = \"Q\""),
        policy("deny", "enforce") + "# a note\n",
        policy("request_approval", "enforce"),
    ] {
        let reasons = needs_proof(&bundle(&[("p.toml", &old)]), &bundle(&[("p.toml", &new)]));
        assert_eq!(reasons, [Reason::Changed("p.toml".to_owned())]);
    }
}

#[test]
fn a_policy_whose_kind_cannot_be_read_is_taken_for_the_worse() {
    let cannot = "name = ";
    assert_eq!(needs_proof(&bundle(&[]), &bundle(&[("p.toml", cannot)])).len(), 1);
    assert_eq!(needs_proof(&bundle(&[("p.toml", cannot)]), &bundle(&[])).len(), 1);
}

#[test]
fn flows_contexts_and_the_default_are_never_free() {
    for path in ["flows/a.toml", "contexts/a.toml", "set.toml"] {
        let (none, one, other) = (bundle(&[]), bundle(&[(path, "x = 1\n")]), bundle(&[(path, "x = 2\n")]));
        assert_eq!(needs_proof(&none, &one).len(), 1, "{path} comes");
        assert_eq!(needs_proof(&one, &other), [Reason::Changed(path.to_owned())]);
        assert_eq!(needs_proof(&one, &none).len(), 1, "{path} goes");
    }
}

#[test]
fn people_and_upstreams_are_never_free() {
    let before = bundle(&[]);
    let people = Bundle { people: "others".to_owned(), ..before.clone() };
    assert_eq!(needs_proof(&before, &people), [Reason::Changed("people.toml".to_owned())]);
    let upstreams = Bundle { upstreams: "[[upstream]]".to_owned(), ..before.clone() };
    assert_eq!(needs_proof(&before, &upstreams), [Reason::Changed("upstreams.toml".to_owned())]);
    assert_eq!(needs_proof(&upstreams, &before).len(), 1, "an upstream that goes");
}

#[test]
fn upstreams_that_need_proof_are_named_with_what_they_reach() {
    let with = |upstreams: &str| Bundle { upstreams: upstreams.to_owned(), ..bundle(&[]) };
    let said = |old: &str, new: &str| {
        needs_proof(&with(old), &with(new)).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let one = "[[upstream]]\nname = \"notes\"\ncommand = \"notes\"\nargs = [\"serve\"]\n";
    assert_eq!(said("", one), ["the upstream `notes` is new: notes serve"]);
    assert_eq!(said(one, ""), ["the upstream `notes` is removed"]);
    assert_eq!(
        said(one, &one.replace("serve", "--open")),
        ["the upstream `notes` is changed: notes --open instead of notes serve"]
    );
    assert_eq!(said(one, &format!("{one}# a note\n")), ["`upstreams.toml` is changed"]);
}

#[test]
fn whatever_else_is_changed_of_an_agent_or_an_upstream_is_named() {
    let said = |agents: (&str, &str), upstreams: (&str, &str)| {
        let with = |agents: &str, upstreams: &str| Bundle {
            agents: agents.to_owned(),
            upstreams: upstreams.to_owned(),
            ..bundle(&[])
        };
        let reasons = needs_proof(&with(agents.0, upstreams.0), &with(agents.1, upstreams.1));
        let [reason] = reasons.as_slice() else { panic!("{reasons:?}") };
        reason.to_string()
    };
    let agent = "[[agent]]\nname = \"a\"\nuser = \"me\"\nprogram = [\"/opt/a\"]\n";
    let of_agent = |now: &str| said((agent, now), ("", ""));
    let more = agent.replace("[\"/opt/a\"]", "[\"/opt/a\", \"/tmp/evil one\"]");
    assert_eq!(of_agent(&more), "the agent `a` is changed: '/tmp/evil one' may call as it");
    let other = agent.replace("\"me\"", "\"boss\"");
    assert_eq!(of_agent(&other), "the agent `a` is changed: it acts for `boss` instead of `me`");
    let token = format!("{agent}token_sha256 = \"{}\"\n", "ab".repeat(32));
    assert_eq!(of_agent(&token), "the agent `a` is changed: its token is another");
    assert_eq!(
        said(("", &more), ("", "")),
        "the agent `a` is new, and acts for `me`; /opt/a may call as it; '/tmp/evil one' may call as it"
    );

    let one = "[[upstream]]\nname = \"pay\"\ncommand = \"pay\"\n\
               secrets = [{ name = \"KEY\", env = \"KEY\", step_up = true }]\n";
    let of_upstream = |now: &str| said(("", ""), (one, now));
    let without = one.replace(", step_up = true", "");
    assert_eq!(
        of_upstream(&without),
        "the upstream `pay` is changed: the secret KEY goes into the variable KEY, always; \
         no longer: the secret KEY goes into the variable KEY, after a step-up"
    );
    let preloaded = format!("{one}env = {{ LD_PRELOAD = \"/tmp/x.so\" }}\n");
    assert_eq!(
        of_upstream(&preloaded),
        "the upstream `pay` is changed: the variable LD_PRELOAD is /tmp/x.so"
    );
    assert_eq!(
        said(("", ""), ("", one)),
        "the upstream `pay` is new: pay; the secret KEY goes into the variable KEY, after a step-up"
    );
}

#[test]
fn of_the_agents_only_their_going_and_our_own_notes_are_free() {
    let with = |agents: &str| Bundle { agents: agents.to_owned(), ..bundle(&[]) };
    let one = "[[agent]]\nname = \"a\"\nuser = \"me\"\n";
    let noted = "[[agent]]\nname = \"a\"\nuser = \"me\"\nprogram = [\"/opt/a\"]\nwait_limit = \"20m\"\n";
    let free = |old: &str, new: &str| needs_proof(&with(old), &with(new)).is_empty();
    assert!(free(one, ""), "it goes");
    assert!(free(one, noted), "its first program is seen");
    assert!(!free("", one), "it comes");
    assert!(!free(one, &one.replace("me", "boss")), "it acts for somebody else");
    assert!(!free(noted, &noted.replace("/opt/a", "/opt/b")), "it is another program");
    assert!(!free(noted, &noted.replace("[\"/opt/a\"]", "[\"/opt/a\", \"/opt/b\"]")), "it may be one more");
    assert!(!free(noted, one), "its program is forgotten, and the next one would be taken");
    let hash = format!("{one}token_sha256 = \"{}\"\n", "ab".repeat(32));
    assert!(!free(one, &hash), "it gets a token");
    assert!(!free(&hash, &hash.replace("ab", "cd")), "it gets another token");
    assert!(!free(one, "[[agent]]\nnme"), "nothing that can be read");
}
