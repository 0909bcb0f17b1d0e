//! Subscriptions of programs: made, renewed, ended; who still may; and when one is to be looked at.

use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::model::AccountId;
use crate::model::share::ShareLevel;
use crate::model::subscription::Subscription;
use std::time::Duration;

/// More than any office's programs need, and no program can fill the directory.
const MOST_OF_A_MAILBOX: i64 = 1000;
/// A look at the clock at least this often: it may have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// Whose subscriptions: those of a person with a program, or of a program by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub actor: Option<AccountId>,
    pub client: Option<String>,
}

impl Owner {
    fn owns(&self, s: &Subscription, now_ms: TimeMs) -> bool {
        self.actor == s.actor && self.client == s.client && !s.is_removed && s.expires_at_ms > now_ms
    }
}

fn missing() -> Error {
    Error::not_found("there is no such subscription; it may have expired")
}

/// Errors: Busy (too many), NotAuthenticated (the program is gone).
pub async fn add_subscription(ctx: &Ctx, subscription: Subscription) -> Result<()> {
    let directory = ctx.store.directory();
    directory
        .write(move |d| d.insert_subscription(&subscription, MOST_OF_A_MAILBOX))
        .await?;
    ctx.store.subscription_bell().notify_one();
    Ok(())
}

pub async fn list_subscriptions(ctx: &Ctx, owner: Owner) -> Result<Vec<Subscription>> {
    let now_ms = ctx.now_ms();
    ctx.store
        .directory()
        .read(move |d| d.subscriptions_of(owner.actor, owner.client.as_deref(), now_ms))
        .await
}

/// Errors: NotFound, also for those of others.
pub async fn find_subscription(ctx: &Ctx, owner: Owner, id: &str) -> Result<Subscription> {
    let (id, now_ms) = (id.to_owned(), ctx.now_ms());
    let found = ctx.store.directory().read(move |d| d.subscription(&id)).await?;
    found.filter(|s| owner.owns(s, now_ms)).ok_or_else(missing)
}

/// Gives it a new end. Errors: NotFound.
pub async fn renew_subscription(
    ctx: &Ctx,
    owner: Owner,
    id: &str,
    expires_at_ms: TimeMs,
) -> Result<Subscription> {
    let (id, now_ms) = (id.to_owned(), ctx.now_ms());
    let renewed = ctx
        .store
        .directory()
        .write(move |d| {
            let found = d.subscription(&id)?.filter(|s| owner.owns(s, now_ms));
            let mut s = found.ok_or_else(missing)?;
            s.expires_at_ms = expires_at_ms;
            s.remind_at_ms = s.lifecycle_url.as_ref().map(|_| remind_at(now_ms, expires_at_ms));
            d.put_subscription(&s)?;
            Ok(s)
        })
        .await?;
    ctx.store.subscription_bell().notify_one();
    Ok(renewed)
}

/// Errors: NotFound.
pub async fn remove_subscription(ctx: &Ctx, owner: Owner, id: &str) -> Result<()> {
    let (id, now_ms) = (id.to_owned(), ctx.now_ms());
    ctx.store
        .directory()
        .write(move |d| {
            let found = d.subscription(&id)?.filter(|s| owner.owns(s, now_ms));
            found.ok_or_else(missing)?;
            d.remove_subscription(&id)
        })
        .await
}

/// When a program is told that its subscription ends soon: early enough to renew it.
pub fn remind_at(now_ms: TimeMs, expires_at_ms: TimeMs) -> TimeMs {
    const LONGEST_MS: TimeMs = 12 * 3600 * 1000;
    expires_at_ms - ((expires_at_ms - now_ms) / 4).min(LONGEST_MS)
}

/// As it is kept. None: it has ended.
pub async fn subscription(ctx: &Ctx, id: &str) -> Result<Option<Subscription>> {
    let id = id.to_owned();
    ctx.store.directory().read(move |d| d.subscription(&id)).await
}

/// Changes it as it is then. Does nothing when it has ended.
pub async fn change_subscription(
    ctx: &Ctx,
    id: &str,
    change: impl FnOnce(&mut Subscription) + Send + 'static,
) -> Result<()> {
    let id = id.to_owned();
    let directory = ctx.store.directory();
    directory
        .write(move |d| match d.subscription(&id)? {
            Some(mut s) => {
                change(&mut s);
                d.put_subscription(&s)
            }
            None => Ok(()),
        })
        .await
}

/// Ends it; the program hears of it where it wants to. One that has ended is forgotten.
pub async fn end_subscription(ctx: &Ctx, id: &str) -> Result<()> {
    let (id, now_ms) = (id.to_owned(), ctx.now_ms());
    let directory = ctx.store.directory();
    directory
        .write(move |d| match d.subscription(&id)? {
            Some(s) => d.end_subscription(s, now_ms),
            None => Ok(()),
        })
        .await
}

/// Forgets it without a word.
pub async fn forget_subscription(ctx: &Ctx, id: &str) -> Result<()> {
    let id = id.to_owned();
    let directory = ctx.store.directory();
    directory.write(move |d| d.remove_subscription(&id)).await
}

/// The object id of the mailbox's owner, as long as whoever asked may still read it and none of them is disabled.
/// `permissions`: any of these, for programs by themselves.
pub async fn may_still_read(
    ctx: &Ctx,
    s: &Subscription,
    permissions: &'static [&'static str],
) -> Result<Option<String>> {
    let (account, folder, actor, client) = (s.account, s.folder, s.actor, s.client.clone());
    ctx.store
        .directory()
        .read(move |d| {
            let Some(owner) = d.account(account)?.filter(|a| a.is_active()) else {
                return Ok(None);
            };
            let may = match (actor, client) {
                (Some(actor), _) if actor == account => true,
                (Some(actor), _) => {
                    let shared = match folder {
                        Some(folder) => d.share_level(account, folder, actor)?,
                        None => None,
                    };
                    d.account(actor)?.is_some_and(|a| a.is_active())
                        && (d.access(account, actor)?.is_some() || shared >= Some(ShareLevel::Read))
                }
                (None, Some(client)) => d.client(&client)?.is_some_and(|c| {
                    c.app_permissions
                        .iter()
                        .any(|p| permissions.contains(&p.as_str()))
                        && c.mailboxes.is_none_or(|m| m.contains(&account))
                }),
                (None, None) => false,
            };
            Ok(may.then_some(owner.oid))
        })
        .await
}

/// One is out of somebody's hands: when it is to be looked at next may have changed.
pub fn note_done(ctx: &Ctx) {
    ctx.store.subscription_bell().notify_one();
}

/// All, for the beginning: what happened before it is not rung again.
pub async fn all_subscriptions(ctx: &Ctx) -> Result<Vec<String>> {
    ctx.store.directory().read(|d| d.all_subscriptions()).await
}

/// Waits until there may be something to tell, and says whom: ids of subscriptions, each once.
/// `looked_at_ms`: when that was done last; what has become due since counts.
pub async fn next_subscriptions(ctx: &Ctx, looked_at_ms: &mut TimeMs) -> Result<Vec<String>> {
    let (now_ms, last_ms) = (ctx.now_ms(), *looked_at_ms);
    let directory = ctx.store.directory();
    let next = directory.peek(move |d| d.next_subscription_due(last_ms)).await?;
    let wait = next.map_or(LONGEST_SLEEP, |at_ms| {
        Duration::from_millis((at_ms - now_ms).max(0) as u64).min(LONGEST_SLEEP)
    });
    tokio::select! {
        () = ctx.store.subscribed_accounts().wait() => {}
        () = ctx.store.subscription_bell().notified() => {}
        () = tokio::time::sleep(wait) => {}
    }
    let changed = ctx.store.subscribed_accounts().take();
    let now_ms = ctx.now_ms();
    *looked_at_ms = now_ms;
    directory
        .read(move |d| {
            let mut all = d.due_subscriptions(now_ms)?;
            for account in changed {
                all.extend(d.subscriptions_to(account)?);
            }
            all.sort();
            all.dedup();
            Ok(all)
        })
        .await
}
