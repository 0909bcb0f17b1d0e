//! Which path leads to which door.

use crate::protocols::{dav, discovery, graph, http, oidc, published, web_api, zones};
use actix_web::web::ServiceConfig;

/// The page comes last: it answers everything that no door knows.
pub fn configure(config: &mut ServiceConfig) {
    http::health::configure(config);
    discovery::configure(config);
    web_api::configure(config);
    graph::configure(config);
    dav::configure(config);
    published::configure(config);
    zones::configure(config);
    oidc::configure(config);
    http::page::configure(config);
}
