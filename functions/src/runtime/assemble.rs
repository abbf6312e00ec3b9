use std::sync::Arc;

use axum::Router;

use super::Start;
use crate::calls::{Api, Doors};
use crate::carrier::HttpCarrier;
use crate::clock::wall_ms;
use crate::config::{BadSetting, BaseUrl, Environment};
use crate::edge::HttpEdge;
use crate::hook::HttpPost;
use crate::secrets::Keyring;
use crate::status::Status;
use crate::store::Store;
use crate::store::files::Bucket;
use crate::voice::{Shelf, Voice};

/// What each of the functions is told.
struct Common {
    calls: String,
    config: String,
    secret: String,
    bucket: String,
    path_style: bool,
    edge: BaseUrl,
    twilio: BaseUrl,
}

impl Common {
    fn read(environment: &Environment<'_>) -> Result<Self, BadSetting> {
        let required = |name, what| environment.required(name, what);
        Ok(Self {
            calls: required("CALLS_TABLE", "the name of the table of calls")?,
            config: required("CONFIG_TABLE", "the name of the table of bots and numbers")?,
            secret: required("SECRET_ARN", "the ARN of the deployment's secret")?,
            bucket: required("AUDIO_BUCKET", "the name of the bucket of recordings")?,
            // Local stand-ins of S3 have no host name per bucket.
            path_style: environment.flag("S3_PATH_STYLE"),
            edge: environment.base_url(
                "EDGE_URL",
                "the URL of the edge, such as https://callbox.example.workers.dev",
            )?,
            twilio: twilio_url(environment)?,
        })
    }
}

fn status_url(environment: &Environment<'_>) -> Result<BaseUrl, BadSetting> {
    environment.base_url("STATUS_URL", "the URL of the status function")
}

/// What each of the functions is made of.
struct Parts {
    keyring: Arc<Keyring>,
    store: Store,
    files: Arc<Bucket>,
    edge: Arc<HttpEdge>,
    edge_url: BaseUrl,
    twilio: BaseUrl,
}

impl Parts {
    /// Reads what all are told, and what one alone is; then opens what is behind it.
    async fn of<T>(
        start: &Start,
        own: impl FnOnce(&Environment<'_>) -> Result<T, BadSetting>,
    ) -> Result<(Self, T), BadSetting> {
        let (common, own) =
            start.settings(|environment| Ok((Common::read(environment)?, own(environment)?)))?;
        let (keyring, tables) = start
            .doors(&common.secret, &common.config, &common.calls)
            .await?;
        let edge = HttpEdge::new(start.http()?, common.edge.clone(), wall_ms, keyring.clone());
        let parts = Self {
            keyring,
            store: Store::of(tables),
            files: start.bucket(&common.bucket, common.path_style),
            edge: Arc::new(edge),
            edge_url: common.edge,
            twilio: common.twilio,
        };
        Ok((parts, own))
    }

    fn carrier(&self, client: reqwest::Client) -> Arc<HttpCarrier> {
        let (base, keyring) = (self.twilio.clone(), self.keyring.clone());
        Arc::new(HttpCarrier::new(client, base, keyring))
    }
}

/// The voice function, from its environment.
///
/// # Errors
/// The setting that is missing or cannot be.
pub async fn voice(start: Start) -> Result<Router, BadSetting> {
    let own =
        |environment: &Environment<'_>| Ok((status_url(environment)?, environment.countries()?));
    let (parts, (status_url, countries)) = Parts::of(&start, own).await?;
    let carrier = parts.carrier(start.http()?);
    Ok(crate::voice::app(Voice {
        store: parts.store,
        edge: parts.edge,
        carrier,
        shelf: Shelf::new(parts.files),
        keyring: parts.keyring,
        clock: wall_ms,
        edge_url: parts.edge_url,
        status_url,
        countries,
    }))
}

/// The calls function, from its environment.
///
/// # Errors
/// The setting that is missing or cannot be.
pub async fn calls(start: Start) -> Result<Router, BadSetting> {
    let own = |environment: &Environment<'_>| {
        Ok((
            environment.base_url("VOICE_URL", "the URL of the voice function")?,
            status_url(environment)?,
            crate::calls::Settings::read(environment)?,
        ))
    };
    let (parts, (voice_url, status_url, settings)) = Parts::of(&start, own).await?;
    let carrier = parts.carrier(start.http_once()?);
    Ok(crate::calls::app(Api {
        store: parts.store,
        files: parts.files,
        edge: parts.edge,
        carrier,
        keyring: parts.keyring,
        clock: wall_ms,
        voice_url,
        status_url,
        edge_url: parts.edge_url,
        settings,
        doors: Doors::default(),
    }))
}

/// The status function, from its environment.
///
/// # Errors
/// The setting that is missing or cannot be.
pub async fn status(start: Start) -> Result<Router, BadSetting> {
    let own = |environment: &Environment<'_>| {
        Ok((environment.prices()?, environment.flag("WEBHOOKS_ANYWHERE")))
    };
    let (parts, (prices, anywhere)) = Parts::of(&start, own).await?;
    let post = HttpPost::new(anywhere).map_err(|error| BadSetting {
        name: "TLS",
        problem: format!("cannot be set up: {error}"),
    })?;
    let carrier = parts.carrier(start.http_once()?);
    Ok(crate::status::app(Status {
        store: parts.store,
        files: parts.files,
        edge: parts.edge,
        carrier,
        post: Arc::new(post),
        keyring: parts.keyring,
        clock: wall_ms,
        prices,
    }))
}

fn twilio_url(environment: &Environment<'_>) -> Result<BaseUrl, BadSetting> {
    match environment.optional("TWILIO_API_URL") {
        Some(_) => environment.base_url("TWILIO_API_URL", "the URL of Twilio's API"),
        None => BaseUrl::parse(twilio::rest::API_BASE).map_err(|problem| BadSetting {
            name: "TWILIO_API_URL",
            problem: problem.to_owned(),
        }),
    }
}
