//! Why the keychain gave nothing: locked, absent, refused, unanswered and empty are different things, each with its
//! own sentence and next step. None of them ever stands for a secret.

/// Why the keychain gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    #[error("the keychain is locked and could not ask to be unlocked")]
    Locked,
    #[error("no keychain service answers: {why}")]
    Absent { why: String },
    #[error("the keychain's question was refused or closed")]
    Refused,
    #[error("the keychain asks its person something, and nobody has answered for {seconds} s")]
    Unanswered { seconds: u64 },
    #[error("the keychain has no default collection to keep secrets in")]
    NoCollection,
    #[error("the keychain has no root key for this home, but its journal was sealed with one")]
    Empty,
    #[error("the keychain's root key for this home has {bytes} bytes instead of 32")]
    Damaged { bytes: usize },
    #[error("the keychain answered with an error: {why}")]
    Failed { why: String },
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
}

impl KeychainError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            KeychainError::Locked => "keychain_locked",
            KeychainError::Absent { .. } => "keychain_absent",
            KeychainError::Refused => "keychain_refused",
            KeychainError::Unanswered { .. } => "keychain_unanswered",
            KeychainError::NoCollection => "keychain_no_collection",
            KeychainError::Empty => "keychain_empty",
            KeychainError::Damaged { .. } => "keychain_damaged",
            KeychainError::Failed { .. } => "keychain_failed",
            KeychainError::NoRandomness(_) => "no_randomness",
        }
    }

    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            KeychainError::Locked => {
                "unlock it: log in to the desktop session, or run `gnome-keyring-daemon --unlock` and type its password"
            }
            KeychainError::Absent { .. } => {
                "install and start a secret service (gnome-keyring, KWallet or KeePassXC) in this session, or make a home that needs none with `doorward init --keychain memory`"
            }
            KeychainError::Refused => "try again and allow Doorward to use the keychain",
            KeychainError::Unanswered { .. } => {
                "look for the keychain's own dialog, answer it, then start Doorward again"
            }
            KeychainError::NoCollection => {
                "make a default keyring once, with Passwords and Keys or by logging in to the desktop"
            }
            KeychainError::Empty => {
                "restore the keychain, or move `journal.sqlite` out of the home to begin a new journal"
            }
            KeychainError::Damaged { .. } => {
                "remove the entry `doorward` from the keychain and move `journal.sqlite` out of the home to begin a new journal"
            }
            KeychainError::Failed { .. } => {
                "look at the keychain service's own log, then start Doorward again"
            }
            KeychainError::NoRandomness(_) => "check that the system's random number source works",
        }
    }
}
