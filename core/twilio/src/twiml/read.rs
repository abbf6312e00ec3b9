use std::str::FromStr;

use roxmltree::{Document, Node, ParsingOptions};

use super::{DOCUMENT_BYTES_MAX, Play, Reason, Response, Stream, Verb};

/// Why Twilio would refuse a document, or what this reader does not know of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Longer than Twilio takes.
    #[error("the document has {bytes} bytes, but Twilio takes {DOCUMENT_BYTES_MAX} at most")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not XML.
    #[error("not XML: {0}")]
    Xml(String),
    /// XML, but not of the verbs, nouns and attributes known here. Names are case-sensitive.
    #[error("not TwiML (line {line}): {problem}")]
    Schema {
        /// Where, from 1.
        line: u32,
        /// What is wrong.
        problem: String,
    },
}

impl ReadError {
    /// Twilio's error code: 11750 too long, 12100 not XML, 12200 not of the schema.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::TooLong { .. } => 11750,
            Self::Xml(_) => 12100,
            Self::Schema { .. } => 12200,
        }
    }
}

fn schema(node: Node<'_, '_>, problem: impl Into<String>) -> ReadError {
    let line = node.document().text_pos_at(node.range().start).row;
    ReadError::Schema {
        line,
        problem: problem.into(),
    }
}

impl Response {
    /// Reads a document as a simulated Twilio does: names are case-sensitive, unknown verbs and attributes are errors.
    /// Whether a stream's URL is one it would open is not judged here.
    ///
    /// # Errors
    /// What Twilio would refuse, and what it would take but this crate has no verb for.
    pub fn parse(xml: &str) -> Result<Self, ReadError> {
        if xml.len() > DOCUMENT_BYTES_MAX {
            return Err(ReadError::TooLong { bytes: xml.len() });
        }
        // No document type: a reader that resolved entities would be one that can be made to resolve them for ever.
        let options = ParsingOptions {
            allow_dtd: false,
            ..ParsingOptions::default()
        };
        let document = Document::parse_with_options(xml.trim_start(), options)
            .map_err(|error| ReadError::Xml(error.to_string()))?;
        let root = document.root_element();
        if name(root) != "Response" {
            return Err(schema(
                root,
                format!("the root is <{}>, not <Response>", name(root)),
            ));
        }
        attributes(root, &[])?;
        children(root)?
            .into_iter()
            .map(verb)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The element's name; an element of some namespace has none that Twilio knows.
fn name<'a>(node: Node<'a, '_>) -> &'a str {
    if node.tag_name().namespace().is_some() {
        ""
    } else {
        node.tag_name().name()
    }
}

fn verb(node: Node<'_, '_>) -> Result<Verb, ReadError> {
    match name(node) {
        "Connect" => {
            attributes(node, &["action", "method"])?;
            Ok(Verb::Connect {
                action: text_attribute(node, "action"),
                stream: only_stream(node)?,
            })
        }
        "Start" => {
            attributes(node, &[])?;
            Ok(Verb::Start {
                stream: only_stream(node)?,
            })
        }
        "Say" => {
            attributes(node, &["voice", "language"])?;
            Ok(Verb::Say {
                text: text(node)?,
                voice: text_attribute(node, "voice"),
                language: text_attribute(node, "language"),
            })
        }
        "Play" => play(node),
        "Pause" => {
            attributes(node, &["length"])?;
            empty(node)?;
            Ok(Verb::Pause {
                length_s: parsed(node, "length")?,
            })
        }
        "Gather" => {
            attributes(node, &["input", "action", "method", "timeout"])?;
            empty(node)?;
            let action = text_attribute(node, "action");
            let timeout_s = parsed(node, "timeout")?;
            if timeout_s == Some(0) {
                return Err(schema(node, "the timeout of <Gather> is 1 or more"));
            }
            // By default it asks the same document again, for ever.
            let action = action.ok_or_else(|| schema(node, "<Gather> has no action"))?;
            Ok(Verb::Gather { action, timeout_s })
        }
        "Redirect" => {
            attributes(node, &["method"])?;
            Ok(Verb::Redirect {
                url: text(node)?.trim().to_owned(),
            })
        }
        "Hangup" => {
            attributes(node, &[])?;
            empty(node)?;
            Ok(Verb::Hangup)
        }
        "Reject" => {
            attributes(node, &["reason"])?;
            empty(node)?;
            let reason = match node.attribute("reason") {
                None | Some("rejected") => Reason::Rejected,
                Some("busy") => Reason::Busy,
                Some(_) => return Err(schema(node, "the reason of <Reject> is rejected or busy")),
            };
            Ok(Verb::Reject { reason })
        }
        "Dial" => dial(node),
        other => Err(schema(
            node,
            format!("there is no verb <{other}> (names are case-sensitive)"),
        )),
    }
}

fn play(node: Node<'_, '_>) -> Result<Verb, ReadError> {
    attributes(node, &["digits"])?;
    let url = text(node)?.trim().to_owned();
    match (text_attribute(node, "digits"), url.is_empty()) {
        (Some(digits), true) => Ok(Verb::Play(Play::Digits(digits))),
        (None, false) => Ok(Verb::Play(Play::Url(url))),
        (Some(_), false) => Err(schema(node, "<Play> has both digits and a URL")),
        (None, true) => Err(schema(node, "<Play> has neither digits nor a URL")),
    }
}

fn dial(node: Node<'_, '_>) -> Result<Verb, ReadError> {
    attributes(
        node,
        &["callerId", "action", "method", "timeout", "timeLimit"],
    )?;
    // The number may stand in <Number>, or bare.
    let whom = if node.children().any(|child| child.is_element()) {
        let number = only_child(node, "Number")?;
        attributes(number, &[])?;
        text(number)?
    } else {
        text(node)?
    };
    let number = whom
        .trim()
        .parse()
        .map_err(|_| schema(node, "<Dial> needs one number in E.164"))?;
    Ok(Verb::Dial {
        number,
        caller_id: parsed(node, "callerId")?,
        action: text_attribute(node, "action"),
        timeout_s: parsed(node, "timeout")?,
        time_limit_s: parsed(node, "timeLimit")?,
    })
}

fn only_stream(node: Node<'_, '_>) -> Result<Stream, ReadError> {
    let stream = only_child(node, "Stream")?;
    attributes(
        stream,
        &[
            "url",
            "name",
            "statusCallback",
            "statusCallbackMethod",
            "track",
        ],
    )?;
    let url = text_attribute(stream, "url").ok_or_else(|| schema(stream, "<Stream> has no url"))?;
    let parameters = children(stream)?
        .into_iter()
        .map(parameter)
        .collect::<Result<_, _>>()?;
    Ok(Stream {
        url,
        status_callback: text_attribute(stream, "statusCallback"),
        name: text_attribute(stream, "name"),
        parameters,
    })
}

fn parameter(node: Node<'_, '_>) -> Result<(String, String), ReadError> {
    if name(node) != "Parameter" {
        return Err(schema(
            node,
            format!("<{}> cannot stand in <Stream>", name(node)),
        ));
    }
    attributes(node, &["name", "value"])?;
    empty(node)?;
    match (text_attribute(node, "name"), text_attribute(node, "value")) {
        (Some(name), Some(value)) => Ok((name, value)),
        _ => Err(schema(node, "<Parameter> needs a name and a value")),
    }
}

/// Attributes that change nothing here are allowed at their defaults only, lest a document mean more than was read of it.
fn attributes(node: Node<'_, '_>, known: &[&str]) -> Result<(), ReadError> {
    for attribute in node.attributes() {
        let fits = known.contains(&attribute.name())
            && attribute.namespace().is_none()
            && match attribute.name() {
                "method" | "statusCallbackMethod" => attribute.value() == "POST",
                "track" => attribute.value() == "inbound_track",
                "input" => attribute.value() == "dtmf",
                _ => true,
            };
        if !fits {
            let problem = format!(
                "{}={:?} of <{}> is not supported",
                attribute.name(),
                attribute.value(),
                name(node)
            );
            return Err(schema(node, problem));
        }
    }
    Ok(())
}

fn text_attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}

fn parsed<T: FromStr>(node: Node<'_, '_>, attribute: &str) -> Result<Option<T>, ReadError> {
    let Some(value) = node.attribute(attribute) else {
        return Ok(None);
    };
    let problem = || {
        schema(
            node,
            format!("{attribute}={value:?} of <{}> is not valid", name(node)),
        )
    };
    value.parse().map(Some).map_err(|_| problem())
}

/// The child elements of an element that holds no text of its own.
fn children<'a, 'input>(node: Node<'a, 'input>) -> Result<Vec<Node<'a, 'input>>, ReadError> {
    let stray = node
        .children()
        .any(|child| child.is_text() && !child.text().unwrap_or_default().trim().is_empty());
    if stray {
        return Err(schema(node, format!("<{}> holds text", name(node))));
    }
    Ok(node.children().filter(Node::is_element).collect())
}

fn only_child<'a, 'input>(
    node: Node<'a, 'input>,
    wanted: &str,
) -> Result<Node<'a, 'input>, ReadError> {
    match children(node)?.as_slice() {
        [child] if name(*child) == wanted => Ok(*child),
        _ => Err(schema(
            node,
            format!("<{}> needs one <{wanted}> and nothing else", name(node)),
        )),
    }
}

fn empty(node: Node<'_, '_>) -> Result<(), ReadError> {
    if children(node)?.is_empty() {
        Ok(())
    } else {
        Err(schema(node, format!("<{}> is not empty", name(node))))
    }
}

/// The text of an element that holds no elements. Comments split it; they are not part of it.
fn text(node: Node<'_, '_>) -> Result<String, ReadError> {
    if node.children().any(|child| child.is_element()) {
        return Err(schema(node, format!("<{}> holds elements", name(node))));
    }
    Ok(node
        .children()
        .filter(Node::is_text)
        .filter_map(|child| child.text())
        .collect())
}
