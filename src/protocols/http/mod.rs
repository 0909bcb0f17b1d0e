//! The porch: HTTP/1.1 for every door that speaks it. Takes connections that the front hall has accepted,
//! whatever is below them, and knows who sends a request.

pub mod auth;
pub mod base_path;
pub mod body;
pub mod connection;
pub mod health;
pub mod host;
pub mod ids;
pub mod page;
pub mod passkey;
pub mod slow;
pub mod worker;

pub use auth::{Credential, signed_in};
pub use connection::{Client, HttpStream, Peer, client};
pub use worker::HttpWorker;

use super::House;

/// The house, as handlers get it.
pub type HouseData = actix_web::web::Data<House>;
