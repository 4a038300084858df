//! Gathers, once at admission, everything besides the call that a decision depends on.
//!
//! What a process says of its folder and what an upstream says of its tools are claimed; the rest is ours.

use crate::home::{Agent, Transport, UpstreamConfig};
use crate::pace::Counts;
use crate::pairing;
use crate::pipeline::PeerProcess;
use policy::{AgentFacts, ContextFacts, Facts, PathFact, Timestamp, ToolFacts, UpstreamFacts, User, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Most path facts kept for one call; further path-like arguments stay undetermined.
const MOST_PATHS: usize = 64;
/// Longest text that may be a path, and a relative one, in bytes.
const LONGEST_PATH: usize = 4_096;
const LONGEST_RELATIVE: usize = 1_024;

/// What the gateway knows when the call comes in.
pub(crate) struct Known<'a> {
    pub(crate) user: &'a User,
    pub(crate) agent: &'a Agent,
    pub(crate) claimed_client: Option<&'a str>,
    pub(crate) peer: &'a PeerProcess,
    pub(crate) paired_programs: Vec<String>,
    pub(crate) upstream: &'a UpstreamConfig,
    pub(crate) definition: &'a Value,
    /// How that differs from the pinned one.
    pub(crate) changed: Option<String>,
    pub(crate) arguments: &'a Value,
    pub(crate) now: Timestamp,
    pub(crate) locked: Option<bool>,
    pub(crate) counts: Counts,
}

/// Reads the file system for paths and the peer's folder: call it where blocking is allowed.
pub(crate) fn gather(known: &Known<'_>) -> Facts {
    let (transport, remote, cwd) = reach(known.upstream);
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
        tool: ToolFacts { changed: known.changed.clone(), ..tool_facts(known.definition) },
        upstream: UpstreamFacts {
            name: known.upstream.name.to_string(),
            transport: transport.to_owned(),
            remote,
            root: cwd.and_then(Path::to_str).map(str::to_owned),
        },
        context: ContextFacts {
            time: known.now,
            utc_offset_minutes: utc_offset_minutes(known.now),
            branch: project.as_deref().and_then(branch_of),
            project: project.as_deref().and_then(Path::to_str).map(str::to_owned),
            locked: known.locked,
            calls_last_minute: known.counts.last_minute,
            calls_last_hour: Some(known.counts.last_hour),
            tool_calls_last_minute: Some(known.counts.of_tool_last_minute),
            tool_calls_last_hour: Some(known.counts.of_tool_last_hour),
        },
        paths: paths(known.arguments, known.upstream),
    }
}

/// What the paths among these arguments resolve to at this moment; none where the upstream is elsewhere. Reads
/// the file system.
pub(crate) fn paths(arguments: &Value, upstream: &UpstreamConfig) -> BTreeMap<String, PathFact> {
    let (_, remote, cwd) = reach(upstream);
    if remote { BTreeMap::new() } else { path_facts(arguments, cwd) }
}

/// The transport's name, whether it leaves this machine, and the folder relative paths begin at.
fn reach(upstream: &UpstreamConfig) -> (&'static str, bool, Option<&Path>) {
    match &upstream.transport {
        Transport::Stdio { cwd, .. } => ("stdio", false, cwd.as_deref()),
        Transport::Http { url, .. } => ("http", !is_loopback_url(url), None),
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
        changed: None,
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

/// Every text among the arguments that may be a path, by attribute path, resolved on this machine: absolute ones
/// first, then, where the upstream's root is known, those that look relative, then any other text.
fn path_facts(arguments: &Value, root: Option<&Path>) -> BTreeMap<String, PathFact> {
    let mut found: Vec<(Likelihood, String, &str)> = Vec::new();
    collect_paths("args", arguments, root.is_some(), &mut found);
    // Stable: of equally likely ones the first come first.
    found.sort_by_key(|(likelihood, ..)| *likelihood);
    let root = root.and_then(|root| root.canonicalize().ok());
    let resolved = |text: &str| match &root {
        _ if text.starts_with('/') => resolve(Path::new(text)),
        Some(root) => follow(root.clone(), Path::new(text)),
        None => None,
    };
    let facts = found.into_iter().take(MOST_PATHS);
    facts.filter_map(|(_, at, text)| Some((at, PathFact { resolved: resolved(text)? }))).collect()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likelihood {
    Absolute,
    Relative,
    Name,
}

fn collect_paths<'a>(
    at: &str,
    value: &'a Value,
    relative: bool,
    found: &mut Vec<(Likelihood, String, &'a str)>,
) {
    match value {
        Value::Text(text) if text.len() < LONGEST_PATH && !text.contains('\0') => {
            let likelihood = match text.as_str() {
                text if text.starts_with('/') => Likelihood::Absolute,
                text if !relative || text.is_empty() || text.len() > LONGEST_RELATIVE => return,
                text if text.contains(char::is_control) => return,
                text if text.contains(['/', '.']) => Likelihood::Relative,
                _ => Likelihood::Name,
            };
            found.push((likelihood, at.to_owned(), text));
        }
        Value::Map(map) => {
            for (key, inner) in map.iter() {
                collect_paths(&policy::facts::member(at, key), inner, relative, found);
            }
        }
        Value::List(items) => {
            for (i, inner) in items.iter().enumerate() {
                collect_paths(&policy::facts::element(at, i), inner, relative, found);
            }
        }
        _ => {}
    }
}

/// Follows symbolic links as far as the path exists; what does not exist yet keeps its name. `None` where a
/// missing part is followed by `..`, or the text is not Unicode once resolved: nobody can say where it leads.
fn resolve(path: &Path) -> Option<String> {
    follow(PathBuf::from("/"), path)
}

/// As [`resolve`], from a folder that is resolved already.
fn follow(mut known: PathBuf, path: &Path) -> Option<String> {
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

/// The folder the peer process works in, where the platform tells (Linux). A folder that was removed since is none.
fn project_of(pid: u32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/cwd")).ok().filter(|folder| folder.is_dir())
}

/// The branch checked out in the folder or the nearest one above it; none for a detached head.
fn branch_of(folder: &Path) -> Option<String> {
    let git = folder.ancestors().take(32).map(|dir| dir.join(".git")).find(|git| git.exists())?;
    let git = if git.is_file() {
        let pointer = small_text(&git)?;
        git.parent()?.join(pointer.strip_prefix("gitdir:")?.trim())
    } else {
        git
    };
    let head = small_text(&git.join("HEAD"))?;
    Some(head.strip_prefix("ref: refs/heads/")?.trim().to_owned())
}

/// What a regular file of a few lines says; the folder is the agent's, and may hold a pipe or a flood instead.
fn small_text(path: &Path) -> Option<String> {
    let is_small = std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() <= 4_096);
    if is_small { std::fs::read_to_string(path).ok() } else { None }
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
    fn relative_paths_are_resolved_from_the_root_of_the_upstream_alone() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        std::os::unix::fs::symlink("/etc", root.join("link")).unwrap();
        let arguments = Value::parse(
            br#"{"a":"real/x.txt","b":"link/passwd","c":"../up","d":"plain","e":["/etc/x"],"f":"","g":"two\nlines"}"#,
        )
        .unwrap();
        let facts = path_facts(&arguments, Some(&root));
        let of = |key: &str| facts.get(key).map(|fact| fact.resolved.clone());
        let at = |path: PathBuf| Some(path.display().to_string());
        assert_eq!(of("args.a"), at(root.join("real/x.txt")));
        assert_eq!(of("args.b"), Some("/etc/passwd".to_owned()));
        assert_eq!(of("args.c"), at(root.parent().unwrap().join("up")));
        assert_eq!(of("args.d"), at(root.join("plain")));
        assert_eq!(of("args.e[0]"), Some("/etc/x".to_owned()));
        assert_eq!((of("args.f"), of("args.g")), (None, None));
        let without: Vec<String> = path_facts(&arguments, None).into_keys().collect();
        assert_eq!(without, ["args.e[0]"]);
    }

    #[test]
    fn many_texts_do_not_crowd_out_an_absolute_path() {
        let dir = tempfile::tempdir().unwrap();
        let words = vec![Value::from("word"); 200];
        let arguments = Value::object([("words", Value::List(words)), ("path", Value::from("/etc/x"))]);
        let facts = path_facts(&arguments, Some(dir.path()));
        assert_eq!(facts.len(), MOST_PATHS);
        assert!(facts.contains_key("args.path"));
    }

    #[test]
    fn the_branch_is_that_of_the_nearest_repository() {
        let dir = tempfile::tempdir().unwrap();
        let (work, tree) = (dir.path().join("work"), dir.path().join("tree"));
        std::fs::create_dir_all(work.join(".git/worktrees/tree")).unwrap();
        std::fs::create_dir_all(work.join("src/deep")).unwrap();
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(work.join(".git/HEAD"), "ref: refs/heads/feature/one\n").unwrap();
        assert_eq!(branch_of(&work.join("src/deep")), Some("feature/one".to_owned()));
        let pointer = format!("gitdir: {}\n", work.join(".git/worktrees/tree").display());
        std::fs::write(tree.join(".git"), pointer).unwrap();
        std::fs::write(work.join(".git/worktrees/tree/HEAD"), "ref: refs/heads/two\n").unwrap();
        assert_eq!(branch_of(&tree), Some("two".to_owned()));
        std::fs::write(work.join(".git/HEAD"), "0123456789012345678901234567890123456789\n").unwrap();
        assert_eq!(branch_of(&work), None);
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
