//! Recording consumes the release.

fn twice(journal: &journal::Journal, released: approvals::ReleasedCall) {
    let _ = journal.commit(released);
    let _ = journal.commit(released);
}

fn main() {}
