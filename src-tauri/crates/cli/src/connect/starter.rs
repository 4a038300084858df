//! `--start`: starts the desktop app, once, for an agent that came before it.
//!
//! An agent often starts several shims at the same moment. They take turns by a lock on the program's own file, so
//! that one of them starts it and the others wait for its socket.

use crate::probes;
use std::{
    env,
    ffi::OsStr,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const PROGRAM: &str = "doorward-desktop";

#[derive(Debug)]
pub(super) struct Starter {
    home: PathBuf,
    state: State,
}

#[derive(Debug)]
enum State {
    Wanted,
    Started { child: Child, _turn: Option<File> },
    Failed(String),
}

/// What is known of the app that was to be started.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It is on its way.
    Coming,
    /// Why it is not.
    Failed(String),
}

impl Starter {
    pub(super) fn new(home: PathBuf) -> Starter {
        Starter { home, state: State::Wanted }
    }

    /// Starts the app if it is our turn; called again, says how that went.
    pub(super) fn start(&mut self) -> Start {
        if let State::Wanted = self.state {
            match begin(&self.home) {
                Ok(Some(state)) => self.state = state,
                Ok(None) => {}
                Err(why) => self.state = State::Failed(why),
            }
        }
        if let State::Started { child, .. } = &mut self.state
            && let Ok(Some(status)) = child.try_wait()
            // A second start on a home ends well at once: the first one has it.
            && !status.success()
        {
            self.state =
                State::Failed(format!("`{PROGRAM}` ended with {status}: run it yourself to see why"));
        }
        match &self.state {
            State::Failed(why) => Start::Failed(why.clone()),
            State::Wanted | State::Started { .. } => Start::Coming,
        }
    }
}

/// None: another shim is about to start it.
fn begin(home: &Path) -> Result<Option<State>, String> {
    let program =
        find(env::current_exe().ok().as_deref(), env::var_os("PATH").as_deref()).ok_or_else(|| {
            format!("`{PROGRAM}` is neither beside `doorward` nor in the PATH that the agent gave it")
        })?;
    probes::display().map_err(|failure| {
        format!("the app needs a display, and {}; an agent may have to pass it on in `env`", failure.message)
    })?;
    let turn = match File::open(&program).map(|file| (file.try_lock(), file)) {
        Ok((Ok(()), file)) => Some(file),
        Ok((Err(TryLockError::WouldBlock), _)) => return Ok(None),
        // A file system without locks: starting it twice does no harm, the second one ends by itself.
        Ok((Err(TryLockError::Error(_)), _)) | Err(_) => None,
    };
    let mut command = Command::new(&program);
    command.arg("--home").arg(home).arg("--hidden");
    // Standard output is the agent's; and the app outlives the agent that started it.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    match command.spawn() {
        Ok(child) => Ok(Some(State::Started { child, _turn: turn })),
        Err(error) => Err(format!("`{}` could not be started: {error}", program.display())),
    }
}

/// The app beside the running program, else the first in the path.
fn find(this: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    let name = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    let beside = this.map(|program| program.with_file_name(&name));
    let folders = path.into_iter().flat_map(env::split_paths).filter(|folder| folder.is_absolute());
    beside.into_iter().chain(folders.map(|folder| folder.join(&name))).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_beside_the_program_comes_before_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let (beside, elsewhere) = (folder.path().join("a"), folder.path().join("b"));
        for dir in [&beside, &elsewhere] {
            std::fs::create_dir(dir).unwrap();
        }
        let path = env::join_paths([Path::new("."), &elsewhere]).unwrap();
        let this = beside.join("doorward");
        assert_eq!(find(Some(&this), Some(&path)), None);
        std::fs::write(elsewhere.join(PROGRAM), "").unwrap();
        assert_eq!(find(Some(&this), Some(&path)), Some(elsewhere.join(PROGRAM)));
        std::fs::write(beside.join(PROGRAM), "").unwrap();
        assert_eq!(find(Some(&this), Some(&path)), Some(beside.join(PROGRAM)));
        assert_eq!(find(None, None), None);
    }
}
