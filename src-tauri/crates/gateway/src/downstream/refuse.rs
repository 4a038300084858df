//! Answers of our own to an agent: an HTTP status with a JSON-RPC error that says what to do.

use crate::message;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use policy::Value;

/// What is answered instead of passing something on.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) code: i64,
    pub(super) message: String,
    pub(super) id: Value,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: i64, message: impl Into<String>) -> Refused {
        Refused { status, code, message: message.into(), id: Value::Null }
    }

    /// As the answer to this request.
    pub(super) fn to(self, id: &Value) -> Refused {
        Refused { id: id.clone(), ..self }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = message::Response::error(self.id, self.code, &self.message);
        let mut response = json(self.status, &body.into_value());
        let headers = response.headers_mut();
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"doorward\""));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST, DELETE"));
            }
            // What is left of the body is not read.
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// One JSON text.
pub(super) fn json(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_json()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
