//! JSON by the line (NDJSON), as it comes in: chunks may end anywhere.

use crate::sse::TooLong;

/// A line longer than this is none: the stream is garbage.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Takes a stream of lines apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    /// The line under way.
    line: Vec<u8>,
}

impl Lines {
    /// Appends the lines that are complete with these bytes; empty ones are none.
    pub(crate) fn push(&mut self, bytes: &[u8], lines: &mut Vec<String>) -> Result<(), TooLong> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + piece.len() > LINE_BYTES_MAX {
                return Err(TooLong);
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                lines.extend(self.finish());
            }
        }
        Ok(())
    }

    /// The line under way, now that there is no more.
    pub(crate) fn finish(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_gives_the_same_lines() {
        let bytes = "{\"a\":\"ü☎\"}\n\r\n  {}\r\nlast".as_bytes();
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            let (mut stream, mut lines) = (Lines::default(), Vec::new());
            for chunk in [head, &[], tail] {
                stream.push(chunk, &mut lines).unwrap();
            }
            lines.extend(stream.finish());
            assert_eq!(lines, ["{\"a\":\"ü☎\"}", "{}", "last"], "cut at {at}");
        }
    }

    #[test]
    fn a_line_is_there_with_its_end_and_a_line_without_end_is_garbage() {
        let (mut stream, mut lines) = (Lines::default(), Vec::new());
        stream.push(b"{}\n", &mut lines).unwrap();
        assert_eq!(lines, ["{}"]);
        let endless = vec![b'x'; 700_000];
        stream.push(&endless, &mut lines).unwrap();
        assert_eq!(stream.push(&endless, &mut lines), Err(TooLong));
    }
}
