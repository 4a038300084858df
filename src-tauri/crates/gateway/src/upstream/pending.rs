//! The requests one connection waits for. Ids are ours, counted per connection, so an answer can only reach
//! the request it was asked by; an id that was never asked, or was answered already, finds nobody.

use super::{UpstreamError, route::CallRoute};
use crate::{
    message::{META_SUBSCRIPTION, Response},
    pipeline::StreamItem,
};
use policy::Value;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{mpsc, oneshot};

/// Most requests of one session that an upstream works on at once.
pub(super) const MAX_PENDING: usize = 256;

/// What a waiter gets.
pub(super) type Answer = Result<Response, UpstreamError>;

#[derive(Default)]
pub(super) struct Pending(Mutex<Table>);

#[derive(Default)]
struct Table {
    last: u64,
    waiting: BTreeMap<u64, Waiting>,
    /// Set once the connection is dead: nobody may wait any more.
    dead: Option<UpstreamError>,
}

struct Waiting {
    answer: oneshot::Sender<Answer>,
    route: CallRoute,
    progress_token: Option<String>,
    cancelled: bool,
    status: Option<u16>,
}

/// Why a request cannot wait here.
pub(super) enum NoPlace {
    Full,
    Dead(UpstreamError),
}

impl Pending {
    /// A new id and the place where its answer will come.
    pub(super) fn ask(
        &self,
        route: CallRoute,
        progress_token: Option<String>,
    ) -> Result<(u64, oneshot::Receiver<Answer>), NoPlace> {
        let mut table = self.table();
        if let Some(error) = &table.dead {
            return Err(NoPlace::Dead(error.clone()));
        }
        if table.waiting.len() >= MAX_PENDING {
            return Err(NoPlace::Full);
        }
        table.last += 1;
        let id = table.last;
        let (answer, receiver) = oneshot::channel();
        table.waiting.insert(id, Waiting { answer, route, progress_token, cancelled: false, status: None });
        Ok((id, receiver))
    }

    /// Gives the answer to its waiter; false when nobody waits under this id.
    pub(super) fn settle(&self, id: u64, answer: Answer) -> bool {
        let Some(waiting) = self.table().waiting.remove(&id) else { return false };
        let answer = answer.map(|response| response.with_status(waiting.status));
        let answer = match waiting.route.id {
            Some(theirs) => answer.map(|response| response.map_result(|result| named_back(result, &theirs))),
            None => answer,
        };
        waiting.answer.send(answer).is_ok()
    }

    /// The answer under this id will come with an HTTP status that is no success.
    pub(super) fn note_status(&self, id: u64, status: u16) {
        if let Some(waiting) = self.table().waiting.get_mut(&id) {
            waiting.status = Some(status);
        }
    }

    /// The agent's own id of the request under this id.
    pub(super) fn agents_id(&self, id: u64) -> Option<Value> {
        self.table().waiting.get(&id)?.route.id.clone()
    }

    pub(super) fn forget(&self, id: u64) {
        self.table().waiting.remove(&id);
    }

    pub(super) fn is_waiting(&self, id: u64) -> bool {
        self.table().waiting.contains_key(&id)
    }

    /// The id of the one request that waits, if it is one.
    pub(super) fn only_id(&self) -> Option<u64> {
        let table = self.table();
        table.waiting.keys().next().copied().filter(|_| table.waiting.len() == 1)
    }

    /// Every waiter gets the error, and so does every later one.
    pub(super) fn fail_all(&self, error: &UpstreamError) {
        let mut table = self.table();
        table.dead.get_or_insert_with(|| error.clone());
        for (_, waiting) in std::mem::take(&mut table.waiting) {
            let _ = waiting.answer.send(Err(error.clone()));
        }
    }

    pub(super) fn dead(&self) -> Option<UpstreamError> {
        self.table().dead.clone()
    }

    /// Marks as cancelled what came in on this stream, once; its id.
    pub(super) fn cancel(&self, stream: &mpsc::Sender<StreamItem>) -> Option<u64> {
        let mut table = self.table();
        let (id, waiting) = table.waiting.iter_mut().find(|(_, waiting)| {
            waiting.route.stream.as_ref().is_some_and(|known| known.same_channel(stream))
        })?;
        (!std::mem::replace(&mut waiting.cancelled, true)).then_some(*id)
    }

    /// The same by id.
    pub(super) fn cancel_id(&self, id: u64) -> bool {
        let mut table = self.table();
        table.waiting.get_mut(&id).is_some_and(|waiting| !std::mem::replace(&mut waiting.cancelled, true))
    }

    /// Says something to the stream of the request under this id, but never waits for a reader.
    pub(super) fn tell_of_stream(&self, id: u64, item: StreamItem) {
        if let Some(stream) = self.stream_of(id) {
            let _ = stream.try_send(item);
        }
    }

    /// The stream of the request under this id.
    pub(super) fn stream_of(&self, id: u64) -> Option<mpsc::Sender<StreamItem>> {
        self.table().waiting.get(&id)?.route.stream.clone()
    }

    /// The stream of the newest request that gave this progress token.
    pub(super) fn stream_by_token(&self, token: &str) -> Option<mpsc::Sender<StreamItem>> {
        let table = self.table();
        let mut newest_first = table.waiting.values().rev();
        newest_first.find(|waiting| waiting.progress_token.as_deref() == Some(token))?.route.stream.clone()
    }

    /// The stream of the newest request that has one.
    pub(super) fn newest_stream(&self) -> Option<mpsc::Sender<StreamItem>> {
        self.table().waiting.values().rev().find_map(|waiting| waiting.route.stream.clone())
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a subscription repeats the id of the request that opened it, which the agent knows as its own.
fn named_back(result: Value, theirs: &Value) -> Value {
    let Value::Map(mut members) = result else { return result };
    if let Some(Value::Map(meta)) = members.get("_meta")
        && meta.get(META_SUBSCRIPTION).is_some()
    {
        let mut meta = meta.clone();
        meta.insert(META_SUBSCRIPTION, theirs.clone());
        members.insert("_meta", Value::Map(meta));
    }
    Value::Map(members)
}
