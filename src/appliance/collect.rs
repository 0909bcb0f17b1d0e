//! Mailboxes at providers that mail is collected from: which there are, for whom, and how it goes. The wizard, the page
//! and the command line use the same functions; the collecting itself is the post room's.

use super::setup::check_host;
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use crate::model::collect::{CollectServer, CollectSource, WaitReason};
use crate::model::{AccountId, EmailAddress};
use crate::store::Snapshot;
use crate::store::directory::DirectoryDb;
use crate::store::directory::collect::no_source;
use serde::Serialize;
use serde_json::json;

/// A source as people see it, without its password.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    pub id: i64,
    /// Where messages go; with `split`, those for nobody we know.
    pub account: String,
    #[serde(flatten)]
    pub server: CollectServer,
    pub is_enabled: bool,
    pub last_run_at_ms: Option<TimeMs>,
    /// Null after a good run.
    pub last_error: Option<String>,
    pub waiting: Vec<Waiting>,
}

/// A message that stays at the provider for now.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    pub account: String,
    pub reason: WaitReason,
    pub size_bytes: u64,
    pub since_ms: TimeMs,
    pub unique_id: String,
}

/// What is to change; None stays as it is.
#[derive(Clone, Debug, Default)]
pub struct SourceChange {
    pub account: Option<String>,
    pub password: Option<String>,
    pub keep: Option<bool>,
    pub split: Option<bool>,
    pub is_enabled: Option<bool>,
}

/// Brings host and user into their form. Errors: Invalid.
pub fn check_server(server: &mut CollectServer) -> Result<()> {
    check_host(&mut server.host, server.port, "the mailbox")?;
    if server.user.trim().is_empty() {
        return Err(
            Error::invalid("please give the user name of the mailbox; mostly that is its address")
                .with_reason("ServerUserMissing", &[]),
        );
    }
    Ok(())
}

/// Errors: Invalid.
pub fn check_password(password: &str) -> Result<()> {
    match password {
        "" => Err(Error::invalid("please give the password of the mailbox")
            .with_reason("ServerPasswordMissing", &[])),
        p if p.contains(['\r', '\n']) => {
            Err(Error::invalid("the password of the mailbox is one line")
                .with_reason("ServerPasswordLines", &[]))
        }
        _ => Ok(()),
    }
}

/// By id. Errors: Forbidden.
pub async fn list_sources(ctx: &Ctx) -> Result<Vec<Source>> {
    ctx.require_admin()?;
    ctx.store
        .directory()
        .read(|d| d.collect_sources()?.into_iter().map(|s| describe(d, s)).collect())
        .await
}

/// Errors: NotFound, Forbidden.
pub async fn find_source(ctx: &Ctx, id: i64) -> Result<Source> {
    let all = list_sources(ctx).await?;
    all.into_iter().find(|s| s.id == id).ok_or_else(|| no_source(id))
}

/// With its password, for who is to collect. Errors: NotFound, Forbidden.
pub async fn open_source(ctx: &Ctx, id: i64) -> Result<CollectSource> {
    ctx.require_admin()?;
    ctx.store.directory().read(move |d| source(d, id)).await
}

fn source(d: &Snapshot<'_, DirectoryDb>, id: i64) -> Result<CollectSource> {
    let all = d.collect_sources()?;
    all.into_iter().find(|s| s.id == id).ok_or_else(|| no_source(id))
}

fn describe(d: &Snapshot<'_, DirectoryDb>, source: CollectSource) -> Result<Source> {
    let address = |id: AccountId| Ok::<_, Error>(d.account(id)?.map(|a| a.address).unwrap_or_default());
    let mut waiting = Vec::new();
    for w in d.collect_waiting(source.id)? {
        waiting.push(Waiting {
            account: address(w.account_id)?,
            reason: w.reason,
            size_bytes: w.size_bytes,
            since_ms: w.since_ms,
            unique_id: w.unique_id,
        });
    }
    Ok(Source {
        id: source.id,
        account: address(source.account_id)?,
        server: source.server,
        is_enabled: source.is_enabled,
        last_run_at_ms: source.last_run_at_ms,
        last_error: source.last_error,
        waiting,
    })
}

/// Adds a source, or changes the one of the same account, host and user. Returns it, and whether it is new.
/// Errors: Invalid, NotFound (the account), Forbidden.
pub async fn put_source(ctx: &Ctx, account: &str, mut server: CollectServer) -> Result<(Source, bool)> {
    ctx.require_admin()?;
    check_server(&mut server)?;
    check_password(&server.password)?;
    let address = EmailAddress::parse(account)?.key();
    let account = find_account(ctx, &address).await?.id;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let (id, is_new) = ctx
        .store
        .directory()
        .write(move |d| {
            let put = d.put_collect_source(account, &server)?;
            let detail = json!({"account": address, "host": server.host, "user": server.user});
            d.note_audit(now_ms, &actor, "collect.put", &detail)?;
            Ok(put)
        })
        .await?;
    ctx.store.wake_server()?;
    Ok((find_source(ctx, id).await?, is_new))
}

/// Errors: Invalid, NotFound (the source, the account), Forbidden.
pub async fn change_source(ctx: &Ctx, id: i64, change: SourceChange) -> Result<Source> {
    ctx.require_admin()?;
    if let Some(password) = &change.password {
        check_password(password)?;
    }
    let account = match &change.account {
        Some(address) => Some(find_account(ctx, address).await?.id),
        None => None,
    };
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            let mut s = source(d, id)?;
            s.account_id = account.unwrap_or(s.account_id);
            s.server.keep = change.keep.unwrap_or(s.server.keep);
            s.server.split = change.split.unwrap_or(s.server.split);
            s.is_enabled = change.is_enabled.unwrap_or(s.is_enabled);
            if let Some(password) = change.password {
                s.server.password = password;
            }
            d.update_collect_source(&s)?;
            d.note_audit(now_ms, &actor, "collect.change", &json!({"id": id}))
        })
        .await?;
    ctx.store.wake_server()?;
    find_source(ctx, id).await
}

/// What was collected stays here, what is at the provider stays there. Errors: NotFound, Forbidden.
pub async fn remove_source(ctx: &Ctx, id: i64) -> Result<Source> {
    let source = find_source(ctx, id).await?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            d.remove_collect_source(id)?;
            d.note_audit(now_ms, &actor, "collect.remove", &json!({"id": id}))
        })
        .await?;
    ctx.store.wake_server()?;
    Ok(source)
}

/// Asks the running server to collect at once. Returns when that was asked; the source's last run rises past it.
/// Errors: NotFound, Forbidden.
pub async fn request_run(ctx: &Ctx, id: i64) -> Result<TimeMs> {
    ctx.require_admin()?;
    let now_ms = ctx.now_ms();
    ctx.store
        .directory()
        .write(move |d| d.request_collect_run(id, now_ms))
        .await?;
    ctx.store.wake_server()?;
    Ok(now_ms)
}
