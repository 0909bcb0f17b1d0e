//! Programs that may ask for tokens (app registrations).

use super::assertion::public_key;
use super::{Ctx, Doorkeeper, password};
use crate::base::{Error, Result, TimeMs, random};
use crate::model::AccountId;
pub use crate::store::directory::oauth::Client;
use serde_json::json;

/// Desktop programs with ids of their own making, known to every installation so that they need no set-up.
const BUILT_IN: [(&str, &str); 3] = [
    ("9e5f94bc-e8a4-4e73-b8be-63364c29d753", "Mozilla Thunderbird"),
    ("20460e5d-ce91-49af-a3a5-70b6be7486d1", "GNOME Evolution"),
    ("facd6cff-a294-4415-b59f-c5b01937d7bd", "DavMail"),
];
/// Where those are called back: on their own machine, or at the page that an embedded browser waits for.
const BUILT_IN_REDIRECTS: [&str; 6] = [
    "http://localhost",
    "http://127.0.0.1",
    "http://[::1]",
    "https://localhost",
    "https://login.microsoftonline.com/common/oauth2/nativeclient",
    "urn:ietf:wg:oauth:2.0:oob",
];
/// Set once they are registered, so that an administrator can take them away for good.
const BUILT_IN_DONE: &str = "built_in_clients";

pub fn is_built_in(id: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == id)
}

/// The registration of a program. None: it has none.
pub async fn find_client(ctx: &Ctx, id: &str) -> Result<Option<Client>> {
    let (wanted, id) = (id.to_owned(), id.to_owned());
    let found = ctx.store.directory().peek(move |d| d.client(&wanted)).await?;
    if found.is_some() || !is_built_in(&id) {
        return Ok(found);
    }
    let now_ms = ctx.now_ms();
    ctx.store
        .directory()
        .write(move |d| {
            if d.setting::<bool>(BUILT_IN_DONE)? != Some(true) {
                for (id, name) in BUILT_IN {
                    if d.client(id)?.is_none() {
                        d.put_client(&built_in(id, name, now_ms))?;
                    }
                }
                d.put_setting(BUILT_IN_DONE, &true)?;
            }
            d.client(&id)
        })
        .await
}

fn built_in(id: &str, name: &str, now_ms: TimeMs) -> Client {
    Client {
        id: id.to_owned(),
        name: name.to_owned(),
        secret_hash: None,
        redirect_uris: BUILT_IN_REDIRECTS.map(str::to_owned).to_vec(),
        allow_password_grant: false,
        app_permissions: Vec::new(),
        mailboxes: None,
        certificate: None,
        created_at_ms: now_ms,
    }
}

/// Whether `secret` is the client's. A client without one fits none.
pub async fn verify_secret(doorkeeper: &Doorkeeper, client: &Client, secret: &str) -> bool {
    match &client.secret_hash {
        Some(hash) => doorkeeper
            .verifier
            .verify(secret, vec![hash.clone()])
            .await
            .is_some(),
        None => false,
    }
}

/// A registration to be made or changed.
#[derive(Clone, Debug)]
pub struct NewClient {
    pub id: String,
    pub name: String,
    pub redirect_uris: Vec<String>,
    /// Make a secret; it is shown once.
    pub with_secret: bool,
    pub allow_password_grant: bool,
    /// What it may do without a person, Microsoft's names.
    pub app_permissions: Vec<String>,
    /// In whose mailboxes it may do so; None: in all.
    pub mailboxes: Option<Vec<AccountId>>,
    /// PEM.
    pub certificate: Option<String>,
}

/// What programs may be allowed to do without a person.
pub const APP_PERMISSIONS: [&str; 14] = [
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Contacts.Read",
    "Contacts.ReadWrite",
    "Mail.Read",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
    "Place.Read.All",
    "Tasks.Read.All",
    "Tasks.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
];

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
    for permission in &new.app_permissions {
        if !APP_PERMISSIONS.contains(&permission.as_str()) {
            return Err(Error::invalid(format!(
                "»{permission}« is no permission of programs; known: {}",
                APP_PERMISSIONS.join(", ")
            )));
        }
    }
    if let Some(pem) = &new.certificate {
        public_key(pem)?;
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
        app_permissions: new.app_permissions,
        mailboxes: new.mailboxes,
        certificate: new.certificate,
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
