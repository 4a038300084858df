//! Where things are: the repository, the target folder, the binaries, the logs. Found once, passed on.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    /// The profile's folder, `target/debug`: where cargo put this very program, and puts its siblings.
    binaries: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self, Failure> {
        let here = "run it through cargo, inside the repository: `cargo xtask help`";
        // cargo sets the variable for what it runs; a binary that was copied elsewhere has none and stops here.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .ok_or_else(|| Failure::new("the repository cannot be found", here))?;
        let root = manifest
            .ancestors()
            .find(|folder| folder.join("Cargo.lock").is_file())
            .ok_or_else(|| Failure::new(format!("no Cargo.lock above `{}`", manifest.display()), here))?
            .to_path_buf();
        let binaries = std::env::current_exe()
            .ok()
            .and_then(|program| program.parent().map(Path::to_path_buf))
            .ok_or_else(|| Failure::new("the target folder cannot be found", here))?;
        Ok(Self { root, binaries })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// npm packages that the whole-app tests run: real clients and upstreams.
    pub(crate) fn test_packages(&self) -> PathBuf {
        self.root.join("tests").join("node")
    }

    /// The list of Python packages for the same use.
    pub(crate) fn test_python(&self) -> PathBuf {
        self.root.join("tests").join("python")
    }

    /// Where those packages are installed, with an interpreter of their own. The tests look for it there.
    pub(crate) fn python_environment(&self) -> PathBuf {
        self.target().join("python")
    }

    /// The conformance suites, and the upstream they are run against.
    pub(crate) fn conformance(&self) -> PathBuf {
        self.root.join("tests").join("conformance")
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.binaries.parent().unwrap_or(&self.binaries).to_path_buf()
    }

    /// Logs and stamps of these tasks.
    pub(crate) fn notes(&self) -> PathBuf {
        self.target().join("xtask")
    }

    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// As a person in the repository's folder would type it.
    pub(crate) fn typed(&self, path: &Path) -> String {
        let shown = path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        if shown.contains(char::is_whitespace) { format!("'{shown}'") } else { shown }
    }
}
