//! Exports that a person asks for in the window: files in the home's folder `exports`, readable by its owner only.
//!
//! With secrets in clear they take a passkey where one is enrolled, like whatever loosens. No route leads here (I11).

use crate::ceremony::{Agreement, CeremonyError, Purpose};
use crate::engine::Engine;
use journal::{ActivityQuery, ExportError, ExportFormat, InClear};
use policy::Timestamp;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct ExportWish {
    pub format: ExportFormat,
    /// Which calls; none is the whole journal, entry by entry, as it can be verified.
    pub calls: Option<ActivityQuery>,
    /// The filter in words, for the page that asks for a passkey.
    pub which: String,
    pub clear: bool,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportMade {
    pub path: PathBuf,
    /// Lines with something on them: calls, or entries of the whole journal.
    pub count: u64,
}

/// Why none was. What was begun of it is gone.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailed {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error("`{}` cannot be made: {source}; check the space and the permissions of the home folder", path.display())]
    Make { path: PathBuf, source: io::Error },
    #[error("this home has no owner who could export in clear; mark one user as `owner` in people.toml")]
    NoOwner,
    #[error("the export was broken off; try again")]
    BrokenOff,
}

impl Engine {
    /// Writes the file; in clear only once a passkey allowed it, where one is enrolled.
    ///
    /// # Errors
    /// Nothing was written then.
    pub async fn export_activity(self: &Arc<Self>, wish: ExportWish) -> Result<ExportMade, ExportFailed> {
        let folder = self.home().dir().join("exports");
        let name = name(&wish, self.desk().clock().now());
        let mut in_clear = None;
        if wish.clear {
            let by = self.owner_id().ok_or(ExportFailed::NoOwner)?;
            let lines = vec![
                ("What".to_owned(), wish.which.clone()),
                ("With".to_owned(), "every value on record, secret ones too".to_owned()),
                ("File".to_owned(), folder.join(&name).display().to_string()),
            ];
            let agreement = Agreement::to_lines(Purpose::Change, "Export with secrets in clear", lines);
            let presence = self.require_proof(agreement).await?;
            in_clear =
                Some(InClear { by: presence.map_or(by, |presence| presence.person), file: name.clone() });
        }
        let engine = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || {
            let (mut file, path) = create(&folder, &name)?;
            match engine.write_export(&wish, in_clear.as_ref(), &mut file) {
                Ok(count) => Ok(ExportMade { path, count }),
                Err(error) => {
                    drop(file);
                    // Half a file is no export; the first error is the one to tell.
                    let _ = std::fs::remove_file(&path);
                    Err(error.into())
                }
            }
        });
        written.await.map_err(|_| ExportFailed::BrokenOff)?
    }

    fn write_export(
        &self,
        wish: &ExportWish,
        in_clear: Option<&InClear>,
        file: &mut File,
    ) -> Result<u64, ExportError> {
        let journal = self.journal();
        let mut out = BufWriter::new(&mut *file);
        let count = match (&wish.calls, in_clear) {
            (Some(query), in_clear) => journal.export_calls(query, in_clear, wish.format, &mut out)?,
            (None, Some(noted)) => journal.export_in_clear(noted, wish.format, &mut out)?,
            (None, None) => journal.export(wish.format, &mut out)?,
        };
        out.flush()?;
        drop(out);
        file.sync_all()?;
        Ok(count)
    }
}

/// "calls-20261123-131900.csv"
fn name(wish: &ExportWish, now: Timestamp) -> String {
    let what = if wish.calls.is_some() { "calls" } else { "journal" };
    let ends = match wish.format {
        ExportFormat::JsonLines => "jsonl",
        ExportFormat::Csv => "csv",
    };
    let zone = jiff::tz::TimeZone::system();
    let at = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
    format!("{what}-{}.{ends}", at.to_zoned(zone).strftime("%Y%m%d-%H%M%S"))
}

/// A new file; never over another one.
fn create(folder: &Path, name: &str) -> Result<(File, PathBuf), ExportFailed> {
    let failed = |path: &Path, source| ExportFailed::Make { path: path.to_owned(), source };
    let (mut folders, mut options) = (DirBuilder::new(), OpenOptions::new());
    folders.recursive(true);
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folders.mode(0o700);
        options.mode(0o600);
    }
    folders.create(folder).map_err(|error| failed(folder, error))?;
    let mut path = folder.join(name);
    for again in 2..100 {
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                path = folder.join(format!("{again}-{name}"));
            }
            Err(error) => return Err(failed(&path, error)),
            Ok(file) => return Ok((file, path)),
        }
    }
    Err(failed(&path, io::ErrorKind::AlreadyExists.into()))
}
