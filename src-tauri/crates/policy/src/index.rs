//! Which policies a call can meet, so that a decision costs nothing for the others: by tool, then by the first of
//! agent, user and role that a target names. [`decide`](crate::decide) asks; targets are judged there in full.
//!
//! Which patterns fit a tool is found out at its first call and remembered: the answer is the same either way.

use crate::{Facts, Mode, Policy, ToolCall, glob::Reach};
use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};
use unicode_normalization::UnicodeNormalization;

/// Most tools remembered; a call to a further one looks through the patterns again.
const MOST_TOOLS: usize = 4_096;

/// Positions of policies by what their tool patterns can match, each list ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_tool: HashMap<String, Vec<u32>>,
    by_upstream: HashMap<String, Vec<u32>>,
    anywhere: Vec<u32>,
    known: Arc<RwLock<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// By upstream, then by tool.
    tools: HashMap<String, HashMap<String, Arc<Met>>>,
    count: usize,
}

/// The policies that fit one tool and are not off, each list ascending. Every policy stands in `all` and in one
/// of the others, or, with several agents, users or roles, under each of them.
#[derive(Debug, Default)]
pub(crate) struct Met {
    pub(crate) all: Vec<u32>,
    open: Vec<u32>,
    by_agent: HashMap<String, Vec<u32>>,
    by_user: HashMap<String, Vec<u32>>,
    by_role: HashMap<String, Vec<u32>>,
}

/// Those of one tool that can apply to one call, ascending.
pub(crate) struct Narrowed {
    met: Arc<Met>,
    /// Set where more than the open ones can.
    joined: Option<Vec<u32>>,
}

impl Narrowed {
    pub(crate) fn positions(&self) -> &[u32] {
        self.joined.as_deref().unwrap_or(&self.met.open)
    }
}

impl Index {
    pub(crate) fn of(policies: &[Policy]) -> Index {
        let mut index = Index::default();
        for (at, policy) in positions(policies) {
            if policy.mode == Mode::Off {
                continue;
            }
            let (map, mut keys) = match policy.tools.reach() {
                Reach::Everything => {
                    index.anywhere.push(at);
                    continue;
                }
                Reach::Tools(tools) => (&mut index.by_tool, tools),
                Reach::Upstreams(upstreams) => (&mut index.by_upstream, upstreams),
            };
            keys.sort_unstable();
            keys.dedup();
            keys.into_iter().for_each(|key| map.entry(key).or_default().push(at));
        }
        index
    }

    /// The policies that fit a tool.
    pub(crate) fn met(&self, policies: &[Policy], upstream: &str, tool: &str) -> Arc<Met> {
        let known =
            |known: &Known| known.tools.get(upstream).and_then(|tools| tools.get(tool)).map(Arc::clone);
        if let Some(met) = self.known.read().ok().and_then(|read| known(&read)) {
            return met;
        }
        let met = Arc::new(self.find(policies, upstream, tool));
        // A lock that a panic has poisoned only costs the memory.
        if let Ok(mut write) = self.known.write()
            && write.count < MOST_TOOLS
        {
            let tools = write.tools.entry(upstream.to_owned()).or_default();
            if tools.insert(tool.to_owned(), Arc::clone(&met)).is_none() {
                write.count += 1;
            }
        }
        met
    }

    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.known.read().map_or(0, |known| known.count)
    }

    fn find(&self, policies: &[Policy], upstream: &str, tool: &str) -> Met {
        let qualified = format!("{upstream}/{tool}");
        let mut all: Vec<u32> = Vec::new();
        all.extend(self.by_tool.get(&qualified).into_iter().flatten());
        all.extend(self.by_upstream.get(upstream).into_iter().flatten());
        all.extend(&self.anywhere);
        all.retain(|at| policy(policies, *at).is_some_and(|policy| policy.tools.matches(&qualified)));
        all.sort_unstable();
        let mut met = Met::default();
        for at in &all {
            let Some(policy) = policy(policies, *at) else { continue };
            let target = &policy.target;
            let dimensions = [
                (&target.agents, &mut met.by_agent),
                (&target.users, &mut met.by_user),
                (&target.roles, &mut met.by_role),
            ];
            match dimensions.into_iter().find(|(names, _)| !names.is_empty()) {
                None => met.open.push(*at),
                Some((names, map)) => {
                    for name in names {
                        let list = map.entry(name.clone()).or_default();
                        if list.last() != Some(at) {
                            list.push(*at);
                        }
                    }
                }
            }
        }
        met.all = all;
        met
    }
}

impl Met {
    /// Without those whose agents, users or roles are others: cost does not grow with them.
    pub(crate) fn narrowed(self: Arc<Met>, call: &ToolCall, facts: &Facts) -> Narrowed {
        let mut lists: Vec<&[u32]> = Vec::new();
        if !self.by_agent.is_empty() {
            lists.extend(self.by_agent.get(call.agent.as_str()).map(Vec::as_slice));
        }
        if !self.by_user.is_empty() {
            lists.extend(self.by_user.get(call.user.as_str()).map(Vec::as_slice));
        }
        if !self.by_role.is_empty() {
            for role in &facts.user.roles {
                let found = if role.is_ascii() {
                    self.by_role.get(role)
                } else {
                    self.by_role.get(&role.nfc().collect::<String>())
                };
                lists.extend(found.map(Vec::as_slice));
            }
        }
        if lists.is_empty() {
            return Narrowed { met: self, joined: None };
        }
        lists.push(&self.open);
        let mut joined = lists.concat();
        joined.sort_unstable();
        joined.dedup();
        Narrowed { met: self, joined: Some(joined) }
    }
}

fn positions(policies: &[Policy]) -> impl Iterator<Item = (u32, &Policy)> {
    (0_u32..).zip(policies)
}

/// The policy at a position.
pub(crate) fn policy(policies: &[Policy], at: u32) -> Option<&Policy> {
    usize::try_from(at).ok().and_then(|at| policies.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Documents, PolicySet, sample};

    fn set(targets: &[&str]) -> PolicySet {
        let mut documents = Documents::new();
        documents.insert("set.toml", "default = \"allow\"\n".to_owned());
        for (at, target) in targets.iter().enumerate() {
            let text = format!("name = \"x\"\n[action]\nkind = \"deny\"\n[target]\n{target}\n");
            documents.insert(&format!("p{at:03}.toml"), text);
        }
        PolicySet::compile(&documents).unwrap()
    }

    /// The numbers of the policies that a call of `practice/create_expense` is judged by.
    fn near(set: &PolicySet, facts: &Facts) -> Vec<String> {
        let mut near = Vec::new();
        set.each_near(&sample::call("{}"), facts, |policy| near.push(policy.id.to_string()));
        near
    }

    #[test]
    fn only_policies_that_can_apply_are_looked_at_each_once() {
        let set = set(&[
            "tools = [\"practice/create_expense\"]",
            "tools = [\"practice/list_expenses\"]",
            "tools = [\"practice/*\", \"!practice/create_*\"]",
            "tools = [\"*/create_*\"]\nroles = [\"finance\", \"employee\"]",
            "roles = [\"admin\"]",
            "users = [\"me\", \"ana\"]",
            "users = [\"ana\"]",
            "agents = [\"claude\"]\nusers = [\"ana\"]",
            "agents = [\"other\"]",
        ]);
        let facts = sample::facts();
        // The eighth is filed by its agent; that its user is another is seen when it is judged.
        assert_eq!(near(&set, &facts), ["p000", "p003", "p005", "p007"]);
        assert_eq!(near(&set, &facts), near(&set.clone(), &facts));
        assert_eq!(set.of_tool(&sample::call("{}")).len(), 7);
    }

    #[test]
    fn a_role_is_found_however_its_letters_are_composed() {
        let set = set(&["roles = [\"e\u{301}quipe\"]"]);
        let mut facts = sample::facts();
        assert!(near(&set, &facts).is_empty());
        for spelling in ["e\u{301}quipe", "\u{e9}quipe"] {
            facts.user.roles = [spelling.to_owned()].into();
            assert_eq!(near(&set, &facts), ["p000"]);
        }
    }

    #[test]
    fn what_is_remembered_of_tools_is_bounded() {
        let set = set(&["tools = [\"practice/*\"]"]);
        let mut call = sample::call("{}");
        for at in 0..MOST_TOOLS + 50 {
            call.tool = format!("tool_{at}").parse().unwrap();
            assert_eq!(set.of_tool(&call).len(), 1);
        }
        assert_eq!(set.remembered(), MOST_TOOLS);
    }
}
