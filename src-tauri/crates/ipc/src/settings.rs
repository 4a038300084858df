//! The settings of this home, as the window shows and changes them. Each change is one command that says what it did,
//! what takes it back, and whether it waits for the next start; what is no setting is refused in words of the part
//! that owns it. Keeping less history asks for a passkey, and so does a looser default, as any looser set does.

use crate::autostart::{self, Autostart};
use crate::host::{Host, blocking};
use crate::signed;
use crate::wire::{IpcError, Nothing, Person};
use gateway::Engine;
use gateway::home::{DeniedTools, Settings, SettingsChange, SettingsError};
use policy::DefaultAction;
use serde::{Deserialize, Serialize};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use ts_rs::TS;

const SET: &str = "set.toml";
/// Of the log, shown at once.
const LOG_END: u64 = 64 * 1024;

#[derive(Clone, Debug, Serialize, TS)]
pub struct SettingsView {
    /// As `doorward.toml` says; the address in use may be another one until the next start.
    pub port: u16,
    pub address: String,
    pub keep_days: u32,
    pub keep_mb: u32,
    pub full_results: bool,
    pub show_denied_tools: bool,
    pub default_action: DefaultChoice,
    /// Of `request_approval`.
    pub default_flow: Option<String>,
    pub flows: Vec<Person>,
    /// None where this system starts programs in another way.
    pub autostart: Option<bool>,
    /// Saved, and in force from the next start on: one sentence each.
    pub at_next_start: Vec<String>,
    pub home: String,
    pub log: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DefaultChoice {
    Allow,
    RequestApproval,
    Deny,
}

/// One thing to be set.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SettingChange {
    Port { port: u32 },
    Retention { keep_days: u32, keep_mb: u32 },
    FullResults { on: bool },
    ShowDeniedTools { on: bool },
    DefaultAction { action: DefaultChoice, flow: Option<String> },
    Autostart { on: bool },
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct SettingSaved {
    pub view: SettingsView,
    /// What happened, one sentence.
    pub message: String,
    /// The change that takes this one back.
    pub undo: SettingChange,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct LogView {
    pub path: String,
    /// The newest lines, oldest first; empty where nothing was noted yet.
    pub lines: Vec<String>,
    /// Older ones are in the file.
    pub cut: bool,
}

impl From<SettingsError> for IpcError {
    fn from(error: SettingsError) -> IpcError {
        IpcError::new(error.code(), error.to_string(), error.hint())
    }
}

impl Host {
    pub(crate) async fn settings(&self, _: Nothing) -> Result<SettingsView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || view(&engine)).await?
    }

    pub(crate) async fn change_setting(&self, change: SettingChange) -> Result<SettingSaved, IpcError> {
        let engine = Arc::clone(self.engine()?);
        if let Some(SettingsChange::Retention { keep_days, keep_mb }) =
            in_file(&change)?.filter(|change| change.forgets(&engine.kept_history()))
        {
            let lines =
                vec![("days".to_owned(), keep_days.to_string()), ("MB".to_owned(), keep_mb.to_string())];
            self.proven("Keep less history".to_owned(), lines).await?;
        }
        blocking(move || {
            let (message, undo) = save(&engine, change)?;
            Ok(SettingSaved { view: view(&engine)?, message, undo })
        })
        .await?
    }

    pub(crate) async fn read_log(&self, _: Nothing) -> Result<LogView, IpcError> {
        let path = gateway::home::Paths::new(self.home()).log();
        blocking(move || read_log(&path)).await?
    }
}

fn on_disk(engine: &Engine) -> Result<Settings, IpcError> {
    engine.home().settings_on_disk().map_err(|error| SettingsError::from(error).into())
}

fn view(engine: &Engine) -> Result<SettingsView, IpcError> {
    let (saved, running, kept) = (on_disk(engine)?, engine.settings(), engine.kept_history());
    let set = &engine.sets().current().set;
    let (default_action, default_flow) = match set.default_action() {
        DefaultAction::Allow => (DefaultChoice::Allow, None),
        DefaultAction::Deny => (DefaultChoice::Deny, None),
        DefaultAction::RequestApproval { flow } => (DefaultChoice::RequestApproval, Some(flow.to_string())),
    };
    let mut at_next_start = Vec::new();
    if saved.listen != running.listen {
        at_next_start.push(format!(
            "Agents connect to port {}. Until then it is {}.",
            saved.listen.port(),
            running.listen.port()
        ));
    }
    if saved.journal.full_results != running.journal.full_results {
        let kept = if saved.journal.full_results { "in full" } else { "as their size and hash" };
        at_next_start.push(format!("Answers of tools are kept {kept}."));
    }
    if saved.denied_tools != running.denied_tools {
        let shown = if saved.denied_tools == DeniedTools::Show { "shown to" } else { "hidden from" };
        at_next_start.push(format!("Denied tools are {shown} agents."));
    }
    Ok(SettingsView {
        port: saved.listen.port(),
        address: engine.listen_addr().to_string(),
        keep_days: kept.keep_days,
        keep_mb: kept.keep_mb,
        full_results: saved.journal.full_results,
        show_denied_tools: saved.denied_tools == DeniedTools::Show,
        default_action,
        default_flow,
        flows: set.flows().map(|flow| Person { id: flow.id.to_string(), name: flow.name.clone() }).collect(),
        autostart: Autostart::of_this_user().map(|entry| entry.is_on()),
        at_next_start,
        home: engine.home().dir().display().to_string(),
        log: engine.home().paths().log().display().to_string(),
    })
}

/// What of a change is written into `doorward.toml`.
fn in_file(change: &SettingChange) -> Result<Option<SettingsChange>, IpcError> {
    Ok(Some(match change {
        SettingChange::Port { port } => SettingsChange::Port(u16::try_from(*port).map_err(|_| {
            IpcError::new("bad_setting", format!("there is no port {port}"), "choose one from 1024 to 65535")
        })?),
        SettingChange::Retention { keep_days, keep_mb } => {
            SettingsChange::Retention { keep_days: *keep_days, keep_mb: *keep_mb }
        }
        SettingChange::FullResults { on } => SettingsChange::FullResults(*on),
        SettingChange::ShowDeniedTools { on } => {
            SettingsChange::DeniedTools(if *on { DeniedTools::Show } else { DeniedTools::Hide })
        }
        SettingChange::DefaultAction { .. } | SettingChange::Autostart { .. } => return Ok(None),
    }))
}

fn wire(change: SettingsChange) -> SettingChange {
    match change {
        SettingsChange::Port(port) => SettingChange::Port { port: port.into() },
        SettingsChange::Retention { keep_days, keep_mb } => SettingChange::Retention { keep_days, keep_mb },
        SettingsChange::FullResults(on) => SettingChange::FullResults { on },
        SettingsChange::DeniedTools(wish) => SettingChange::ShowDeniedTools { on: wish == DeniedTools::Show },
    }
}

fn save(engine: &Arc<Engine>, change: SettingChange) -> Result<(String, SettingChange), IpcError> {
    if let Some(filed) = in_file(&change)? {
        let kept = engine.kept_history();
        let mut before = engine.change_settings(filed)?;
        before.journal = kept;
        let message = match filed {
            SettingsChange::Retention { keep_days, keep_mb } => {
                format!(
                    "History is kept for {keep_days} days, and at most {keep_mb} MB of it. What is beyond goes within the hour."
                )
            }
            SettingsChange::Port(_) | SettingsChange::FullResults(_) | SettingsChange::DeniedTools(_) => {
                "Saved. It counts from the next start of Doorward on.".to_owned()
            }
        };
        return Ok((message, wire(filed.undo(&before))));
    }
    match change {
        SettingChange::DefaultAction { action, flow } => {
            let before = view(engine)?;
            set_default(engine, action, flow.as_deref())?;
            let undo =
                SettingChange::DefaultAction { action: before.default_action, flow: before.default_flow };
            let message = match action {
                DefaultChoice::Allow => "Calls that no policy decides are allowed.",
                DefaultChoice::RequestApproval => "Calls that no policy decides are held for a person.",
                DefaultChoice::Deny => "Calls that no policy decides are denied.",
            };
            Ok((message.to_owned(), undo))
        }
        SettingChange::Autostart { on } => {
            autostart::switch(on, engine.home().dir())?;
            let message = if on {
                "Doorward starts with your session, in the tray."
            } else {
                "Doorward starts when you start it."
            };
            Ok((message.to_owned(), SettingChange::Autostart { on: !on }))
        }
        // Written above.
        _ => Err(IpcError::broken("bad_request", "this is no setting".to_owned())),
    }
}

fn set_default(engine: &Arc<Engine>, action: DefaultChoice, flow: Option<&str>) -> Result<(), IpcError> {
    let before = engine.sets().on_disk(SET)?;
    let text = gateway::home::with_default(
        before.as_deref(),
        match action {
            DefaultChoice::Allow => "allow",
            DefaultChoice::RequestApproval => "request_approval",
            DefaultChoice::Deny => "deny",
        },
        flow.filter(|_| action == DefaultChoice::RequestApproval),
    );
    let text = text.map_err(SettingsError::from)?;
    signed::put_document(engine, SET, before.as_deref(), Some(text))?;
    engine.set_changed();
    Ok(())
}

fn read_log(path: &Path) -> Result<LogView, IpcError> {
    let shown = path.display().to_string();
    let unreadable = |error: std::io::Error| {
        IpcError::new(
            "log",
            format!("the log cannot be read: {error}"),
            "look at the file in the home folder",
        )
    };
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(LogView { path: shown, lines: Vec::new(), cut: false });
        }
        Err(error) => return Err(unreadable(error)),
    };
    let length = file.metadata().map_err(unreadable)?.len();
    let from = length.saturating_sub(LOG_END);
    file.seek(SeekFrom::Start(from)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LOG_END).read_to_end(&mut bytes).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line of a part is the end of one.
    let lines = text.lines().skip(usize::from(from > 0)).map(gateway::visible::marked).collect();
    Ok(LogView { path: shown, lines, cut: from > 0 })
}
