//! A screen in memory, what is on it, and a mouse.

use super::PATIENCE;
use super::program::{Program, clean};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A click that was taken has taken the notification away by then, but on the busiest machine.
const ONE_CLICK: Duration = Duration::from_secs(2);

/// One X server of a test's own.
pub(crate) struct Screen {
    _server: Program,
    pub(crate) display: String,
}

/// A window's place on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Grey values, row by row.
struct Picture {
    width: usize,
    pixels: Vec<u8>,
}

impl Screen {
    pub(crate) fn start() -> Screen {
        let mut command = clean("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1440x1000x24", "-nolisten", "tcp", "-noreset"]);
        let server = Program::start(&mut command);
        // It picks a free number itself.
        let number =
            server.line("its number", |line| !line.is_empty() && line.chars().all(|c| c.is_ascii_digit()));
        Screen { _server: server, display: format!(":{number}") }
    }

    fn run(&self, program: &str, args: &[&str]) -> Vec<u8> {
        let output = clean(program).args(args).env("DISPLAY", &self.display).output();
        let output = output.unwrap_or_else(|error| panic!("`{program}` cannot be run: {error}"));
        assert!(output.status.success(), "`{program}`: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Keeps a picture of the whole screen.
    pub(crate) fn picture(&self, name: &str) -> PathBuf {
        let path = picture_path(name);
        self.run("import", &["-window", "root", &path.display().to_string()]);
        path
    }

    /// What `xwininfo` lists. A window that goes while it looks is an error to it; then it looks again.
    fn tree(&self) -> String {
        let limit = Instant::now() + PATIENCE;
        loop {
            let looked = clean("xwininfo")
                .args(["-root", "-tree"])
                .env("DISPLAY", &self.display)
                .output()
                .expect("xwininfo");
            if looked.status.success() {
                return String::from_utf8_lossy(&looked.stdout).into_owned();
            }
            let why = String::from_utf8_lossy(&looked.stderr);
            assert!(why.contains("Bad Window") && Instant::now() < limit, "`xwininfo`: {why}");
        }
    }

    /// The places of all visible windows of this class, as `xwininfo` lists them.
    fn windows(&self, class: &str) -> Vec<Place> {
        let tree = self.tree();
        tree.lines().filter(|line| line.contains(&format!("\"{class}\""))).filter_map(place).collect()
    }

    fn shows(&self, class: &str) -> bool {
        self.windows(class).iter().any(|place| place.width > 100 && place.height > 50)
    }

    /// Waits until a window of this class is on the screen.
    pub(crate) fn until_window(&self, class: &str) {
        let limit = Instant::now() + PATIENCE;
        while !self.shows(class) {
            assert!(Instant::now() < limit, "no {class} comes up: {}", self.picture("failed").display());
        }
    }

    /// Waits until it is gone.
    pub(crate) fn until_no_window(&self, class: &str) {
        let limit = Instant::now() + PATIENCE;
        while self.shows(class) {
            assert!(Instant::now() < limit, "{class} stays: {}", self.picture("failed").display());
        }
    }

    /// The notification that is on the screen, once its buttons are drawn: the middle of each button, from left
    /// to right. This daemon draws them as words in the last line of the notification.
    pub(crate) fn notification_buttons(&self, wanted: usize) -> Vec<(i32, i32)> {
        let limit = Instant::now() + PATIENCE;
        while Instant::now() < limit {
            if let Some(words) = self.buttons_now(wanted) {
                return words;
            }
        }
        let picture = self.picture("notifications/failed");
        panic!("no notification with {wanted} buttons came up: {}", picture.display());
    }

    /// Where the buttons of the only notification are at this moment, if it has so many.
    fn buttons_now(&self, wanted: usize) -> Option<Vec<(i32, i32)>> {
        match self.notifications().as_slice() {
            [only] => Some(self.words_of_last_line(*only)).filter(|words| words.len() == wanted),
            _ => None,
        }
    }

    fn notifications(&self) -> Vec<Place> {
        let is_notification = |place: &Place| place.width > 100 && place.height > 50;
        self.windows("notification-daemon").into_iter().filter(is_notification).collect()
    }

    /// Presses the only button of the only notification until it is gone, as a person does: the daemon draws a notification
    /// anew when its count changes, and a click that meets that moment reaches nobody.
    pub(crate) fn press_until_gone(&self) {
        self.click(self.notification_buttons(1)[0]);
        let limit = Instant::now() + PATIENCE;
        let mut pressed = Instant::now();
        while !self.notifications().is_empty() {
            assert!(Instant::now() < limit, "it stays: {}", self.picture("notifications/failed").display());
            if pressed.elapsed() > ONE_CLICK
                && let Some(&[button]) = self.buttons_now(1).as_deref()
            {
                self.click(button);
                pressed = Instant::now();
            }
        }
    }

    /// Waits until no notification is on the screen.
    pub(crate) fn until_no_notification(&self) {
        let limit = Instant::now() + PATIENCE;
        while !self.notifications().is_empty() {
            assert!(
                Instant::now() < limit,
                "the notification stays: {}",
                self.picture("notifications/failed").display()
            );
        }
    }

    /// Presses a key.
    pub(crate) fn press(&self, key: &str) {
        self.run("xdotool", &["key", key]);
    }

    fn words_of_last_line(&self, place: Place) -> Vec<(i32, i32)> {
        let crop = format!("{}x{}+{}+{}", place.width, place.height, place.x, place.y);
        let pixels = self.run("import", &["-window", "root", "-crop", &crop, "-depth", "8", "gray:-"]);
        assert_eq!(pixels.len(), place.width * place.height, "one byte a pixel");
        let picture = Picture { width: place.width, pixels };
        let middle = |span: (usize, usize)| i32::try_from(usize::midpoint(span.0, span.1)).unwrap();
        let Some(line) = picture.last_line() else { return Vec::new() };
        let words = picture.words(line);
        words.into_iter().map(|word| (place.x + middle(word), place.y + middle(line))).collect()
    }

    /// Moves the mouse there and presses its first button.
    pub(crate) fn click(&self, (x, y): (i32, i32)) {
        self.run("xdotool", &["mousemove", "--sync", &x.to_string(), &y.to_string(), "click", "1"]);
    }
}

impl Picture {
    /// Neither the rounded corners nor the border.
    const EDGE: usize = 12;
    /// Text on a light ground.
    const DARK: u8 = 120;
    /// Between two words that are not one label.
    const GAP: usize = 14;

    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.pixels[y * self.width + x] < Picture::DARK
    }

    /// First and last row of the lowest line of text.
    fn last_line(&self) -> Option<(usize, usize)> {
        let height = self.pixels.len() / self.width;
        let columns = Picture::EDGE..self.width - Picture::EDGE;
        let has_text = |y: &usize| columns.clone().any(|x| self.is_dark(x, *y));
        let rows = Picture::EDGE..height - Picture::EDGE;
        let last = rows.clone().rev().find(has_text)?;
        let first = rows.rev().skip_while(|y| *y > last).take_while(has_text).last()?;
        Some((first, last))
    }

    /// First and last column of each label in these rows.
    fn words(&self, (first, last): (usize, usize)) -> Vec<(usize, usize)> {
        let mut words: Vec<(usize, usize)> = Vec::new();
        for x in Picture::EDGE..self.width - Picture::EDGE {
            if !(first..=last).any(|y| self.is_dark(x, y)) {
                continue;
            }
            match words.last_mut() {
                Some(word) if x - word.1 < Picture::GAP => word.1 = x,
                _ => words.push((x, x)),
            }
        }
        words
    }
}

/// `     0x20000c "Notification": ("a" "B")  400x160+874+6  +874+6`: size, and the absolute place at the end.
fn place(line: &str) -> Option<Place> {
    let mut words = line.split_whitespace().rev();
    let (at, size) = (words.next()?, words.next()?);
    let mut at = at.trim_start_matches('+').split('+').map(str::parse);
    let (width, rest) = size.split_once('x')?;
    let height: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(Place {
        x: at.next()?.ok()?,
        y: at.next()?.ok()?,
        width: width.parse().ok()?,
        height: height.parse().ok()?,
    })
}

/// Where a picture is kept: below `target/screenshots`, to be looked at after the run.
pub(crate) fn picture_path(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the running test");
    let target = test.ancestors().nth(3).expect("the target folder");
    let path = target.join("screenshots").join(format!("{name}.png"));
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for pictures");
    path
}
