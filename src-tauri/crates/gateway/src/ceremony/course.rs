//! One ceremony from its first look to its end: what its page shows, what each step answers, what came of it.
//!
//! It ends once: proven, enrolled, rejected or out of time. Every answer that does not count is in the journal with
//! its reason, and spends the question it was for; the person may be asked again until the time is over.

use super::page::{self, Asking};
use super::store::PasskeysError;
use super::subject::{Shown, Subject};
use super::{CeremonyEnd, Presence, enrolment, hold};
use crate::clock::Begun;
use crate::engine::Engine;
use journal::{Entry, PasskeyEntry};
use policy::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stepup::{Candidate, PendingEnrolment, PendingProof, Proof, ProofError, RelyingParty};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// See the module.
pub(super) struct Course {
    pub(super) engine: Arc<Engine>,
    pub(super) party: RelyingParty,
    pub(super) subject: Subject,
    pub(super) until: Timestamp,
    begun: Begun,
    port: u16,
    token: String,
    state: Mutex<State>,
    ended: watch::Sender<Option<CeremonyEnd>>,
    over: CancellationToken,
}

#[derive(Default)]
struct State {
    pending: Option<Pending>,
    /// What the page says from now on.
    over: Option<Words>,
    /// Reasons that are on record already.
    strangers: BTreeSet<&'static str>,
}

/// A question that waits for the browser's answer.
pub(super) enum Pending {
    Proof(PendingProof),
    Hold(PendingProof, hold::Asked),
    Make(PendingEnrolment),
    /// The first passkey is made, and signs the set in force.
    First(PendingProof, Box<Candidate>),
    /// The new passkey is made, and an old one signs it in.
    SignIn(PendingProof, Box<Candidate>),
}

/// A title and a sentence or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) text: String,
}

impl Words {
    pub(super) fn new(title: &str, text: &str) -> Words {
        Words { title: title.to_owned(), text: text.to_owned() }
    }
}

/// What a page sends: nothing (begin), an answer, or a rejection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    shown: String,
    #[serde(default)]
    answer: Option<Value>,
    #[serde(default)]
    reject: bool,
}

/// What the page does next.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) struct Reply {
    /// `get`, `create`, `done`, `stop` or `again`.
    kind: &'static str,
    title: String,
    text: String,
    #[serde(rename = "publicKey", skip_serializing_if = "Option::is_none")]
    public_key: Option<Value>,
}

/// What a step came to.
pub(super) enum Stepped {
    /// Ask the browser: `get` or `create`, with the words shown meanwhile.
    Ask(&'static str, Value, Words, Box<Pending>),
    Done(CeremonyEnd, Words),
}

/// Why a step came to nothing.
pub(super) enum Failure {
    Proof(ProofError),
    Passkeys(PasskeysError),
    /// It cannot go on: the code for the journal, and what the page says.
    Stop(&'static str, Words),
}

impl From<ProofError> for Failure {
    fn from(error: ProofError) -> Failure {
        Failure::Proof(error)
    }
}

impl From<PasskeysError> for Failure {
    fn from(error: PasskeysError) -> Failure {
        Failure::Passkeys(error)
    }
}

impl Course {
    pub(super) fn new(
        engine: Arc<Engine>,
        party: RelyingParty,
        (port, token): (u16, String),
        subject: Subject,
        until: Timestamp,
    ) -> Course {
        let (ended, over) = (watch::channel(None).0, CancellationToken::new());
        let begun = engine.desk().clock().begin();
        Course { engine, party, subject, until, begun, port, token, state: Mutex::default(), ended, over }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn ended(&self) -> watch::Receiver<Option<CeremonyEnd>> {
        self.ended.subscribe()
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().over.is_some() || self.now() >= self.until
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A clock that is set back lengthens no ceremony.
    pub(super) fn now(&self) -> Timestamp {
        self.engine.desk().clock().now_since(self.begun)
    }

    /// The page as it stands. Blocks on the disk.
    pub(super) fn page(&self) -> String {
        let at = format!("/{}", self.token);
        self.expire();
        if let Some(over) = &self.lock().over {
            return page::saying(&over.title, &over.text, &at);
        }
        match self.shown() {
            Ok((shown, mark)) => page::asking(&Asking {
                shown: &shown,
                at: &at,
                until: self.until,
                mark: &mark,
                may_reject: self.subject.hold().is_some(),
            }),
            Err(words) => page::saying(&words.title, &words.text, &at),
        }
    }

    /// What it shows and the mark a step must repeat; or why nothing can be asked.
    fn shown(&self) -> Result<(Shown, String), Words> {
        let roster = self.engine.proofs().passkeys().roster().map_err(|error| tampered(&error))?;
        match &self.subject {
            Subject::Hold { hold } => hold::shown(&self.engine, hold, &roster),
            subject => enrolment::shown(&self.engine, subject, &roster).map(|shown| (shown, String::new())),
        }
    }

    /// One step of the page. Blocks on the disk and the keychain.
    pub(super) fn step(&self, said: Said) -> Reply {
        self.expire();
        let mut state = self.lock();
        if let Some(over) = &state.over {
            let reply = Reply::say("stop", over);
            if said.answer.is_some() {
                self.note_refused("over");
            }
            return reply;
        }
        let pending = state.pending.take();
        let stepped = match (said, pending) {
            (Said { reject: true, .. }, _) => self.reject(),
            (Said { answer: None, shown, .. }, _) => self.begin(&shown),
            (Said { answer: Some(answer), .. }, Some(pending)) => self.take(pending, &answer),
            (Said { answer: Some(_), .. }, None) => Err(Failure::Proof(ProofError::OtherChallenge)),
        };
        match stepped {
            Ok(Stepped::Ask(kind, options, words, pending)) => {
                state.pending = Some(*pending);
                let public_key = options.get("publicKey").cloned();
                Reply { kind, title: words.title, text: words.text, public_key }
            }
            Ok(Stepped::Done(end, words)) => {
                let used =
                    Words::new(&words.title, &format!("{} This page works once and is used.", words.text));
                state.over = Some(used);
                drop(state);
                self.end(end);
                Reply::say("done", &words)
            }
            Err(failure) => self.failed(&mut state, failure),
        }
    }

    fn begin(&self, mark: &str) -> Result<Stepped, Failure> {
        let roster = self.engine.proofs().passkeys().roster()?;
        match &self.subject {
            Subject::Hold { hold } => hold::begin(self, hold, mark, &roster),
            subject => enrolment::begin(self, subject, &roster),
        }
    }

    fn take(&self, pending: Pending, answer: &Value) -> Result<Stepped, Failure> {
        let now = self.now();
        match pending {
            Pending::Hold(pending, asked) => {
                let proof = self.party.finish_proof(pending, answer, now.0)?;
                self.used(&proof, now)?;
                hold::take(self, asked, &proof)
            }
            Pending::Proof(pending) => {
                let proof = self.party.finish_proof(pending, answer, now.0)?;
                self.used(&proof, now)?;
                enrolment::take_proof(self, &proof, now)
            }
            Pending::Make(pending) => {
                let candidate = self.party.finish_enrolment(pending, answer, now.0)?;
                enrolment::take_candidate(self, candidate)
            }
            Pending::First(pending, candidate) => {
                let proof = self.party.finish_proof(pending, answer, now.0)?;
                enrolment::first(self, *candidate, &proof)
            }
            Pending::SignIn(pending, candidate) => {
                let proof = self.party.finish_proof(pending, answer, now.0)?;
                self.used(&proof, now)?;
                enrolment::sign_in(self, *candidate, &proof)
            }
        }
    }

    /// Keeps the counter; a passkey that was removed meanwhile proves nothing.
    fn used(&self, proof: &Proof, now: Timestamp) -> Result<(), Failure> {
        Ok(self.engine.proofs().passkeys().change(|roster| roster.used(proof, now.0).map(drop))?)
    }

    fn reject(&self) -> Result<Stepped, Failure> {
        match &self.subject {
            Subject::Hold { hold } => hold::reject(self, hold),
            _ => Err(Failure::Stop("rejected", Words::new("Nothing was done.", "Close this page."))),
        }
    }

    fn failed(&self, state: &mut State, failure: Failure) -> Reply {
        match failure {
            Failure::Proof(ProofError::Expired) => {
                self.note_refused("expired");
                let words = expired();
                state.over = Some(words.clone());
                self.end(CeremonyEnd::Expired);
                Reply::say("stop", &words)
            }
            Failure::Proof(error) => {
                self.note_refused(error.code());
                tracing::warn!(%error, "an answer to a ceremony did not count");
                Reply::say("again", &Words::new("That did not count.", &sentence(&error.to_string())))
            }
            Failure::Passkeys(error) => {
                self.note_refused("passkeys");
                tracing::error!(%error, "a ceremony could not use the passkeys");
                Reply::say("again", &Words::new("That did not count.", &sentence(&error.to_string())))
            }
            Failure::Stop(code, words) => {
                self.note_refused(code);
                state.over = Some(words.clone());
                self.end(CeremonyEnd::Stopped);
                Reply::say("stop", &words)
            }
        }
    }

    /// The time is over, whoever looks first.
    fn expire(&self) {
        let mut state = self.lock();
        if state.over.is_none() && self.now() >= self.until {
            state.over = Some(expired());
            drop(state);
            self.end(CeremonyEnd::Expired);
        }
    }

    fn end(&self, end: CeremonyEnd) {
        self.ended.send_if_modified(|ended| {
            let is_first = ended.is_none();
            if is_first {
                *ended = Some(end);
            }
            is_first
        });
        self.over.cancel();
    }

    /// For a proof of something that is no hold.
    pub(super) fn presence(&self, proof: &Proof, now: Timestamp) -> Result<Presence, Failure> {
        let evidence = proof.evidence().to_json()?;
        let Ok(person) = proof.person().parse() else {
            return Err(Failure::Proof(ProofError::OtherCredential));
        };
        Ok(Presence {
            person,
            credential: proof.credential().clone(),
            binding: *proof.binding(),
            evidence,
            at: now,
        })
    }

    pub(super) fn note_refused(&self, why: &str) {
        let purpose = self.subject.purpose().tag().to_owned();
        let hold = self.subject.hold().cloned();
        self.engine.note(Entry::Passkey(PasskeyEntry::Refused { purpose, hold, why: why.to_owned() }));
    }

    /// Of whoever speaks to the port and was not sent by us. Each reason once a ceremony, so that a flood fills no disk.
    pub(super) fn note_stranger(&self, why: Option<&'static str>) {
        if let Some(why) = why
            && self.lock().strangers.insert(why)
        {
            self.note_refused(why);
        }
    }

    pub(super) async fn ended_or_expired(&self) {
        tokio::select! {
            () = self.over.cancelled() => {}
            () = self.engine.desk().clock().sleep_until(self.until) => self.expire(),
        }
    }

    pub(super) async fn rest(&self, time: Duration) {
        self.engine.desk().clock().sleep_until(self.now().after(time)).await;
    }

    /// The port is closed: whoever waits for an end gets one.
    pub(super) fn close(&self) {
        self.end(CeremonyEnd::Stopped);
    }
}

impl Reply {
    fn say(kind: &'static str, words: &Words) -> Reply {
        Reply { kind, title: words.title.clone(), text: words.text.clone(), public_key: None }
    }
}

fn expired() -> Words {
    Words::new("The time for this page is over.", "Nothing was done. Start again in Doorward.")
}

pub(super) fn tampered(error: &PasskeysError) -> Words {
    Words::new(
        "Passkeys cannot be used now.",
        &format!("{} Open Security in Doorward to see what to do.", sentence(&error.to_string())),
    )
}

/// An error as a person reads it.
pub(super) fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
