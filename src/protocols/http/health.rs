//! `GET /healthz`: whether the box can take mail.

use super::HouseData;
use actix_web::{HttpResponse, web};

pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/healthz", web::get().to(healthz));
}

/// 200 when a message could be stored now, 503 with the reason otherwise.
async fn healthz(house: HouseData) -> HttpResponse {
    let store = &house.post_room.store;
    let readable = store
        .directory()
        .read(|d| d.setting::<serde_json::Value>("health").map(drop))
        .await;
    match readable.and_then(|()| store.check_room(0)) {
        Ok(()) => HttpResponse::Ok()
            .content_type("text/plain; charset=utf-8")
            .body("ok\n"),
        Err(e) => HttpResponse::ServiceUnavailable()
            .content_type("text/plain; charset=utf-8")
            .body(format!("{}\n", e.message())),
    }
}
