//! How the directory is asked: kept, shown, taken away.

use crate::base::{Error, Result, TimeMs};
use crate::formats::ldap::filter;
use crate::identity::Ctx;
use crate::model::directory::{LDAP_SETTING as SETTING, LdapSettings, Source, SyncReport};
use serde::{Deserialize, Serialize};
use serde_json::json;

const STATE: &str = "ldap.state";

/// How the last comparison went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastSync {
    pub at_ms: TimeMs,
    /// None when it went well.
    pub error: Option<String>,
    /// Of the last that went well.
    pub report: SyncReport,
}

/// With its password, for who connects. None: people are kept here alone. Errors: Forbidden.
pub async fn get_ldap(ctx: &Ctx) -> Result<Option<LdapSettings>> {
    ctx.require_admin()?;
    ctx.store.directory().peek(|d| d.setting(SETTING)).await
}

/// Errors: NotFound; Forbidden.
pub async fn require_ldap(ctx: &Ctx) -> Result<LdapSettings> {
    get_ldap(ctx).await?.ok_or_else(|| {
        Error::not_found("no LDAP directory is set up; name one with: hauspost directory ldap set")
    })
}

/// Errors: Invalid, with what is wrong; Forbidden.
pub async fn put_ldap(ctx: &Ctx, mut settings: LdapSettings) -> Result<()> {
    ctx.require_admin()?;
    check(&mut settings)?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            d.put_setting(SETTING, &settings)?;
            let detail = json!({"host": settings.host, "base": settings.base, "as": settings.bind_dn});
            d.note_audit(now_ms, &actor, "ldap.put", &detail)
        })
        .await?;
    ctx.store.wake_server()
}

fn check(settings: &mut LdapSettings) -> Result<()> {
    if settings.base.trim().is_empty() {
        return Err(Error::invalid(
            "where the people are is missing; write --base dc=example,dc=org",
        ));
    }
    filter::encode(&settings.person_filter)?;
    if !settings.group_filter.is_empty() {
        filter::encode(&settings.group_filter)?;
    }
    let a = &settings.attributes;
    for (what, name) in [("--id-attribute", &a.id), ("--mail-attribute", &a.mail)] {
        if name.is_empty() {
            return Err(Error::invalid(format!(
                "{what} names an attribute; it cannot be empty"
            )));
        }
    }
    let named = [&a.id, &a.mail, &a.aliases, &a.name, &a.members, &a.member_id];
    let is_name = |n: &str| {
        n.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    };
    if let Some(wrong) = named.into_iter().find(|n| !is_name(n)) {
        return Err(Error::invalid(format!("»{wrong}« is no name of an attribute")));
    }
    if !settings.bind_dn.is_empty() && settings.bind_password.is_empty() {
        return Err(Error::invalid(format!(
            "{} needs its password: give --password-stdin or --password-file",
            settings.bind_dn
        )));
    }
    Ok(())
}

/// Accounts that came from there stay, each on its own; returns how many. They have no password here until one is set.
/// Errors: NotFound; Forbidden.
pub async fn remove_ldap(ctx: &Ctx) -> Result<usize> {
    let settings = require_ldap(ctx).await?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let count = ctx
        .store
        .directory()
        .write(move |d| {
            d.remove_setting(SETTING)?;
            d.remove_setting(STATE)?;
            let count = d.remove_outside_links(Source::Ldap)?;
            d.note_audit(
                now_ms,
                &actor,
                "ldap.remove",
                &json!({"host": settings.host, "accounts": count}),
            )?;
            Ok(count)
        })
        .await?;
    ctx.store.wake_server()?;
    Ok(count)
}

/// None: not yet. Errors: Forbidden.
pub async fn last_sync(ctx: &Ctx) -> Result<Option<LastSync>> {
    ctx.require_admin()?;
    ctx.store.directory().peek(|d| d.setting(STATE)).await
}

pub(super) async fn note_sync(ctx: &Ctx, outcome: &Result<SyncReport>) -> Result<()> {
    let before = last_sync(ctx).await?.unwrap_or_default();
    let state = match outcome {
        Ok(report) => LastSync {
            at_ms: ctx.now_ms(),
            error: None,
            report: report.clone(),
        },
        Err(e) => LastSync {
            at_ms: ctx.now_ms(),
            error: Some(e.message().to_owned()),
            ..before
        },
    };
    ctx.store
        .directory()
        .write(move |d| d.put_setting(STATE, &state))
        .await
}
