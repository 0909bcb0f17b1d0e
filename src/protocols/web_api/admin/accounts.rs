//! `/api/admin/accounts`: people, groups, shared mailboxes, rooms and equipment.

use super::{Answer, access, members, named, no_content, resource};
use crate::appliance::setup::check_language;
use crate::base::clock::rfc3339;
use crate::base::{Error, Kind, Result};
use crate::calendar::resource::get_resource;
use crate::identity::Ctx;
use crate::identity::access::{list_access, set_access};
use crate::identity::accounts::{
    AccountChange, NewAccount, NewPassword, change_account, create_account, find_account, list_accounts,
};
use crate::identity::removal::remove_account;
use crate::identity::second_factor::{has_second_factor, reset_second_factor};
use crate::identity::shares::{list_members, set_member};
use crate::mail::quota::get_usage;
use crate::model::access::AccessLevel;
use crate::model::{Account, AccountKind, AccountState};
use crate::protocols::web_api::error::{ApiError, AtField};
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(list))
                .route(web::post().to(add)),
        )
        .service(
            web::resource("/{address}")
                .route(web::get().to(get))
                .route(web::patch().to(change))
                .route(web::delete().to(remove)),
        )
        .route("/{address}/second-factor", web::delete().to(reset))
        .configure(members::configure)
        .configure(access::configure)
        .configure(resource::configure);
}

#[derive(Deserialize)]
struct Wanted {
    kind: Option<String>,
}

/// As the page shows an account; how full it is, null where nobody can tell.
async fn view(ctx: &Ctx, account: &Account) -> Result<Value> {
    let usage = get_usage(&ctx.as_system(), account.id).await.ok();
    let mut out = json!({
        "address": account.address,
        "name": account.display_name,
        "kind": account.kind,
        "language": account.language,
        "isAdmin": account.is_admin,
        "isActive": account.is_active(),
        "aliases": account.aliases,
        "quotaBytes": account.quota_bytes,
        "usedBytes": usage.map(|u| u.used_bytes),
        "createdAt": rfc3339(account.created_at_ms),
    });
    match account.kind {
        AccountKind::Group => {
            let all = list_members(ctx, account).await?;
            out["members"] = all
                .iter()
                .map(|m| json!({"address": m.address, "name": m.display_name}))
                .collect();
        }
        AccountKind::Shared => out["access"] = access::view(&list_access(ctx, &account.address).await?),
        AccountKind::Room | AccountKind::Equipment => {
            let about = get_resource(ctx, account).await?;
            out["resource"] = about.as_ref().map(resource::view).into();
        }
        AccountKind::Person => out["hasSecondFactor"] = has_second_factor(ctx, account.id).await?.into(),
    }
    Ok(out)
}

async fn list(request: HttpRequest, wanted: Query<Wanted>) -> Answer {
    let ctx = administrator(&request).await?;
    let mut all = list_accounts(&ctx).await?;
    if let Some(kinds) = &wanted.kind {
        let kinds: Vec<AccountKind> = kinds
            .split(',')
            .map(AccountKind::parse)
            .collect::<Result<_>>()
            .at("kind")?;
        all.retain(|a| kinds.contains(&a.kind));
    }
    all.sort_by_key(|a| a.display_name.to_lowercase());
    let mut out = Vec::with_capacity(all.len());
    for account in &all {
        out.push(view(&ctx, account).await?);
    }
    Ok(HttpResponse::Ok().json(json!({"accounts": out})))
}

/// An account to be made, with those who belong to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    kind: String,
    address: String,
    #[serde(default)]
    name: String,
    language: Option<String>,
    #[serde(default)]
    is_admin: bool,
    password: Option<String>,
    /// Addresses: who is in the group.
    #[serde(default)]
    members: Vec<String>,
    /// Who may use the shared mailbox.
    #[serde(default)]
    access: Vec<NewAccess>,
}

#[derive(Deserialize)]
struct NewAccess {
    address: String,
    level: String,
}

async fn add(request: HttpRequest, body: Json<New>) -> Answer {
    let ctx = administrator(&request).await?;
    let body = body.into_inner();
    let kind = AccountKind::parse(&body.kind).at("kind")?;
    // Looked at before anything is made, so that a slip leaves nothing half done.
    for member in &body.members {
        find_account(&ctx, member).await.at("members")?;
    }
    let mut let_in = Vec::with_capacity(body.access.len());
    for one in &body.access {
        find_account(&ctx, &one.address).await.at("access")?;
        let_in.push((&one.address, AccessLevel::parse(&one.level).at("access")?));
    }
    let language = match &body.language {
        Some(language) => check_language(language).at("language")?,
        None => ctx.account()?.language.clone(),
    };
    let password = body.password.filter(|p| !p.is_empty());
    if let Some(password) = &password {
        crate::identity::password::check_new(password).at("password")?;
    }
    let new = NewAccount {
        address: body.address,
        kind,
        display_name: body.name,
        language,
        is_admin: body.is_admin && kind == AccountKind::Person,
        password: password.map_or(NewPassword::None, NewPassword::Plain),
    };
    let account = create_account(&ctx, new).await.at("address")?;
    for member in &body.members {
        set_member(&ctx, &account.address, member, true)
            .await
            .at("members")?;
    }
    for (who, level) in let_in {
        set_access(&ctx, &account.address, who, Some(level))
            .await
            .at("access")?;
    }
    Ok(HttpResponse::Created().json(view(&ctx, &account).await?))
}

async fn get(request: HttpRequest, address: Path<String>) -> Answer {
    let ctx = administrator(&request).await?;
    let account = find_account(&ctx, &address).await?;
    Ok(HttpResponse::Ok().json(view(&ctx, &account).await?))
}

/// What is absent stays as it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    name: Option<String>,
    language: Option<String>,
    is_admin: Option<bool>,
    is_active: Option<bool>,
    password: Option<String>,
    /// The whole list.
    aliases: Option<Vec<String>>,
    /// Null: no limit.
    #[serde(default, deserialize_with = "named")]
    quota_bytes: Option<Option<i64>>,
}

impl Change {
    fn read(self, before: &Account) -> Result<AccountChange, ApiError> {
        if self.name.as_ref().is_some_and(|n| n.trim().is_empty()) {
            return Err(Error::invalid("please give a name")).at("name");
        }
        if self.quota_bytes.flatten().is_some_and(|n| n < 1) {
            return Err(Error::invalid("a limit is a number of bytes above 0")).at("quotaBytes");
        }
        if let Some(password) = &self.password {
            crate::identity::password::check_new(password).at("password")?;
        }
        let aliases = self
            .aliases
            .map(|all| all.iter().map(|a| a.trim().to_lowercase()).collect::<Vec<_>>());
        let (add_aliases, remove_aliases) = match aliases {
            None => (Vec::new(), Vec::new()),
            Some(wanted) => (
                wanted
                    .iter()
                    .filter(|a| !before.aliases.contains(a))
                    .cloned()
                    .collect(),
                before
                    .aliases
                    .iter()
                    .filter(|a| !wanted.contains(a))
                    .cloned()
                    .collect(),
            ),
        };
        Ok(AccountChange {
            kind: None,
            display_name: self.name.map(|n| n.trim().to_owned()),
            language: match &self.language {
                Some(language) => Some(check_language(language).at("language")?),
                None => None,
            },
            is_admin: self.is_admin,
            state: self.is_active.map(|active| match active {
                true => AccountState::Active,
                false => AccountState::Disabled,
            }),
            quota_bytes: self.quota_bytes,
            password: self.password,
            password_hash: None,
            add_aliases,
            remove_aliases,
        })
    }
}

async fn change(request: HttpRequest, address: Path<String>, body: Json<Change>) -> Answer {
    let ctx = administrator(&request).await?;
    let before = find_account(&ctx, &address).await?;
    let body = body.into_inner();
    let has_aliases = body.aliases.is_some();
    let change = body.read(&before)?;
    let changed = change_account(&ctx, before.id, change).await;
    let account = match changed {
        // The last administrator: that is about no field of the form.
        Err(e) if has_aliases && e.kind() != Kind::Conflict => return Err(e).at("aliases"),
        other => other?,
    };
    Ok(HttpResponse::Ok().json(view(&ctx, &account).await?))
}

async fn remove(request: HttpRequest, address: Path<String>) -> Answer {
    let ctx = administrator(&request).await?;
    let account = find_account(&ctx, &address).await?;
    remove_account(&ctx, account.id).await?;
    no_content()
}

/// For who has lost phone and paper; the password still counts.
async fn reset(request: HttpRequest, address: Path<String>) -> Answer {
    let ctx = administrator(&request).await?;
    reset_second_factor(&ctx, &address).await?;
    no_content()
}
