//! Changing `doorward.toml` from the window: one key at a time, everything else in the file as it was, comments too.
//! What does not make valid settings is refused, and the file stays.

use super::{
    Home,
    error::{FileError, HomeError},
    folder,
    settings::{DeniedTools, History, Settings, loopback},
};
use crate::keychain::KeychainError;
use std::{net::SocketAddr, path::Path};
use toml_edit::{DocumentMut, Item, Table, value};

/// Fewer days or megabytes would leave no history to look at.
pub(crate) const FEWEST_DAYS: u32 = 1;
const MOST_DAYS: u32 = 3_650;
pub(crate) const FEWEST_MB: u32 = 16;
const MOST_MB: u32 = 102_400;
/// Ports below are the system's.
const FIRST_PORT: u16 = 1_024;

/// One thing to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsChange {
    Port(u16),
    /// Days and megabytes.
    Retention {
        keep_days: u32,
        keep_mb: u32,
    },
    FullResults(bool),
    DeniedTools(DeniedTools),
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("port {0} belongs to the system")]
    Port(u16),
    #[error("{0} days of history cannot be kept")]
    Days(u32),
    #[error("{0} MB of history cannot be kept")]
    Size(u32),
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    Keychain(#[from] KeychainError),
}

impl SettingsError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            SettingsError::Port(_) | SettingsError::Days(_) | SettingsError::Size(_) => "bad_setting",
            SettingsError::Home(error) => error.code(),
            SettingsError::Keychain(error) => error.code(),
        }
    }

    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            SettingsError::Port(_) => format!("choose one from {FIRST_PORT} to 65535"),
            SettingsError::Days(_) => format!("keep {FEWEST_DAYS} to {MOST_DAYS} days"),
            SettingsError::Size(_) => format!("keep {FEWEST_MB} to {MOST_MB} MB"),
            SettingsError::Home(error) => error.hint(),
            SettingsError::Keychain(error) => error.hint().to_owned(),
        }
    }
}

impl From<FileError> for SettingsError {
    fn from(error: FileError) -> SettingsError {
        SettingsError::Home(error.into())
    }
}

impl SettingsChange {
    /// # Errors
    /// The value is none of a setting.
    pub(crate) fn check(self) -> Result<(), SettingsError> {
        match self {
            SettingsChange::Port(port) if port < FIRST_PORT => Err(SettingsError::Port(port)),
            SettingsChange::Retention { keep_days, .. }
                if !(FEWEST_DAYS..=MOST_DAYS).contains(&keep_days) =>
            {
                Err(SettingsError::Days(keep_days))
            }
            SettingsChange::Retention { keep_mb, .. } if !(FEWEST_MB..=MOST_MB).contains(&keep_mb) => {
                Err(SettingsError::Size(keep_mb))
            }
            _ => Ok(()),
        }
    }

    fn write(self, file: &mut DocumentMut, now: &Settings) -> Result<(), HomeError> {
        let mut in_journal = |key: &str, item: Item| {
            let journal = file.entry("journal").or_insert_with(|| Item::Table(Table::new()));
            if let Some(table) = journal.as_table_like_mut() {
                set(table, key, item);
            }
        };
        match self {
            SettingsChange::Port(port) => {
                let listen = loopback(SocketAddr::new(now.listen.ip(), port))?;
                set(file.as_table_mut(), "listen", value(listen.to_string()));
            }
            SettingsChange::Retention { keep_days, keep_mb } => {
                in_journal("keep_days", value(i64::from(keep_days)));
                in_journal("keep_mb", value(i64::from(keep_mb)));
            }
            SettingsChange::FullResults(on) => in_journal("full_results", value(on)),
            SettingsChange::DeniedTools(wish) => {
                let word = match wish {
                    DeniedTools::Hide => "hide",
                    DeniedTools::Show => "show",
                };
                set(file.as_table_mut(), "denied_tools", value(word));
            }
        }
        Ok(())
    }

    /// The change that takes this one back, where the settings are `now`.
    #[must_use]
    pub fn undo(self, now: &Settings) -> SettingsChange {
        let History { keep_days, keep_mb, full_results } = now.journal;
        match self {
            SettingsChange::Port(_) => SettingsChange::Port(now.listen.port()),
            SettingsChange::Retention { .. } => SettingsChange::Retention { keep_days, keep_mb },
            SettingsChange::FullResults(_) => SettingsChange::FullResults(full_results),
            SettingsChange::DeniedTools(_) => SettingsChange::DeniedTools(now.denied_tools),
        }
    }

    /// It takes history away that would otherwise be kept.
    #[must_use]
    pub fn forgets(self, now: &History) -> bool {
        matches!(self, SettingsChange::Retention { keep_days, keep_mb }
            if keep_days < now.keep_days || keep_mb < now.keep_mb)
    }
}

/// A new value in the place of the old one, with the comments around it.
fn set(table: &mut dyn toml_edit::TableLike, key: &str, item: Item) {
    match (table.get_mut(key), item) {
        (Some(Item::Value(old)), Item::Value(mut new)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        (_, item) => drop(table.insert(key, item)),
    }
}

fn parsed(path: &Path, text: &str) -> Result<DocumentMut, FileError> {
    text.parse().map_err(|error: toml_edit::TomlError| FileError::toml(path, text, &error.into()))
}

/// `set.toml` with another default; the rest of it as it was. What it means is for the set to say.
///
/// # Errors
/// The text there is cannot be read.
pub fn with_default(text: Option<&str>, default: &str, flow: Option<&str>) -> Result<String, HomeError> {
    let mut file = parsed(Path::new("set.toml"), text.unwrap_or_default())?;
    set(file.as_table_mut(), "default", value(default));
    match flow {
        Some(flow) => set(file.as_table_mut(), "default_flow", value(flow)),
        None => drop(file.remove("default_flow")),
    }
    Ok(file.to_string())
}

impl Home {
    /// The settings as the file says now; [`Home::settings`] are those of the start.
    ///
    /// # Errors
    /// The file cannot be read or is not valid.
    pub fn settings_on_disk(&self) -> Result<Settings, HomeError> {
        Settings::read(&self.paths().settings())
    }

    /// Writes one change into `doorward.toml`, and says what it held before. Keeping less history counts only once it was
    /// confirmed as well: `Engine::change_settings`.
    ///
    /// # Errors
    /// The value is none, or the file cannot be read or written; it is as it was then.
    pub fn change_settings(&self, change: SettingsChange) -> Result<Settings, SettingsError> {
        change.check()?;
        let path = self.paths().settings();
        let before = Settings::read(&path)?;
        let text = folder::read_text(&path)?;
        let mut file = parsed(&path, &text)?;
        change.write(&mut file, &before)?;
        folder::write_whole(&path, &file.to_string())?;
        Ok(before)
    }
}
