//! The newest entry, remembered outside the file: cutting off the newest entries leaves a chain that is whole, and only
//! somebody who knows how far it went can tell. The gateway keeps an anchor in the keychain; exports carry one.

use crate::chain::Hash;
use crate::write::Pen;
use crate::{Journal, JournalError};
use std::fmt;
use std::str::FromStr;
use std::sync::PoisonError;

/// An entry's number and hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    pub seq: u64,
    pub hash: Hash,
}

/// Why a text is no anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an anchor is an entry's number, a colon and 64 hexadecimal digits")]
pub struct AnchorError;

pub(crate) type Keeper = Box<dyn Fn(Anchor) + Send + Sync>;

impl Journal {
    /// The newest entry in the file, with everything recorded so far; it outlives a loss of power.
    ///
    /// # Errors
    /// What the database says.
    pub fn anchor(&self) -> Result<Anchor, JournalError> {
        self.settle()?;
        let head = match self.pen.writer().as_mut() {
            Some(writer) => writer.durable_head(&self.pen)?,
            None => crate::write::read_head(&self.reader())?,
        };
        Ok(Anchor { seq: head.seq, hash: head.hash })
    }

    /// From now on `keep` is given the newest entry, once it outlives a loss of power: within a second of a held call's
    /// release, within seconds of any other entry, and at the end. What it does keeps the queue waiting.
    pub fn keep_anchor(&self, keep: impl Fn(Anchor) + Send + Sync + 'static) {
        *self.pen.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(keep));
        self.pen.stirred.notify_all();
    }
}

impl Pen {
    /// Gives the newest entry to whoever keeps it, if it is another one than the last.
    pub(crate) fn anchor(&self, last: &mut Option<Anchor>) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(keep) = &*keeper else { return };
        let head = match self.writer().as_mut() {
            Some(writer) => writer.durable_head(self),
            None => return,
        };
        if let Ok(head) = head {
            let anchor = Anchor { seq: head.seq, hash: head.hash };
            if *last != Some(anchor) {
                keep(anchor);
                *last = Some(anchor);
            }
        }
    }

    pub(crate) fn has_keeper(&self) -> bool {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.seq)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Anchor {
    type Err = AnchorError;
    fn from_str(text: &str) -> Result<Anchor, AnchorError> {
        let (seq, hash) = text.split_once(':').ok_or(AnchorError)?;
        let hash = unhex(hash).ok_or(AnchorError)?;
        Ok(Anchor { seq: seq.parse().map_err(|_| AnchorError)?, hash })
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").ok();
    }
    text
}

/// Exactly so many bytes, in lower case.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N * 2 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip(0..) {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}
