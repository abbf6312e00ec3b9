//! One phone call, as a value that is told what happened and answers what to do.
//!
//! ```text
//!             perceive              turn             carry out
//!   Input ───────────────▶  Cue  ─────────▶  Move ──────────────▶  Output
//! ```
//!
//! 1. The shell makes a [`Call`] with [`Call::begin`], or after a crash with [`Call::resume`].
//! 2. Whatever happens it hands to [`Call::handle`], with the time, and carries out the [`Output`]s in order.
//! 3. It keeps one timer, for [`Call::deadline`], and hands in [`Input::Tick`] when it goes off.
//!
//! Nothing here has a clock, a socket, a task or chance: one sequence of inputs gives one sequence of outputs. The
//! engine never fails; what fails in the world comes in as an input.

mod answers;
mod call;
mod carry;
mod completeness;
mod config;
mod cue;
mod dictation;
mod due;
mod echo;
mod endpoint;
mod hint;
mod history;
mod input;
mod job;
mod leave;
mod listen;
mod machine;
mod order;
mod output;
mod patience;
mod perceive;
mod phrases;
mod piece;
mod playout;
mod provider;
mod record;
mod reply;
mod resume;
mod sentence;
mod speak;
mod tape;
mod think;
mod time;
mod timer;
mod turn;
mod words;

pub use call::Call;
pub use completeness::Completeness;
pub use config::{Budgets, Config, Delivery, EndOfTurn, Machine, ToolConfig};
pub use history::{History, Line};
pub use input::{Answerer, Closing, Input, Key};
pub use order::Order;
pub use output::{Feed, Mark, Output, Say};
pub use provider::{Ending, Failure, Reply, Request, RequestId, Spent, Stage, ToolCall};
pub use record::{EndReason, Next, Note, Obsolete, Record, Said, Side, Timing};
pub use tape::{Tape, TapeError, TapeLine, Taped};
pub use time::Instant;
pub use turn::{Cue, Decision, Move, Turn, decide};
