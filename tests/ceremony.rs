//! Passkeys end to end: enrolled, used for exactly one call, and every way to get round that refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "ceremony/attacks.rs"]
mod attacks;
#[path = "ceremony/audited.rs"]
mod audited;
#[path = "ceremony/backup.rs"]
mod backup;
#[path = "ceremony/behind.rs"]
mod behind;
#[path = "ceremony/canary.rs"]
mod canary;
#[path = "ceremony/changed.rs"]
mod changed;
#[path = "ceremony/chromium.rs"]
mod chromium;
#[path = "ceremony/desktop.rs"]
mod desktop;
#[path = "ceremony/enrolment.rs"]
mod enrolment;
#[path = "ceremony/forged.rs"]
mod forged;
#[path = "ceremony/held.rs"]
mod held;
#[path = "ceremony/loosened.rs"]
mod loosened;
#[path = "ceremony/lost.rs"]
mod lost;
#[path = "ceremony/passphrase.rs"]
mod passphrase;
#[path = "ceremony/refused.rs"]
mod refused;
#[path = "ceremony/routes.rs"]
mod routes;
#[path = "ceremony/secret.rs"]
mod secret;
#[path = "ceremony/signed.rs"]
mod signed;
mod support;
#[path = "ceremony/together.rs"]
mod together;

use gateway::Engine;
use gateway::ceremony::{CeremonyEnd, Subject};
use std::sync::Arc;
use support::browser::{Page, SoftPasskey, passkey};
use support::world::World;

/// Enrols `key` for a person, let in by `signer` where one is needed.
async fn run_enrolment(
    engine: &Arc<Engine>,
    person: &str,
    key: &mut SoftPasskey,
    signer: Option<&mut SoftPasskey>,
) {
    let name = if signer.is_some() { "Key" } else { "Laptop" };
    let subject = Subject::Enrol { person: person.parse().unwrap(), name: name.to_owned() };
    let ceremony = engine.start_ceremony(subject).await.unwrap();
    let reply = Page::open(&ceremony).await.run(Some(key), signer).await;
    assert_eq!(reply["kind"], "done", "{reply}");
    assert!(matches!(ceremony.ended().await, CeremonyEnd::Enrolled(_)));
}

/// The first passkey of this desk.
async fn enrolled(world: &World, person: &str) -> SoftPasskey {
    let mut key = passkey();
    run_enrolment(&world.engine, person, &mut key, None).await;
    key
}

/// One more, let in by one that is there.
async fn enrolled_by(world: &World, person: &str, signer: &mut SoftPasskey) -> SoftPasskey {
    let mut key = passkey();
    run_enrolment(&world.engine, person, &mut key, Some(signer)).await;
    key
}
