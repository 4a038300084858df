//! What is read for whom, and what is not taken.

use super::*;
use crate::home::Transport;
use crate::keychain::MemoryKeychain;

fn upstream(secrets: &[(&str, bool)]) -> UpstreamConfig {
    let transport = Transport::Http { url: "http://127.0.0.1:9/mcp".to_owned(), headers: [].into() };
    let secrets = secrets.iter().map(|(name, step_up)| {
        let place = SecretPlace::Header { header: format!("X-{name}"), prefix: "Bearer ".to_owned() };
        SecretUse::new((*name).to_owned(), place, *step_up).unwrap()
    });
    let config = UpstreamConfig::new("pay".parse().unwrap(), transport, false).unwrap();
    config.with_secrets(secrets.collect()).unwrap()
}

fn kept(values: &[(&str, &str)]) -> Supply {
    let keychain = MemoryKeychain::default();
    for (name, value) in values {
        store(&keychain, "home", "pay", name, &Secret::new(value.as_bytes().to_vec())).unwrap();
    }
    Supply::new(Arc::new(keychain), "home", None)
}

#[tokio::test]
async fn without_a_proof_only_what_is_not_marked_is_read() {
    let supply = kept(&[("plain", "one"), ("strict", "two")]);
    let config = upstream(&[("plain", false), ("strict", true)]);
    let standing = supply.standing(&config).await.unwrap_or_else(|_| panic!("it is there"));
    assert_eq!(standing.headers.len(), 1);
    assert_eq!(standing.headers["x-plain"], "Bearer one");
    assert!(standing.headers["x-plain"].is_sensitive(), "no log shows it");
    let opened = supply.opened_by(&Proven::for_a_test(), &config).await.unwrap_or_else(|_| panic!());
    assert_eq!(opened.headers.len(), 1);
    assert_eq!(opened.headers["x-strict"], "Bearer two");
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_is_an_error_that_names_it_and_the_next_step() {
    let config = upstream(&[("plain", false)]);
    for (supply, code) in [
        (kept(&[]), "the keychain has no value for it"),
        (kept(&[("plain", "two\nlines")]), "its value cannot stand there"),
        (kept(&[("plain", "")]), "its value cannot stand there"),
        (Supply::default(), "this program was given no keychain"),
    ] {
        let (name, error) = supply.standing(&config).await.err().unwrap();
        assert_eq!(name, "plain");
        assert!(error.to_string().starts_with(code), "{error}");
        assert!(!error.hint().is_empty());
    }
}

#[tokio::test]
async fn while_nothing_is_in_force_no_value_leaves_the_keychain() {
    let (supply, config) = (kept(&[("plain", "one")]), upstream(&[("plain", false)]));
    supply.clone().withhold(true);
    assert!(matches!(supply.standing(&config).await, Err((_, SecretError::Unconfirmed))));
    supply.withhold(false);
    assert!(supply.standing(&config).await.is_ok());
}

#[tokio::test]
async fn an_upstream_cannot_read_the_secret_of_another_by_naming_it() {
    let keychain = MemoryKeychain::default();
    store(&keychain, "home", "other", "plain", &Secret::new(b"theirs".to_vec())).unwrap();
    let supply = Supply::new(Arc::new(keychain), "home", None);
    assert!(supply.standing(&upstream(&[("plain", false)])).await.is_err());
}

#[test]
fn removing_an_upstream_removes_its_values() {
    let keychain = MemoryKeychain::default();
    let config = upstream(&[("a", false), ("b", true)]);
    for name in ["a", "b"] {
        store(&keychain, "home", "pay", name, &Secret::new(b"x".to_vec())).unwrap();
    }
    forget(&keychain, "home", &config).unwrap();
    assert_eq!(keychain.get("secret/home/pay/a").unwrap(), None);
    assert_eq!(keychain.get("secret/home/pay/b").unwrap(), None);
}
