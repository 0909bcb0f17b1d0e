//! Computing again what stands beside objects.

use super::collections::list_collections;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::object::{Object, ObjectColumns};
use crate::model::{AccountId, FolderKind};

/// Objects that one commit looks at.
const BATCH: usize = 50;

/// Computes the columns of all objects in collections of some kinds from their bytes, which are only read. `read`: what
/// the room that knows them makes of them. Errors: Forbidden, NotFound.
pub async fn rebuild_columns(
    ctx: &Ctx,
    account: AccountId,
    kinds: &[FolderKind],
    read: fn(&[u8]) -> Result<ObjectColumns>,
) -> Result<()> {
    ctx.require_admin()?;
    let file = ctx.store.account(account)?;
    for collection in list_collections(ctx, account, kinds).await? {
        let folder = collection.folder.id;
        let objects = file.read(move |s| s.objects(folder)).await?;
        for batch in objects.chunks(BATCH) {
            let batch: Vec<Object> = batch.to_vec();
            file.write(move |tx| {
                for known in &batch {
                    // As it is now: a server may run.
                    let Some(object) = tx.object(known.item.id)? else {
                        continue;
                    };
                    let raw = tx.open_body(object.item.body_id).and_then(|b| b.read_all());
                    match raw.and_then(|raw| read(&raw)) {
                        Ok(columns) => tx.renew_columns(&object, &columns)?,
                        // The others are not to suffer.
                        Err(e) => {
                            tracing::error!(item = %object.item.id, error = ?e, "an object cannot be read")
                        }
                    }
                }
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}
