fn read(text: &str) -> journal::JournalledCall {
    serde_json::from_str::<journal::JournalledCall>(text).unwrap()
}

fn main() {}
