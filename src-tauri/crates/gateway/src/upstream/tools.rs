//! The upstream's tool list as we ask for it ourselves, page by page, and keep until it changes.

use super::{
    CallRoute, UpstreamError,
    outgoing::Outgoing,
    session::{Inner, answered},
};
use crate::message::{Request, code};
use policy::Value;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

const LIST_LIMIT: Duration = Duration::from_secs(30);
const MAX_PAGES: usize = 100;
const MAX_TOOLS: usize = 10_000;

/// A list, and the count of changes it was asked after.
pub(super) struct Tools {
    list: Arc<Vec<Value>>,
    as_of: u64,
}

impl Inner {
    pub(super) async fn tools(self: &Arc<Self>, afresh: bool) -> Result<Arc<Vec<Value>>, UpstreamError> {
        // Held while asking: whoever comes meanwhile shares the answer.
        let mut kept = self.tools.lock().await;
        let connection = self.connection().await?;
        let as_of = self.tool_changes.load(Ordering::Relaxed);
        if let Some(tools) = kept.as_ref().filter(|tools| !afresh && tools.as_of == as_of) {
            return Ok(Arc::clone(&tools.list));
        }
        let unreadable =
            |why: &str| UpstreamError::Unreadable { name: self.config.name.clone(), why: why.to_owned() };
        let mut list = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let params = cursor.take().map(|cursor| Value::object([("cursor", cursor)]));
            let request = Outgoing::request(Request::new(0.into(), "tools/list", params))?;
            let page = match connection.ask(request, CallRoute::nowhere(), Some(LIST_LIMIT)).await?.outcome()
            {
                Ok(page) => page,
                Err(error) if has_no_tools(&error) => Value::Null,
                Err(error) => return Err(answered(&self.config, "tools/list", &error)),
            };
            list.extend(page.get("tools").and_then(Value::as_list).unwrap_or_default().iter().cloned());
            if list.len() > MAX_TOOLS {
                return Err(unreadable("it lists more tools than are taken"));
            }
            match page.get("nextCursor") {
                Some(next @ Value::Text(_)) => cursor = Some(next.clone()),
                _ => {
                    let list = Arc::new(list);
                    *kept = Some(Tools { list: Arc::clone(&list), as_of });
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
