//! Whether the box can take mail just now.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::store::disk;

/// Errors: Unavailable, when the directory cannot be read; OverQuota, when the disk is nearly full.
pub async fn check_health(ctx: &Ctx) -> Result<()> {
    ctx.store
        .directory()
        .read(|d| d.setting::<serde_json::Value>("health").map(drop))
        .await?;
    ctx.store.check_room(0)
}

/// Whether a message could be stored now, and what `/healthz` says of it.
pub async fn tell_health(ctx: &Ctx) -> (bool, String) {
    match check_health(ctx).await {
        Ok(()) => (true, "ok\n".into()),
        Err(e) => (false, format!("{}\n", e.message())),
    }
}

/// Bytes that are free on the disk of the data folder. Errors: Forbidden.
pub async fn free_bytes(ctx: &Ctx) -> Result<u64> {
    ctx.require_admin()?;
    let store = ctx.store.clone();
    tokio::task::spawn_blocking(move || disk::free_bytes(store.layout().root()))
        .await
        .map_err(|e| Error::internal("looking at the disk was broken off").caused_by(e))?
}
