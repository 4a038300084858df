fn nothing() -> approvals::ReleasedCall {
    approvals::ReleasedCall::default()
}

fn main() {}
