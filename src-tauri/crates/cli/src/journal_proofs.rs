//! What an export shows of passkeys: which releases each of them proved, and what was made to look like that.

use crate::say;
use gateway::ceremony::{Audit, AuditedEntry, AuditedRelease};
use journal::{BadEntry, ExportedEntry, RootKey, VerifiedExport, verify_export_each};
use std::{io::BufRead, process::ExitCode};

/// Reads an export to its end twice.
pub(crate) fn audit(
    first: &mut impl BufRead,
    again: &mut impl BufRead,
    key: Option<&RootKey>,
) -> Result<(VerifiedExport, Audit), BadEntry> {
    let mut audit = Audit::default();
    let given = |entry: ExportedEntry<'_>, to: &mut dyn FnMut(AuditedEntry<'_>)| {
        let body = entry.body.map(policy::Value::to_json);
        to(AuditedEntry { seq: entry.seq, kind: entry.kind, hash: entry.hash, body: body.as_deref() });
    };
    verify_export_each(first, key, &mut |entry| given(entry, &mut |entry| audit.know(entry)))?;
    let verified = verify_export_each(again, key, &mut |entry| given(entry, &mut |entry| audit.take(entry)))?;
    Ok((verified, audit))
}

pub(crate) fn tell(audit: &Audit) -> ExitCode {
    for passkey in audit.passkeys() {
        say(format_args!(
            "Passkey on record: {} of {}, {}.",
            passkey.name(),
            passkey.person(),
            passkey.fingerprint()
        ));
    }
    audit.releases().iter().for_each(told);
    if let Some(last) = audit.last_anchor() {
        say(format_args!(
            "Passkeys vouch for the entries up to {last}; the later ones are vouched for by the chain alone."
        ));
    }
    for forged in audit.forged() {
        say(format_args!("Entry {} is forged: {}.", forged.seq, forged.why));
    }
    if audit.forged().is_empty() {
        if !audit.releases().is_empty() {
            say("Compare the fingerprints with the Security page of the home that wrote the export.");
        }
        ExitCode::SUCCESS
    } else {
        say("Do not rely on this export; ask its home for another one, and find out who changed it.");
        ExitCode::FAILURE
    }
}

fn told(release: &AuditedRelease) {
    let what = release.tool.as_deref().unwrap_or("a call whose beginning is not on record");
    let start = format!("Entry {}, {what}: ", release.seq);
    if release.proofs.is_empty() {
        let by = if release.by.is_empty() { "nobody".to_owned() } else { release.by.join(" and ") };
        return say(format_args!("{start}approved by {by}, without proof."));
    }
    for proof in &release.proofs {
        let redacted = if proof.is_compared { "" } else { "; its arguments were redacted since" };
        say(format_args!("{start}proven by {}'s passkey {}{redacted}.", proof.person, proof.name));
    }
}
