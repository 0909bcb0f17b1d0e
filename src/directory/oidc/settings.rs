//! By which issuer people sign in: kept, shown, taken away.

use crate::base::{Error, Result};
use crate::delivery::webhook::parse_url;
use crate::identity::Ctx;
use crate::model::directory::{OidcSettings, Source};
use serde_json::json;

const SETTING: &str = "oidc";

/// With its secret, for who asks the issuer. None: people sign in with passwords alone. Errors: Forbidden.
pub async fn get_oidc(ctx: &Ctx) -> Result<Option<OidcSettings>> {
    ctx.require_admin()?;
    ctx.store.directory().peek(|d| d.setting(SETTING)).await
}

/// Errors: NotFound; Forbidden.
pub async fn require_oidc(ctx: &Ctx) -> Result<OidcSettings> {
    get_oidc(ctx).await?.ok_or_else(|| {
        Error::not_found("nobody signs in by another issuer here; name one with: hauspost directory oidc set")
    })
}

/// Another issuer means other people: whom the one before has named is found anew. Errors: Invalid; Forbidden.
pub async fn put_oidc(ctx: &Ctx, settings: OidcSettings) -> Result<()> {
    let before = get_oidc(ctx).await?;
    parse_url("issuer", &settings.issuer)?;
    if settings.client_id.is_empty() {
        return Err(Error::invalid(
            "the client id is missing, under which the issuer knows this server",
        ));
    }
    let is_another = before.is_some_and(|b| b.issuer != settings.issuer);
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            if is_another {
                d.remove_outside_links(Source::Oidc)?;
            }
            d.put_setting(SETTING, &settings)?;
            let detail = json!({"issuer": settings.issuer, "clientId": settings.client_id});
            d.note_audit(now_ms, &actor, "oidc.put", &detail)
        })
        .await
}

/// Accounts stay, as they are. Errors: NotFound; Forbidden.
pub async fn remove_oidc(ctx: &Ctx) -> Result<OidcSettings> {
    let settings = require_oidc(ctx).await?;
    let (now_ms, actor, issuer) = (ctx.now_ms(), ctx.actor_name().to_owned(), settings.issuer.clone());
    ctx.store
        .directory()
        .write(move |d| {
            d.remove_setting(SETTING)?;
            d.remove_outside_links(Source::Oidc)?;
            d.note_audit(now_ms, &actor, "oidc.remove", &json!({"issuer": issuer}))
        })
        .await?;
    Ok(settings)
}
