//! The home folder: everything Doorward keeps, in one folder that only its user can open.
//!
//! `doorward.toml` settings, `people.toml`, `agents.toml`, `upstreams.toml`, `policies/`, `journal.sqlite`,
//! `doorward.sock`, `lock`. [`Home::open`] takes the lock: one process owns a home, others talk to it over the
//! socket. Nothing here judges a call or speaks MCP.

pub(crate) mod agents;
mod book_page;
mod documents;
mod error;
mod folder;
mod lock;
mod packs;
mod people;
mod secret_use;
mod settings;
mod settings_edit;
#[cfg(test)]
mod settings_edit_tests;
#[cfg(test)]
mod tests;
pub(crate) mod upstreams;

pub use agents::{Agent, AgentBook, AgentRow, Token};
pub use book_page::BookPage;
pub(crate) use book_page::read_book;
pub use documents::{read_documents, write_document, write_documents};
pub use error::{BookError, FileError, HomeError};
pub(crate) use folder::{make_private, read_text, write_whole};
pub use packs::{PACKS, Pack};
pub use people::read_people;
pub use secret_use::{SecretPlace, SecretUse, SecretUseError};
pub use settings::{DeniedTools, History, KeychainKind, Settings, default_listen, loopback};
pub(crate) use settings_edit::{FEWEST_DAYS, FEWEST_MB};
pub use settings_edit::{SettingsChange, SettingsError, with_default};
pub(crate) use upstreams::quoted;
pub use upstreams::{ConfigError, Transport, UpstreamBook, UpstreamConfig};

use crate::keychain::{self, Keychain, KeychainError};
use lock::Lock;
use policy::{AgentName, UserId, people::People};
use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// A socket's path fits into 108 bytes on Linux, 104 on macOS, with its closing zero.
const SOCKET_PATH_LIMIT: usize = 103;

/// What a new home is made with.
#[derive(Clone, Debug, Default)]
pub struct InitOptions {
    /// None: [`default_listen`].
    pub listen: Option<SocketAddr>,
    pub terminal_votes: bool,
    pub keychain: KeychainKind,
    /// The `doorward` program that serves as the practice upstream; none: the one beside this program, if any.
    pub practice: Option<PathBuf>,
}

/// A home folder that this process owns until the value is dropped.
#[derive(Debug)]
pub struct Home {
    paths: Paths,
    settings: Settings,
    _lock: Lock,
}

/// Where things lie in a home folder; says nothing about whether they are there.
#[derive(Clone, Debug)]
pub struct Paths {
    dir: PathBuf,
}

impl Paths {
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Paths {
        Paths { dir: dir.into() }
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.dir.join("doorward.toml")
    }

    #[must_use]
    pub fn people(&self) -> PathBuf {
        self.dir.join("people.toml")
    }

    #[must_use]
    pub fn agents(&self) -> PathBuf {
        self.dir.join("agents.toml")
    }

    #[must_use]
    pub fn upstreams(&self) -> PathBuf {
        self.dir.join("upstreams.toml")
    }

    #[must_use]
    pub fn policies(&self) -> PathBuf {
        self.dir.join("policies")
    }

    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.dir.join("journal.sqlite")
    }

    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.dir.join("doorward.sock")
    }

    /// What the desktop program notes for whoever looks for a fault.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.dir.join("doorward.log")
    }

    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Who has enrolled which passkey.
    #[must_use]
    pub fn passkeys(&self) -> PathBuf {
        self.dir.join("passkeys.json")
    }

    /// Data of the practice upstream.
    #[must_use]
    pub fn practice(&self) -> PathBuf {
        self.dir.join("practice.sqlite")
    }
}

impl Home {
    /// `DOORWARD_HOME`, or `doorward` in the user's data folder.
    #[must_use]
    pub fn default_dir() -> PathBuf {
        if let Some(named) = env::var_os("DOORWARD_HOME").filter(|dir| !dir.is_empty()) {
            return std::path::absolute(&named).unwrap_or_else(|_| named.into());
        }
        let user = env::home_dir().unwrap_or_default();
        if cfg!(target_os = "macos") {
            return user.join("Library/Application Support/doorward");
        }
        let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
        data.unwrap_or_else(|| user.join(".local/share")).join("doorward")
    }

    /// Makes a home: settings, people, the starter pack, the practice upstream and the agent `practice`.
    ///
    /// # Errors
    /// There is a home already, the folder holds something else, or it could not be written.
    pub fn init(dir: &Path, options: &InitOptions) -> Result<(), HomeError> {
        let paths = Paths::new(dir);
        if paths.settings().exists() {
            return Err(HomeError::AlreadyAHome { path: dir.to_owned() });
        }
        check_socket_path(&paths)?;
        let listen = loopback(options.listen.unwrap_or_else(default_listen))?;
        make_empty(dir)?;
        let _lock = Lock::take(dir, &paths.lock())?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(BookError::NoRandomness)?;
        let settings = Settings::new(listen, options.terminal_votes, options.keychain, random);

        folder::write_whole(&paths.people(), &people::first_people())?;
        folder::write_whole(
            &paths.agents(),
            "# Agents that may connect: change them with `doorward agent`.\n",
        )?;
        folder::write_whole(
            &paths.upstreams(),
            "# MCP servers behind Doorward: change them with `doorward upstream`.\n",
        )?;
        folder::make_private(&paths.policies())?;
        for (path, text) in packs::starter().files {
            write_document(&paths.policies(), path, text)?;
        }
        if let Some(program) = options.practice.clone().or_else(doorward_program) {
            add_practice(&paths, &program)?;
        }
        // Last: a folder with settings is a whole home.
        folder::write_whole(&paths.settings(), &settings.to_toml())?;
        Ok(())
    }

    /// Opens a home and takes its lock; makes it with the defaults when the folder is absent or empty.
    ///
    /// # Errors
    /// The folder is not ours or not private, another process owns it, or `doorward.toml` is not valid.
    pub fn open(dir: &Path) -> Result<Home, HomeError> {
        let paths = Paths::new(dir);
        check_socket_path(&paths)?;
        if !paths.settings().exists() && is_empty(dir)? {
            Home::init(dir, &InitOptions::default())?;
        }
        folder::check_private(dir)?;
        if !paths.settings().exists() {
            return Err(HomeError::NotAHome { path: dir.to_owned() });
        }
        let lock = Lock::take(dir, &paths.lock())?;
        let settings = Settings::read(&paths.settings())?;
        Ok(Home { paths, settings, _lock: lock })
    }

    /// The settings of a home that another process may own. Makes nothing, locks nothing.
    ///
    /// # Errors
    /// As [`Home::open`], and [`HomeError::Absent`].
    pub fn peek(dir: &Path) -> Result<Settings, HomeError> {
        folder::check_private(dir)?;
        let paths = Paths::new(dir);
        if !paths.settings().exists() {
            return Err(HomeError::NotAHome { path: dir.to_owned() });
        }
        Settings::read(&paths.settings())
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        self.paths.dir()
    }

    #[must_use]
    pub fn policies_dir(&self) -> PathBuf {
        self.paths.policies()
    }

    #[must_use]
    pub fn journal_path(&self) -> PathBuf {
        self.paths.journal()
    }

    #[must_use]
    pub fn socket_path(&self) -> PathBuf {
        self.paths.socket()
    }

    #[must_use]
    pub fn people_path(&self) -> PathBuf {
        self.paths.people()
    }

    #[must_use]
    pub fn agents_path(&self) -> PathBuf {
        self.paths.agents()
    }

    #[must_use]
    pub fn upstreams_path(&self) -> PathBuf {
        self.paths.upstreams()
    }

    /// # Errors
    /// As [`read_people`].
    pub fn people(&self) -> Result<People, HomeError> {
        Ok(read_people(&self.people_path())?)
    }

    /// # Errors
    /// As [`AgentBook::load`].
    pub fn agents(&self) -> Result<AgentBook, HomeError> {
        Ok(AgentBook::load(self.agents_path())?)
    }

    /// # Errors
    /// As [`UpstreamBook::load`].
    pub fn upstreams(&self) -> Result<UpstreamBook, HomeError> {
        Ok(UpstreamBook::load(self.upstreams_path())?)
    }

    /// This home's root key. A new one is made only while nothing was sealed with an old one: a journal whose
    /// key is gone is told, not papered over. A memory keychain always begins anew.
    ///
    /// # Errors
    /// What the keychain says, or [`KeychainError::Empty`].
    pub fn root_key(&self, keychain: &dyn Keychain) -> Result<journal::RootKey, KeychainError> {
        if self.settings.keychain == KeychainKind::Os && self.journal_path().exists() {
            keychain::existing_root_key(keychain, &self.settings.id)
        } else {
            keychain::root_key(keychain, &self.settings.id)
        }
    }
}

/// The `doorward` program beside the running one.
pub(crate) fn doorward_program() -> Option<PathBuf> {
    let program = env::current_exe().ok()?.with_file_name(format!("doorward{}", env::consts::EXE_SUFFIX));
    program.is_file().then_some(program)
}

fn add_practice(paths: &Paths, program: &Path) -> Result<(), HomeError> {
    let name = |text: &str| text.parse();
    let (Ok(upstream), Ok(agent), Ok(user)) =
        (name("practice"), "practice".parse::<AgentName>(), "me".parse::<UserId>())
    else {
        return Ok(());
    };
    let args = ["practice".to_owned(), "--db".to_owned(), paths.practice().to_string_lossy().into_owned()];
    let transport = Transport::Stdio {
        command: program.to_string_lossy().into_owned(),
        args: args.to_vec(),
        env: std::collections::BTreeMap::new(),
        cwd: None,
    };
    let config = UpstreamConfig::new(upstream, transport, false).map_err(BookError::Config)?;
    UpstreamBook::load(paths.upstreams())?.add(config)?;
    AgentBook::load(paths.agents())?.add_without_token(agent, user)?;
    Ok(())
}

fn check_socket_path(paths: &Paths) -> Result<(), HomeError> {
    if paths.socket().as_os_str().len() > SOCKET_PATH_LIMIT {
        return Err(HomeError::PathTooLong { path: paths.dir().to_owned() });
    }
    Ok(())
}

/// Is the folder absent, or there with nothing in it?
fn is_empty(dir: &Path) -> Result<bool, HomeError> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Err(HomeError::NotAFolder { path: dir.to_owned() })
        }
        Err(error) => {
            folder::check_private(dir)?;
            Err(FileError::io("read the folder", dir)(error).into())
        }
    }
}

/// Makes the folder, or takes an empty one of ours and closes it to others.
fn make_empty(dir: &Path) -> Result<(), HomeError> {
    if !is_empty(dir)? {
        // A crashed `init` leaves no settings; nothing in the folder is worth guessing about.
        folder::check_private(dir)?;
        return Err(HomeError::NotAHome { path: dir.to_owned() });
    }
    folder::make_private(dir)?;
    #[cfg(unix)]
    std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .map_err(FileError::io("close to other users", dir))?;
    folder::check_private(dir)
}
