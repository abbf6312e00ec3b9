//! Who may ask for what: the operator, and a tenant's keys and tokens.

mod principal;
mod scope;

pub use principal::Principal;
pub use scope::{Scope, Scopes};
