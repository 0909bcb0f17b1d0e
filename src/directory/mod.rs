//! Where the office's people are kept when it is not here: an LDAP directory that says who they are and checks their
//! passwords. The directory is the truth; what it does not speak of (rights, quotas, administrators) stays ours.

pub mod connection;
pub mod passwords;
pub mod people;
pub mod presets;
pub mod settings;
pub mod sync;
