//! DynamoDB on one machine: `dynoxide`, which keeps its tables in SQLite, behind the real protocol.

use std::io;
use std::path::Path;

use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::serve::{self, Server};
use crate::template::TableSpec;

/// The running database.
pub struct Dynamo {
    database: Database,
    front: Server,
    engine: JoinHandle<()>,
}

/// Where the tables live.
#[derive(Debug, Clone, Copy)]
pub enum Store<'a> {
    /// In a folder, for longer than the process.
    Folder(&'a Path),
    /// In memory, for one test.
    Memory,
}

impl Dynamo {
    /// Opens the database, creates the tables that are missing and serves them on `port` (0: a free one).
    ///
    /// Tables of an older template are put aside as `dynamo.db.old`: CloudFormation's updates in place are not ours to
    /// imitate, and what is stored here are trial calls.
    ///
    /// # Errors
    /// When the file cannot be opened, a table is refused, or the port is taken.
    pub async fn start(store: Store<'_>, tables: &[TableSpec], port: u16) -> io::Result<Self> {
        let database = match store {
            Store::Memory => Database::memory(),
            Store::Folder(folder) => Database::new(&prepare(folder, tables)?.to_string_lossy()),
        };
        let database = database.map_err(io::Error::other)?;
        for table in tables {
            create(&database, table)?;
        }
        // dynoxide's own server cannot be taken away for a while; this one in front of it can.
        let inner = serve::bind(0).await?;
        let engine_address = inner.local_addr()?;
        let engine = tokio::spawn(dynoxide::server::serve_on(inner, database.clone()));
        let front = Server::accept(serve::bind(port).await?, move |mut outer, _| async move {
            if let Ok(mut inner) = TcpStream::connect(engine_address).await {
                drop(inner.set_nodelay(true));
                // An error is a peer that went away.
                drop(tokio::io::copy_bidirectional(&mut outer, &mut inner).await);
            }
        });
        Ok(Self {
            database,
            front,
            engine,
        })
    }

    /// The endpoint: `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn url(&self) -> String {
        self.front.url()
    }

    /// The server, to take it away and bring it back.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.front
    }

    /// Deletes what has expired, which real DynamoDB does within days. Returns how many items went.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sweep(&self) -> io::Result<usize> {
        self.database.sweep_ttl().map_err(io::Error::other)
    }
}

impl Drop for Dynamo {
    fn drop(&mut self) {
        self.engine.abort();
    }
}

impl std::fmt::Debug for Dynamo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dynamo")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// The database file; one made for other tables is moved away.
fn prepare(folder: &Path, tables: &[TableSpec]) -> io::Result<std::path::PathBuf> {
    std::fs::create_dir_all(folder)?;
    let (file, described) = (folder.join("dynamo.db"), folder.join("dynamo.tables.json"));
    let wanted = tables
        .iter()
        .map(|table| table.create.clone())
        .collect::<Value>()
        .to_string();
    let before = std::fs::read_to_string(&described).ok();
    if file.exists() && before.as_deref() != Some(wanted.as_str()) {
        for suffix in ["", "-wal", "-shm"] {
            let from = folder.join(format!("dynamo.db{suffix}"));
            let to = folder.join(format!("dynamo.db.old{suffix}"));
            match std::fs::rename(&from, &to) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    drop(std::fs::remove_file(&to));
                }
                moved => moved?,
            }
        }
    }
    std::fs::write(described, wanted)?;
    Ok(file)
}

fn create(database: &Database, table: &TableSpec) -> io::Result<()> {
    let refused = |error: &dyn std::fmt::Display| {
        io::Error::other(format!("table {} of template.yaml: {error}", table.name))
    };
    let request = serde_json::from_value(table.create.clone()).map_err(|error| refused(&error))?;
    match database.create_table(request) {
        Ok(_) => {}
        Err(DynoxideError::ResourceInUseException(_)) => return Ok(()),
        Err(error) => return Err(refused(&error)),
    }
    let Some(attribute) = &table.ttl_attribute else {
        return Ok(());
    };
    let specification = json!({"AttributeName": attribute, "Enabled": true});
    let request = json!({"TableName": table.name, "TimeToLiveSpecification": specification});
    let request = serde_json::from_value(request).map_err(|error| refused(&error))?;
    database
        .update_time_to_live(request)
        .map_err(|error| refused(&error))?;
    Ok(())
}
