//! S3 on one machine: `s3s-fs`, which keeps objects as plain files (a recording can be played where it lies), behind
//! the real protocol, signatures and presigned URLs included.

use std::io;
use std::path::{Path, PathBuf};

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;

use crate::serve::{self, Server};

/// The access key that the local stores accept. Not a credential: it opens nothing else.
pub const ACCESS_KEY: &str = "local";
/// Its secret.
pub const SECRET_KEY: &str = "local-only-not-a-secret";

/// The running store.
#[derive(Debug)]
pub struct Storage {
    folder: PathBuf,
    server: Server,
}

impl Storage {
    /// Serves the buckets in `folder`, making those that are missing, on `port` (0: a free one).
    ///
    /// # Errors
    /// When the folder cannot be made or the port is taken.
    pub async fn start(folder: &Path, buckets: &[String], port: u16) -> io::Result<Self> {
        for bucket in buckets {
            std::fs::create_dir_all(folder.join(bucket))?;
        }
        std::fs::create_dir_all(folder)?;
        let files =
            FileSystem::new(folder).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = service.build();
        let server = Server::accept(serve::bind(port).await?, move |stream, _| {
            let service = service.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let service = service.clone();
                async move {
                    let mut response = Service::call(&service, request).await?;
                    // As the template's CorsConfiguration has it.
                    let any = HeaderValue::from_static("*");
                    response
                        .headers_mut()
                        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, any);
                    Ok::<_, s3s::HttpError>(response)
                }
            });
            async move {
                // An error is a peer that went away.
                drop(
                    Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await,
                );
            }
        });
        Ok(Self {
            folder: folder.to_owned(),
            server,
        })
    }

    /// The endpoint: `AWS_ENDPOINT_URL_S3`. The SDK uses path style for a host that is an IP address.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The file that holds an object.
    #[must_use]
    pub fn path(&self, bucket: &str, key: &str) -> PathBuf {
        self.folder.join(bucket).join(key)
    }

    /// The server, to take it away and bring it back.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}
