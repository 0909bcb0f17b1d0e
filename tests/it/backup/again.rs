//! Backups again and again: what has not changed is not read, and what nothing needs any more goes.

use super::{assert_sound, backup, files_below, filled, items, key_file, restore, without_box};
use crate::mailbox::Mailbox;
use crate::server::{Folder, PASSWORD, Server, run_with};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Longer than the steps of any file system's clock.
const REST: Duration = Duration::from_secs(5);

#[test]
fn accounts_that_have_not_changed_are_not_read_again() {
    let mut server = filled();
    let (place, keys) = (Folder::new(), Folder::new());
    let key = key_file(&server, keys.path());
    server.stop();
    // Whoever opens a file first that a server has left may tidy it up.
    let first = backup(&server, place.path());
    assert_eq!(first["readAccounts"], first["accounts"], "{first}");
    std::thread::sleep(REST);
    let first = backup(&server, place.path());
    assert_eq!(first["newBodies"], 0, "{first}");
    let again = backup(&server, place.path());
    assert_eq!(again["readAccounts"], 0, "{again}");
    assert_eq!(
        (&again["bodies"], &again["bytes"]),
        (&first["bodies"], &first["bytes"])
    );
    server.start_again();
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    assert!(anna.append("INBOX", b"Subject: since\r\n\r\nthen\r\n"));
    assert_eq!(backup(&server, place.path())["newBodies"], 1);
    // A change without any new body counts as well.
    anna.ok("SELECT INBOX");
    anna.ok("STORE 1 +FLAGS ($Label1)");
    assert_ne!(backup(&server, place.path())["readAccounts"], 0);
    let (data, code, _, said) = restore(place.path(), &key);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        items(data.path(), "anna@example.test"),
        items(server.data.path(), "anna@example.test")
    );
    // What is known of the place is no more than that: everything that is gone there comes there again.
    std::thread::sleep(REST);
    backup(&server, place.path());
    for folder in ["data", "index"] {
        fs::remove_dir_all(place.path().join(folder)).unwrap();
    }
    let anew = backup(&server, place.path());
    assert_eq!(anew["readAccounts"], anew["accounts"], "{anew}");
    let (data, code, _, said) = restore(place.path(), &key);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        items(data.path(), "anna@example.test"),
        items(server.data.path(), "anna@example.test")
    );
}

fn bytes_below(folder: &Path) -> u64 {
    files_below(folder)
        .iter()
        .map(|p| fs::metadata(p).unwrap().len())
        .sum()
}

#[test]
fn a_pack_of_which_most_is_not_needed_is_written_anew() {
    let server = filled();
    let (place, keys) = (Folder::new(), Folder::new());
    let key = key_file(&server, keys.path());
    let out = run_with(
        server.data.path(),
        &["account", "add", "leaver@example.test", "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert!(out.status.success());
    let mut leaver = Mailbox::open(server.imap, "leaver@example.test");
    let mut noise = 7u32;
    for n in 0..40 {
        let mut message = format!("Subject: {n}\r\n\r\n").into_bytes();
        for _ in 0..60_000 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            message.push(b'!' + (noise >> 24) as u8 % 90);
        }
        assert!(leaver.append("INBOX", &[&message[..], b"\r\n"].concat()));
    }
    backup(&server, place.path());
    let full = bytes_below(&place.path().join("data"));
    server.cli(&["account", "remove", "leaver@example.test", "--yes"]);
    let done = backup(&server, place.path());
    assert_eq!(done["forgotten"].as_array().unwrap().len(), 1, "{done}");
    assert!(done["givenBackBytes"].as_u64().unwrap() > 1_000_000, "{done}");
    let now = bytes_below(&place.path().join("data"));
    assert!(now + 1_000_000 < full, "{now} of {full}");
    let [from, key_text] = [place.path(), &key].map(|p| p.to_str().unwrap().to_owned());
    let (code, found, said) = without_box(&["backup", "verify", "--from", &from, "--key", &key_text]);
    assert_eq!((code, &found["damage"]), (0, &json!([])), "{said}");
    let (data, code, _, said) = restore(place.path(), &key);
    assert_eq!(code, 0, "{said}");
    assert_sound(data.path());
    let there = items(server.data.path(), "anna@example.test");
    assert_eq!(items(data.path(), "anna@example.test"), there);
    // And the next one goes on from there.
    assert_eq!(backup(&server, place.path())["newBodies"], 0);
}

#[test]
fn a_place_that_is_away_does_not_keep_the_others_from_their_backup() {
    let server = Server::start();
    let (away, place) = (Folder::new(), Folder::new());
    let path = away.path().to_owned();
    for target in [path.to_str().unwrap(), place.path().to_str().unwrap()] {
        server.cli(&["backup", "add", target]);
    }
    drop(away);
    let out = run_with(server.data.path(), &["backup", "run", "--json"], "");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(3), "{said}");
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    let done: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(done.as_array().unwrap().len(), 1, "{done}");
    // A list that is damaged hides no other one.
    let list = place
        .path()
        .join("snapshots")
        .join(done[0]["id"].as_str().unwrap());
    let mut bytes = fs::read(&list).unwrap();
    backup(&server, place.path());
    bytes[250] ^= 1;
    fs::write(&list, bytes).unwrap();
    let from = ["backup", "ls", "--from", place.path().to_str().unwrap(), "--json"];
    let out = run_with(server.data.path(), &from, "");
    let listed: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1), "{listed}");
    assert!(
        listed[0]["problem"].is_string() && listed[1]["accounts"].is_u64(),
        "{listed}"
    );
}
