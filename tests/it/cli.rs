//! The command line: what scripts rely on.

use crate::mailbox::Mailbox;
use crate::server::{Folder, PASSWORD, Server, run, run_with, set_up};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn setup_is_idempotent() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    let before = run(data.path(), &["account", "list", "--json"]);
    let again = run_with(
        data.path(),
        &[
            "setup",
            "--domain",
            "example.test",
            "--admin",
            "anna@example.test",
            "--password-stdin",
            "--json",
        ],
        &format!("{PASSWORD}\n"),
    );
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    assert_eq!(run(data.path(), &["account", "list", "--json"]), before);
    assert!(!data.path().join("setup-code").exists());
}

#[test]
fn setting_up_again_sets_the_password_that_was_given_last() {
    let data = Folder::new();
    // As a set-up leaves it that was broken off between its steps.
    run(data.path(), &["domain", "add", "example.test"]);
    let add = ["account", "add", "anna@example.test", "--password-stdin"];
    assert!(run_with(data.path(), &add, "the first secret\n").status.success());
    set_up(data.path(), &[]);
    let server = Server::serve(data, &[]);
    Mailbox::open_with(server.imap, "anna@example.test", PASSWORD).ok("NOOP");
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    let code = |arguments: &[&str]| run_with(data.path(), arguments, "").status.code();
    assert_eq!(code(&["account", "show", "anna@example.test"]), Some(0));
    assert_eq!(code(&["account", "show", "nobody@example.test"]), Some(3));
    assert_eq!(code(&["account", "add", "ben@example.test"]), Some(4));
    assert_eq!(
        code(&["account", "add", "ben@example.test", "--if-missing"]),
        Some(0)
    );
    assert_eq!(code(&["account", "add", "x@elsewhere.test"]), Some(3));
    assert_eq!(code(&["account", "add", "no address"]), Some(2));
    assert_eq!(code(&["account", "remove", "ben@example.test"]), Some(2));
    assert_eq!(
        code(&["account", "remove", "anna@example.test", "--yes"]),
        Some(4),
        "the last administrator"
    );
    assert_eq!(code(&["queue", "drop", "77"]), Some(3));
    assert_eq!(code(&["frobnicate"]), Some(2));
}

#[test]
fn accounts_are_changed_and_removed() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    let set = [
        "account",
        "set",
        "ben@example.test",
        "--name",
        "Ben B",
        "--add-alias",
        "info@example.test",
        "--quota",
        "1G",
    ];
    run(data.path(), &set);
    let shown = json(&run(
        data.path(),
        &["account", "show", "info@example.test", "--json"],
    ));
    assert_eq!(shown["address"], "ben@example.test");
    assert_eq!(shown["displayName"], "Ben B");
    assert_eq!(shown["quotaBytes"], 1 << 30);
    run(data.path(), &["account", "disable", "ben@example.test"]);
    assert_eq!(
        json(&run(
            data.path(),
            &["account", "show", "ben@example.test", "--json"]
        ))["state"],
        "disabled"
    );
    run(data.path(), &["account", "remove", "ben@example.test", "--yes"]);
    assert_eq!(
        json(&run(data.path(), &["account", "list", "--json"]))
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_domain_in_use_is_not_removed() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    run(data.path(), &["domain", "add", "second.test"]);
    assert_eq!(
        run_with(data.path(), &["domain", "remove", "example.test"], "")
            .status
            .code(),
        Some(4)
    );
    run(data.path(), &["domain", "remove", "second.test"]);
    let names = json(&run(data.path(), &["domain", "list", "--json"]));
    assert_eq!(names.as_array().unwrap().len(), 1);
}

#[test]
fn data_of_a_newer_program_is_refused_with_a_sentence() {
    let data = Folder::new();
    std::fs::write(data.path().join("format"), "99\n").unwrap();
    let out = run_with(data.path(), &["account", "list"], "");
    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        said.contains("newer Hauspost (format 99, this program knows 1)"),
        "{said}"
    );
}

#[test]
fn help_and_version_are_there() {
    let data = Folder::new();
    assert!(run(data.path(), &["--version"]).starts_with("hauspost 0."));
    let help = run(data.path(), &["--help"]);
    for word in [
        "serve",
        "setup",
        "account",
        "domain",
        "queue",
        "app",
        "doctor",
        "verify",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word}");
    }
}
