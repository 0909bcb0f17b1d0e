//! How mail leaves the office, once it is set up: for the page. The wizard asks the same and checks it here.

use super::setup::check_host;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::outbound::{Outbound, Smarthost};
use serde_json::json;

const SETTING: &str = "outbound";

/// Brings what was typed into its form; an empty password with a user name means: as before. Errors: Invalid.
pub fn complete(outbound: &mut Outbound, before: Option<Outbound>) -> Result<()> {
    let Outbound::Smarthost { smarthost } = outbound else {
        return Ok(());
    };
    check_host(&mut smarthost.host, smarthost.port, "the provider's server")?;
    if let Some(Outbound::Smarthost { smarthost: before }) = before {
        take_password(smarthost, before);
    }
    if !smarthost.user.is_empty() && smarthost.password.is_empty() {
        return Err(
            Error::invalid("please give the password for the provider's server")
                .with_reason("ServerPasswordMissing", &[]),
        );
    }
    Ok(())
}

/// The password that is known, where none was typed.
fn take_password(smarthost: &mut Smarthost, before: Smarthost) {
    if smarthost.password.is_empty() {
        smarthost.password = before.password;
    }
}

/// With its password, for who connects. Errors: Forbidden.
pub async fn get_outbound(ctx: &Ctx) -> Result<Outbound> {
    ctx.require_admin()?;
    let stored = ctx.store.directory().read(|d| d.setting(SETTING)).await?;
    Ok(stored.unwrap_or_default())
}

/// Mail that waits is tried the new way at once. Errors: Invalid, Forbidden.
pub async fn put_outbound(ctx: &Ctx, mut outbound: Outbound) -> Result<Outbound> {
    let before = get_outbound(ctx).await?;
    complete(&mut outbound, Some(before))?;
    let (now_ms, actor, stored) = (ctx.now_ms(), ctx.actor_name().to_owned(), outbound.clone());
    ctx.store
        .directory()
        .write(move |d| {
            d.put_setting(SETTING, &stored)?;
            let detail = match &stored {
                Outbound::Smarthost { smarthost: s } => {
                    json!({"mode": "smarthost", "host": s.host, "user": s.user})
                }
                Outbound::Direct => json!({"mode": "direct"}),
                Outbound::Later => json!({"mode": "later"}),
            };
            d.note_audit(now_ms, &actor, "outbound.put", &detail)
        })
        .await?;
    ctx.store.wake_server()?;
    Ok(outbound)
}
