//! Programs that may ask for tokens (app registrations): finding them. `registration.rs` makes and changes them.

use super::{Ctx, Doorkeeper};
use crate::base::{Result, TimeMs};
pub use crate::store::directory::oauth::Client;

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
    make_built_in(ctx).await?;
    ctx.store.directory().peek(move |d| d.client(&id)).await
}

/// Once, before anybody looks at them or takes them away.
pub(super) async fn make_built_in(ctx: &Ctx) -> Result<()> {
    let directory = ctx.store.directory();
    if directory.peek(|d| d.setting::<bool>(BUILT_IN_DONE)).await? == Some(true) {
        return Ok(());
    }
    let now_ms = ctx.now_ms();
    directory
        .write(move |d| {
            if d.setting::<bool>(BUILT_IN_DONE)? == Some(true) {
                return Ok(());
            }
            for (id, name) in BUILT_IN {
                if d.client(id)?.is_none() {
                    d.put_client(&Client {
                        name: name.to_owned(),
                        redirect_uris: BUILT_IN_REDIRECTS.map(str::to_owned).to_vec(),
                        ..blank(id, now_ms)
                    })?;
                }
            }
            d.put_setting(BUILT_IN_DONE, &true)
        })
        .await
}

/// A registration that allows nothing yet.
pub fn blank(id: &str, now_ms: TimeMs) -> Client {
    Client {
        id: id.to_owned(),
        name: String::new(),
        secret_hash: None,
        redirect_uris: Vec::new(),
        allow_password_grant: false,
        app_permissions: Vec::new(),
        mailboxes: Some(Vec::new()),
        certificate: None,
        created_at_ms: now_ms,
        permissions: None,
        is_trusted: false,
        repeats_assertions: false,
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

/// What programs may ask people for, and what `.default` is where the registration sets no limit.
/// Microsoft's spelling of those that mean something here.
pub const PERMISSIONS: [&str; 23] = [
    "openid",
    "profile",
    "email",
    "groups",
    "User.Read",
    "User.ReadWrite",
    "User.ReadBasic.All",
    "People.Read",
    "GroupMember.Read.All",
    "Mail.Read",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Contacts.Read",
    "Contacts.ReadWrite",
    "Tasks.Read",
    "Tasks.ReadWrite",
    "Place.Read.All",
    "IMAP.AccessAsUser.All",
    "SMTP.Send",
];

/// What programs may be allowed to do without a person.
pub const APP_PERMISSIONS: [&str; 15] = [
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Contacts.Read",
    "Contacts.ReadWrite",
    "GroupMember.Read.All",
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

/// All registered programs, those that every installation knows among them.
pub async fn list_clients(ctx: &Ctx) -> Result<Vec<Client>> {
    make_built_in(ctx).await?;
    ctx.store.directory().read(|d| d.clients()).await
}
