//! The doorkeeper: who somebody is, with which rights, and how they prove it.

pub mod access;
pub mod accounts;
pub mod app_passwords;
pub mod assertion;
pub mod audit;
pub mod clients;
pub mod consents;
pub mod ctx;
pub mod deputies;
pub mod device;
pub mod domains;
pub mod doorkeeper;
pub mod elsewhere;
pub mod keys;
pub mod passkeys;
#[cfg(test)]
mod passkeys_tests;
pub mod password;
pub mod recipient;
pub mod registration;
pub mod removal;
pub mod second_factor;
pub mod sessions;
pub mod shares;
pub mod stay;
pub mod tenant;
pub mod throttle;
pub mod tokens;

pub use ctx::{Actor, Ctx};
pub use doorkeeper::{Doorkeeper, Via};
pub use stay::Stay;
