//! Taking mail away: what comes out is what is here, to the byte, and other programs read it.

use crate::corpus::{corpus, hand_over};
use crate::counterparts::{Dovecot, PROVIDER_PASSWORD};
use crate::dav;
use crate::mailbox::Mailbox;
use crate::server::{Folder, Server, run_with, wait_until};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A server on which anna has the corpus and some folders.
pub fn filled() -> Server {
    let server = Server::start_with(&["--max-received-per-minute", "1000"]);
    hand_over(&server, &corpus());
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    anna.ok("CREATE \"Kunden/M&APw-ller v1.2\"");
    anna.ok("SUBSCRIBE \"Kunden/M&APw-ller v1.2\"");
    anna.ok("CREATE Leer");
    anna.ok("SELECT INBOX");
    anna.ok("STORE 1:3 FLAGS (\\Seen \\Answered)");
    anna.ok("STORE 2 +FLAGS (\\Flagged $Forwarded Wichtig)");
    anna.ok("COPY 1:5 \"Kunden/M&APw-ller v1.2\"");
    let dated = b"Subject: dated\r\n\r\nFrom here\r\n>From there\r\n";
    let mut command = format!(
        "APPEND Leer (\\Draft) \"01-Feb-2003 04:05:06 +0000\" {{{}+}}\r\n",
        dated.len()
    )
    .into_bytes();
    command.extend_from_slice(dated);
    assert!(anna.try_command(&command).unwrap().tagged.starts_with("OK"));
    server
}

pub fn export(server: &Server, to: &Path, more: &[&str]) -> Value {
    let to = to.to_str().unwrap();
    let arguments = [&["export", to, "--verify", "--json"], more].concat();
    serde_json::from_str(&server.cli(&arguments)).unwrap()
}

/// The list of an account's export.
fn items(home: &Path) -> Vec<Value> {
    let text = fs::read_to_string(home.join("items.jsonl")).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn items_of(home: &Path, folder: &str) -> Vec<Value> {
    let all = items(home).into_iter();
    all.filter(|i| i["folder"] == folder).collect()
}

#[test]
fn the_corpus_goes_out_into_a_maildir_to_the_byte_while_the_server_runs() {
    let server = filled();
    let to = Folder::new();
    let report = export(&server, to.path(), &[]);
    let home = to.path().join("anna@example.test");
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let mut all = 0;
    for folder in ["INBOX", "Kunden/Müller v1.2", "Leer"] {
        let here = anna.messages(&folder.replace('ü', "&APw-"));
        let there = items_of(&home, folder);
        assert_eq!(here.len(), there.len(), "{folder}");
        for (raw, item) in here.iter().zip(&there) {
            let file = home.join(item["file"].as_str().unwrap());
            assert_eq!(fs::read(&file).unwrap(), *raw, "{}", file.display());
        }
        all += here.len();
    }
    assert_eq!(report["exported"][0]["messages"], all);
    assert_eq!(report["checked"][0]["findings"], serde_json::json!([]));
    assert_eq!(report["exported"][1]["address"], "ben@example.test");
    let second = &items_of(&home, "INBOX")[1];
    assert_eq!(
        second["flags"],
        serde_json::json!(["\\Seen", "\\Answered", "\\Flagged"])
    );
    assert_eq!(second["keywords"], "$Forwarded Wichtig");
    let manifest: Value = serde_json::from_slice(&fs::read(home.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["finished"]["messages"], all);
    // What other programs can check.
    let sum = Command::new("sha256sum")
        .arg(home.join("items.jsonl"))
        .output()
        .unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    assert!(sum.starts_with(manifest["finished"]["itemsSha256"].as_str().unwrap()));
}

/// As an IMAP server must show it: every line ends with CRLF.
fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    for (i, byte) in raw.iter().enumerate() {
        if *byte == b'\n' && (i == 0 || raw[i - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

#[test]
fn dovecot_reads_the_maildir_with_folders_flags_and_dates() {
    let server = filled();
    let dovecot = Dovecot::start();
    let to = Folder::new();
    export(&server, to.path(), &["--account", "anna@example.test"]);
    let home = dovecot.folder.path().join("home/moved");
    fs::create_dir_all(&home).unwrap();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(to.path().join("anna@example.test/Maildir"))
        .arg(&home)
        .status()
        .unwrap();
    assert!(copied.success());
    let owned = Command::new("chown")
        .args(["-R", "mail:mail"])
        .arg(&home)
        .status()
        .unwrap();
    assert!(owned.success());
    let there = std::net::SocketAddr::from(([127, 0, 0, 1], dovecot.imap));
    let mut here = Mailbox::open(server.imap, "anna@example.test");
    let mut there = Mailbox::open_with(there, "moved", PROVIDER_PASSWORD);
    for (ours, theirs) in [
        ("INBOX", "INBOX"),
        ("Kunden/M&APw-ller v1.2", "Kunden.M&APw-ller v1_2"),
        ("Leer", "Leer"),
    ] {
        let mut expected: Vec<Vec<u8>> = here.messages(ours).iter().map(|m| with_crlf(m)).collect();
        let mut found = there.messages(theirs);
        expected.sort();
        found.sort();
        assert_eq!(found.len(), expected.len(), "{ours}");
        assert!(found == expected, "{ours} is not as it was");
        // The same flags and dates on the same messages, whatever their order.
        let facts = |mailbox: &mut Mailbox| -> Vec<String> {
            let lines = mailbox.ok("FETCH 1:* (FLAGS INTERNALDATE)").lines;
            let mut facts: Vec<String> = lines
                .iter()
                .filter_map(|l| {
                    let line = String::from_utf8_lossy(l).replace("\\Recent", "");
                    let (flags, date) = line.split_once("FLAGS (")?.1.split_once(") INTERNALDATE ")?;
                    let mut flags: Vec<&str> = flags.split_whitespace().collect();
                    flags.sort_unstable();
                    Some(format!("{flags:?} {}", date.trim()))
                })
                .collect();
            facts.sort();
            facts
        };
        let (ours, theirs) = (facts(&mut here), facts(&mut there));
        assert!(!ours.is_empty());
        assert_eq!(ours, theirs);
    }
    let subscribed = there.ok("LSUB \"\" *").lines.concat();
    assert!(String::from_utf8_lossy(&subscribed).contains("Kunden.M&APw-ller v1_2"));
}

#[test]
fn the_corpus_goes_out_into_mbox_files_and_python_counts_the_same() {
    let mut server = filled();
    // As it also must work.
    server.stop();
    let to = Folder::new();
    let report = export(
        &server,
        to.path(),
        &["--as", "mbox", "--account", "anna@example.test"],
    );
    assert_eq!(report["checked"][0]["findings"], serde_json::json!([]));
    let home = to.path().join("anna@example.test");
    let mut by_file: BTreeMap<String, usize> = BTreeMap::new();
    for item in items(&home) {
        *by_file
            .entry(item["file"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    assert!(by_file.contains_key("mbox/Kunden.Müller v1.2"));
    for (file, count) in by_file {
        let script = "import mailbox, sys; print(len(mailbox.mbox(sys.argv[1])))";
        let out = Command::new("python3")
            .args(["-c", script])
            .arg(home.join(&file))
            .output()
            .unwrap();
        let found = String::from_utf8(out.stdout).unwrap();
        assert_eq!(found.trim(), count.to_string(), "{file}");
    }
}

fn fill_with(server: &Server, count: usize) {
    let mut ben = Mailbox::open(server.imap, "ben@example.test");
    for n in 0..count {
        assert!(ben.append(
            "INBOX",
            format!("Subject: {n}\r\n\r\n{n}\r\nFrom me\r\n").as_bytes()
        ));
    }
}

fn broken_off_goes_on(form: &str) {
    let server = Server::start();
    fill_with(&server, 1500);
    let to = Folder::new();
    let home = to.path().join("ben@example.test");
    let list = home.join("items.jsonl");
    let mut rounds = 0;
    while !home.join("manifest.json").exists() && rounds < 5 {
        rounds += 1;
        let before = fs::metadata(&list).map_or(0, |m| m.len());
        let mut child = Command::new(env!("CARGO_BIN_EXE_hauspost"))
            .args([
                "export",
                to.path().to_str().unwrap(),
                "--as",
                form,
                "--account",
                "ben@example.test",
            ])
            .env("HAUSPOST_DATA", server.data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("some more are out", Duration::from_secs(20), || {
            fs::metadata(&list).is_ok_and(|m| m.len() > before) || child.try_wait().unwrap().is_some()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        // As a power cut leaves the last line.
        let cut = fs::read(&list).unwrap();
        fs::write(&list, &cut[..cut.len() - cut.len().min(7)]).unwrap();
        // And somebody goes on working.
        fill_with(&server, 3);
    }
    if home.join("manifest.json").exists() {
        fs::remove_file(home.join("manifest.json")).unwrap();
    }
    let report = export(
        &server,
        to.path(),
        &["--as", form, "--account", "ben@example.test"],
    );
    let count = Mailbox::open(server.imap, "ben@example.test").count("INBOX");
    assert_eq!(report["exported"][0]["messages"], count);
    assert_eq!(report["checked"][0]["findings"], serde_json::json!([]));
    let mut uids: Vec<i64> = items(&home).iter().map(|i| i["uid"].as_i64().unwrap()).collect();
    uids.sort_unstable();
    uids.dedup();
    assert_eq!(uids.len(), count, "each once");
}

#[test]
fn an_export_into_a_maildir_that_was_broken_off_goes_on_where_it_was() {
    broken_off_goes_on("maildir");
}

#[test]
fn an_export_into_mbox_files_that_was_broken_off_goes_on_where_it_was() {
    broken_off_goes_on("mbox");
}

#[test]
fn what_was_changed_afterwards_is_found() {
    let server = Server::start();
    fill_with(&server, 3);
    let to = Folder::new();
    export(&server, to.path(), &[]);
    let at = to.path().to_str().unwrap();
    let check = |folder: &str| run_with(server.data.path(), &["export", folder, "--check"], "");
    assert_eq!(check(at).status.code(), Some(0));
    let home = to.path().join("ben@example.test");
    let file = |n: usize| home.join(items(&home)[n]["file"].as_str().unwrap());
    fs::write(file(0), "Subject: 0\r\n\r\n0\r\nFrom you\r\n").unwrap();
    fs::remove_file(file(1)).unwrap();
    fs::write(home.join("Maildir/cur/1.stranger:2,S"), "x").unwrap();
    let found = check(at);
    assert_eq!(found.status.code(), Some(1));
    let said = String::from_utf8(found.stdout).unwrap();
    for part in [
        "3 findings",
        "is not what was exported",
        "cannot be read",
        "is not in the list",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let empty = Folder::new();
    assert_eq!(check(empty.path().to_str().unwrap()).status.code(), Some(3));
}

#[test]
fn wrong_requests_say_what_to_do() {
    let server = Server::start();
    let to = Folder::new();
    let at = to.path().to_str().unwrap();
    let try_it = |arguments: &[&str]| {
        let out = run_with(server.data.path(), &[&["export"], arguments].concat(), "");
        (out.status.code().unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, said) = try_it(&[at, "--account", "nobody@example.test"]);
    assert!(code == 3 && said.contains("hauspost account list"), "{said}");
    export(&server, to.path(), &[]);
    let (code, said) = try_it(&[at]);
    assert!(code == 4 && said.contains("choose another folder"), "{said}");
    let half: PathBuf = to.path().join("half");
    fs::create_dir_all(half.join("anna@example.test/Maildir")).unwrap();
    let (code, said) = try_it(&[half.to_str().unwrap(), "--as", "mbox"]);
    assert!(code == 4 && said.contains("--as maildir"), "{said}");
    let (code, said) = try_it(&["/proc/no"]);
    assert!(code == 1 && said.contains("cannot be made"), "{said}");
}

/// What calendars and address books hold that a program has put there, by their addresses.
pub fn filled_collections(server: &Server) -> BTreeMap<String, String> {
    let anna = dav::anna(server);
    let zone = |offset: &str| {
        format!(
            "BEGIN:VTIMEZONE\r\nTZID:Büro\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\n\
             TZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
    };
    let event = |uid: &str, offset: &str| {
        dav::event(
            uid,
            "DTSTART;TZID=Büro:20260105T090000\nDURATION:PT1H\nX-OWN;P=\"a;b\":kept",
        )
        .replacen("BEGIN:VEVENT", &format!("{}BEGIN:VEVENT", zone(offset)), 1)
    };
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Zoë Müller\r\nN:Müller;Zoë;;;\r\nX-OWN:kept\r\nEND:VCARD\r\n";
    dav::propfind(
        &anna,
        "/dav/calendars/anna@example.test/",
        "1",
        "<D:resourcetype/>",
    );
    dav::propfind(
        &anna,
        "/dav/addressbooks/anna@example.test/",
        "1",
        "<D:resourcetype/>",
    );
    let (calendar, book) = (dav::CALENDAR, dav::BOOK);
    let all = BTreeMap::from([
        (format!("{calendar}a.ics"), event("a", "+0100")),
        (format!("{calendar}b.ics"), event("b", "+0100")),
        // A name that no disk takes as it is.
        (format!("{calendar}..c%3F.ics"), event("c", "+0200")),
        (format!("{book}c1.vcf"), card.to_owned()),
    ]);
    for (path, text) in &all {
        let reply = dav::put(&anna, path, text);
        assert_eq!(reply.status, 201, "{path}: {}", reply.text());
    }
    all
}

#[test]
fn calendars_and_contacts_go_out_to_the_byte_and_as_files_for_import() {
    let server = Server::start();
    let put = filled_collections(&server);
    let to = Folder::new();
    let report = export(&server, to.path(), &["--account", "anna@example.test"]);
    assert_eq!(report["exported"][0]["objects"], put.len());
    assert_eq!(report["checked"][0]["objects"], put.len());
    assert_eq!(report["checked"][0]["findings"], serde_json::json!([]));
    let home = to.path().join("anna@example.test");
    let list = fs::read_to_string(home.join("objects.jsonl")).unwrap();
    let mut found: Vec<String> = list
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            fs::read_to_string(home.join(record["file"].as_str().unwrap())).unwrap()
        })
        .collect();
    found.sort();
    let mut expected: Vec<String> = put.into_values().collect();
    expected.sort();
    assert_eq!(found, expected);
    let manifest: Value = serde_json::from_slice(&fs::read(home.join("manifest.json")).unwrap()).unwrap();
    let files: Vec<String> = manifest["collections"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["objects"] == 3)
        .map(|c| format!("{}.ics", c["path"].as_str().unwrap()))
        .collect();
    assert_eq!(files.len(), 1);
    // Another program's reader: three events, and as much zone as they need.
    let script = "import icalendar, sys\n\
                  all = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read(), multiple=True)\n\
                  print(sum(len(c.walk('VEVENT')) for c in all), sum(len(c.walk('VTIMEZONE')) for c in all))";
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("run/dav-clients/bin/python");
    let out = Command::new(python)
        .args(["-c", script])
        .arg(home.join(&files[0]))
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&out.stdout).trim(),
        "3 2",
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    // What is damaged or missing afterwards is told.
    let line: Value = serde_json::from_str(list.lines().next().unwrap()).unwrap();
    fs::write(home.join(line["file"].as_str().unwrap()), "BEGIN:VCALENDAR").unwrap();
    let out = run_with(
        server.data.path(),
        &["export", to.path().to_str().unwrap(), "--check"],
        "",
    );
    let said = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(said.contains("is not what was exported"), "{said}");
}
