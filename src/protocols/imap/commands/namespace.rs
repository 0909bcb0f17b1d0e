//! NAMESPACE (RFC 2342): all folders are one's own, below nothing.

use super::Reply;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

pub async fn namespace(s: &mut Session) -> Result<Reply, Stop> {
    s.wire.say("* NAMESPACE ((\"\" \"/\")) NIL NIL");
    Reply::ok("done")
}
