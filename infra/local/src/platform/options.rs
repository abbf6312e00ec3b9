//! What the platform is started with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything there is to choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where `template.yaml` and `wrangler.toml` are.
    pub root: PathBuf,
    /// Tables, objects, the edge's state and the logs: `.local` for a person, a temporary folder for a test.
    pub data: PathBuf,
    /// Keep the tables in memory: faster, and gone afterwards.
    pub tables_in_memory: bool,
    /// Where the functions' binaries are.
    pub functions: PathBuf,
    /// Where the edge was built.
    pub edge_build: PathBuf,
    /// The `workerd` program.
    pub workerd: PathBuf,
    /// Ports.
    pub ports: Ports,
    /// Credentials that functions, edge and Twilio share.
    pub credentials: Credentials,
    /// Where Twilio's REST API is: the simulated Twilio's URL.
    pub twilio_api_url: String,
    /// Variables and secrets of the edge beside those that the platform itself sets, above all the providers.
    pub edge_variables: BTreeMap<String, String>,
    /// Variables of the functions beside those of the template.
    pub function_variables: BTreeMap<String, String>,
    /// Where a tunnel lets the world in, without a path; it leads to the front door. Without one, everything stays on
    /// this machine.
    pub public_url: Option<String>,
    /// Parameters of the template beside those that the platform itself sets.
    pub parameters: BTreeMap<String, String>,
    /// Instances per function: processes.
    pub instances_max: usize,
    /// Print what the processes print.
    pub verbose: bool,
}

impl Options {
    /// What `make build` leaves in a checkout, with data in its `.local` and fixed ports.
    #[must_use]
    pub fn of_checkout(root: &Path, twilio_api_url: &str) -> Self {
        Self {
            root: root.to_owned(),
            data: root.join(".local"),
            tables_in_memory: false,
            functions: root.join("target/debug"),
            edge_build: root.join("edge/build"),
            workerd: root.join("infra/tools/node_modules/@cloudflare/workerd-linux-64/bin/workerd"),
            ports: Ports::Fixed,
            credentials: Credentials::default(),
            twilio_api_url: twilio_api_url.to_owned(),
            edge_variables: BTreeMap::new(),
            function_variables: BTreeMap::new(),
            public_url: None,
            // Whoever waits for something here asks ten times a second.
            parameters: owned([("RequestsPerMinute", "100000")]),
            instances_max: 50,
            verbose: false,
        }
    }

    /// The same checkout for a test: free ports, data in `folder`, tables in memory.
    #[must_use]
    pub fn of_test(root: &Path, folder: &Path, twilio_api_url: &str) -> Self {
        Self {
            data: folder.to_owned(),
            tables_in_memory: true,
            ports: Ports::Free,
            parameters: owned([("RequestsPerMinute", "100000"), ("CallsPerMinute", "1000")]),
            ..Self::of_checkout(root, twilio_api_url)
        }
    }
}

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Which ports to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// The same at every start, for people and bookmarks: the edge on 8787, the rest from 8700.
    Fixed,
    /// Whatever is free, for tests that run side by side.
    Free,
}

impl Ports {
    /// `fixed`, or 0 for a free one.
    #[must_use]
    pub fn choose(self, fixed: u16) -> u16 {
        match self {
            Self::Fixed => fixed,
            Self::Free => 0,
        }
    }
}

/// What the parts show each other. On one machine these are no secrets: everything listens on loopback only.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The Twilio account.
    pub account_sid: String,
    /// Its auth token, with which Twilio signs.
    pub auth_token: String,
    /// Shared by functions and edge.
    pub edge_secret: String,
    /// Opens the API of the functions.
    pub operator_key: String,
    /// Signs the API's tokens.
    pub jwt_key: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            account_sid: format!("AC{}", "0".repeat(32)),
            auth_token: "0".repeat(32),
            edge_secret: "local-edge-secret-which-is-no-secret".to_owned(),
            operator_key: "local-operator-key".to_owned(),
            jwt_key: "local-token-key-which-is-no-secret".to_owned(),
        }
    }
}
