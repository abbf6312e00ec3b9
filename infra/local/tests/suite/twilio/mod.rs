//! The simulated Twilio against a small customer: a web server whose answers the test decides, and the far end of media streams.

mod callbacks;
mod documents;
mod endings;
mod media;
mod rest;
mod world;
