//! Settings of a mailbox, its picture and its list of categories.

use super::replies::AutomaticReplies;
use crate::base::{Error, Result, TimeMs, random};
use crate::identity::Ctx;
use crate::model::AccountId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How the owner wants to see times and texts. None: as the account's language suggests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MailboxSettings {
    /// As the owner's program named it.
    pub time_zone: Option<String>,
    /// `de-DE`
    pub locale: Option<String>,
    pub date_format: Option<String>,
    pub time_format: Option<String>,
    pub working_hours: Option<WorkingHours>,
    pub automatic_replies: Option<AutomaticReplies>,
    /// Where mail about events goes when there are deputies. None: to both.
    pub deputy_delivery: Option<DeputyDelivery>,
}

/// Who gets mail about the owner's events, beside the owner's deputies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeputyDelivery {
    /// The owner's copy has been read.
    SendToDelegateAndInformationToPrincipal,
    SendToDelegateAndPrincipal,
    /// The owner's copy has been read, and lies in the trash.
    SendToDelegateOnly,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkingHours {
    /// `monday` to `sunday`.
    pub days: Vec<String>,
    /// `08:00:00.0000000`
    pub start: String,
    pub end: String,
    pub time_zone: String,
}

/// A name for messages, with a colour of 26.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Category {
    /// A GUID.
    pub id: String,
    pub name: String,
    /// `none`, `preset0` to `preset24`.
    pub color: String,
}

/// The name of [`MailboxSettings`] among the settings of an account.
pub const MAILBOX: &str = "mailbox";
const CATEGORIES: &str = "categories";
const PHOTO: &str = "photo";
/// As Microsoft.
pub const MAX_PHOTO_BYTES: usize = 4 << 20;
const MAX_CATEGORIES: usize = 500;

pub(super) async fn get<T: DeserializeOwned + Default + Send + 'static>(
    ctx: &Ctx,
    account: AccountId,
    key: &'static str,
) -> Result<T> {
    ctx.require_owner(account)?;
    let stored = ctx
        .store
        .account(account)?
        .read(move |s| s.account_setting(key))
        .await?;
    match stored {
        None => Ok(T::default()),
        Some(json) => serde_json::from_slice(&json)
            .map_err(|e| Error::internal(format!("the setting {key} cannot be read")).caused_by(e)),
    }
}

/// Changes a setting in one step, so that two changes at once both hold.
pub(super) async fn change<T, R>(
    ctx: &Ctx,
    account: AccountId,
    key: &'static str,
    change: impl FnOnce(&mut T) -> Result<R> + Send + 'static,
) -> Result<R>
where
    T: DeserializeOwned + Serialize + Default,
    R: Send + 'static,
{
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            let broken = |e: serde_json::Error| {
                Error::internal(format!("the setting {key} cannot be read")).caused_by(e)
            };
            let mut value: T = match tx.account_setting(key)? {
                None => T::default(),
                Some(json) => serde_json::from_slice(&json).map_err(broken)?,
            };
            let out = change(&mut value)?;
            let json = serde_json::to_vec(&value).map_err(broken)?;
            tx.put_account_setting(key, Some(&json))?;
            Ok(out)
        })
        .await
}

pub async fn mailbox_settings(ctx: &Ctx, account: AccountId) -> Result<MailboxSettings> {
    get(ctx, account, MAILBOX).await
}

/// What is None in `new` stays as it is.
pub async fn change_mailbox_settings(ctx: &Ctx, account: AccountId, new: MailboxSettings) -> Result<()> {
    let has_replies = new.automatic_replies.is_some();
    change(ctx, account, MAILBOX, move |s: &mut MailboxSettings| {
        s.time_zone = new.time_zone.or(s.time_zone.take());
        s.locale = new.locale.or(s.locale.take());
        s.date_format = new.date_format.or(s.date_format.take());
        s.time_format = new.time_format.or(s.time_format.take());
        s.working_hours = new.working_hours.or(s.working_hours.take());
        s.automatic_replies = new.automatic_replies.or(s.automatic_replies.take());
        s.deputy_delivery = new.deputy_delivery.or(s.deputy_delivery);
        Ok(())
    })
    .await?;
    if has_replies {
        // Whoever was answered before hears what is new.
        let file = ctx.store.account(account)?;
        file.write(|tx| tx.prune_answered(TimeMs::MAX)).await?;
    }
    Ok(())
}

pub async fn categories(ctx: &Ctx, account: AccountId) -> Result<Vec<Category>> {
    get(ctx, account, CATEGORIES).await
}

/// Errors: Exists; Invalid, when there are too many.
pub async fn add_category(ctx: &Ctx, account: AccountId, name: String, color: String) -> Result<Category> {
    let new = Category {
        id: random::uuid(),
        name,
        color,
    };
    change(ctx, account, CATEGORIES, move |all: &mut Vec<Category>| {
        if all
            .iter()
            .any(|c| c.name.to_lowercase() == new.name.to_lowercase())
        {
            return Err(Error::exists(format!(
                "there is already a category »{}«",
                new.name
            )));
        }
        if all.len() >= MAX_CATEGORIES {
            return Err(Error::invalid(format!(
                "there are at most {MAX_CATEGORIES} categories"
            )));
        }
        all.push(new.clone());
        Ok(new)
    })
    .await
}

fn no_such_category() -> Error {
    Error::not_found("there is no such category")
}

/// Errors: NotFound.
pub async fn recolor_category(
    ctx: &Ctx,
    account: AccountId,
    id: String,
    color: Option<String>,
) -> Result<Category> {
    change(ctx, account, CATEGORIES, move |all: &mut Vec<Category>| {
        let found = all.iter_mut().find(|c| c.id == id).ok_or_else(no_such_category)?;
        if let Some(color) = color {
            found.color = color;
        }
        Ok(found.clone())
    })
    .await
}

/// Errors: NotFound.
pub async fn remove_category(ctx: &Ctx, account: AccountId, id: String) -> Result<()> {
    change(ctx, account, CATEGORIES, move |all: &mut Vec<Category>| {
        let before = all.len();
        all.retain(|c| c.id != id);
        if all.len() == before {
            Err(no_such_category())
        } else {
            Ok(())
        }
    })
    .await
}

/// The picture of whose mailbox it is. None: there is none.
pub async fn photo(ctx: &Ctx, account: AccountId) -> Result<Option<Vec<u8>>> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(|s| s.account_setting(PHOTO))
        .await
}

/// None takes it away. Errors: TooLarge.
pub async fn set_photo(ctx: &Ctx, account: AccountId, photo: Option<Vec<u8>>) -> Result<()> {
    ctx.require_owner(account)?;
    if photo.as_ref().is_some_and(|p| p.len() > MAX_PHOTO_BYTES) {
        return Err(Error::too_large("a picture has at most 4 MB"));
    }
    ctx.store
        .account(account)?
        .write(move |tx| tx.put_account_setting(PHOTO, photo.as_deref()))
        .await
}
