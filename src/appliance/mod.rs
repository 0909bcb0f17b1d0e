//! House services: certificates, set-up, what the box needs besides mail.

pub mod acme;
pub mod authority;
pub mod checks;
pub mod collect;
pub mod health;
pub mod later_steps;
pub mod outbound;
pub mod setup;
pub mod tls;
pub mod upgrade;

pub use tls::Tls;
