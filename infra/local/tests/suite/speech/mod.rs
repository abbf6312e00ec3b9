//! The stand-ins for the providers, over HTTP: what they hear and say after the telephone, and how they fail.

mod desk;
mod hearing;
mod kin;
mod road;
mod speaking;
mod telephone;
mod thinking;
