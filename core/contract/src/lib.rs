//! What the functions and the edge say to each other, defined once and used by both.
//!
//! | message | from → to | form |
//! |---|---|---|
//! | [`Opening`] → [`OpeningReply`] | functions → edge | `PUT {edge}/calls/{CallSid}` |
//! | [`Ticket`] | functions → Twilio → edge | last segment of the stream's path |
//! | [`Batch`] → [`Accepted`] | edge → functions | `POST {status}/records` |
//! | [`UploadRequest`] → [`UploadReply`] | edge → functions | `POST {status}/uploads` |
//!
//! Requests between the two carry a [`Seal`]. Every refusal, of either, is one JSON shape: [`ErrorBody`].

mod bot;
mod error;
mod opening;
mod price;
mod record;
mod seal;
mod ticket;
mod upload;
mod usage;

pub use bot::{Bot, BotId, EndOfTurn, Idle, Invalid, Stage, Tool, Turns, Voice};
pub use error::{ErrorBody, ErrorDetail};
pub use opening::{Direction, Farewell, Opening, OpeningReply, OpeningState};
pub use price::{Cost, CostItem, Dimension, Price, PriceTable};
pub use record::{Accepted, Batch, EndReason, Event, Numbered, Record, Speaker, Timing, Turn};
pub use seal::{SEAL_HEADER, Seal, SealError, Secret};
pub use ticket::{Ticket, TicketError};
pub use upload::{Upload, UploadReply, UploadRequest, UploadWish};
pub use usage::Usage;
