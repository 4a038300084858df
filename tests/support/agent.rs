//! An agent: the MCP client of the Rust SDK over Streamable HTTP, with a bearer token.

use super::answer::Answer;
use super::within;
use rmcp::model::{CallToolRequestParams, ErrorData};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{Peer, ServiceExt};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::task::JoinHandle;

/// A connected agent; dropping it ends its session.
pub(crate) struct Agent {
    service: RunningService<RoleClient, ()>,
}

/// A call that is under way.
pub(crate) struct Pending(JoinHandle<Result<Answer, ServiceError>>);

impl Agent {
    pub(crate) async fn connect(door: SocketAddr, upstream: &str, token: &str) -> Agent {
        let url = format!("http://{door}/mcp/{upstream}");
        let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
        let transport = StreamableHttpClientTransport::from_config(config);
        let service = within("an agent connects", ().serve(transport)).await.expect("the agent is let in");
        Agent { service }
    }

    pub(crate) async fn tool_names(&self) -> Vec<String> {
        let tools =
            within("tools are listed", self.service.peer().list_all_tools()).await.expect("a list of tools");
        tools.into_iter().map(|tool| tool.name.into_owned()).collect()
    }

    /// One call to its end.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Answer {
        within(tool, request(self.service.peer().clone(), tool.to_owned(), arguments))
            .await
            .expect("a result")
    }

    /// A call that MCP answers with an error instead of a result.
    pub(crate) async fn call_in_error(&self, tool: &str, arguments: Value) -> ErrorData {
        match within(tool, request(self.service.peer().clone(), tool.to_owned(), arguments)).await {
            Err(ServiceError::McpError(error)) => error,
            other => panic!("an error of the protocol was expected: {other:?}"),
        }
    }

    /// Ends its session.
    pub(crate) async fn leave(self) {
        within("an agent leaves", self.service.cancel()).await.expect("its task ended well");
    }

    /// Sends a call and goes on.
    pub(crate) fn start(&self, tool: &str, arguments: Value) -> Pending {
        let call = request(self.service.peer().clone(), tool.to_owned(), arguments);
        Pending(tokio::spawn(call))
    }
}

impl Pending {
    pub(crate) async fn answer(self) -> Answer {
        let outcome = within("the answer of a held call", self.0).await.expect("the call's task ended well");
        outcome.expect("a result")
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.0.is_finished()
    }
}

async fn request(peer: Peer<RoleClient>, tool: String, arguments: Value) -> Result<Answer, ServiceError> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object: {arguments}") };
    let result = peer.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await?;
    Ok(Answer(serde_json::to_value(result).expect("a result is JSON")))
}
