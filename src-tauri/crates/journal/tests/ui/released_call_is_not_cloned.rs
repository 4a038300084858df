fn twice(released: &approvals::ReleasedCall) -> approvals::ReleasedCall {
    let copy: approvals::ReleasedCall = released.clone();
    copy
}

fn main() {}
