//! What is told to one person: nobody on the way keeps it.

use actix_web::HttpResponse;
use serde::Serialize;

pub fn private(told: impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(told)
}
