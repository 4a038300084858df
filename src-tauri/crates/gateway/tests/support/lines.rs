//! An agent that speaks lines on the home's socket, as `doorward connect` passes them on.

use super::{Bench, INITIALIZE, INITIALIZED, PATIENCE, json};
use policy::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};

pub(crate) struct Lines {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Lines {
    /// With a session of the older eras.
    pub(crate) async fn open(bench: &Bench, upstream: &str, agent: &str) -> Lines {
        let mut lines = Lines::try_open(bench, upstream, agent).await.unwrap_or_else(|head| panic!("{head}"));
        lines.send(INITIALIZE).await;
        assert!(lines.next().await.get("result").is_some());
        lines.send(INITIALIZED).await;
        lines
    }

    /// The connection alone, or the whole answer of the door that refused it.
    pub(crate) async fn try_open(bench: &Bench, upstream: &str, agent: &str) -> Result<Lines, String> {
        let stream = UnixStream::connect(bench.engine.home().socket_path()).await.unwrap();
        let (reader, mut writer) = stream.into_split();
        let head = format!(
            "POST /mcp/{upstream}/lines HTTP/1.1\r\nHost: doorward\r\nDoorward-Agent: {agent}\r\n\
             Connection: Upgrade\r\nUpgrade: mcp-lines\r\nContent-Length: 0\r\n\r\n"
        );
        writer.write_all(head.as_bytes()).await.unwrap();
        let mut reader = BufReader::new(reader);
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut answer).await.unwrap(), 0, "{answer}");
        }
        if answer.starts_with("HTTP/1.1 101") {
            return Ok(Lines { reader, writer });
        }
        let length = answer.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).await.unwrap();
        Err(answer + std::str::from_utf8(&body).unwrap())
    }

    pub(crate) async fn send(&mut self, message: &str) {
        self.writer.write_all(message.as_bytes()).await.unwrap();
        self.writer.write_all(b"\n").await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Value {
        let mut line = String::new();
        let reading = self.reader.read_line(&mut line);
        let read = tokio::time::timeout(PATIENCE, reading).await.expect("a line comes").unwrap();
        assert_ne!(read, 0, "the connection ended");
        json(&line)
    }

    /// Until the gateway closes the connection; it says nothing more.
    pub(crate) async fn ended(&mut self) {
        let mut line = String::new();
        let reading = self.reader.read_line(&mut line);
        let read = tokio::time::timeout(PATIENCE, reading).await.expect("the connection ends");
        // What it had not read yet makes the end a reset.
        let is_reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(
            read.as_ref().is_ok_and(|read| *read == 0) || read.as_ref().is_err_and(is_reset),
            "{read:?} {line}"
        );
    }
}
