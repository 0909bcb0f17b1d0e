//! How somebody wants the page to be: `/api/preferences`.

use super::error::{ApiError, AtField};
use super::session::at_the_page;
use crate::identity::Ctx;
use crate::mail::preferences::{
    PreferenceChange, Preferences, SavedSearch, Signature, Theme, change_preferences, preferences,
};
use crate::mail::settings::mailbox_settings;
use crate::protocols::web_api::private::private;
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(show))
                .route(web::patch().to(change)),
        )
        .service(
            web::resource("/signatures/{address}")
                .route(web::put().to(put_signature))
                .route(web::delete().to(remove_signature)),
        );
}

type Answer = Result<HttpResponse, ApiError>;

/// With how times are written, which Graph's mailboxSettings change.
async fn answer(ctx: &Ctx, found: Preferences) -> Answer {
    let settings = mailbox_settings(ctx, ctx.account()?.id).await?;
    let mut out = json!(found);
    out["timeFormat"] = settings.time_format.into();
    Ok(private(out))
}

async fn show(request: HttpRequest) -> Answer {
    let ctx = at_the_page(&request).await?;
    let found = preferences(&ctx, ctx.account()?.id).await?;
    answer(&ctx, found).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    theme: Option<Theme>,
    first_day_of_week: Option<u8>,
    undo_seconds: Option<u8>,
    writes_plain: Option<bool>,
    searches: Option<Vec<SavedSearch>>,
    image_senders: Option<Vec<String>>,
    conversations: Option<bool>,
    by_conversation: Option<bool>,
}

async fn change(request: HttpRequest, body: Json<Change>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let wanted = PreferenceChange {
        theme: body.theme,
        first_day_of_week: body.first_day_of_week,
        undo_seconds: body.undo_seconds,
        writes_plain: body.writes_plain,
        searches: body.searches.clone(),
        image_senders: body.image_senders.clone(),
        conversations: body.conversations,
        by_conversation: body.by_conversation,
        signature: None,
    };
    let field = match (body.undo_seconds, &body.searches) {
        (Some(_), _) => "undoSeconds",
        (None, Some(_)) => "searches",
        (None, None) => "firstDayOfWeek",
    };
    let found = change_preferences(&ctx, ctx.account()?.id, wanted)
        .await
        .at(field)?;
    answer(&ctx, found).await
}

async fn put_signature(request: HttpRequest, address: Path<String>, body: Json<Signature>) -> Answer {
    sign(request, address.into_inner(), Some(body.into_inner())).await
}

async fn remove_signature(request: HttpRequest, address: Path<String>) -> Answer {
    sign(request, address.into_inner(), None).await
}

async fn sign(request: HttpRequest, address: String, signature: Option<Signature>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let wanted = PreferenceChange {
        signature: Some((address, signature)),
        ..PreferenceChange::default()
    };
    let found = change_preferences(&ctx, ctx.account()?.id, wanted)
        .await
        .at("text")?;
    answer(&ctx, found).await
}
