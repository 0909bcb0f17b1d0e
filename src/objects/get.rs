//! Finding and reading objects.

use super::no_such_object;
use crate::base::{Kind, Result};
use crate::identity::Ctx;
use crate::identity::shares::{require_level, shown_to};
use crate::model::object::{Object, ObjectKind, ObjectPlace, ObjectWalk};
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId, ItemId};

/// Errors: NotFound.
pub async fn find_object(ctx: &Ctx, account: AccountId, folder: FolderId, name: &str) -> Result<Object> {
    require_level(ctx, account, folder, ShareLevel::Read).await?;
    let name = name.to_owned();
    let found = ctx
        .store
        .account(account)?
        .peek(move |s| s.object_by_name(folder, &name))
        .await?;
    found.ok_or_else(no_such_object)
}

/// An object with its bytes as they came. Errors: NotFound.
pub async fn read_object(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    name: &str,
) -> Result<(Object, Vec<u8>)> {
    let level = require_level(ctx, account, folder, ShareLevel::Read).await?;
    let name = name.to_owned();
    ctx.store
        .account(account)?
        .peek(move |s| {
            let object = s.object_by_name(folder, &name)?.ok_or_else(no_such_object)?;
            let raw = s.read_body(object.item.body_id)?;
            let raw = shown_to(level, &object, raw);
            Ok((object, raw))
        })
        .await
}

/// All objects of a collection without their bytes.
pub async fn list_objects(ctx: &Ctx, account: AccountId, folder: FolderId) -> Result<Vec<Object>> {
    require_level(ctx, account, folder, ShareLevel::Read).await?;
    ctx.store.account(account)?.read(move |s| s.objects(folder)).await
}

/// Those of some names that are there, in that order, with their bytes when `with_bytes`.
pub async fn read_named(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    names: Vec<String>,
    with_bytes: bool,
) -> Result<Vec<(String, Option<(Object, Vec<u8>)>)>> {
    let level = require_level(ctx, account, folder, ShareLevel::Read).await?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let mut out = Vec::with_capacity(names.len());
            for name in names {
                let found = match s.object_by_name(folder, &name)? {
                    Some(object) if with_bytes => {
                        let raw = s.read_body(object.item.body_id)?;
                        let raw = shown_to(level, &object, raw);
                        Some((object, raw))
                    }
                    found => found.map(|o| (o, Vec::new())),
                };
                out.push((name, found));
            }
            Ok(out)
        })
        .await
}

/// By its number, with its bytes. Errors: NotFound, also for what is of another kind.
pub async fn get_object(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    kind: ObjectKind,
) -> Result<(Object, Vec<u8>)> {
    let (object, raw) = ctx
        .store
        .account(account)?
        .peek(move |s| {
            let object = s
                .object(id)?
                .filter(|o| o.kind == kind)
                .ok_or_else(no_such_object)?;
            let raw = s.read_body(object.item.body_id)?;
            Ok((object, raw))
        })
        .await?;
    let level = require_level(ctx, account, object.item.folder_id, ShareLevel::Read).await;
    // What is not for somebody is not there, as what is not there.
    let level = level.map_err(|e| match e.kind() {
        Kind::NotFound => no_such_object(),
        _ => e,
    })?;
    let raw = shown_to(level, &object, raw);
    Ok((object, raw))
}

/// What a question has found. Its bytes: empty when nobody wants to see them; None: to be read when its turn comes.
pub type Found = (Object, Option<Vec<u8>>);

/// How much of what a question has found it may hold.
pub struct Held {
    with_bytes: bool,
    left_bytes: usize,
}

impl Held {
    pub fn new(with_bytes: bool) -> Held {
        Held {
            with_bytes,
            left_bytes: 4 << 20,
        }
    }

    /// The bytes of the next one, by `read` if there is room yet.
    pub fn take(&mut self, read: impl FnOnce() -> Result<Vec<u8>>) -> Result<Option<Vec<u8>>> {
        if !self.with_bytes {
            return Ok(Some(Vec::new()));
        }
        if self.left_bytes == 0 {
            return Ok(None);
        }
        let raw = read()?;
        self.left_bytes = self.left_bytes.saturating_sub(raw.len());
        Ok(Some(raw))
    }
}

/// Bytes of objects that one question reads: files in events may be large.
const MOST_READ: usize = 32 << 20;

/// A piece of a list, each with its bytes and the place behind it, and whether the list goes on: a piece may be shorter
/// than asked for.
pub async fn walk_objects(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    kind: ObjectKind,
    walk: ObjectWalk,
) -> Result<(Vec<(Object, Vec<u8>, ObjectPlace)>, bool)> {
    let level = require_level(ctx, account, folder, ShareLevel::Read).await?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let found = s.walk_objects(folder, kind, &walk)?;
            let is_full = found.len() as u64 == walk.limit;
            let (mut out, mut read) = (Vec::with_capacity(found.len()), 0);
            for (object, place) in found {
                if read > MOST_READ {
                    return Ok((out, true));
                }
                let raw = s.read_body(object.item.body_id)?;
                read += raw.len();
                let raw = shown_to(level, &object, raw);
                out.push((object, raw, place));
            }
            Ok((out, is_full))
        })
        .await
}

pub async fn count_objects(ctx: &Ctx, account: AccountId, folder: FolderId, kind: ObjectKind) -> Result<u64> {
    require_level(ctx, account, folder, ShareLevel::Read).await?;
    let file = ctx.store.account(account)?;
    file.read(move |s| s.count_objects(folder, kind)).await
}

/// The one with a UID, when it is there.
pub async fn find_by_uid(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    uid: &str,
) -> Result<Option<(Object, Vec<u8>)>> {
    let level = require_level(ctx, account, folder, ShareLevel::Read).await?;
    let uid = uid.to_owned();
    ctx.store
        .account(account)?
        .peek(move |s| {
            let Some(object) = s.object_by_uid(folder, &uid)? else {
                return Ok(None);
            };
            let raw = s.read_body(object.item.body_id)?;
            let raw = shown_to(level, &object, raw);
            Ok(Some((object, raw)))
        })
        .await
}
