//! Passkeys without the window: `enrol` and `prove` typed at `doorward serve`, whose pages a browser opens.

use super::Desk;
use super::support::browser::{Page, passkey};
use super::support::home::ALLOW;

const PAYMENTS: (&str, &str) = (
    "payments.toml",
    "name = \"Payments need a passkey\"\n[target]\ntools = [\"practice/send_payment\"]\n[action]\nkind = \"step_up\"\nmethod = \"passkey\"\n",
);
const PAYMENT: &str = r#"{"to":"Nordwind","amount":12.50}"#;

impl Desk {
    /// The next page whose address is printed, and where to look for another one.
    async fn page(&self, from: usize) -> (usize, Page) {
        let is_address = |line: &str| line.contains("http://localhost:");
        let (number, line) = self.serve.line_from(from, "the address of a page", is_address);
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        (number + 1, Page::at(address).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_enrolled_and_proves_a_call_at_the_terminal() {
    let mut desk = Desk::of(&["--terminal-votes"], &[ALLOW, PAYMENTS]);
    // The ledger is opened by the first call.
    desk.call("list_expenses", "{}").finish();
    let (status, said) = desk.call("send_payment", PAYMENT).finish();
    assert!(!status.success() && said.contains("step-up is not set up"), "nobody could prove it: {said}");

    desk.serve.type_line("enrol");
    desk.serve.line("that it needs a name", |line| line.contains("needs a name for the passkey"));
    desk.serve.type_line("enrol Blue key");
    let (next, page) = desk.page(0).await;
    let mut key = passkey();
    assert_eq!(page.run(Some(&mut key), None).await["kind"], "done");
    desk.serve.line("that it is enrolled", |line| line == "The passkey is enrolled.");

    let call = desk.call("send_payment", PAYMENT);
    let offer = |line: &str| line.trim_start().starts_with("prove h-");
    let (at, line) = desk.serve.line_from(next, "what to type", offer);
    let hold = line.split_whitespace().nth(1).expect("an id").to_owned();
    desk.serve.type_line(&format!("approve {hold}"));
    let is_no = |line: &str| line.contains("may not vote") || line.contains("this vote needs");
    desk.serve.line_from(at + 1, "that a word is no proof", is_no);
    assert_eq!(desk.count("payments"), 0);
    desk.serve.type_line(&format!("prove {hold}"));
    let (_, page) = desk.page(next).await;
    assert!(page.text.contains("practice/send_payment") && page.text.contains("Nordwind"), "{}", page.text);
    assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
    desk.serve.line("that it is proven", |line| line == "Proven.");
    let (status, said) = call.finish();
    assert!(status.success(), "{said}");
    assert_eq!(desk.count("payments"), 1);
    desk.serve.type_line(&format!("prove {hold}"));
    desk.serve.line("that it is over", |line| line.contains("no open hold") || line.contains("not open"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_without_terminal_votes_opens_no_page_for_what_is_typed() {
    let mut desk = Desk::of(&[], &[ALLOW, PAYMENTS]);
    desk.serve.type_line("enrol Blue key");
    // Another call goes all the way through; no page was opened meanwhile.
    desk.call("list_expenses", "{}").finish();
    let (status, said) = desk.call("send_payment", PAYMENT).finish();
    assert!(!status.success() && said.contains("step-up is not set up"), "{said}");
    assert!(!desk.serve.output().contains("http://localhost:"), "{}", desk.serve.output());
}
