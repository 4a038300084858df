//! Only `admit` and `HeldCall::release` make a release.

fn forge(parts: approvals::ReleaseParts) -> approvals::ReleasedCall {
    approvals::ReleasedCall(Box::new(parts))
}

fn main() {}
