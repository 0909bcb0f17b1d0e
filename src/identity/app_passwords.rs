//! Passwords for single devices and programs: made by us, shown once, taken back one by one. They open no page and give no tokens.

use super::accounts::wake_server;
use super::{Ctx, password, second_factor::typed_secret};
use crate::base::{Error, Result, TimeMs};
use crate::store::directory::credentials::CredentialKind;
use serde_json::json;

/// Each is tried at a sign-in that fits none before it.
const MOST: usize = 20;
const MAX_LABEL: usize = 100;

#[derive(Clone, Debug)]
pub struct AppPassword {
    pub id: i64,
    pub label: String,
    pub created_at_ms: TimeMs,
}

/// One's own. Errors: NotAuthenticated.
pub async fn list_app_passwords(ctx: &Ctx) -> Result<Vec<AppPassword>> {
    let account = ctx.account()?.id;
    let all = ctx
        .store
        .directory()
        .read(move |d| d.credentials(account))
        .await?;
    let apps = all.into_iter().filter(|c| c.kind == CredentialKind::App);
    let view = |c: crate::store::directory::credentials::Credential| AppPassword {
        id: c.id,
        label: c.label,
        created_at_ms: c.created_at_ms,
    };
    Ok(apps.map(view).collect())
}

/// Returns it, this once. `label`: for which device. Errors: Invalid.
pub async fn create_app_password(ctx: &Ctx, label: &str) -> Result<String> {
    let label = label.trim().to_owned();
    if label.is_empty() || label.len() > MAX_LABEL {
        return Err(Error::invalid(format!(
            "say for which device it is, in up to {MAX_LABEL} bytes"
        )));
    }
    if list_app_passwords(ctx).await?.len() >= MOST {
        return Err(Error::invalid(format!(
            "there are {MOST} app passwords already; remove one that is not used"
        )));
    }
    let made = typed_secret().to_ascii_lowercase();
    let hash = password::hash(made.clone()).await?;
    let account = ctx.account()?.clone();
    let now_ms = ctx.now_ms();
    ctx.store
        .directory()
        .write(move |d| {
            d.insert_credential(account.id, CredentialKind::App, &label, &hash, now_ms)?;
            let detail = json!({"account": account.address, "label": label});
            d.note_audit(now_ms, &account.address, "app-password.add", &detail)
        })
        .await?;
    Ok(made)
}

/// Everything that is signed in with the account is out: which of the connections it was that used this one, nobody notes.
/// Errors: NotFound.
pub async fn remove_app_password(ctx: &Ctx, id: i64) -> Result<()> {
    let account = ctx.account()?.clone();
    let now_ms = ctx.now_ms();
    ctx.store
        .directory()
        .write(move |d| {
            let all = d.credentials(account.id)?;
            if !all.iter().any(|c| c.id == id && c.kind == CredentialKind::App) {
                return Err(Error::not_found("there is no such app password"));
            }
            d.remove_credential(account.id, id)?;
            d.end_sign_ins(account.id)?;
            let detail = json!({"account": account.address});
            d.note_audit(now_ms, &account.address, "app-password.remove", &detail)
        })
        .await?;
    wake_server(ctx);
    Ok(())
}
