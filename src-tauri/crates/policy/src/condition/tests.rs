use super::{lookup::View, *};
use crate::{Facts, Truth, sample};

fn read(text: &str) -> Condition {
    Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn judged(text: &str, arguments: &str, facts: &Facts) -> Truth {
    let call = sample::call(arguments);
    read(text).truth(&View { call: &call, facts, defaults: false })
}

fn check(cases: &[(&str, &str, Truth)]) {
    let facts = sample::facts();
    for (text, arguments, expected) in cases {
        assert_eq!(judged(text, arguments, &facts), *expected, "{text} on {arguments}");
    }
}

const T: Truth = Truth::True;
const F: Truth = Truth::False;
const U: Truth = Truth::Undetermined;

#[test]
fn every_operator_reads_and_prints_back() {
    let same = [
        "amount > 5000",
        "amount >= 0.50 && amount <= 1e3",
        "amount < -5 || amount == 5000.000000000000001",
        "currency != \"EUR\"",
        "between(amount, 5, 10)",
        "currency in [\"EUR\", \"USD\"]",
        "!(currency in [\"EUR\", \"USD\"])",
        "note.contains(\"a \\\"quoted\\\" word\\n\")",
        "!note.startsWith(\"x\")",
        "note.endsWith(\"x\") && note.matches(\"^a+$\")",
        "has(note)",
        "!has(note)",
        "path.within(\"/srv/data\")",
        "ignoreCase(currency) == \"eur\"",
        "ignoreCase(note).contains(\"urgent\")",
        "\"finance\" in user.roles",
        "tags.exists(x, x.startsWith(\"prod\"))",
        "items.all(x, x.price <= 100)",
        "items.exists(x, !(has(x.owner)))",
        "context.time < timestamp(\"2026-01-05T12:00:00Z\")",
        "timestamp(due) >= timestamp(\"2026-01-05T12:00:00+01:00\")",
        "address.city == \"Bern\" && args[\"odd key\"].list[0] == 1",
        "args.user == \"x\" && user.level >= 2",
        "(a == 1 || b == 2) && (c == 3 || (d == 4 && e == 5))",
        "!(a == 1 && !(b == 2))",
        "tool.read_only == true && upstream.remote == false",
        "true",
        "false",
        "a == 1 && (b + 1 > c)",
        "!(size(items) > 3)",
        "context.weekday in [\"saturday\", \"sunday\"] || context.hour >= 18",
    ];
    for text in same {
        assert_eq!(read(text).to_string(), text);
        assert_eq!(read(&read(text).to_string()), read(text), "{text}");
    }
}

#[test]
fn other_spellings_come_to_the_same_tree() {
    let pairs = [
        ("5000 < amount", "amount > 5000"),
        ("args.amount > 5000", "amount > 5000"),
        ("note == null", "!has(note)"),
        ("note != null", "has(note)"),
        ("tool.destructive", "tool.destructive == true"),
        ("!tool.read_only", "!(tool.read_only == true)"),
        ("user.roles.exists(r, r == 'finance')", "\"finance\" in user.roles"),
        ("((a == 1)) // why\n && b == 2", "a == 1 && b == 2"),
        ("args[\"amount\"] > 1", "amount > 1"),
        ("note == r'a\\b'", "note == \"a\\\\b\""),
        ("note == '\\u00e9'", "note == \"é\""),
        ("path.within('/srv//data/./x/..')", "path.within(\"/srv/data\")"),
    ];
    for (given, expected) in pairs {
        assert_eq!(read(given).to_string(), expected);
        assert_eq!(read(given), read(expected), "{given}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_place_and_advice() {
    let cases = [
        ("", 0, "the condition ends too early", None),
        ("amount > ", 9, "the condition ends too early", None),
        ("amount = 5", 7, "unexpected `=`", Some("compare with `==`")),
        ("a == 1 and b == 2", 7, "unexpected `and`", Some("write `&&` for and, `||` for or, `!` for not")),
        (
            "1 < a < 5",
            0,
            "two comparisons in a row",
            Some("write `between(x, 1, 5)`, or join two comparisons with `&&`"),
        ),
        (
            "!a in [1]",
            0,
            "`!` stands before one side of `in` only",
            Some("put the comparison in parentheses: `!(x in y)`"),
        ),
        (
            "amount > \"5000\"",
            9,
            "`amount` is put in order with something that has none",
            Some("only numbers and times have an order; write a number without quotation marks"),
        ),
        (
            "amount in [1, \"2\"]",
            14,
            "the list mixes values of different types",
            Some("a value is only ever compared with its own type; make two comparisons"),
        ),
        ("amount in []", 10, "the list is empty, so nothing is in it", None),
        (
            "user.nam == \"x\" && context.houre > 5",
            19,
            "unknown attribute `context.houre`",
            Some("did you mean `context.hour`?"),
        ),
        (
            "agent == \"x\"",
            0,
            "`agent` alone is not an attribute",
            Some("name a part of it: `agent.name` and `agent.program`"),
        ),
        (
            "context.hour == \"9\"",
            16,
            "`context.hour` is a number, so it cannot be compared with a text",
            None,
        ),
        (
            "context.weekday == \"Saturday\"",
            19,
            "context.weekday is never Saturday",
            Some("did you mean `saturday`?"),
        ),
        (
            "user.roles == \"x\"",
            14,
            "`user.roles` is a list, so it cannot be compared with a text",
            Some("write `\"finance\" in user.roles`, or `user.role == \"finance\"`"),
        ),
        ("note.contians(\"x\")", 0, "unknown function `contians`", Some("did you mean `contains`?")),
        ("between(amount, 10, 5)", 0, "the first end of `between` is above the second", None),
        (
            "between(amount, low, 5)",
            0,
            "this takes one attribute and fixed values",
            Some("write it like `between(amount, 5, 10)`"),
        ),
        (
            "path.within(folder)",
            0,
            "this takes one attribute and fixed values",
            Some("write it like `path.within(\"/srv/data\")`"),
        ),
        ("path.within(\"data\")", 12, "the folder is relative, so where it leads is not known", None),
        ("note.matches(\"(\")", 13, "not a pattern: unclosed group", None),
        (
            "due > timestamp(\"2026-01-05\")",
            6,
            "“2026-01-05” is not a time with its zone",
            Some("write it like `timestamp(\"2026-01-05T12:00:00+01:00\")`"),
        ),
        (
            "due > timestamp(\"2026-01-05T00:00:00Z\")",
            0,
            "`due` is compared with a time",
            Some("write `timestamp(due)`"),
        ),
        (
            "amount > 1e999",
            9,
            "`1e999` is not a number that can be compared",
            Some("no tool takes a number of that size"),
        ),
        ("amount > 05", 9, "`05` is not a number that can be compared", Some("take the leading zeros away")),
        (
            "amount > 5u",
            9,
            "`5` runs into a letter",
            Some("write numbers in decimal, without a suffix: `5000`, `0.5`, `1e3`"),
        ),
        ("note == \"x", 8, "this text has no closing quotation mark", None),
        (
            "größe > 5",
            2,
            "unexpected character `ö`",
            Some("names have only a-z, A-Z, 0-9 and _; write any other parameter as `args[\"name\"]`"),
        ),
        (
            "1 == 1",
            0,
            "this looks at nothing of the call",
            Some("compare an attribute, such as `amount` or `user.role`, with a value"),
        ),
        (
            "user.role + \"x\" == note",
            0,
            "a user may have several roles, so `user.role` has no one value here",
            Some("use `user.roles`, a list"),
        ),
        ("note.matches(pattern)", 0, "the pattern of `matches` must be a fixed text", None),
        ("note.contains(\"\")", 14, "every text `contains` the empty text", None),
        (
            "a.b.exists(x, x.exists(y, y.exists(z, z == a)))",
            26,
            "more than 2 loops stand inside each other",
            None,
        ),
    ];
    for (text, at, message, hint) in cases {
        let error = Condition::parse(text).map(|_| text).expect_err(text);
        assert_eq!((error.at, error.message.as_str(), error.hint.as_deref()), (at, message, hint), "{text}");
    }
}

#[test]
fn nothing_deep_or_long_gets_in() {
    let deep = [
        format!("{}a == 1{}", "(".repeat(5_00), ")".repeat(500)),
        format!("{}a == 1", "!".repeat(2_000)),
        format!("a{} > 1", " + a".repeat(900)),
        format!("a{} == 1", "[0]".repeat(900)),
        format!("{}1{} == a", "[".repeat(300), "]".repeat(300)),
        format!("a{} == 1", ".b".repeat(1_500)),
        format!("-{}1 == a", "-".repeat(2_000)),
        format!("a ? {} b : c", "a ? b : ".repeat(400)),
        format!("a == 1{}", " && a == 1".repeat(201)),
        format!("note == \"{}\"", "x".repeat(5_000)),
    ];
    // A small stack stands for a busy thread of the gateway.
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let run =
        move || deep.iter().for_each(|text| assert!(Condition::parse(text).is_err(), "{}", &text[..40]));
    small.spawn(run).unwrap().join().unwrap();
}

#[test]
fn the_deepest_free_row_fits_a_small_stack() {
    let rows = [
        format!("{}a{} > 1", "(1 + ".repeat(6), ")".repeat(6)),
        format!("{}a + 1{} > 1", "(".repeat(12), ")".repeat(12)),
        "a.exists(x, x.all(y, ((((y + 1) + 1) + 1) > 2)))".to_owned(),
    ];
    let run = move || {
        let facts = sample::facts();
        for row in rows {
            let arguments = if row.contains("exists") { "{\"a\":[[5]]}" } else { "{\"a\":5}" };
            assert_eq!(judged(&row, arguments, &facts), T, "{row}");
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn logic_is_kleenes() {
    let (t, f, u) = ("a == 1", "a == 2", "a == \"1\"");
    let of = |text: String| judged(&text, "{\"a\":1}", &sample::facts());
    for (left, l) in [(t, T), (f, F), (u, U)] {
        for (right, r) in [(t, T), (f, F), (u, U)] {
            let and = if l == F || r == F {
                F
            } else if l == U || r == U {
                U
            } else {
                T
            };
            let or = if l == T || r == T {
                T
            } else if l == U || r == U {
                U
            } else {
                F
            };
            assert_eq!(of(format!("{left} && {right}")), and);
            assert_eq!(of(format!("{left} || {right}")), or);
        }
        assert_eq!(of(format!("!({left})")), evaluate::not(l));
    }
}

#[test]
fn missing_fails_what_is_asserted_and_passes_its_negation() {
    check(&[
        ("amount > 5", "{}", F),
        ("amount > 5", "{\"amount\":null}", F),
        ("!(amount > 5)", "{}", T),
        ("amount != 5", "{}", T),
        ("!(amount in [1, 2])", "{}", T),
        ("between(amount, 1, 5)", "{}", F),
        ("note.contains(\"x\")", "{}", F),
        ("!note.contains(\"x\")", "{\"note\":null}", T),
        ("has(note)", "{}", F),
        ("!has(note)", "{\"note\":null}", T),
        ("has(note)", "{\"note\":\"\"}", T),
        ("has(tags)", "{\"tags\":[]}", T),
        ("note == \"\"", "{\"note\":\"\"}", T),
        ("tags.exists(t, t == 1)", "{}", F),
        ("tags.all(t, t == 1)", "{}", F),
        ("tags.all(t, t == 1)", "{\"tags\":[]}", T),
        ("tags.exists(t, t == 1)", "{\"tags\":[]}", F),
        ("address.city == \"Bern\"", "{\"address\":{}}", F),
        ("address.city == \"Bern\"", "{\"address\":\"Bern\"}", U),
        ("has(address.city)", "{\"address\":5}", U),
        ("user.department == \"sales\"", "{}", F),
        ("user.level >= 3", "{}", T),
        ("user.nothing == 1", "{}", F),
        // In free CEL a missing value is undetermined.
        ("amount + 1 > 5", "{}", U),
        ("amount + 1 > 5", "{\"amount\":null}", U),
        ("has(args.amount) && amount + 1 > 5", "{}", F),
        // What the machine could not tell is not missing: it is unknown.
        ("context.locked", "{}", U),
        ("agent.program == \"/usr/bin/claude\"", "{}", U),
        ("has(context.locked)", "{}", F),
        ("context.branch == \"main\"", "{}", F),
    ]);
    let mut facts = sample::facts();
    facts.tool.required.insert("amount".to_owned());
    for text in ["amount > 5", "!(amount > 5)", "amount != 5", "amount.x == 1"] {
        assert_eq!(judged(text, "{}", &facts), U, "{text}");
    }
    assert_eq!(judged("has(amount)", "{}", &facts), F);
}

#[test]
fn roles_are_a_set() {
    let mut facts = sample::facts();
    let of = |text: &str, facts: &Facts| judged(text, "{}", facts);
    for (text, expected) in [
        ("user.role == \"finance\"", T),
        ("user.role != \"finance\"", F),
        ("user.role == \"admin\"", F),
        ("user.role != \"admin\"", T),
        ("user.role in [\"admin\", \"employee\"]", T),
        ("!(user.role in [\"admin\", \"employee\"])", F),
        ("\"finance\" in user.roles", T),
        ("user.roles.all(r, r.startsWith(\"e\"))", F),
        ("size(user.roles) == 2", T),
    ] {
        assert_eq!(of(text, &facts), expected, "{text}");
    }
    facts.user.roles.clear();
    assert_eq!(of("user.role == \"finance\"", &facts), F);
    assert_eq!(of("user.role != \"finance\"", &facts), T);
    assert_eq!(of("has(user.role)", &facts), F);
}

#[test]
fn times_hours_and_days_are_judged_where_the_person_is() {
    check(&[
        ("context.hour == 13 && context.weekday == \"monday\"", "{}", T),
        ("context.time == timestamp(\"2026-01-05T12:00:00Z\")", "{}", T),
        ("context.time < timestamp(\"2026-01-05T13:00:00+01:00\")", "{}", F),
        ("timestamp(due) > timestamp(\"2026-01-05T12:00:00Z\")", "{\"due\":\"2026-01-05T12:00:00.001Z\"}", T),
        ("timestamp(due) > timestamp(\"2026-01-05T12:00:00Z\")", "{\"due\":\"tomorrow\"}", U),
        ("timestamp(due) > timestamp(\"2026-01-05T12:00:00Z\")", "{}", F),
        ("context.time.getFullYear() == 2026", "{}", T),
    ]);
}

#[test]
fn how_often_and_where_are_told_or_undetermined() {
    let mut facts = sample::facts();
    let of = |text: &str, facts: &Facts| judged(text, "{}", facts);
    for (text, expected) in [
        ("context.calls_last_minute >= 2", T),
        ("context.calls_last_hour > 39", T),
        ("context.calls_last_hour > 40", F),
        ("between(context.tool_calls_last_minute, 1, 5)", T),
        // Facts frozen before this was counted do not say.
        ("context.tool_calls_last_hour < 5", U),
        ("context.calls_last_hour - context.calls_last_minute > 30", T),
        ("context.project.within(\"/home/me\")", T),
        ("context.project.within(\"/srv\")", F),
        ("context.branch != \"main\"", T),
        ("has(context.branch)", F),
    ] {
        assert_eq!(of(text, &facts), expected, "{text}");
    }
    facts.context.branch = Some("main".to_owned());
    assert_eq!(of("context.branch == \"main\"", &facts), T);
    assert_eq!(of("context.branch.startsWith(\"release/\")", &facts), F);
    (facts.context.branch, facts.context.project) = (None, None);
    for text in ["context.branch == \"main\"", "context.branch != \"main\"", "context.project == \"/x\""] {
        assert_eq!(of(text, &facts), U, "{text}");
    }
    facts.agent.program = Some("/usr/bin/claude".to_owned());
    assert_eq!(of("agent.program.within(\"/usr/bin\")", &facts), T);
}

#[test]
fn custom_attributes_of_a_user_are_judged_like_parameters() {
    let mut facts = sample::facts();
    let value = |text: &str| crate::Value::parse(text.as_bytes()).unwrap();
    facts.user.attributes = [
        ("limit".to_owned(), value("10.50")),
        ("regions".to_owned(), value("[\"eu\",\"ch\"]")),
        ("team".to_owned(), value("{\"lead\":true,\"since\":\"2024-05-01T00:00:00+02:00\"}")),
    ]
    .into();
    for (text, expected) in [
        ("user.limit == 10.5", T),
        ("user.limit < 10.500000000000000001", T),
        ("\"eu\" in user.regions", T),
        ("user.regions.all(r, r in [\"eu\", \"ch\"])", T),
        ("user.regions.exists(r, r == \"us\")", F),
        ("user.team.lead", T),
        ("timestamp(user.team.since) < timestamp(\"2024-04-30T22:00:00.001Z\")", T),
        ("timestamp(user.team.since) < timestamp(\"2024-04-30T22:00:00Z\")", F),
        ("user.team == \"x\"", U),
        ("user.none == 1", F),
        ("user.limit > 100 && user.none + 1 > 2", F),
    ] {
        assert_eq!(judged(text, "{}", &facts), expected, "{text}");
    }
}

#[test]
fn relative_paths_begin_at_the_root_of_the_upstream() {
    let mut facts = sample::facts();
    assert_eq!(judged("path.within(\"/srv/data\")", "{\"path\":\"a\"}", &facts), U);
    facts.upstream.root = Some("/srv/data".to_owned());
    for (text, arguments, expected) in [
        ("path.within(\"/srv/data\")", "{\"path\":\"a\"}", T),
        ("path.within(\"/srv/data\")", "{\"path\":\"../a\"}", F),
        ("link.within(\"/srv/data\")", "{\"link\":\"l\"}", F),
        ("other.within(\"/srv/data\")", "{\"other\":\"a\"}", U),
        ("path.within(\"/srv/data\")", "{\"path\":\"~/a\"}", U),
        ("paths.all(p, p.within(\"/srv/data\"))", "{\"paths\":[\"a\",\"/srv/data/b\"]}", T),
    ] {
        assert_eq!(judged(text, arguments, &facts), expected, "{text} on {arguments}");
    }
}

#[test]
fn paths_must_be_inside_as_written_and_as_resolved() {
    check(&[
        ("path.within(\"/srv/data\")", "{\"path\":\"/srv/data/a\"}", T),
        ("path.within(\"/srv/data\")", "{\"path\":\"/srv/data/../x\"}", F),
        ("link.within(\"/srv/data\")", "{\"link\":\"/srv/data/link\"}", F),
        ("!link.within(\"/srv/data\")", "{\"link\":\"/srv/data/link\"}", T),
        ("other.within(\"/srv/data\")", "{\"other\":\"/srv/data/x\"}", U),
        ("path.within(\"/srv/data\")", "{\"path\":\"a\"}", U),
        ("paths.all(p, p.within(\"/srv/data\"))", "{\"paths\":[\"/srv/data/a\",\"/srv/data/b\"]}", T),
        ("paths.all(p, p.within(\"/srv/data\"))", "{\"paths\":[\"/srv/data/a\",\"/etc/x\"]}", F),
        (
            "!paths.all(p, p.within(\"/srv/data\"))",
            "{\"paths\":[\"/srv/data/a\",\"/srv/data/b\",\"/srv/data/c\"]}",
            U,
        ),
    ]);
}

#[test]
fn free_rows_are_judged_by_cel_and_doubt_where_cel_would_guess() {
    check(&[
        ("amount * 2 > 100", "{\"amount\":60}", T),
        ("amount * 2.0 > 100.0", "{\"amount\":60}", U),
        ("double(amount) * 2.0 > 100.0", "{\"amount\":60}", T),
        ("double(amount) * 2.0 > 100.0", "{\"amount\":5000.000000000000001}", U),
        ("amount + tax > 100", "{\"amount\":60,\"tax\":41}", T),
        ("amount / tax > 1", "{\"amount\":60,\"tax\":0}", U),
        ("amount + 1 > 0", "{\"amount\":9223372036854775807}", U),
        ("amount + 1 > 0", "{\"amount\":92233720368547758070}", U),
        (
            "size(items) > 1 && items.exists(i, i.a > i.b)",
            "{\"items\":[{\"a\":1,\"b\":2},{\"a\":3,\"b\":2}]}",
            T,
        ),
        ("amount > user.level", "{\"amount\":4}", T),
        ("args[note] == 5", "{\"note\":\"amount\",\"amount\":5}", T),
        ("note + \"\" == note", "{\"note\":5}", U),
        ("size(note)", "{\"note\":\"x\"}", U),
        ("args.exists(k, k.startsWith(\"x-\"))", "{\"x-a\":1}", T),
    ]);
    let of = |count: usize| format!("{{\"items\":[{}1]}}", "1,".repeat(count));
    assert_eq!(judged("items.exists(i, i + 1 > 5)", &of(300), &sample::facts()), F);
    assert_eq!(judged("items.exists(i, items.exists(j, i + j > 5))", &of(30), &sample::facts()), F);
    assert_eq!(judged("items.exists(i, items.exists(j, i + j > 5))", &of(1_000), &sample::facts()), U);
    let text = format!("{{\"note\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(judged("size(note) > 5", &text, &sample::facts()), U);
}
