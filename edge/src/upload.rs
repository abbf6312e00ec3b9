//! Recording and tape on their way into the bucket, a chunk at a time.

use std::rc::Rc;
use std::time::Duration;

use audio::RATE_HZ;
use audio::wav::{self, Sound};
use contract::{Record, Upload, UploadReply, UploadRequest, UploadWish};
use futures_util::{Stream, stream};
use wasm_bindgen::JsValue;
use worker::worker_sys::FixedLengthStream as RawStream;
use worker::{Error, FixedLengthStream, Result};

use crate::functions::{self, succeeded};
use crate::line::Shell;
use crate::web::{send, timeout};

/// How long the bucket may take for a file; half an hour of recording is 29 MB.
const BUCKET_MAX: Duration = Duration::from_mins(5);

/// A file as it is asked for: its name, its type, and how to tell it in records.
const RECORDING: (&str, &str, &str) = ("recording.wav", "audio/wav", "recording");
const TAPE: (&str, &str, &str) = ("tape", "application/octet-stream", "tape");

impl Shell {
    /// Puts recording and tape into the bucket, those that are not there yet.
    pub(crate) async fn store_files(self: &Rc<Self>) -> Result<()> {
        let size = self.store.sound_size();
        if size.chunks == 0 {
            return Ok(());
        }
        let track_bytes = u32::try_from(size.track * 2).unwrap_or(u32::MAX);
        let head = wav::header(Sound::Mulaw, 2, RATE_HZ, track_bytes);
        let sizes = [
            (RECORDING, head.len() as u64 + size.track * 2),
            (TAPE, size.tape),
        ];
        let told = self.epilogue();
        let is_stored = |wanted: &str| {
            let is =
                |record: &Record| matches!(record, Record::Stored { name, .. } if name == wanted);
            told.iter().any(|told| is(&told.record))
        };
        let missing: Vec<_> = sizes
            .into_iter()
            .filter(|(file, _)| !is_stored(file.2))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let opening = self.opening()?;
        let request = UploadRequest {
            call: opening.call,
            files: missing
                .iter()
                .map(|((name, content_type, _), bytes)| wish(name, content_type, *bytes))
                .collect(),
        };
        let reply: UploadReply = functions::ask(&self.env, &opening.uploads_url, &request).await?;
        if reply.uploads.len() != missing.len() {
            return Err(Error::RustError(
                "a file has no place in the bucket".to_owned(),
            ));
        }
        for ((file, bytes), upload) in missing.into_iter().zip(reply.uploads) {
            if file == RECORDING {
                put(&upload, bytes, self.recording(head.clone(), size.chunks)).await?;
            } else {
                put(&upload, bytes, self.tape(size.chunks)).await?;
            }
            self.add(Record::Stored {
                name: file.2.to_owned(),
                key: upload.key,
                bytes,
            });
        }
        Ok(())
    }

    /// The recording, a chunk at a time: half an hour of it would not fit beside other calls.
    fn recording(
        self: &Rc<Self>,
        head: Vec<u8>,
        chunks: u32,
    ) -> impl Stream<Item = Result<Vec<u8>>> + use<> {
        let shell = Rc::clone(self);
        let chunks = (0..chunks).map(move |at| {
            let (caller, bot) = shell
                .store
                .tracks(at)
                .ok_or_else(|| Error::RustError("a chunk is gone".to_owned()))?;
            Ok(caller
                .into_iter()
                .zip(bot)
                .flat_map(<[u8; 2]>::from)
                .collect())
        });
        stream::iter(std::iter::once(Ok(head)).chain(chunks))
    }

    fn tape(self: &Rc<Self>, chunks: u32) -> impl Stream<Item = Result<Vec<u8>>> + use<> {
        let shell = Rc::clone(self);
        stream::iter((0..chunks).map(move |at| {
            shell
                .store
                .tape(at)
                .ok_or_else(|| Error::RustError("a chunk is gone".to_owned()))
        }))
    }
}

fn wish(name: &str, content_type: &str, bytes: u64) -> UploadWish {
    UploadWish {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        bytes,
    }
}

/// Puts a file into the bucket.
async fn put(
    upload: &Upload,
    length: u64,
    content: impl Stream<Item = Result<Vec<u8>>> + 'static,
) -> Result<()> {
    let body: RawStream = FixedLengthStream::wrap(content, length).into();
    let body = JsValue::from(body.readable());
    let headers = upload
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let sent = send("PUT", &upload.url, headers, &body)?;
    timeout(BUCKET_MAX, async {
        let (mut response, guard) = sent.response().await?;
        response.bytes().await?;
        drop(guard);
        succeeded(&response, &upload.name)
    })
    .await
}
