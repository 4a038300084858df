//! The real window: the desktop program under WebKitWebDriver, on a screen and a bus of its own.

use super::agent::Agent;
use super::bus::Bus;
use super::home::{TestHome, pair};
use super::program::{Program, clean, ours};
use super::screen::{Screen, picture_path};
use super::{PATIENCE, within};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::UnixStream;

/// What a key leads to is there after this long, or the key counted for nothing.
const ONE_KEY: Duration = Duration::from_secs(1);

/// Everything a window test has; the parts end in this order.
pub(crate) struct Window {
    pub(crate) client: Client,
    _driver: Program,
    pub(crate) home: TestHome,
    pub(crate) bus: Bus,
    pub(crate) screen: Screen,
    token: String,
}

impl Window {
    /// Opens the window of a home, with an agent `claude` paired beforehand.
    pub(crate) async fn open(home: TestHome, bus: Bus, screen: Screen) -> Window {
        let token = pair(&home, "claude");
        let mut command = clean("WebKitWebDriver");
        command.arg("--port=0").env("DISPLAY", &screen.display).env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.env("DOORWARD_LOG", "info");
        command.env("PATH", with_browser(&home));
        bus.surround(&mut command);
        let driver = Program::start(&mut command);
        let options = json!({ "binary": ours("doorward-desktop"), "args": ["--home", home.dir()] });
        let capabilities = Capabilities::from_iter([("webkitgtk:browserOptions".to_owned(), options)]);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let connecting = builder.capabilities(capabilities);
        let url = format!("http://127.0.0.1:{}", driver.listening_port());
        let client = within("the window opens", connecting.connect(&url)).await;
        let client = client.unwrap_or_else(|error| panic!("no window: {error}\n{}", driver.output()));
        let window = Window { client, _driver: driver, home, bus, screen, token };
        window.element("nav-inbox").await;
        window
    }

    /// Where the agents connect, as the running app says over its home's socket.
    pub(crate) async fn door(&self) -> SocketAddr {
        let stream = UnixStream::connect(self.home.paths().socket()).await.expect("the home's socket");
        let answer = super::wire::raw(stream, "GET /desk/v1/status HTTP/1.1\r\nHost: localhost", "").await;
        let body = answer.split("\r\n\r\n").nth(1).expect("a body");
        let status: Value = serde_json::from_str(body.trim()).expect("a status");
        status["listen"].as_str().expect("an address").parse().expect("an address")
    }

    /// The address of the page that the app told the browser to open last; each is told once.
    pub(crate) fn opened_page(&self) -> String {
        let told = self.home.beside("browser").join("told");
        let limit = Instant::now() + PATIENCE;
        loop {
            match std::fs::read_to_string(&told) {
                Ok(text) if text.ends_with('\n') => {
                    std::fs::remove_file(&told).expect("what was told is taken");
                    return text.trim().to_owned();
                }
                _ => assert!(Instant::now() < limit, "no page was opened in the browser"),
            }
            std::thread::yield_now();
        }
    }

    /// The paired agent, connected to an upstream.
    pub(crate) async fn agent(&self, upstream: &str) -> Agent {
        Agent::connect(self.door().await, upstream, &self.token).await
    }

    /// The element with this test id, once it is there.
    pub(crate) async fn element(&self, test_id: &str) -> Element {
        self.find(&format!("[data-testid=\"{test_id}\"]")).await
    }

    /// The element that fits a selector, once it is there.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        self.wait_for(Locator::Css(selector), selector).await
    }

    async fn wait_for(&self, locator: Locator<'_>, what: &str) -> Element {
        match self.client.wait().at_most(PATIENCE).for_element(locator).await {
            Ok(element) => element,
            Err(error) => {
                self.keep("failed").await;
                panic!("nothing fits `{what}` ({error}): {}", picture_path("window/failed").display())
            }
        }
    }

    /// Clicks what has this test id, once it can be clicked.
    pub(crate) async fn press(&self, test_id: &str) {
        self.press_on(&format!("[data-testid=\"{test_id}\"]:not([disabled]):not([data-disabled])")).await;
    }

    /// Clicks what fits a selector. What is drawn anew just then is looked for again.
    pub(crate) async fn press_on(&self, selector: &str) {
        let limit = Instant::now() + PATIENCE;
        loop {
            match self.find(selector).await.click().await {
                Ok(()) => return,
                Err(error) if Instant::now() < limit && is_passing(&error) => {}
                Err(error) => {
                    self.keep("failed").await;
                    panic!(
                        "`{selector}` cannot be clicked ({error}): {}",
                        picture_path("window/failed").display()
                    )
                }
            }
        }
    }

    /// Presses a key on the page, until what it leads to is there. The first keys after the window got the focus count
    /// for nothing, so that it may take more than one.
    pub(crate) async fn type_key(&self, key: &str, leads_to: &str) {
        let limit = Instant::now() + PATIENCE;
        loop {
            let pressed = self.find("body").await.send_keys(key).await;
            assert!(pressed.is_ok() || Instant::now() < limit, "`{key}` cannot be pressed: {pressed:?}");
            let found = self.client.wait().at_most(ONE_KEY).for_element(Locator::Css(leads_to)).await;
            match found {
                Ok(_) => return,
                Err(error) if Instant::now() > limit => {
                    self.keep("failed").await;
                    panic!("`{key}` does not lead to `{leads_to}` ({error})");
                }
                Err(_) => {}
            }
        }
    }

    /// Waits until the text of the element that fits has this in it; its text.
    pub(crate) async fn text_with(&self, selector: &str, wanted: &str) -> String {
        let limit = Instant::now() + PATIENCE;
        loop {
            let text = self.find(selector).await.text().await.unwrap_or_default();
            if text.contains(wanted) {
                return text;
            }
            if Instant::now() > limit {
                self.keep("failed").await;
                panic!("`{selector}` does not say `{wanted}`: {text}");
            }
        }
    }

    /// Goes to a screen and waits until it is there.
    pub(crate) async fn go(&self, screen: &str) {
        self.press(&format!("nav-{screen}")).await;
        self.find(&format!("[data-testid=\"nav-{screen}\"][aria-current=\"page\"]")).await;
    }

    /// Chooses light or dark, as a person does.
    pub(crate) async fn look(&self, words: &str) {
        self.press("appearance").await;
        let item = format!("//*[starts-with(@role, 'menuitem')][normalize-space(.)='{words}']");
        self.wait_for(Locator::XPath(&item), words).await.click().await.expect("a choice");
        self.find(&format!("html[data-mantine-color-scheme=\"{}\"]", words.to_lowercase())).await;
        self.until_gone("[role=menu]").await;
    }

    pub(crate) async fn until_gone(&self, selector: &str) {
        let limit = Instant::now() + PATIENCE;
        loop {
            match self.client.find_all(Locator::Css(selector)).await {
                Ok(found) if found.is_empty() => return,
                Ok(_) => {}
                // It went while it was looked at.
                Err(error) => assert!(is_passing(&error), "{error}"),
            }
            assert!(Instant::now() < limit, "`{selector}` stays");
        }
    }

    /// Keeps a picture of the window, once what the page says is also drawn.
    pub(crate) async fn keep(&self, name: &str) {
        let drawn = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
        within("the page is drawn", self.client.execute_async(drawn, Vec::new())).await.expect("a page");
        let picture = self.client.screenshot().await.expect("a picture");
        std::fs::write(picture_path(&format!("window/{name}")), picture).expect("the picture is kept");
    }

    /// Keeps a picture in light and in dark.
    pub(crate) async fn keep_both(&self, name: &str) {
        for look in ["Dark", "Light"] {
            self.look(look).await;
            self.keep(&format!("{name}-{}", look.to_lowercase())).await;
        }
    }

    /// Turns to the approval window, once it is there: what is found and pressed from now on is in it.
    pub(crate) async fn approval_window(&self) -> ApprovalWindow {
        let main = self.client.window().await.expect("the main window");
        let limit = Instant::now() + PATIENCE;
        let other = loop {
            let windows = self.client.windows().await.expect("the windows");
            if let Some(other) = windows.into_iter().find(|window| *window != main) {
                break other;
            }
            assert!(Instant::now() < limit, "no approval window comes up");
        };
        self.client.switch_to_window(other).await.expect("the approval window");
        self.element("approval-window").await;
        ApprovalWindow { main }
    }

    /// Ends the app.
    pub(crate) async fn close(self) -> (TestHome, Bus) {
        let Window { client, home, bus, .. } = self;
        client.close().await.expect("the window closes");
        (home, bus)
    }
}

/// The approval window is turned to; the main one is behind it.
pub(crate) struct ApprovalWindow {
    main: WindowHandle,
}

impl ApprovalWindow {
    /// The card in it, which waits.
    pub(crate) async fn hold(&self, window: &Window) -> String {
        let card = window.find("[data-testid=card][data-state=waiting]").await;
        card.attr("data-hold").await.expect("an attribute").expect("a card names its hold")
    }

    /// Turns back to the main window.
    pub(crate) async fn turn_back(&self, window: &Window) {
        window.client.switch_to_window(self.main.clone()).await.expect("the main window");
    }

    /// Presses what puts it away, waits until it is gone, and turns back.
    pub(crate) async fn leave_by(self, window: &Window, test_id: &str) {
        // The window may be gone before its driver has heard that it was pressed.
        let _ = window.element(test_id).await.click().await;
        self.until_gone(window).await;
    }

    /// Waits until it is gone, and turns back.
    pub(crate) async fn until_gone(self, window: &Window) {
        let limit = Instant::now() + PATIENCE;
        while window.client.windows().await.expect("the windows").len() > 1 {
            assert!(Instant::now() < limit, "the approval window stays");
        }
        self.turn_back(window).await;
    }
}

/// A search path whose `xdg-open` writes down what it was to open.
fn with_browser(home: &TestHome) -> std::ffi::OsString {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = home.beside("browser");
    let script = folder.join("xdg-open");
    let told = folder.join("told");
    let text = format!("#!/bin/sh\necho \"$1\" > '{0}.new' && mv '{0}.new' '{0}'\n", told.display());
    std::fs::write(&script, text).expect("a program that opens pages");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("it can be started");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path))).expect("a search path")
}

/// The element was replaced, or is not in its place yet.
fn is_passing(error: &CmdError) -> bool {
    error.is_stale_element_reference() || error.is_element_not_interactable()
}
