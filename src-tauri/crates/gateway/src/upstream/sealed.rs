//! What a proof opens. A step-up secret of an HTTP upstream goes up with the proven call. An upstream that is a child
//! process with such a secret does not run until a call was proven, and ends with that call.
//!
//! Until then we answer in its place: what it offers is what is pinned. Its tools are learnt once, from a process
//! that is not given the secret. What such a child asks its agent back is not passed on.

use super::{Along, CallRoute, Reply, UpstreamError, UpstreamSession};
use crate::{
    home::Transport,
    message::{Request, Response, code},
    secrets::Proven,
};
use journal::{Journal, JournalError, JournalledCall};
use policy::{Map, Value};
use reqwest::header::HeaderMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Spoken with an agent that names none.
const VERSION: &str = "2025-11-25";

impl UpstreamSession {
    /// Whether this upstream runs only for a proven call.
    pub(crate) fn is_sealed(&self) -> bool {
        let config = &self.inner.config;
        matches!(config.transport, Transport::Stdio { .. })
            && config.has_step_up_secret()
            && self.inner.unsealed.is_none()
    }

    /// Our own answer in place of an upstream that does not run; none for every other.
    pub(crate) async fn answer_sealed(&self, request: &Request) -> Option<Result<Response, UpstreamError>> {
        if !self.is_sealed() {
            return None;
        }
        let id = request.id.clone();
        Some(match request.method.as_str() {
            "initialize" => {
                let asked = request.params().and_then(|params| params.get("protocolVersion"));
                let version = asked.cloned().unwrap_or_else(|| VERSION.into());
                let server = Value::object([
                    ("name", self.inner.config.name.as_str().into()),
                    ("version", env!("CARGO_PKG_VERSION").into()),
                ]);
                let offers = Value::object([("tools", Value::Map(Map::default()))]);
                let result = Value::object([
                    ("protocolVersion", version),
                    ("capabilities", offers),
                    ("serverInfo", server),
                ]);
                Ok(Response::result(id, result))
            }
            "ping" => Ok(Response::result(id, Value::Map(Map::default()))),
            "tools/list" => {
                let listed = self.pinned_tools().await;
                listed.map(|tools| {
                    Response::result(id, Value::object([("tools", Value::List(tools.to_vec()))]))
                })
            }
            _ => {
                let message = "this upstream runs only for a call that was proven: it offers tools alone";
                Ok(Response::error(id, code::METHOD_NOT_FOUND, message))
            }
        })
    }

    /// The tools as they were first seen.
    pub(super) async fn pinned_tools(&self) -> Result<Arc<Vec<Value>>, UpstreamError> {
        let config = &self.inner.config;
        let failed = |why: String| UpstreamError::Unreadable { name: config.name.clone(), why };
        let Some(journal) = self.inner.supply.journal().cloned() else {
            return Box::pin(self.learn()).await;
        };
        let (reading, name) = (Arc::clone(&journal), config.name.to_string());
        let pinned = tokio::task::spawn_blocking(move || pinned(&reading, &name)).await;
        let pinned = pinned.map_err(|error| failed(error.to_string()))?;
        let pinned = pinned.map_err(|error| failed(error.to_string()))?;
        if !pinned.is_empty() {
            return Ok(Arc::new(pinned));
        }
        let learnt = Box::pin(self.learn()).await?;
        let (tools, name) = (Arc::clone(&learnt), config.name.to_string());
        let pinning = tokio::task::spawn_blocking(move || {
            let named = tools.iter().filter_map(|tool| Some((tool.get("name")?.as_text()?, tool)));
            journal.set_pins(&name, named)
        });
        pinning
            .await
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(error.to_string()))?;
        Ok(learnt)
    }

    /// Asks a process that is not given the step-up secrets.
    async fn learn(&self) -> Result<Arc<Vec<Value>>, UpstreamError> {
        let mut config = self.inner.config.clone();
        config.secrets.retain(|used| !used.step_up);
        let (to_agent, _dropped) = mpsc::channel(1);
        let session = UpstreamSession::open(&config, &self.inner.supply, to_agent).await?;
        let tools = match session.introduce().await {
            Ok(()) => session.tools(false).await,
            Err(error) => Err(error),
        };
        session.close().await;
        tools
    }

    /// Headers for the one call that was proven, where this upstream has such.
    pub(super) async fn opened_by(&self, proven: Option<Proven>) -> Result<HeaderMap, UpstreamError> {
        let config = &self.inner.config;
        if !self.is_http() || !config.has_step_up_secret() {
            return Ok(HeaderMap::new());
        }
        let proven = proven.ok_or_else(|| UpstreamError::NeedsProof { name: config.name.clone() })?;
        let opened = self.inner.supply.opened_by(&proven, config).await;
        opened.map(|opened| opened.headers).map_err(|failed| UpstreamError::secret(&config.name, failed))
    }

    /// Runs the upstream for this one call.
    pub(super) async fn forward_unsealed(
        &self,
        call: JournalledCall,
        along: Along,
        route: CallRoute,
        proven: Option<Proven>,
    ) -> Result<Reply, UpstreamError> {
        let config = &self.inner.config;
        let Some(proven) = proven else {
            return Err(UpstreamError::NeedsProof { name: config.name.clone() });
        };
        let supply = &self.inner.supply;
        let opened = supply.opened_by(&proven, config).await;
        let opened = opened.map_err(|failed| UpstreamError::secret(&config.name, failed))?;
        let (to_agent, _dropped) = mpsc::channel(1);
        let running = UpstreamSession::open_unsealed(config, supply, to_agent, opened).await?;
        let sent = match running.introduce().await {
            Ok(()) => Box::pin(running.forward_with(call, along, route, Some(proven))).await,
            Err(error) => Err(error.unsent()),
        };
        self.set_turned(running.take_turned());
        running.close().await;
        sent
    }
}

fn pinned(journal: &Journal, upstream: &str) -> Result<Vec<Value>, JournalError> {
    let of_it = journal.pins()?.into_iter().filter(|(name, _)| name == upstream);
    Ok(of_it.filter_map(|(_, pin)| Value::parse(pin.definition.as_bytes()).ok()).collect())
}
