//! Copying messages within an account: the bytes are shared, flags and arrival time are kept (RFC 9051 §6.4.7).

use super::flags::Span;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::{AccountId, FolderId, FolderKind, Uid};
use crate::store::Tx;
use crate::store::account::AccountDb;

/// Where messages went: pairs of UIDs, ascending by the old one.
#[derive(Clone, Debug, Default)]
pub struct Transferred {
    /// Of the folder they went to.
    pub uid_validity: u32,
    pub uids: Vec<(Uid, Uid)>,
    /// Of the folder they came from; for a move, otherwise zeros.
    pub span: Span,
}

/// `ranges`: inclusive, ascending, UIDs of `from`; unknown UIDs are skipped. All or nothing.
/// Errors: NotFound (a folder), OverQuota.
pub async fn copy_messages(
    ctx: &Ctx,
    account: AccountId,
    from: FolderId,
    ranges: Vec<(Uid, Uid)>,
    to: FolderId,
) -> Result<Transferred> {
    ctx.require_owner(account)?;
    ctx.store.check_room(0)?;
    super::append::check_quota(ctx, account, 0).await?;
    ctx.store
        .account(account)?
        .write(move |tx| copy_messages_in(tx, from, &ranges, to))
        .await
}

pub fn copy_messages_in(
    tx: &mut Tx<'_, AccountDb>,
    from: FolderId,
    ranges: &[(Uid, Uid)],
    to: FolderId,
) -> Result<Transferred> {
    tx.mail_folder(from)?;
    let mut out = Transferred {
        uid_validity: check_target(tx, to)?,
        ..Transferred::default()
    };
    let mut items = Vec::new();
    for (first, last) in ranges {
        items.extend(tx.items_by_uid(from, *first, *last)?);
    }
    for item in items {
        let copy = tx.insert_copy(&item, to)?;
        out.uids.push((item.uid, copy.uid));
    }
    Ok(out)
}

/// Returns the UIDVALIDITY of a folder that takes messages.
pub(in crate::mail) fn check_target(tx: &Tx<'_, AccountDb>, to: FolderId) -> Result<u32> {
    let folder = tx.mail_folder(to)?;
    if folder.kind != FolderKind::Mail {
        return Err(Error::invalid(format!("»{}« is no mail folder", folder.name)));
    }
    Ok(folder.uid_validity)
}
