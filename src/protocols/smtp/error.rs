//! From error kinds to replies (RFC 5321 §4.2, RFC 3463).

use crate::base::text::one_line;
use crate::base::{Error, Kind};

/// A reply line for an error. Text of internal errors is not shown.
pub fn reply(e: &Error) -> String {
    let code = match e.kind() {
        Kind::NotFound => "550 5.1.1",
        Kind::Exists | Kind::Conflict => "554 5.0.0",
        Kind::Forbidden => "550 5.7.1",
        Kind::NotAuthenticated => "535 5.7.8",
        Kind::Invalid => "550 5.6.0",
        Kind::OverQuota => "452 4.3.1",
        Kind::TooLarge => "552 5.3.4",
        Kind::TooOld => "554 5.0.0",
        Kind::Busy => "421 4.7.0",
        Kind::Unavailable | Kind::Internal => {
            return "451 4.3.0 the server has a problem; try again later".into();
        }
    };
    format!("{code} {}", one_line(e.message()))
}
