//! Where the office's people are kept when it is not here: an LDAP directory that says who they are and checks their
//! passwords, and an issuer of OpenID Connect by which people sign in at the page. The directory is the truth; what it does not speak of (rights, quotas, administrators) stays ours.

pub mod connection;
mod newcomer;
pub mod oidc;
pub mod passwords;
pub mod people;
pub mod presets;
pub mod settings;
pub mod sync;
