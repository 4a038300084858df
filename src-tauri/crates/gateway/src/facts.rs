//! Gathers, once at admission, everything besides the call that a decision depends on.
//!
//! What a process says of its folder and what an upstream says of its tools are claimed; the rest is ours.

use crate::home::{Agent, Transport, UpstreamConfig};
use crate::pairing;
use crate::pipeline::PeerProcess;
use policy::{AgentFacts, ContextFacts, Facts, PathFact, Timestamp, ToolFacts, UpstreamFacts, User, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Most path facts kept for one call; further path-like arguments stay undetermined.
const MOST_PATHS: usize = 64;

/// What the gateway knows when the call comes in.
pub(crate) struct Known<'a> {
    pub(crate) user: &'a User,
    pub(crate) agent: &'a Agent,
    pub(crate) claimed_client: Option<&'a str>,
    pub(crate) peer: &'a PeerProcess,
    pub(crate) paired_programs: Vec<String>,
    pub(crate) upstream: &'a UpstreamConfig,
    pub(crate) definition: &'a Value,
    pub(crate) arguments: &'a Value,
    pub(crate) now: Timestamp,
    pub(crate) calls_last_minute: u32,
}

/// Reads the file system for paths and the peer's folder: call it where blocking is allowed.
pub(crate) fn gather(known: &Known<'_>) -> Facts {
    let (transport, remote) = match &known.upstream.transport {
        Transport::Stdio { .. } => ("stdio", false),
        Transport::Http { url, .. } => ("http", !is_loopback_url(url)),
    };
    let project = known.peer.pid.and_then(project_of);
    Facts {
        user: known.user.clone(),
        agent: AgentFacts {
            name: known.agent.name.to_string(),
            program: pairing::program_of(known.peer),
            process: known.peer.pid,
            claimed_client: known.claimed_client.map(str::to_owned),
            paired_programs: known.paired_programs.clone(),
        },
        tool: tool_facts(known.definition),
        upstream: UpstreamFacts {
            name: known.upstream.name.to_string(),
            transport: transport.to_owned(),
            remote,
        },
        context: ContextFacts {
            time: known.now,
            utc_offset_minutes: utc_offset_minutes(known.now),
            branch: project.as_deref().and_then(branch_of),
            project: project.map(|path| path.display().to_string()),
            locked: None,
            calls_last_minute: known.calls_last_minute,
        },
        paths: if remote { BTreeMap::new() } else { path_facts(known.arguments) },
    }
}

/// The pinned definition's annotations (claimed), required parameters and defaults.
fn tool_facts(definition: &Value) -> ToolFacts {
    let hint = |name: &str| definition.get("annotations").and_then(|a| a.get(name)).and_then(Value::as_bool);
    let schema = definition.get("inputSchema");
    let required: BTreeSet<String> = schema
        .and_then(|s| s.get("required"))
        .and_then(Value::as_list)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_text().map(str::to_owned))
        .collect();
    let defaults = schema
        .and_then(|s| s.get("properties"))
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(policy::Map::iter)
        .filter_map(|(name, parameter)| Some((name.to_owned(), parameter.get("default")?.clone())))
        .collect();
    ToolFacts {
        read_only: hint("readOnlyHint"),
        destructive: hint("destructiveHint"),
        idempotent: hint("idempotentHint"),
        open_world: hint("openWorldHint"),
        required,
        defaults,
    }
}

fn utc_offset_minutes(now: Timestamp) -> i32 {
    let zone = jiff::tz::TimeZone::system();
    jiff::Timestamp::from_millisecond(now.0).map_or(0, |instant| zone.to_offset(instant).seconds() / 60)
}

pub(crate) fn is_loopback_url(url: &str) -> bool {
    reqwest::Url::parse(url).ok().is_some_and(|url| match url.host_str() {
        Some(host) => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    })
}

/// Every absolute path among the arguments, by attribute path, resolved on this machine.
fn path_facts(arguments: &Value) -> BTreeMap<String, PathFact> {
    let mut facts = BTreeMap::new();
    collect_paths("args", arguments, &mut facts);
    facts
}

fn collect_paths(at: &str, value: &Value, facts: &mut BTreeMap<String, PathFact>) {
    if facts.len() >= MOST_PATHS {
        return;
    }
    match value {
        Value::Text(text) if text.starts_with('/') && text.len() < 4096 && !text.contains('\0') => {
            if let Some(resolved) = resolve(Path::new(text)) {
                facts.insert(at.to_owned(), PathFact { resolved });
            }
        }
        Value::Map(map) => {
            map.iter().for_each(|(key, inner)| collect_paths(&policy::facts::member(at, key), inner, facts))
        }
        Value::List(items) => {
            for (i, inner) in items.iter().enumerate() {
                collect_paths(&format!("{at}[{i}]"), inner, facts);
            }
        }
        _ => {}
    }
}

/// Follows symbolic links as far as the path exists; what does not exist yet keeps its name. `None` where a
/// missing part is followed by `..`, or the text is not Unicode once resolved: nobody can say where it leads.
pub(crate) fn resolve(path: &Path) -> Option<String> {
    let mut known = PathBuf::from("/");
    let mut exists = true;
    for part in path.components() {
        match part {
            Component::RootDir | Component::CurDir => {}
            Component::Prefix(_) => return None,
            Component::ParentDir if exists => {
                known.pop();
            }
            Component::ParentDir => return None,
            Component::Normal(name) => {
                known.push(name);
                if exists {
                    match known.canonicalize() {
                        Ok(real) => known = real,
                        // A link that leads nowhere, or into itself, exists but cannot be resolved.
                        Err(_) if known.symlink_metadata().is_ok() => return None,
                        Err(_) => exists = false,
                    }
                }
            }
        }
    }
    known.to_str().map(str::to_owned)
}

/// The folder the peer process works in, where the platform tells (Linux).
fn project_of(pid: u32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// The branch checked out in the folder or the nearest one above it; none for a detached head.
fn branch_of(folder: &Path) -> Option<String> {
    let git = folder.ancestors().take(32).map(|dir| dir.join(".git")).find(|git| git.exists())?;
    let git = if git.is_file() {
        let pointer = std::fs::read_to_string(&git).ok()?;
        git.parent()?.join(pointer.strip_prefix("gitdir:")?.trim())
    } else {
        git
    };
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    Some(head.strip_prefix("ref: refs/heads/")?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_resolves_through_links_and_keeps_what_does_not_exist_yet() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).unwrap();
        let wanted = root.join("real/new.txt").display().to_string();
        assert_eq!(resolve(&root.join("link/./new.txt")), Some(wanted.clone()));
        assert_eq!(resolve(&root.join("link/../real//new.txt")), Some(wanted));
        assert_eq!(resolve(&root.join("missing/../real")), None);
        std::os::unix::fs::symlink(root.join("nowhere"), root.join("dangling")).unwrap();
        assert_eq!(resolve(&root.join("dangling")), None);
    }

    #[test]
    fn loopback_is_told_from_remote() {
        assert!(is_loopback_url("http://127.0.0.1:9/mcp"));
        assert!(is_loopback_url("http://[::1]:9/mcp"));
        assert!(is_loopback_url("http://localhost/mcp"));
        assert!(!is_loopback_url("https://localhost.example.org/mcp"));
        assert!(!is_loopback_url("nonsense"));
    }

    #[test]
    fn annotations_required_and_defaults_come_from_the_definition() {
        let definition = Value::parse(
            br#"{"name":"t","annotations":{"readOnlyHint":true},"inputSchema":{"required":["a"],"properties":{"b":{"default":3}}}}"#,
        )
        .unwrap();
        let facts = tool_facts(&definition);
        assert_eq!((facts.read_only, facts.destructive), (Some(true), None));
        assert!(facts.required.contains("a"));
        assert_eq!(facts.defaults.get("b"), Some(&Value::from(3)));
    }
}
