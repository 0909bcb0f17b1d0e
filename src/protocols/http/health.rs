//! `GET /healthz`: whether the box can take mail; and the word for a certificate authority, where a proxy in front of us
//! passes on its question.

use super::HouseData;
use crate::appliance::acme::WORD_PATH;
use crate::appliance::health::tell_health;
use actix_web::{HttpRequest, HttpResponse, web};

pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/healthz", web::get().to(healthz));
    config.route(&format!("{WORD_PATH}{{token}}"), web::get().to(word));
}

async fn word(house: HouseData, request: HttpRequest) -> HttpResponse {
    match house.tls.answers.word(request.path()) {
        Some(word) => HttpResponse::Ok().content_type("text/plain").body(word),
        None => HttpResponse::NotFound().finish(),
    }
}

/// 200 when a message could be stored now, 503 with the reason otherwise.
async fn healthz(house: HouseData) -> HttpResponse {
    let (is_well, said) = tell_health(&house.doorkeeper.system()).await;
    let mut answer = match is_well {
        true => HttpResponse::Ok(),
        false => HttpResponse::ServiceUnavailable(),
    };
    answer.content_type("text/plain; charset=utf-8").body(said)
}
