//! Who changed what in the office, as administrators read it.

use super::Ctx;
use crate::base::Result;
pub use crate::store::directory::audit::AuditEntry;

/// Most that is shown at once.
pub const MOST: usize = 500;

/// Newest first. Errors: Forbidden.
pub async fn list_audit(ctx: &Ctx, limit: usize) -> Result<Vec<AuditEntry>> {
    ctx.require_admin()?;
    let limit = limit.min(MOST);
    ctx.store.directory().read(move |d| d.audit(limit)).await
}
