//! Puts our challenge in place of the library's random one; the only file that looks into a pending state.
//!
//! webauthn-rs offers no challenge of the caller's choice, but lets the pending state be written and read (feature
//! `danger-allow-state-serialisation`). The danger is a state that leaves this process or asks for less: here it is
//! written, changed in exactly one field and read again in memory, and only where it asks for user verification.

use crate::ProofError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use webauthn_rs::prelude::{PasskeyAuthentication, RequestChallengeResponse};

/// The request for the browser and the state it is checked against, both with `challenge`.
///
/// # Errors
/// [`ProofError::State`] where the library's state has not the shape known here: nothing is asked then.
pub(crate) fn with_challenge(
    request: RequestChallengeResponse,
    state: &PasskeyAuthentication,
    challenge: [u8; 32],
) -> Result<(RequestChallengeResponse, PasskeyAuthentication), ProofError> {
    let random = URL_SAFE_NO_PAD.encode(&request.public_key.challenge);
    let mut written = serde_json::to_value(state).map_err(|_| ProofError::State)?;
    let asked = written.get_mut("ast").and_then(Value::as_object_mut).ok_or(ProofError::State)?;
    if asked.get("policy").and_then(Value::as_str) != Some("required") {
        return Err(ProofError::State);
    }
    let place = asked.get_mut("challenge").ok_or(ProofError::State)?;
    if place.as_str() != Some(&random) {
        return Err(ProofError::State);
    }
    *place = Value::String(URL_SAFE_NO_PAD.encode(challenge));
    let state = serde_json::from_value(written).map_err(|_| ProofError::State)?;
    let mut request = request;
    request.public_key.challenge = challenge.to_vec();
    Ok((request, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::party::webauthn_at;
    use serde_json::json;

    /// A question that could have been asked of one passkey, and its state.
    fn pending() -> (RequestChallengeResponse, PasskeyAuthentication) {
        let passkey = json!({"cred": {
            "cred_id": "QMB4GgKnOHkzbR_b-OdKAOUDji3baHkiNVovrbNXALM",
            "cred": {"type_": "ES256", "key": {"EC_EC2": {
                "curve": "SECP256R1",
                "x": "PliRzH4Rr8N8_jGr7LN6XPckYVN-PqIq1i5KDK8Stbk",
                "y": "XkoeNLlkXdFmGX0gyg44X1Y25_sQxV6ODRarQ9x-lDQ",
            }}},
            "counter": 0, "transports": null, "user_verified": true, "backup_eligible": false, "backup_state": false,
            "registration_policy": "required",
            "extensions": {
                "cred_protect": "Ignored", "hmac_create_secret": "NotRequested", "appid": "NotRequested",
                "cred_props": "Ignored",
            },
            "attestation": {"data": "None", "metadata": "None"},
            "attestation_format": "none",
        }});
        let passkey = serde_json::from_value(passkey).unwrap();
        webauthn_at(1).unwrap().start_passkey_authentication(&[passkey]).unwrap()
    }

    fn with(change: impl FnOnce(&mut Value)) -> Result<(), ProofError> {
        let (request, state) = pending();
        let mut written = serde_json::to_value(&state).unwrap();
        change(&mut written);
        let state = serde_json::from_value(written).unwrap();
        with_challenge(request, &state, [7; 32]).map(drop)
    }

    #[test]
    fn the_challenge_and_nothing_else_is_changed() {
        let (request, state) = pending();
        let (before, asked) =
            (serde_json::to_value(&state).unwrap(), serde_json::to_value(&request).unwrap());
        let (request, state) = with_challenge(request, &state, [7; 32]).unwrap();
        let (mut after, mut asks) =
            (serde_json::to_value(&state).unwrap(), serde_json::to_value(&request).unwrap());
        let ours = json!(URL_SAFE_NO_PAD.encode([7; 32]));
        assert_eq!((&after["ast"]["challenge"], &asks["publicKey"]["challenge"]), (&ours, &ours));
        after["ast"]["challenge"] = before["ast"]["challenge"].clone();
        asks["publicKey"]["challenge"] = asked["publicKey"]["challenge"].clone();
        assert_eq!((after, asks), (before, asked));
    }

    #[test]
    fn every_state_has_a_random_challenge_before_it_gets_ours() {
        let challenges: Vec<Vec<u8>> = (0..4).map(|_| pending().0.public_key.challenge).collect();
        assert!(challenges.iter().all(|challenge| challenge.len() == 32));
        assert_ne!(challenges.first(), challenges.last());
    }

    #[test]
    fn a_state_that_asks_for_less_is_not_used() {
        for policy in ["preferred", "discouraged"] {
            assert!(matches!(with(|state| state["ast"]["policy"] = json!(policy)), Err(ProofError::State)));
        }
    }

    #[test]
    fn a_state_of_another_question_is_not_used() {
        let other = json!(URL_SAFE_NO_PAD.encode([1; 32]));
        assert!(matches!(with(|state| state["ast"]["challenge"] = other), Err(ProofError::State)));
        assert!(with(|_| {}).is_ok());
    }
}
