//! I1, I3: a release that is not in the journal yet goes nowhere.

use approvals::ReleasedCall;
use gateway::upstream::{CallRoute, UpstreamSession};

async fn send(session: UpstreamSession, call: ReleasedCall) {
    let _ = session.forward(call, gateway::upstream::Along::default(), CallRoute::nowhere()).await;
}

fn main() {}
