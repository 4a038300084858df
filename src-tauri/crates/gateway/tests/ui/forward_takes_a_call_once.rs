//! I2: what is forwarded is used up.

use gateway::upstream::{CallRoute, UpstreamSession};
use journal::JournalledCall;

async fn send(session: UpstreamSession, call: JournalledCall) {
    let _ = session.forward(call, gateway::upstream::Along::default(), CallRoute::nowhere()).await;
    let _ = session.forward(call, gateway::upstream::Along::default(), CallRoute::nowhere()).await;
}

fn main() {}
