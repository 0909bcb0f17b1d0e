//! STORE.

use super::client::{Client, MESSAGE};
use crate::server::Server;

#[test]
fn flags_are_added_removed_and_replaced() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    c.append("INBOX", MESSAGE);
    assert_eq!(
        c.ask("STORE 1 +FLAGS (\\Seen Rot)"),
        ["* 1 FETCH (FLAGS (\\Seen Rot))", "OK done"]
    );
    assert_eq!(
        c.ask("STORE 1 -FLAGS (\\Seen rot)"),
        ["* 1 FETCH (FLAGS ())", "OK done"]
    );
    assert_eq!(
        c.ask("UID STORE 1 FLAGS (\\Answered $Junk)"),
        ["* 1 FETCH (UID 1 FLAGS (\\Answered $Junk))", "OK done"]
    );
    assert_eq!(c.ask("STORE 1 FLAGS.SILENT ()"), ["OK done"]);
    assert_eq!(c.ask("FETCH 1 FLAGS"), ["* 1 FETCH (FLAGS ())", "OK done"]);
}

#[test]
fn unchanged_since_leaves_changed_messages_alone() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    c.append("INBOX", MESSAGE);
    c.append("INBOX", MESSAGE);
    let m = c.modseq("INBOX");
    assert_eq!(
        c.ask("FETCH 1:* MODSEQ"),
        [
            format!("* 1 FETCH (MODSEQ ({}))", m - 1),
            format!("* 2 FETCH (MODSEQ ({m}))"),
            "OK done".into()
        ]
    );
    assert_eq!(
        c.ask("STORE 2 +FLAGS.SILENT (\\Seen)"),
        [format!("* 2 FETCH (MODSEQ ({}))", m + 1), "OK done".into()]
    );
    assert_eq!(
        c.ask(&format!("UID STORE 1:2 (UNCHANGEDSINCE {m}) +FLAGS (\\Flagged)")),
        [
            format!("* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ ({}))", m + 2),
            "OK [MODIFIED 2] some had changed meanwhile".into()
        ]
    );
    assert_eq!(
        c.ask(&format!("SEARCH MODSEQ {}", m + 2)),
        [format!("* SEARCH 1 (MODSEQ {})", m + 2), "OK done".into()]
    );
    assert_eq!(
        c.ask(&format!("FETCH 1:2 (FLAGS) (CHANGEDSINCE {})", m + 1)),
        [
            format!("* 1 FETCH (FLAGS (\\Flagged) MODSEQ ({}))", m + 2),
            "OK done".into()
        ]
    );
}
