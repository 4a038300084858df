//! What a file is after it was changed, cut, or opened with another passphrase.

use super::*;

const PASSPHRASE: &str = "five words in a row";

fn contents() -> Contents {
    let set = BTreeMap::from([("people.toml".to_owned(), "x".to_owned())]);
    let keychain = BTreeMap::from([("root-key".to_owned(), STANDARD_NO_PAD.encode([7; 32]))]);
    Contents { settings: "listen = 1".to_owned(), set, passkeys: None, keychain }
}

fn opened(text: &str, passphrase: &str) -> Result<String, &'static str> {
    match sealed::open(text, passphrase) {
        Ok(opened) => Ok(format!("{} {} {}", opened.home, opened.made_at.0, opened.contents.settings)),
        Err(error) => Err(error.code()),
    }
}

#[test]
fn a_backup_opens_with_its_passphrase_and_every_other_file_says_what_it_is() {
    let text = sealed::seal(&contents(), "home-1", Timestamp(7), PASSPHRASE).unwrap();
    assert!(!text.contains("listen") && !text.contains(&STANDARD_NO_PAD.encode([7; 32])));
    assert_eq!(opened(&text, PASSPHRASE).as_deref(), Ok("home-1 7 listen = 1"));
    assert_eq!(opened(&text, "six words in a row"), Err("passphrase_wrong"));
    for length in [text.len() / 3, text.len() / 2, text.len() - 3] {
        assert_eq!(opened(&text[..length], PASSPHRASE), Err("backup_truncated"), "{length}");
    }
    for (from, to) in [("home-1", "home-2"), ("\"made_at\": 7", "\"made_at\": 8")] {
        assert_eq!(opened(&text.replace(from, to), PASSPHRASE), Err("backup_changed"), "{to}");
    }
    let sealed = text.rfind("\"sealed\": \"").unwrap() + 20;
    let other = if text.as_bytes()[sealed] == b'A' { "B" } else { "A" };
    let mut changed = text.clone();
    changed.replace_range(sealed..=sealed, other);
    assert_eq!(opened(&changed, PASSPHRASE), Err("backup_changed"));
    assert_eq!(
        opened(&text.replace("\"doorward_backup\": 1", "\"doorward_backup\": 2"), PASSPHRASE),
        Err("backup_newer")
    );
    let dear = text.replace("\"memory_kib\": 65536", "\"memory_kib\": 4000000");
    assert_eq!(opened(&dear, PASSPHRASE), Err("backup_changed"), "nobody is made to wait for ever");
    for nothing in ["", "hello", "{}", "[1]"] {
        assert_eq!(opened(nothing, PASSPHRASE), Err("backup_unknown"), "{nothing}");
    }
}
