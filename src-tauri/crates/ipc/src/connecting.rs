//! Agents' own configuration files in the window: what was found, what would change, connecting, undoing, and what goes
//! around the door. Also servers pasted from a README, which become upstreams by the same rules.

use crate::host::{Host, blocking};
use crate::wire::{IpcError, NameRequest, Nothing};
use agents::{KeepError, Undone};
use gateway::connecting::{
    Choice, ConnectError, FileDiff, FoundAgent, InForce, Machine, Plan, Verified, pasted, verify,
};
use gateway::home::{KeychainKind, UpstreamConfig};
use gateway::{Engine, NotReady, Together};
use policy::AgentName;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

/// What connecting would do.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct ConnectPlan {
    /// The agent it is, or will be paired as.
    agent: String,
    files: Vec<FileDiff>,
    upstreams: Vec<NewUpstream>,
    /// Why values that look secret stay in `upstreams.toml`.
    secrets_stay: Option<String>,
    /// What policies will not see by the name that they have, a sentence each.
    warnings: Vec<String>,
}

/// An upstream that comes to be.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct NewUpstream {
    name: String,
    /// The exact command or address.
    shown: String,
    /// Secrets that go into the keychain.
    secrets: Vec<String>,
    /// Why it cannot be added.
    problem: Option<String>,
}

/// What connecting did.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct Connected {
    agent: String,
    files: Vec<String>,
    servers: Vec<Verified>,
    /// The program must be started again to see the change.
    restart: bool,
}

/// What undoing did, a sentence a file.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct Disconnected {
    said: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub(crate) struct PastedRequest {
    text: String,
    keep_secrets: bool,
}

impl From<ConnectError> for IpcError {
    fn from(error: ConnectError) -> IpcError {
        IpcError::new(error.code(), error.to_string(), error.hint())
    }
}

impl From<KeepError> for IpcError {
    fn from(error: KeepError) -> IpcError {
        ConnectError::Keep(error).into()
    }
}

fn machine(engine: &Engine) -> Result<Machine, IpcError> {
    engine.machine().ok_or_else(|| {
        IpcError::new(
            "no_home_folder",
            "there is no home folder to look for agents in",
            "start Doorward from your login",
        )
    })
}

/// The choice as this home can carry it out, and why secrets stay.
fn carried(engine: &Engine, mut choice: Choice) -> (Choice, Option<String>) {
    let in_memory = choice.keep_secrets && engine.settings().keychain == KeychainKind::Memory;
    choice.keep_secrets &= !in_memory;
    let why = "This home keeps its keys in memory: what looks secret stays in upstreams.toml.";
    (choice, in_memory.then(|| why.to_owned()))
}

fn plan(engine: &Engine, choice: &Choice) -> Result<(Machine, Plan), IpcError> {
    let machine = machine(engine)?;
    let agents: Vec<AgentName> = engine.agents().into_iter().map(|row| row.name).collect();
    let (upstreams, kept) =
        (engine.upstreams(), |upstream: &_, name: &str| engine.kept_secret(upstream, name));
    let in_force = InForce { upstreams: &upstreams, agents: &agents, kept: &kept };
    let plan = machine.plan(choice, &[], &in_force)?;
    Ok((machine, plan))
}

fn new_upstream(config: &UpstreamConfig, problem: Option<String>) -> NewUpstream {
    NewUpstream {
        name: config.name.to_string(),
        shown: config.shown(),
        secrets: config.secrets.iter().map(ToString::to_string).collect(),
        problem,
    }
}

/// What a plan adds; its secrets go with it.
fn together(engine: &Engine, plan: &mut Plan) -> Result<Together, IpcError> {
    let owner = || {
        engine.owner_id().ok_or_else(|| {
            IpcError::new(
                "no_owner",
                "this home has no owner the agent could act for",
                "mark one user as `owner` in people.toml",
            )
        })
    };
    let agent = if plan.pairs() { Some((plan.agent.clone(), owner()?)) } else { None };
    let secrets = std::mem::take(&mut plan.secrets);
    Ok(Together { upstreams: plan.upstreams.clone(), secrets, agent })
}

impl Host {
    pub(crate) async fn found_agents(&self, _: Nothing) -> Result<Vec<FoundAgent>, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || Ok(machine(&engine)?.found(&[]))).await?
    }

    pub(crate) async fn plan_connect(&self, choice: Choice) -> Result<ConnectPlan, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            let (choice, secrets_stay) = carried(&engine, choice);
            let (machine, plan) = plan(&engine, &choice)?;
            Ok(ConnectPlan {
                agent: plan.agent.to_string(),
                files: plan.diffs(&machine)?,
                upstreams: plan.upstreams.iter().map(|config| new_upstream(config, None)).collect(),
                secrets_stay,
                warnings: plan.warnings(),
            })
        })
        .await?
    }

    pub(crate) async fn connect_agent(&self, choice: Choice) -> Result<Connected, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let (choice, _) = carried(&engine, choice);
        let id = choice.id.clone();
        let planning = Arc::clone(&engine);
        let (machine, mut plan) = blocking(move || plan(&planning, &choice)).await??;
        let together = together(&engine, &mut plan)?;
        let plan = Arc::new(plan);
        let checked = Arc::clone(&plan);
        let is_ready = move || checked.is_current().map_err(NotReady::from);
        let token = engine.connect_together(format!("Connect {id}"), together, is_ready).await?;
        let restart = agents::known(&id).is_some_and(|known| !known.reloads);
        let (agent, written) = blocking(move || {
            let written = plan.write(
                &machine,
                token.as_ref().map(|token| token.as_str()),
                engine.desk().clock().now().0,
            );
            if written.is_err() && plan.pairs() {
                // Nobody has its token.
                let _ = engine.remove_agent(plan.agent.as_str());
            }
            engine.look_around();
            Ok::<_, IpcError>((plan.agent.to_string(), written?))
        })
        .await??;
        let servers = verify(&written.entries).await;
        let files = written.files.iter().map(|path| path.display().to_string()).collect();
        Ok(Connected { agent, files, servers, restart })
    }

    pub(crate) async fn undo_connect(&self, request: NameRequest) -> Result<Disconnected, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            let (files, paired) = machine(&engine)?.undo(&request.name)?;
            for agent in paired {
                if engine.agents().iter().any(|row| row.name.as_str() == agent) {
                    engine.remove_agent(&agent)?;
                }
            }
            engine.look_around();
            let said = files.iter().map(|file| match file.how {
                Undone::Exactly => format!("{} is as it was, byte for byte.", file.path.display()),
                Undone::OnlyOurs => format!(
                    "{} was edited since: only what Doorward had put there was taken out.",
                    file.path.display()
                ),
                Undone::NothingLeft => {
                    format!("{} had nothing of Doorward’s in it any more.", file.path.display())
                }
            });
            Ok(Disconnected { said: said.collect() })
        })
        .await?
    }

    /// Leaves what goes around the door where it is; it is told no more.
    pub(crate) async fn leave_around(&self, request: NameRequest) -> Result<Vec<FoundAgent>, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            let machine = machine(&engine)?;
            machine.leave(&request.name, &[])?;
            engine.look_around();
            Ok(machine.found(&[]))
        })
        .await?
    }

    /// What a pasted text would add.
    pub(crate) async fn read_pasted(&self, request: PastedRequest) -> Result<Vec<NewUpstream>, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let keeps = request.keep_secrets && engine.settings().keychain == KeychainKind::Os;
        let rows = pasted(&request.text, keeps).into_iter().map(|pasted| match pasted.upstream {
            Ok((config, _)) => {
                let taken = engine.upstream(config.name.as_str()).is_some();
                let problem = taken.then(|| "there is an upstream of this name".to_owned());
                new_upstream(&config, problem)
            }
            Err(why) => NewUpstream {
                name: pasted.name,
                shown: String::new(),
                secrets: Vec::new(),
                problem: Some(why),
            },
        });
        Ok(rows.collect())
    }

    /// Adds every server of a pasted text that can be.
    pub(crate) async fn add_pasted(&self, request: PastedRequest) -> Result<Vec<NewUpstream>, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let keeps = request.keep_secrets && engine.settings().keychain == KeychainKind::Os;
        let taken = |config: &UpstreamConfig| engine.upstream(config.name.as_str()).is_some();
        let found = pasted(&request.text, keeps).into_iter().filter_map(|pasted| pasted.upstream.ok());
        let new: Vec<_> = found.filter(|(config, _)| !taken(config)).collect();
        if new.is_empty() {
            return Err(IpcError::new(
                "nothing_pasted",
                "no server of this text can be added",
                "paste the JSON of the server’s README, from `{` to `}`",
            ));
        }
        let mut together = Together::default();
        for (config, values) in new {
            let named = values.into_iter().map(|(name, value)| (config.name.clone(), name, value));
            together.secrets.extend(named);
            together.upstreams.push(config);
        }
        let added = together.upstreams.iter().map(|config| new_upstream(config, None)).collect();
        engine.connect_together("Add pasted upstreams".to_owned(), together, || Ok(())).await?;
        Ok(added)
    }
}
