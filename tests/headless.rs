//! The engine as agents meet it: an MCP client library on one side, an upstream that records on the other, and
//! the owner's votes at the desk. No window, no other process but where a test is about one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "headless/apart.rs"]
mod apart;
#[path = "headless/approver.rs"]
mod approver;
#[path = "headless/away.rs"]
mod away;
#[path = "headless/bad_input.rs"]
mod bad_input;
#[path = "headless/chaos.rs"]
mod chaos;
#[path = "headless/crowd.rs"]
mod crowd;
#[path = "headless/flows.rs"]
mod flows;
#[path = "headless/fresh.rs"]
mod fresh;
#[path = "headless/full_disk.rs"]
mod full_disk;
#[path = "headless/grants.rs"]
mod grants;
#[path = "headless/no_route.rs"]
mod no_route;
#[path = "headless/numbers.rs"]
mod numbers;
#[path = "headless/paths.rs"]
mod paths;
#[path = "headless/pausing.rs"]
mod pausing;
#[path = "headless/projects.rs"]
mod projects;
#[path = "headless/races.rs"]
mod races;
#[path = "headless/read_only.rs"]
mod read_only;
#[path = "headless/restart.rs"]
mod restart;
#[path = "headless/sets.rs"]
mod sets;
mod support;
#[path = "headless/tools.rs"]
mod tools;
#[path = "headless/verdicts.rs"]
mod verdicts;
#[path = "headless/who.rs"]
mod who;
#[path = "headless/windows.rs"]
mod windows;

use support::home::ALLOW;

/// A set with one policy of each kind over the ledger's tools.
const POLICIES: [(&str, &str); 4] = [
    ALLOW,
    (
        "large-expenses.toml",
        r#"
name = "No large expenses"
when = 'amount > 5000'
[target]
tools = ["ledger/create_expense"]
[action]
kind = "deny"
message = "Ask for a purchase order."
"#,
    ),
    (
        "customers.toml",
        r#"
name = "Customers are deleted by people"
[target]
tools = ["ledger/delete_customer"]
[action]
kind = "request_approval"
"#,
    ),
    (
        "payments.toml",
        r#"
name = "Payments need a passkey"
[target]
tools = ["ledger/send_payment"]
[action]
kind = "step_up"
method = "passkey"
"#,
    ),
];
