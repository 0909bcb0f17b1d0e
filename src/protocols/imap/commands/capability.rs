//! CAPABILITY and LOGOUT (RFC 9051 §6.1).

use super::Reply;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

pub async fn capability(s: &mut Session) -> Result<Reply, Stop> {
    let line = format!("* CAPABILITY {}", s.capabilities());
    s.wire.say(&line);
    Reply::ok("done")
}

pub async fn logout(s: &mut Session) -> Result<Reply, Stop> {
    s.wire.say("* BYE until next time");
    Ok(Reply::Logout)
}
