//! All of it together: stores, functions and edge, started in the order in which they need each other.

mod options;
mod providers;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use contract::ErrorBody;
use serde_json::json;
use tokio::net::TcpListener;

pub use options::{Credentials, Options, Ports};
pub use providers::{named_providers, providers};

use crate::dynamo::{Dynamo, Store};
use crate::edge::{Edge, EdgeOptions};
use crate::emulator::{Deployment, Emulator, EmulatorOptions};
use crate::front::{self, Rooms};
use crate::secrets::Secrets;
use crate::serve::{self, Server};
use crate::storage::{ACCESS_KEY, SECRET_KEY, Storage};
use crate::template::{ACCOUNT, REGION, Scope, Template, TemplateError};

/// How long a part may take until it answers.
const HEALTHY_MAX: Duration = Duration::from_secs(30);
/// The first of the functions' fixed ports.
const FUNCTION_PORT: u16 = 8701;
/// The functions that Twilio asks, as the template names them.
const OUTSIDE: [&str; 2] = ["VoiceFunction", "StatusFunction"];
/// The front door's fixed port.
const FRONT_PORT: u16 = 8700;

/// A running platform. Dropping it kills every process of it.
#[derive(Debug)]
pub struct Platform {
    /// The functions.
    pub functions: Emulator,
    /// The edge.
    pub edge: Edge,
    /// The tables.
    pub dynamo: Dynamo,
    /// The objects.
    pub storage: Storage,
    /// The secrets.
    pub secrets: Secrets,
    /// What the parts show each other.
    pub credentials: Credentials,
    /// The buckets of the template.
    pub buckets: Vec<String>,
    started_in: Duration,
    /// The door for a tunnel.
    front: Server,
    _lock: File,
}

impl Platform {
    /// Starts everything and waits until it is healthy.
    ///
    /// # Errors
    /// Names the part that did not come up, with the last lines of its log.
    pub async fn start(options: Options) -> io::Result<Self> {
        let began = Instant::now();
        let lock = lock(&options.data)?;
        let template = Template::read(&options.root.join("template.yaml")).map_err(wrong)?;
        let mut scope = Scope {
            parameters: parameters(&options),
            ..Scope::default()
        };
        let listeners = bind_functions(&template, &mut scope, options.ports).await?;
        let edge = Edge::start(edge_options(&options, &scope)).await?;
        let edge_url = options.public_url.clone().unwrap_or_else(|| edge.url());
        scope.parameters.insert("EdgeUrl".to_owned(), edge_url);
        if let Some(public) = &options.public_url {
            for function in OUTSIDE {
                let url = format!("{}/", public.trim_end_matches('/'));
                scope.urls.insert(function.to_owned(), url);
            }
        }
        let (dynamo, storage, secrets) = start_stores(&template, &scope, &options).await?;

        let endpoints = [
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamo.url()),
            ("AWS_ENDPOINT_URL_S3", storage.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            // Tenants' servers are on this machine too.
            ("WEBHOOKS_ANYWHERE", "1".to_owned()),
        ];
        let mut environment = owned(endpoints);
        environment.extend(options.function_variables.clone());
        let emulator = EmulatorOptions {
            binaries: options.functions.clone(),
            environment,
            logs: options.data.join("logs"),
            verbose: options.verbose,
            instances_max: options.instances_max,
        };
        let functions = Emulator::start(deployments(&template, &scope, listeners)?, &emulator)?;
        tokio::try_join!(functions.warm(), healthy(&edge))?;
        let front = serve::bind(options.ports.choose(FRONT_PORT)).await?;
        let front = front::open(front, rooms(&functions, &edge)?);
        Ok(Self {
            functions,
            edge,
            dynamo,
            storage,
            secrets,
            credentials: options.credentials,
            buckets: template.buckets(&scope).map_err(wrong)?,
            started_in: began.elapsed(),
            front,
            _lock: lock,
        })
    }

    /// How long it took until all was healthy.
    #[must_use]
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Every URL by the name of its part, without final slashes.
    #[must_use]
    pub fn urls(&self) -> BTreeMap<String, String> {
        let stores = [
            ("edge", self.edge.url()),
            ("front", self.front.url()),
            ("dynamodb", self.dynamo.url()),
            ("s3", self.storage.url()),
            ("secrets", self.secrets.url()),
        ];
        let stores = stores.into_iter().map(|(name, url)| (name.to_owned(), url));
        stores
            .chain(
                self.functions
                    .urls()
                    .map(|(name, url)| (name.to_owned(), url)),
            )
            .collect()
    }

    /// Stops it in the order opposite to its start; the processes get a moment to finish.
    pub async fn stop(self) {
        tokio::join!(self.functions.stop(), self.edge.stop());
    }
}

/// Two platforms on one folder would write into each other's databases.
fn lock(folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.try_lock().map_err(|_| {
        let message = format!("{} is in use: does another platform run?", folder.display());
        io::Error::new(io::ErrorKind::AddrInUse, message)
    })?;
    Ok(lock)
}

/// Binds a port for every function URL, and makes the URLs known to the template: functions name each other's.
async fn bind_functions(
    template: &Template,
    scope: &mut Scope,
    ports: Ports,
) -> io::Result<BTreeMap<String, TcpListener>> {
    let mut listeners = BTreeMap::new();
    let functions = template
        .functions()
        .into_iter()
        .filter(|function| function.has_url);
    for (number, function) in (0..).zip(functions) {
        let listener = serve::bind(ports.choose(FUNCTION_PORT + number)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        scope.urls.insert(function.logical_id.clone(), url);
        listeners.insert(function.logical_id, listener);
    }
    Ok(listeners)
}

async fn start_stores(
    template: &Template,
    scope: &Scope,
    options: &Options,
) -> io::Result<(Dynamo, Storage, Secrets)> {
    let folder = options.data.join("dynamo");
    let store = if options.tables_in_memory {
        Store::Memory
    } else {
        Store::Folder(&folder)
    };
    let tables = template.tables(scope).map_err(wrong)?;
    let buckets = template.buckets(scope).map_err(wrong)?;
    let objects = options.data.join("s3");
    let secret = [(secret_arn(), secret(&options.credentials))].into();
    tokio::try_join!(
        Dynamo::start(store, &tables, options.ports.choose(8710)),
        Storage::start(&objects, &buckets, options.ports.choose(8711)),
        Secrets::start(secret, options.ports.choose(8712)),
    )
}

fn deployments(
    template: &Template,
    scope: &Scope,
    mut listeners: BTreeMap<String, TcpListener>,
) -> io::Result<Vec<Deployment>> {
    let functions = template.functions().into_iter().map(|name| {
        let spec = template.function(&name.logical_id, scope).map_err(wrong)?;
        let listener = listeners.remove(&name.logical_id);
        Ok(Deployment { spec, listener })
    });
    functions.collect()
}

/// Where the front door leads.
fn rooms(functions: &Emulator, edge: &Edge) -> io::Result<Rooms> {
    let address = |name: &str, url: Option<String>| {
        let url = url.unwrap_or_default();
        let address = url.strip_prefix("http://").unwrap_or_default();
        let address = address.trim_end_matches('/').parse();
        address.map_err(|_| io::Error::other(format!("{name} has no address")))
    };
    Ok(Rooms {
        voice: address("voice", functions.url("voice"))?,
        status: address("status", functions.url("status"))?,
        edge: address("edge", Some(edge.url()))?,
    })
}

/// What the template asks for and only a deployment knows.
fn parameters(options: &Options) -> BTreeMap<String, String> {
    let mut parameters = owned([
        ("Stage", "local".to_owned()),
        ("SecretArn", secret_arn()),
        ("TwilioApiUrl", options.twilio_api_url.clone()),
    ]);
    parameters.extend(options.parameters.clone());
    parameters
}

fn owned<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn wrong(error: TemplateError) -> io::Error {
    io::Error::other(error)
}

fn secret_arn() -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:callbox/local-AbCdEf")
}

fn secret(credentials: &Credentials) -> String {
    let secret = json!({
        "twilio_account_sid": credentials.account_sid,
        "twilio_auth_token": credentials.auth_token,
        "edge_secret": credentials.edge_secret,
        "operator_key": credentials.operator_key,
        "jwt_key": credentials.jwt_key,
    });
    secret.to_string()
}

fn edge_options(options: &Options, scope: &Scope) -> EdgeOptions {
    let mut variables = options.edge_variables.clone();
    if let Some(calls) = scope.urls.get("CallsFunction") {
        variables
            .entry("API_URL".to_owned())
            .or_insert_with(|| calls.clone());
    }
    variables
        .entry("EDGE_SECRET".to_owned())
        .or_insert_with(|| options.credentials.edge_secret.clone());
    EdgeOptions {
        workerd: options.workerd.clone(),
        wrangler: options.root.join("wrangler.toml"),
        build: options.edge_build.clone(),
        folder: options.data.join("edge"),
        logs: options.data.join("logs"),
        variables,
        port: options.ports.choose(8787),
        verbose: options.verbose,
    }
}

/// Asks the edge for its health; it answers 200, or says what it lacks.
async fn healthy(edge: &Edge) -> io::Result<()> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(HEALTHY_MAX)
        .build()
        .map_err(io::Error::other)?;
    let answer = match client.get(format!("{}/health", edge.url())).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let seconds = HEALTHY_MAX.as_secs();
            let message = format!(
                "the edge did not become healthy within {seconds} s: {error}{}",
                edge.log_tail()
            );
            return Err(io::Error::other(message));
        }
    };
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let body = answer.text().await.unwrap_or_default();
    let message = match serde_json::from_str::<ErrorBody>(&body) {
        Ok(body) => format!("the edge is not healthy: {}", body.error.message),
        Err(_) => format!(
            "the edge is not healthy: {status} {body}{}",
            edge.log_tail()
        ),
    };
    Err(io::Error::other(message))
}
