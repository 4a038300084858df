//! `policies/README.md` is checked as data: its examples are sets with cases, its tables are conditions.

use super::{check, compile, root};
use policy::{
    Applied, Documents, PolicySet, cases, decide,
    lint::{Code, Known, lint},
};

fn text() -> String {
    std::fs::read_to_string(root().join("policies/README.md")).unwrap()
}

/// The bodies of ```` ```toml ```` blocks with the path of their first line.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line != "```toml" {
            continue;
        }
        let path = lines
            .next()
            .and_then(|line| line.strip_prefix("# "))
            .expect("a block begins with its path")
            .to_owned();
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((path, body.join("\n")));
    }
    blocks
}

#[test]
fn every_example_is_a_set_whose_cases_pass() {
    let (mut documents, mut ran) = (Documents::new(), 0);
    for (path, body) in blocks(&text()) {
        if path != "cases.toml" {
            documents.insert(&path, body);
            continue;
        }
        if documents.get("set.toml").is_none() {
            documents.insert("set.toml", "default = \"allow\"".to_owned());
        }
        check(&compile(&documents), &body);
        let findings = lint(&documents, &Known::default());
        assert!(findings.is_empty(), "{findings:#?}");
        documents = Documents::new();
        ran += 1;
    }
    assert!(documents.is_empty(), "an example has no cases");
    assert!(ran >= 5);
}

/// Cells of a table row; a `|` inside backticks belongs to the cell.
pub(crate) fn cells(line: &str) -> Option<Vec<String>> {
    let mut cells = vec![String::new()];
    let mut code = false;
    for c in line.strip_prefix('|')?.strip_suffix('|')?.chars() {
        code ^= c == '`';
        if c == '|' && !code {
            cells.push(String::new());
        } else {
            cells.last_mut()?.push(c);
        }
    }
    Some(cells.iter().map(|cell| cell.trim().to_owned()).collect())
}

fn rows(text: &str, header: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| *line == header).unwrap_or_else(|| panic!("no table `{header}`"));
    lines[at + 2..].iter().map_while(|line| cells(line)).collect()
}

pub(crate) fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn set_with(condition: &str) -> PolicySet {
    let mut documents = Documents::new();
    documents.insert("set.toml", "default = \"allow\"".to_owned());
    let policy = format!("name = \"x\"\nwhen = '''{condition}'''\n[action]\nkind = \"deny\"\n");
    documents.insert("x.toml", policy);
    compile(&documents)
}

#[test]
fn every_code_of_lint_has_a_row() {
    let rows = rows(&text(), "| code | level | what was found |");
    let listed: Vec<String> = rows.iter().flat_map(|row| code(&row[0])).map(str::to_owned).collect();
    assert_eq!(listed, Code::ALL.map(|code| code.as_str().to_owned()));
}

#[test]
fn the_call_to_explain_can_be_read() {
    let text = text();
    let json = text.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let (call, facts) = policy::call_file::parse("call.json", json, None).unwrap();
    assert_eq!((call.qualified_tool().as_str(), facts.user.id.as_str()), ("expenses/create_expense", "ana"));
}

#[test]
fn every_form_of_a_condition_compiles() {
    let rows = rows(&text(), "| condition | what it asks |");
    assert!(rows.len() > 10);
    for row in rows {
        for condition in code(&row[0]) {
            set_with(condition);
        }
    }
}

#[test]
fn every_attribute_of_the_table_is_known() {
    let rows = rows(&text(), "| attribute | type | |");
    for row in rows {
        for attribute in code(&row[0]) {
            set_with(&format!("has({})", attribute.replace('*', "something")));
        }
    }
}

#[test]
fn the_table_of_missing_and_undetermined_is_true() {
    let rows = rows(&text(), "| condition | arguments | comes out |");
    assert!(rows.len() > 30);
    for row in rows {
        let (condition, arguments) = (code(&row[0])[0], code(&row[1])[0]);
        let case = format!(
            "[[case]]\nname = \"x\"\ntool = \"a/b\"\njson = '''{arguments}'''\nexpect = \"deny\"\n\
             paths = {{ \"args.path\" = \"/srv/data/x\" }}\n"
        );
        let case = cases::parse(&case).unwrap_or_else(|error| panic!("{arguments}: {error}")).remove(0);
        let decision = decide(&set_with(condition), &case.call, &case.facts);
        let came_out = match decision.trace.policies[0].applied {
            Applied::Yes => "true",
            Applied::No => "false",
            Applied::Undetermined => "undetermined",
        };
        assert_eq!(came_out, row[2], "`{condition}` on `{arguments}`");
    }
}
