//! The installation's own id, which Microsoft calls the tenant.

use super::Ctx;
use crate::base::{Result, random};

const KEY: &str = "tenant_id";

/// A GUID; made at the first need, the same ever after.
pub async fn tenant_id(ctx: &Ctx) -> Result<String> {
    let directory = ctx.store.directory();
    if let Some(id) = directory.peek(|d| d.setting::<String>(KEY)).await? {
        return Ok(id);
    }
    directory
        .write(|d| {
            if let Some(id) = d.setting::<String>(KEY)? {
                return Ok(id);
            }
            let id = random::uuid();
            d.put_setting(KEY, &id)?;
            Ok(id)
        })
        .await
}
