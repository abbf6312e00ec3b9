//! The bucket: presigned URLs. Of the sound itself, only replies that the carrier plays by URL pass through a function,
//! which has to tell the carrier anyway.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::presigning::PresigningConfig;
use contract::{Upload, UploadWish};

use super::{Files, StoreError, Stored};

/// How long an upload may wait for its turn. Not longer: what a function signs dies with its session anyway.
const UPLOAD_VALID: Duration = Duration::from_mins(15);

/// How long a link to a recording works.
const DOWNLOAD_VALID: Duration = Duration::from_mins(5);

/// Files in an S3 bucket.
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket of that name.
    #[must_use]
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }
}

fn failed(error: impl std::error::Error) -> StoreError {
    StoreError::new("presign", error.to_string())
}

#[async_trait]
impl Files for Bucket {
    async fn upload(&self, key: &str, wish: &UploadWish) -> Stored<Upload> {
        let length = i64::try_from(wish.bytes).map_err(failed)?;
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(&wish.content_type)
            .content_length(length)
            .presigned(PresigningConfig::expires_in(UPLOAD_VALID).map_err(failed)?)
            .await
            .map_err(failed)?;
        Ok(Upload {
            name: wish.name.clone(),
            key: key.to_owned(),
            url: request.uri().to_owned(),
            headers: request
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Stored<()> {
        let request = self.client.put_object().bucket(&self.name).key(key);
        let request = request.content_type(content_type).body(bytes.into());
        let put = request.send().await;
        put.map(drop).map_err(|error| {
            // The error's own text says no more than that there was one.
            let cause = error.code().unwrap_or("no answer").to_owned();
            StoreError::new("put", cause)
        })
    }

    async fn download(&self, key: &str) -> Stored<String> {
        let request = self.client.get_object().bucket(&self.name).key(key);
        let request = request
            .presigned(PresigningConfig::expires_in(DOWNLOAD_VALID).map_err(failed)?)
            .await;
        request
            .map(|request| request.uri().to_owned())
            .map_err(failed)
    }
}
