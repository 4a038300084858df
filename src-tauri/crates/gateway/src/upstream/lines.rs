//! Newline-delimited text, from a child or from `doorward connect`, never more of one line in memory than a limit.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Why no line came.
#[derive(Debug)]
pub(crate) enum LineError {
    /// The line is longer than the limit.
    TooLong,
    Broken(io::Error),
}

/// The next line without its line break; none at the end. Bytes without a line break at the end count as a line.
pub(crate) async fn next_line<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    limit: usize,
) -> Result<Option<Vec<u8>>, LineError> {
    let mut line = Vec::new();
    loop {
        let chunk = reader.fill_buf().await.map_err(LineError::Broken)?;
        if chunk.is_empty() {
            return Ok((!line.is_empty()).then_some(line));
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
        if line.len() + part.len() > limit {
            return Err(LineError::TooLong);
        }
        line.extend_from_slice(part);
        let taken = part.len() + usize::from(end.is_some());
        reader.consume(taken);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::BufReader;

    #[tokio::test]
    async fn lines_are_split_and_an_endless_one_is_not_kept() {
        let mut reader = BufReader::with_capacity(3, &b"one\r\n\ntwo\nlast"[..]);
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut reader, 4).await.unwrap() {
            lines.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(lines, ["one", "", "two", "last"]);

        let mut reader = BufReader::with_capacity(2, &b"12345\n"[..]);
        assert!(matches!(next_line(&mut reader, 4).await, Err(LineError::TooLong)));
    }
}
