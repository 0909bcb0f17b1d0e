//! Whether the box can take mail just now.

use crate::base::Result;
use crate::identity::Ctx;

/// Errors: Unavailable, when the directory cannot be read; OverQuota, when the disk is nearly full.
pub async fn check_health(ctx: &Ctx) -> Result<()> {
    ctx.store
        .directory()
        .read(|d| d.setting::<serde_json::Value>("health").map(drop))
        .await?;
    ctx.store.check_room(0)
}
