//! Tasks of upstreams that came of an agent's released calls: only that agent may ask for them.
//!
//! A task's id is not a secret, and an upstream may know it from anybody. Kept in memory: after a restart the
//! upstreams' sessions are new as well, and an old id is answered as not found.

use crate::message::{Request, Response, code};
use crate::upstream::Reply;
use crate::waits::Era;
use policy::{AgentName, Timestamp, UpstreamName, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most tasks of one agent at one upstream; the oldest makes room.
const MOST: usize = 1_024;

type Owner = (AgentName, UpstreamName);

/// Who may ask for which task.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<BTreeMap<Owner, BTreeMap<String, Timestamp>>>);

impl Tasks {
    /// Keeps the task that a call came to, if it came to one.
    pub(crate) fn note(&self, reply: &Reply, agent: &AgentName, upstream: &UpstreamName, now: Timestamp) {
        let Ok(result) = reply.outcome() else { return };
        // 2025-11-25 has it in `task`; the extension of the stateless era is a task itself.
        let of_legacy = result.get("task").and_then(|task| task.get("taskId"));
        let is_task = result.get("resultType").and_then(Value::as_text) == Some("task");
        let of_extension = result.get("taskId").filter(|_| is_task);
        let Some(id) = of_legacy.or(of_extension).and_then(Value::as_text) else { return };
        let mut tasks = self.tasks();
        let known = tasks.entry((agent.clone(), upstream.clone())).or_default();
        if known.len() >= MOST
            && let Some(oldest) = known.iter().min_by_key(|(_, at)| **at).map(|(id, _)| id.clone())
        {
            known.remove(&oldest);
        }
        known.insert(id.to_owned(), now);
    }

    pub(crate) fn may_ask(&self, agent: &AgentName, upstream: &UpstreamName, task: &str) -> bool {
        let tasks = self.tasks();
        tasks.get(&(agent.clone(), upstream.clone())).is_some_and(|known| known.contains_key(task))
    }

    /// The answer to a request about a task that is not this agent's; it does not go up.
    pub(crate) fn refuse(
        &self,
        era: Era,
        agent: &AgentName,
        upstream: &UpstreamName,
        request: &Request,
    ) -> Option<Response> {
        let is_about_one = match (request.method.as_str(), era) {
            ("tasks/get" | "tasks/cancel", _) => true,
            // Each is of one era only; the upstream does not know the other's.
            ("tasks/result", era) => era == Era::Legacy,
            ("tasks/update", era) => era == Era::Modern,
            _ => false,
        };
        if !is_about_one {
            return None;
        }
        let task = request.params().and_then(|params| params.get("taskId")).and_then(Value::as_text);
        if task.is_some_and(|task| self.may_ask(agent, upstream, task)) {
            return None;
        }
        let message = "Task not found: it came of no call of this agent since Doorward started";
        Some(Response::error(request.id.clone(), code::INVALID_PARAMS, message))
    }

    /// A result of `tasks/list` with this agent's tasks only; everything else of it stays as it came.
    pub(crate) fn filter_list(&self, agent: &AgentName, upstream: &UpstreamName, result: Value) -> Value {
        let Value::Map(mut members) = result else { return result };
        if let Some(Value::List(tasks)) = members.get("tasks") {
            let is_own = |task: &&Value| {
                let id = task.get("taskId").and_then(Value::as_text);
                id.is_some_and(|id| self.may_ask(agent, upstream, id))
            };
            let own: Vec<Value> = tasks.iter().filter(is_own).cloned().collect();
            members.insert("tasks", Value::List(own));
        }
        Value::Map(members)
    }

    fn tasks(&self) -> MutexGuard<'_, BTreeMap<Owner, BTreeMap<String, Timestamp>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(results: &[&str]) -> Tasks {
        let tasks = Tasks::default();
        for (at, result) in (0..).zip(results) {
            let reply = Reply::result(Value::parse(result.as_bytes()).unwrap());
            tasks.note(&reply, &"claude".parse().unwrap(), &"files".parse().unwrap(), Timestamp(at));
        }
        tasks
    }

    fn may_ask(tasks: &Tasks, agent: &str, upstream: &str, task: &str) -> bool {
        tasks.may_ask(&agent.parse().unwrap(), &upstream.parse().unwrap(), task)
    }

    #[test]
    fn a_task_is_its_agents_at_its_upstream_in_both_eras() {
        let tasks = noted(&[
            r#"{"task":{"taskId":"old","status":"working"}}"#,
            r#"{"resultType":"task","taskId":"new","status":"working"}"#,
            r#"{"resultType":"complete","taskId":"none"}"#,
            r#"{"content":[]}"#,
        ]);
        for task in ["old", "new"] {
            assert!(may_ask(&tasks, "claude", "files", task), "{task}");
            assert!(!may_ask(&tasks, "codex", "files", task), "{task}");
            assert!(!may_ask(&tasks, "claude", "crm", task), "{task}");
        }
        assert!(!may_ask(&tasks, "claude", "files", "none"), "a member that only looks like a task");
    }

    #[test]
    fn what_is_asked_of_a_foreign_task_is_answered_here() {
        let tasks = noted(&[r#"{"task":{"taskId":"mine"}}"#]);
        let asked = |era, method: &str, params: &str| {
            let params = Value::parse(params.as_bytes()).unwrap();
            let request = Request::new(7.into(), method, Some(params));
            tasks.refuse(era, &"claude".parse().unwrap(), &"files".parse().unwrap(), &request)
        };
        let about_one = [
            (Era::Legacy, ["tasks/get", "tasks/result", "tasks/cancel"]),
            (Era::Modern, ["tasks/get", "tasks/update", "tasks/cancel"]),
        ];
        for (era, methods) in about_one {
            for method in methods {
                assert!(asked(era, method, r#"{"taskId":"mine"}"#).is_none(), "{method}");
                for params in [r#"{"taskId":"theirs"}"#, "{}", r#"{"taskId":7}"#] {
                    let refused = asked(era, method, params).expect("it does not go up");
                    assert_eq!((refused.error_code(), &refused.id), (Some(code::INVALID_PARAMS), &7.into()));
                }
            }
        }
        assert!(
            asked(Era::Modern, "tasks/result", "{}").is_none(),
            "the upstream says that it knows no such method"
        );
        assert!(asked(Era::Legacy, "tools/list", "{}").is_none());
    }

    #[test]
    fn a_list_shows_an_agent_its_own() {
        let tasks = noted(&[r#"{"task":{"taskId":"mine"}}"#]);
        let list =
            r#"{"x":1.0,"tasks":[{"taskId":"theirs"},{"taskId":"mine","ttl":2.50},{}],"nextCursor":"c"}"#;
        let list = Value::parse(list.as_bytes()).unwrap();
        let seen = tasks.filter_list(&"claude".parse().unwrap(), &"files".parse().unwrap(), list);
        assert_eq!(seen.to_json(), r#"{"x":1.0,"tasks":[{"taskId":"mine","ttl":2.50}],"nextCursor":"c"}"#);
    }

    #[test]
    fn the_oldest_task_makes_room() {
        let results: Vec<String> =
            (0..=MOST).map(|number| format!(r#"{{"task":{{"taskId":"{number}"}}}}"#)).collect();
        let tasks = noted(&results.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!may_ask(&tasks, "claude", "files", "0"));
        assert!(may_ask(&tasks, "claude", "files", "1"));
        assert!(may_ask(&tasks, "claude", "files", &MOST.to_string()));
    }
}
