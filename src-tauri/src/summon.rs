//! A second start shows the window of the first: the running app listens on a socket in its home folder, a
//! later start knocks there and leaves. One socket a home, so that several homes do not meet; the home's lock
//! still decides who owns it. Whoever can reach the socket can bring up the window and nothing else.

use std::path::{Path, PathBuf};

/// Beside the home's other files, which only its owner can reach.
#[must_use]
pub fn socket(home: &Path) -> PathBuf {
    home.join("window.sock")
}

#[cfg(unix)]
pub use unix::{Bell, Hung, hang, knock};

#[cfg(unix)]
mod unix {
    use std::fs::Permissions;
    use std::io::{self, Read, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    const ANSWER: &[u8] = b"shown\n";
    const PATIENCE: Duration = Duration::from_secs(3);

    /// Asks the app that owns this home to show its window; true if it did.
    #[must_use]
    pub fn knock(socket: &Path) -> bool {
        let Ok(mut stream) = UnixStream::connect(socket) else { return false };
        let mut answer = [0_u8; ANSWER.len()];
        stream.set_read_timeout(Some(PATIENCE)).is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer == ANSWER
    }

    /// Hears later starts.
    #[derive(Debug)]
    pub struct Bell(UnixListener);

    /// Takes the socket out of the home folder when dropped.
    #[derive(Debug)]
    pub struct Hung(PathBuf);

    /// Listens at the socket. Call it as the owner of the home: what lies there is left from a crash.
    ///
    /// # Errors
    /// When the socket cannot be made, as where the path is too long for one.
    pub fn hang(socket: &Path) -> io::Result<(Bell, Hung)> {
        match std::fs::remove_file(socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(socket)?;
        std::fs::set_permissions(socket, Permissions::from_mode(0o600))?;
        Ok((Bell(listener), Hung(socket.to_owned())))
    }

    impl Bell {
        /// Calls `show` for every knock, until the socket fails. Blocks: give it a thread.
        pub fn answer(&self, show: impl Fn()) {
            for knocked in self.0.incoming() {
                let Ok(mut stream) = knocked else { return };
                show();
                // Whoever knocked may have left; the window is up all the same.
                let _ = stream.set_write_timeout(Some(PATIENCE)).and_then(|()| stream.write_all(ANSWER));
            }
        }
    }

    impl Drop for Hung {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::mpsc;

    #[test]
    fn nobody_answers_where_nothing_runs() {
        let home = tempfile::tempdir().unwrap();
        assert!(!knock(&socket(home.path())));
    }

    #[test]
    fn a_second_start_shows_the_window_of_the_first() {
        let home = tempfile::tempdir().unwrap();
        let socket = socket(home.path());
        let (bell, _hung) = hang(&socket).unwrap();
        assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
        let (shown, was_shown) = mpsc::channel();
        std::thread::spawn(move || bell.answer(|| shown.send(()).unwrap()));
        assert!(knock(&socket));
        assert!(knock(&socket), "and a third");
        assert_eq!(was_shown.iter().take(2).count(), 2);
    }

    #[test]
    fn a_socket_left_by_a_crash_is_taken_over() {
        let home = tempfile::tempdir().unwrap();
        let socket = socket(home.path());
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        assert!(!knock(&socket), "nobody listens at what a crash left");
        let hung = hang(&socket).unwrap();
        drop(hung);
        assert!(!socket.exists(), "a clean end leaves nothing");
    }
}
