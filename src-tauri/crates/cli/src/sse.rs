//! Server-sent events, as far as MCP uses them: the data of each event, as its bytes come in.

/// Longest event taken, in bytes.
const EVENT_LIMIT: usize = 64 * 1024 * 1024;

/// Collects bytes into events.
#[derive(Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    after_return: bool,
}

/// An event grew past what is taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Events {
    /// The data of every event that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut complete = Vec::new();
        for &byte in bytes {
            // A line ends with CR, LF, or both.
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => complete.extend(self.end_line()),
                byte => self.line.push(byte),
            }
            if self.line.len() + self.data.as_ref().map_or(0, Vec::len) > EVENT_LIMIT {
                return Err(TooLong);
            }
        }
        Ok(complete)
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.data.take();
        }
        if let Some(value) = line.strip_prefix(b"data") {
            let value = value.strip_prefix(b":").unwrap_or(value);
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_owned()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&str]) -> Vec<String> {
        let mut events = Events::default();
        let data = chunks.iter().flat_map(|chunk| events.push(chunk.as_bytes()).unwrap());
        data.map(|data| String::from_utf8(data).unwrap()).collect()
    }

    #[test]
    fn events_are_found_wherever_the_bytes_are_cut() {
        let text =
            ": hello\n\nevent: message\nid: 1\ndata: {\"a\":\ndata: 1}\n\ndata:two\r\n\r\ndata: three\r\r";
        let expected = ["{\"a\":\n1}", "two", "three"];
        assert_eq!(events(&[text]), expected);
        let single: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(events(&single.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn an_event_that_was_cut_off_is_none() {
        assert!(events(&["data: half\n"]).is_empty());
    }
}
