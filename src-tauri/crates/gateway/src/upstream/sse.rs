//! Server-sent events as an upstream writes them, read as the HTML standard says (§9.2.6), with a limit on what
//! one event may hold.

/// One event that was ended by an empty line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Lines of `data`, joined by line feeds.
    pub(super) data: Vec<u8>,
    /// The last `id` so far, this event's or an earlier one's.
    pub(super) last_id: Option<String>,
    /// Milliseconds to wait before the stream is opened again, if it said so.
    pub(super) retry: Option<u64>,
    /// Of the type `message`, which is the default.
    pub(super) is_message: bool,
}

/// One event, or one line, went past the limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Takes bytes as they come, gives events as they are complete.
pub(super) struct Parser {
    limit: usize,
    line: Vec<u8>,
    after_return: bool,
    at_start: bool,
    data: Vec<u8>,
    has_data: bool,
    kind: Vec<u8>,
    last_id: Option<String>,
    retry: Option<u64>,
}

impl Parser {
    pub(super) fn new(limit: usize) -> Parser {
        Parser {
            limit,
            line: Vec::new(),
            after_return: false,
            at_start: true,
            data: Vec::new(),
            has_data: false,
            kind: Vec::new(),
            last_id: None,
            retry: None,
        }
    }

    /// The events that these bytes complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut events = Vec::new();
        let mut rest = bytes;
        if bytes.is_empty() {
            return Ok(events);
        }
        if std::mem::take(&mut self.after_return) && rest.first() == Some(&b'\n') {
            rest = rest.get(1..).unwrap_or_default();
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.extend(rest.get(..end).unwrap_or_default())?;
            let is_return = rest.get(end) == Some(&b'\r');
            rest = rest.get(end + 1..).unwrap_or_default();
            if is_return {
                match rest.split_first() {
                    Some((b'\n', tail)) => rest = tail,
                    Some(_) => {}
                    None => self.after_return = true,
                }
            }
            let line = std::mem::take(&mut self.line);
            events.extend(self.take_line(&line)?);
        }
        self.extend(rest)?;
        Ok(events)
    }

    fn extend(&mut self, part: &[u8]) -> Result<(), TooLarge> {
        if self.line.len() + part.len() > self.limit + 64 {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Event>, TooLarge> {
        let mut line = line;
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            return Ok(self.end());
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(0) => return Ok(None),
            Some(at) => {
                let (field, value) = line.split_at(at);
                let value = value.get(1..).unwrap_or_default();
                (field, value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &b""[..]),
        };
        match field {
            b"data" => {
                if self.data.len() + value.len() > self.limit {
                    return Err(TooLarge);
                }
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
                self.has_data = true;
            }
            b"event" => self.kind = value.get(..value.len().min(64)).unwrap_or_default().to_vec(),
            b"id" if value.len() <= 1024 && !value.contains(&0) => {
                self.last_id = String::from_utf8(value.to_vec()).ok();
            }
            b"retry" => self.retry = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
            _ => {}
        }
        Ok(None)
    }

    /// An event without data still tells its id and its retry time.
    fn end(&mut self) -> Option<Event> {
        let is_message = matches!(self.kind.as_slice(), b"" | b"message");
        self.kind.clear();
        let has_data = std::mem::take(&mut self.has_data);
        let retry = self.retry.take();
        if !has_data && retry.is_none() && self.last_id.is_none() {
            return None;
        }
        Some(Event { data: std::mem::take(&mut self.data), last_id: self.last_id.clone(), retry, is_message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(events: &[Event]) -> Vec<String> {
        events.iter().map(|event| String::from_utf8(event.data.clone()).unwrap()).collect()
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let text = "\u{feff}: hello\r\ndata: a\rdata:b\n\nid: 7\nretry: 250\ndata\n\r\nevent: other\ndata: c\n\ndata: é\r\n\r\n";
        let whole = Parser::new(100).feed(text.as_bytes()).unwrap();
        assert_eq!(data(&whole), ["a\nb", "", "c", "é"]);
        assert_eq!((whole[1].last_id.as_deref(), whole[1].retry), (Some("7"), Some(250)));
        assert_eq!((whole[3].last_id.as_deref(), whole[3].retry), (Some("7"), None));
        assert_eq!(whole.iter().map(|event| event.is_message).collect::<Vec<_>>(), [true, true, false, true]);
        for size in 1..9 {
            let mut parser = Parser::new(100);
            let parts: Vec<Event> =
                text.as_bytes().chunks(size).flat_map(|part| parser.feed(part).unwrap()).collect();
            assert_eq!(parts, whole, "cut every {size} bytes");
        }
    }

    #[test]
    fn an_event_past_the_limit_ends_the_stream_whether_in_one_line_or_many() {
        assert_eq!(Parser::new(10).feed(&[b'x'; 100]), Err(TooLarge));
        let lines = "data: 12345\n".repeat(3);
        assert_eq!(Parser::new(10).feed(lines.as_bytes()), Err(TooLarge));
    }
}
