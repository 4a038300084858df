//! How many connections there is room for: a held call over HTTP keeps its own open, and each is a file to the system.

/// Most connections of one listener at once, where the system lets a process have as many files.
const MOST: usize = 12_000;
/// Fewer are never planned for.
const FEWEST: usize = 64;
/// What this process asks for; its upstreams inherit the limit, and some programs go through all that they may open.
#[cfg(unix)]
const FILES: u64 = 32_768;
/// Left to upstreams, the journal and the home, out of what a process may have open.
const OTHERS: usize = 512;

/// Raises this process's limit of open files as far as it may, and says how many connections each of the two
/// listeners may have.
pub(crate) fn connections() -> usize {
    room_in(raised())
}

fn room_in(files: usize) -> usize {
    (files.saturating_sub(OTHERS) / 2).clamp(FEWEST, MOST)
}

#[cfg(unix)]
fn raised() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let may = limit.maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if limit.current.is_none_or(|current| current >= may) {
        return files(limit.current);
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(may), ..limit }) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
    files(getrlimit(Resource::Nofile).current)
}

#[cfg(unix)]
fn files(limit: Option<u64>) -> usize {
    limit.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn raised() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_what_the_system_allows_and_for_a_few_in_any_case() {
        assert_eq!(room_in(usize::MAX), MOST);
        assert_eq!(room_in(4_096), 1_792);
        assert_eq!(room_in(256), FEWEST);
        assert!(connections() >= FEWEST);
    }
}
