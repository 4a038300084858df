//! The body of a POST: never more than a limit of it in memory, never waited for without end.

use super::refuse::Refused;
use crate::message::{Message, classify, code};
use axum::{
    body::{Body, Bytes, HttpBody},
    http::StatusCode,
};
use futures_util::StreamExt;
use policy::Value;
use std::time::Duration;
use tokio::time::timeout;

/// Largest message taken from an agent.
pub(super) const MAX_BODY: usize = 8 * 1024 * 1024;
/// How long an agent may take to send it.
const BODY_LIMIT: Duration = Duration::from_secs(30);
/// Bodies longer than this are parsed off the event loop.
const LARGE: usize = 256 * 1024;

/// One message.
pub(super) async fn read(body: Body) -> Result<Message, Refused> {
    let text = match timeout(BODY_LIMIT, collect(body)).await {
        Ok(text) => text?,
        Err(_) => {
            let message = format!("the body did not arrive within {} s", BODY_LIMIT.as_secs());
            return Err(Refused::new(StatusCode::REQUEST_TIMEOUT, code::REFUSED, message));
        }
    };
    let value = parse(text).await?;
    let id = value.get("id").filter(|id| matches!(id, Value::Number(_) | Value::Text(_))).cloned();
    classify(value).map_err(|error| {
        let refused = Refused::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, error.to_string());
        refused.to(&id.unwrap_or(Value::Null))
    })
}

async fn collect(body: Body) -> Result<Vec<u8>, Refused> {
    let too_large = || {
        let message = format!("a message may have at most {MAX_BODY} bytes");
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, code::REFUSED, message)
    };
    // An announced length past the limit is refused before a byte is read.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > MAX_BODY {
        return Err(too_large());
    }
    let mut text = Vec::with_capacity(announced);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk: Bytes = chunk.map_err(|_| {
            Refused::new(StatusCode::BAD_REQUEST, code::PARSE, "the body broke off before its end")
        })?;
        if text.len() + chunk.len() > MAX_BODY {
            return Err(too_large());
        }
        text.extend_from_slice(&chunk);
    }
    Ok(text)
}

pub(super) async fn parse(text: Vec<u8>) -> Result<Value, Refused> {
    let parsed = if text.len() < LARGE {
        Value::parse(&text).map_err(|error| error.to_string())
    } else {
        let parsed =
            tokio::task::spawn_blocking(move || Value::parse(&text).map_err(|error| error.to_string())).await;
        parsed.unwrap_or_else(|_| Err("the body could not be read".to_owned()))
    };
    parsed.map_err(|message| Refused::new(StatusCode::BAD_REQUEST, code::PARSE, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::io;

    fn chunks(parts: Vec<io::Result<Bytes>>) -> Body {
        Body::from_stream(stream::iter(parts))
    }

    #[tokio::test]
    async fn a_message_is_read_however_it_is_cut() {
        let text = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let parts = text.chunks(3).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        assert!(
            matches!(read(chunks(parts)).await, Ok(Message::Request(request)) if request.method == "ping")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_not_waited_for() {
        let refused = read(Body::from_stream(stream::pending::<io::Result<Bytes>>())).await.unwrap_err();
        assert_eq!(refused.status, StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_taken_for_a_whole_one() {
        let whole = Bytes::from_static(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
        let broken = chunks(vec![Ok(whole), Err(io::ErrorKind::ConnectionReset.into())]);
        assert_eq!(read(broken).await.unwrap_err().status, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn a_refusal_carries_the_id_where_there_is_one() {
        let refused = read(Body::from(r#"{"id":"x","method":"ping"}"#)).await.unwrap_err();
        assert_eq!((refused.code, refused.id), (code::INVALID_REQUEST, "x".into()));
    }
}
