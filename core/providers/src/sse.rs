//! Server-sent events (the WHATWG HTML standard's event stream), as they come in: chunks may end anywhere.

/// An event longer than this is none: the stream is garbage.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// One event.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Event {
    /// The last `event` field; empty if there was none.
    pub(crate) name: String,
    /// All `data` fields, joined by line feeds.
    pub(crate) data: String,
}

/// An event that does not end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TooLong;

/// Takes an event stream apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    /// The line under way. Bytes: a character may be cut in two.
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    /// A carriage return ended the last line: a line feed now belongs to it.
    after_return: bool,
    /// The first line is over; a byte order mark can only stand before.
    begun: bool,
}

impl Events {
    /// Appends the events that are complete with these bytes.
    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), TooLong> {
        let mut rest = bytes;
        if let Some((first, after)) = rest.split_first()
            && std::mem::take(&mut self.after_return)
            && *first == b'\n'
        {
            rest = after;
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, ended) = rest.split_at(end);
            self.extend(line)?;
            events.extend(self.line());
            rest = match ended {
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                [b'\r', b'\n', after @ ..] | [_, after @ ..] => after,
                [] => &[],
            };
        }
        self.extend(rest)
    }

    /// The event under way, now that there is no more: the standard throws it away, but servers forget its blank line.
    pub(crate) fn finish(&mut self) -> Option<Event> {
        if !self.line.is_empty() {
            let event = self.line();
            debug_assert!(event.is_none(), "only an empty line ends an event");
        }
        self.dispatch()
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let held = self.line.len() + self.data.as_ref().map_or(0, String::len) + self.name.len();
        if held + bytes.len() > EVENT_BYTES_MAX {
            return Err(TooLong);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes in the line just ended.
    fn line(&mut self) -> Option<Event> {
        let bytes = std::mem::take(&mut self.line);
        let mut line = bytes.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = match colon {
            Some(at) => (line.get(..at)?, line.get(at + 1..)?),
            None => (line, &[][..]),
        };
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match field {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(&value);
                }
                None => self.data = Some(value.into_owned()),
            },
            b"event" => self.name = value.into_owned(),
            // A line that begins with a colon is a comment; `id` and `retry` are for those who reconnect.
            _ => (),
        }
        None
    }

    fn dispatch(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        self.data.take().map(|data| Event { name, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<Event> {
        let mut stream = Events::default();
        let mut events = Vec::new();
        for chunk in chunks {
            stream.push(chunk, &mut events).unwrap();
        }
        events.extend(stream.finish());
        events
    }

    fn event(name: &str, data: &str) -> Event {
        Event {
            name: name.to_owned(),
            data: data.to_owned(),
        }
    }

    const STREAM: &str = ": hello\n\ndata: grüß dich ☎\n\nevent: x\ndata:one\ndata:  two\nid: 7\nretry\n\n\n\ndata\n\n: bye\nevent: lost\n\ndata: last";

    fn expected() -> Vec<Event> {
        vec![
            event("", "grüß dich ☎"),
            event("x", "one\n two"),
            event("", ""),
            event("", "last"),
        ]
    }

    #[test]
    fn every_line_end_and_every_cut_gives_the_same_events() {
        for ending in ["\n", "\r", "\r\n"] {
            let text = format!("\u{FEFF}{}", STREAM.replace('\n', ending));
            let bytes = text.as_bytes();
            assert_eq!(read(&[bytes]), expected(), "{ending:?}");
            for at in 0..=bytes.len() {
                let (head, tail) = bytes.split_at(at);
                assert_eq!(
                    read(&[head, &[], tail]),
                    expected(),
                    "{ending:?} cut at {at}"
                );
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(read(&single), expected(), "{ending:?} byte by byte");
        }
    }

    #[test]
    fn an_event_is_there_with_its_blank_line_and_waits_for_nothing_more() {
        for ending in ["\n\n", "\r\r", "\r\n\r\n", "\r\n\r"] {
            let mut events = Vec::new();
            let text = format!("data: now{ending}");
            Events::default()
                .push(text.as_bytes(), &mut events)
                .unwrap();
            assert_eq!(events, [event("", "now")], "{ending:?}");
        }
    }

    #[test]
    fn an_event_that_does_not_end_is_garbage() {
        let mut stream = Events::default();
        let mut events = Vec::new();
        let line = format!("data: {}\n", "x".repeat(1000));
        let outcome = (0..2000).try_for_each(|_| stream.push(line.as_bytes(), &mut events));
        assert_eq!(outcome, Err(TooLong));
        assert_eq!(events, []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_in_and_cuts_do_not_matter(bytes: Vec<u8>, cuts: Vec<prop::sample::Index>) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.push(bytes.len());
            cuts.sort_unstable();
            let mut from = 0;
            let mut chunks = Vec::new();
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            prop_assert_eq!(read(&chunks), read(&[&bytes]));
        }
    }
}
