//! IMAP4rev1 and rev2: mail programs read and move mail (RFC 3501, RFC 9051).

use super::{House, Visitor};
use std::sync::Arc;

/// Leads the conversation to its end.
pub async fn serve(_house: Arc<House>, _visitor: Visitor) {}
