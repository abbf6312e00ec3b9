//! Speech of several requests over one socket: each has sound of its own, and ends by itself.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use call::{Failure, Reply, RequestId};

use crate::socket::Desk;
use crate::sound::{Coding, Sound};

/// The requests that are being spoken.
#[derive(Default)]
pub(super) struct Streams(BTreeMap<RequestId, Stream>);

struct Stream {
    sound: Sound,
    /// Whether silence would be wrong.
    speakable: bool,
}

impl Streams {
    /// Begins to speak a text.
    pub(super) fn begin(&mut self, id: RequestId, text: &str) {
        let stream = Stream {
            sound: Sound::certain(Coding::Mulaw),
            speakable: is_speakable(text),
        };
        self.0.insert(id, stream);
    }

    /// How many are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes in sound. Of a request that is over it is late, and nothing.
    pub(super) fn push(&mut self, id: RequestId, bytes: &[u8], desk: &mut Desk) {
        let Some(stream) = self.0.get_mut(&id) else {
            return;
        };
        match stream.sound.push(bytes) {
            Ok(Some(clip)) => desk.reply(id, Reply::Audio(clip)),
            Ok(None) => (),
            Err(complaint) => self.fail(id, complaint.failure, desk),
        }
    }

    /// Takes in sound in base64.
    pub(super) fn push_base64(&mut self, id: RequestId, coded: &str, desk: &mut Desk) {
        match BASE64_STANDARD.decode(coded) {
            Ok(bytes) => self.push(id, &bytes, desk),
            Err(_) => self.fail(id, Failure::Broken, desk),
        }
    }

    /// All of it was spoken.
    pub(super) fn finish(&mut self, id: RequestId, desk: &mut Desk) {
        let Some(mut stream) = self.0.remove(&id) else {
            return;
        };
        match stream.sound.finish() {
            Ok(rest) => {
                if let Some(clip) = rest {
                    desk.reply(id, Reply::Audio(clip));
                }
                if stream.speakable && !stream.sound.was_heard() {
                    desk.reply(id, Reply::Failed(Failure::Broken));
                } else {
                    desk.done(id);
                }
            }
            Err(complaint) => desk.reply(id, Reply::Failed(complaint.failure)),
        }
    }

    /// It cannot be spoken.
    pub(super) fn fail(&mut self, id: RequestId, failure: Failure, desk: &mut Desk) {
        if self.0.remove(&id).is_some() {
            desk.reply(id, Reply::Failed(failure));
        }
    }

    /// Nobody wants it any more; false if it was over.
    pub(super) fn drop(&mut self, id: RequestId) -> bool {
        self.0.remove(&id).is_some()
    }
}

/// Whether there is something in a text that can be said.
pub(super) fn is_speakable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// A request's name on a socket.
pub(super) fn context(id: RequestId) -> String {
    format!("r{}", id.0)
}

/// The request of that name.
pub(super) fn request(context: &str) -> Option<RequestId> {
    context.strip_prefix('r')?.parse().ok().map(RequestId)
}
