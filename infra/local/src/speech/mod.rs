//! The providers without a key: stand-ins for speech-to-text, language model and text-to-speech behind one OpenAI-shaped HTTP
//! server. flite speaks, pocketsphinx hears, a scripted receptionist thinks.
//!
//! They name themselves stand-ins wherever they show: in the `server` header, in `/health` and `/v1/models`, in the ids of
//! their models. Beside the API:
//!
//! | route | what it does |
//! |---|---|
//! | `/deepgram/…`, `/elevenlabs/…`, `/assemblyai/…` | those who listen over a socket: Nova and Flux, Scribe, `AssemblyAI` |
//! | `/instant/v1/…` | the same three, with a fixed answer at once: for benches |
//! | `/anthropic/…`, `/ollama/…`, `/workers-ai/…` | the receptionist in other protocols |
//! | `/elevenlabs/…`, `/deepgram/…`, `/cartesia/…`, `/melotts/…` | the voice in other protocols, also over sockets |
//! | `POST /faults` | arms a [`Fault`]; `GET` lists, `DELETE` clears |
//! | `GET /counts` | the [`Counts`] of requests |

mod answer;
mod chat;
mod faults;
pub mod instant;
mod kin;
pub mod receptionist;
mod recogniser;
mod signal;
mod sockets;
mod speak;
mod transcribe;
pub mod voice;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Json, State};
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

pub use faults::{Count, Counts, Desk, Fault, Kind, Stage};
pub use recogniser::{Heard, Recogniser, Vocabulary};
pub use voice::{FLITE_RATE_HZ, Speaker, UnknownVoice, Voice};

use crate::serve::{Server, bind};

/// Five minutes of WAV at 48 kHz.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The model that hears sentences of the booking grammar, and else anything.
pub const LISTEN_MODEL: &str = "stand-in-booking";
/// The model that hears anything, less well.
pub const LISTEN_OPEN_MODEL: &str = "stand-in-open";
/// The scripted receptionist.
pub const THINK_MODEL: &str = "stand-in-receptionist";
/// flite.
pub const SPEAK_MODEL: &str = "stand-in-flite";

/// What the stand-ins need.
#[derive(Clone, Debug)]
pub struct SpeechOptions {
    /// A Python that has pocketsphinx.
    pub python: PathBuf,
    /// `recogniser.py`, with the grammar beside it.
    pub recogniser: PathBuf,
    /// How many recognisers.
    pub workers: usize,
    /// Whether they load at once, or when they are first asked.
    pub warm: bool,
    /// How long the language model takes for a word.
    pub word: Duration,
    /// How long the voice takes until its first sound, beside what flite takes.
    pub first_sound: Duration,
    /// How fast the voice makes sound: so many times as fast as it is spoken. At once if none.
    pub pace: Option<f64>,
    /// The port; 0 for a free one.
    pub port: u16,
}

impl SpeechOptions {
    /// As `make setup` leaves them in a checkout, on a free port.
    #[must_use]
    pub fn of_checkout(root: &Path) -> Self {
        Self {
            python: root.join(".tools/venv/bin/python"),
            recogniser: root.join("infra/local/speech/recogniser.py"),
            workers: 1,
            warm: true,
            word: Duration::from_millis(15),
            first_sound: Duration::ZERO,
            pace: None,
            port: 0,
        }
    }
}

/// The running stand-ins. Dropping them ends their processes.
#[derive(Debug)]
pub struct Speech {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    desk: Desk,
    speaker: Speaker,
    recogniser: Recogniser,
    options: SpeechOptions,
}

impl Speech {
    /// Starts them. The recognisers go on loading for a second; requests wait for them.
    ///
    /// # Errors
    /// The port is taken, or the recogniser is not installed.
    pub async fn start(options: SpeechOptions) -> io::Result<Self> {
        for (path, what) in [
            (&options.python, "the recogniser's Python (make setup)"),
            (&options.recogniser, "the recogniser's script"),
        ] {
            if !path.exists() {
                let message = format!("{what} is not at {}", path.display());
                return Err(io::Error::new(io::ErrorKind::NotFound, message));
            }
        }
        let listener = bind(options.port).await?;
        let recogniser = Recogniser::start(
            &options.python,
            &options.recogniser,
            options.workers,
            options.warm,
        );
        let shared = Arc::new(Shared {
            desk: Desk::default(),
            speaker: Speaker::new(),
            recogniser,
            options,
        });
        let server = Server::start(listener, router(Arc::clone(&shared)));
        Ok(Self { server, shared })
    }

    /// `http://127.0.0.1:<port>/v1`, as a base URL of OpenAI's shape.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// `http://127.0.0.1:<port>`: below it, by their names, are those whose protocol is not OpenAI's.
    #[must_use]
    pub fn root_url(&self) -> String {
        self.server.url()
    }

    /// The base URL of the three that answer at once.
    #[must_use]
    pub fn instant_url(&self) -> String {
        format!("{}/instant/v1", self.server.url())
    }

    /// Faults and counts.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.shared.desk
    }

    /// The server, to take it away and bring it back.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The voices.
    #[must_use]
    pub fn speaker(&self) -> &Speaker {
        &self.shared.speaker
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let desk = shared.desk.clone();
    Router::new()
        .route("/v1/audio/transcriptions", post(transcribe::transcriptions))
        .route("/v1/chat/completions", post(chat::completions))
        .route("/v1/audio/speech", post(speak::speech))
        .route("/v1/models", get(models))
        .route("/health", get(health))
        .route("/counts", get(counts))
        .route("/faults", post(arm).get(list).delete(clear))
        .merge(kin::router())
        .merge(sockets::router())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(shared)
        .nest("/instant/v1", instant::router(&desk, 1_000))
        .layer(map_response(answer::sign))
}

async fn health() -> Response {
    let parts =
        json!({"listen": "pocketsphinx", "think": "scripted receptionist", "speak": "flite"});
    answer::json(
        StatusCode::OK,
        &json!({"status": "ok", "stand_in": true, "parts": parts}),
    )
}

async fn models() -> Response {
    let models: Vec<_> = [LISTEN_MODEL, LISTEN_OPEN_MODEL, THINK_MODEL, SPEAK_MODEL]
        .iter()
        .map(|id| json!({"id": id, "object": "model", "owned_by": "stand-in"}))
        .collect();
    answer::json(StatusCode::OK, &json!({"object": "list", "data": models}))
}

async fn counts(State(shared): State<Arc<Shared>>) -> Json<Counts> {
    Json(shared.desk.counts())
}

async fn arm(State(shared): State<Arc<Shared>>, Json(fault): Json<Fault>) -> StatusCode {
    shared.desk.arm(fault);
    StatusCode::NO_CONTENT
}

async fn list(State(shared): State<Arc<Shared>>) -> Json<Vec<Fault>> {
    Json(shared.desk.faults())
}

async fn clear(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.desk.clear();
    StatusCode::NO_CONTENT
}
