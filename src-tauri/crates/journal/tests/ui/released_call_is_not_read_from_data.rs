fn read(text: &str) -> approvals::ReleasedCall {
    serde_json::from_str::<approvals::ReleasedCall>(text).unwrap()
}

fn main() {}
