//! Brings the machine to what a task needs. On Debian and its descendants it says what is missing and why, and
//! installs it; everywhere else it prints the exact list and stops. It removes nothing and asks for nothing twice.

use std::process::Command;

use crate::failure::Failure;
use crate::machine::{Machine, System, ThisMachine, answer_of, find_program};
use crate::needs::{Need, Purpose, missing, needs_for};
use crate::workspace::Workspace;

/// Returns once everything is there.
pub(crate) fn system_packages(purposes: &[Purpose], workspace: &Workspace) -> Result<(), Failure> {
    let system = System::of_this_machine();
    let needs = needs_for(purposes, system.is_linux());
    let absent = missing(&needs, &ThisMachine);
    if absent.is_empty() {
        return Ok(());
    }
    println!("Missing on {}:\n{}", system.name(), list(&absent));
    let System::Debian { .. } = system else {
        return Err(Failure::new(
            "these parts cannot be installed from here",
            "install them with your system's own tools (the names are Debian's), then run the same command again",
        ));
    };
    let packages: Vec<&str> = absent.iter().map(|need| need.package).collect();
    install(&packages, workspace)?;
    let unmet = missing(&needs, &ThisMachine);
    if unmet.is_empty() {
        println!("Installed {}.\n", packages.join(", "));
        return Ok(());
    }
    Err(Failure::new(
        format!("apt-get succeeded, but these are still not found:\n{}", list(&unmet)),
        "look at what apt-get printed above; the reason is usually a package held back or a partial installation",
    ))
}

fn list(needs: &[Need]) -> String {
    let width = needs.iter().map(|need| need.package.len()).max().unwrap_or(0);
    let lines: Vec<String> =
        needs.iter().map(|need| format!("  {:width$}  {}", need.package, need.why)).collect();
    lines.join("\n")
}

/// Who apt-get has to be called as.
#[derive(Debug, PartialEq, Eq)]
enum Caller {
    Root,
    Sudo,
}

fn install(packages: &[&str], workspace: &Workspace) -> Result<(), Failure> {
    let caller = match answer_of("id", &["-u"]).as_deref() {
        Some("0") => Caller::Root,
        _ if find_program("sudo").is_some() => Caller::Sudo,
        _ => {
            return Err(Failure::new(
                "installing needs root, and there is no sudo",
                format!(
                    "as root: apt-get update && apt-get install --no-install-recommends {}",
                    packages.join(" ")
                ),
            ));
        }
    };
    apt_get(&caller, &["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    if apt_get(&caller, &arguments).is_ok() {
        return Ok(());
    }
    // Some machines clean the archive folder after every call of apt-get; with another one at work, files vanish
    // between download and installation. A folder of our own cannot be cleaned by others.
    println!("apt-get failed once; trying again with a download folder of our own");
    let archives = workspace.notes().join("apt");
    let partial = archives.join("partial");
    std::fs::create_dir_all(&partial)
        .map_err(|error| Failure::file("create the folder", &partial, &error))?;
    let option = format!("Dir::Cache::archives={}", archives.display());
    let mut again = vec!["-o", &option];
    again.extend(&arguments);
    let outcome = apt_get(&caller, &again);
    // The packages are installed by now; what is left there is only their downloads.
    let _ = std::fs::remove_dir_all(&archives);
    outcome
}

fn apt_get(caller: &Caller, arguments: &[&str]) -> Result<(), Failure> {
    let words = apt_get_words(caller, arguments);
    println!("$ {}", words.join(" "));
    let next = "look at what apt-get printed above; without a network, install the packages listed by hand";
    let Some((program, rest)) = words.split_first() else {
        return Err(Failure::new("apt-get cannot be called", next));
    };
    match Command::new(program).args(rest).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("apt-get failed ({status})"), next)),
        Err(error) => Err(Failure::new(format!("apt-get could not be started: {error}"), next)),
    }
}

fn apt_get_words(caller: &Caller, arguments: &[&str]) -> Vec<String> {
    let mut words: Vec<&str> = match caller {
        Caller::Root => vec!["env"],
        Caller::Sudo => vec!["sudo", "env"],
    };
    // Another apt-get may be at work: wait for it rather than fail.
    words.extend(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]);
    words.extend(arguments);
    words.into_iter().map(str::to_owned).collect()
}

/// One line about the machine, for the top of a log.
pub(crate) fn describe_machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let system = System::of_this_machine();
    let rust = answer_of("rustc", &["--version"]).unwrap_or_else(|| "rustc not found".to_owned());
    let node = if ThisMachine.has_program("node") {
        answer_of("node", &["--version"]).unwrap_or_else(|| "unknown".to_owned())
    } else {
        "not found".to_owned()
    };
    format!("{}, {cores} cores, {rust}, node {node}", system.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::NEEDS;

    #[test]
    fn root_calls_apt_get_itself_and_others_through_sudo() {
        let root = apt_get_words(&Caller::Root, &["install", "xvfb"]).join(" ");
        assert_eq!(
            root,
            "env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install xvfb"
        );
        let sudo = apt_get_words(&Caller::Sudo, &["update"]).join(" ");
        assert!(sudo.starts_with("sudo env DEBIAN_FRONTEND=noninteractive apt-get "), "{sudo}");
    }

    #[test]
    fn the_list_gives_each_package_with_its_reason() {
        let text = list(&NEEDS);
        assert_eq!(text.lines().count(), NEEDS.len());
        for need in NEEDS {
            assert!(
                text.lines().any(|line| line.contains(need.package) && line.contains(need.why)),
                "{need:?}"
            );
        }
    }
}
