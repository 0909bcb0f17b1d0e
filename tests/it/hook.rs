//! What packages' scripts call: each event says what it did, and a script can go by the exit code.

use crate::mailbox::{Mailbox, wait_for_messages};
use crate::server::{Folder, Server, run, run_with, set_up};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

fn hook(data: &Path, event: &str) -> (i32, String) {
    let out = run_with(data, &["hook", "synology", event], "");
    let said = [out.stdout, out.stderr].concat();
    (out.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn a_first_installation_goes_through() {
    let place = Folder::new();
    let data = place.path().join("data");
    let (code, said) = hook(&data, "preinst");
    assert_eq!(code, 0, "{said}");
    assert!(!data.exists(), "asking makes nothing");
    let (code, said) = hook(&data, "postinst");
    assert!(code == 0 && said.contains("the set-up code is "), "{said}");
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let (code, said) = hook(&data, "prestart");
    assert!(code == 0 && said.contains("can start"), "{said}");
    let (code, said) = hook(&data, "postuninst");
    assert!(code == 0 && said.contains("all mail stays in"), "{said}");
    assert!(data.join("directory.db").exists());
}

#[test]
fn data_of_a_newer_program_is_refused_before_anything_happens() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    fs::write(data.path().join("format"), "99\n").unwrap();
    for event in ["preinst", "postinst", "preupgrade", "postupgrade", "prestart"] {
        let (code, said) = hook(data.path(), event);
        assert!(code == 1 && said.contains("newer Hauspost"), "{event}: {said}");
    }
}

#[test]
fn while_the_server_runs_another_start_is_refused() {
    let mut server = Server::start();
    for event in ["prestart", "poststop"] {
        let (code, said) = hook(server.data.path(), event);
        assert!(code == 6 && said.contains("still runs"), "{event}: {said}");
    }
    server.stop();
    assert_eq!(hook(server.data.path(), "poststop").0, 0);
}

fn copies(data: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(data.join("backups"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    all.sort();
    all
}

#[test]
fn going_back_brings_the_copy_and_keeps_what_came_since() {
    let mut server = Server::start();
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    assert!(anna.append("INBOX", b"Subject: before\r\n\r\n"));
    assert_eq!(hook(server.data.path(), "preupgrade").0, 0);
    assert!(anna.append("INBOX", b"Subject: since\r\n\r\n"));
    let rollback = |data: &Path, more: &[&str]| {
        let out = run_with(data, &[&["rollback", "--json"], more].concat(), "");
        let said = [out.stdout, out.stderr].concat();
        (out.status.code().unwrap(), String::from_utf8(said).unwrap())
    };
    let (code, said) = rollback(server.data.path(), &[]);
    assert!(code == 1 && said.contains("stop it first"), "{said}");
    server.stop();
    // Whatever the newer program has made of it.
    fs::write(server.data.path().join("format"), "99\n").unwrap();
    let (code, said) = rollback(server.data.path(), &["--list"]);
    assert!(code == 0 && said.contains("before-upgrade-"), "{said}");
    let (code, said) = rollback(server.data.path(), &[]);
    assert_eq!(code, 0, "{said}");
    let done: serde_json::Value = serde_json::from_str(&said).unwrap();
    let aside = PathBuf::from(done["aside"].as_str().unwrap());
    server.start_again();
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    assert_eq!(anna.messages("INBOX"), [b"Subject: before\r\n\r\n".to_vec()]);
    assert_eq!(fs::read_to_string(aside.join("format")).unwrap(), "99\n");
    fs::write(aside.join("format"), "1\n").unwrap();
    let to = Folder::new();
    let said = run(
        &aside,
        &[
            "export",
            to.path().to_str().unwrap(),
            "--account",
            "anna@example.test",
        ],
    );
    assert!(said.contains("2 messages"), "{said}");
    let (code, said) = rollback(server.data.path(), &[]);
    assert!(code != 0, "the only copy is used up: {said}");
}

#[test]
fn the_copy_before_an_upgrade_is_a_data_folder_that_can_be_started() {
    let mut server = Server::start();
    let large = [
        b"Subject: large\r\n\r\n".to_vec(),
        b"0123456789\r\n".repeat(60_000),
    ]
    .concat();
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    assert!(anna.append("INBOX", &large));
    assert!(anna.append("INBOX", b"Subject: small\r\n\r\n"));
    // While mail keeps coming in.
    let (code, said) = hook(server.data.path(), "preupgrade");
    assert_eq!(code, 0, "{said}");
    let copy = copies(server.data.path()).remove(0);
    assert!(said.contains(copy.to_str().unwrap()), "{said}");
    // What comes later, and what is lost later, is not the copy's.
    anna.ok("SELECT INBOX");
    anna.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)");
    anna.ok("EXPUNGE");
    server.stop();
    let moved = Folder::new();
    fs::remove_dir(moved.path()).unwrap();
    fs::rename(&copy, moved.path()).unwrap();
    assert!(run(moved.path(), &["doctor"]).contains("nothing found"));
    let again = Server::serve(moved, &[]);
    let got = wait_for_messages(again.imap, "anna@example.test", "INBOX", 2);
    assert_eq!(got[0], large);
}

#[test]
fn only_the_last_copies_are_kept_and_large_bodies_take_no_room() {
    let server = Server::start();
    let large = [
        b"Subject: large\r\n\r\n".to_vec(),
        b"0123456789\r\n".repeat(60_000),
    ]
    .concat();
    assert!(Mailbox::open(server.imap, "anna@example.test").append("INBOX", &large));
    for _ in 0..3 {
        assert_eq!(hook(server.data.path(), "preupgrade").0, 0);
    }
    let all = copies(server.data.path());
    assert_eq!(all.len(), 2);
    let blobs = all[0].join("accounts/1/blobs");
    let first = fs::read_dir(&blobs).unwrap().next().unwrap().unwrap().path();
    let blob = fs::read_dir(first).unwrap().next().unwrap().unwrap();
    assert_eq!(
        blob.metadata().unwrap().nlink(),
        3,
        "one file, with a name here and in both copies"
    );
}

#[test]
fn after_an_upgrade_every_account_is_opened_and_a_damaged_one_is_named() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    assert_eq!(hook(data.path(), "preupgrade").0, 0);
    let (code, said) = hook(data.path(), "postupgrade");
    assert!(code == 0 && said.contains("2 accounts"), "{said}");
    fs::write(
        data.path().join("accounts/2/account.db"),
        b"this is no database, and never was one",
    )
    .unwrap();
    let (code, said) = hook(data.path(), "postupgrade");
    assert!(code == 1 && said.contains("the copy from before"), "{said}");
}

#[test]
fn wrong_words_are_answered_with_the_right_ones() {
    let data = Folder::new();
    let out = run_with(data.path(), &["hook", "amiga", "postinst"], "");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8(out.stderr).unwrap().contains("synology"));
    let out = run_with(data.path(), &["hook", "debian", "postlunch"], "");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8(out.stderr).unwrap().contains("postinst"));
}
