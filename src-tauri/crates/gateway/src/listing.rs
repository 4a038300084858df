//! What an agent sees of an upstream's tools: those that are denied to it whatever the arguments are left out.
//!
//! Hiding is a kindness, not a guard: a hidden tool that is called all the same is denied by its policy.

use crate::engine::Engine;
use crate::home::{Agent, DeniedTools};
use policy::{PolicySet, UpstreamName, User, Value};

/// A result of `tools/list` without the tools that are denied to this agent and its user; everything else of it
/// stays as it came.
pub(crate) fn without_denied(
    engine: &Engine,
    agent: &Agent,
    upstream: &UpstreamName,
    result: Value,
) -> Value {
    if engine.settings().denied_tools == DeniedTools::Show {
        return result;
    }
    let in_force = engine.sets().current();
    match in_force.people.get(&agent.user) {
        Some(user) => without(&in_force.set, user, agent, upstream, result),
        None => result,
    }
}

fn without(set: &PolicySet, user: &User, agent: &Agent, upstream: &UpstreamName, result: Value) -> Value {
    let Value::Map(mut members) = result else { return result };
    let is_denied = |tool: &Value| {
        let name = tool.get("name").and_then(Value::as_text);
        name.is_some_and(|name| set.always_denies(user, &agent.name, upstream, name))
    };
    match members.get("tools") {
        Some(Value::List(tools)) if tools.iter().any(is_denied) => {
            let left: Vec<Value> = tools.iter().filter(|tool| !is_denied(tool)).cloned().collect();
            // In its place among the others.
            members.insert("tools", Value::List(left));
        }
        _ => {}
    }
    Value::Map(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::Documents;

    fn listed(policies: &[(&str, &str)], agent: &str) -> String {
        let mut all = vec![("set.toml", "default = \"allow\"\n")];
        all.extend_from_slice(policies);
        let documents: Documents =
            all.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let set = PolicySet::compile(&documents).unwrap();
        let people = "[[user]]\nid = \"me\"\nname = \"Me\"\nowner = true\nroles = [\"employee\"]\n";
        let people = policy::People::parse(people).unwrap();
        let agent = Agent {
            name: agent.parse().unwrap(),
            user: "me".parse().unwrap(),
            wait_limit: None,
            programs: Vec::new(),
        };
        let result =
            Value::parse(br#"{"x":1.0,"tools":[{"name":"read","y":2.50},{"name":"drop"}],"nextCursor":"c"}"#);
        let user = people.get(&agent.user).unwrap();
        without(&set, user, &agent, &"files".parse().unwrap(), result.unwrap()).to_json()
    }

    const WHOLE: &str = r#"{"x":1.0,"tools":[{"name":"read","y":2.50},{"name":"drop"}],"nextCursor":"c"}"#;
    const HIDDEN: &str = r#"{"x":1.0,"tools":[{"name":"read","y":2.50}],"nextCursor":"c"}"#;

    fn deny(more: &str, target: &str) -> String {
        format!(
            "name = \"No drops\"\n{more}\n[target]\ntools = [\"files/drop\"]\n{target}\n[action]\nkind = \"deny\"\n"
        )
    }

    #[test]
    fn what_is_denied_without_conditions_is_left_out_and_the_rest_stays_as_it_came() {
        let one = |text: String, agent: &str| listed(&[("drops.toml", &text)], agent);
        assert_eq!(one(deny("", ""), "claude"), HIDDEN);
        assert_eq!(one(deny("", "roles = [\"employee\"]"), "claude"), HIDDEN);
        assert_eq!(one(deny("", "agents = [\"codex\"]"), "codex"), HIDDEN);
        assert_eq!(one(deny("", "agents = [\"codex\"]"), "claude"), WHOLE);
        assert_eq!(one(deny("", "users = [\"ana\"]"), "claude"), WHOLE);
        assert_eq!(one(deny("", "roles = [\"guest\"]"), "claude"), WHOLE);
    }

    #[test]
    fn what_may_still_go_is_shown() {
        let one = |text: String| listed(&[("drops.toml", &text)], "claude");
        assert_eq!(one(deny("when = 'args.all == true'", "")), WHOLE);
        assert_eq!(one(deny("mode = \"observe\"", "")), WHOLE);
        assert_eq!(one(deny("mode = \"off\"", "")), WHOLE);
        assert_eq!(one(deny("", "").replace("\"deny\"", "\"request_approval\"")), WHOLE);
        let context = ("contexts/night.toml", "name = \"Night\"\nwhen = 'context.hour > 20'\n");
        let at_night = deny("", "contexts = [\"night\"]");
        assert_eq!(listed(&[context, ("drops.toml", &at_night)], "claude"), WHOLE);
        assert_eq!(listed(&[], "claude"), WHOLE);
    }
}
