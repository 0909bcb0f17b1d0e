//! `/api/admin/overview`: how the box is, in numbers from which the page makes its list of open points; and
//! `/api/admin/audit`: who changed what; `/api/admin/log`: what the server said lately.

use super::{Answer, certificate, delivery};
use crate::appliance::collect::list_sources;
use crate::appliance::health::{check_health, free_bytes};
use crate::appliance::outbound::get_outbound;
use crate::appliance::setup::office;
use crate::backup;
use crate::base::clock::rfc3339;
use crate::base::log::{Level, newest};
use crate::base::{Error, TimeMs};
use crate::delivery::queue_admin;
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::identity::audit::{MOST, list_audit};
use crate::identity::domains::list_domains;
use crate::mail::quota::get_usage;
use crate::model::{Account, AccountKind};
use crate::protocols::http::auth::house;
use crate::protocols::web_api::private::private;
use crate::protocols::web_api::session::administrator;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

/// What waits longer than this is stuck.
const STUCK_MS: TimeMs = 3600 * 1000;
/// A mailbox with less room left than a tenth is nearly full.
const NEARLY_FULL: (i64, i64) = (9, 10);

pub async fn show(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let house = house(&request)?;
    let accounts = list_accounts(&ctx).await?;
    let count = |kind: AccountKind| accounts.iter().filter(|a| a.kind == kind).count();
    let (used_bytes, full) = usage(&ctx, &accounts).await;
    let trouble = check_health(&ctx).await.err().map(|e| e.message().to_owned());
    let sources = list_sources(&ctx).await?;
    let failing: Vec<Value> = sources
        .iter()
        .filter(|s| s.is_enabled)
        .filter_map(|s| Some(json!({"id": s.id, "user": s.server.user, "error": s.last_error.clone()?})))
        .collect();
    let domains: Vec<String> = list_domains(&ctx).await?.into_iter().map(|d| d.name).collect();
    Ok(HttpResponse::Ok().json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "officeName": office(&ctx).await?.map(|o| o.name),
        "hostName": house.post_room.options.host_name,
        "now": rfc3339(ctx.now_ms()),
        "trouble": trouble,
        "freeBytes": free_bytes(&ctx).await.ok(),
        "usedBytes": used_bytes,
        "accounts": {
            "person": count(AccountKind::Person), "group": count(AccountKind::Group), "shared": count(AccountKind::Shared),
            "room": count(AccountKind::Room), "equipment": count(AccountKind::Equipment),
        },
        "fullMailboxes": full,
        "domains": domains,
        "outbound": delivery::view(&get_outbound(&ctx).await?)["mode"],
        "queue": queue(&ctx).await?,
        "collect": {"count": sources.len(), "failing": failing},
        "backups": backups(&ctx).await?,
        "certificate": certificate::overview(&ctx, &house.tls).await?,
    })))
}

/// Bytes of all mailboxes, and the addresses of those that are nearly full.
async fn usage(ctx: &Ctx, accounts: &[Account]) -> (i64, Vec<String>) {
    let (mut all, mut full) = (0, Vec::new());
    for account in accounts {
        let Ok(usage) = get_usage(&ctx.as_system(), account.id).await else {
            continue;
        };
        all += usage.used_bytes;
        let (of, tenths) = NEARLY_FULL;
        if usage
            .limit_bytes
            .is_some_and(|limit| usage.used_bytes > limit / tenths * of)
        {
            full.push(account.address.clone());
        }
    }
    (all, full)
}

async fn queue(ctx: &Ctx) -> crate::base::Result<Value> {
    let all = queue_admin::list(ctx).await?;
    let before = ctx.now_ms() - STUCK_MS;
    Ok(json!({
        "count": all.len(),
        "stuck": all.iter().filter(|q| q.created_at_ms < before).count(),
        "oldestAt": all.iter().map(|q| q.created_at_ms).min().map(rfc3339),
    }))
}

async fn backups(ctx: &Ctx) -> crate::base::Result<Value> {
    let all = backup::status(ctx).await?;
    Ok(json!({
        "count": all.len(),
        "lastDoneAt": all.iter().filter_map(|(_, s)| s.last_done_at_ms).max().map(rfc3339),
        "failing": all
            .iter()
            .filter_map(|(t, s)| Some(json!({"folder": t.place, "error": s.last_error.clone()?})))
            .collect::<Vec<_>>(),
    }))
}

#[derive(Deserialize)]
pub struct Searched {
    level: Option<String>,
    #[serde(default)]
    text: String,
}

/// The last lines of the log, newest first.
pub async fn log(request: HttpRequest, wanted: Query<Searched>) -> Answer {
    administrator(&request).await?;
    let least = wanted.level.as_deref().map_or(Some(Level::Info), Level::of_name);
    let least = least.ok_or_else(|| Error::invalid("»level« is error, warn, info or debug"))?;
    let lines: Vec<Value> = newest(least, &wanted.text)
        .into_iter()
        .map(|l| json!({"at": rfc3339(l.at_ms), "level": l.level.name(), "text": l.text}))
        .collect();
    Ok(private(json!({"lines": lines})))
}

#[derive(Deserialize)]
pub struct Wanted {
    top: Option<usize>,
}

pub async fn audit(request: HttpRequest, wanted: Query<Wanted>) -> Answer {
    let ctx = administrator(&request).await?;
    let all = list_audit(&ctx, wanted.top.unwrap_or(MOST)).await?;
    let shown: Vec<Value> = all
        .iter()
        .map(|e| json!({"at": rfc3339(e.at_ms), "actor": e.actor, "action": e.action, "detail": e.detail}))
        .collect();
    Ok(HttpResponse::Ok().json(json!({"entries": shown})))
}
