//! Callbox on one machine: the very Lambda binaries and the very edge that are deployed, with AWS, Twilio and the
//! speech providers beside them.

pub mod bench;
pub mod caller;
pub mod child;
pub mod demo;
pub mod dynamo;
pub mod edge;
pub mod emulator;
pub mod front;
pub mod platform;
pub mod secrets;
pub mod serve;
pub mod speech;
pub mod stack;
pub mod storage;
pub mod template;
pub mod twilio;
