//! ID (RFC 2971).

use super::Reply;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

pub async fn id(s: &mut Session) -> Result<Reply, Stop> {
    s.wire.say("* ID (\"name\" \"Hauspost\")");
    Reply::ok("done")
}
