//! What a decision costs: with one policy that can apply, with ten among a thousand and among ten thousand, with
//! its reasons, and beside the CEL library on the same policies. `cargo bench -p policy`.
//!
//! The targets: half a microsecond for one, three for ten however many others there are, and fifty milliseconds to
//! compile a thousand policies.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use policy::{Documents, Facts, Outcome, PolicySet, ToolCall, cases, conclude, decide};
use std::hint::black_box;

/// Conditions as people write them. The CEL library reads the same texts.
const CONDITIONS: [&str; 10] = [
    "amount > 5000",
    "amount > 1000 && currency != \"EUR\"",
    "!(currency in [\"EUR\", \"USD\", \"GBP\"])",
    "amount >= 250 && category == \"travel\"",
    "note.contains(\"urgent\") && amount > 100",
    "recipient.startsWith(\"ext-\")",
    "category == \"gifts\" || category == \"alcohol\"",
    "amount > 100 && recipient.endsWith(\"@example.com\")",
    "has(args.project) && amount > 2500",
    "amount == 0 || amount < 0",
];

const TARGET: &str = "expenses/create_expense";

/// None of the conditions above holds for it, so that all of each has to be looked at.
const CALL: &str = "[[case]]\nname = \"x\"\ntool = \"expenses/create_expense\"\nexpect = \"allow\"\n\
    json = '''{\"category\":\"books\",\"note\":\"Rust in Action, second copy\",\"amount\":95.50,\
    \"currency\":\"EUR\",\"recipient\":\"bookshop\"}'''\n";

fn policy(tool: &str, when: &str) -> String {
    format!(
        "name = \"A policy\"\ndescription = \"For the benchmark.\"\nwhen = '''{when}'''\n\n[target]\ntools = [\"{tool}\"]\n\n\
         [action]\nkind = \"request_approval\"\nflow = \"finance\"\nmessage = \"Somebody looks at it.\"\n"
    )
}

/// `fitting` policies about the call's tool among `total`; of the others most name another tool, some every
/// deletion, some another user.
fn documents(fitting: usize, total: usize) -> Documents {
    let mut documents = Documents::new();
    documents.insert("set.toml", "default = \"allow\"\n".to_owned());
    documents
        .insert("flows/finance.toml", "name = \"Finance\"\n[[stage]]\nroles = [\"finance\"]\n".to_owned());
    for (at, when) in CONDITIONS.iter().cycle().take(total).enumerate() {
        let text = if at < fitting {
            policy(if at % 2 == 0 { TARGET } else { "expenses/*" }, when)
        } else {
            match at % 10 {
                0 => policy("*/delete_*", when),
                1 => {
                    policy(TARGET, when).replace("tools = [", &format!("users = [\"user-{at}\"]\ntools = ["))
                }
                _ => policy(&format!("upstream-{}/tool_{at}", at % 40), when),
            }
        };
        documents.insert(&format!("p{at:05}.toml"), text);
    }
    documents
}

fn compiled(documents: &Documents) -> PolicySet {
    PolicySet::compile(documents).unwrap()
}

fn call() -> (ToolCall, Facts) {
    let case = cases::parse(CALL).unwrap().remove(0);
    (case.call, case.facts)
}

fn deciding(c: &mut Criterion) {
    let (call, facts) = call();
    let mut group = c.benchmark_group("decide");
    for (name, fitting, total) in
        [("1 of 1", 1, 1), ("10 of 10", 10, 10), ("10 of 1,000", 10, 1_000), ("10 of 10,000", 10, 10_000)]
    {
        let set = compiled(&documents(fitting, total));
        assert_eq!(decide(&set, &call, &facts).outcome, Outcome::Allowed);
        group.bench_function(format!("{name}, trace off"), |b| {
            b.iter(|| conclude(&set, black_box(&call), black_box(&facts)).kind());
        });
    }
    let set = compiled(&documents(10, 1_000));
    group.bench_function("10 of 1,000, with its trace", |b| {
        b.iter(|| decide(&set, black_box(&call), black_box(&facts)));
    });
    let mut held = documents(10, 1_000);
    held.insert("always.toml", policy(TARGET, "amount > 10"));
    let set = compiled(&held);
    assert!(matches!(conclude(&set, &call, &facts).outcome(), Outcome::Held(_)));
    group.bench_function("11 of 1,000, held, with what it requires", |b| {
        b.iter(|| conclude(&set, black_box(&call), black_box(&facts)).outcome());
    });
    group.finish();
}

fn compiling(c: &mut Criterion) {
    let documents = documents(10, 1_000);
    let mut group = c.benchmark_group("compile");
    group.sample_size(20);
    group.bench_function("1,000 policies", |b| {
        b.iter_batched(|| (), |()| compiled(black_box(&documents)), BatchSize::PerIteration);
    });
    group.finish();
}

/// The same conditions and the same call, by the library alone: no targets, no precedence, numbers as doubles.
fn beside_the_cel_library(c: &mut Criterion) {
    let read = |text: &str| cel::Program::compile(text).unwrap();
    // CEL has no decimals: it needs a double on both sides.
    let doubled = |text: &str| {
        let words: Vec<String> = text
            .split(' ')
            .map(|word| if word.parse::<i64>().is_ok() { format!("{word}.0") } else { word.to_owned() })
            .collect();
        words.join(" ")
    };
    let programs: Vec<cel::Program> = CONDITIONS.iter().map(|text| read(&doubled(text))).collect();
    let context = || {
        let mut context = cel::Context::default();
        for (name, value) in [
            ("category", "books"),
            ("note", "Rust in Action, second copy"),
            ("currency", "EUR"),
            ("recipient", "bookshop"),
        ] {
            context.add_variable_from_value(name, value);
        }
        context.add_variable_from_value("amount", 95.5);
        context.add_variable_from_value("args", std::collections::HashMap::<String, String>::new());
        context
    };
    let mut group = c.benchmark_group("cel library");
    group.bench_function("its context", |b| b.iter(context));
    let ready = context();
    group.bench_function("1 condition", |b| {
        b.iter(|| programs.iter().take(1).filter(|program| holds(program, &ready)).count());
    });
    group.bench_function("10 conditions", |b| {
        assert_eq!(programs.iter().filter(|program| holds(program, &ready)).count(), 0);
        b.iter(|| programs.iter().filter(|program| holds(program, &ready)).count());
    });
    group.bench_function("compile 10 conditions", |b| {
        b.iter(|| CONDITIONS.iter().map(|text| read(text)).collect::<Vec<_>>());
    });
    group.finish();
}

fn holds(program: &cel::Program, context: &cel::Context<'_, '_>) -> bool {
    matches!(program.execute(context), Ok(cel::Value::Bool(true)))
}

criterion_group!(benches, deciding, compiling, beside_the_cel_library);
criterion_main!(benches);
