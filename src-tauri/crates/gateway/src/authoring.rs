//! What an author of policies asks of the engine: the tools there are, and the facts of a call that nobody made.
//! Decides nothing and changes nothing.

use crate::engine::Engine;
use crate::facts::{self, Known};
use crate::pace::Counts;
use crate::pipeline::PeerProcess;
use crate::upstream::{UpstreamError, UpstreamSession};
use policy::{DefinitionHash, Facts, Timestamp, ToolCall, Value};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long an upstream may take to list its tools for an author.
const PATIENCE: Duration = Duration::from_secs(10);

/// A call to try.
#[derive(Clone, Debug)]
pub struct Hypothetical {
    pub upstream: String,
    pub tool: String,
    pub agent: String,
    /// The agent's own user where none.
    pub user: Option<String>,
    pub arguments: Value,
    /// Now where none.
    pub at: Option<Timestamp>,
}

/// Why a call cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum HypotheticalError {
    #[error("there is no {0} `{1}`")]
    Unknown(&'static str, String),
    #[error("the arguments are not an object")]
    NotAnObject,
}

impl Engine {
    /// The tools an upstream lists now, asked over a session of its own.
    ///
    /// # Errors
    /// It does not answer, or not in time.
    pub async fn list_tools(&self, upstream: &str) -> Result<Vec<Value>, UpstreamError> {
        let Some(config) = self.upstream(upstream) else { return Ok(Vec::new()) };
        let (to_agent, _nobody) = mpsc::channel(1);
        let session = UpstreamSession::open(&config, self.supply(), to_agent).await?;
        let asked = async {
            session.introduce().await?;
            session.tools(true).await
        };
        let listed = tokio::time::timeout(PATIENCE, asked).await;
        session.close().await;
        match listed {
            Ok(tools) => Ok(tools?.to_vec()),
            Err(_) => Err(UpstreamError::Unreadable {
                name: config.name.clone(),
                why: format!("it did not list its tools within {} s", PATIENCE.as_secs()),
            }),
        }
    }

    /// The call with its facts, as the gateway would gather them now. Nothing is counted, and no process stands
    /// behind it. `definition` is the tool's. Reads the file system for paths: call it where blocking is allowed.
    ///
    /// # Errors
    /// No such upstream, agent or user, or arguments that are no object.
    pub fn hypothetical(
        &self,
        call: Hypothetical,
        definition: &Value,
    ) -> Result<(ToolCall, Facts), HypotheticalError> {
        let unknown = |what: &'static str, name: &str| HypotheticalError::Unknown(what, name.to_owned());
        let agent = call.agent.parse().ok().and_then(|name| self.agent(&name));
        let agent = agent.ok_or_else(|| unknown("agent", &call.agent))?;
        let user = call.user.unwrap_or_else(|| agent.user.to_string());
        let in_force = self.sets().current();
        let known = user.parse().ok().and_then(|id| in_force.people.get(&id).cloned());
        let known = known.ok_or_else(|| unknown("user", &user))?;
        let upstream = self.upstream(&call.upstream).ok_or_else(|| unknown("upstream", &call.upstream))?;
        if call.arguments.as_map().is_none() {
            return Err(HypotheticalError::NotAnObject);
        }
        let facts = facts::gather(&Known {
            user: &known,
            agent: &agent,
            claimed_client: None,
            peer: &PeerProcess { pid: None, program: agent.programs.first().cloned() },
            paired_programs: agent.programs.clone(),
            upstream: &upstream,
            definition,
            changed: None,
            arguments: &call.arguments,
            now: call.at.unwrap_or_else(|| self.desk().clock().now()),
            counts: Counts::default(),
            locked: self.presence().is_locked(),
        });
        let tool = call.tool.parse().map_err(|_| unknown("tool", &call.tool))?;
        let call = ToolCall {
            user: known.id.clone(),
            agent: agent.name.clone(),
            upstream: upstream.name.clone(),
            tool,
            definition: DefinitionHash::of(definition),
            arguments: call.arguments,
        };
        Ok((call, facts))
    }
}
