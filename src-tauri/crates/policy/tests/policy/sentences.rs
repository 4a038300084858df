//! What people read: a policy as one sentence, and why it applied.

use super::{compile, documents};
use policy::{cases, decide};

fn sentence(text: &str) -> String {
    let files = [
        ("flows/finance.toml", "name = \"Finance\"\n[[stage]]\nroles = [\"finance\"]\n"),
        ("contexts/night.toml", "name = \"At night\"\nwhen = 'context.hour < 6'\n"),
        ("p.toml", text),
    ];
    compile(&documents(&files)).policies().next().unwrap().sentence()
}

#[test]
fn a_policy_reads_as_one_plain_sentence() {
    let cases = [
        (
            "when = 'amount > 1000'\n[target]\ntools = [\"practice/create_expense\"]\n[action]\nkind = \"deny\"",
            "Deny create_expense on practice when amount is above 1000.",
        ),
        (
            "[target]\ntools = [\"practice/delete_customer\"]\n[action]\nkind = \"request_approval\"",
            "Ask the desk's owner before delete_customer on practice.",
        ),
        (
            "when = 'amount > 5000 && user.role != \"finance\"'\n[target]\ntools = [\"expenses/*\"]\nroles = [\"employee\"]\n[action]\nkind = \"request_approval\"\nflow = \"finance\"",
            "Ask Finance before any tool on expenses for anyone in role employee when amount is above 5000 and the user's role is not finance.",
        ),
        (
            "[target]\ntools = [\"practice/send_payment\"]\n[action]\nkind = \"step_up\"",
            "Ask for a passkey before send_payment on practice.",
        ),
        (
            "[target]\ntools = [\"practice/*\", \"!practice/list_expenses\"]\n[action]\nkind = \"deny\"",
            "Deny any tool on practice except list_expenses.",
        ),
        (
            "[target]\ntools = [\"a/x\", \"a/y\", \"b/delete_*\"]\nagents = [\"claude\"]\n[action]\nkind = \"allow\"",
            "Allow x and y on a and any delete_* on b by agent claude.",
        ),
        (
            "[target]\ntools = [\"*/delete_*\"]\ncontexts = [\"night\"]\nusers = [\"ana\"]\n[action]\nkind = \"deny\"",
            "Deny any delete_* on any upstream for ana while “At night”.",
        ),
        ("[action]\nkind = \"allow\"", "Allow any tool."),
    ];
    for (text, expected) in cases {
        assert_eq!(sentence(&format!("name = \"x\"\n{text}\n")), expected);
    }
}

#[test]
fn a_trace_says_why_with_the_values() {
    let set = compile(&documents(&[
        ("contexts/night.toml", "name = \"At night\"\nwhen = 'context.hour < 6'\n"),
        ("a.toml", "name = \"x\"\nwhen = 'amount > 1000'\n[action]\nkind = \"deny\"\n"),
        ("b.toml", "name = \"x\"\n[target]\nroles = [\"admin\"]\n[action]\nkind = \"deny\"\n"),
        ("c.toml", "name = \"x\"\n[action]\nkind = \"request_approval\"\n"),
        (
            "d.toml",
            "name = \"x\"\nwhen = 'amount > 1'\n[target]\ncontexts = [\"night\"]\n[action]\nkind = \"deny\"\n",
        ),
    ]));
    let said = |arguments: &str| -> Vec<String> {
        let case =
            format!("[[case]]\nname = \"x\"\ntool = \"a/b\"\njson = '{arguments}'\nexpect = \"deny\"\n");
        let case = cases::parse(&case).unwrap().remove(0);
        decide(&set, &case.call, &case.facts)
            .trace
            .policies
            .into_iter()
            .map(|policy| policy.sentence)
            .collect()
    };
    assert_eq!(
        said("{\"amount\": 1200.00}"),
        [
            "amount is 1200.00, above 1000",
            "the user is not in role admin",
            "this is about every call of b on a",
            "“At night” does not hold (the hour is 12, not below 6)",
        ]
    );
    assert_eq!(
        said("{\"amount\": \"12\"}")[0],
        "amount is “12”, but it is a text, not a number; in doubt this policy applies"
    );
}
