//! `/api/admin/setup`: where the wizard stands once the office is there.

use super::{Answer, no_content};
use crate::appliance::later_steps::{LaterSteps, Trial, later_steps, put_later_steps};
use crate::protocols::web_api::error::AtField;
use crate::protocols::web_api::private::private;
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("")
            .route(web::get().to(show))
            .route(web::put().to(put))
            .route(web::delete().to(end)),
    );
}

fn view(now: &LaterSteps) -> Value {
    json!({"step": now.step, "reached": now.reached, "isPutOff": now.is_put_off, "trial": now.trial})
}

fn told(now: Option<&LaterSteps>) -> HttpResponse {
    private(now.map_or_else(|| json!({"step": null}), view))
}

async fn show(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    Ok(told(later_steps(&ctx).await?.as_ref()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    step: String,
    #[serde(default)]
    is_put_off: bool,
    trial: Option<Trial>,
}

async fn put(request: HttpRequest, body: Json<Typed>) -> Answer {
    let ctx = administrator(&request).await?;
    let typed = body.into_inner();
    let now = LaterSteps {
        reached: typed.step.clone(),
        step: typed.step,
        is_put_off: typed.is_put_off,
        trial: typed.trial,
    };
    let kept = put_later_steps(&ctx, Some(now)).await.at("to")?;
    Ok(told(kept.as_ref()))
}

async fn end(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    put_later_steps(&ctx, None).await?;
    no_content()
}
