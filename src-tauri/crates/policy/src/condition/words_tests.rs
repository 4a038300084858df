use super::{
    lookup::View,
    why::{because, traces},
    *,
};
use crate::{Truth, sample};

fn read(text: &str) -> Condition {
    Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

#[test]
fn sentences_name_the_values_and_what_they_were_compared_with() {
    let cases = [
        ("amount > 1000", "{\"amount\":1200.00}", "amount is 1200.00, above 1000"),
        ("amount > 1000", "{\"amount\":25}", "amount is 25, not above 1000"),
        (
            "amount > 5000 && user.role != \"admin\"",
            "{\"amount\":7250.00}",
            "amount is 7250.00, above 5000, and the user's roles are employee and finance, not admin",
        ),
        ("amount > 1000", "{\"amount\":\"5000\"}", "amount is “5000”, but it is a text, not a number"),
        ("amount > 1000", "{}", "amount is missing"),
        (
            "amount > 1000",
            "{\"Amount\":9000}",
            "amount is in doubt, as another name was sent that may be read as it",
        ),
        ("currency in [\"EUR\", \"USD\"]", "{\"currency\":\"CHF\"}", "currency is CHF, not EUR or USD"),
        ("currency != \"EUR\"", "{\"currency\":\"EUR\"}", "currency is EUR"),
        ("ignoreCase(currency) == \"eur\"", "{\"currency\":\"EUR\"}", "currency is EUR, the same as eur"),
        (
            "note.contains(\"wire\")",
            "{\"note\":\"a wire, now\"}",
            "note is “a wire, now”, which contains wire",
        ),
        (
            "note.contains(\"wire\")",
            "{\"note\":\"\u{202e}x\"}",
            "note is “\\u{202e}x”, which does not contain wire",
        ),
        (
            "link.within(\"/srv/data\")",
            "{\"link\":\"/srv/data/l\"}",
            "link is /srv/data/l, which leads to /etc/passwd, outside /srv/data",
        ),
        ("between(amount, 5, 10)", "{\"amount\":11}", "amount is 11, not between 5 and 10"),
        ("\"finance\" in user.roles", "{}", "the user has role finance"),
        (
            "user.role == \"finance\"",
            "{}",
            "the user's roles are employee and finance, so finance is among them",
        ),
        ("context.locked", "{}", "whether the screen is locked is not known on this machine"),
        ("tool.destructive", "{}", "nobody said whether the tool is marked destructive"),
        ("tags.all(t, t.startsWith(\"a\"))", "{\"tags\":[\"b\"]}", "not every entry of tags starts with a"),
        ("!tags.exists(t, t == \"b\")", "{\"tags\":[\"b\"]}", "some entry of tags is b"),
        ("amount * 2 > 100", "{\"amount\":60}", "`amount * 2 > 100` holds"),
        ("amount + 1 > 2", "{}", "`amount + 1 > 2` cannot be judged: `amount` is missing"),
        ("a == 1 || b == 2", "{\"a\":5,\"b\":6}", "a is 5, not 1, and b is 6, not 2"),
        (
            "context.time < timestamp(\"2026-01-05T11:00:00Z\")",
            "{}",
            "the time is 2026-01-05 13:00 (+01:00), not before 2026-01-05T11:00:00Z",
        ),
    ];
    let facts = sample::facts();
    for (text, arguments, expected) in cases {
        let call = sample::call(arguments);
        assert_eq!(because(&read(text), &View { call: &call, facts: &facts, defaults: false }), expected);
    }
}

#[test]
fn a_trace_row_shows_a_negated_leaf_as_one() {
    let (call, facts) = (sample::call("{\"currency\":\"EUR\"}"), sample::facts());
    let rows = traces(
        &read("!(currency in [\"EUR\"]) && amount > 5"),
        &View { call: &call, facts: &facts, defaults: false },
    );
    let row = |at: usize| {
        (rows[at].attribute.as_str(), rows[at].text.as_str(), rows[at].compared.as_deref(), rows[at].truth)
    };
    assert_eq!(row(0), ("args.currency", "!(currency in [\"EUR\"])", Some("EUR"), Truth::False));
    assert_eq!(row(1), ("args.amount", "amount > 5", None, Truth::False));
}

#[test]
fn conditions_read_as_plain_words() {
    let cases = [
        ("amount > 1000 && currency != \"EUR\"", "amount is above 1000 and currency is not EUR"),
        ("!(amount > 1000 && has(note))", "amount is not above 1000 or note is missing"),
        ("a == 1 && (b == \"2\" || c == true)", "a is 1 and (b is “2” or c is true)"),
        ("!(user.role in [\"finance\", \"admin\"])", "the user's role is not finance or admin"),
        ("context.locked && !tool.read_only", "the screen is locked and the tool is not marked read-only"),
        ("tags.exists(t, t == \"prod\")", "some entry of tags is prod"),
        ("!tags.exists(t, !(t == \"prod\"))", "every entry of tags is prod"),
        ("items.all(i, i.price <= 5)", "every entry of items (price) is at most 5"),
        ("!path.within(\"/srv\")", "path is not inside /srv"),
        ("ignoreCase(note).contains(\"urgent\")", "note contains urgent in any case"),
        ("context.calls_last_minute > 30", "the number of calls in the last minute is above 30"),
        ("amount + tax > 100", "`amount + tax > 100` holds"),
        ("true", "always"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).words(), expected);
    }
}
