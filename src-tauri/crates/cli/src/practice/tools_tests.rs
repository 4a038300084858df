use super::super::{serve, server::Server};
use super::*;

/// The answers to these lines, one server, data in memory.
fn answers(lines: &[&str]) -> Vec<Value> {
    let mut server = Server::new(Store::in_memory().unwrap());
    let mut output = Vec::new();
    serve(&mut server, lines.join("\n").as_bytes(), &mut output).unwrap();
    output
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| Value::parse(line).unwrap())
        .collect()
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;

fn call_line(tool: &str, arguments: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
    )
}

/// The results of these calls, in order.
fn results(calls: &[(&str, &str)]) -> Vec<Value> {
    let lines: Vec<String> = calls.iter().map(|(tool, arguments)| call_line(tool, arguments)).collect();
    let mut all = vec![INITIALIZE];
    all.extend(lines.iter().map(String::as_str));
    answers(&all).into_iter().skip(1).map(|answer| answer.get("result").unwrap().clone()).collect()
}

fn sentence(result: &Value) -> &str {
    result.get("content").unwrap().as_list().unwrap()[0].get("text").unwrap().as_text().unwrap()
}

fn code(answer: &Value) -> String {
    answer.get("error").unwrap().get("code").unwrap().to_json()
}

#[test]
fn the_version_asked_for_is_spoken_where_it_is_known() {
    for (asked, spoken) in
        [("2025-11-25", "2025-11-25"), ("2025-03-26", "2025-03-26"), ("2099-01-01", "2025-11-25")]
    {
        let line = INITIALIZE.replace("2025-06-18", asked);
        let answer = &answers(&[&line])[0];
        assert_eq!(answer.get("result").unwrap().get("protocolVersion").unwrap().as_text(), Some(spoken));
    }
}

#[test]
fn a_modern_agent_is_told_to_fall_back() {
    let answers =
        answers(&[r#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{}}"#, INITIALIZE]);
    assert_eq!(code(&answers[0]), "-32601");
    assert!(answers[1].get("result").is_some());
}

#[test]
fn ids_come_back_with_the_characters_they_came_in_with() {
    let answers = answers(&[r#"{"jsonrpc":"2.0","id":12345678901234567890123,"method":"ping"}"#]);
    assert_eq!(answers[0].to_json(), r#"{"jsonrpc":"2.0","id":12345678901234567890123,"result":{}}"#);
}

#[test]
fn notifications_and_stray_answers_get_no_answer() {
    let answers = answers(&[
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{}}"#,
        "",
        r#"{"jsonrpc":"2.0","id":8,"method":"ping"}"#,
    ]);
    assert_eq!(answers.len(), 1);
}

#[test]
fn what_is_no_message_is_refused_in_words() {
    let cases = [
        ("{nonsense", "-32700"),
        (r#"{"id":1,"id":2,"method":"ping"}"#, "-32700"),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, "-32600"),
        (r#"{"jsonrpc":"2.0","id":1}"#, "-32600"),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "-32600"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, "-32600"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#, "-32601"),
    ];
    for (line, expected) in cases {
        assert_eq!(code(&answers(&[line])[0]), expected, "{line}");
    }
    let unknown = call_line("drop_tables", "{}");
    let lists = call_line("list_expenses", "[]");
    let after = answers(&[INITIALIZE, &unknown, &lists]);
    assert_eq!((code(&after[1]).as_str(), code(&after[2]).as_str()), ("-32602", "-32602"));
}

#[test]
fn every_tool_says_what_it_takes_gives_and_does() {
    let tools = definitions();
    let names: Vec<_> =
        tools.as_list().unwrap().iter().map(|tool| tool.get("name").unwrap().as_text().unwrap()).collect();
    assert_eq!(names, ["create_expense", "list_expenses", "delete_customer", "send_payment"]);
    for tool in tools.as_list().unwrap() {
        for key in ["title", "description", "inputSchema", "outputSchema"] {
            assert!(tool.get(key).is_some(), "{key}");
        }
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool.get("annotations").unwrap().get(hint).unwrap().as_bool().is_some(), "{hint}");
        }
    }
}

#[test]
fn an_expense_is_recorded_with_its_amount_as_written() {
    let results = results(&[
        ("create_expense", r#"{"amount":120.50,"category":"travel","note":"train"}"#),
        ("create_expense", r#"{"amount":5000.000000000000001,"currency":"USD","category":"x"}"#),
        ("list_expenses", "{}"),
    ]);
    assert_eq!(sentence(&results[0]), "Recorded expense e-1: 120.50 EUR for travel. There is 1 expense now.");
    let listed = results[2].get("structuredContent").unwrap().get("expenses").unwrap().as_list().unwrap();
    let amounts: Vec<_> = listed.iter().map(|expense| expense.get("amount").unwrap().to_json()).collect();
    assert_eq!(amounts, ["120.50", "5000.000000000000001"], "I12");
}

#[test]
fn a_customer_is_gone_once_deleted() {
    let results = results(&[
        ("delete_customer", r#"{"customer_id":"c-2"}"#),
        ("delete_customer", r#"{"customer_id":"c-2"}"#),
    ]);
    assert_eq!(
        sentence(&results[0]),
        "Deleted customer c-2 (Birch & Sons). Customers left: c-1 (Aster Bakery), c-3 (Cedar Logistics), c-4 (Dune Books)."
    );
    assert_eq!(results[1].get("isError").unwrap().as_bool(), Some(true));
    assert!(
        sentence(&results[1]).starts_with("Nothing was changed: there is no customer `c-2`; there are: c-1")
    );
}

#[test]
fn arguments_that_do_not_fit_change_nothing_and_say_why() {
    let cases = [
        ("create_expense", r#"{"category":"x"}"#, "`amount` is missing"),
        ("create_expense", r#"{"amount":"5","category":"x"}"#, "`amount` must be a number"),
        ("create_expense", r#"{"amount":-1,"category":"x"}"#, "`amount` must be greater than 0"),
        ("create_expense", r#"{"amount":1e400,"category":"x"}"#, "`amount` must be greater than 0"),
        ("create_expense", r#"{"amount":1,"category":" "}"#, "`category` must have 1 to 60 characters"),
        (
            "create_expense",
            r#"{"amount":1,"category":"x","currency":"CHF"}"#,
            "`currency` must be one of EUR, USD, GBP",
        ),
        ("create_expense", r#"{"amount":1,"category":"x","notes":"y"}"#, "there is no argument `notes`"),
        ("send_payment", r#"{"amount":1}"#, "`to` is missing"),
        ("list_expenses", r#"{"all":true}"#, "there is no argument `all`"),
    ];
    let calls: Vec<_> = cases
        .iter()
        .map(|(tool, arguments, _)| (*tool, *arguments))
        .chain([("list_expenses", "{}")])
        .collect();
    let results = results(&calls);
    for ((_, arguments, why), result) in cases.iter().zip(&results) {
        assert_eq!(result.get("isError").unwrap().as_bool(), Some(true), "{arguments}");
        assert!(sentence(result).contains(why), "{}", sentence(result));
    }
    assert_eq!(sentence(results.last().unwrap()), "There are 0 expenses.");
}

#[test]
fn two_processes_see_one_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("practice.sqlite");
    let (mut one, two) = (Store::open(&path).unwrap(), Store::open(&path).unwrap());
    one.add_expense("1", "EUR", "x", None).unwrap();
    assert_eq!(two.expenses().unwrap().len(), 1);
    assert_eq!(two.customers().unwrap().len(), 4);
    drop((one, two));
    assert_eq!(Store::open(&path).unwrap().expenses().unwrap().len(), 1);
}
