//! `doorward journal export`: the journal for other programs; works beside a running Doorward.

use crate::{
    args::{Export, ExportAs},
    failure::Failure,
    history,
};
use journal::{ExportError, ExportFormat};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
};

pub(crate) fn run(dir: &Path, options: &Export) -> Result<ExitCode, Failure> {
    if options.clear {
        // Nothing that an agent could reach asks for proof (I11), and an agent could reach this command.
        return Err(Failure::new(
            "an export in clear is made in Doorward's window: Activity, Export",
            "there a passkey allows it; or leave `--clear` out, and what is secret is left out",
        ));
    }
    let Some(journal) = history::open(dir)? else {
        return Err(Failure::new("the journal has not begun: no call was made in this home", ""));
    };
    let format = match options.format {
        ExportAs::Jsonl => ExportFormat::JsonLines,
        ExportAs::Csv => ExportFormat::Csv,
    };
    let mut out: Box<dyn Write> = match &options.output {
        Some(path) => Box::new(create(path).map_err(|error| {
            let said = format!("`{}` cannot be made: {error}", path.display());
            Failure::new(said, "name a file that does not exist yet, in a folder of yours")
        })?),
        None => Box::new(io::stdout().lock()),
    };
    let count = journal.export(format, &mut BufWriter::new(&mut out)).map_err(|error| match error {
        ExportError::Journal(error) => history::failed(&error),
        error => Failure::new(error.to_string(), ""),
    })?;
    if let Some(path) = &options.output {
        crate::say(format_args!("{count} entries are in `{}`, what is secret left out.", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Readable by its owner only; never over another file.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}
