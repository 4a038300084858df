//! What the program makes of the environment it was started in: variables that would load foreign code are
//! dropped, an automated webview is refused in release builds, and a missing display is noticed before
//! anything else could trip over it. Pure, but for [`Screen::find`].

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Makes every dynamically linked program load foreign code, or GTK load foreign modules.
const LOADS_CODE: [&str; 4] = ["LD_PRELOAD", "LD_AUDIT", "GTK_MODULES", "GTK3_MODULES"];
/// Changes what the webview trusts and who may drive it.
const STEERS_WEBVIEW: [&str; 2] = ["WEBKIT_", "TAURI_"];
/// Lets any WebDriver press the buttons of the window.
pub const AUTOMATION: &str = "TAURI_WEBVIEW_AUTOMATION";

/// What a start makes of the variables it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Clean,
    /// Automation is asked for, and this is a release: it would hand the buttons to whoever asked.
    Automation,
    /// It must start again without these.
    Unwanted(Vec<OsString>),
}

/// Looks at all of them; `release` is stricter.
pub fn look(variables: impl Iterator<Item = (OsString, OsString)>, release: bool) -> Found {
    let mut unwanted = Vec::new();
    for (name, value) in variables {
        if release && name == AUTOMATION && !value.is_empty() {
            return Found::Automation;
        }
        if is_unwanted(&name, release) {
            unwanted.push(name);
        }
    }
    if unwanted.is_empty() { Found::Clean } else { Found::Unwanted(unwanted) }
}

fn is_unwanted(name: &OsStr, release: bool) -> bool {
    let Some(name) = name.to_str() else { return false };
    LOADS_CODE.contains(&name) || (release && STEERS_WEBVIEW.iter().any(|prefix| name.starts_with(prefix)))
}

/// Where a window could be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Nothing names a display.
    None,
    /// A display is named, and nobody answers there.
    Dead(String),
    Alive,
}

/// The variables that name a display on Linux.
#[derive(Clone, Debug, Default)]
pub struct ScreenNames {
    pub wayland: Option<OsString>,
    pub x11: Option<OsString>,
    pub runtime_dir: Option<PathBuf>,
}

impl ScreenNames {
    /// As this process was given them.
    #[must_use]
    pub fn of_process() -> ScreenNames {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        ScreenNames {
            wayland: set("WAYLAND_DISPLAY"),
            x11: set("DISPLAY"),
            runtime_dir: set("XDG_RUNTIME_DIR").map(PathBuf::from),
        }
    }
}

impl Screen {
    /// Asks the named displays whether somebody answers; `answers` connects to a Unix socket.
    pub fn find(names: &ScreenNames, answers: impl Fn(&Path) -> bool) -> Screen {
        let wayland = names.wayland.as_deref().map(|name| {
            let path = names.runtime_dir.clone().unwrap_or_default().join(name);
            (name, answers(&path))
        });
        let x11 = names.x11.as_deref().map(|name| (name, x11_socket(name).is_none_or(|path| answers(&path))));
        match (wayland, x11) {
            (None, None) => Screen::None,
            (Some((_, true)), _) | (_, Some((_, true))) => Screen::Alive,
            (Some((name, false)), _) | (None, Some((name, false))) => {
                Screen::Dead(name.to_string_lossy().into_owned())
            }
        }
    }

    /// What to tell the person who started the program, if a window cannot be shown.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        match self {
            Screen::None => Some(
                "there is no display to show a window on; run `doorward serve` for the gateway without a window".into(),
            ),
            Screen::Dead(name) => Some(format!(
                "the display `{name}` does not answer; start it, or run `doorward serve` for the gateway without a window"
            )),
            Screen::Alive => None,
        }
    }
}

/// The socket of a local X display (`:0`, `:0.0`, `unix:0`); none for one on another machine.
fn x11_socket(name: &OsStr) -> Option<PathBuf> {
    let (host, number) = name.to_str()?.rsplit_once(':')?;
    if !matches!(host, "" | "unix") {
        return None;
    }
    let number: u16 = number.split('.').next()?.parse().ok()?;
    Some(PathBuf::from(format!("/tmp/.X11-unix/X{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &[(&str, &str)], release: bool) -> Found {
        look(list.iter().map(|(name, value)| (name.into(), value.into())), release)
    }

    fn unwanted(names: &[&str]) -> Found {
        Found::Unwanted(names.iter().map(Into::into).collect())
    }

    #[test]
    fn variables_that_load_code_are_never_inherited() {
        let given = [("HOME", "/h"), ("LD_PRELOAD", "x.so"), ("GTK_MODULES", ""), ("GTK_THEME", "Dark")];
        for release in [false, true] {
            assert_eq!(found(&given, release), unwanted(&["LD_PRELOAD", "GTK_MODULES"]));
        }
        assert_eq!(found(&given[..1], true), Found::Clean);
    }

    #[test]
    fn only_a_release_build_drops_what_steers_the_webview() {
        let given =
            [("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1"), ("TAURI_DEV_HOST", "h"), ("LANG", "C")];
        assert_eq!(found(&given, false), Found::Clean);
        assert_eq!(
            found(&given, true),
            unwanted(&["WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "TAURI_DEV_HOST"])
        );
    }

    #[test]
    fn a_release_build_refuses_automation_whatever_the_value_and_whatever_else_is_set() {
        for value in ["true", "0", " "] {
            let given = [("LD_PRELOAD", "x.so"), (AUTOMATION, value)];
            assert_eq!(found(&given, true), Found::Automation);
            assert_eq!(found(&given, false), unwanted(&["LD_PRELOAD"]), "the window tests need it");
        }
        assert_eq!(found(&[(AUTOMATION, "")], true), unwanted(&[AUTOMATION]), "empty asks for nothing");
    }

    #[test]
    fn without_a_display_the_way_to_run_without_one_is_named() {
        let screen = Screen::find(&ScreenNames::default(), |_| true);
        assert_eq!(screen, Screen::None);
        assert!(screen.complaint().unwrap().contains("`doorward serve`"));
    }

    #[test]
    fn a_display_that_nobody_serves_is_told_from_none() {
        let given = ScreenNames { x11: Some(":42".into()), ..ScreenNames::default() };
        let screen = Screen::find(&given, |path| path != Path::new("/tmp/.X11-unix/X42"));
        assert_eq!(screen, Screen::Dead(":42".into()));
        assert!(screen.complaint().unwrap().contains("`:42`"));
    }

    #[test]
    fn one_answering_display_is_enough() {
        let given = ScreenNames {
            wayland: Some("wayland-0".into()),
            x11: Some("unix:1.0".into()),
            runtime_dir: Some("/run/user/1000".into()),
        };
        assert_eq!(Screen::find(&given, |path| path == Path::new("/run/user/1000/wayland-0")), Screen::Alive);
        assert_eq!(Screen::find(&given, |path| path == Path::new("/tmp/.X11-unix/X1")), Screen::Alive);
        assert_eq!(Screen::find(&given, |_| false), Screen::Dead("wayland-0".into()));
    }

    #[test]
    fn a_display_on_another_machine_is_left_to_the_toolkit() {
        let given = ScreenNames { x11: Some("desk.local:0".into()), ..ScreenNames::default() };
        assert_eq!(Screen::find(&given, |_| false), Screen::Alive);
    }
}
