//! Storing an object under its name: the bytes as they came, beside them what is found by.

use super::collections::check_object_name;
use crate::base::{Error, Result, TimeMs};
use crate::formats::ical::times::times_of;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::{Object, ObjectColumns, ObjectKind, Shape};
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId, Modseq};
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::attachment::HeldFile;
use crate::store::blob::Staged;

/// One object; RFC 4791 max-resource-size.
pub const MAX_BYTES: usize = 10 << 20;

/// Hashing and packing more than this takes longer than waking another thread.
const QUICK_BYTES: usize = 32 << 10;

/// What must be so, else nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Always,
    /// It is there, as it was at this number.
    Unchanged(Modseq),
    Present,
    Absent,
    /// It is there, and nothing has changed since this number that people have to look at (RFC 6638 §3.2.10).
    ScheduleTag(Modseq),
}

impl Condition {
    /// Errors: Conflict.
    pub fn check(self, object: Option<&Object>) -> Result<()> {
        let holds = match self {
            Condition::Always => true,
            Condition::Unchanged(modseq) => object.is_some_and(|o| o.item.modseq == modseq),
            Condition::Present => object.is_some(),
            Condition::Absent => object.is_none(),
            Condition::ScheduleTag(tag) => object.is_some_and(|o| o.schedule_tag == Some(tag)),
        };
        match holds {
            true => Ok(()),
            false => Err(Error::conflict(
                "somebody else has changed this meanwhile; read it again",
            )),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    Stored {
        modseq: Modseq,
        is_new: bool,
        /// The bytes are those that were given.
        is_as_given: bool,
        /// See [`Object::schedule_tag`].
        schedule_tag: Option<Modseq>,
    },
    /// Another object of the collection, of this name, has the same UID.
    UidTaken(String),
    /// Only the organizer may change what was to be changed.
    AttendeeMayNot(String),
    /// It names a file by a managed id that nobody has given out, or that its reader may not read.
    NoSuchFile(String),
}

/// Errors: Conflict (the condition), Invalid (the name), TooLarge, OverQuota, NotFound (the collection).
pub async fn put_object(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    name: &str,
    raw: Vec<u8>,
    columns: ObjectColumns,
    condition: Condition,
) -> Result<Put> {
    let given = Given {
        name,
        raw,
        columns,
        files: Vec::new(),
    };
    put_given(ctx, account, folder, given, condition).await
}

/// An object with the files that it names and that come with it.
pub struct Given<'a> {
    pub name: &'a str,
    pub raw: Vec<u8>,
    pub columns: ObjectColumns,
    pub files: Vec<HeldFile>,
}

/// As [`put_object`].
pub async fn put_given(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    given: Given<'_>,
    condition: Condition,
) -> Result<Put> {
    require_level(ctx, account, folder, ShareLevel::Write).await?;
    let staged = prepare_put(ctx, account, given.name, given.raw).await?;
    let (name, now_ms) = (given.name.to_owned(), ctx.now_ms());
    let (columns, files) = (given.columns, given.files);
    ctx.store
        .account(account)?
        .write(move |tx| {
            files.iter().try_for_each(|file| tx.hold_attachment(file))?;
            let put = put_object_in(tx, folder, &name, &staged, &columns, condition, now_ms)?;
            let held: Vec<String> = files.iter().map(|f| f.managed_id.clone()).collect();
            tx.drop_unused_attachments(&held)?;
            Ok(put)
        })
        .await
}

/// What comes before the transaction: whether there is room for the bytes, and their packing. The caller has checked the
/// right. Errors: Invalid (the name), TooLarge, OverQuota.
pub async fn prepare_put(ctx: &Ctx, account: AccountId, name: &str, raw: Vec<u8>) -> Result<Staged> {
    check_object_name(name)?;
    if raw.len() > MAX_BYTES {
        return Err(Error::too_large(format!(
            "one object may have {} MB",
            MAX_BYTES >> 20
        )));
    }
    ctx.store.check_room(raw.len() as u64)?;
    check_quota(ctx, account, raw.len() as u64).await?;
    stage(ctx, raw).await
}

/// Errors: OverQuota, when so much more does not fit into the account.
pub async fn check_quota(ctx: &Ctx, account: AccountId, bytes: u64) -> Result<()> {
    let Some(quota) = quota_of(ctx, account).await? else {
        return Ok(());
    };
    let used = ctx.store.account(account)?.peek(|s| s.used_bytes()).await?;
    match used.saturating_add(bytes as i64) > quota {
        true => Err(Error::over_quota(
            "the account is full; delete something or ask for more room",
        )),
        false => Ok(()),
    }
}

/// Of the account that the bytes come to, whoever brings them.
async fn quota_of(ctx: &Ctx, account: AccountId) -> Result<Option<i64>> {
    match ctx.account() {
        Err(_) => Ok(None),
        Ok(actor) if actor.id == account => Ok(actor.quota_bytes),
        Ok(_) => {
            let owner = ctx.store.directory().peek(move |d| d.account(account)).await?;
            Ok(owner.and_then(|o| o.quota_bytes))
        }
    }
}

async fn stage(ctx: &Ctx, raw: Vec<u8>) -> Result<Staged> {
    let store = ctx.store.clone();
    if raw.len() <= QUICK_BYTES {
        return Staged::from_bytes(store.layout(), &raw);
    }
    tokio::task::spawn_blocking(move || Staged::from_bytes(store.layout(), &raw))
        .await
        .map_err(|e| Error::internal("storing was broken off").caused_by(e))?
}

/// Of a series: programs that know its occurrences have to hear which of them are no more.
fn times_before(tx: &Tx<'_, AccountDb>, old: &Object) -> Result<Option<Vec<u8>>> {
    if old.kind != ObjectKind::Event || !old.shape.contains(Shape::RECURRING) {
        return Ok(None);
    }
    Ok(times_of(&tx.read_body(old.item.body_id)?))
}

pub fn put_object_in(
    tx: &mut Tx<'_, AccountDb>,
    folder: FolderId,
    name: &str,
    staged: &Staged,
    columns: &ObjectColumns,
    condition: Condition,
    now_ms: TimeMs,
) -> Result<Put> {
    let old = tx.object_by_name(folder, name)?;
    condition.check(old.as_ref())?;
    if let Some(uid) = &columns.uid
        && let Some(other) = tx.object_by_uid(folder, uid)?
        && other.name != name
    {
        return Ok(Put::UidTaken(other.name));
    }
    let (modseq, is_new) = match old {
        Some(old) => {
            let before = times_before(tx, &old)?;
            let modseq = tx.replace_object(&old, staged, columns, now_ms)?;
            if let Some(times) = before
                && times_of(&staged.read_all()?).as_ref() != Some(&times)
            {
                tx.keep_series_before(old.item.id, modseq, &times)?;
            }
            (modseq, false)
        }
        None => (tx.insert_object(folder, name, staged, columns, now_ms)?, true),
    };
    Ok(Put::Stored {
        modseq,
        is_new,
        is_as_given: true,
        schedule_tag: None,
    })
}
