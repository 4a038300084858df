//! The whole catalogue, walked in the real window: every comparison of every attribute, with every kind of value it takes,
//! is built, saved as a file, opened again, and found as it was.

use super::support::PATIENCE;
use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome};
use super::support::node::{every_kind_server, node};
use super::support::screen::Screen;
use super::support::window::Window;
use fantoccini::wd::TimeoutConfiguration;
use gateway::home::KeychainKind;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const WALK: &str = include_str!("walk.js");

async fn walk(window: &Window, step: &str, attribute: &str, name: &str) -> Result<Value, String> {
    let arguments = vec![json!(step), json!(attribute), json!(name)];
    let answer = window.client.execute_async(WALK, arguments).await.expect("the page answers");
    if answer["error"].is_null() {
        Ok(answer["value"].clone())
    } else {
        Err(format!("{step}: {}", answer["error"]))
    }
}

/// What one attribute has to say for itself.
#[derive(Default)]
struct Walked {
    rows: usize,
    comparisons: BTreeSet<String>,
}

impl Walked {
    /// Builds a policy with every comparison of this attribute, saves it, and opens it again.
    async fn one(&mut self, window: &Window, attribute: &str, name: &str) -> Result<(), String> {
        let built = walk(window, "build", attribute, name).await?;
        let found = walk(window, "read", attribute, name).await?;
        if found["found"] != built["built"] {
            return Err(format!("built {}\nfound {}", built["built"], found["found"]));
        }
        if found["changed"] != false {
            return Err("something is left to save".to_owned());
        }
        let file = window.home.paths().policies().join(format!("{name}.toml"));
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        if !text.contains("when = ") {
            return Err(text);
        }
        self.rows += found["found"].as_array().map_or(0, Vec::len);
        self.comparisons.extend(built["operators"].as_array().into_iter().flatten().map(Value::to_string));
        Ok(())
    }
}

/// An attribute, and its type.
fn of_list(entry: &Value) -> (String, String) {
    let text = |key: &str| entry[key].as_str().expect("a text").to_owned();
    (text("id"), text("type"))
}

fn is_deep() -> bool {
    std::env::var_os("DOORWARD_DEEP").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_comparison_of_every_attribute_is_built_saved_and_found_again() {
    let home = TestHome::made(KeychainKind::Os, &[ALLOW]);
    home.add_program("kinds", &node(), &[&every_kind_server().display().to_string()]);
    let window = Window::open(home, Bus::with_keyring().await, Screen::start()).await;
    let patience = TimeoutConfiguration::new(Some(3 * PATIENCE), None, None);
    window.client.update_timeouts(patience).await.expect("time for the longest step");
    let listed = walk(&window, "list", "", "").await.expect("a list of attributes");
    let listed: Vec<(String, String)> = listed.as_array().unwrap().iter().map(of_list).collect();
    let attributes: Vec<&str> = listed.iter().map(|(id, _)| id.as_str()).collect();
    for wanted in
        ["args.amount", "args.tags[]", "args.lines[].price", "user.roles", "context.time", "upstream.name"]
    {
        assert!(attributes.contains(&wanted), "`{wanted}` is offered: {attributes:?}");
    }
    let (mut walked, mut wrong) = (Walked::default(), Vec::new());
    let mut types = BTreeSet::new();
    for (number, (attribute, type_of)) in listed.iter().enumerate() {
        // Two of one type are offered the same; a deep run takes both all the same.
        if !types.insert(type_of) && !is_deep() {
            continue;
        }
        if let Err(why) = walked.one(&window, attribute, &format!("walk-{number}")).await {
            wrong.push(format!("{attribute}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let Walked { rows, comparisons } = walked;
    println!(
        "{rows} rows, {} comparisons, {} types of {} attributes: {types:?}",
        comparisons.len(),
        types.len(),
        attributes.len()
    );
    assert!(rows > 200, "only {rows} rows");
    assert_eq!(comparisons.len(), 84, "{comparisons:?}");
}
