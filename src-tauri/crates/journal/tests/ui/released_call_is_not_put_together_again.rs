//! A spent release stays spent.

fn forge(spent: approvals::ReleasedCall) -> approvals::ReleasedCall {
    spent.into_parts().into()
}

fn main() {}
