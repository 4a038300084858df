//! Comparisons as conditions make them, for whoever narrows a permission by a call's own values.

use crate::condition::path::{Ground, Place, normalised, within};
use crate::{Facts, Number, decimal::Decimal, facts::member};
use std::cmp::Ordering;

/// How two numbers stand to each other, exactly; none where one of them is past what is judged.
#[must_use]
pub fn order(one: &Number, other: &Number) -> Option<Ordering> {
    Decimal::parse(other.as_str())?.order_of(one.as_str())
}

/// Whether a top-level argument lies within a folder, as written and as it resolved on this machine. False where
/// that is not certain.
#[must_use]
pub fn is_within(argument: &str, path: &str, folder: &str, facts: &Facts) -> bool {
    let key = || member("args", argument);
    let ground = Ground { key: &key, paths: &facts.paths, upstream: &facts.upstream, is_resolved: false };
    normalised(folder).is_ok_and(|folder| matches!(within(path, &folder, ground), Ok(Place::Inside)))
}

/// The folder that an argument's path lies in, where that is certain: a folder to begin with.
#[must_use]
pub fn folder_of(argument: &str, path: &str, facts: &Facts) -> Option<String> {
    let root = facts.upstream.root.as_deref().unwrap_or_default();
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{root}/{path}") };
    let whole = normalised(&whole).ok()?;
    let (folder, _) = whole.rsplit_once('/')?;
    (!folder.is_empty() && is_within(argument, path, folder, facts)).then(|| folder.to_owned())
}
