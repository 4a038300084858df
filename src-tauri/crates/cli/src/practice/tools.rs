//! The four tools: what they say of themselves, and what they do.

use super::{
    arguments::Arguments,
    store::{Customer, Expense, Store},
};
use policy::{Map, Value};

const CURRENCIES: [&str; 3] = ["EUR", "USD", "GBP"];

/// What a tool answers with: a sentence and the same as data; or why it did nothing.
type Answer = Result<(String, Value), Failure>;

/// Why a tool did nothing.
enum Failure {
    /// Something about the arguments, for the agent to mend.
    Arguments(String),
    Store(rusqlite::Error),
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::Arguments(message)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Store(error)
    }
}

/// Runs a tool; none when there is no such tool. Errors are results with `isError`, so that the agent reads them.
pub(super) fn call(store: &mut Store, name: &str, arguments: &Map) -> Option<Value> {
    let arguments = Arguments::new(arguments);
    let answer = match name {
        "create_expense" => create_expense(store, arguments),
        "list_expenses" => list_expenses(store, arguments),
        "delete_customer" => delete_customer(store, arguments),
        "send_payment" => send_payment(store, arguments),
        _ => return None,
    };
    Some(match answer {
        Ok((sentence, data)) => Value::object([
            ("content", text(&sentence)),
            ("structuredContent", data),
            ("isError", false.into()),
        ]),
        Err(failure) => {
            let (code, message) = match failure {
                Failure::Arguments(message) => ("invalid_arguments", message),
                Failure::Store(error) => ("storage", format!("the practice data could not be used: {error}")),
            };
            let meta = Value::object([(
                "doorward.practice/error",
                Value::object([("code", code.into()), ("message", message.as_str().into())]),
            )]);
            Value::object([
                ("content", text(&format!("Nothing was changed: {message}."))),
                ("isError", true.into()),
                ("_meta", meta),
            ])
        }
    })
}

fn text(sentence: &str) -> Value {
    Value::List(vec![Value::object([("type", "text".into()), ("text", sentence.into())])])
}

fn create_expense(store: &mut Store, mut arguments: Arguments<'_>) -> Answer {
    let amount = arguments.amount("amount")?;
    let currency = arguments.choice("currency", &CURRENCIES)?;
    let category = arguments.text("category", 60)?;
    let note = arguments.optional_text("note", 1000)?;
    arguments.end()?;
    let expense = store.add_expense(amount, currency, category, note)?;
    let count = store.expenses()?.len();
    let sentence = format!(
        "Recorded expense {}: {amount} {currency} for {category}. {} now.",
        expense.id,
        there_are(count)
    );
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    Ok((sentence, Value::object([("expense", expense_data(&expense)), ("expenses", count.into())])))
}

fn list_expenses(store: &Store, arguments: Arguments<'_>) -> Answer {
    arguments.end()?;
    let expenses = store.expenses()?;
    let mut sentence = format!("{}.", there_are(expenses.len()));
    for Expense { id, amount, currency, category, note, at } in &expenses {
        sentence.push_str(&format!("\n{id}: {amount} {currency} for {category}, {at}"));
        if let Some(note) = note {
            sentence.push_str(&format!(" ({note})"));
        }
    }
    Ok((sentence, Value::object([("expenses", Value::List(expenses.iter().map(expense_data).collect()))])))
}

fn delete_customer(store: &mut Store, mut arguments: Arguments<'_>) -> Answer {
    let id = arguments.text("customer_id", 60)?;
    arguments.end()?;
    let deleted = store.delete_customer(id)?;
    let left = store.customers()?;
    let names: Vec<String> = left.iter().map(|Customer { id, name }| format!("{id} ({name})")).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let Some(customer) = deleted else {
        return Err(format!("there is no customer `{id}`; there are: {names}").into());
    };
    let sentence = format!("Deleted customer {} ({}). Customers left: {names}.", customer.id, customer.name);
    let data = [
        ("deleted", customer_data(&customer)),
        ("customers", Value::List(left.iter().map(customer_data).collect())),
    ];
    Ok((sentence, Value::object(data)))
}

fn send_payment(store: &mut Store, mut arguments: Arguments<'_>) -> Answer {
    let amount = arguments.amount("amount")?;
    let to = arguments.text("to", 200)?;
    arguments.end()?;
    let (number, at) = store.add_payment(amount, to)?;
    let id = format!("p-{number}");
    let sentence = format!("Sent payment {id}: {amount} EUR to {to}.");
    let data = [
        ("id", id.as_str().into()),
        ("amount", number_value(amount)),
        ("currency", "EUR".into()),
        ("to", to.into()),
        ("at", at.as_str().into()),
    ];
    Ok((sentence, Value::object([("payment", Value::object(data))])))
}

fn there_are(expenses: usize) -> String {
    if expenses == 1 { "There is 1 expense".to_owned() } else { format!("There are {expenses} expenses") }
}

/// A stored amount as the number it came in as.
fn number_value(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap_or_else(|_| text.into())
}

fn expense_data(expense: &Expense) -> Value {
    Value::object([
        ("id", expense.id.as_str().into()),
        ("amount", number_value(&expense.amount)),
        ("currency", expense.currency.as_str().into()),
        ("category", expense.category.as_str().into()),
        ("note", expense.note.as_deref().map_or(Value::Null, Value::from)),
        ("at", expense.at.as_str().into()),
    ])
}

fn customer_data(customer: &Customer) -> Value {
    Value::object([("id", customer.id.as_str().into()), ("name", customer.name.as_str().into())])
}

/// The list a `tools/list` gives, kept beside this file as the JSON that goes out.
pub(super) fn definitions() -> Value {
    Value::parse(include_bytes!("tools.json")).unwrap_or(Value::List(Vec::new()))
}

#[cfg(test)]
#[path = "tools_tests.rs"]
mod tests;
