//! Something that is to be done after a commit, once, about a stored body.

use super::BodyId;
use crate::base::TimeMs;

#[derive(Clone, Debug)]
pub struct JobRow<J> {
    /// Never used twice in its account.
    pub id: i64,
    pub body_id: BodyId,
    pub job: J,
    pub created_at_ms: TimeMs,
}
