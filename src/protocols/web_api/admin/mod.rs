//! What administrators do at the page: `/api/admin`. Each handler asks [`super::session::administrator`] first and a room
//! then, which asks again; the command line uses the same functions.

mod access;
mod accounts;
mod backups;
mod certificate;
mod checks;
mod collect;
mod delivery;
mod domains;
mod members;
mod moves;
mod overview;
mod queue;
mod resource;
mod setup;

use super::error::ApiError;
use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use serde::{Deserialize, Deserializer};

type Answer = Result<HttpResponse, ApiError>;

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/overview", web::get().to(overview::show))
        .route("/audit", web::get().to(overview::audit))
        .route("/log", web::get().to(overview::log))
        .service(web::scope("/accounts").configure(accounts::configure))
        .service(web::scope("/domains").configure(domains::configure))
        .service(web::scope("/outbound").configure(delivery::configure))
        .service(web::scope("/queue").configure(queue::configure))
        .service(web::scope("/collect").configure(collect::configure))
        .service(web::scope("/checks").configure(checks::configure))
        .service(web::scope("/certificate").configure(certificate::configure))
        .service(web::scope("/setup").configure(setup::configure))
        .service(web::scope("/moves").configure(moves::configure))
        .service(web::scope("/backups").configure(backups::configure));
}

fn no_content() -> Answer {
    Ok(HttpResponse::NoContent().finish())
}

/// Tells null from what is absent.
fn named<'d, D: Deserializer<'d>, T: Deserialize<'d>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(d).map(Some)
}
