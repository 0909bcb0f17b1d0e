//! What the box knows of a person beside what lies in the mailbox: who it is, rights, sign-ins, lines of the log.

use crate::base::clock::rfc3339;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::Account;
use crate::store::directory::credentials::CredentialKind;
use serde_json::{Value, json};

pub(super) async fn about(ctx: &Ctx, account: &Account) -> Result<Value> {
    let (id, a) = (account.id, account.clone());
    ctx.store
        .directory()
        .read(move |d| {
            let name = |of| Ok::<_, Error>(d.account(of)?.map(|a| a.address));
            let mut used_by = Vec::new();
            for (actor, level) in d.accesses(id)? {
                used_by.push(json!({"address": name(actor)?, "level": level.as_str()}));
            }
            let mut uses = Vec::new();
            for (owner, level) in d.mailboxes_open_to(id)? {
                uses.push(json!({"address": name(owner)?, "level": level.as_str()}));
            }
            let mut shares = Vec::new();
            for share in d.shares_of(id)? {
                shares.push(json!({"folder": share.folder.0, "address": name(share.actor)?, "level": share.level.as_str()}));
            }
            let mut received = Vec::new();
            for owner in d.sharing_accounts(id)? {
                for share in d.shares_of(owner)?.into_iter().filter(|s| s.actor == id) {
                    received.push(json!({"folder": share.folder.0, "address": name(owner)?, "level": share.level.as_str()}));
                }
            }
            let collected: Vec<Value> = d
                .collect_sources()?
                .into_iter()
                .filter(|source| source.account_id == id)
                .map(|source| json!({"host": source.server.host, "user": source.server.user, "isEnabled": source.is_enabled}))
                .collect();
            let feeds: Vec<Value> = d
                .feeds_of(id)?
                .into_iter()
                .map(|feed| json!({"folder": feed.folder.0, "address": feed.url}))
                .collect();
            let groups: Vec<Option<String>> = d.groups_of(id)?.into_iter().map(name).collect::<Result<_>>()?;
            Ok(json!({
                "address": a.address, "aliases": a.aliases, "displayName": a.display_name, "language": a.language,
                "kind": a.kind.as_str(), "isAdministrator": a.is_admin, "isActive": a.is_active(),
                "createdAt": rfc3339(a.created_at_ms), "quotaBytes": a.quota_bytes,
                "mailboxUsedBy": used_by, "usesMailboxes": uses, "shares": shares, "sharesReceived": received, "groups": groups,
                "collectsFrom": collected, "readsCalendarsFrom": feeds,
            }))
        })
        .await
}

/// Nothing that anybody could sign in with.
pub(super) async fn sign_ins(ctx: &Ctx, account: &Account) -> Result<Value> {
    let (id, now_ms) = (account.id, ctx.now_ms());
    ctx.store
        .directory()
        .read(move |d| {
            let sessions: Vec<Value> = d
                .sessions_of(id, now_ms)?
                .into_iter()
                .map(|(_, since_ms, until_ms)| json!({"since": rfc3339(since_ms), "until": rfc3339(until_ms)}))
                .collect();
            let passwords: Vec<Value> = d
                .credentials(id)?
                .into_iter()
                .map(|c| json!({"isForDevices": c.kind == CredentialKind::App, "label": c.label, "since": rfc3339(c.created_at_ms)}))
                .collect();
            let mut programs = Vec::new();
            for consent in d.consents_of(id)? {
                let name = d.client(&consent.client_id)?.map(|c| c.name);
                programs.push(json!({
                    "program": name, "permissions": consent.permissions, "since": rfc3339(consent.given_at_ms),
                }));
            }
            let passkeys: Vec<Value> = d
                .passkeys(id)?
                .into_iter()
                .map(|p| json!({"label": p.label, "since": rfc3339(p.created_at_ms), "used": p.used_at_ms.map(rfc3339)}))
                .collect();
            let factor = d.second_factor(id)?.is_some();
            Ok(json!({
                "sessions": sessions, "passwords": passwords, "programs": programs, "hasSecondFactor": factor,
                "passkeys": passkeys,
            }))
        })
        .await
}

/// One line of JSON each.
pub(super) async fn audit_lines(ctx: &Ctx, account: &Account) -> Result<String> {
    let mut addresses = account.aliases.clone();
    addresses.push(account.address.clone());
    let entries = ctx
        .store
        .directory()
        .read(move |d| d.audit_about(&addresses))
        .await?;
    let mut out = String::new();
    for e in entries {
        let line = json!({"at": rfc3339(e.at_ms), "actor": e.actor, "action": e.action, "detail": e.detail});
        out.push_str(&line.to_string());
        out.push('\n');
    }
    Ok(out)
}
