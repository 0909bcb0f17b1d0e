//! `/api/admin/outbound`: how mail leaves the office.

use super::Answer;
use crate::appliance::outbound::{get_outbound, put_outbound};
use crate::delivery::probe::probe_smarthost;
use crate::model::outbound::{Outbound, Smarthost};
use crate::protocols::http::auth::house;
use crate::protocols::web_api::error::AtField;
use crate::protocols::web_api::session::administrator;
use crate::protocols::web_api::setup::{TypedOutbound, check_host};
use crate::protocols::web_api::setup_check::answer;
use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(get))
                .route(web::put().to(put)),
        )
        .route("/check", web::post().to(check));
}

/// Without the password.
pub fn view(outbound: &Outbound) -> Value {
    match outbound {
        Outbound::Smarthost { smarthost: s } => json!({"mode": "smarthost", "smarthost": {
            "host": s.host, "port": s.port, "security": s.security, "user": s.user, "hasPassword": !s.password.is_empty(),
        }}),
        Outbound::Direct => json!({"mode": "direct"}),
        Outbound::Later => json!({"mode": "later"}),
    }
}

async fn get(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    Ok(HttpResponse::Ok().json(view(&get_outbound(&ctx).await?)))
}

async fn put(request: HttpRequest, body: Json<TypedOutbound>) -> Answer {
    let ctx = administrator(&request).await?;
    let stored = put_outbound(&ctx, body.into_inner().read()?)
        .await
        .at("password")?;
    let room = &house(&request)?.post_room;
    room.silent.forget();
    room.queue_bell.notify_one();
    Ok(HttpResponse::Ok().json(view(&stored)))
}

async fn check(request: HttpRequest, body: Json<Smarthost>) -> Answer {
    let ctx = administrator(&request).await?;
    let mut smarthost = body.into_inner();
    check_host(&smarthost.host)?;
    if let Outbound::Smarthost { smarthost: known } = get_outbound(&ctx).await?
        && smarthost.password.is_empty()
        // The password goes only to the server that it was given for.
        && known.host.eq_ignore_ascii_case(smarthost.host.trim())
    {
        smarthost.password = known.password;
    }
    Ok(answer(
        probe_smarthost(&house(&request)?.post_room, &smarthost).await,
    ))
}
