//! JSON-RPC as a thin reading of [`policy::Value`]: what kind of message this is, and nothing more. The
//! envelope is kept whole, so that members we know nothing of travel on; only ids are rewritten.
//!
//! Some servers match member names without regard to case. A member that such a server would take for one of
//! the envelope's own is refused, or `"Method":"tools/call"` beside `"method":"ping"` would be a call that
//! nobody judged (I1, I12).

use policy::{Map, Value};

/// The one method that goes up by release only (I1).
pub(crate) const TOOLS_CALL: &str = "tools/call";

/// JSON-RPC error codes we answer with.
pub(crate) mod code {
    pub(crate) const PARSE: i64 = -32700;
    pub(crate) const INVALID_REQUEST: i64 = -32600;
    pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
    pub(crate) const INVALID_PARAMS: i64 = -32602;
    /// The upstream could not be asked, or did not answer.
    pub(crate) const UPSTREAM: i64 = -32010;
    /// Refused at the door: host, origin, token, size, type or time.
    pub(crate) const REFUSED: i64 = -32011;
    /// No such session for this agent.
    pub(crate) const NO_SESSION: i64 = -32012;
    /// Too much at once.
    pub(crate) const BUSY: i64 = -32013;
    /// Headers and body say different things (stateless era).
    pub(crate) const HEADER_MISMATCH: i64 = -32020;
    /// The agent lacks a capability (stateless era).
    pub(crate) const MISSING_CAPABILITY: i64 = -32021;
    /// The protocol version is not spoken (stateless era).
    pub(crate) const UNSUPPORTED_VERSION: i64 = -32022;
}

/// Where a request of the stateless era says which version it speaks.
pub(crate) const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
pub(crate) const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
pub(crate) const META_CLIENT: &str = "io.modelcontextprotocol/clientInfo";
/// Where a message on a subscription's stream repeats the id of the request that opened it.
pub(crate) const META_SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// Longest text taken as an id.
const MAX_ID: usize = 1024;

const ENVELOPE: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];

/// One JSON-RPC message.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Request(Request),
    Notification(Notification),
    Response(Response),
}

/// Wants an answer. `id` is text or a number.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: Value,
    pub(crate) method: String,
    envelope: Map,
}

/// Wants none.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub(crate) method: String,
    envelope: Map,
}

/// Has either a `result` or an `error`. The id is null where the sender could not read the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) id: Value,
    /// The HTTP status it came with, where that was no success.
    pub(crate) status: Option<u16>,
    envelope: Map,
}

/// Why a JSON value is not one JSON-RPC message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MessageError {
    #[error("batches are not taken; send each message by itself")]
    Batch,
    #[error("a message is a JSON object")]
    NotAnObject,
    #[error("`jsonrpc` must be \"2.0\"")]
    Version,
    #[error("`id` must be a number or a text of at most {MAX_ID} bytes")]
    Id,
    #[error("`method` must be a text")]
    Method,
    #[error("a message has one of `method`, `result` and `error`, not several")]
    Mixed,
    #[error("a message needs one of `method`, `result` and `error`")]
    Neither,
    #[error("the member `{0}` differs from one of JSON-RPC's own only in case")]
    LookAlike(String),
    #[error("the method `{0}` differs from `tools/call` only in case or punctuation")]
    LikeToolsCall(String),
}

impl Request {
    pub(crate) fn new(id: Value, method: &str, params: Option<Value>) -> Request {
        let mut envelope = Notification::new(method, params).envelope;
        envelope.insert("id", id.clone());
        Request { id, method: method.to_owned(), envelope }
    }

    pub(crate) fn params(&self) -> Option<&Value> {
        self.envelope.get("params")
    }

    pub(crate) fn params_mut(&mut self) -> Option<&mut Value> {
        self.envelope.get_mut("params")
    }

    /// The same request under another id.
    pub(crate) fn with_id(mut self, id: Value) -> Request {
        self.envelope.insert("id", id.clone());
        Request { id, ..self }
    }

    /// The token under which the sender wants to hear of progress.
    pub(crate) fn progress_token(&self) -> Option<&Value> {
        progress_token(self.params()?)
    }

    /// One member of `params._meta`.
    pub(crate) fn meta(&self, key: &str) -> Option<&Value> {
        self.params()?.get("_meta")?.get(key)
    }

    /// The version a request of the stateless era speaks; requests of the older eras say nothing of it.
    pub(crate) fn stateless_version(&self) -> Option<&str> {
        self.meta(META_VERSION)?.as_text()
    }

    /// The members of the envelope that JSON-RPC does not know.
    pub(crate) fn rest(&self) -> Map {
        let mut rest = Map::default();
        for (key, value) in self.envelope.iter().filter(|(key, _)| !ENVELOPE.contains(key)) {
            rest.insert(key, value.clone());
        }
        rest
    }

    /// With such members, where they are no others than that.
    pub(crate) fn with_rest(mut self, rest: Map) -> Request {
        for (key, value) in rest.iter().filter(|(key, _)| !looks_like(key, &ENVELOPE)) {
            self.envelope.insert(key, value.clone());
        }
        self
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Map(self.envelope)
    }
}

impl Notification {
    pub(crate) fn new(method: &str, params: Option<Value>) -> Notification {
        let mut envelope = Map::default();
        envelope.insert("jsonrpc", "2.0".into());
        envelope.insert("method", method.into());
        if let Some(params) = params {
            envelope.insert("params", params);
        }
        Notification { method: method.to_owned(), envelope }
    }

    pub(crate) fn params(&self) -> Option<&Value> {
        self.envelope.get("params")
    }

    /// One member of `params._meta`.
    pub(crate) fn meta(&self, key: &str) -> Option<&Value> {
        self.params()?.get("_meta")?.get(key)
    }

    /// The same notification with one member of its `params._meta` replaced.
    pub(crate) fn with_meta(self, key: &str, value: Value) -> Notification {
        let Some(Value::Map(mut meta)) = self.params().and_then(|params| params.get("_meta")).cloned() else {
            return self;
        };
        meta.insert(key, value);
        self.with_param("_meta", Value::Map(meta))
    }

    /// The same notification with one member of its `params` replaced.
    pub(crate) fn with_param(mut self, key: &str, value: Value) -> Notification {
        if let Some(Value::Map(mut params)) = self.envelope.remove("params") {
            params.insert(key, value);
            self.envelope.insert("params", Value::Map(params));
        }
        self
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Map(self.envelope)
    }
}

impl Response {
    pub(crate) fn result(id: Value, result: Value) -> Response {
        Response::new(id, "result", result)
    }

    pub(crate) fn error(id: Value, code: i64, message: &str) -> Response {
        Response::failure(id, error_object(code, message))
    }

    /// With an error object that is there already.
    pub(crate) fn failure(id: Value, error: Value) -> Response {
        Response::new(id, "error", error)
    }

    fn new(id: Value, key: &str, value: Value) -> Response {
        let mut envelope = Map::default();
        envelope.insert("jsonrpc", "2.0".into());
        envelope.insert("id", id.clone());
        envelope.insert(key, value);
        Response { id, status: None, envelope }
    }

    /// The same answer under another id.
    pub(crate) fn with_id(mut self, id: Value) -> Response {
        self.envelope.insert("id", id.clone());
        Response { id, ..self }
    }

    /// The `result`, or else the `error` object, where it is.
    pub(crate) fn seen(&self) -> Result<&Value, &Value> {
        match self.envelope.get("result") {
            Some(result) => Ok(result),
            None => Err(self.envelope.get("error").unwrap_or(&Value::Null)),
        }
    }

    /// As it came over HTTP.
    pub(crate) fn with_status(self, status: Option<u16>) -> Response {
        Response { status, ..self }
    }

    /// The code of its error.
    pub(crate) fn error_code(&self) -> Option<i64> {
        match self.seen().err()?.get("code") {
            Some(Value::Number(code)) => code.as_str().parse().ok(),
            _ => None,
        }
    }

    /// With another result; an error stays as it is.
    pub(crate) fn map_result(mut self, change: impl FnOnce(Value) -> Value) -> Response {
        if let Some(result) = self.envelope.get("result").cloned() {
            self.envelope.insert("result", change(result));
        }
        self
    }

    /// The `result`, or else the `error` object.
    pub(crate) fn outcome(mut self) -> Result<Value, Value> {
        match self.envelope.remove("result") {
            Some(result) => Ok(result),
            None => Err(self.envelope.remove("error").unwrap_or(Value::Null)),
        }
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Map(self.envelope)
    }
}

impl From<Request> for Value {
    fn from(request: Request) -> Value {
        request.into_value()
    }
}

impl From<Notification> for Value {
    fn from(notification: Notification) -> Value {
        notification.into_value()
    }
}

impl From<Response> for Value {
    fn from(response: Response) -> Value {
        response.into_value()
    }
}

/// `{"code": …, "message": …}`.
pub(crate) fn error_object(code: i64, message: &str) -> Value {
    Value::object([("code", code.into()), ("message", message.into())])
}

/// `params._meta.progressToken`.
pub(crate) fn progress_token(params: &Value) -> Option<&Value> {
    params.get("_meta")?.get("progressToken")
}

/// Tells the kinds apart; the envelope stays as it is.
///
/// # Errors
/// A batch, or a value that is not one JSON-RPC 2.0 message, or one that two readers could take differently.
pub(crate) fn classify(value: Value) -> Result<Message, MessageError> {
    let envelope = match value {
        Value::Map(envelope) => envelope,
        Value::List(_) => return Err(MessageError::Batch),
        _ => return Err(MessageError::NotAnObject),
    };
    if let Some((key, _)) =
        envelope.iter().find(|(key, _)| !ENVELOPE.contains(key) && looks_like(key, &ENVELOPE))
    {
        return Err(MessageError::LookAlike(key.chars().take(40).collect()));
    }
    if envelope.get("jsonrpc").and_then(Value::as_text) != Some("2.0") {
        return Err(MessageError::Version);
    }
    let present = |key| envelope.get(key).is_some();
    match (present("method"), present("result"), present("error")) {
        (true, false, false) => {
            let method =
                envelope.get("method").and_then(Value::as_text).ok_or(MessageError::Method)?.to_owned();
            if method != TOOLS_CALL && is_like_tools_call(&method) {
                return Err(MessageError::LikeToolsCall(method.chars().take(40).collect()));
            }
            match envelope.get("id") {
                None => Ok(Message::Notification(Notification { method, envelope })),
                Some(id) if is_id(id) => Ok(Message::Request(Request { id: id.clone(), method, envelope })),
                Some(_) => Err(MessageError::Id),
            }
        }
        (false, true, false) | (false, false, true) => match envelope.get("id") {
            Some(id) if is_id(id) => {
                Ok(Message::Response(Response { id: id.clone(), status: None, envelope }))
            }
            Some(Value::Null) | None if envelope.get("error").is_some() => {
                Ok(Message::Response(Response { id: Value::Null, status: None, envelope }))
            }
            _ => Err(MessageError::Id),
        },
        (false, false, false) => Err(MessageError::Neither),
        _ => Err(MessageError::Mixed),
    }
}

/// Whether a reader that ignores case could take `key` for one of `names` (which are lower-case ASCII).
pub(crate) fn looks_like(key: &str, names: &[&str]) -> bool {
    let folded: String = key.chars().map(fold).collect();
    names.contains(&folded.as_str())
}

/// Simple case folding as far as it reaches ASCII: the long s and the Kelvin sign fold to letters.
fn fold(c: char) -> char {
    match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    }
}

fn is_id(id: &Value) -> bool {
    match id {
        Value::Number(number) => number.as_str().len() <= MAX_ID,
        Value::Text(text) => text.len() <= MAX_ID,
        _ => false,
    }
}

/// Letters alone decide, so that no lenient upstream runs a tool for a method that we passed as something else.
fn is_like_tools_call(method: &str) -> bool {
    method.chars().map(fold).filter(char::is_ascii_alphanumeric).eq("toolscall".chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Message, MessageError> {
        classify(Value::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn the_three_kinds_are_told_apart_and_keep_unknown_members() {
        let text = r#"{"jsonrpc":"2.0","x":{"n":1.0},"id":7,"method":"a/b","params":[1e2]}"#;
        let Ok(Message::Request(request)) = read(text) else { panic!("a request") };
        assert_eq!((request.method.as_str(), request.id.to_json().as_str()), ("a/b", "7"));
        assert_eq!(Value::from(request.with_id(9.into())).to_json(), text.replace(":7", ":9"));

        let text = r#"{"jsonrpc":"2.0","method":"n"}"#;
        assert!(matches!(read(text), Ok(Message::Notification(n)) if n.method == "n"));

        let text = r#"{"result":{},"jsonrpc":"2.0","id":"a"}"#;
        let Ok(Message::Response(response)) = read(text) else { panic!("a response") };
        assert_eq!(response.clone().outcome().unwrap().to_json(), "{}");
        assert_eq!(Value::from(response).to_json(), text);
    }

    #[test]
    fn what_is_not_one_message_is_refused_in_words() {
        let cases = [
            ("[]", MessageError::Batch),
            ("3", MessageError::NotAnObject),
            (r#"{"id":1,"method":"a"}"#, MessageError::Version),
            (r#"{"jsonrpc":"2.0","id":null,"method":"a"}"#, MessageError::Id),
            (r#"{"jsonrpc":"2.0","id":{},"method":"a"}"#, MessageError::Id),
            (r#"{"jsonrpc":"2.0","id":1,"method":2}"#, MessageError::Method),
            (r#"{"jsonrpc":"2.0","id":1}"#, MessageError::Neither),
            (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, MessageError::Mixed),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","result":{}}"#, MessageError::Mixed),
        ];
        for (text, error) in cases {
            assert_eq!(read(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn i12_members_and_methods_that_a_lenient_reader_takes_for_others_are_refused() {
        for key in ["Method", "METHOD", "PARAMS", "Id", "re\u{17f}ult"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","{key}":"tools/call"}}"#);
            assert_eq!(read(&text).unwrap_err(), MessageError::LookAlike(key.to_owned()), "{key}");
        }
        for method in
            ["Tools/Call", " tools/call", "tools/call/", "tools\\/Call ", "tool\u{17f}/call", "toolscall"]
        {
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":{}}}"#, Value::from(method).to_json());
            assert!(matches!(read(&text), Err(MessageError::LikeToolsCall(_))), "{method}");
        }
        assert!(read(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).is_ok());
    }
}
