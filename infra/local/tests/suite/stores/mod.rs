//! The local stores through the real AWS SDK: what the functions rely on, held for whichever endpoint stands in.

mod dynamo;
mod secrets;
mod storage;

/// Without TLS: everything is on this machine.
fn http() -> aws_sdk_s3::config::SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}
