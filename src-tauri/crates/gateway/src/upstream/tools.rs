//! The upstream's tool list as we ask for it ourselves, page by page, and keep until it changes.

use super::{
    CallRoute, UpstreamError,
    outgoing::Outgoing,
    session::{Inner, answered},
};
use crate::message::{Request, code};
use policy::{Map, Value};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::Instant;

const LIST_LIMIT: Duration = Duration::from_secs(30);
const MAX_PAGES: usize = 100;
const MAX_TOOLS: usize = 10_000;

/// How long a list is kept in the stateless era, where no change is told, if the upstream does not say.
const KEPT: Duration = Duration::from_secs(10);
/// The longest, whatever it says: a changed definition must not go unseen.
const KEPT_AT_MOST: Duration = Duration::from_secs(60);
/// The shortest: one call looks at the list more than once.
const KEPT_AT_LEAST: Duration = Duration::from_secs(2);

/// A list, and the count of changes it was asked after.
pub(super) struct Tools {
    list: Arc<Vec<Value>>,
    as_of: u64,
    /// From when on it is asked for anew.
    stale_at: Option<Instant>,
}

impl Tools {
    fn is_fresh(&self, as_of: u64) -> bool {
        self.as_of == as_of && self.stale_at.is_none_or(|stale_at| Instant::now() < stale_at)
    }
}

impl Inner {
    pub(super) async fn tools(self: &Arc<Self>, afresh: bool) -> Result<Arc<Vec<Value>>, UpstreamError> {
        // Held while asking: whoever comes meanwhile shares the answer.
        let mut kept = self.tools.lock().await;
        let connection = self.connection().await?;
        let as_of = self.tool_changes.load(Ordering::Relaxed);
        if let Some(tools) = kept.as_ref().filter(|tools| !afresh && tools.is_fresh(as_of)) {
            return Ok(Arc::clone(&tools.list));
        }
        let unreadable =
            |why: &str| UpstreamError::Unreadable { name: self.config.name.clone(), why: why.to_owned() };
        let mut list = Vec::new();
        let mut cursor = None;
        let meta = self.own_meta();
        let mut keep = KEPT_AT_MOST;
        for _ in 0..MAX_PAGES {
            let mut params = Map::default();
            if let Some(cursor) = cursor.take() {
                params.insert("cursor", cursor);
            }
            if let Some(meta) = &meta {
                params.insert("_meta", meta.clone());
            }
            let params = (!params.is_empty()).then_some(Value::Map(params));
            let request = Outgoing::request(Request::new(0.into(), "tools/list", params))?;
            let page = match connection.ask(request, CallRoute::nowhere(), Some(LIST_LIMIT)).await?.outcome()
            {
                Ok(page) => page,
                Err(error) if has_no_tools(&error) => Value::Null,
                Err(error) => return Err(answered(&self.config, "tools/list", &error)),
            };
            keep = keep.min(time_to_live(&page));
            list.extend(page.get("tools").and_then(Value::as_list).unwrap_or_default().iter().cloned());
            if list.len() > MAX_TOOLS {
                return Err(unreadable("it lists more tools than are taken"));
            }
            match page.get("nextCursor") {
                Some(next @ Value::Text(_)) => cursor = Some(next.clone()),
                _ => {
                    let list = Arc::new(list);
                    let stale_at = meta.map(|_| Instant::now() + keep);
                    *kept = Some(Tools { list: Arc::clone(&list), as_of, stale_at });
                    return Ok(list);
                }
            }
        }
        Err(unreadable("its list of tools does not end"))
    }
}

fn has_no_tools(error: &Value) -> bool {
    error.get("code") == Some(&code::METHOD_NOT_FOUND.into())
}

fn time_to_live(page: &Value) -> Duration {
    match page.get("ttlMs") {
        Some(Value::Number(millis)) => {
            millis.as_str().parse().map_or(KEPT, Duration::from_millis).max(KEPT_AT_LEAST)
        }
        _ => KEPT,
    }
}
