//! Guessing, waiting, restarting, and clocks that are set.

use super::*;
use crate::keychain::MemoryKeychain;

const RIGHT: &str = "four words in a row";
const START: i64 = 1_700_000_000_000;

fn at(utc: i64, boot: &str, up: u64) -> Moment {
    Moment { utc: Timestamp(START + utc * 1000), boot: Some((boot.to_owned(), Duration::from_secs(up))) }
}

fn made() -> (Arc<MemoryKeychain>, Passphrase) {
    let keychain = Arc::new(MemoryKeychain::default());
    let passphrase = Passphrase::open(keychain.clone(), "home").unwrap();
    passphrase.set(RIGHT, None, &at(0, "a", 100)).unwrap();
    (keychain, passphrase)
}

/// Three wrong guesses at second 0.
fn guessed(passphrase: &Passphrase) {
    for _ in 0..3 {
        let wrong = passphrase.check("not this one at all", &at(0, "a", 100)).unwrap_err();
        assert_eq!(wrong.code(), "passphrase_wrong");
    }
}

fn seconds_left(passphrase: &Passphrase, now: &Moment) -> u64 {
    match passphrase.check(RIGHT, now) {
        Err(PassphraseError::Wait { seconds, .. }) => seconds,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_right_one_counts_and_the_keychain_never_has_it() {
    let (keychain, passphrase) = made();
    passphrase.check(RIGHT, &at(1, "a", 101)).unwrap();
    let kept = keychain.get("passphrase/home").unwrap().unwrap();
    let kept = String::from_utf8(kept.to_vec()).unwrap();
    assert!(kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    assert!(!kept.contains(RIGHT));
    assert_eq!(passphrase.set("too short", None, &at(1, "a", 101)).unwrap_err().code(), "passphrase_short");
}

#[test]
fn guessing_takes_longer_each_time() {
    let waits: Vec<u64> = (0..16).map(|wrong| wait_after(wrong).as_secs()).collect();
    assert_eq!(waits[..8], [0, 0, 0, 5, 10, 20, 40, 80]);
    assert_eq!(waits[15], 3600);
    assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    let (_, passphrase) = made();
    guessed(&passphrase);
    assert_eq!(seconds_left(&passphrase, &at(1, "a", 101)), 4, "not even the right one");
    passphrase.check(RIGHT, &at(6, "a", 106)).unwrap();
    assert_eq!(
        passphrase.check("wrong again, sorry", &at(6, "a", 106)).unwrap_err().code(),
        "passphrase_wrong"
    );
}

#[test]
fn a_restart_does_not_shorten_the_wait() {
    let (keychain, passphrase) = made();
    guessed(&passphrase);
    drop(passphrase);
    let again = Passphrase::open(keychain, "home").unwrap();
    assert_eq!(seconds_left(&again, &at(2, "a", 102)), 3);
    // Another start of the machine, whose own count begins at nothing.
    assert_eq!(seconds_left(&again, &at(3, "b", 1)), 2);
    again.check(RIGHT, &at(6, "b", 4)).unwrap();
}

#[test]
fn setting_the_clock_forward_or_back_does_not_shorten_the_wait() {
    let (_, passphrase) = made();
    guessed(&passphrase);
    assert_eq!(seconds_left(&passphrase, &at(90_000, "a", 101)), 4, "forward, within one start");
    assert_eq!(seconds_left(&passphrase, &at(-90_000, "a", 101)), 4, "back, within one start");
    // Back, and then the machine was started anew: the whole wait from then on, and no more than that.
    let (_, passphrase) = made();
    guessed(&passphrase);
    assert_eq!(seconds_left(&passphrase, &at(-90_000, "b", 1)), 5);
    assert_eq!(seconds_left(&passphrase, &at(-89_998, "b", 3)), 3);
    passphrase.check(RIGHT, &at(-89_994, "b", 7)).unwrap();
}

#[test]
fn another_one_is_set_only_by_who_knows_the_old_one() {
    let (_, passphrase) = made();
    let now = at(1, "a", 101);
    assert_eq!(passphrase.set("something else entirely", None, &now).unwrap_err().code(), "passphrase_wrong");
    passphrase.set("something else entirely", Some(RIGHT), &now).unwrap();
    passphrase.check("something else entirely", &now).unwrap();
    assert!(passphrase.remove(RIGHT, &now).is_err());
    passphrase.remove("something else entirely", &now).unwrap();
    assert_eq!(passphrase.check(RIGHT, &now).unwrap_err().code(), "passphrase_not_set");
}
