//! A browser in the test's own process, with a passkey in software: does what the page's script does, and whatever
//! else a test wants.

use gateway::ceremony::Ceremony;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::{Value, json};
use webauthn_authenticator_rs::WebauthnAuthenticator;
pub(crate) use webauthn_authenticator_rs::softpasskey::SoftPasskey;

/// A page that was opened.
pub(crate) struct Page {
    client: Client,
    pub(crate) url: Url,
    pub(crate) text: String,
}

/// A passkey whose authenticator checks its holder.
pub(crate) fn passkey() -> SoftPasskey {
    SoftPasskey::new(true)
}

pub(crate) fn get(key: &mut SoftPasskey, origin: &str, asked: &Value) -> Value {
    let asked = serde_json::from_value(json!({ "publicKey": asked })).expect("a question");
    let answer = key.do_authentication(Url::parse(origin).expect("an origin"), asked);
    serde_json::to_value(answer.expect("an assertion")).expect("JSON")
}

pub(crate) fn create(key: &mut SoftPasskey, origin: &str, asked: &Value) -> Value {
    let asked = serde_json::from_value(json!({ "publicKey": asked })).expect("a question");
    let answer = key.do_registration(Url::parse(origin).expect("an origin"), asked);
    serde_json::to_value(answer.expect("a passkey")).expect("JSON")
}

impl Page {
    pub(crate) async fn open(ceremony: &Ceremony) -> Page {
        Page::at(&ceremony.url).await
    }

    pub(crate) async fn at(url: &str) -> Page {
        let client = Client::builder().no_proxy().build().expect("a client");
        let url = Url::parse(url).expect("an address");
        let page = Page { client, url, text: String::new() };
        let response = page.request(Method::GET, "").send().await.expect("the page answers");
        assert_eq!(response.status(), StatusCode::OK);
        let text = response.text().await.expect("a page");
        Page { text, ..page }
    }

    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// As a browser writes it; a test may overwrite what it likes.
    pub(crate) fn request(&self, method: Method, part: &str) -> RequestBuilder {
        let url = format!("{}{part}", self.url);
        let request = self.client.request(method, url);
        if part == "/step" {
            request
                .header("origin", self.origin())
                .header("sec-fetch-site", "same-origin")
                .header("sec-fetch-mode", "cors")
                .header("sec-fetch-dest", "empty")
        } else {
            request
                .header("sec-fetch-site", "none")
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "document")
        }
    }

    /// What the page repeats at its first step: the mark of what it shows.
    pub(crate) fn mark(&self) -> String {
        let after = self.text.split("data-shown=\"").nth(1).unwrap_or_default();
        after.split('"').next().unwrap_or_default().to_owned()
    }

    pub(crate) async fn send(&self, body: &Value) -> Response {
        self.request(Method::POST, "/step").json(body).send().await.expect("a step is answered")
    }

    pub(crate) async fn step(&self, mut body: Value) -> Value {
        body["shown"] = json!(self.mark());
        self.send(&body).await.json().await.expect("a reply")
    }

    /// The first question.
    pub(crate) async fn begin(&self) -> Value {
        self.step(json!({ "answer": null })).await
    }

    /// The whole way with these passkeys: `made` is the new one, `own` answers questions, and where there is none the
    /// new one does, as the first passkey of a desk must. The last reply.
    pub(crate) async fn run(
        &self,
        mut made: Option<&mut SoftPasskey>,
        own: Option<&mut SoftPasskey>,
    ) -> Value {
        let mut own = own;
        let mut reply = self.begin().await;
        loop {
            let answer = match reply["kind"].as_str() {
                Some("get") => {
                    let key = own.as_deref_mut().or(made.as_deref_mut()).expect("a passkey");
                    get(key, &self.origin(), &reply["publicKey"])
                }
                Some("create") => {
                    create(made.as_deref_mut().expect("a new passkey"), &self.origin(), &reply["publicKey"])
                }
                _ => return reply,
            };
            reply = self.step(json!({ "answer": answer })).await;
        }
    }
}
