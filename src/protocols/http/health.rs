//! `GET /healthz`: whether the box can take mail.

use super::HouseData;
use crate::appliance::health::check_health;
use actix_web::{HttpResponse, web};

pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/healthz", web::get().to(healthz));
}

/// 200 when a message could be stored now, 503 with the reason otherwise.
async fn healthz(house: HouseData) -> HttpResponse {
    match check_health(&house.doorkeeper.system()).await {
        Ok(()) => HttpResponse::Ok()
            .content_type("text/plain; charset=utf-8")
            .body("ok\n"),
        Err(e) => HttpResponse::ServiceUnavailable()
            .content_type("text/plain; charset=utf-8")
            .body(format!("{}\n", e.message())),
    }
}
