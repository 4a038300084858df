//! `doorward practice`: a small, real MCP server over standard input and output.
//!
//! Four tools over a SQLite file that they really change, so that allowing, denying and approving can be tried
//! without risk. Speaks the legacy era, 2025-03-26 to 2025-11-25; knows nothing of policies and holds.

mod arguments;
mod server;
mod store;
mod tools;

use anyhow::Context;
use server::Server;
use std::{
    io::{self, BufRead, Read, Write},
    path::Path,
};
use store::Store;

/// Longest line taken, in bytes.
const LINE_LIMIT: u64 = 16 * 1024 * 1024;

/// Serves until standard input ends. Without a file the data live as long as the process.
pub(crate) fn run(db: Option<&Path>) -> anyhow::Result<()> {
    let store = match db {
        Some(path) => Store::open(path).with_context(|| format!("cannot open `{}`", path.display()))?,
        None => Store::in_memory().context("cannot make a database in memory")?,
    };
    serve(&mut Server::new(store), io::stdin().lock(), io::stdout().lock())
}

/// One message a line, one answer a line; notifications get none.
fn serve(server: &mut Server, mut input: impl BufRead, mut output: impl Write) -> anyhow::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input
            .by_ref()
            .take(LINE_LIMIT + 1)
            .read_until(b'\n', &mut line)
            .context("cannot read a message")?;
        if read == 0 {
            return Ok(());
        }
        anyhow::ensure!(line.len() as u64 <= LINE_LIMIT, "a message is longer than {LINE_LIMIT} bytes");
        if line.trim_ascii().is_empty() {
            continue;
        }
        if let Some(answer) = server.handle(&line) {
            let written = writeln!(output, "{}", answer.to_json()).and_then(|()| output.flush());
            match written {
                // Whoever started us has gone; so do we.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                other => other.context("cannot write an answer")?,
            }
        }
    }
}
