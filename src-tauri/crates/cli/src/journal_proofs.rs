//! What a journal or an export shows of passkeys: which releases each of them proved, and what was made to look like
//! that.

use crate::say;
use gateway::ceremony::{Audit, AuditedEntry, AuditedProof, AuditedRelease};
use journal::{BadEntry, ExportedEntry, Journal, JournalError, RootKey, VerifiedExport, verify_export_each};
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
        let ExportedEntry { seq, at, kind, hold, hash, .. } = entry;
        to(AuditedEntry { seq, at, kind, hold, hash, body: body.as_deref() });
    };
    verify_export_each(first, key, &mut |entry| given(entry, &mut |entry| audit.know(entry)))?;
    let verified = verify_export_each(again, key, &mut |entry| given(entry, &mut |entry| audit.take(entry)))?;
    Ok((verified, audit))
}

/// Reads the home's own journal to its end twice.
pub(crate) fn audit_own(journal: &Journal) -> Result<Audit, JournalError> {
    let mut audit = Audit::default();
    each(journal, &mut |entry| audit.know(entry))?;
    each(journal, &mut |entry| audit.take(entry))?;
    Ok(audit)
}

fn each(journal: &Journal, to: &mut dyn FnMut(AuditedEntry<'_>)) -> Result<(), JournalError> {
    let mut from = 0;
    loop {
        let entries = journal.entries(from)?;
        let Some(last) = entries.last() else { return Ok(()) };
        from = last.seq + 1;
        for entry in &entries {
            let (seq, at, hold, body) = (entry.seq, entry.at, entry.hold.as_deref(), entry.body.as_deref());
            to(AuditedEntry { seq, at, kind: &entry.kind, hold, hash: &entry.hash, body });
        }
    }
}

/// In short, as its window shows each of them.
pub(crate) fn tell_own(audit: &Audit) -> ExitCode {
    let all = audit.releases().len();
    let proven = audit.releases().iter().filter(|release| !release.proofs.is_empty()).count();
    if all > 0 {
        say(format_args!(
            "Calls that a person let go: {all}, of which {proven} by a passkey; an export of it names each."
        ));
    }
    if !is_honest(audit) {
        say("Do not rely on it; restore a backup, and find out who wrote to the file.");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn is_honest(audit: &Audit) -> bool {
    for forged in audit.forged() {
        say(format_args!("Entry {} is forged: {}.", forged.seq, forged.why));
    }
    audit.forged().is_empty()
}

pub(crate) fn tell(audit: &Audit) -> ExitCode {
    for passkey in audit.passkeys() {
        let removed = audit.removed_in(passkey.id());
        let removed = removed.map(|seq| format!("; removed in entry {seq}")).unwrap_or_default();
        say(format_args!(
            "Passkey on record: {} of {}, {}{removed}.",
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
    if !is_honest(audit) {
        say("Do not rely on this export; ask its home for another one, and find out who changed it.");
        return ExitCode::FAILURE;
    }
    if !audit.releases().is_empty() {
        say("Compare the fingerprints with the Security page of the home that wrote the export.");
    }
    ExitCode::SUCCESS
}

fn told(release: &AuditedRelease) {
    let what = release.tool.as_deref().unwrap_or("a call whose beginning is not on record");
    let start = format!("Entry {}, {what}: ", release.seq);
    if release.proofs.is_empty() {
        let by = if release.by.is_empty() { "nobody".to_owned() } else { release.by.join(" and ") };
        return match &release.passphrase {
            Some(person) if release.is_within_window => say(format_args!(
                "{start}within the time after {person}'s passphrase, which only their home could check."
            )),
            Some(person) => {
                say(format_args!("{start}by {person}'s passphrase, which only their home could check."))
            }
            None => say(format_args!("{start}approved by {by}, without proof.")),
        };
    }
    for proof in &release.proofs {
        let AuditedProof { person, name, .. } = proof;
        if release.is_within_window {
            say(format_args!(
                "{start}within the time after {person}'s passkey {name} in entry {}.",
                proof.seq
            ));
            continue;
        }
        let redacted = if proof.is_compared { "" } else { "; its arguments were redacted since" };
        say(format_args!("{start}proven by {person}'s passkey {name}{redacted}."));
    }
}
