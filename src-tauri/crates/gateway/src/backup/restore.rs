//! A backup becomes a home again: everything is made in a folder beside it, the keychain takes its entries, and the
//! folder is put in its place last. Whatever fails, the keychain is as it was and the folder is gone.

use super::sealed::{self, Opened};
use super::{BackupError, Contents, ENTRIES, moment, newest, newest_entry};
use crate::home::{self, KeychainKind, Paths, Settings};
use crate::keychain::{Keychain, Secret};
use crate::sets::{self, Bundle};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use journal::{Entry, Journal, RootKey};
use policy::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made, as people read it.
    pub made: String,
    /// Secrets to type anew: `UPSTREAM NAME`.
    pub secrets: Vec<String>,
}

/// Restores the home of a backup into a folder that is absent or empty. `older` takes one that the keychain knows to
/// be older than the home was. Takes a while.
///
/// # Errors
/// Nothing was restored then.
pub fn restore(
    text: &str,
    passphrase: &str,
    dir: &Path,
    keychain: &Arc<dyn Keychain>,
    now: Timestamp,
    older: bool,
) -> Result<Restored, BackupError> {
    let backup = sealed::open(text, passphrase)?;
    let root = root_key(&backup.contents)?;
    must_be_free(dir)?;
    must_be_newest(&backup, &**keychain, older)?;
    let aside = Aside::make(dir)?;
    let bundle = write_files(&backup.contents, &aside.0)?;
    // A keychain that knows this home knows its passphrase, and how often that was guessed wrongly, better than the file.
    let is_known = keychain.get(&format!("root-key/{}", backup.home))?.is_some();
    let entries = Entries::take(keychain, &backup.home)?;
    let put = || -> Result<(), BackupError> {
        for name in ENTRIES.into_iter().filter(|name| *name != "passphrase" || !is_known) {
            if let Some(text) = backup.contents.keychain.get(name) {
                let secret = Secret::new(STANDARD_NO_PAD.decode(text).map_err(|_| BackupError::Changed)?);
                keychain.set(&format!("{name}/{}", backup.home), &secret)?;
            }
        }
        let journal = Journal::open(&Paths::new(&aside.0).journal(), &root, move || now)?;
        let said = format!("restored from the backup of {}", moment(backup.made_at));
        journal.record(Entry::Alarm { code: "restored".to_owned(), said })?;
        journal.confirm_set(&backup.contents.set)?;
        sets::note_as_newest(Arc::clone(keychain), &backup.home, &bundle.hash(), &journal)?;
        keychain.set(&newest_entry(&backup.home), backup.made_at.0.to_string().as_bytes())?;
        drop(journal);
        aside.put(dir)
    };
    if let Err(error) = put() {
        entries.put_back(&**keychain);
        return Err(error);
    }
    Ok(Restored { made: moment(backup.made_at), secrets: secrets(&bundle) })
}

fn root_key(contents: &Contents) -> Result<RootKey, BackupError> {
    let text = contents.keychain.get("root-key").ok_or(BackupError::Changed)?;
    let bytes = Secret::new(STANDARD_NO_PAD.decode(text).map_err(|_| BackupError::Changed)?);
    let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| BackupError::Changed)?;
    Ok(RootKey::new(bytes))
}

fn must_be_free(dir: &Path) -> Result<(), BackupError> {
    match fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(BackupError::Occupied(dir.to_owned())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Err(BackupError::Occupied(dir.to_owned()))
        }
        Err(why) => Err(BackupError::Io { doing: "read the folder", path: dir.to_owned(), why }),
    }
}

/// The keychain of the machine that the home was on remembers more than the file does.
fn must_be_newest(backup: &Opened, keychain: &dyn Keychain, older: bool) -> Result<(), BackupError> {
    if let Some(known) = keychain.get(&format!("root-key/{}", backup.home))? {
        let ours = backup.contents.keychain.get("root-key").map(|text| STANDARD_NO_PAD.decode(text));
        if !matches!(ours, Some(Ok(ours)) if ours == *known) {
            return Err(BackupError::OtherKey);
        }
    }
    if older {
        return Ok(());
    }
    if let Some(newest) = newest(keychain, &backup.home)?.filter(|newest| *newest > backup.made_at) {
        let (ours, newest) = (moment(backup.made_at), moment(newest));
        return Err(BackupError::Older(format!("it was made {ours}, and the newest one {newest}")));
    }
    let passkeys = keychain.get(&format!("passkeys/{}", backup.home))?;
    let ours = backup.contents.keychain.get("passkeys").map(|text| STANDARD_NO_PAD.decode(text));
    if passkeys.is_some_and(|known| !matches!(ours, Some(Ok(ours)) if ours == *known)) {
        let ours = moment(backup.made_at);
        return Err(BackupError::Older(format!("passkeys were added or removed after it was made, {ours}")));
    }
    let hash = Bundle::from_stored(backup.contents.set.clone()).hash();
    if sets::is_older_set(keychain, &backup.home, &hash)? {
        let ours = moment(backup.made_at);
        return Err(BackupError::Older(format!("policies were changed after it was made, {ours}")));
    }
    Ok(())
}

fn write_files(contents: &Contents, aside: &Path) -> Result<Bundle, BackupError> {
    let (paths, bundle) = (Paths::new(aside), Bundle::from_stored(contents.set.clone()));
    home::make_private(&paths.policies())?;
    home::write_documents(&paths.policies(), &bundle.documents)?;
    home::write_whole(&paths.people(), &bundle.people)?;
    home::write_whole(&paths.agents(), &bundle.agents)?;
    home::write_whole(&paths.upstreams(), &bundle.upstreams)?;
    if let Some(passkeys) = &contents.passkeys {
        home::write_whole(&paths.passkeys(), passkeys)?;
    }
    home::write_whole(&paths.settings(), &contents.settings)?;
    if Settings::read(&paths.settings())?.keychain == KeychainKind::Memory {
        return Err(BackupError::InMemory);
    }
    Ok(bundle)
}

fn secrets(bundle: &Bundle) -> Vec<String> {
    let book = home::UpstreamBook::parse(PathBuf::from("upstreams.toml"), &bundle.upstreams);
    let of = |config: &home::UpstreamConfig| {
        config.secrets.iter().map(|used| format!("{} {}", config.name, used.name)).collect::<Vec<_>>()
    };
    book.map(|book| book.list().iter().flat_map(of).collect()).unwrap_or_default()
}

/// The new home until it is whole; it goes with the value unless it was put in its place.
struct Aside(PathBuf);

impl Aside {
    fn make(dir: &Path) -> Result<Aside, BackupError> {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        let aside = dir.with_file_name(format!(".{name}.restore-{}", std::process::id()));
        home::make_private(&aside)?;
        Ok(Aside(aside))
    }

    fn put(&self, dir: &Path) -> Result<(), BackupError> {
        let failed =
            |why| BackupError::Io { doing: "put the home in its place at", path: dir.to_owned(), why };
        if dir.exists() {
            // Only an empty one goes.
            fs::remove_dir(dir).map_err(failed)?;
        }
        fs::rename(&self.0, dir).map_err(failed)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Renamed away, or what is left of a restore that failed.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the keychain had before.
struct Entries(Vec<(String, Option<Secret>)>);

impl Entries {
    fn take(keychain: &Arc<dyn Keychain>, home_id: &str) -> Result<Entries, BackupError> {
        let mut names: Vec<String> = ENTRIES.iter().map(|name| format!("{name}/{home_id}")).collect();
        names.extend([newest_entry(home_id), sets::newest_entry(home_id)]);
        let entries = names.into_iter().map(|name| keychain.get(&name).map(|secret| (name, secret)));
        Ok(Entries(entries.collect::<Result<_, _>>()?))
    }

    fn put_back(&self, keychain: &dyn Keychain) {
        for (name, secret) in &self.0 {
            let put = match secret {
                Some(secret) => keychain.set(name, secret),
                None => keychain.delete(name),
            };
            if let Err(error) = put {
                tracing::error!(%error, name, "the keychain kept an entry of a restore that failed");
            }
        }
    }
}
