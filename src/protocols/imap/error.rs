//! From error kinds to NO and BAD with response codes (RFC 9051 §7.1, RFC 5530).

use crate::base::{Error, Kind};

/// The connection is of no use any more.
pub struct Lost(pub Error);

impl<E: Into<Error>> From<E> for Lost {
    fn from(e: E) -> Self {
        Lost(e.into())
    }
}

/// Why a command does not end with OK.
pub enum Stop {
    /// The tagged answer is a refusal; the conversation goes on.
    Refused(Error),
    /// The command makes no sense here; why.
    Bad(&'static str),
    Lost(Lost),
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Stop::Refused(e)
    }
}

impl From<Lost> for Stop {
    fn from(lost: Lost) -> Self {
        Stop::Lost(lost)
    }
}

/// The tagged answer behind the tag. The text of internal errors is for the log alone.
pub fn answer(e: &Error) -> String {
    let code = match e.kind() {
        Kind::NotFound => "NO [NONEXISTENT]",
        Kind::Exists => "NO [ALREADYEXISTS]",
        Kind::Forbidden => "NO [NOPERM]",
        Kind::NotAuthenticated => "NO [AUTHENTICATIONFAILED]",
        Kind::Invalid => "NO [CANNOT]",
        Kind::Conflict => "NO [INUSE]",
        Kind::OverQuota => "NO [OVERQUOTA]",
        Kind::TooLarge => "NO [TOOBIG]",
        Kind::TooOld => "NO [UNAVAILABLE]",
        Kind::Busy => "NO [LIMIT]",
        Kind::Unavailable => "NO [UNAVAILABLE]",
        Kind::Internal => {
            tracing::error!(error = ?e, "a defect met in an IMAP command");
            return "NO [SERVERBUG] the server has a problem; try again later".to_owned();
        }
    };
    format!("{code} {}", plain_text(e.message()))
}

/// As [`answer`], where a missing folder could be made by the client (RFC 9051 §6.3.12, §6.4.7).
pub fn answer_for_target(e: &Error) -> String {
    match e.kind() {
        Kind::NotFound => format!("NO [TRYCREATE] {}", plain_text(e.message())),
        _ => answer(e),
    }
}

/// One line of ASCII: what stands behind a response code has no other letters (RFC 9051 §9 `text`).
pub fn plain_text(text: &str) -> String {
    let letter = |c: char| match c {
        '»' | '«' => '"',
        c if c.is_control() => ' ',
        c if c.is_ascii() => c,
        _ => '?',
    };
    text.chars().map(letter).collect()
}
