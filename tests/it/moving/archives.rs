//! Archives: what people download when they leave a large provider.

use super::{assert_proven, import, sum};
use crate::mailbox::Mailbox;
use crate::server::{Folder, Server};
use std::process::Command;

/// As Gmail's part of a Takeout, in one file.
const GMAIL: &str = "From 1@xxx Sun Feb 02 04:05:06 +0000 2003\nX-GM-THRID: 1\nX-Gmail-Labels: =?UTF-8?Q?Posteingang,Ungelesen,B=C3=BCro?=\nSubject: one\n\nx\n\n\
    From 2@xxx Sun Feb 02 04:05:06 +0000 2003\nX-GM-THRID: 2\nX-Gmail-Labels: Sent,Opened\nSubject: two\n\nx\n\n\
    From 3@xxx Sun Feb 02 04:05:06 +0000 2003\nX-GM-THRID: 3\nX-Gmail-Labels: Archived,Starred\nSubject: three\n\nx\n";

fn python(script: &str, arguments: &[&str]) {
    let done = Command::new("python3")
        .args(["-c", script])
        .args(arguments)
        .status()
        .unwrap();
    assert!(done.success());
}

fn takeout_comes_in(archive: &str, write: &str) {
    let server = Server::start();
    let files = Folder::new();
    let at = files.path().join(archive);
    let at = at.to_str().unwrap();
    let card = "BEGIN:VCARD\nVERSION:3.0\nFN:Zoe\nEND:VCARD\n";
    python(write, &[at, GMAIL, card]);
    let arguments = ["files", at, "--account", "anna@example.test", "--verify"];
    let report = import(&server, &arguments);
    assert_proven(&report, 4);
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let counts: Vec<usize> = ["INBOX", "Sent", "Archive"]
        .iter()
        .map(|f| anna.count(f))
        .collect();
    assert_eq!(counts, [1, 1, 1]);
    anna.ok("SELECT INBOX");
    let flags = String::from_utf8_lossy(&anna.ok("FETCH 1 (FLAGS)").lines.concat()).into_owned();
    assert!(
        flags.contains("B=C3=BCro") && !flags.contains("\\Seen"),
        "{flags}"
    );
    // It is unpacked elsewhere each time, and known nevertheless.
    let again = import(&server, &arguments);
    assert_eq!((sum(&again, "stored"), sum(&again, "known")), (0, 4));
    let left = std::fs::read_dir(server.data.path().join("import"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "what was unpacked is gone");
}

#[test]
fn a_takeout_in_a_zip_comes_in_with_labels_as_folders_and_categories() {
    takeout_comes_in(
        "takeout.zip",
        "import sys, zipfile\n\
         z = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)\n\
         z.writestr('Takeout/Mail/All mail.mbox', sys.argv[2])\n\
         z.writestr('Takeout/Contacts/My Contacts/My Contacts.vcf', sys.argv[3])\n\
         z.close()",
    );
}

#[test]
fn a_takeout_in_a_tgz_comes_in_and_paths_that_lead_elsewhere_do_not() {
    takeout_comes_in(
        "takeout.tgz",
        "import io, sys, tarfile\n\
         t = tarfile.open(sys.argv[1], 'w:gz')\n\
         def put(name, text):\n\
        \x20 i = tarfile.TarInfo(name); i.size = len(text.encode()); t.addfile(i, io.BytesIO(text.encode()))\n\
         put('Takeout/Mail/All mail.mbox', sys.argv[2])\n\
         put('Takeout/Contacts/My Contacts.vcf', sys.argv[3])\n\
         put('../../escaped.eml', 'Subject: no')\n\
         t.close()",
    );
}
