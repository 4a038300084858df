//! What a start finds on record: the set that was last confirmed, and whether it can be trusted.

use super::bundle::Compiled;
use super::error::join;
use super::newest::Newest;
use super::signed::Link;
use super::{Bundle, InForce, LINK, Signers};
use journal::{Journal, JournalError, SetInForce};

/// Whether passkeys were ever enrolled here, as the record has it: one signed what was last confirmed, or, where that
/// cannot be trusted, there are entries of one.
pub(crate) fn is_signed(journal: &Journal) -> Result<bool, JournalError> {
    match journal.set_in_force() {
        Ok(Some(set)) => Ok(set.documents.contains_key(LINK)),
        Ok(None) | Err(JournalError::SetTampered) => journal.names_passkeys(),
        Err(error) => Err(error),
    }
}

/// What was last confirmed, as far as it can be trusted; and whether nothing ever was.
pub(super) fn first_in_force(journal: &Journal, newest: &Newest, signers: &Signers) -> (InForce, bool) {
    let untrusted = |why: &str| {
        let reason = format!(
            "the record of the confirmed policy set cannot be trusted ({why}); look at the policies and confirm them"
        );
        (InForce::denying(reason, Bundle::default()), false)
    };
    let stored = match journal.set_in_force() {
        Ok(stored) => stored,
        Err(error) => return untrusted(&error.to_string()),
    };
    let read = stored.map(|SetInForce { mut documents, .. }| {
        let link = documents.remove(LINK);
        (Bundle::from_stored(documents), link)
    });
    match newest.why_older(read.as_ref().map(|(bundle, _)| bundle.hash()).as_deref(), journal) {
        Ok(None) => {}
        Ok(Some(why)) => return untrusted(&why),
        Err(error) => return untrusted(&error.to_string()),
    }
    let Some((bundle, link)) = read else {
        return (InForce::denying("no policy set was confirmed yet".to_owned(), Bundle::default()), true);
    };
    let link: Option<Link> = link.and_then(|text| serde_json::from_str(&text).ok());
    if signers.are_enrolled() {
        let why = match &link {
            None => Some("passkeys are enrolled, and none of them signed it".to_owned()),
            Some(link) => link.why_not(&bundle, signers),
        };
        if let Some(why) = why {
            return untrusted(&why);
        }
    }
    match bundle.compile() {
        Ok(Compiled { set, people }) => (InForce { set, people, bundle, problem: None, link }, false),
        Err(errors) => {
            let why = format!("the confirmed policy set cannot be read by this version: {}", join(&errors));
            (InForce::denying(why, bundle), false)
        }
    }
}
