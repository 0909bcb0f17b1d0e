//! A calendar that is read from an address elsewhere, again and again.

use super::{AccountId, FolderId};
use crate::base::TimeMs;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    pub account: AccountId,
    pub folder: FolderId,
    /// https.
    pub url: String,
    /// As the other server gave them the last time.
    pub etag: Option<String>,
    pub modified: Option<String>,
    pub next_at_ms: TimeMs,
    /// The last time that it could be read.
    pub fetched_at_ms: Option<TimeMs>,
    /// Why it could not, the last time.
    pub failure: Option<String>,
}
