//! How the edge, which holds no AWS credential, gets files into the bucket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::CallId;

/// Body of `POST {status}/uploads`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct UploadRequest {
    /// The call.
    pub call: CallId,
    /// What is to be stored.
    pub files: Vec<UploadWish>,
}

/// One file to be stored.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct UploadWish {
    /// `recording.wav` or `tape`.
    pub name: String,
    /// MIME type; the presigned URL is bound to it.
    pub content_type: String,
    /// Size; the presigned URL is bound to it.
    pub bytes: u64,
}

/// Answer to an [`UploadRequest`], in the same order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct UploadReply {
    /// Where to `PUT` each file.
    pub uploads: Vec<Upload>,
}

/// Where one file goes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Upload {
    /// As asked.
    pub name: String,
    /// Object key.
    pub key: String,
    /// Presigned `PUT`.
    pub url: String,
    /// Headers that must be sent with it.
    pub headers: BTreeMap<String, String>,
}
