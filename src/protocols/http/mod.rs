//! The porch: HTTP/1.1 for every door that speaks it. Takes connections that the front hall has accepted,
//! whatever is below them, and leads requests to Graph, sign-in, the page and the administration.

pub mod connection;
pub mod health;
pub mod worker;

pub use connection::{HttpStream, Peer};
pub use worker::HttpWorker;

use super::House;
use actix_web::web::ServiceConfig;

/// All routes of all doors that speak HTTP.
pub fn configure(config: &mut ServiceConfig) {
    health::configure(config);
}

/// The house, as handlers get it.
pub type HouseData = actix_web::web::Data<House>;
