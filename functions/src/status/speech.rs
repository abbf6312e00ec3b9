//! Where kept speech lies, and where other shall go.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use contract::{
    SPEECH_BYTES_MAX, SPEECH_KEYS_MAX, SpeechReply, SpeechRequest, SpeechWish, UploadWish,
};
use tracing::Instrument as _;

use super::Status;
use crate::Refusal;
use crate::door::sealed;

/// It has a head of its own, so it is no sound file to anybody else.
const CONTENT_TYPE: &str = "application/octet-stream";

pub(super) async fn places(
    State(status): State<Arc<Status>>,
    request: Request,
) -> Result<Json<SpeechReply>, Refusal> {
    let sealed = sealed::<SpeechRequest>(&status.keyring, (status.clock)(), request).await?;
    let wanted = sealed.body;
    let span = tracing::info_span!("speech", call_sid = %wanted.call);
    status.speech(wanted).instrument(span).await.map(Json)
}

impl Status {
    async fn speech(&self, wanted: SpeechRequest) -> Result<SpeechReply, Refusal> {
        let count = wanted.find.len() + wanted.keep.len();
        if !(1..=SPEECH_KEYS_MAX).contains(&count) {
            return Err(Refusal::field(
                "find",
                "count_invalid",
                format!("1 to {SPEECH_KEYS_MAX} phrases, to be found or kept"),
            ));
        }
        if wanted
            .keep
            .iter()
            .any(|wish| !(1..=SPEECH_BYTES_MAX).contains(&wish.bytes))
        {
            return Err(Refusal::field(
                "keep.bytes",
                "size_invalid",
                format!("1 to {SPEECH_BYTES_MAX} bytes"),
            ));
        }
        let mut reply = SpeechReply {
            found: Vec::new(),
            kept: Vec::new(),
        };
        // Signing asks nobody: there is nothing to wait for.
        for key in &wanted.find {
            reply.found.push(self.files.download(&key.place()).await?);
        }
        for SpeechWish { key, bytes } in &wanted.keep {
            let wish = UploadWish {
                name: key.to_string(),
                content_type: CONTENT_TYPE.to_owned(),
                bytes: *bytes,
            };
            reply
                .kept
                .push(self.files.upload(&key.place(), &wish).await?);
        }
        Ok(reply)
    }
}
