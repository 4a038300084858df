//! Only `Journal::commit` makes one.

fn forge(call: std::sync::Arc<policy::ToolCall>, release: approvals::ReleaseId, basis: approvals::Basis) -> journal::JournalledCall {
    journal::JournalledCall { call, release, basis }
}

fn main() {}
