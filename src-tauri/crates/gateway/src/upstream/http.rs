//! An upstream over Streamable HTTP: every message is a POST, answered by JSON or by an event stream; one GET
//! stream carries what belongs to no request.
//!
//! Redirects are never followed, and the only credentials sent are the headers of the upstream's own
//! configuration: nothing of the agent's request is copied.

use super::{MAX_MESSAGE, UpstreamError, connection::Connection, sse::Parser};
use crate::pipeline::StreamItem;
use policy::UpstreamName;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// For what wants no answer.
const TELL_LIMIT: Duration = Duration::from_secs(30);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_secs(1);
const SHORTEST_RETRY: Duration = Duration::from_millis(50);
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// How often an answer's stream is taken up again without having moved on.
const MAX_RESUMES: u32 = 5;

#[derive(Clone)]
pub(super) struct Http {
    name: UpstreamName,
    client: Client,
    url: Url,
    headers: HeaderMap,
    agreed: Arc<Mutex<Agreed>>,
    end: CancellationToken,
}

/// The headers of one request.
#[derive(Default)]
pub(super) struct Heads {
    /// Those of the stateless era, where it is of that.
    pub(super) own: Option<HeaderMap>,
    /// Read for this one call, and sent with it alone.
    pub(super) secret: HeaderMap,
}

/// What the upstream gave this session.
#[derive(Clone, Default)]
struct Agreed {
    session: Option<HeaderValue>,
    version: Option<HeaderValue>,
    listening: bool,
}

/// An answer whose status is no success, and the error it means.
struct Refusal(Box<(Response, UpstreamError)>);

impl Refusal {
    fn error(self) -> UpstreamError {
        self.0.1
    }
}

/// Where a stream stopped.
#[derive(Default)]
struct Stopped {
    last_id: Option<String>,
    retry: Option<Duration>,
    events: u64,
    broke: Option<String>,
}

impl Http {
    pub(super) fn new(
        name: &UpstreamName,
        url: &str,
        headers: &BTreeMap<String, String>,
        secrets: HeaderMap,
    ) -> Result<Http, UpstreamError> {
        let failed = |why: &str| UpstreamError::NotStarted { name: name.clone(), why: why.to_owned() };
        let url = Url::parse(url).map_err(|_| failed("its address is no URL"))?;
        let mut own = HeaderMap::new();
        for (key, text) in headers {
            let key =
                HeaderName::try_from(key.as_str()).map_err(|_| failed("a header's name is not valid"))?;
            let mut text = HeaderValue::from_str(text).map_err(|_| failed("a header's text is not valid"))?;
            text.set_sensitive(true);
            own.insert(key, text);
        }
        own.extend(secrets);
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_LIMIT)
            .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| failed(&cause(&error)))?;
        let agreed = Arc::default();
        Ok(Http { name: name.clone(), client, url, headers: own, agreed, end: CancellationToken::new() })
    }

    pub(super) fn agreed_on(&self, version: Option<&str>) {
        self.agreed().version = version.and_then(|version| HeaderValue::from_str(version).ok());
    }

    /// Sends a request, and hands over everything that comes back on its stream.
    pub(super) async fn exchange(
        &self,
        connection: &Arc<Connection>,
        id: u64,
        text: String,
        Heads { own: headers, secret }: Heads,
    ) -> Result<(), UpstreamError> {
        let is_stateless = headers.is_some();
        let response = self
            .post(text, headers)
            .headers(secret)
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let response = match self.checked(response) {
            Ok(response) => response,
            Err(Refusal(refusal)) => {
                let (response, error) = *refusal;
                connection.pending.note_status(id, response.status().as_u16());
                // A refusal may be a JSON-RPC error for this very request; then it is the answer.
                if let Ok(body) = self.body(response).await
                    && is_error(&body)
                {
                    connection.take_text(Some(id), body).await;
                }
                return Err(error);
            }
        };
        if let (Some(session), false) = (response.headers().get(&SESSION), is_stateless) {
            self.agreed().session.get_or_insert_with(|| session.clone());
        }
        if is(&response, "application/json") {
            let body = self.body(response).await?;
            connection.take_text(Some(id), body).await;
            return Ok(());
        }
        if !is(&response, "text/event-stream") {
            let why = format!(
                "its answer (HTTP {}) is neither JSON nor an event stream",
                response.status().as_u16()
            );
            return Err(UpstreamError::Unreadable { name: self.name.clone(), why });
        }
        connection.pending.tell_of_stream(id, StreamItem::Opened);
        let mut stopped = self.stream(response, Some(id), &Arc::downgrade(connection)).await?;
        let mut resumes = 0;
        while connection.pending.is_waiting(id) {
            resumes = if stopped.events > 0 { 1 } else { resumes + 1 };
            let may_resume = !is_stateless && resumes <= MAX_RESUMES;
            let (Some(last_id), true) = (stopped.last_id.take(), may_resume) else {
                let how = stopped.broke.unwrap_or_else(|| "it closed the answer's stream".to_owned());
                return Err(UpstreamError::Stopped { name: self.name.clone(), how, last_words: Vec::new() });
            };
            let retry = stopped.retry.unwrap_or(RETRY);
            if stopped.broke.is_none() {
                // It ended the stream on purpose; its agents are asked to come back the same way.
                connection.pending.tell_of_stream(id, StreamItem::Paused { retry });
            }
            tokio::time::sleep(retry).await;
            let mut next = match self.get(Some(&last_id)).send().await.map(|response| self.checked(response))
            {
                Ok(Ok(response)) => self.stream(response, Some(id), &Arc::downgrade(connection)).await?,
                Ok(Err(refusal)) => return Err(refusal.error()),
                Err(error) => Stopped { broke: Some(cause(&error)), ..Stopped::default() },
            };
            next.last_id.get_or_insert(last_id);
            next.retry = next.retry.or(stopped.retry);
            stopped = next;
        }
        Ok(())
    }

    pub(super) async fn tell(&self, text: String) -> Result<(), UpstreamError> {
        let sent = self
            .post(text, None)
            .timeout(TELL_LIMIT)
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        self.checked(sent).map(drop).map_err(Refusal::error)
    }

    /// Keeps the GET stream open for as long as the connection lives, where the upstream offers one.
    pub(super) fn listen(&self, connection: &Arc<Connection>) {
        if std::mem::replace(&mut self.agreed().listening, true) {
            return;
        }
        let (http, connection) = (self.clone(), Arc::downgrade(connection));
        let end = self.end.clone();
        tokio::spawn(async move { end.run_until_cancelled(http.listening(connection)).await });
    }

    async fn listening(&self, connection: Weak<Connection>) {
        let mut last_id: Option<String> = None;
        let mut wait = RETRY;
        while connection.upgrade().is_some_and(|connection| connection.is_alive()) {
            match self.get(last_id.as_deref()).send().await.map(|response| self.checked(response)) {
                Ok(Ok(response)) if is(&response, "text/event-stream") => {
                    match self.stream(response, None, &connection).await {
                        Ok(stopped) => {
                            last_id = stopped.last_id.or(last_id);
                            wait = stopped.retry.unwrap_or(if stopped.events > 0 { RETRY } else { wait });
                        }
                        Err(error) => {
                            tracing::warn!(upstream = %self.name, error = %error.for_agent(), "a stream is given up");
                            return;
                        }
                    }
                }
                // No stream is offered, or none any more; a lost session shows at the next request.
                Ok(_) => return,
                Err(error) => tracing::debug!(upstream = %self.name, error = %cause(&error), "no stream yet"),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_RETRY);
        }
    }

    /// Closes the GET stream.
    pub(super) fn stop(&self) {
        self.end.cancel();
    }

    /// Ends the session at the upstream, if it gave one.
    pub(super) async fn close(&self) {
        self.stop();
        if self.agreed().session.is_some() {
            let _ = self.with_headers(self.client.delete(self.url.clone())).timeout(CLOSE_LIMIT).send().await;
        }
    }

    /// Hands over event after event, until the stream or the wait for `origin` ends.
    async fn stream(
        &self,
        mut response: Response,
        origin: Option<u64>,
        connection: &Weak<Connection>,
    ) -> Result<Stopped, UpstreamError> {
        let mut parser = Parser::new(MAX_MESSAGE);
        let mut stopped = Stopped::default();
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(stopped),
                Err(error) => {
                    stopped.broke = Some(cause(&error));
                    return Ok(stopped);
                }
            };
            for event in parser.feed(&chunk).map_err(|_| self.too_large())? {
                stopped.last_id = event.last_id.or(stopped.last_id);
                let retry = event
                    .retry
                    .map(|retry| Duration::from_millis(retry).clamp(SHORTEST_RETRY, LONGEST_RETRY));
                stopped.retry = retry.or(stopped.retry);
                if !event.is_message || event.data.is_empty() {
                    continue;
                }
                stopped.events += 1;
                let Some(connection) = connection.upgrade() else { return Ok(stopped) };
                connection.take_text(origin, event.data).await;
                if origin.is_some_and(|id| !connection.pending.is_waiting(id)) {
                    return Ok(stopped);
                }
            }
        }
    }

    /// The whole body, if it is not larger than one message may be.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, UpstreamError> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > MAX_MESSAGE => return Err(self.too_large()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) => {
                    let (name, how) = (self.name.clone(), cause(&error));
                    return Err(UpstreamError::Stopped { name, how, last_words: Vec::new() });
                }
            }
        }
    }

    /// `headers` are those of a request of the stateless era, which knows no session.
    fn post(&self, text: String, headers: Option<HeaderMap>) -> RequestBuilder {
        let request = self.client.post(self.url.clone());
        let request = match headers {
            Some(headers) => request.headers(self.headers.clone()).headers(headers),
            None => self.with_headers(request),
        };
        request
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json")
            .body(text)
    }

    fn get(&self, last_id: Option<&str>) -> RequestBuilder {
        let request =
            self.with_headers(self.client.get(self.url.clone())).header(ACCEPT, "text/event-stream");
        match last_id.and_then(|id| HeaderValue::from_str(id).ok()) {
            Some(id) => request.header(LAST_EVENT, id),
            None => request,
        }
    }

    fn with_headers(&self, request: RequestBuilder) -> RequestBuilder {
        let Agreed { session, version, .. } = self.agreed().clone();
        let mut headers = self.headers.clone();
        headers.extend(session.map(|session| (SESSION, session)));
        headers.extend(version.map(|version| (VERSION, version)));
        request.headers(headers)
    }

    /// A status that is no success comes back with the error it means.
    fn checked(&self, response: Response) -> Result<Response, Refusal> {
        let (name, status) = (self.name.clone(), response.status());
        let code = status.as_u16();
        let error = match status {
            status if status.is_success() => return Ok(response),
            status if status.is_redirection() => UpstreamError::Redirect { name },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                UpstreamError::Credentials { name, status: code }
            }
            StatusCode::NOT_FOUND if self.agreed().session.is_some() => UpstreamError::SessionLost { name },
            _ => UpstreamError::Status { name, status: code },
        };
        Err(Refusal(Box::new((response, error))))
    }

    fn unreachable(&self, error: &reqwest::Error) -> UpstreamError {
        let (name, why) = (self.name.clone(), cause(error));
        if error.is_connect() {
            UpstreamError::Unreachable { name, why }
        } else if error.is_timeout() {
            UpstreamError::Slow { name, seconds: TELL_LIMIT.as_secs() }
        } else {
            UpstreamError::Stopped { name, how: why, last_words: Vec::new() }
        }
    }

    fn too_large(&self) -> UpstreamError {
        UpstreamError::TooLarge { name: self.name.clone(), limit: MAX_MESSAGE }
    }

    fn agreed(&self) -> MutexGuard<'_, Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The innermost reason; the outer ones repeat the address, whose query may hold a secret.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = innermost.and_then(Error::source) {
        innermost = Some(inner);
    }
    innermost.map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

fn is(response: &Response, kind: &str) -> bool {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(kind)
}

fn is_error(body: &[u8]) -> bool {
    policy::Value::parse(body).is_ok_and(|value| value.get("error").is_some())
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}
