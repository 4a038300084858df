//! `policies/dodges.md` is checked as data: every row is decided by a policy that denies and by one that allows.

use super::{
    compile, documents,
    reference::{cells, code},
    root,
};
use policy::{Applied, Decision, Outcome, cases, decide};

struct Row {
    condition: String,
    arguments: String,
    besides: String,
    comes_out: String,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("policies/dodges.md")).unwrap();
    let mut rows = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with('|') {
            continue;
        }
        assert_eq!(line, "| condition | arguments | besides | comes out |");
        let body = lines.by_ref().skip(1).take_while(|line| line.starts_with('|'));
        rows.extend(body.map(|line| {
            let cells = cells(line).unwrap();
            let only =
                |at: usize| code(&cells[at]).first().map(|text| (*text).to_owned()).unwrap_or_default();
            Row { condition: only(0), arguments: only(1), besides: only(2), comes_out: cells[3].clone() }
        }));
    }
    rows
}

/// The decision of one policy alone; the default is the opposite of what it asks for. None where the arguments are
/// not taken.
fn decided(row: &Row, kind: &str, default: &str) -> Option<Decision> {
    let policy = format!("name = \"x\"\nwhen = '''{}'''\n[action]\nkind = \"{kind}\"\n", row.condition);
    let set =
        compile(&documents(&[("set.toml", &format!("default = \"{default}\"\n")), ("x.toml", &policy)]));
    let besides = row.besides.replace("}, ", "}\n");
    let case = format!(
        "[[case]]\nname = \"x\"\ntool = \"a/b\"\nexpect = \"deny\"\njson = '''{}'''\n{besides}\n",
        row.arguments
    );
    match cases::parse(&case) {
        Ok(mut cases) => {
            let case = cases.remove(0);
            Some(decide(&set, &case.call, &case.facts))
        }
        Err(error) => {
            assert!(
                error.message.contains("not valid JSON") || error.message == "arguments are an object",
                "{case}: {error}"
            );
            None
        }
    }
}

#[test]
fn i7_every_dodge_is_decided_as_the_table_says() {
    let rows = rows();
    assert!(rows.len() > 100, "only {} rows", rows.len());
    for row in &rows {
        let what = format!("`{}` on `{}`", row.condition, row.arguments);
        let (deny, allow) = (decided(row, "deny", "allow"), decided(row, "allow", "deny"));
        let (Some(deny), Some(allow)) = (deny, allow) else {
            assert_eq!("refused", row.comes_out, "{what}");
            continue;
        };
        let came_out = match deny.trace.policies[0].applied {
            Applied::Yes => "true",
            Applied::No => "false",
            Applied::Undetermined => "undetermined",
        };
        assert_eq!(came_out, row.comes_out, "{what}");
        let is_denied = matches!(deny.outcome, Outcome::Denied { .. });
        assert_eq!(is_denied, came_out != "false", "I7: {what} and a deny");
        assert_eq!(allow.outcome == Outcome::Allowed, came_out == "true", "I7: {what} and an allow");
    }
}
