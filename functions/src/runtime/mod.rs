//! What the three programs have in common: settings, clients, logs, and an end with one clear line if something is missing.

mod assemble;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls;
use axum::Router;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clock::wall_ms;
use crate::config::{BadSetting, Environment};
use crate::secrets::{Keyring, Secrets, Vault};
use crate::store::dynamo::Dynamo;
use crate::store::files::Bucket;

pub use assemble::{calls, status, voice};

/// Time of one attempt of an AWS operation.
const ATTEMPT: Duration = Duration::from_secs(1);
/// Time of an AWS operation with its repeats.
const OPERATION: Duration = Duration::from_secs(3);

/// The lines that say what was spent: written at every level, since an alarm counts them.
pub(crate) const SPEND_LOG: &str = "spend";

/// Runs a function: makes its router out of the environment, and serves it.
pub fn run<F>(name: &str, make: impl FnOnce(Start) -> F) -> ExitCode
where
    F: Future<Output = Result<Router, BadSetting>>,
{
    logs();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return stop(name, &error),
    };
    runtime.block_on(async {
        let router = match make(Start::new().await).await {
            Ok(router) => router,
            Err(error) => return stop(name, &error),
        };
        match lambda_http::run(router).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => stop(name, &error),
        }
    })
}

fn stop(name: &str, error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{name} does not start: {error}");
    ExitCode::FAILURE
}

/// One JSON object per line.
fn logs() {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_current_span(false)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(wanted(|name| std::env::var(name).ok()))
        .init();
}

/// Which lines are written, by `LOG_LEVEL`. Lambda drops what is below its own level, `AWS_LAMBDA_LOG_LEVEL`, whatever it is:
/// so that one is left low (`template.yaml`), and the choice is made here. The SDK and the HTTP stack stay quiet at every level:
/// their debug lines hold whole bodies.
fn wanted(look_up: impl Fn(&str) -> Option<String>) -> Targets {
    let level = look_up("LOG_LEVEL").or_else(|| look_up("AWS_LAMBDA_LOG_LEVEL"));
    let level: Level = level.unwrap_or_default().parse().unwrap_or(Level::INFO);
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("functions", level)
        .with_target(SPEND_LOG, Level::INFO)
        .with_target("lambda_runtime", Level::INFO)
}

/// What a function is made of: its environment, and the SDK's configuration.
pub struct Start {
    aws: SdkConfig,
}

impl Start {
    async fn new() -> Self {
        // One cryptography for all; that it is installed already can only mean by us.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::Ring,
            ))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        // Lambda gives both in the environment. Nothing else is asked: the default chain would knock at a metadata service
        // that functions do not have.
        let aws = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(EnvironmentVariableRegionProvider::new())
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .http_client(http)
            .timeout_config(timeouts)
            .load()
            .await;
        Self { aws }
    }

    /// Reads settings.
    ///
    /// # Errors
    /// As `read` finds.
    pub fn settings<T>(
        &self,
        read: impl FnOnce(&Environment<'_>) -> Result<T, BadSetting>,
    ) -> Result<T, BadSetting> {
        let look_up = |name: &str| std::env::var(name).ok();
        read(&Environment::new(&look_up))
    }

    /// The secrets and the tables, fetched and reached at once, before the first caller waits for them.
    ///
    /// # Errors
    /// If the secrets cannot be had, or are not complete.
    pub async fn doors(
        &self,
        secret: &str,
        config: &str,
        calls: &str,
    ) -> Result<(Arc<Keyring>, Arc<Dynamo>), BadSetting> {
        let dynamo = Arc::new(Dynamo::new(
            aws_sdk_dynamodb::Client::new(&self.aws),
            config,
            calls,
        ));
        let client = aws_sdk_secretsmanager::Client::new(&self.aws);
        let vault = Arc::new(SecretsManager {
            client,
            arn: secret.to_owned(),
        });
        let (keyring, warm) =
            futures_util::future::join(Keyring::open(vault, wall_ms), dynamo.warm()).await;
        if let Err(error) = warm {
            // Not the end: callers then hear the fallback, and the next request may find the table.
            tracing::error!(code = "store_unavailable", %error, "the store cannot be reached at start");
        }
        Ok((Arc::new(keyring?), dynamo))
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self, name: &str, path_style: bool) -> Arc<Bucket> {
        let config = aws_sdk_s3::config::Builder::from(&self.aws)
            .force_path_style(path_style)
            .build();
        Arc::new(Bucket::new(aws_sdk_s3::Client::from_conf(config), name))
    }

    /// A client for requests that may be repeated.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn http(&self) -> Result<reqwest::Client, BadSetting> {
        built(http())
    }

    /// A client for requests that must not be sent twice: it never takes up an old connection, which may turn out to be
    /// closed when it is too late to tell whether the request arrived.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn http_once(&self) -> Result<reqwest::Client, BadSetting> {
        built(http().pool_max_idle_per_host(0))
    }
}

fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(1))
        .redirect(reqwest::redirect::Policy::none())
}

fn built(client: reqwest::ClientBuilder) -> Result<reqwest::Client, BadSetting> {
    client.build().map_err(|error| BadSetting {
        name: "TLS",
        problem: format!("cannot be set up: {error}"),
    })
}

struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
    arn: String,
}

#[async_trait]
impl Vault for SecretsManager {
    async fn fetch(&self) -> Result<Secrets, BadSetting> {
        let bad = |problem: String| BadSetting {
            name: "SECRET_ARN",
            problem,
        };
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.arn)
            .send()
            .await;
        let answer = answer.map_err(|error| {
            use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
            let cause = error
                .code()
                .map_or_else(|| error.to_string(), str::to_owned);
            bad(format!("names a secret that cannot be read: {cause}"))
        })?;
        Secrets::parse(
            answer
                .secret_string()
                .ok_or_else(|| bad("names a secret without text".to_owned()))?,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spent_is_written_at_every_level() {
        let set = |level: &'static str| {
            move |name: &str| match name {
                "LOG_LEVEL" => Some(level.to_owned()),
                "AWS_LAMBDA_LOG_LEVEL" => Some("DEBUG".to_owned()),
                _ => None,
            }
        };
        for (level, info) in [
            ("DEBUG", true),
            ("INFO", true),
            ("WARN", false),
            ("ERROR", false),
        ] {
            let wanted = wanted(set(level));
            assert!(wanted.would_enable(SPEND_LOG, &Level::INFO), "{level}");
            assert_eq!(wanted.would_enable("functions::status", &Level::INFO), info);
        }
    }

    /// Lambda reads the level of each line itself, and drops those below its own.
    #[test]
    fn lambda_lets_every_line_through_and_each_function_is_told_the_level() {
        let template = include_str!("../../../template.yaml");
        let levels: Vec<&str> = template.matches("ApplicationLogLevel: DEBUG,").collect();
        assert_eq!(
            levels.len(),
            template.matches("ApplicationLogLevel:").count()
        );
        assert_eq!(levels.len(), 3);
        assert!(template.contains("        LOG_LEVEL: !Ref LogLevel\n"));
    }
}
