//! What people have agreed to that programs may do for them, and what programs may do that an administrator trusts.

use super::accounts::find_account;
use super::accounts::wake_server;
use super::clients::Client;
use super::{Ctx, Doorkeeper};
use crate::base::{Error, Result, TimeMs};
use crate::model::{Account, AccountId};
pub use crate::store::directory::consents::{Consent, Standing};
use serde_json::json;

/// What every program gets that may sign somebody in.
const FREE: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Whether `granted` is enough for `asked`: who may write may read, and what others share is no further permission
/// here (`.Shared`). Case does not matter.
pub fn covers<'g>(granted: impl IntoIterator<Item = &'g str>, asked: &str) -> bool {
    let bare = |text: &'_ str| text.strip_suffix(".Shared").unwrap_or(text).to_ascii_lowercase();
    let asked = bare(asked);
    let wider = asked
        .strip_suffix(".read")
        .map(|start| format!("{start}.readwrite"));
    granted.into_iter().any(|g| {
        let granted = bare(g);
        granted == asked || wider.as_ref() == Some(&granted)
    })
}

/// Whether the registration lets the program ask people for this.
pub fn may_ask_for(limit: Option<&[String]>, asked: &str) -> bool {
    match limit {
        None => true,
        Some(limit) => FREE.contains(&asked) || covers(limit.iter().map(String::as_str), asked),
    }
}

/// A program that somebody has agreed to, with its name.
#[derive(Clone, Debug)]
pub struct Agreed {
    pub client: Client,
    pub permissions: Vec<String>,
    pub given_at_ms: TimeMs,
}

impl Doorkeeper {
    /// Whether the person has to be asked before the program may do all of this.
    pub async fn has_to_ask(&self, client: &Client, account: AccountId, permissions: &str) -> Result<bool> {
        if client.is_trusted {
            return Ok(false);
        }
        let id = client.id.clone();
        let standing = self
            .store
            .directory()
            .peek(move |d| d.standing(&id, account))
            .await?;
        let agreed = standing.and_then(|s| s.agreed);
        Ok(match agreed {
            None => true,
            Some(agreed) => permissions
                .split_ascii_whitespace()
                .any(|p| !covers(agreed.iter().map(String::as_str), p)),
        })
    }

    /// Notes that the person agrees, beside what they have agreed to before.
    pub async fn agree(&self, client: &str, account: AccountId, permissions: &str) -> Result<()> {
        let (client, now_ms) = (client.to_owned(), self.store.clock().now_ms());
        let more: Vec<String> = permissions.split_ascii_whitespace().map(str::to_owned).collect();
        self.store
            .directory()
            .write(move |d| {
                let before = d
                    .standing(&client, account)?
                    .ok_or_else(|| no_such_app(&client))?;
                let mut permissions = before.agreed.unwrap_or_default();
                for p in more {
                    if !permissions.contains(&p) {
                        permissions.push(p);
                    }
                }
                let consent = Consent {
                    account_id: account,
                    client_id: client,
                    permissions,
                    given_at_ms: now_ms,
                };
                d.put_consent(&consent)?;
                let who = d.account(account)?.map(|a| a.address).unwrap_or_default();
                let detail = json!({"clientId": consent.client_id, "permissions": consent.permissions});
                d.note_audit(now_ms, &who, "app.agree", &detail)
            })
            .await
    }
}

fn no_such_app(id: &str) -> Error {
    Error::not_found(format!(
        "there is no app {id}; hauspost app list shows which there are"
    ))
}

/// The programs that the signed-in person has agreed to. Errors: NotAuthenticated.
pub async fn list_agreed(ctx: &Ctx) -> Result<Vec<Agreed>> {
    let me = ctx.account()?.id;
    ctx.store
        .directory()
        .read(move |d| {
            let mut out = Vec::new();
            for c in d.consents_of(me)? {
                out.extend(d.client(&c.client_id)?.map(|client| Agreed {
                    client,
                    permissions: c.permissions,
                    given_at_ms: c.given_at_ms,
                }));
            }
            Ok(out)
        })
        .await
}

/// Who has agreed to a program. Errors: Forbidden, NotFound.
pub async fn list_agreeing(ctx: &Ctx, client: &str) -> Result<Vec<(Account, Consent)>> {
    ctx.require_admin()?;
    let client = client.to_owned();
    ctx.store
        .directory()
        .read(move |d| {
            d.client(&client)?.ok_or_else(|| no_such_app(&client))?;
            let mut out = Vec::new();
            for c in d.consents_to(&client)? {
                out.extend(d.account(c.account_id)?.map(|a| (a, c)));
            }
            Ok(out)
        })
        .await
}

/// The signed-in person takes their agreement back: the program is out within a second.
/// Errors: NotAuthenticated; NotFound, where there is nothing to take back.
pub async fn withdraw(ctx: &Ctx, client: &str) -> Result<()> {
    let me = ctx.account()?.clone();
    end(ctx, &me, client).await
}

/// The same for somebody else. Errors: Forbidden, NotFound.
pub async fn withdraw_for(ctx: &Ctx, address: &str, client: &str) -> Result<()> {
    ctx.require_admin()?;
    let account = find_account(ctx, address).await?;
    end(ctx, &account, client).await
}

async fn end(ctx: &Ctx, account: &Account, client: &str) -> Result<()> {
    let (id, address, client) = (account.id, account.address.clone(), client.to_owned());
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            if !d.end_consent(id, &client, now_ms)? {
                return Err(Error::not_found(format!(
                    "{address} has agreed to nothing that the app {client} could do"
                )));
            }
            let detail = json!({"clientId": client, "who": address});
            d.note_audit(now_ms, &actor, "app.withdraw", &detail)
        })
        .await?;
    wake_server(ctx);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_may_read_and_limits_leave_signing_in() {
        assert!(covers(["mail.readwrite"], "Mail.Read") && !covers(["Mail.Read"], "Mail.ReadWrite"));
        let limit = ["Mail.Read".to_owned()];
        assert!(may_ask_for(Some(&limit), "openid") && may_ask_for(None, "Mail.Send"));
        assert!(may_ask_for(Some(&limit), "Mail.Read") && !may_ask_for(Some(&limit), "Mail.Send"));
    }
}
