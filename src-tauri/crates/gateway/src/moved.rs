//! Paths are resolved once more just before a call is sent: where one leads elsewhere than when the call was judged,
//! the call does not go. The frozen facts stay as they were.
//!
//! What remains is the moment between this look and the tool's own: only the tool could close it.

use crate::facts;
use crate::home::UpstreamConfig;
use crate::upstream::UpstreamError;
use policy::{PathFact, ToolCall, Value};
use std::collections::BTreeMap;

/// Compares with what was frozen; costs nothing where no argument looks like a path.
pub(crate) async fn check(
    frozen: &BTreeMap<String, PathFact>,
    call: &ToolCall,
    upstream: &UpstreamConfig,
) -> Result<(), UpstreamError> {
    if frozen.is_empty() {
        return Ok(());
    }
    let (frozen, arguments, upstream) = (frozen.clone(), call.arguments.clone(), upstream.clone());
    let moved = tokio::task::spawn_blocking(move || first_moved(&frozen, &arguments, &upstream)).await;
    // A look that did not end found nothing out.
    match moved.unwrap_or_else(|_| Some("a path".to_owned())) {
        Some(at) => Err(UpstreamError::PathMoved { at }),
        None => Ok(()),
    }
}

/// A path that nobody could resolve before was undetermined, which is as strict as it gets; one that cannot be
/// resolved any more has moved.
fn first_moved(
    frozen: &BTreeMap<String, PathFact>,
    arguments: &Value,
    upstream: &UpstreamConfig,
) -> Option<String> {
    let now = facts::paths(arguments, upstream);
    frozen.iter().find(|(at, fact)| now.get(*at) != Some(*fact)).map(|(at, _)| at.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Transport;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_turned_link_a_new_one_and_a_lost_one_have_moved_and_a_new_file_has_not() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for name in ["mine", "yours"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        symlink(root.join("mine"), root.join("link")).unwrap();
        let transport = Transport::Stdio {
            command: "x".into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: Some(root.clone()),
        };
        let upstream = UpstreamConfig::new("files".parse().unwrap(), transport, false).unwrap();
        let arguments = Value::object([("path", "link/a.txt".into()), ("to", "new.txt".into())]);
        let frozen = facts::paths(&arguments, &upstream);
        assert_eq!(frozen.len(), 2);
        let moved = || first_moved(&frozen, &arguments, &upstream);
        assert_eq!(moved(), None);
        std::fs::write(root.join("new.txt"), "x").unwrap();
        std::fs::write(root.join("mine/a.txt"), "x").unwrap();
        assert_eq!(moved(), None, "a file that came to be is where it was said to be");
        std::fs::remove_file(root.join("link")).unwrap();
        symlink(root.join("yours"), root.join("link")).unwrap();
        assert_eq!(moved().as_deref(), Some("args.path"));
        std::fs::remove_file(root.join("link")).unwrap();
        symlink(root.join("nowhere"), root.join("link")).unwrap();
        assert_eq!(moved().as_deref(), Some("args.path"));
        std::fs::remove_file(root.join("link")).unwrap();
        symlink(root.join("mine"), root.join("link")).unwrap();
        std::fs::remove_file(root.join("new.txt")).unwrap();
        symlink(root.join("yours/new.txt"), root.join("new.txt")).unwrap();
        assert_eq!(moved().as_deref(), Some("args.to"));
    }
}
