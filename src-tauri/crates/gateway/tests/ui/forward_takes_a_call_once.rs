//! I2: what is forwarded is used up.

use gateway::upstream::{CallRoute, UpstreamSession};
use journal::JournalledCall;

async fn send(session: UpstreamSession, call: JournalledCall) {
    let _ = session.forward(call, policy::Map::default(), CallRoute::nowhere()).await;
    let _ = session.forward(call, policy::Map::default(), CallRoute::nowhere()).await;
}

fn main() {}
