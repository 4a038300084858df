//! What each task needs from the system: the Debian package, why, and how to see that it is there. One table, read
//! by the set-up, and printed whole where we cannot install.
//!
//! A need is met when its probe finds the part itself, whoever installed it; the package's name is only the way to get it.

use crate::machine::Machine;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Compiling anything at all.
    Compile,
    /// Building and starting the window.
    Window,
    /// Running every test.
    Test,
}

/// How to see that a part is present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// One of these programs is on the path.
    Program(&'static [&'static str]),
    /// pkg-config knows this library.
    Library(&'static str),
    /// One of these files exists.
    File(&'static [&'static str]),
    /// This module can be imported by `python3`.
    Module(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) package: &'static str,
    pub(crate) why: &'static str,
    pub(crate) probe: Probe,
    pub(crate) purpose: Purpose,
    /// Only Linux builds its windows from system packages.
    pub(crate) linux_only: bool,
}

pub(crate) const NEEDS: [Need; 19] = [
    Need {
        package: "build-essential",
        why: "the C compiler and linker (`cc`) that Rust and SQLite are built with",
        probe: Probe::Program(if cfg!(windows) { &["link", "cl", "rustc"] } else { &["cc"] }),
        purpose: Purpose::Compile,
        linux_only: false,
    },
    window("pkg-config", "finds the libraries of the window", Probe::Program(&["pkg-config"])),
    window(
        "libwebkit2gtk-4.1-dev",
        "the web view that draws the window, to build against and to run",
        Probe::Library("webkit2gtk-4.1"),
    ),
    window(
        "libayatana-appindicator3-dev",
        "the tray icon, to run and to bundle",
        Probe::Library("ayatana-appindicator3-0.1"),
    ),
    test("xvfb", "a screen in memory, for the window tests", Probe::Program(&["Xvfb"])),
    test(
        "webkit2gtk-driver",
        "clicks in the real window for the tests",
        Probe::Program(&["WebKitWebDriver"]),
    ),
    test("xdotool", "presses the real buttons of notifications", Probe::Program(&["xdotool"])),
    test("x11-utils", "sees which windows are on the screen (`xwininfo`)", Probe::Program(&["xwininfo"])),
    test("imagemagick", "takes screenshots of the whole screen (`import`)", Probe::Program(&["import"])),
    test(
        "notification-daemon",
        "a real notification service whose buttons can be pressed",
        Probe::File(&[
            "/usr/lib/notification-daemon/notification-daemon",
            "/usr/libexec/notification-daemon",
        ]),
    ),
    test(
        "gnome-keyring",
        "a real Secret Service for the keychain tests",
        Probe::Program(&["gnome-keyring-daemon"]),
    ),
    test("dbus", "a message bus of its own for each test", Probe::Program(&["dbus-daemon"])),
    test(
        "dbus-x11",
        "the session bus that gnome-keyring asks for, without systemd",
        Probe::Program(&["dbus-launch"]),
    ),
    test(
        "python3",
        "runs the real MCP servers and the client that are Python's",
        Probe::Program(&["python3"]),
    ),
    test("python3-venv", "keeps their packages apart from the system's", Probe::Module("ensurepip")),
    test("git", "makes the repository that `mcp-server-git` works on", Probe::Program(&["git"])),
    test("valgrind", "counts the instructions of a call", Probe::Program(&["valgrind"])),
    test("chromium", "the browser that the browser tests run in", Probe::Program(&["chromium"])),
    test(
        "fonts-dejavu-core",
        "letters, without which pages and windows are drawn empty",
        Probe::File(&["/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF"]),
    ),
];

const fn window(package: &'static str, why: &'static str, probe: Probe) -> Need {
    Need { package, why, probe, purpose: Purpose::Window, linux_only: true }
}

const fn test(package: &'static str, why: &'static str, probe: Probe) -> Need {
    Need { package, why, probe, purpose: Purpose::Test, linux_only: true }
}

/// What `purposes` need on this kind of system.
pub(crate) fn needs_for(purposes: &[Purpose], linux: bool) -> Vec<Need> {
    NEEDS.into_iter().filter(|need| purposes.contains(&need.purpose) && (linux || !need.linux_only)).collect()
}

/// The needs whose part is neither found by its probe nor installed as the package we would install.
pub(crate) fn missing(needs: &[Need], machine: &dyn Machine) -> Vec<Need> {
    let unseen: Vec<Need> = needs.iter().copied().filter(|need| !is_met(need, machine)).collect();
    if unseen.is_empty() {
        return unseen;
    }
    let packages: Vec<&str> = unseen.iter().map(|need| need.package).collect();
    let installed = machine.installed_packages(&packages);
    // A package that is installed but whose part its probe does not see would only be installed again; say nothing
    // and let the step that uses it speak, unless it is a library, which nothing can be built without.
    unseen
        .into_iter()
        .filter(|need| {
            matches!(need.probe, Probe::Library(_)) || !installed.iter().any(|name| name == need.package)
        })
        .collect()
}

fn is_met(need: &Need, machine: &dyn Machine) -> bool {
    match need.probe {
        Probe::Program(names) => names.iter().any(|name| machine.has_program(name)),
        Probe::Library(name) => machine.has_library(name),
        Probe::File(paths) => paths.iter().any(|path| machine.has_file(path)),
        Probe::Module(name) => machine.has_module(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine made up for a test.
    #[derive(Default)]
    struct Made {
        programs: Vec<&'static str>,
        libraries: Vec<&'static str>,
        files: Vec<&'static str>,
        modules: Vec<&'static str>,
        packages: Vec<&'static str>,
    }

    impl Machine for Made {
        fn has_program(&self, name: &str) -> bool {
            self.programs.contains(&name)
        }
        fn has_library(&self, name: &str) -> bool {
            self.libraries.contains(&name)
        }
        fn has_file(&self, path: &str) -> bool {
            self.files.contains(&path)
        }
        fn has_module(&self, name: &str) -> bool {
            self.modules.contains(&name)
        }
        fn installed_packages(&self, names: &[&str]) -> Vec<String> {
            self.packages.iter().filter(|name| names.contains(name)).map(|name| (*name).to_owned()).collect()
        }
    }

    fn names(needs: &[Need]) -> Vec<&'static str> {
        needs.iter().map(|need| need.package).collect()
    }

    #[test]
    fn compiling_the_command_line_needs_no_library_of_the_window() {
        assert_eq!(names(&needs_for(&[Purpose::Compile], true)), ["build-essential"]);
    }

    #[test]
    fn a_bare_machine_misses_everything_the_window_needs() {
        let needs = needs_for(&[Purpose::Compile, Purpose::Window], true);
        assert_eq!(
            names(&missing(&needs, &Made::default())),
            ["build-essential", "pkg-config", "libwebkit2gtk-4.1-dev", "libayatana-appindicator3-dev"]
        );
    }

    #[test]
    fn a_part_that_somebody_else_installed_is_not_missing() {
        let made = Made { programs: vec!["cc", "chromium"], ..Made::default() };
        let missing = missing(&NEEDS, &made);
        assert!(!names(&missing).contains(&"build-essential"));
        assert!(!names(&missing).contains(&"chromium"));
        assert!(names(&missing).contains(&"xvfb"));
    }

    #[test]
    fn an_installed_package_with_its_part_elsewhere_is_not_installed_again() {
        let made = Made { packages: vec!["notification-daemon", "libwebkit2gtk-4.1-dev"], ..Made::default() };
        let missing = missing(&NEEDS, &made);
        assert!(!names(&missing).contains(&"notification-daemon"));
        assert!(names(&missing).contains(&"libwebkit2gtk-4.1-dev"), "a library that pkg-config does not see");
    }

    #[test]
    fn a_font_folder_a_library_and_a_module_meet_their_needs() {
        let made = Made {
            libraries: vec!["webkit2gtk-4.1", "ayatana-appindicator3-0.1"],
            files: vec!["/usr/share/fonts/TTF"],
            modules: vec!["ensurepip"],
            ..Made::default()
        };
        let missing = missing(&NEEDS, &made);
        assert!(!names(&missing).contains(&"libwebkit2gtk-4.1-dev"));
        assert!(!names(&missing).contains(&"fonts-dejavu-core"));
        assert!(!names(&missing).contains(&"python3-venv"));
        assert!(names(&missing).contains(&"python3"));
    }

    #[test]
    fn other_systems_are_asked_only_for_a_compiler() {
        let all = [Purpose::Compile, Purpose::Window, Purpose::Test];
        assert_eq!(names(&needs_for(&all, false)), ["build-essential"]);
    }

    #[test]
    fn every_need_says_why_and_is_listed_once() {
        for need in NEEDS {
            assert!(!need.why.is_empty() && !need.why.ends_with('.'), "{}", need.package);
            assert_eq!(
                NEEDS.iter().filter(|other| other.package == need.package).count(),
                1,
                "{}",
                need.package
            );
        }
    }
}
