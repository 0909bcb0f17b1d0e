//! Folders: listing, making, renaming, removing, counting.

use super::client::{Client, MESSAGE};
use crate::server::Server;

const OPEN: [&str; 6] = [
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded $MDNSent $Junk $NotJunk)",
    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded $MDNSent $Junk $NotJunk \\*)] kept",
    "* 1 EXISTS",
    "* 0 RECENT",
    "* OK [UIDVALIDITY V] UIDs are valid",
    "* OK [UIDNEXT 2] next",
];

#[test]
fn select_tells_counts_and_examine_is_read_only() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    assert_eq!(c.append("INBOX", MESSAGE), ["OK [APPENDUID V 1] stored"]);
    let highest = format!("* OK [HIGHESTMODSEQ {}] highest", c.modseq("INBOX"));
    let mut expected = OPEN.to_vec();
    expected.extend([&highest[..], "* OK [UNSEEN 1] first", "OK [READ-WRITE] open"]);
    assert_eq!(c.ask("SELECT inbox"), expected);
    let mut expected = vec!["* OK [CLOSED] the other folder is closed"];
    expected.extend(OPEN);
    expected[2] = "* OK [PERMANENTFLAGS ()] kept";
    expected.extend([&highest[..], "* OK [UNSEEN 1] first", "OK [READ-ONLY] open"]);
    assert_eq!(c.ask("EXAMINE INBOX"), expected);
    let refused = ["NO [NOPERM] the folder is open for reading only"];
    assert_eq!(c.ask("STORE 1 +FLAGS (x)"), refused);
    assert_eq!(c.ask("EXPUNGE"), refused);
    assert_eq!(
        c.ask("SELECT Nope"),
        [
            "* OK [CLOSED] the other folder is closed",
            "NO [NONEXISTENT] there is no such folder"
        ]
    );
    assert_eq!(c.ask("FETCH 1 FLAGS"), ["BAD select a folder first"]);
}

#[test]
fn select_tells_which_message_is_the_first_that_nobody_has_read() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    for _ in 0..4 {
        c.append("INBOX", MESSAGE);
    }
    let unseen = |c: &mut Client| -> Vec<String> {
        let lines = c.ask("SELECT INBOX").into_iter();
        lines.filter(|l| l.contains("UNSEEN")).collect()
    };
    assert_eq!(unseen(&mut c), ["* OK [UNSEEN 1] first"]);
    c.ask("UID STORE 1:2,4 +FLAGS.SILENT (\\Seen)");
    c.ask("UID MOVE 1 Archive");
    assert_eq!(unseen(&mut c), ["* OK [UNSEEN 2] first"]);
    c.ask("UID STORE 3 +FLAGS.SILENT (\\Seen)");
    assert!(unseen(&mut c).is_empty());
    c.ask("UID STORE 3 -FLAGS.SILENT (\\Seen)");
    c.ask("ENABLE IMAP4rev2");
    assert!(unseen(&mut c).is_empty(), "IMAP4rev2 has it no more");
}

#[test]
fn list_shows_uses_children_and_counts() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    assert_eq!(
        c.ask("LIST \"\" \"\""),
        ["* LIST (\\Noselect) \"/\" \"\"", "OK done"]
    );
    assert_eq!(c.ask("CREATE Kunden/Maier/"), ["OK created"]);
    assert_eq!(
        c.ask("LIST \"\" %"),
        [
            "* LIST (\\HasNoChildren) \"/\" INBOX",
            "* LIST (\\HasNoChildren \\Archive) \"/\" Archive",
            "* LIST (\\HasNoChildren \\Drafts) \"/\" Drafts",
            "* LIST (\\HasNoChildren \\Junk) \"/\" Junk",
            "* LIST (\\HasChildren) \"/\" Kunden",
            "* LIST (\\HasNoChildren \\Sent) \"/\" Sent",
            "* LIST (\\HasNoChildren \\Trash) \"/\" Trash",
            "OK done"
        ]
    );
    assert_eq!(
        c.ask("LIST \"\" (Kunden% Kunden/*) RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN))"),
        [
            "* LIST (\\HasChildren \\Subscribed) \"/\" Kunden",
            "* STATUS Kunden (MESSAGES 0 UNSEEN 0)",
            "* LIST (\\HasNoChildren \\Subscribed) \"/\" Kunden/Maier",
            "* STATUS Kunden/Maier (MESSAGES 0 UNSEEN 0)",
            "OK done"
        ]
    );
    assert_eq!(c.ask("UNSUBSCRIBE Kunden"), ["OK done"]);
    assert_eq!(
        c.ask("LSUB \"\" K%"),
        ["* LSUB (\\Noselect) \"/\" Kunden", "OK done"]
    );
    assert_eq!(
        c.ask("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" K%"),
        [
            "* LIST (\\HasChildren) \"/\" Kunden (\"CHILDINFO\" (\"SUBSCRIBED\"))",
            "OK done"
        ]
    );
}

#[test]
fn names_are_utf7_until_the_client_knows_better() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    assert_eq!(c.ask("CREATE \"Gr&APYA3w-e\""), ["OK created"]);
    assert_eq!(
        c.ask("LIST \"\" G*"),
        ["* LIST (\\HasNoChildren) \"/\" Gr&APYA3w-e", "OK done"]
    );
    assert_eq!(
        c.ask("ENABLE UTF8=ACCEPT X-NONSENSE"),
        ["* ENABLED UTF8=ACCEPT", "OK done"]
    );
    assert_eq!(
        c.ask("LIST \"\" \"Grö*\""),
        ["* LIST (\\HasNoChildren) \"/\" \"Größe\"", "OK done"]
    );
}

#[test]
fn folders_are_made_renamed_and_removed() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    assert_eq!(
        c.ask("CREATE INBOX"),
        ["NO [ALREADYEXISTS] there is already a folder \"INBOX\""]
    );
    assert_eq!(
        c.ask("CREATE a (USE (\\Sent))"),
        ["NO [USEATTR] \"Sent\" already is the folder for that"]
    );
    assert_eq!(c.ask("CREATE a/b"), ["OK created"]);
    assert_eq!(c.ask("RENAME a x/y"), ["OK renamed"]);
    assert_eq!(
        c.ask("LIST \"\" x*"),
        [
            "* LIST (\\HasChildren) \"/\" x",
            "* LIST (\\HasChildren) \"/\" x/y",
            "* LIST (\\HasNoChildren) \"/\" x/y/b",
            "OK done"
        ]
    );
    assert_eq!(
        c.ask("DELETE x/y"),
        ["NO [HASCHILDREN] \"y\" still has folders below it"]
    );
    assert_eq!(c.ask("DELETE x/y/b"), ["OK deleted"]);
    assert_eq!(
        c.ask("DELETE x/y/b"),
        ["NO [NONEXISTENT] there is no such folder"]
    );
    assert_eq!(
        c.ask("DELETE Sent"),
        ["NO [CANNOT] \"Sent\" is needed and cannot be deleted"]
    );
}

#[test]
fn renaming_the_inbox_moves_its_messages() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    c.append("INBOX", MESSAGE);
    assert_eq!(c.ask("RENAME INBOX Alt"), ["* 1 EXPUNGE", "OK renamed"]);
    assert_eq!(
        c.ask("STATUS INBOX (MESSAGES)"),
        ["* STATUS INBOX (MESSAGES 0)", "OK done"]
    );
    assert_eq!(
        c.ask("STATUS Alt (MESSAGES UIDNEXT UNSEEN RECENT SIZE DELETED)"),
        [
            "* STATUS Alt (MESSAGES 1 UIDNEXT 2 UNSEEN 1 RECENT 0 SIZE 152 DELETED 0)",
            "OK done"
        ]
    );
}

#[test]
fn quota_is_told() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    assert_eq!(
        c.ask("GETQUOTAROOT INBOX"),
        ["* QUOTAROOT INBOX \"\"", "* QUOTA \"\" ()", "OK done"]
    );
    assert_eq!(
        c.ask("GETQUOTA x"),
        ["NO [NONEXISTENT] there is no such quota root"]
    );
}
