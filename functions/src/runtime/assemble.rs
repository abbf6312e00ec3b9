use std::sync::Arc;

use axum::Router;
use contract::PriceTable;

use super::Start;
use crate::calls::{Api, Doors};
use crate::carrier::HttpCarrier;
use crate::clock::wall_ms;
use crate::config::{BadSetting, BaseUrl, Environment};
use crate::edge::HttpEdge;
use crate::hook::HttpPost;
use crate::status::Status;
use crate::voice::{Shelf, Voice};

const CALLS_TABLE: &str = "the name of the table of calls";
const CONFIG_TABLE: &str = "the name of the table of bots and numbers";
const SECRET_ARN: &str = "the ARN of the deployment's secret";
const AUDIO_BUCKET: &str = "the name of the bucket of recordings";
const EDGE_URL: &str = "the URL of the edge, such as https://callbox.example.workers.dev";
const STATUS_URL: &str = "the URL of the status function";
const VOICE_URL: &str = "the URL of the voice function";

/// The voice function, from its environment.
///
/// # Errors
/// The setting that is missing or cannot be.
pub async fn voice(start: Start) -> Result<Router, BadSetting> {
    struct Settings {
        calls: String,
        config: String,
        secret: String,
        bucket: String,
        path_style: bool,
        edge: BaseUrl,
        status: BaseUrl,
        twilio: BaseUrl,
    }
    let settings = start.settings(|environment| {
        Ok(Settings {
            calls: environment.required("CALLS_TABLE", CALLS_TABLE)?,
            config: environment.required("CONFIG_TABLE", CONFIG_TABLE)?,
            secret: environment.required("SECRET_ARN", SECRET_ARN)?,
            bucket: environment.required("AUDIO_BUCKET", AUDIO_BUCKET)?,
            path_style: path_style(environment),
            edge: environment.base_url("EDGE_URL", EDGE_URL)?,
            status: environment.base_url("STATUS_URL", STATUS_URL)?,
            twilio: twilio_url(environment)?,
        })
    })?;
    let (keyring, tables) = start
        .doors(&settings.secret, &settings.config, &settings.calls)
        .await?;
    let edge = HttpEdge::new(start.http()?, settings.edge.clone(), wall_ms);
    Ok(crate::voice::app(Voice {
        bots: tables.clone(),
        calls: tables.clone(),
        money: tables.clone(),
        agreed: tables.clone(),
        dials: tables,
        edge: Arc::new(edge),
        carrier: Arc::new(HttpCarrier::new(start.http()?, settings.twilio)),
        shelf: Shelf::new(start.bucket(&settings.bucket, settings.path_style)),
        keyring,
        clock: wall_ms,
        edge_url: settings.edge,
        status_url: settings.status,
    }))
}

/// The calls function, from its environment.
///
/// # Errors
/// The setting that is missing or cannot be.
pub async fn calls(start: Start) -> Result<Router, BadSetting> {
    struct Settings {
        calls: String,
        config: String,
        secret: String,
        bucket: String,
        path_style: bool,
        edge: BaseUrl,
        voice: BaseUrl,
        status: BaseUrl,
        twilio: BaseUrl,
        api: crate::calls::Settings,
        countries: Vec<String>,
    }
    let settings = start.settings(|environment| {
        Ok(Settings {
            calls: environment.required("CALLS_TABLE", CALLS_TABLE)?,
            config: environment.required("CONFIG_TABLE", CONFIG_TABLE)?,
            secret: environment.required("SECRET_ARN", SECRET_ARN)?,
            bucket: environment.required("AUDIO_BUCKET", AUDIO_BUCKET)?,
            path_style: path_style(environment),
            edge: environment.base_url("EDGE_URL", EDGE_URL)?,
            voice: environment.base_url("VOICE_URL", VOICE_URL)?,
            status: environment.base_url("STATUS_URL", STATUS_URL)?,
            api: crate::calls::Settings::read(environment)?,
            twilio: twilio_url(environment)?,
            countries: countries(environment)?,
        })
    })?;
    let (keyring, tables) = start
        .doors(&settings.secret, &settings.config, &settings.calls)
        .await?;
    Ok(crate::calls::app(Api {
        bots: tables.clone(),
        accounts: tables.clone(),
        calls: tables.clone(),
        money: tables.clone(),
        outbox: tables.clone(),
        agreed: tables.clone(),
        dials: tables,
        files: start.bucket(&settings.bucket, settings.path_style),
        edge: Arc::new(HttpEdge::new(start.http()?, settings.edge.clone(), wall_ms)),
        carrier: Arc::new(HttpCarrier::new(start.http_once()?, settings.twilio)),
        keyring,
        clock: wall_ms,
        voice_url: settings.voice,
        status_url: settings.status,
        settings: settings.api,
        doors: Doors::default(),
        edge_url: settings.edge,
        countries: settings.countries,
    }))
}

/// The status function, from its environment.
///
/// # Errors
/// The setting that is missing or cannot be.
pub async fn status(start: Start) -> Result<Router, BadSetting> {
    struct Settings {
        calls: String,
        config: String,
        secret: String,
        bucket: String,
        path_style: bool,
        edge: BaseUrl,
        twilio: BaseUrl,
        prices: PriceTable,
        anywhere: bool,
    }
    let settings = start.settings(|environment| {
        Ok(Settings {
            calls: environment.required("CALLS_TABLE", CALLS_TABLE)?,
            config: environment.required("CONFIG_TABLE", CONFIG_TABLE)?,
            secret: environment.required("SECRET_ARN", SECRET_ARN)?,
            bucket: environment.required("AUDIO_BUCKET", AUDIO_BUCKET)?,
            path_style: path_style(environment),
            edge: environment.base_url("EDGE_URL", EDGE_URL)?,
            twilio: twilio_url(environment)?,
            prices: environment.prices()?,
            anywhere: environment
                .optional("WEBHOOKS_ANYWHERE")
                .is_some_and(|value| value == "1"),
        })
    })?;
    let (keyring, tables) = start
        .doors(&settings.secret, &settings.config, &settings.calls)
        .await?;
    let post = HttpPost::new(settings.anywhere).map_err(|error| BadSetting {
        name: "TLS",
        problem: format!("cannot be set up: {error}"),
    })?;
    Ok(crate::status::app(Status {
        calls: tables.clone(),
        money: tables.clone(),
        outbox: tables.clone(),
        agreed: tables.clone(),
        dials: tables,
        files: start.bucket(&settings.bucket, settings.path_style),
        edge: Arc::new(HttpEdge::new(start.http()?, settings.edge, wall_ms)),
        carrier: Arc::new(HttpCarrier::new(start.http_once()?, settings.twilio)),
        post: Arc::new(post),
        keyring,
        clock: wall_ms,
        prices: settings.prices,
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

/// `OUTBOUND_COUNTRIES`: codes with commas between them.
fn countries(environment: &Environment<'_>) -> Result<Vec<String>, BadSetting> {
    let text = environment
        .optional("OUTBOUND_COUNTRIES")
        .unwrap_or_default();
    let codes = text
        .split(',')
        .map(str::trim)
        .filter(|code| !code.is_empty());
    let codes: Vec<String> = codes.map(str::to_owned).collect();
    if contract::are_countries(&codes) {
        return Ok(codes);
    }
    Err(BadSetting {
        name: "OUTBOUND_COUNTRIES",
        problem: "must be ISO 3166-1 codes with commas between them, such as US,ES".to_owned(),
    })
}

/// Local stand-ins of S3 have no host name per bucket.
fn path_style(environment: &Environment<'_>) -> bool {
    environment
        .optional("S3_PATH_STYLE")
        .is_some_and(|value| value == "1")
}
