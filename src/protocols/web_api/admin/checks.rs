//! `/api/admin/checks`: whether the box is set up well.

use super::Answer;
use crate::appliance::checks::{last_report, print, run_checks};
use crate::base::clock::rfc3339;
use crate::model::check::CheckReport;
use crate::protocols::http::auth::house;
use crate::protocols::web_api::session::administrator;
use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(show))
        .route("/run", web::post().to(run))
        .route("/document", web::get().to(document));
}

fn view(report: &CheckReport) -> Value {
    let lines = report.lines.iter().map(|l| {
        let record = l.record.as_ref();
        json!({
            "kind": l.kind, "about": l.about, "health": l.health, "now": l.now, "wanted": l.wanted, "who": l.who,
            "record": record.map(|(name, kind)| json!({"name": name, "type": kind})),
        })
    });
    json!({"at": report.at_ms.map(rfc3339), "lines": lines.collect::<Vec<_>>()})
}

async fn show(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    Ok(HttpResponse::Ok().json(view(&last_report(&ctx).await?)))
}

async fn run(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let house = house(&request)?;
    let report = run_checks(&ctx, &house.post_room, &house.tls).await?;
    Ok(HttpResponse::Ok().json(view(&report)))
}

/// For whoever looks after the network, in the administrator's language.
async fn document(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let report = last_report(&ctx).await?;
    let pdf = print(
        &report,
        &ctx.account()?.language,
        &house(&request)?.post_room.options.host_name,
    );
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"hauspost.pdf\"",
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(pdf))
}
