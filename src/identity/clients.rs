//! Programs that may ask for tokens (app registrations).

use super::{Ctx, password};
use crate::base::{Error, Result, random};
use crate::store::directory::oauth::Client;
use serde_json::json;

/// A registration to be made or changed.
#[derive(Clone, Debug)]
pub struct NewClient {
    pub id: String,
    pub name: String,
    pub redirect_uris: Vec<String>,
    /// Make a secret; it is shown once.
    pub with_secret: bool,
    pub allow_password_grant: bool,
}

/// Adds or replaces a registration. Returns it with the new secret, if one was wanted.
/// Errors: Invalid, Forbidden.
pub async fn put_client(ctx: &Ctx, new: NewClient) -> Result<(Client, Option<String>)> {
    ctx.require_admin()?;
    if new.id.is_empty() || new.id.len() > 128 || new.id.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return Err(Error::invalid(
            "a client id has 1 to 128 characters and no spaces",
        ));
    }
    for uri in &new.redirect_uris {
        let parsed = url::Url::parse(uri)
            .map_err(|e| Error::invalid(format!("»{uri}« is not a redirect URI: {e}")))?;
        if parsed.fragment().is_some() {
            return Err(Error::invalid(format!(
                "»{uri}« is not a redirect URI: it must not have a #fragment"
            )));
        }
    }
    let secret = new.with_secret.then(random::token);
    let secret_hash = match &secret {
        Some(s) => Some(password::hash(s.clone()).await?),
        None => None,
    };
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let client = Client {
        id: new.id,
        name: new.name,
        secret_hash,
        redirect_uris: new.redirect_uris,
        allow_password_grant: new.allow_password_grant,
        created_at_ms: now_ms,
    };
    let kept = client.clone();
    ctx.store
        .directory()
        .write(move |d| {
            d.put_client(&kept)?;
            d.note_audit(
                now_ms,
                &actor,
                "app.put",
                &json!({"clientId": kept.id, "name": kept.name}),
            )
        })
        .await?;
    Ok((client, secret))
}

pub async fn list_clients(ctx: &Ctx) -> Result<Vec<Client>> {
    ctx.store.directory().read(|d| d.clients()).await
}

/// Errors: NotFound, Forbidden.
pub async fn remove_client(ctx: &Ctx, id: &str) -> Result<()> {
    ctx.require_admin()?;
    let (id, now_ms, actor) = (id.to_owned(), ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            d.remove_client(&id)?;
            d.note_audit(now_ms, &actor, "app.remove", &json!({"clientId": id}))
        })
        .await
}
