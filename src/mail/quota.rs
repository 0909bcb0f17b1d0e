//! How full an account is.

use crate::base::Result;
use crate::identity::Ctx;
use crate::model::AccountId;

#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub used_bytes: i64,
    /// None: no limit but the disk.
    pub limit_bytes: Option<i64>,
}

pub async fn get_usage(ctx: &Ctx, account: AccountId) -> Result<Usage> {
    ctx.require_owner(account)?;
    let limit = ctx.store.directory().peek(move |d| d.account(account)).await?;
    Ok(Usage {
        used_bytes: ctx.store.account(account)?.peek(|s| s.used_bytes()).await?,
        limit_bytes: limit.and_then(|a| a.quota_bytes),
    })
}
