//! Backups: what comes back is what was there, item by item, whatever happens meanwhile.

mod again;
mod past;
mod places;

use crate::corpus::{corpus, hand_over};
use crate::dav;
use crate::mailbox::Mailbox;
use crate::server::{Folder, Server, run_with};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A server on which anna has the corpus, a message over the size that lies in a file of its own, events and a card.
fn filled() -> Server {
    let server = Server::start_with(&["--max-received-per-minute", "1000"]);
    hand_over(&server, &corpus());
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    anna.ok("CREATE Kunden");
    anna.ok("SELECT INBOX");
    anna.ok("STORE 2 +FLAGS (\\Flagged $Forwarded)");
    anna.ok("COPY 1:5 Kunden");
    let mut large = b"Subject: large\r\n\r\n".to_vec();
    let mut noise = 1u32;
    for _ in 0..600_000 {
        // Marsaglia's xorshift: nothing that a packer makes small.
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        large.push(b' ' + (noise >> 26) as u8);
    }
    large.extend_from_slice(b"\r\n");
    assert!(anna.append("Kunden", &large));
    let web = dav::anna(&server);
    for n in 0..5 {
        let text = dav::event(
            &format!("e{n}"),
            "DTSTART:20261201T100000Z\nDTEND:20261201T110000Z",
        );
        assert_eq!(
            dav::put(&web, &format!("{}e{n}.ics", dav::CALENDAR), &text).status,
            201
        );
    }
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Carla\r\nN:;Carla;;;\r\nEND:VCARD\r\n";
    assert_eq!(dav::put(&web, &format!("{}c.vcf", dav::BOOK), card).status, 201);
    server
}

fn backup(server: &Server, to: &Path) -> Value {
    let done: Value =
        serde_json::from_str(&server.cli(&["backup", "run", "--json", "--to", to.to_str().unwrap()]))
            .unwrap();
    done[0].clone()
}

fn key_file(server: &Server, at: &Path) -> PathBuf {
    let shown: Value = serde_json::from_str(&server.cli(&["backup", "key", "--json"])).unwrap();
    let path = at.join("recovery-key.txt");
    fs::write(&path, shown["secret"].as_str().unwrap()).unwrap();
    path
}

/// Exit code, JSON on standard output, standard error.
fn without_box(arguments: &[&str]) -> (i32, Value, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_hauspost"))
        .args(arguments)
        .arg("--json")
        .env_remove("HAUSPOST_DATA")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let json = serde_json::from_slice(&out.stdout).unwrap_or(Value::Null);
    (out.status.code().unwrap(), json, said)
}

/// From a folder.
fn restore(from: &Path, key: &Path) -> (Folder, i32, Value, String) {
    let data = Folder::new();
    let [from, key, to] = [from, key, data.path()].map(|p| p.to_str().unwrap().to_owned());
    let (code, json, said) = without_box(&["restore", "--from", &from, "--key", &key, "--data", &to]);
    (data, code, json, said)
}

/// Every item of an account with its folder, hash, flags and date, as an export lists them.
fn items(data: &Path, address: &str) -> BTreeSet<String> {
    let to = Folder::new();
    let out = run_with(
        data,
        &["export", to.path().to_str().unwrap(), "--account", address],
        "",
    );
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut all = BTreeSet::new();
    for (list, keys) in [
        (
            "items.jsonl",
            ["folder", "sha256", "flags", "keywords", "receivedAt"].as_slice(),
        ),
        ("objects.jsonl", &["collection", "name", "sha256"]),
    ] {
        let text = fs::read_to_string(to.path().join(address).join(list)).unwrap();
        for line in text.lines() {
            let item: Value = serde_json::from_str(line).unwrap();
            assert!(item["sha256"].is_string(), "{line}");
            all.insert(
                keys.iter()
                    .map(|k| item[k].to_string())
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
    }
    all
}

fn assert_sound(data: &Path) {
    let out = run_with(data, &["doctor"], "");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&[out.stdout, out.stderr].concat())
    );
}

#[test]
fn a_box_comes_back_from_its_backup_item_by_item_and_clients_begin_anew() {
    let server = filled();
    let (place, keys) = (Folder::new(), Folder::new());
    let web = dav::anna(&server);
    let token = dav::token(&dav::sync(&web, dav::CALENDAR, ""));
    let first = backup(&server, place.path());
    assert!(first["newBodies"].as_u64().unwrap() > 50, "{first}");
    let again = backup(&server, place.path());
    assert_eq!(again["newBodies"], 0, "{again}");
    let key = key_file(&server, keys.path());
    let before = items(server.data.path(), "anna@example.test");
    let validity = |server: &Server| {
        let mut anna = Mailbox::open(server.imap, "anna@example.test");
        let said = anna.ok("STATUS INBOX (UIDVALIDITY UIDNEXT)");
        String::from_utf8(said.lines.concat()).unwrap()
    };
    let old_validity = validity(&server);
    let (data, code, restored, said) = restore(place.path(), &key);
    assert_eq!(code, 0, "{said}");
    assert_eq!(restored["lost"], serde_json::json!([]));
    assert_sound(data.path());
    assert_eq!(items(data.path(), "anna@example.test"), before);
    let second = Server::serve(data, &[]);
    assert_ne!(validity(&second), old_validity);
    let web = dav::anna(&second);
    let inner = format!(
        "<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>"
    );
    let stale = dav::ask(&web, "REPORT", dav::CALENDAR, "0", "D:sync-collection", &inner);
    assert_eq!(stale.status, 403, "an old token must not be taken for a new one");
    assert_eq!(dav::names(&dav::sync(&web, dav::CALENDAR, "")).len(), 5);
    // Into a folder with data nothing is restored.
    let [from, key, to] = [place.path(), &key, second.data.path()].map(|p| p.to_str().unwrap().to_owned());
    assert_eq!(
        without_box(&["restore", "--from", &from, "--key", &key, "--data", &to]).0,
        4
    );
}

#[test]
fn a_backup_is_whole_while_four_write_and_after_a_kill() {
    let mut server = filled();
    let (place, keys) = (Folder::new(), Folder::new());
    let key = key_file(&server, keys.path());
    let before = items(server.data.path(), "anna@example.test");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (stop, imap) = (&stop, server.imap);
            scope.spawn(move || {
                let mut anna = Mailbox::open(imap, "anna@example.test");
                let mut count = 0;
                while !stop.load(Ordering::Relaxed) {
                    count += 1;
                    let message = format!("Subject: writer {n} {count}\r\n\r\n{}\r\n", "x".repeat(3000));
                    assert!(anna.append("INBOX", message.as_bytes()));
                }
            });
        }
        // Some runs are killed; what they have packed is not packed again.
        for ms in [20, 60, 120] {
            let mut run = Command::new(env!("CARGO_BIN_EXE_hauspost"))
                .args(["backup", "run", "--to"])
                .arg(place.path())
                .arg("--data")
                .arg(server.data.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(ms));
            run.kill().unwrap();
            run.wait().unwrap();
        }
        backup(&server, place.path());
        stop.store(true, Ordering::Relaxed);
    });
    server.kill();
    let (data, code, restored, said) = restore(place.path(), &key);
    assert_eq!(code, 0, "{said} {restored}");
    assert_sound(data.path());
    let (after, now) = (
        items(data.path(), "anna@example.test"),
        items(server.data.path(), "anna@example.test"),
    );
    assert!(
        after.is_superset(&before),
        "what was there before the backup is in it"
    );
    assert!(after.is_subset(&now), "nothing comes back that was not there");
    assert!(after.len() > before.len(), "writers were at work");
}

#[test]
fn a_flipped_bit_is_found_and_what_it_hit_is_named_and_all_else_comes_back() {
    let server = filled();
    let (place, keys) = (Folder::new(), Folder::new());
    let key = key_file(&server, keys.path());
    let before = items(server.data.path(), "anna@example.test");
    backup(&server, place.path());
    let [from, key_text] = [place.path(), &key].map(|p| p.to_str().unwrap().to_owned());
    let verify = || without_box(&["backup", "verify", "--from", &from, "--key", &key_text]);
    let (code, whole, said) = verify();
    assert_eq!((code, &whole["damage"]), (0, &serde_json::json!([])), "{said}");
    assert!(whole["bodies"].as_u64().unwrap() > 50);
    // The largest file is the pack.
    let pack = files_below(&place.path().join("data"))
        .into_iter()
        .max_by_key(|p| fs::metadata(p).unwrap().len());
    let pack = pack.unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let (code, hurt, _) = verify();
    assert_eq!(code, 1);
    let damage = hurt["damage"].to_string();
    assert!(
        damage.contains("other bytes than were stored") && damage.contains("anna@example.test"),
        "{damage}"
    );
    let (data, code, restored, said) = restore(place.path(), &key);
    assert_eq!(code, 1, "{said}");
    let lost = restored["lost"].as_array().unwrap().len();
    assert!((1..5).contains(&lost), "{restored}");
    assert_sound(data.path());
    let after = items(data.path(), "anna@example.test");
    assert!(after.is_subset(&before));
    assert!(
        after.len() + lost >= before.len(),
        "{} + {lost} of {}",
        after.len(),
        before.len()
    );
    // The box still has what the backup lost: the next run stores it again.
    fs::remove_file(&pack).unwrap();
    assert!(backup(&server, place.path())["newBodies"].as_u64().unwrap() > 50);
    let (data, code, ..) = restore(place.path(), &key);
    assert_eq!(code, 0);
    assert_eq!(items(data.path(), "anna@example.test"), before);
}

#[test]
fn what_was_lost_comes_back_as_something_new_and_what_is_there_stays() {
    let server = filled();
    let place = Folder::new();
    let from = place.path().to_str().unwrap().to_owned();
    backup(&server, place.path());
    let before = items(server.data.path(), "anna@example.test");
    let web = dav::anna(&server);
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    anna.ok("SELECT INBOX");
    anna.ok("STORE 2:4 +FLAGS (\\Deleted)");
    anna.ok("EXPUNGE");
    anna.ok("SELECT Sent");
    anna.ok("DELETE Kunden");
    for n in 1..3 {
        assert_eq!(
            web.send("DELETE", &format!("{}e{n}.ics", dav::CALENDAR), &[], b"")
                .status,
            204
        );
    }
    let changed = dav::event("e3", "DTSTART:20261203T100000Z\nDTEND:20261203T110000Z");
    assert_eq!(
        dav::put(&web, &format!("{}e3.ics", dav::CALENDAR), &changed).status,
        204
    );
    let token = dav::token(&dav::sync(&web, dav::CALENDAR, ""));
    let calm = anna.count("INBOX");
    let bring = |more: &[&str]| -> Value {
        let arguments = [
            &[
                "backup",
                "bring-back",
                "anna@example.test",
                "--from",
                &from,
                "--json",
            ],
            more,
        ]
        .concat();
        serde_json::from_str(&server.cli(&arguments)).unwrap()
    };
    let out = run_with(
        server.data.path(),
        &[
            "backup",
            "bring-back",
            "anna@example.test",
            "--from",
            &from,
            "--folder",
            "Nirgends",
        ],
        "",
    );
    assert_eq!(out.status.code(), Some(3));
    let one = bring(&["--folder", "INBOX"]);
    assert_eq!(
        (&one["messages"], &one["objects"]),
        (&Value::from(3), &Value::from(0)),
        "{one}"
    );
    assert_eq!(anna.count("INBOX"), calm + 3);
    let all = bring(&[]);
    assert_eq!(
        (&all["messages"], &all["objects"]),
        (&Value::from(6), &Value::from(2)),
        "{all}"
    );
    assert_eq!(
        dav::names(&dav::sync(&web, dav::CALENDAR, &token)).len(),
        2,
        "programs hear of them"
    );
    let after = items(server.data.path(), "anna@example.test");
    let missing: Vec<_> = before.difference(&after).collect();
    assert_eq!(
        missing.len(),
        1,
        "but for the event that was changed since: {missing:?}"
    );
    let nothing = bring(&[]);
    assert_eq!(
        (&nothing["messages"], &nothing["objects"]),
        (&Value::from(0), &Value::from(0))
    );
    // Beside what is there.
    let beside = bring(&["--folder", "Kunden", "--into", "Gestern"]);
    assert_eq!(beside["messages"], 6);
    assert_eq!(anna.count("Gestern/Kunden"), 6);
    assert_sound(server.data.path());
}

#[test]
fn only_the_right_key_opens_and_a_place_belongs_to_one() {
    let (one, other) = (Server::start(), Server::start());
    let (place, keys) = (Folder::new(), Folder::new());
    backup(&one, place.path());
    let wrong = key_file(&other, keys.path());
    let [from, wrong] = [place.path(), &wrong].map(|p| p.to_str().unwrap().to_owned());
    let (code, _, said) = without_box(&["backup", "ls", "latest", "--from", &from, "--key", &wrong]);
    assert_eq!(code, 1);
    assert!(said.contains("another recovery key"), "{said}");
    let (code, _, said) = without_box(&["backup", "ls", "--from", &from]);
    assert_eq!(code, 2);
    assert!(said.contains("--key"), "{said}");
    let out = run_with(other.data.path(), &["backup", "run", "--to", &from], "");
    assert_eq!(out.status.code(), Some(4));
    // Nothing of what is there can be read by who has no key.
    for file in files_below(place.path()) {
        let bytes = fs::read(&file).unwrap();
        let shows = |word: &[u8]| bytes.windows(word.len()).any(|w| w == word);
        assert!(
            !shows(b"anna@example.test") && !shows(b"SQLite"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn folders_for_each_night_are_kept_and_a_missing_one_is_told() {
    let server = Server::start();
    let place = Folder::new();
    let folder = place.path().to_str().unwrap();
    let out = run_with(server.data.path(), &["backup", "add", "/nonexistent/usb"], "");
    assert_eq!(out.status.code(), Some(3));
    let inside = server.data.path().join("backups");
    let out = run_with(
        server.data.path(),
        &["backup", "add", inside.to_str().unwrap()],
        "",
    );
    assert_eq!(out.status.code(), Some(2));
    server.cli(&["backup", "add", folder, "--at", "23:15"]);
    server.cli(&["backup", "run"]);
    let listed = server.cli(&["backup", "list"]);
    assert!(listed.contains("23:15") && listed.contains("last at"), "{listed}");
    fs::remove_dir_all(place.path()).unwrap();
    let out = run_with(server.data.path(), &["backup", "run"], "");
    assert_eq!(out.status.code(), Some(3));
    let listed = server.cli(&["backup", "list"]);
    assert!(listed.contains("is the disk plugged in"), "{listed}");
    server.cli(&["backup", "remove", folder]);
    assert!(server.cli(&["backup", "list"]).contains("Nothing is backed up"));
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => out.extend(files_below(&path)),
            false => out.push(path),
        }
    }
    out
}

#[test]
fn single_items_are_found_read_and_brought_back() {
    let server = filled();
    let place = Folder::new();
    let from = place.path().to_str().unwrap().to_owned();
    let id = backup(&server, place.path())["id"].as_str().unwrap().to_owned();
    let key = key_file(&server, place.path());
    let key = key.to_str().unwrap();
    let list = |more: &[&str]| -> Vec<Value> {
        let arguments = [
            &[
                "backup",
                "ls",
                &id,
                "anna@example.test",
                "--from",
                &from,
                "--key",
                key,
            ],
            more,
        ]
        .concat();
        let (code, said, told) = without_box(&arguments);
        assert_eq!(code, 0, "{told}");
        said.as_array().unwrap().clone()
    };
    let all = list(&["--limit", "1000"]);
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let count = |kind: &str| all.iter().filter(|i| i["kind"] == kind).count();
    assert!(
        count("message") >= anna.count("INBOX") && count("event") > 2,
        "{all:#?}"
    );
    // One message: found by its title, read to the byte, deleted for good, brought back alone.
    let bytes = anna.messages("INBOX").remove(1);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let subject = text
        .lines()
        .find_map(|l| l.strip_prefix("Subject: "))
        .unwrap()
        .to_owned();
    let found = list(&["--folder", "inbox", "--find", &subject.to_uppercase()]);
    let cat = |item: &str| {
        Command::new(env!("CARGO_BIN_EXE_hauspost"))
            .args([
                "backup",
                "cat",
                &id,
                "anna@example.test",
                item,
                "--from",
                &from,
                "--key",
                key,
            ])
            .output()
            .unwrap()
    };
    // Some have the same subject.
    let ids = found
        .iter()
        .filter(|i| i["title"] == subject)
        .map(|i| i["id"].to_string());
    let item = ids
        .into_iter()
        .find(|id| cat(id).stdout == bytes)
        .expect("one of them is it, to the byte");
    let calm = anna.count("INBOX");
    anna.ok("SELECT INBOX");
    anna.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)");
    anna.ok("EXPUNGE");
    let arguments = [
        "backup",
        "bring-back",
        "anna@example.test",
        &id,
        "--from",
        &from,
        "--item",
        &item,
        "--json",
    ];
    let said: Value = serde_json::from_str(&server.cli(&arguments)).unwrap();
    assert_eq!(
        (&said["messages"], &said["objects"]),
        (&serde_json::json!(1), &serde_json::json!(0)),
        "{said}"
    );
    assert_eq!(anna.count("INBOX"), calm - 2);
    assert!(anna.messages("INBOX").contains(&bytes));
    let missing = cat("999999");
    let told = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(
        missing.status.code() == Some(3) && told.contains("no item 999999"),
        "{told}"
    );
}

#[test]
fn a_restore_is_rehearsed_and_says_what_is_wrong() {
    let server = filled();
    let place = Folder::new();
    let from = place.path().to_str().unwrap().to_owned();
    server.cli(&["backup", "add", &from]);
    server.cli(&["backup", "run"]);
    let rehearse = || {
        run_with(
            server.data.path(),
            &[
                "backup",
                "rehearse",
                "--from",
                &from,
                "anna@example.test",
                "--json",
            ],
            "",
        )
    };
    let out = rehearse();
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        (out.status.code(), &said["differences"]),
        (Some(0), &serde_json::json!([])),
        "{said}"
    );
    let there = items(server.data.path(), "anna@example.test").len() as u64;
    assert!(said["items"].as_u64().unwrap() >= there, "{said} of {there}");
    assert_eq!(said["items"], said["compared"]);
    let listed = server.cli(&["backup", "list"]);
    assert!(listed.contains("0 differences"), "{listed}");
    let scratch = server.data.path().join("backups");
    let left: Vec<_> = fs::read_dir(scratch)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .filter(|name| name != "lock" && !name.to_string_lossy().starts_with("place-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // What was changed since is no difference; what the backup has lost is one.
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    anna.ok("SELECT INBOX");
    anna.ok("STORE 1 +FLAGS (\\Answered)");
    let pack = files_below(&place.path().join("data"))
        .into_iter()
        .max_by_key(|p| fs::metadata(p).unwrap().len())
        .unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let out = rehearse();
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    let wrong = said["differences"].as_array().unwrap();
    assert_eq!((out.status.code(), wrong.is_empty()), (Some(1), false), "{said}");
    assert!(
        wrong[0].as_str().unwrap().contains("anna@example.test: "),
        "{said}"
    );
    assert_eq!(
        said["items"].as_u64().unwrap() - said["compared"].as_u64().unwrap(),
        1,
        "{said}"
    );
}
