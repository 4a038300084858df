//! A host over a real engine in a home of its own, for the tests of authoring.
#![allow(dead_code, reason = "each of them uses a part of it")]

use gateway::home::{Home, InitOptions, KeychainKind};
use gateway::{ChangePolicy, Engine};
use ipc::Host;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) struct Desktop {
    home: tempfile::TempDir,
    pub(crate) engine: Arc<Engine>,
    pub(crate) host: Arc<Host>,
}

impl Desktop {
    /// With these files beside those of a new home; paths below the home.
    pub(crate) async fn start(files: &[(&str, &str)]) -> Desktop {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("h");
        let options = InitOptions {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            keychain: KeychainKind::Memory,
            // It and its agent are in the home; nobody can start it.
            practice: Some("/nowhere/at/all/doorward".into()),
            ..InitOptions::default()
        };
        Home::init(&dir, &options).unwrap();
        for (path, text) in files {
            let path = dir.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let options =
            gateway::Options { home: dir.clone(), listen: None, on_change: ChangePolicy::ConfirmInWindow };
        let engine = Engine::start(options).await.unwrap();
        let host = Host::over(Ok(Arc::clone(&engine)), dir);
        Desktop { home, engine, host }
    }

    pub(crate) async fn ask(&self, name: &str, body: Value) -> Result<Value, ipc::IpcError> {
        self.host.call("main", name, body).await
    }

    pub(crate) async fn told(&self, name: &str, body: Value) -> Value {
        self.ask(name, body).await.unwrap_or_else(|error| panic!("{name}: {} {}", error.code, error.message))
    }

    /// A new draft, with nothing in it.
    pub(crate) async fn draft(&self) -> Value {
        self.told("open_draft", json!({"from": {"kind": "nothing"}})).await
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.home.path().join("h").join(path)
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.file(path)).ok()
    }
}
