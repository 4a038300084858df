//! Lines, in and out, byte for byte: the agent's on standard input and output, each on a thread of its own, and
//! the gateway's on its socket. What one side does not take, the other is not asked for.

use std::{
    io::{self, BufRead, Write},
    mem,
};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt},
    sync::{mpsc, oneshot, watch},
};

/// Longest line taken from the agent, in bytes without its line break. The gateway takes as much, and hangs up on
/// a longer one: every other call of this agent would be lost with it.
pub(super) const LIMIT: usize = 8 * 1024 * 1024;
/// Lines that may wait between a pipe and the socket; the rest waits in the pipe.
const ROOM: usize = 2;

/// One line as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// With its line break.
    Whole(Vec<u8>),
    /// Longer than is taken; its bytes are gone.
    TooLong,
}

/// Collects bytes into lines.
#[derive(Debug)]
pub(super) struct Gatherer {
    line: Vec<u8>,
    limit: usize,
    is_skipping: bool,
}

impl Gatherer {
    pub(super) fn new(limit: usize) -> Gatherer {
        Gatherer { line: Vec::new(), limit, is_skipping: false }
    }

    /// Takes bytes up to the first line break: how many, and the line if they end one.
    fn take(&mut self, chunk: &[u8]) -> (usize, Option<Line>) {
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(chunk.len(), |end| end + 1);
        if !self.is_skipping {
            self.line.extend_from_slice(chunk.get(..taken).unwrap_or_default());
            // One more for the line break.
            if self.line.len() > self.limit + 1 {
                self.line = Vec::new();
                self.is_skipping = true;
            }
        }
        (taken, end.map(|_| self.end()))
    }

    fn end(&mut self) -> Line {
        if mem::take(&mut self.is_skipping) { Line::TooLong } else { Line::Whole(mem::take(&mut self.line)) }
    }

    /// What is left at the end of the input; a line break is added.
    fn rest(&mut self) -> Option<Line> {
        if self.is_skipping {
            return Some(self.end());
        }
        (!self.line.is_empty()).then(|| {
            self.line.push(b'\n');
            self.end()
        })
    }

    /// The next line that ends with a line break; none at the end of the input, whatever was left there.
    pub(super) async fn next(&mut self, from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Line>> {
        loop {
            let chunk = from.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let (taken, line) = self.take(chunk);
            from.consume(taken);
            if line.is_some() {
                return Ok(line);
            }
        }
    }
}

/// What the agent writes.
#[derive(Debug)]
pub(super) struct FromAgent {
    lines: mpsc::Receiver<Line>,
    put_back: Option<Line>,
    ended: watch::Receiver<bool>,
}

impl FromAgent {
    /// Reads standard input from now on.
    pub(super) fn start() -> FromAgent {
        let (sender, lines) = mpsc::channel(ROOM);
        let (ending, ended) = watch::channel(false);
        std::thread::spawn(move || {
            // An input that cannot be read has ended.
            let _ = read_all(&mut io::stdin().lock(), &sender);
            let _ = ending.send(true);
        });
        FromAgent { lines, put_back: None, ended }
    }

    /// The next line; none once the input has ended.
    pub(super) async fn next(&mut self) -> Option<Line> {
        match self.put_back.take() {
            Some(line) => Some(line),
            None => self.lines.recv().await,
        }
    }

    /// This line comes next.
    pub(super) fn put_back(&mut self, line: Line) {
        self.put_back = Some(line);
    }

    /// Resolves once the input has ended, even if lines still wait to be taken.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + use<> {
        let mut ended = self.ended.clone();
        async move {
            // The reading thread is gone: that is an end as well.
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }
}

fn read_all(from: &mut impl BufRead, to: &mpsc::Sender<Line>) -> io::Result<()> {
    let mut gatherer = Gatherer::new(LIMIT);
    loop {
        let chunk = match from.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let (taken, line) = if chunk.is_empty() { (0, gatherer.rest()) } else { gatherer.take(chunk) };
        let is_end = chunk.is_empty();
        from.consume(taken);
        if let Some(line) = line
            && to.blocking_send(line).is_err()
        {
            return Ok(());
        }
        if is_end {
            return Ok(());
        }
    }
}

/// What the agent reads. Nothing else in the program writes to standard output while this lives.
#[derive(Debug)]
pub(super) struct ToAgent {
    pub(super) lines: mpsc::Sender<Vec<u8>>,
    /// Resolves when everything was written and the sender is gone, or nothing more can be written.
    pub(super) written: oneshot::Receiver<()>,
}

impl ToAgent {
    /// Writes standard output from now on.
    pub(super) fn start() -> ToAgent {
        let (lines, mut receiver) = mpsc::channel::<Vec<u8>>(ROOM);
        let (done, written) = oneshot::channel();
        std::thread::spawn(move || {
            while let Some(line) = receiver.blocking_recv() {
                let mut out = io::stdout().lock();
                // The agent is gone; the receiver goes with this thread, and that is how the shim learns of it.
                if out.write_all(&line).and_then(|()| out.flush()).is_err() {
                    break;
                }
            }
            drop(receiver);
            let _ = done.send(());
        });
        ToAgent { lines, written }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_owned())
    }

    #[test]
    fn lines_are_cut_where_they_end_and_too_long_ones_are_skipped() {
        let mut gatherer = Gatherer::new(5);
        let mut lines = Vec::new();
        for mut chunk in [&b"on"[..], b"e\r\n\ntwo\n12345\n123456\n", b"123456789", b"0\nth", b"ree"] {
            while !chunk.is_empty() {
                let (taken, line) = gatherer.take(chunk);
                chunk = &chunk[taken..];
                lines.extend(line);
            }
        }
        lines.extend(gatherer.rest());
        let short = [whole("one\r\n"), whole("\n"), whole("two\n"), whole("12345\n")];
        assert_eq!(lines[..4], short);
        assert_eq!(lines[4..], [Line::TooLong, Line::TooLong, whole("three\n")]);
        assert_eq!(gatherer.rest(), None);
    }

    #[tokio::test]
    async fn a_line_that_the_gateway_did_not_finish_is_none() {
        let mut from = tokio::io::BufReader::with_capacity(2, &b"whole\nhal"[..]);
        let mut gatherer = Gatherer::new(LIMIT);
        assert_eq!(gatherer.next(&mut from).await.unwrap(), Some(whole("whole\n")));
        assert_eq!(gatherer.next(&mut from).await.unwrap(), None);
    }

    #[test]
    fn the_agents_last_line_counts_without_a_line_break() {
        let (sender, mut lines) = mpsc::channel(4);
        read_all(&mut &b"one\ntwo"[..], &sender).unwrap();
        assert_eq!(lines.try_recv().unwrap(), whole("one\n"));
        assert_eq!(lines.try_recv().unwrap(), whole("two\n"));
        assert!(lines.try_recv().is_err());
    }
}
