//! Forms with files: `multipart/form-data` (RFC 7578).

/// A form being written.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<Part>);

#[derive(Debug)]
struct Part {
    head: String,
    content: Vec<u8>,
}

impl Form {
    /// Adds a field.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.0.push(Part {
            head: format!("content-disposition: form-data; name=\"{}\"", quoted(name)),
            content: value.as_bytes().to_vec(),
        });
    }

    /// Adds a file. Servers tell its kind by the name's ending.
    pub(crate) fn file(
        &mut self,
        name: &str,
        file_name: &str,
        content_type: &str,
        content: Vec<u8>,
    ) {
        let (name, file_name) = (quoted(name), quoted(file_name));
        self.0.push(Part {
            head: format!(
                "content-disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\ncontent-type: {content_type}"
            ),
            content,
        });
    }

    /// The content type, and the body.
    pub(crate) fn finish(self) -> (String, Vec<u8>) {
        // No chance here: the first of a row of boundaries that does not occur in what it bounds.
        let boundary = (0..=u32::MAX)
            .map(|number| format!("callbox-{number:08x}"))
            .find(|boundary| {
                self.0
                    .iter()
                    .all(|part| !contains(&part.content, boundary.as_bytes()))
            })
            .unwrap_or_default();
        let length: usize = self
            .0
            .iter()
            .map(|part| part.head.len() + part.content.len() + 64)
            .sum();
        let mut body = Vec::with_capacity(length);
        for part in self.0 {
            body.extend(format!("--{boundary}\r\n{}\r\n\r\n", part.head).into_bytes());
            body.extend(part.content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").into_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }
}

/// As browsers write names (WHATWG HTML, "multipart/form-data encoding algorithm").
fn quoted(name: &str) -> String {
    name.replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace('"', "%22")
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    // The first byte alone nearly always tells.
    let mut windows = content.windows(part.len());
    windows.any(|window| window.first() == part.first() && window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_servers_read_it() {
        let mut form = Form::default();
        form.text("model", "listener");
        form.file("file", "a\"b\r\n.wav", "audio/wav", b"RIFF\r\n".to_vec());
        let (content_type, body) = form.finish();
        assert_eq!(
            content_type,
            "multipart/form-data; boundary=callbox-00000000"
        );
        let expected = "--callbox-00000000\r\n\
            content-disposition: form-data; name=\"model\"\r\n\r\n\
            listener\r\n\
            --callbox-00000000\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"a%22b%0D%0A.wav\"\r\n\
            content-type: audio/wav\r\n\r\n\
            RIFF\r\n\r\n\
            --callbox-00000000--\r\n";
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn a_boundary_that_occurs_in_the_content_is_passed_over() {
        let mut form = Form::default();
        form.text("prompt", "--callbox-00000000");
        form.text("more", "callbox-00000001");
        assert_eq!(
            form.finish().0,
            "multipart/form-data; boundary=callbox-00000002"
        );
    }
}
