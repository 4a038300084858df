//! A policy as one plain sentence.

use crate::{
    ActionKind,
    policy::Policy,
    readback,
    wording::{and, few, or, quoted},
};

impl Policy {
    /// What the policy does, for a list: "Deny create_expense on practice when amount is above 1000."
    #[must_use]
    pub fn sentence(&self) -> String {
        let tools = tools(&self.target.tools);
        let mut sentence = match self.action.kind {
            ActionKind::Deny => format!("Deny {tools}"),
            ActionKind::Allow => format!("Allow {tools}"),
            ActionKind::RequestApproval => {
                format!("Ask {} before {tools}", self.asked.as_deref().unwrap_or("for approval"))
            }
            ActionKind::StepUp => {
                let proof = self.action.step_up.map_or_else(String::new, readback::proof);
                format!("Ask for {proof} before {tools}")
            }
        };
        let target = &self.target;
        let words = |list: &[String]| list.iter().map(|word| quoted(word)).collect::<Vec<_>>();
        if !target.users.is_empty() {
            sentence += &format!(" for {}", few(&words(&target.users), 4, "and"));
        }
        if !target.roles.is_empty() {
            let article = if target.users.is_empty() { "for anyone in role" } else { "in role" };
            sentence += &format!(" {article} {}", few(&words(&target.roles), 4, "or"));
        }
        if !target.agents.is_empty() {
            sentence += &format!(" by agent {}", few(&words(&target.agents), 4, "or"));
        }
        if !self.contexts.is_empty() {
            let names: Vec<String> =
                self.contexts.iter().map(|context| format!("“{}”", context.name)).collect();
            sentence += &format!(" while {}", few(&names, 3, "or"));
        }
        if let Some(condition) = &self.condition {
            sentence += &format!(" when {}", condition.words());
        }
        sentence.push('.');
        sentence
    }
}

/// "create_expense and delete_customer on practice", "any tool on practice except list_expenses".
fn tools(patterns: &[String]) -> String {
    let (excluded, wanted): (Vec<&str>, Vec<&str>) =
        patterns.iter().map(String::as_str).partition(|pattern| pattern.starts_with('!'));
    let excluded: Vec<&str> = excluded.iter().filter_map(|pattern| pattern.strip_prefix('!')).collect();
    let mut text = if wanted.is_empty() { "any tool".to_owned() } else { and(&grouped(&wanted)) };
    if !excluded.is_empty() {
        let same = |group: &str| wanted.iter().chain(&excluded).all(|p| p.split('/').next() == Some(group));
        let shared = wanted.first().and_then(|p| p.split('/').next()).filter(|group| same(group));
        let names: Vec<String> = match shared {
            Some(_) => {
                excluded.iter().map(|p| named(p.split_once('/').map_or(*p, |(_, tool)| tool))).collect()
            }
            None => grouped(&excluded),
        };
        text += &format!(" except {}", or(&names));
    }
    text
}

/// Patterns of one upstream together: "a and b on crm".
fn grouped(patterns: &[&str]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for pattern in patterns {
        let (upstream, tool) = pattern.split_once('/').unwrap_or(("**", "**"));
        match groups.iter_mut().find(|(name, _)| *name == upstream) {
            Some((_, tools)) => tools.push(named(tool)),
            None => groups.push((upstream, vec![named(tool)])),
        }
    }
    let phrase = |(upstream, tools): (&str, Vec<String>)| {
        let tools = few(&tools, 4, "and");
        match upstream {
            "**" => tools,
            "*" => format!("{tools} on any upstream"),
            name => format!("{tools} on {name}"),
        }
    };
    groups.into_iter().map(phrase).collect()
}

fn named(tool: &str) -> String {
    match tool {
        "*" | "**" => "any tool".to_owned(),
        tool if tool.contains(['*', '?']) => format!("any {tool}"),
        tool => tool.to_owned(),
    }
}
