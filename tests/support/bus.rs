//! A session bus of a test's own, and the real services on it: gnome-keyring as the Secret Service, and
//! notification-daemon. The bus starts nothing by itself, so nothing of the machine's session joins in.

use super::fake_logind::FakeLogind;
use super::program::{Program, clean};
use super::within;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use zbus::connection::Builder;
use zbus::message::Type;
use zbus::{Connection, MatchRule, MessageStream};

const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

const NOTIFICATION_DAEMONS: [&str; 2] =
    ["/usr/lib/notification-daemon/notification-daemon", "/usr/libexec/notification-daemon"];

/// The bus, its services, and the folders their users keep things in. Dropping it ends all of them.
pub(crate) struct Bus {
    // Services first: fields drop in order.
    services: Vec<Program>,
    _daemon: Program,
    pub(crate) address: String,
    /// It is the system's bus as well.
    has_logind: bool,
    folder: TempDir,
}

impl Bus {
    pub(crate) fn start() -> Bus {
        let folder =
            tempfile::Builder::new().prefix("dwb-").tempdir_in("/tmp").expect("a folder for the bus");
        let config = folder.path().join("bus.conf");
        std::fs::write(&config, CONFIG.replace("FOLDER", &folder.path().display().to_string()))
            .expect("its configuration");
        let mut command = clean("dbus-daemon");
        command.arg(format!("--config-file={}", config.display())).args(["--nofork", "--print-address=1"]);
        let daemon = Program::start(&mut command);
        let address = daemon.line("its address", |line| line.starts_with("unix:"));
        Bus { services: Vec::new(), _daemon: daemon, address, has_logind: false, folder }
    }

    /// The bus with an unlocked Secret Service on it.
    pub(crate) async fn with_keyring() -> Bus {
        let mut bus = Bus::start();
        let mut command = bus.join("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        let mut keyring = Program::start(&mut command);
        keyring.type_text("a password of the test's own");
        keyring.close_input();
        bus.services.push(keyring);
        bus.until_owned("org.freedesktop.secrets").await;
        bus
    }

    /// Locks what the Secret Service keeps: from now on it asks for its password.
    pub(crate) async fn lock_keyring(&self) {
        let connection = self.connect().await;
        let login = zbus::ObjectPath::try_from("/org/freedesktop/secrets/collection/login").expect("a path");
        let (service, path) = ("org.freedesktop.secrets", "/org/freedesktop/secrets");
        let collections = (vec![login],);
        let asked = connection.call_method(
            Some(service),
            path,
            Some("org.freedesktop.Secret.Service"),
            "Lock",
            &collections,
        );
        asked.await.expect("the keyring is locked");
    }

    /// Starts what shows the keyring's questions, on the given screen.
    pub(crate) async fn add_prompter(&mut self, display: &str) {
        let mut command = self.join("/usr/libexec/gcr-prompter");
        command.env("DISPLAY", display);
        self.services.push(Program::start(&mut command));
        self.until_owned("org.gnome.keyring.SystemPrompter").await;
    }

    /// Starts the real notification daemon on the given screen.
    pub(crate) async fn add_notifications(&mut self, display: &str) {
        let daemon = NOTIFICATION_DAEMONS.iter().map(Path::new).find(|path| path.exists());
        let daemon = daemon.expect("notification-daemon is installed; `cargo xtask test` does it");
        let mut command = self.join(daemon);
        command.env("DISPLAY", display);
        self.services.push(Program::start(&mut command));
        self.until_owned("org.freedesktop.Notifications").await;
    }

    /// A logind of the test's own, for programs that join from now on: its screen is locked, or not.
    pub(crate) async fn add_logind(&mut self, locked: bool) -> FakeLogind {
        self.has_logind = true;
        FakeLogind::start(&self.address, locked).await
    }

    /// A program that lives on this bus, with folders of its own for what it keeps.
    pub(crate) fn join(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = clean(program);
        self.surround(&mut command);
        command
    }

    /// The same for a command that is there already.
    pub(crate) fn surround(&self, command: &mut Command) {
        command
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("NO_AT_BRIDGE", "1")
            .env("GDK_BACKEND", "x11");
        if self.has_logind {
            command.env("DBUS_SYSTEM_BUS_ADDRESS", &self.address);
        }
        for (name, sub) in [
            ("XDG_RUNTIME_DIR", "run"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            command.env(name, self.private(sub));
        }
    }

    fn private(&self, name: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a private folder");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("a private folder");
        path
    }

    /// A connection of the test's own: any program of the same user could have one.
    pub(crate) async fn connect(&self) -> Connection {
        Builder::address(self.address.as_str()).build().await.expect("the bus lets us in")
    }

    /// Every connection on the bus, by its unique name.
    pub(crate) async fn names(&self) -> Vec<String> {
        let connection = self.connect().await;
        let answer = ask(&connection, "ListNames", &()).await;
        let names: Vec<String> = answer.body().deserialize().expect("names");
        names.into_iter().filter(|name| name.starts_with(':')).collect()
    }

    /// Every signal of this name, whoever sends it.
    pub(crate) async fn overhear(&self, signal: &'static str) -> MessageStream {
        let connection = self.connect().await;
        let rule = MatchRule::builder().msg_type(Type::Signal).member(signal).build().expect("a rule");
        MessageStream::for_match_rule(rule, &connection, None).await.expect("signals")
    }

    async fn until_owned(&self, name: &'static str) {
        use futures_util::StreamExt as _;
        let connection = self.connect().await;
        let rule = MatchRule::builder().msg_type(Type::Signal).interface(BUS);
        let rule = rule.member("NameOwnerChanged").arg(0, name).build().expect("a rule");
        let mut changes =
            MessageStream::for_match_rule(rule, &connection, None).await.expect("news of names");
        within(name, async {
            while !ask(&connection, "NameHasOwner", &name)
                .await
                .body()
                .deserialize::<bool>()
                .expect("an answer")
            {
                changes.next().await.expect("the bus goes on").expect("a signal");
            }
        })
        .await;
    }
}

const BUS: &str = "org.freedesktop.DBus";

/// Asks the bus itself.
async fn ask<B: serde::Serialize + zbus::zvariant::DynamicType>(
    connection: &Connection,
    what: &str,
    body: &B,
) -> zbus::Message {
    let answer = connection.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), what, body).await;
    answer.unwrap_or_else(|error| panic!("the bus does not answer `{what}`: {error}"))
}
