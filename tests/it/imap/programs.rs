//! Programs that others wrote: mbsync (isync) and Python's imaplib. Left out where they are not installed.

use super::client::{Client, MESSAGE, MULTIPART};
use crate::server::{Folder, PASSWORD, Server};
use std::process::Command;

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[test]
fn mbsync_fetches_and_gives_back() {
    if !is_installed("mbsync") {
        eprintln!("left out: mbsync (isync) is not installed");
        return;
    }
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    c.append("INBOX", MESSAGE);
    c.append("INBOX", MULTIPART);
    let home = Folder::new();
    let path = home.path().display();
    let config = format!(
        "IMAPAccount a\nHost 127.0.0.1\nPort {}\nUser anna@example.test\nPass {PASSWORD}\nSSLType None\nAuthMechs LOGIN\n\n\
         IMAPStore far\nAccount a\n\nMaildirStore near\nPath {path}/mail/\nInbox {path}/mail/INBOX\nSubFolders Verbatim\n\n\
         Channel c\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n",
        server.imap.port()
    );
    let file = home.path().join("mbsyncrc");
    std::fs::write(&file, config).unwrap();
    std::fs::create_dir(home.path().join("mail")).unwrap();
    let sync = || {
        let out = Command::new("mbsync")
            .arg("-c")
            .arg(&file)
            .arg("-a")
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    let new_files = || -> Vec<_> {
        ["new", "cur"]
            .iter()
            .flat_map(|f| std::fs::read_dir(home.path().join("mail/INBOX").join(f)).unwrap())
            .map(|e| e.unwrap().path())
            .collect()
    };
    sync();
    let mut files = new_files();
    files.sort();
    assert_eq!(files.len(), 2);
    // One is deleted on this side, one arrives on that side.
    std::fs::remove_file(&files[0]).unwrap();
    std::fs::write(
        home.path().join("mail/INBOX/new/1.eigene"),
        MESSAGE.replace("\r\n", "\n"),
    )
    .unwrap();
    sync();
    assert_eq!(c.ask("NOOP").last().unwrap(), "OK done");
    assert_eq!(c.ask("SEARCH ALL"), ["* SEARCH 1 2", "OK done"]);
    assert_eq!(new_files().len(), 2);
}

#[test]
fn imaplib_reads_and_searches() {
    if !is_installed("python3") {
        eprintln!("left out: python3 is not installed");
        return;
    }
    let server = Server::start();
    let script = format!(
        "import imaplib\n\
         m = imaplib.IMAP4('127.0.0.1', {})\n\
         m.login('anna@example.test', '{PASSWORD}')\n\
         assert m.append('INBOX', '(\\\\Seen)', None, b'Subject: Hallo\\r\\n\\r\\nText')[0] == 'OK'\n\
         assert m.select('INBOX') == ('OK', [b'1'])\n\
         assert m.search(None, 'SUBJECT', 'hallo') == ('OK', [b'1'])\n\
         kind, data = m.fetch('1', '(FLAGS BODY.PEEK[])')\n\
         assert data[0][1] == b'Subject: Hallo\\r\\n\\r\\nText', data\n\
         assert m.store('1', '+FLAGS', '\\\\Deleted')[0] == 'OK'\n\
         assert m.expunge() == ('OK', [b'1'])\n\
         m.logout()\n",
        server.imap.port()
    );
    let out = Command::new("python3").arg("-c").arg(script).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}
