//! Making, changing and removing accounts: the same functions for the wizard, the page and the command line.

use super::{Ctx, password};
use crate::base::{Error, Kind, Result, random};
use crate::model::{Account, AccountId, AccountKind, AccountState, EmailAddress, Role};
use serde_json::json;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub address: String,
    pub kind: AccountKind,
    /// Empty: the part before the @.
    pub display_name: String,
    /// `de` or `en`.
    pub language: String,
    pub is_admin: bool,
    pub password: NewPassword,
}

/// The password of a new account.
#[derive(Clone, Debug)]
pub enum NewPassword {
    /// Cannot sign in until one is set.
    None,
    Plain(String),
    /// A PHC string that [`password::hash`] made earlier.
    Hash(String),
}

/// What is to change; None stays as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    pub kind: Option<AccountKind>,
    pub display_name: Option<String>,
    pub language: Option<String>,
    pub is_admin: Option<bool>,
    pub state: Option<AccountState>,
    /// Some(None): no limit.
    pub quota_bytes: Option<Option<i64>>,
    pub password: Option<String>,
    /// A PHC string that [`password::hash`] made earlier; counts when there is no `password`.
    pub password_hash: Option<String>,
    pub add_aliases: Vec<String>,
    pub remove_aliases: Vec<String>,
}

/// Checks that an address can be one of ours. Errors: Invalid; NotFound when its domain is not ours.
async fn check_own_address(ctx: &Ctx, address: &str) -> Result<EmailAddress> {
    let address = EmailAddress::parse(address)?;
    let domain = address.domain().to_owned();
    let is_ours = ctx
        .store
        .directory()
        .peek(move |d| Ok(d.domain(&domain)?.is_some()))
        .await?;
    if !is_ours {
        return Err(Error::not_found(format!(
            "{} is not a domain of this server; add it first (hauspost domain add {})",
            address.domain(),
            address.domain()
        )));
    }
    Ok(address)
}

/// Makes an account with its mail folders. Errors: Invalid, Exists, NotFound (the domain), Forbidden.
pub async fn create_account(ctx: &Ctx, new: NewAccount) -> Result<Account> {
    ctx.require_admin()?;
    let address = check_own_address(ctx, &new.address).await?;
    let hash = match new.password {
        NewPassword::Plain(p) => {
            password::check_new(&p)?;
            Some(password::hash(p).await?)
        }
        NewPassword::Hash(hash) => Some(hash),
        NewPassword::None => None,
    };
    let now_ms = ctx.now_ms();
    let display_name = if new.display_name.trim().is_empty() {
        address.local().to_owned()
    } else {
        new.display_name.trim().to_owned()
    };
    let account = Account {
        id: AccountId(0),
        oid: random::uuid(),
        kind: new.kind,
        address: address.key(),
        display_name,
        language: new.language,
        is_admin: new.is_admin,
        state: AccountState::Active,
        sign_in_generation: 0,
        quota_bytes: None,
        created_at_ms: now_ms,
        aliases: Vec::new(),
    };
    let actor = ctx.actor_name().to_owned();
    let account = ctx
        .store
        .directory()
        .write(move |d| {
            let id = d.insert_account(&account)?;
            if let Some(hash) = hash {
                d.put_password(id, &hash, now_ms)?;
            }
            d.note_audit(
                now_ms,
                &actor,
                "account.create",
                &json!({"address": account.address, "kind": account.kind}),
            )?;
            Ok(Account { id, ..account })
        })
        .await?;
    prepare_data(ctx, &account).await?;
    Ok(account)
}

/// Makes the account's file and folders where they are missing.
async fn prepare_data(ctx: &Ctx, account: &Account) -> Result<()> {
    let (store, id) = (ctx.store.clone(), account.id);
    let made = tokio::task::spawn_blocking(move || store.create_account(id)).await;
    made.map_err(|e| Error::internal("making the account was broken off").caused_by(e))??;
    let (language, now_ms) = (account.language.clone(), ctx.now_ms());
    ctx.store
        .account(account.id)?
        .write(move |tx| tx.insert_default_folders(&language, now_ms))
        .await
}

/// Finishes accounts whose making a power cut broke off between directory and data.
pub async fn complete_creations(ctx: &Ctx) -> Result<()> {
    let accounts = ctx.store.directory().read(|d| d.accounts()).await?;
    for account in accounts {
        if !has_inbox(ctx, account.id).await {
            tracing::warn!(
                address = account.address,
                "finishing an account that was not made to the end"
            );
            prepare_data(ctx, &account).await?;
        }
    }
    Ok(())
}

/// The file is made before its folders. One that cannot be read is for doctor, and counts as made.
async fn has_inbox(ctx: &Ctx, id: AccountId) -> bool {
    match ctx.store.account(id) {
        Ok(file) => !file
            .read(|s| s.folder_by_role(Role::Inbox))
            .await
            .is_ok_and(|inbox| inbox.is_none()),
        Err(e) => e.kind() != Kind::NotFound,
    }
}

/// By address or alias. Errors: NotFound.
pub async fn find_account(ctx: &Ctx, address: &str) -> Result<Account> {
    let key = EmailAddress::parse(address)?.key();
    ctx.store
        .directory()
        .peek(move |d| d.account_by_address(&key))
        .await?
        .ok_or_else(|| {
            Error::not_found(format!(
                "there is no account {address}; hauspost account list shows which there are"
            ))
        })
}

pub async fn list_accounts(ctx: &Ctx) -> Result<Vec<Account>> {
    ctx.require_admin()?;
    ctx.store.directory().read(|d| d.accounts()).await
}

/// Errors: Invalid, Exists (an alias), NotFound, Conflict (the last administrator), Forbidden.
pub async fn change_account(ctx: &Ctx, id: AccountId, change: AccountChange) -> Result<Account> {
    ctx.require_admin()?;
    let mut aliases = Vec::new();
    for alias in &change.add_aliases {
        aliases.push(check_own_address(ctx, alias).await?.key());
    }
    let hash = match &change.password {
        Some(p) => {
            password::check_new(p)?;
            Some(password::hash(p.clone()).await?)
        }
        None => change.password_hash,
    };
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let is_own = ctx.account().is_ok_and(|a| a.id == id);
    let changed = ctx
        .store
        .directory()
        .write(move |d| {
            let before = d
                .account(id)?
                .ok_or_else(|| Error::not_found("there is no such account"))?;
            let after = Account {
                kind: change.kind.unwrap_or(before.kind),
                display_name: change.display_name.unwrap_or_else(|| before.display_name.clone()),
                language: change.language.unwrap_or_else(|| before.language.clone()),
                is_admin: change.is_admin.unwrap_or(before.is_admin),
                state: change.state.unwrap_or(before.state),
                quota_bytes: change.quota_bytes.unwrap_or(before.quota_bytes),
                ..before.clone()
            };
            if before.is_admin && before.is_active() && !(after.is_admin && after.is_active()) {
                check_another_admin(&d.accounts()?, id)?;
            }
            d.update_account(&after)?;
            if let Some(hash) = hash {
                super::elsewhere::check_password_is_ours(d, &before)?;
                d.put_password(id, &hash, now_ms)?;
                d.end_sign_ins(id)?;
                // Whoever knew the old one may have made a passkey with it.
                if !is_own {
                    d.remove_passkeys(id, None)?;
                }
            }
            if !after.is_active() {
                d.end_sign_ins(id)?;
                d.end_subscriptions(id, None, now_ms)?;
            }
            for alias in &aliases {
                d.add_alias(id, alias)?;
            }
            for alias in &change.remove_aliases {
                d.remove_alias(id, &alias.to_lowercase())?;
            }
            d.note_audit(
                now_ms,
                &actor,
                "account.change",
                &json!({"address": after.address}),
            )?;
            d.account(id)?
                .ok_or_else(|| Error::internal("the account has vanished"))
        })
        .await?;
    wake_server(ctx);
    Ok(changed)
}

/// A server in another process is to end what has just ended. The change holds whether or not it hears of it.
pub(super) fn wake_server(ctx: &Ctx) {
    if let Err(e) = ctx.store.wake_server() {
        tracing::warn!(error = ?e, "a running server hears of this change late");
    }
}

pub(super) fn check_another_admin(accounts: &[Account], id: AccountId) -> Result<()> {
    if accounts.iter().any(|a| a.id != id && a.is_admin && a.is_active()) {
        return Ok(());
    }
    Err(Error::conflict(
        "this is the last administrator; make another one first",
    ))
}
