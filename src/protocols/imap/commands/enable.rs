//! ENABLE (RFC 5161, RFC 9051 §6.3.1).

use super::Reply;
use crate::formats::imap::mailbox_name::Names;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

pub async fn enable(s: &mut Session, names: Vec<String>) -> Result<Reply, Stop> {
    let mut line = "* ENABLED".to_owned();
    for name in names {
        let enabled = match &name[..] {
            "CONDSTORE" => {
                s.condstore = true;
                "CONDSTORE"
            }
            // RFC 7162 §3.2.3: QRESYNC means CONDSTORE too.
            "QRESYNC" => {
                (s.qresync, s.condstore) = (true, true);
                "QRESYNC"
            }
            "IMAP4REV2" => {
                (s.rev2, s.names) = (true, Names::Utf8);
                "IMAP4rev2"
            }
            "UTF8=ACCEPT" => {
                s.names = Names::Utf8;
                "UTF8=ACCEPT"
            }
            _ => continue,
        };
        line.push(' ');
        line.push_str(enabled);
    }
    s.wire.say(&line);
    Reply::ok("done")
}
