//! Who may ask for what: the operator, and a tenant's keys and tokens.

mod key;
mod principal;
mod scope;
mod tenant;
mod token;

pub use key::{Key, KeyId, KeyText};
pub use principal::Principal;
pub use scope::{Scope, Scopes};
pub use tenant::{Tenant, TenantLimits};
pub use token::{BadToken, Claims, TokenKey};
