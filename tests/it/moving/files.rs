//! From our own exports, Maildir, mbox and single files.

use super::{assert_proven, import, sum};
use crate::dav;
use crate::export::{export, filled, filled_collections};
use crate::mailbox::Mailbox;
use crate::server::{Folder, Server, wait_until};
use crate::web::Web;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Every message of some folders, with flags and dates, in an order of its own.
fn contents(server: &Server, user: &str, folders: &[&str]) -> Vec<(String, Vec<u8>, String)> {
    let mut mailbox = Mailbox::open(server.imap, user);
    let mut all = Vec::new();
    for folder in folders {
        let bodies = mailbox.messages(folder);
        let facts = mailbox.ok("FETCH 1:* (FLAGS INTERNALDATE)").lines;
        let facts = facts.iter().filter(|l| l.windows(7).any(|w| w == b" FETCH "));
        for (raw, fact) in bodies.into_iter().zip(facts) {
            let fact = String::from_utf8_lossy(fact).into_owned();
            let fact = fact.split_once("FLAGS").unwrap().1.replace("\\Recent", "");
            all.push(((*folder).to_owned(), raw, fact.trim().to_owned()));
        }
    }
    all.sort();
    all
}

const FOLDERS: [&str; 3] = ["INBOX", "Kunden/M&APw-ller v1.2", "Leer"];

fn goes_out_and_comes_back(form: &str) {
    let from = filled();
    filled_collections(&from);
    let task = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:do\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    let put = dav::put(
        &dav::anna(&from),
        "/dav/calendars/anna@example.test/tasks/t1.ics",
        task,
    );
    assert_eq!(put.status, 201, "{}", put.text());
    let to = Folder::new();
    let exported = export(
        &from,
        to.path(),
        &["--as", form, "--account", "anna@example.test"],
    );
    let messages = exported["exported"][0]["messages"].as_i64().unwrap() as usize;
    let objects = exported["exported"][0]["objects"].as_i64().unwrap() as usize;
    assert_eq!(objects, 5);

    let here = Server::start();
    let at = to.path().to_str().unwrap();
    let dry = import(&here, &["export", at, "--dry-run"]);
    assert_eq!(sum(&dry, "new") as usize, messages + objects);
    assert_eq!(Mailbox::open(here.imap, "anna@example.test").count("INBOX"), 0);
    let report = import(&here, &["export", at, "--verify"]);
    assert_eq!(sum(&report, "stored") as usize, messages + objects);
    assert_proven(&report, messages + objects);
    assert!(contents(&here, "anna@example.test", &FOLDERS) == contents(&from, "anna@example.test", &FOLDERS));
    for path in ["a.ics", "b.ics", "..c%3F.ics"] {
        let path = format!("{}{path}", dav::CALENDAR);
        let (ours, theirs) = (dav::anna(&here).get(&path), dav::anna(&from).get(&path));
        assert_eq!(ours.expect(200).text(), theirs.expect(200).text());
    }
    // And again: nothing twice, and still all the same.
    let again = import(&here, &["export", at, "--verify"]);
    assert_eq!(sum(&again, "stored"), 0);
    assert_eq!(sum(&again, "known") as usize, messages + objects);
    assert_proven(&again, messages + objects);
    // Into another account by name.
    let ben = import(
        &here,
        &["export", at, "--account", "anna@example.test=ben@example.test"],
    );
    assert_eq!(sum(&ben, "stored") as usize, messages + objects);
}

#[test]
fn an_office_goes_out_into_a_maildir_and_comes_back_without_a_difference() {
    goes_out_and_comes_back("maildir");
}

#[test]
fn an_office_goes_out_into_mbox_files_and_comes_back_without_a_difference() {
    goes_out_and_comes_back("mbox");
}

#[test]
fn what_was_changed_here_is_named() {
    let from = filled();
    let to = Folder::new();
    export(&from, to.path(), &["--account", "anna@example.test"]);
    let here = Server::start();
    let at = to.path().to_str().unwrap();
    import(&here, &["export", at]);
    let mut anna = Mailbox::open(here.imap, "anna@example.test");
    anna.ok("SELECT INBOX");
    anna.ok("UID STORE 4 +FLAGS (\\Flagged)");
    anna.ok("UID MOVE 5 Leer");
    anna.ok("UID STORE 6 +FLAGS (\\Deleted)");
    anna.ok("EXPUNGE");
    let report = import(&here, &["export", at, "--check"]);
    let differences = report["imported"][0]["differences"].as_array().unwrap();
    let mut what: Vec<&str> = differences.iter().map(|d| d["what"].as_str().unwrap()).collect();
    what.sort_unstable();
    assert_eq!(
        what,
        [
            "came here, and was removed here",
            "has other flags",
            "is in another folder here"
        ]
    );
    // What was removed here does not come back by itself.
    let again = import(&here, &["export", at]);
    assert_eq!(sum(&again, "stored"), 0);
}

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// As Dovecot leaves it, with line ends of Unix.
fn maildir(root: &Path) {
    let message = |n: u32| {
        format!("From: x@other.test\nMessage-ID: <{n}@other.test>\nSubject: number {n}\n\nbody {n}\n")
    };
    for folder in ["", ".Gesendete Elemente", ".Kunden.M&APw-ller"] {
        for sub in ["cur", "new", "tmp"] {
            fs::create_dir_all(root.join(folder).join(sub)).unwrap();
        }
    }
    write(&root.join("cur/1.a,S=99:2,RS"), message(1));
    write(&root.join("new/2.a"), message(2));
    write(&root.join(".Gesendete Elemente/cur/3.a:2,PSb"), message(3));
    write(
        &root.join(".Gesendete Elemente/dovecot-keywords"),
        "0 eins\n1 Wichtig\n",
    );
    write(&root.join(".Kunden.M&APw-ller/cur/4.a:2,DF"), message(4));
    write(&root.join("subscriptions"), "Gesendete Elemente\n");
}

#[test]
fn a_maildir_comes_in_with_folders_flags_and_keywords_and_catches_up() {
    let server = Server::start();
    let files = Folder::new();
    let root = files.path().join("Maildir");
    maildir(&root);
    let at = root.to_str().unwrap();
    let arguments = ["maildir", at, "--account", "anna@example.test", "--verify"];
    let report = import(&server, &arguments);
    assert_proven(&report, 4);
    let all = contents(
        &server,
        "anna@example.test",
        &["INBOX", "Sent", "Kunden/M&APw-ller"],
    );
    assert_eq!(all.len(), 4);
    assert!(
        all.iter()
            .all(|(_, raw, _)| raw.ends_with(b"\r\n") && !raw.windows(2).any(|w| w == b"\n\n"))
    );
    let sent = all.iter().find(|(folder, ..)| folder == "Sent").unwrap();
    assert!(
        sent.2.contains("\\Seen") && sent.2.contains("$Forwarded") && sent.2.contains("Wichtig"),
        "{}",
        sent.2
    );
    // Meanwhile there: one read, one moved, one new, one gone.
    fs::rename(root.join("new/2.a"), root.join("cur/2.a:2,S")).unwrap();
    fs::rename(
        root.join(".Kunden.M&APw-ller/cur/4.a:2,DF"),
        root.join(".Gesendete Elemente/cur/9.a:2,DF"),
    )
    .unwrap();
    fs::remove_file(root.join("cur/1.a,S=99:2,RS")).unwrap();
    write(&root.join("cur/5.a:2,"), "Subject: new\n\nx\n");
    let report = import(&server, &[&arguments[..], &["--follow-deletions"]].concat());
    assert_eq!(
        (
            sum(&report, "stored"),
            sum(&report, "moved"),
            sum(&report, "changed")
        ),
        (1, 1, 1)
    );
    assert_eq!(report["imported"][0]["removed"], 1);
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let counts: Vec<usize> = ["INBOX", "Sent", "Kunden/M&APw-ller"]
        .iter()
        .map(|f| anna.count(f))
        .collect();
    assert_eq!(counts, [2, 2, 0]);
    let last = import(&server, &arguments);
    assert_proven(&last, 4);
}

#[test]
fn the_same_mail_from_two_sources_is_here_once() {
    let server = Server::start();
    let files = Folder::new();
    maildir(&files.path().join("Maildir"));
    let at = files.path().join("Maildir");
    import(
        &server,
        &["maildir", at.to_str().unwrap(), "--account", "anna@example.test"],
    );
    // Another server's copy of it, with a line more in the header.
    let mbox = files.path().join("inbox.mbox");
    write(
        &mbox,
        "From x@other.test Sun Feb 02 04:05:06 2003\nReceived: by elsewhere\nMessage-ID: <1@other.test>\nSubject: number 1\n\nbody 1\n\n",
    );
    let more = [
        "--account",
        "anna@example.test",
        "--verify",
        "--folder",
        "inbox=INBOX",
    ];
    let report = import(&server, &[&["mbox", mbox.to_str().unwrap()], &more[..]].concat());
    assert_eq!((sum(&report, "stored"), sum(&report, "adopted")), (0, 1));
    assert_eq!(report["imported"][0]["otherHeader"], 1);
}

#[test]
fn a_profile_of_thunderbird_comes_in() {
    let server = Server::start();
    let files = Folder::new();
    let profile = files.path().join("abc.default");
    write(&profile.join("prefs.js"), "");
    write(&profile.join("abook.sqlite"), "x");
    let local = profile.join("Mail/Local Folders");
    write(
        &local.join("Inbox"),
        "From - Sat Nov 22 19:41:05 2026\nX-Mozilla-Status: 1003\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: Wichtig\nSubject: a\n\n>From x\n\n\
         From - Sat Nov 22 19:41:05 2026\nX-Mozilla-Status: 0009\nSubject: deleted\n\nx\n\n",
    );
    write(&local.join("Inbox.msf"), "x");
    write(
        &local.join("Archiv.sbd/2020"),
        "From - Sat Nov 22 19:41:05 2020\nX-Mozilla-Status: 0001\nSubject: b\n\nb\n",
    );
    let report = import(
        &server,
        &[
            "files",
            profile.to_str().unwrap(),
            "--account",
            "anna@example.test",
            "--verify",
        ],
    );
    assert_eq!(sum(&report, "stored"), 2);
    assert_eq!(report["imported"][0]["differences"], serde_json::json!([]));
    let problems = report["imported"][0]["problems"].to_string();
    assert!(problems.contains("abook.sqlite"), "{problems}");
    let all = contents(&server, "anna@example.test", &["INBOX", "Archive/2020"]);
    assert_eq!(all.len(), 2);
    let inbox = all.iter().find(|(folder, ..)| folder == "INBOX").unwrap();
    assert_eq!(inbox.1, b"Subject: a\r\n\r\nFrom x\r\n");
    for flag in [
        "\\Seen",
        "\\Answered",
        "$Forwarded",
        "Wichtig",
        "22-Nov-2026 19:41:05",
    ] {
        assert!(inbox.2.contains(flag), "{flag}: {}", inbox.2);
    }
}

#[test]
fn calendars_and_contacts_come_in_and_what_cannot_be_read_is_kept_and_listed() {
    let server = Server::start();
    let files = Folder::new();
    let calendar = files.path().join("team.ics");
    write(
        &calendar,
        format!(
            "{}{}",
            dav::event("a", "DTSTART:20260105T090000Z").replace(
                "END:VCALENDAR",
                "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:do\r\nEND:VTODO\r\nEND:VCALENDAR"
            ),
            dav::event("bad", "DTSTART:yesterday")
        ),
    );
    let book = files.path().join("people.vcf");
    write(
        &book,
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Zoë\r\nPHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:no version\r\nEND:VCARD\r\n",
    );
    let at = files.path().to_str().unwrap();
    let arguments = ["files", at, "--account", "anna@example.test"];
    let report = import(&server, &arguments);
    assert_eq!((sum(&report, "stored"), sum(&report, "setAside")), (3, 2));
    let aside = report["imported"][0]["aside"].as_array().unwrap();
    assert_eq!(aside.len(), 2);
    for kept in aside {
        let raw = fs::read_to_string(kept["file"].as_str().unwrap()).unwrap();
        assert!(raw.contains("yesterday") || raw.contains("no version"), "{raw}");
        assert!(kept["reason"].as_str().unwrap().contains("line"), "{kept}");
    }
    let again = import(&server, &arguments);
    assert_eq!((sum(&again, "stored"), sum(&again, "known")), (0, 5));
    assert_eq!(again["imported"][0]["aside"].as_array().unwrap().len(), 2);
    let anna = dav::anna(&server);
    let card = anna
        .get("/dav/addressbooks/anna@example.test/people/c1.vcf")
        .expect(200)
        .text();
    assert!(card.contains("PHOTO") && card.contains("Zoë"), "{card}");
    // It changes there: here too. It changes on both sides: ours stays, and theirs is kept aside.
    let changed = |who: &str| {
        fs::read_to_string(&book)
            .unwrap()
            .replace("FN:Zoë", &format!("FN:{who}"))
    };
    write(&book, changed("Zoë Müller"));
    let report = import(&server, &arguments);
    assert_eq!(sum(&report, "changed"), 1);
    let card = card.replace("FN:Zoë", "FN:Ours");
    let put = dav::put(&anna, "/dav/addressbooks/anna@example.test/people/c1.vcf", &card);
    assert_eq!(put.status, 204, "{}", put.text());
    write(&book, changed("Theirs"));
    let report = import(&server, &arguments);
    assert_eq!(sum(&report, "setAside"), 1);
    let card = anna
        .get("/dav/addressbooks/anna@example.test/people/c1.vcf")
        .expect(200)
        .text();
    assert!(card.contains("FN:Ours"), "{card}");
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_one_that_was_not() {
    let server = Server::start();
    let files = Folder::new();
    let mbox = files.path().join("INBOX.mbox");
    let count = 3_000;
    let text: String = (0..count)
        .map(|n| format!("From x Sun Feb 02 04:05:06 2003\nSubject: {n}\nMessage-ID: <{n}@x>\nStatus: RO\n\nbody {n}\n\n"))
        .collect();
    write(&mbox, text);
    let arguments = [
        "import",
        "mbox",
        mbox.to_str().unwrap(),
        "--account",
        "ben@example.test",
    ];
    let mut ben = Mailbox::open(server.imap, "ben@example.test");
    let mut rounds = 0;
    while ben.count("INBOX") < count && rounds < 8 {
        rounds += 1;
        let before = ben.count("INBOX");
        let mut child = Command::new(env!("CARGO_BIN_EXE_hauspost"))
            .args(arguments)
            .env("HAUSPOST_DATA", server.data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("some more have come", Duration::from_secs(60), || {
            ben.count("INBOX") > before || child.try_wait().unwrap().is_some()
        });
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report = import(
        &server,
        &[
            "mbox",
            mbox.to_str().unwrap(),
            "--account",
            "ben@example.test",
            "--verify",
        ],
    );
    assert_proven(&report, count);
    assert_eq!(ben.count("INBOX"), count, "each once");
    assert!(rounds > 1, "it was never killed in the middle");
}

#[test]
fn what_is_dropped_into_the_folder_for_imports_comes_in_and_is_put_away() {
    let server = Server::start();
    let place = server.data.path().join("import");
    let dropped = place.join("ben@example.test");
    write(
        &dropped.join("Projekte.mbox"),
        "From x Sun Feb 02 04:05:06 2003\nSubject: a\n\nb\n",
    );
    write(
        &dropped.join("people.csv"),
        "First Name,Last Name,E-mail Address,Shoe Size\nZoe,Miller,zoe@x.test,42\n",
    );
    write(&dropped.join("broken.msg"), "this is none");
    write(&dropped.join("photo.jpg"), "x");
    // An export brings its settings, too.
    let (other, export) = (Server::start(), Folder::new());
    let program = Web::page(&other, "anna@example.test");
    program
        .patch("/v1.0/me/mailboxSettings", &json!({"timeZone": "Europe/Vienna"}))
        .expect(200);
    other.cli(&[
        "export",
        export.path().to_str().unwrap(),
        "--account",
        "anna@example.test",
    ]);
    fs::create_dir_all(&dropped).unwrap();
    let came = Command::new("cp")
        .arg("-r")
        .arg(export.path())
        .arg(dropped.join("export"))
        .status();
    assert!(came.unwrap().success());
    let mut ben = Mailbox::open(server.imap, "ben@example.test");
    wait_until("it is imported", Duration::from_secs(90), || {
        fs::read_dir(&dropped).unwrap().count() == 0
    });
    assert_eq!(ben.count("Projekte"), 1);
    let ben = dav::program(&server, "ben@example.test");
    let listed = dav::propfind(
        &ben,
        "/dav/addressbooks/ben@example.test/people/",
        "1",
        "<D:getetag/>",
    );
    assert!(listed.contains(".vcf"), "{listed}");
    let done: Vec<_> = fs::read_dir(place.join("done"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert_eq!(done.len(), 1);
    let report = fs::read_to_string(done[0].join("report.txt")).unwrap();
    let zone = Web::page(&server, "ben@example.test")
        .get("/v1.0/me/mailboxSettings")
        .expect(200)
        .json();
    assert_eq!(zone["timeZone"], "Europe/Vienna", "{report}");
    assert!(!report.contains("anna@example.test/"), "{report}");
    for part in ["1 came", "no message of Outlook", "photo.jpg: in "] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(done[0].join("Projekte.mbox").exists() && done[0].join("photo.jpg").exists());
    let aside = fs::read_dir(place.join("aside/ben@example.test")).unwrap();
    let kept: Vec<String> = aside
        .map(|e| fs::read_to_string(e.unwrap().path()).unwrap())
        .collect();
    assert_eq!(kept, ["this is none"]);
}
