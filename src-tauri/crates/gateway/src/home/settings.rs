//! `doorward.toml`: where this home listens, and what it was made with.
//!
//! How votes may be cast and where the root key lives are fixed at birth: the home's id, under which the
//! keychain keeps the root key, spells both, so a later edit is refused or finds no key.

use super::{
    error::{FileError, HomeError},
    folder,
};
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

/// Where the root key is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeychainKind {
    /// The operating system's secret store.
    #[default]
    Os,
    /// In this process only: sealed history and holds are unreadable after a restart.
    Memory,
}

/// What becomes of tools that are denied whatever their arguments, in the lists that agents get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeniedTools {
    #[default]
    Hide,
    Show,
}

/// What `doorward.toml` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Names this home's root key in the keychain.
    pub id: String,
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    #[serde(default)]
    pub terminal_votes: bool,
    #[serde(default)]
    pub keychain: KeychainKind,
    #[serde(default)]
    pub denied_tools: DeniedTools,
    #[serde(default)]
    pub journal: History,
}

/// What the journal keeps, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct History {
    /// Older entries are removed, but for holds that are open and grants in force.
    pub keep_days: u32,
    /// Beyond this the oldest entries go, however young they are.
    pub keep_mb: u32,
    /// Answers of tools in full (to 64 KB, without what is marked secret) instead of their size and hash.
    pub full_results: bool,
}

impl Default for History {
    fn default() -> History {
        History { keep_days: 30, keep_mb: 1_024, full_results: false }
    }
}

/// 127.0.0.1, port 7717 and up: users of one machine get different ports by their uid (modulo 200).
///
/// uids begin at 1000 on most systems, so the first user and root get 7717.
#[must_use]
pub fn default_listen() -> SocketAddr {
    #[cfg(unix)]
    let uid = rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    let uid = 0;
    let offset = u16::try_from(uid % 200).unwrap_or(0);
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7717 + offset)
}

/// How an id begins for a home with these birth settings.
fn birth(terminal_votes: bool, keychain: KeychainKind) -> String {
    let keychain = match keychain {
        KeychainKind::Os => "os",
        KeychainKind::Memory => "memory",
    };
    format!("{keychain}-{}-", if terminal_votes { "terminal" } else { "window" })
}

impl Settings {
    /// Settings for a new home; `random` becomes part of its id.
    pub(super) fn new(
        listen: SocketAddr,
        terminal_votes: bool,
        keychain: KeychainKind,
        random: [u8; 16],
    ) -> Self {
        let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let id = birth(terminal_votes, keychain) + &hex;
        Settings {
            id,
            listen,
            terminal_votes,
            keychain,
            denied_tools: DeniedTools::default(),
            journal: History::default(),
        }
    }

    pub(crate) fn read(path: &Path) -> Result<Settings, HomeError> {
        let text = folder::read_text(path)?;
        let settings: Settings =
            toml_edit::de::from_str(&text).map_err(|error| FileError::toml(path, &text, &error))?;
        settings.check(path)?;
        Ok(settings)
    }

    fn check(&self, path: &Path) -> Result<(), HomeError> {
        loopback(self.listen)?;
        let changed = |key| Err(HomeError::BirthChanged { key, path: path.to_owned() });
        let was_terminal = self.id.contains("-terminal-");
        if self.terminal_votes != was_terminal {
            return changed("terminal_votes");
        }
        if !self.id.starts_with(&birth(self.terminal_votes, self.keychain)) {
            return changed("keychain");
        }
        Ok(())
    }

    pub(super) fn to_toml(&self) -> String {
        let keychain = match self.keychain {
            KeychainKind::Os => "os",
            KeychainKind::Memory => "memory",
        };
        let denied_tools = match self.denied_tools {
            DeniedTools::Hide => "hide",
            DeniedTools::Show => "show",
        };
        format!(
            "# Settings of this Doorward home. Doorward reads them when it starts.\n\
             \n\
             # Names this home's root key in the keychain; a home with another id cannot read its journal.\n\
             id = \"{}\"\n\
             \n\
             # Where agents connect: a loopback address. A port that is taken is an error, never moved.\n\
             listen = \"{}\"\n\
             \n\
             # Tools that a policy denies to an agent whatever the arguments: \"hide\" them from its lists, or \"show\" them.\n\
             denied_tools = \"{denied_tools}\"\n\
             \n\
             # Fixed when the home was made: may votes be typed into `doorward serve`?\n\
             terminal_votes = {}\n\
             \n\
             # Fixed when the home was made: \"os\" keeps the root key in the system's secret store, \"memory\" forgets it.\n\
             keychain = \"{keychain}\"\n\
             \n\
             # What the journal keeps: days, megabytes, and whether tools' answers in full or by size and hash.\n\
             # Fewer days or megabytes than were agreed to count once they are saved in the window.\n\
             [journal]\n\
             keep_days = {}\n\
             keep_mb = {}\n\
             full_results = {}\n",
            self.id,
            self.listen,
            self.terminal_votes,
            self.journal.keep_days,
            self.journal.keep_mb,
            self.journal.full_results
        )
    }
}

/// Agents' port is for this machine only.
pub fn loopback(listen: SocketAddr) -> Result<SocketAddr, HomeError> {
    if listen.ip().is_loopback() { Ok(listen) } else { Err(HomeError::NotLoopback { listen }) }
}
