//! isync's mbsync as a mail program: fetches, puts, changes flags, expunges, both ways.

use crate::mailbox::Mailbox;
use crate::server::{Folder, PASSWORD, Server};
use crate::smtp::Talk;
use std::path::Path;
use std::process::Command;

fn sync(config: &Path) {
    let out = Command::new("mbsync")
        .args(["-c", config.to_str().unwrap(), "-a"])
        .output()
        .expect("mbsync is missing; run: make test");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    ["cur", "new"]
        .iter()
        .flat_map(|s| std::fs::read_dir(folder.join(s)).into_iter().flatten())
        .map(|e| e.unwrap().path())
        .collect()
}

#[test]
fn mbsync_carries_everything_both_ways() {
    let server = Server::start();
    for n in 0..3 {
        let message = format!("From: x@other.test\r\nSubject: number {n}\r\n\r\nhi {n}\r\n");
        let reply =
            Talk::hello(server.smtp).deliver("x@other.test", &["anna@example.test"], message.as_bytes());
        assert!(reply.starts_with("250"), "{reply}");
    }
    let folder = Folder::new();
    let local = folder.path().join("mail");
    std::fs::create_dir(&local).unwrap();
    let ca = server.data.path().join("tls/ca.pem");
    let config = folder.path().join("mbsyncrc");
    std::fs::write(
        &config,
        format!(
            "IMAPAccount office\nHost localhost\nPort {}\nUser anna@example.test\nPass {PASSWORD}\nSSLType IMAPS\nCertificateFile {}\n\n\
             IMAPStore far\nAccount office\n\nMaildirStore near\nPath {}/\nInbox {}/Inbox\nSubFolders Verbatim\n\n\
             Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n",
            server.imaps.port(),
            ca.display(),
            local.display(),
            local.display(),
        ),
    )
    .unwrap();
    sync(&config);
    let inbox = local.join("Inbox");
    assert_eq!(files(&inbox).len(), 3);

    // Here: one read, one gone, one new in a new folder.
    let all = files(&inbox);
    std::fs::rename(&all[0], inbox.join("cur").join("read.1:2,S")).ok();
    let name = all[1].file_name().unwrap().to_str().unwrap().to_owned();
    let base = name.split(":2,").next().unwrap();
    std::fs::rename(&all[1], inbox.join("cur").join(format!("{base}:2,ST"))).unwrap();
    let projects = local.join("Projects");
    for sub in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(projects.join(sub)).unwrap();
    }
    std::fs::write(
        projects.join("new/1.x"),
        "From: anna@example.test\nSubject: kept\n\nhere\n",
    )
    .unwrap();
    sync(&config);
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    assert_eq!(mailbox.count("Projects"), 1);

    // There: one more, one flag.
    assert!(mailbox.append("INBOX", b"Subject: from there\r\n\r\nhi\r\n"));
    mailbox.ok("SELECT Projects");
    mailbox.ok("UID STORE 1 +FLAGS (\\Flagged)");
    sync(&config);
    sync(&config);
    let kept = files(&projects);
    assert_eq!(kept.len(), 1);
    assert!(kept[0].to_str().unwrap().contains('F'), "the flag came: {kept:?}");
    assert_eq!(mailbox.count("INBOX"), files(&inbox).len());
}
