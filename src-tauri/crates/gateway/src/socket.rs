//! The home's Unix socket, for the command line: the agents' routes with the agent named by a header, and
//! what the command line asks of the desk. Nothing here can vote, change a policy or confirm anything (I11).

use crate::changed_tools::ChangedTool;
use crate::downstream;
use crate::engine::Engine;
use crate::home::{BookError, UpstreamConfig};
use crate::routes;
use crate::sets::{Book, SetError};
use crate::signing::SigningError;
use crate::together::Together;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use policy::UpstreamName;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

/// Opens the socket for this user only. The home's lock is held: what lies there was left by a crash.
pub(crate) fn bind(path: &Path) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves until told to stop.
pub(crate) async fn serve(engine: Arc<Engine>, listener: UnixListener, stopping: CancellationToken) {
    let desk = Router::new()
        .route(routes::STATUS, get(status))
        .route(routes::AGENTS, get(agents).post(add_agent))
        .route(routes::REMOVE_AGENT, post(remove_agent))
        .route(routes::AGENT_WAIT, post(set_wait_limit))
        .route(routes::UPSTREAMS, get(upstreams).post(add_upstream))
        .route(routes::REMOVE_UPSTREAM, post(remove_upstream))
        .route(routes::CONNECT, post(connect))
        .route(routes::CHANGED_TOOLS, get(changed_tools))
        .route(routes::SECOND_START, post(second_start))
        .with_state(Arc::clone(&engine));
    downstream::serve_unix(engine, listener, desk, stopping).await;
}

#[derive(Serialize)]
struct Status {
    version: &'static str,
    listen: String,
    holds: usize,
    pid: u32,
}

async fn status(State(engine): State<Arc<Engine>>) -> Json<Status> {
    Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        listen: engine.listen_addr().to_string(),
        holds: engine.desk().inbox().len(),
        pid: std::process::id(),
    })
}

/// Another `doorward serve` was started on this home, and refused.
async fn second_start(State(engine): State<Arc<Engine>>) -> Result<Json<()>, Problem> {
    blocking(move || {
        let said = "a second gateway was started on this home, and refused".to_owned();
        engine.note(journal::Entry::Alarm { code: "second_start".to_owned(), said });
        Ok::<_, BookError>(())
    })
    .await
    .map(Json)
}

#[derive(Serialize)]
struct AgentLine {
    name: String,
    user: String,
    /// Seconds; absent where none was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<u64>,
    /// Paths of the programs it is known to be.
    programs: Vec<String>,
}

async fn agents(State(engine): State<Arc<Engine>>) -> Json<Vec<AgentLine>> {
    let lines = engine.agents().into_iter().map(|row| AgentLine {
        name: row.name.to_string(),
        user: row.user.to_string(),
        wait: row.wait_limit.map(|limit| limit.as_secs()),
        programs: row.programs,
    });
    Json(lines.collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAgent {
    name: policy::AgentName,
    user: policy::UserId,
}

#[derive(Serialize)]
struct Paired {
    name: String,
    token: String,
    /// Why it is not in force yet, one sentence each.
    waits: Vec<String>,
}

async fn add_agent(
    State(engine): State<Arc<Engine>>,
    Json(new): Json<NewAgent>,
) -> Result<Json<Paired>, Problem> {
    let name = new.name.to_string();
    let adding = Arc::clone(&engine);
    let token = blocking(move || adding.add_agent(new.name, new.user)).await?;
    let waits = engine.waits_in(Book::Agents);
    Ok(Json(Paired { name, token: token.as_str().to_owned(), waits }))
}

/// What became of a change: in force, or why it waits, one sentence each.
#[derive(Serialize)]
struct Became {
    waits: Vec<String>,
}

impl Became {
    fn of(engine: &Engine, book: Book) -> Json<Became> {
        Json(Became { waits: engine.waits_in(book) })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

async fn remove_agent(
    State(engine): State<Arc<Engine>>,
    Json(named): Json<Named>,
) -> Result<Json<Became>, Problem> {
    let changing = Arc::clone(&engine);
    blocking(move || changing.remove_agent(&named.name)).await?;
    Ok(Became::of(&engine, Book::Agents))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    name: String,
    /// Seconds; null for what the agent's program is known to put up with.
    wait: Option<u64>,
}

async fn set_wait_limit(
    State(engine): State<Arc<Engine>>,
    Json(Wait { name, wait }): Json<Wait>,
) -> Result<Json<()>, Problem> {
    blocking(move || engine.set_wait_limit(&name, wait.map(Duration::from_secs))).await.map(Json)
}

async fn upstreams(State(engine): State<Arc<Engine>>) -> Json<Vec<UpstreamConfig>> {
    Json(engine.upstreams())
}

async fn add_upstream(
    State(engine): State<Arc<Engine>>,
    Json(config): Json<UpstreamConfig>,
) -> Result<Json<Became>, Problem> {
    let changing = Arc::clone(&engine);
    blocking(move || changing.add_upstream(config)).await?;
    Ok(Became::of(&engine, Book::Upstreams))
}

async fn remove_upstream(
    State(engine): State<Arc<Engine>>,
    Json(named): Json<Named>,
) -> Result<Json<Became>, Problem> {
    let changing = Arc::clone(&engine);
    blocking(move || changing.remove_upstream(&named.name)).await?;
    Ok(Became::of(&engine, Book::Upstreams))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTogether {
    upstreams: Vec<UpstreamConfig>,
    agent: Option<NewAgent>,
    /// Only say whether it could be done.
    rehearse: bool,
}

#[derive(Serialize)]
struct AddedTogether {
    /// Of the agent, where it is new.
    token: Option<String>,
}

/// All of it is in force afterwards, or nothing was changed and nothing waits.
async fn connect(
    State(engine): State<Arc<Engine>>,
    Json(new): Json<NewTogether>,
) -> Result<Json<AddedTogether>, Problem> {
    let agent = new.agent.map(|agent| (agent.name, agent.user));
    let together = Together { upstreams: new.upstreams, secrets: Vec::new(), agent };
    let token = blocking(move || engine.add_together(together, new.rehearse)).await?;
    Ok(Json(AddedTogether { token: token.map(|token| token.as_str().to_owned()) }))
}

#[derive(Serialize)]
struct ShownTool {
    upstream: UpstreamName,
    tool: String,
    difference: String,
}

async fn changed_tools(State(engine): State<Arc<Engine>>) -> Json<Vec<ShownTool>> {
    let shown = |ChangedTool { upstream, tool, difference, .. }| ShownTool { upstream, tool, difference };
    Json(engine.changed_tools().into_iter().map(shown).collect())
}

/// What the command line prints.
struct Problem {
    code: &'static str,
    message: String,
    hint: String,
}

impl From<BookError> for Problem {
    fn from(error: BookError) -> Problem {
        Problem { code: error.code(), message: error.to_string(), hint: error.hint() }
    }
}

impl From<SigningError> for Problem {
    fn from(error: SigningError) -> Problem {
        let hint = match &error {
            SigningError::Set(SetError::NeedsProof(_)) => {
                "connect the agent in the window, on Agents, where the passkey is asked for; nothing was changed"
                    .to_owned()
            }
            _ => error.hint(),
        };
        Problem { code: error.code(), message: error.to_string(), hint }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "code": self.code, "message": self.message, "hint": self.hint });
        (StatusCode::CONFLICT, Json(body)).into_response()
    }
}

async fn blocking<T: Send + 'static, E: Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    Problem: From<E>,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(Problem::from),
        Err(_) => Err(Problem {
            code: "internal",
            message: "the request was not carried out".to_owned(),
            hint: "try again; the log of the running Doorward says more".to_owned(),
        }),
    }
}
