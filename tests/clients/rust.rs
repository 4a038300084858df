//! The official Rust client, over HTTP and over pipes, in both eras, at our own server. The older era over HTTP is
//! looked at here.

#![allow(deprecated, reason = "servers still ask for roots and samples, which the newest version drops")]

use super::door::{Command, Door};
use super::tour::Notebook;
use super::typescript::OURS;
use crate::support::within;
use rmcp::handler::client::ClientHandler;
use rmcp::model::{
    ArgumentInfo, CallToolRequest, CallToolRequestParams, ClientConfig, ClientRequest, CompleteRequestParams,
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult, ErrorData,
    GetPromptRequestParams, Implementation, JsonObject, ListRootsResult, ProgressNotificationParam,
    ReadResourceRequestParams, Reference, Root, SubscriptionFilter,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt as _, NotificationContext, PeerRequestOptions, RequestContext,
    RoleClient, RunningService, ServiceError,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde::Serialize;
use serde_json::{Value, json};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use tokio::process::Child;
use tokio::sync::Notify;

/// The agent that this client is.
pub(crate) const AGENT: &str = "rust";

/// What the server asks of the client is answered at once, and kept.
#[derive(Clone, Default)]
struct Guest {
    asked: Arc<Mutex<Vec<Value>>>,
    progress: Arc<Mutex<Vec<Value>>>,
    progressed: Arc<Notify>,
}

impl Guest {
    fn hear(&self, method: &str, params: impl Serialize) {
        let mut params = plain(&params);
        // Another one in each run, where there is one.
        if params["elicitationId"].as_str().is_some_and(|id| !id.is_empty()) {
            params["elicitationId"] = "an-id".into();
        }
        self.asked.lock().unwrap().push(json!({ "method": method, "params": params }));
    }
}

impl ClientHandler for Guest {
    fn get_info(&self) -> ClientConfig {
        let capabilities = json!({ "roots": {}, "sampling": {}, "elicitation": { "form": {}, "url": {} } });
        let capabilities = serde_json::from_value(capabilities).expect("capabilities");
        ClientConfig::new(capabilities, Implementation::new("tour", "1.0.0"))
    }

    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        self.hear("sampling/createMessage", params);
        let content = json!({ "type": "text", "text": "a way in" });
        let result = json!({ "role": "assistant", "model": "a-model", "content": content });
        Ok(serde_json::from_value(result).expect("a message"))
    }

    async fn list_roots(&self, _: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        self.hear("roots/list", json!({}));
        Ok(ListRootsResult::new(vec![Root::new("file:///srv/one")]))
    }

    async fn create_elicitation(
        &self,
        params: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let is_form = matches!(params, ElicitRequestParams::FormElicitationParams { .. });
        self.hear("elicitation/create", params);
        let mut result = json!({ "action": "accept" });
        if is_form {
            result["content"] = json!({ "name": "Zoë", "age": 7 });
        }
        Ok(serde_json::from_value(result).expect("a result"))
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.lock().unwrap().push(json!([params.progress, params.total, params.message]));
        self.progressed.notify_one();
    }
}

/// A connected client, with the program at the other end of its pipes.
pub(crate) struct Visit {
    service: RunningService<RoleClient, Guest>,
    guest: Guest,
    _program: Option<Child>,
}

pub(crate) fn legacy() -> ClientLifecycleMode {
    ClientLifecycleMode::Initialize
}

pub(crate) fn modern() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![rmcp::model::ProtocolVersion::V_2026_07_28] }
}

impl Visit {
    pub(crate) async fn over_pipes(command: &Command, era: ClientLifecycleMode) -> Visit {
        let mut command = tokio::process::Command::from(command.command());
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut program = piped.spawn().expect("the server starts");
        let pipes = (program.stdout.take().expect("its output"), program.stdin.take().expect("its input"));
        let guest = Guest::default();
        let connecting = guest.clone().serve_with_lifecycle(pipes, era);
        let service = within("a client connects over pipes", connecting).await.expect("the client is let in");
        Visit { service, guest, _program: Some(program) }
    }

    pub(crate) async fn over_http(door: &Door, upstream: &str, era: ClientLifecycleMode) -> Visit {
        let config =
            StreamableHttpClientTransportConfig::with_uri(door.url(upstream)).auth_header(door.token(AGENT));
        let guest = Guest::default();
        let transport = StreamableHttpClientTransport::from_config(config);
        let connecting = guest.clone().serve_with_lifecycle(transport, era);
        let service = within("a client connects over HTTP", connecting).await.expect("the client is let in");
        Visit { service, guest, _program: None }
    }

    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(object(arguments));
        outcome(within(tool, self.service.call_tool(params)).await)
    }

    /// Waits until so much progress was reported.
    async fn progressed(&self, steps: usize) {
        within("progress", async {
            while self.guest.progress.lock().unwrap().len() < steps {
                self.guest.progressed.notified().await;
            }
        })
        .await;
    }

    /// A call that is cancelled as soon as it has shown a sign of life.
    async fn cancel_a_wait(&self) -> Value {
        let wait = ClientRequest::CallToolRequest(CallToolRequest::new(CallToolRequestParams::new("wait")));
        let sent = self.service.send_cancellable_request(wait, PeerRequestOptions::no_options()).await;
        let call = sent.expect("the call is sent");
        self.progressed(1).await;
        call.cancel(Some("enough".to_owned())).await.expect("the cancellation is sent");
        within("the server to be told", async {
            loop {
                let waited = self.call("waited", json!({})).await;
                let counts: Value =
                    serde_json::from_str(waited["content"][0]["text"].as_str().unwrap()).unwrap();
                if counts["begun"] == counts["cancelled"] {
                    return counts;
                }
            }
        })
        .await
    }

    pub(crate) async fn tour(&self, is_modern: bool) -> Notebook {
        let peer = self.service.peer();
        let mut steps =
            vec![("connected".to_owned(), plain(&peer.peer_info().expect("a connected server").as_ref()))];
        let mut write = |step: &str, saw: Value| steps.push((step.to_owned(), saw));
        write("tools", outcome(within("tools", peer.list_tools(None)).await));
        write("add", self.call("add", json!({ "a": 0.1, "b": 2e20 })).await);
        write("greet", self.call("greet", json!({ "place": "Köln", "name": "Zoë" })).await);
        write("count", self.call("count", json!({ "to": 3 })).await);
        self.progressed(3).await;
        // This client handles each notification in a task of its own, so their order is lost on its side.
        let mut progress = std::mem::take(&mut *self.guest.progress.lock().unwrap());
        progress.sort_by_key(|step| step[0].to_string());
        write("progress", json!(progress));
        for tool in ["ask-person", "ask-link", "ask-model", "ask-roots"] {
            write(tool, self.call(tool, json!({})).await);
        }
        write("asked", json!(std::mem::take(&mut *self.guest.asked.lock().unwrap())));
        write("the server was told", self.cancel_a_wait().await);
        write("all pages", outcome(within("resources", peer.list_all_resources()).await));
        let birds = ReadResourceRequestParams::new("shelf://title/Birds");
        write("read", outcome(within("a resource", self.service.read_resource(birds)).await));
        let letter = GetPromptRequestParams::new("letter").with_arguments(object(json!({ "to": "Ada" })));
        write("prompt", outcome(within("a prompt", self.service.get_prompt(letter)).await));
        let argument = ArgumentInfo::new("to", "A");
        let completion = CompleteRequestParams::new(Reference::for_prompt("letter"), argument);
        write("completion", outcome(within("a completion", peer.complete(completion)).await));
        if is_modern {
            let filter =
                SubscriptionFilter::builder().tools_list_changed().resource_subscription("notes://all");
            let listening = within("listening", peer.listen(filter.build())).await;
            let mut listening = listening.expect("the server lets it listen");
            write("listens", plain(&listening.acknowledged()));
            write("note", self.call("note", json!({ "words": "changed" })).await);
            let news = within("an update", listening.next()).await.expect("an update").expect("not the end");
            write("updated", plain(&news)["params"]["uri"].take());
            within("the end of listening", listening.cancel()).await.expect("it ends");
        }
        Notebook { steps }
    }

    pub(crate) async fn leave(self) {
        within("a client leaves", self.service.cancel()).await.expect("its task ended well");
    }
}

fn object(value: Value) -> JsonObject {
    let Value::Object(object) = value else { panic!("an object: {value}") };
    object
}

fn plain(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("what was received is JSON")
}

fn outcome(result: Result<impl Serialize, ServiceError>) -> Value {
    match result {
        Ok(value) => plain(&value),
        Err(ServiceError::McpError(error)) => json!({ "failed": plain(&error) }),
        Err(other) => panic!("no answer: {other}"),
    }
}

#[track_caller]
pub(crate) fn check(notebook: &Notebook) {
    assert_eq!(notebook.saw("add")["structuredContent"], json!({ "sum": 2e20, "parts": [0.1, 2e20] }));
    assert_eq!(notebook.saw("progress")[2], json!([3.0, 3.0, "number 3"]));
    assert_eq!(notebook.text("ask-person"), r#"accept: {"age":7,"name":"Zoë"}"#);
    assert_eq!(notebook.text("ask-link"), "page: accept");
    assert_eq!(notebook.text("ask-model"), "the model said: a way in");
    assert_eq!(notebook.text("ask-roots"), "file:///srv/one");
    assert_eq!(notebook.saw("the server was told"), &json!({ "begun": 1, "cancelled": 1 }));
    assert_eq!(notebook.saw("all pages").as_array().unwrap().len(), 5);
    assert_eq!(notebook.saw("completion")["completion"]["values"], json!(["Ada", "Alan"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_client_sees_the_same_in_the_older_era() {
    let server = Command::node(OURS, &[]);
    let door = Door::before(&[("ours", &server)]);
    let direct = Visit::over_pipes(&server, legacy()).await;
    let through = Visit::over_http(&door, "ours", legacy()).await;
    let (direct_saw, through_saw) = tokio::join!(direct.tour(false), through.tour(false));
    check(&through_saw);
    through_saw.is_as(&direct_saw);
    direct.leave().await;
    through.leave().await;
    door.close();
}
