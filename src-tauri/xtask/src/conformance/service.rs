//! A program that runs in the background while the suites talk to it, and ends, with all it started, when it is
//! dropped.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::failure::Failure;
use crate::process::{Program, end_with_descendants};

const START_LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Service {
    child: Child,
}

impl Service {
    /// Starts it, and waits until it says where it listens.
    pub(crate) fn start(program: &Program, log: &Path) -> Result<(Self, String), Failure> {
        let read_log = format!("read its log `{}`", log.display());
        let could_not = |error: io::Error| {
            Failure::new(format!("`{}` could not be started: {error}", program.typed()), &read_log)
        };
        let mut log_file = create(log).map_err(could_not)?;
        let errors = log_file.try_clone().map_err(could_not)?;
        let mut command = program.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().map_err(could_not)?;
        let output = child.stdout.take();
        let service = Self { child };

        let (sender, addresses) = mpsc::channel();
        std::thread::spawn(move || {
            for line in
                output.into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok)
            {
                // A log that cannot be written is no reason to stop reading: the program would wait for us.
                let _ = writeln!(log_file, "{line}");
                if let Some(address) = address_in(&line) {
                    let _ = sender.send(address.to_owned());
                }
            }
        });
        match addresses.recv_timeout(START_LIMIT) {
            Ok(address) => Ok((service, address)),
            Err(_) => Err(Failure::new(format!("`{}` did not start to listen", program.typed()), read_log)),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        end_with_descendants(&mut self.child);
    }
}

fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path)
}

fn address_in(line: &str) -> Option<&str> {
    let says_so = line.contains(" listens on ") || line.starts_with("listening on ");
    says_so.then(|| line.split_whitespace().find(|word| word.starts_with("http://")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_what_a_program_says() {
        assert_eq!(address_in("listening on http://127.0.0.1:7/mcp"), Some("http://127.0.0.1:7/mcp"));
        let gateway = "Doorward 0.1.0 listens on http://127.0.0.1:7717 for the home `x`.";
        assert_eq!(address_in(gateway), Some("http://127.0.0.1:7717"));
        assert_eq!(address_in("  http://127.0.0.1:7717/mcp/practice"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_service_ends_with_its_value() {
        let folder = std::env::temp_dir().join(format!("xtask-service-{}", std::process::id()));
        let script = "echo \"listening on http://$$/\"; exec tail -f /dev/null";
        let program = Program::new("sh", &std::env::temp_dir()).args(["-c", script]);
        let (service, address) = Service::start(&program, &folder.join("log")).unwrap();
        let id = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        assert!(Path::new("/proc").join(&id).exists());
        drop(service);
        assert!(!Path::new("/proc").join(&id).exists(), "it was waited for");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_program_that_ends_without_listening_is_a_failure() {
        let folder = std::env::temp_dir().join(format!("xtask-silent-{}", std::process::id()));
        let program = Program::new("sh", &std::env::temp_dir()).args(["-c", "echo sorry"]);
        assert!(Service::start(&program, &folder.join("log")).is_err());
        assert_eq!(fs::read_to_string(folder.join("log")).unwrap(), "sorry\n");
        fs::remove_dir_all(folder).unwrap();
    }
}
