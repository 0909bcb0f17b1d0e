//! Registering programs, changing registrations, taking them away: for administrators.

use super::accounts::wake_server;
use super::assertion::public_key;
use super::clients::{APP_PERMISSIONS, Client, PERMISSIONS, blank, make_built_in};
use super::{Ctx, keys, password};
use crate::base::text::one_line;
use crate::base::{Error, Result, random};
use crate::model::AccountId;
use serde_json::json;

/// The most redirect addresses of one program.
const MOST_REDIRECTS: usize = 50;

/// What is to be changed; None leaves it. An inner None takes it away, or the limit off.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    pub name: Option<String>,
    pub redirect_uris: Option<Vec<String>>,
    /// true: make a new secret, which is shown once; false: there is none any more.
    pub secret: Option<bool>,
    pub allow_password_grant: Option<bool>,
    /// What it may ask people for; without a limit, everything.
    pub permissions: Option<Option<Vec<String>>>,
    /// What it may do without a person, Microsoft's names.
    pub app_permissions: Option<Vec<String>>,
    /// In whose mailboxes it may do so; without a limit, in all.
    pub mailboxes: Option<Option<Vec<AccountId>>>,
    /// PEM.
    pub certificate: Option<Option<String>>,
    pub is_trusted: Option<bool>,
    pub repeats_assertions: Option<bool>,
}

/// Registers a program. `may_replace`: a registration that is there already ends, and this takes its place.
/// Returns it with the new secret, if one was wanted. Errors: Invalid, Forbidden, Exists.
pub async fn add_client(
    ctx: &Ctx,
    id: &str,
    wanted: Registration,
    may_replace: bool,
) -> Result<(Client, Option<String>)> {
    if id.is_empty() || id.len() > 128 || id.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid(
            "a client id has 1 to 128 characters and no spaces",
        ));
    }
    write(ctx, id, wanted, move |id, found, now_ms| match found {
        Some(_) if !may_replace => Err(Error::exists(format!("the app {id} is registered already"))),
        _ => Ok(blank(id, now_ms)),
    })
    .await
}

/// Changes a registration; what was given out under it goes on, as far as it is still allowed.
/// Returns it with the new secret, if one was wanted. Errors: Invalid, Forbidden, NotFound.
pub async fn change_client(ctx: &Ctx, id: &str, change: Registration) -> Result<(Client, Option<String>)> {
    write(ctx, id, change, |id, found, _| {
        found.ok_or_else(|| no_such_app(id))
    })
    .await
}

fn no_such_app(id: &str) -> Error {
    Error::not_found(format!(
        "there is no app {}; hauspost app list shows which there are",
        one_line(id)
    ))
}

/// `start`: what the change is made to.
async fn write(
    ctx: &Ctx,
    id: &str,
    change: Registration,
    start: impl FnOnce(&str, Option<Client>, i64) -> Result<Client> + Send + 'static,
) -> Result<(Client, Option<String>)> {
    ctx.require_admin()?;
    check(&change)?;
    make_built_in(ctx).await?;
    let secret = (change.secret == Some(true)).then(random::token);
    let hash = match &secret {
        Some(s) => Some(password::hash(s.clone()).await?),
        None => None,
    };
    let (now_ms, actor, id) = (ctx.now_ms(), ctx.actor_name().to_owned(), id.to_owned());
    let client = ctx
        .store
        .directory()
        .write(move |d| {
            let mut client = start(&id, d.client(&id)?, now_ms)?;
            if change.secret.is_some() {
                client.secret_hash = hash;
            }
            apply(&mut client, change);
            if client.name.trim().is_empty() {
                return Err(Error::invalid(
                    "an app has a name, which people see when they are asked",
                ));
            }
            d.put_client(&client)?;
            let detail = json!({"clientId": client.id, "name": client.name});
            d.note_audit(now_ms, &actor, "app.put", &detail)?;
            Ok(client)
        })
        .await?;
    wake_server(ctx);
    Ok((client, secret))
}

fn apply(client: &mut Client, change: Registration) {
    fn set<T>(place: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *place = value;
        }
    }
    set(&mut client.name, change.name);
    set(&mut client.redirect_uris, change.redirect_uris);
    set(&mut client.allow_password_grant, change.allow_password_grant);
    set(&mut client.permissions, change.permissions);
    set(&mut client.app_permissions, change.app_permissions);
    set(&mut client.mailboxes, change.mailboxes);
    set(&mut client.certificate, change.certificate);
    set(&mut client.is_trusted, change.is_trusted);
    set(&mut client.repeats_assertions, change.repeats_assertions);
}

fn check(r: &Registration) -> Result<()> {
    if r.name
        .as_ref()
        .is_some_and(|n| n.len() > 200 || n.chars().any(char::is_control))
    {
        return Err(Error::invalid(
            "the name of an app is one line of at most 200 bytes",
        ));
    }
    let uris = r.redirect_uris.as_deref().unwrap_or_default();
    if uris.len() > MOST_REDIRECTS {
        return Err(Error::invalid(format!(
            "an app has at most {MOST_REDIRECTS} redirect URIs"
        )));
    }
    for uri in uris {
        check_uri(uri)?;
    }
    for (asked, known) in [
        (r.permissions.as_ref().and_then(Option::as_ref), &PERMISSIONS[..]),
        (r.app_permissions.as_ref(), &APP_PERMISSIONS[..]),
    ] {
        let unknown = asked.and_then(|all| all.iter().find(|p| !known.contains(&p.as_str())));
        if let Some(unknown) = unknown {
            return Err(Error::invalid(format!(
                "»{}« is no permission of programs; known: {}",
                one_line(unknown),
                known.join(", ")
            )));
        }
    }
    if let Some(Some(pem)) = &r.certificate {
        public_key(pem)?;
    }
    Ok(())
}

fn check_uri(uri: &str) -> Result<()> {
    let wrong = |why: String| Error::invalid(format!("»{}« is not a redirect URI: {why}", one_line(uri)));
    let parsed = url::Url::parse(uri).map_err(|e| wrong(e.to_string()))?;
    if parsed.fragment().is_some() {
        return Err(wrong("it must not have a #fragment".into()));
    }
    if uri.len() > 2_000 || matches!(parsed.scheme(), "javascript" | "data" | "blob" | "file") {
        return Err(wrong("browsers are not sent to such addresses".into()));
    }
    Ok(())
}

/// Errors: NotFound, Forbidden.
pub async fn remove_client(ctx: &Ctx, id: &str) -> Result<()> {
    ctx.require_admin()?;
    make_built_in(ctx).await?;
    let (id, now_ms, actor) = (id.to_owned(), ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            d.remove_client(&id)?;
            d.note_audit(now_ms, &actor, "app.remove", &json!({"clientId": id}))
        })
        .await?;
    wake_server(ctx);
    Ok(())
}

/// Signs tokens with a new key from now on. `at_once`: what was signed so far is not believed any more, so that everybody
/// signs in again. Returns the id of the key. Errors: Forbidden.
pub async fn rotate_signing_key(ctx: &Ctx, at_once: bool) -> Result<String> {
    ctx.require_admin()?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let id = keys::rotate(&ctx.store, now_ms, at_once).await?;
    let detail = json!({"keyId": id, "atOnce": at_once});
    ctx.store
        .directory()
        .write(move |d| d.note_audit(now_ms, &actor, "key.rotate", &detail))
        .await?;
    Ok(id)
}
