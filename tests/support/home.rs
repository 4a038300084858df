//! Home folders of a test, and the documents in them.

use gateway::home::{
    AgentBook, Home, InitOptions, KeychainKind, Paths, Transport, UpstreamBook, UpstreamConfig,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What no policy decides is allowed.
pub(crate) const ALLOW: (&str, &str) = ("set.toml", "default = \"allow\"\n");

/// A private folder with a path short enough for sockets; it goes with the value.
pub(crate) struct TestHome {
    folder: TempDir,
}

impl TestHome {
    /// The folder alone, with nothing in it.
    pub(crate) fn folder() -> TestHome {
        let folder =
            tempfile::Builder::new().prefix("dw-").tempdir_in("/tmp").expect("a folder for the test");
        TestHome { folder }
    }

    /// A home whose root key is in memory, with these policies in place of the shipped ones.
    pub(crate) fn in_memory(policies: &[(&str, &str)]) -> TestHome {
        TestHome::made(KeychainKind::Memory, policies)
    }

    /// Such a home that takes votes typed at `doorward serve` as well.
    pub(crate) fn with_terminal_votes(policies: &[(&str, &str)]) -> TestHome {
        let keychain = KeychainKind::Memory;
        TestHome::of(InitOptions { keychain, terminal_votes: true, ..InitOptions::default() }, policies)
    }

    /// A home with these policies in place of the shipped ones.
    pub(crate) fn made(keychain: KeychainKind, policies: &[(&str, &str)]) -> TestHome {
        TestHome::of(InitOptions { keychain, ..InitOptions::default() }, policies)
    }

    fn of(options: InitOptions, policies: &[(&str, &str)]) -> TestHome {
        let home = TestHome::folder();
        let options = InitOptions { listen: Some("127.0.0.1:0".parse().expect("any free port")), ..options };
        Home::init(&home.dir(), &options).expect("a new home");
        home.write_policies(policies);
        home
    }

    /// A home as a new user gets it: the shipped policies, and this program as the practice upstream.
    pub(crate) fn practice(keychain: KeychainKind, doorward: &Path) -> TestHome {
        let home = TestHome::folder();
        let listen = Some("127.0.0.1:0".parse().expect("any free port"));
        let practice = Some(doorward.to_owned());
        let options = InitOptions { keychain, listen, practice, ..InitOptions::default() };
        Home::init(&home.dir(), &options).expect("a new home");
        home
    }

    /// The home itself, below the folder.
    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder beside the home, for what tools work on.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder beside the home");
        path.canonicalize().expect("its real path")
    }

    pub(crate) fn paths(&self) -> Paths {
        Paths::new(self.dir())
    }

    /// The policies folder holds exactly these documents.
    pub(crate) fn write_policies(&self, documents: &[(&str, &str)]) {
        let policies = self.paths().policies();
        if policies.exists() {
            std::fs::remove_dir_all(&policies).expect("the former policies can be removed");
        }
        std::fs::create_dir_all(&policies).expect("a policies folder");
        for (path, text) in documents {
            self.write_policy(path, text);
        }
    }

    /// Writes one document.
    pub(crate) fn write_policy(&self, path: &str, text: &str) {
        let path = self.paths().policies().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder above")).expect("the document's folder");
        self.write_whole(&path, text);
    }

    pub(crate) fn write_people(&self, text: &str) {
        self.write_whole(&self.paths().people(), text);
    }

    /// As most editors do: aside first, then in place, so that nobody sees half of it.
    fn write_whole(&self, path: &Path, text: &str) {
        let aside = self.folder.path().join("aside");
        std::fs::write(&aside, text).expect("a file aside");
        std::fs::rename(&aside, path).expect("a whole file");
    }

    /// Adds an upstream that is a program, while nobody owns the home.
    pub(crate) fn add_program(&self, name: &str, command: &Path, args: &[&str]) {
        let mut book = UpstreamBook::load(self.paths().upstreams()).expect("upstreams.toml");
        book.add(program(name, command, args)).expect("a new upstream");
    }
}

/// The configuration of an upstream that is a program.
pub(crate) fn program(name: &str, command: &Path, args: &[&str]) -> UpstreamConfig {
    let transport = Transport::Stdio {
        command: command.display().to_string(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        env: BTreeMap::new(),
        cwd: None,
    };
    UpstreamConfig::new(name.parse().expect("a name"), transport, false).expect("a program to start")
}

/// The configuration of an upstream that is reached by its address.
pub(crate) fn address(name: &str, url: &str) -> UpstreamConfig {
    let transport = Transport::Http { url: url.to_owned(), headers: BTreeMap::new() };
    UpstreamConfig::new(name.parse().expect("a name"), transport, false).expect("an address to reach")
}

/// Pairs an agent with the desk's owner while nobody owns the home; its token.
pub(crate) fn pair(home: &TestHome, name: &str) -> String {
    let mut book = AgentBook::load(home.paths().agents()).expect("agents.toml");
    let token = book.add(name.parse().expect("a name"), "me".parse().expect("a name")).expect("a new agent");
    token.as_str().to_owned()
}
