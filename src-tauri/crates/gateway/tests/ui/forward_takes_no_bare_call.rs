//! I1: a call that nobody released goes nowhere.

use gateway::upstream::{CallRoute, UpstreamSession};
use policy::ToolCall;

async fn send(session: UpstreamSession, call: ToolCall) {
    let _ = session.forward(call, gateway::upstream::Along::default(), CallRoute::nowhere()).await;
}

fn main() {}
