fn twice(journalled: &journal::JournalledCall) -> journal::JournalledCall {
    let copy: journal::JournalledCall = journalled.clone();
    copy
}

fn main() {}
