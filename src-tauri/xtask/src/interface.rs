//! The window's interface: its npm packages and its build in `ui/dist`, made again only when its sources changed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::job::Job;
use crate::node;
use crate::stamp;
use crate::workspace::Workspace;

/// What the build is made from; tests and their configuration are not part of it, but live beside it.
const INPUTS: [&str; 4] = ["index.html", "package.json", "package-lock.json", "vite.config.ts"];

pub(crate) fn packages(workspace: &Workspace, job: &mut Job) -> Result<bool, Failure> {
    node::install(&workspace.ui(), job)
}

/// Packages and build; whether anything had to be built.
pub(crate) fn build(workspace: &Workspace, job: &mut Job) -> Result<bool, Failure> {
    packages(workspace, job)?;
    let ui = workspace.ui();
    let page = ui.join("dist").join("index.html");
    let stamp = workspace.notes().join("interface.stamp");
    let sources = inputs(&ui).and_then(|files| stamp::hash_files(&files));
    let sources = sources.map_err(|error| Failure::file("read the sources in", &ui, &error))?;
    // The page names its scripts by their content, so it stands for the whole of what was built.
    if page.is_file() && stamp::matches(&stamp, &label(&sources, &page)?) {
        return Ok(false);
    }
    job.run(&node::npm(&ui, &["run", "build"]))?;
    stamp::write(&stamp, &label(&sources, &page)?).map_err(|error| Failure::file("write", &stamp, &error))?;
    Ok(true)
}

fn label(sources: &str, page: &Path) -> Result<String, Failure> {
    let page_hash =
        stamp::hash_files(&[page.to_path_buf()]).map_err(|error| Failure::file("read", page, &error))?;
    Ok(format!("{sources} {page_hash}"))
}

fn inputs(ui: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["src", "public"] {
        let folder = ui.join(folder);
        if folder.is_dir() {
            files.extend(stamp::sources(&folder)?);
        }
    }
    for entry in fs::read_dir(ui)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if INPUTS.contains(&name.as_ref()) || name.starts_with("tsconfig") || name.starts_with("postcss") {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
