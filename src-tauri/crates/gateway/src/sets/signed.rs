//! The passkey's signature under a set, and who may sign.
//!
//! A link signs the hash of a set together with that of the set before it. What came after the newest link must be
//! free changes of it, all together: that is checked anew at each start, so the record alone frees nothing.

use super::{Bundle, Reason, needs_proof};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use stepup::{Binding, Credential, Evidence, Purpose, verify_stored};

/// Says what the 32 bytes that are signed mean.
const TAG: &[u8] = b"doorward signed set v1";

type Asked = dyn Fn() -> Result<Vec<Credential>, String> + Send + Sync;

/// The passkeys that may sign a set, as they stand when asked.
#[derive(Clone)]
pub struct Signers(Arc<Asked>);

/// One set that a passkey signed.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Link {
    /// Hash of the set before; empty for the first.
    pub(super) previous: String,
    /// Stored documents of what was signed.
    pub(super) base: BTreeMap<String, String>,
    /// The assertion, as `stepup` keeps it.
    pub(super) evidence: serde_json::Value,
}

impl Default for Signers {
    /// Nobody: nothing can be proven, and a person's click is all there is.
    fn default() -> Signers {
        Signers(Arc::new(|| Ok(Vec::new())))
    }
}

impl Signers {
    #[must_use]
    pub fn new(credentials: impl Fn() -> Result<Vec<Credential>, String> + Send + Sync + 'static) -> Signers {
        Signers(Arc::new(credentials))
    }

    /// Whether loosening needs a signature. A record of passkeys that cannot be trusted never means that it does not.
    pub(super) fn are_enrolled(&self) -> bool {
        (self.0)().map_or(true, |all| all.iter().any(|credential| credential.removed_at().is_none()))
    }

    /// That one of them signed `set` after `previous`. With `now`, it must not have been removed.
    pub(super) fn verify(
        &self,
        evidence: &serde_json::Value,
        (set, previous): (&str, &str),
        now: bool,
    ) -> Result<(), String> {
        let evidence = Evidence::from_json(evidence).map_err(|error| error.to_string())?;
        let known = (self.0)()?;
        let mut fitting = known.iter().filter(|credential| credential.id() == evidence.credential());
        let credential = fitting.next().ok_or("no passkey of this home made it")?;
        // After the last passkey went, or a reset, a new first one signs anew: what an older one signed is over.
        if known.iter().any(|other| other.removed_at().is_none() && other.epoch() > credential.epoch()) {
            return Err("the passkey that made it is from before the passkeys began anew".to_owned());
        }
        if now && credential.removed_at().is_some() {
            return Err("the passkey that made it was removed".to_owned());
        }
        verify_stored(&evidence, &binding(set, previous), credential).map_err(|error| error.to_string())?;
        Ok(())
    }
}

/// What a passkey agrees to when it signs a set: SHA-256 of tag, set hash and previous set hash.
#[must_use]
pub fn binding(set: &str, previous: &str) -> Binding {
    let parts = Binding::of_parts(Purpose::SignSet, &[TAG, set.as_bytes(), previous.as_bytes()]);
    Binding::new(Purpose::SignSet, parts.hash())
}

impl Link {
    /// Why this link does not vouch for `bundle`; none where it does.
    pub(super) fn why_not(&self, bundle: &Bundle, signers: &Signers) -> Option<String> {
        let base = Bundle::from_stored(self.base.clone());
        if let Err(why) = signers.verify(&self.evidence, (&base.hash(), &self.previous), false) {
            return Some(format!("its signature does not hold: {why}"));
        }
        let unsigned: Vec<Reason> = needs_proof(&base, bundle);
        unsigned.first().map(|reason| format!("since it was signed, {reason}"))
    }
}
