//! People who are kept by another system: an LDAP server with entries as Univention writes them.

pub mod slapd;

use crate::imap::client::Client;
use crate::server::{self, Server, run_with, wait_until};
use crate::sign_in;
use crate::smtp::Talk;
use crate::web::Web;
use serde_json::{Value, json};
use slapd::{BASE, MACHINE, PASSWORD, Slapd, dn};
use std::path::Path;
use std::time::Duration;

/// Says where the directory is. `url`: with its scheme.
fn set(data: &Path, slapd: &Slapd, url: &str, more: &[&str]) {
    let ca = slapd.ca.to_str().unwrap();
    let mut arguments = vec![
        "directory",
        "ldap",
        "set",
        url,
        "--preset",
        "univention",
        "--base",
        BASE,
        "--ca",
        ca,
    ];
    arguments.extend(["--bind-dn", MACHINE.0, "--password-stdin"]);
    arguments.extend(more);
    let out = run_with(data, &arguments, &format!("{}\n", MACHINE.1));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(
        !String::from_utf8_lossy(&out.stdout).contains(MACHINE.1),
        "the password is shown"
    );
}

fn ldaps(slapd: &Slapd) -> String {
    format!("ldaps://localhost:{}", slapd.ldaps)
}

/// A comparison by the command line.
fn sync(server: &Server) -> Value {
    serde_json::from_str(&server.cli(&["directory", "ldap", "sync", "--json"])).unwrap()
}

fn account(server: &Server, address: &str) -> Value {
    serde_json::from_str(&server.cli(&["account", "show", address, "--json"])).unwrap()
}

fn login(server: &Server, address: &str, password: &str) -> String {
    Client::connect(server.imap)
        .ask(&format!("LOGIN {address} \"{password}\""))
        .remove(0)
}

fn with_directory() -> (Slapd, Server) {
    let slapd = Slapd::start();
    slapd.add_person(
        "carla",
        "Carla Core",
        "mailAlternativeAddress: c.core@example.test\n",
    );
    slapd.add_person("dirk", "Dirk Depot", "");
    let server = Server::start();
    set(server.data.path(), &slapd, &ldaps(&slapd), &[]);
    sync(&server);
    (slapd, server)
}

#[test]
fn people_and_groups_of_the_directory_have_accounts() {
    let slapd = Slapd::start();
    slapd.add_person(
        "carla",
        "Carla Core",
        "mailAlternativeAddress: c.core@example.test\nmailAlternativeAddress: c@elsewhere.test\n",
    );
    slapd.add_person("dirk", "Dirk Depot", "");
    slapd.add_person("eva", "Eva Exit", "");
    slapd.replace("eva", "sambaAcctFlags", "[UD         ]");
    slapd.add_person("ben", "Ben of the Directory", "");
    slapd.add_group("team", &[&dn("carla"), &dn("ben")]);
    slapd.add_group("all", &[&dn("dirk"), &format!("cn=team,{BASE}")]);
    let mut server = Server::start();
    // It would compare by itself as soon as it is told of the directory.
    server.stop();
    for url in [ldaps(&slapd), format!("ldap://localhost:{}", slapd.ldap)] {
        set(server.data.path(), &slapd, &url, &[]);
        let checked: Value =
            serde_json::from_str(&server.cli(&["directory", "ldap", "check", "--json"])).unwrap();
        assert_eq!(checked["people"].as_array().unwrap().len(), 4, "{checked}");
        assert_eq!(checked["groups"].as_array().unwrap().len(), 2);
    }
    let report = sync(&server);
    assert_eq!((&report["people"], &report["groups"]), (&json!(4), &json!(2)));
    assert_eq!(report["takenOver"], json!(["ben@example.test"]), "{report}");
    let mut made: Vec<&str> = report["made"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect();
    made.sort_unstable();
    // Who may not sign in and never was here gets no account.
    assert_eq!(
        made,
        [
            "all@example.test",
            "carla@example.test",
            "dirk@example.test",
            "team@example.test"
        ]
    );
    let carla = account(&server, "c.core@example.test");
    assert_eq!(
        (&carla["displayName"], &carla["kind"]),
        (&json!("Carla Core"), &json!("person"))
    );
    assert_eq!(
        carla["aliases"],
        json!(["c.core@example.test"]),
        "addresses of other domains are not ours"
    );
    assert_eq!(
        account(&server, "ben@example.test")["displayName"],
        "Ben of the Directory"
    );
    let members = |group: &str| -> Vec<String> {
        let list: Value =
            serde_json::from_str(&server.cli(&["account", "member", "list", group, "--json"])).unwrap();
        list.as_array()
            .unwrap()
            .iter()
            .map(|a| a["address"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        members("team@example.test"),
        ["ben@example.test", "carla@example.test"]
    );
    assert_eq!(
        members("all@example.test").len(),
        3,
        "the people of the group in it, too"
    );
    // A second time nothing is left to do.
    let again = sync(&server);
    for list in ["made", "takenOver", "changed", "disabled", "enabled", "remarks"] {
        assert_eq!(again[list], json!([]), "{list}");
    }
}

fn page_session(server: &Server, name: &str, password: &str) -> u16 {
    let web = Web::new(server);
    let web = Web::at(web.base.clone(), server.data.path().join("tls/ca.pem"))
        .with(format!("Origin: {}", web.base));
    web.post("/api/session", &json!({"address": name, "password": password}))
        .status
}

#[test]
fn people_sign_in_with_what_their_directory_calls_them() {
    let (slapd, server) = with_directory();
    let is_shown = || Web::new(&server).get("/api/outside").expect(200).json()["takesUserNames"] == true;
    let comes_in = |name: &str, password: &str| {
        let answer = Client::connect(server.imap).ask(&format!("LOGIN \"{name}\" \"{password}\""));
        answer[0].starts_with("OK")
    };
    assert!(is_shown());
    for name in ["carla", "Carla", "OFFICE\\\\carla", "carla@example.test"] {
        assert!(comes_in(name, PASSWORD), "{name}");
    }
    assert_eq!(page_session(&server, "carla", PASSWORD), 200);
    assert_eq!(page_session(&server, "carla", "another"), 401);
    assert!(!comes_in("carla", "another"));
    assert!(!comes_in("nobody", PASSWORD));
    assert!(
        !comes_in("anna", server::PASSWORD),
        "who is kept here has no other name"
    );
    // A name that two have is nobody's.
    let names_are = |attribute: &str| {
        let option = ["--user-name-attribute", attribute];
        set(server.data.path(), &slapd, &ldaps(&slapd), &option);
        sync(&server);
    };
    names_are("displayName");
    assert!(comes_in("carla core", PASSWORD) && !comes_in("carla", PASSWORD));
    slapd.add_person("second", "Carla Core", "");
    sync(&server);
    assert!(!comes_in("carla core", PASSWORD) && comes_in("second@example.test", PASSWORD));
    names_are("");
    assert!(!comes_in("carla core", PASSWORD) && comes_in("carla@example.test", PASSWORD));
    assert!(!is_shown());
}

#[test]
fn who_goes_is_disabled_who_is_renamed_stays_the_same_and_addresses_can_be_exchanged() {
    let (slapd, server) = with_directory();
    let before = account(&server, "carla@example.test");
    let mut client = Client::connect(server.imap);
    client.ask(&format!("LOGIN carla@example.test {PASSWORD}"));
    client.append("INBOX", "Subject: kept\r\n\r\nkept\r\n");
    // Married: another name, another address, another DN.
    slapd.modify(&format!(
        "dn: {}\nchangetype: modrdn\nnewrdn: uid=carola\ndeleteoldrdn: 1\n",
        dn("carla")
    ));
    slapd.replace("carola", "mailPrimaryAddress", "carola@example.test");
    slapd.replace("carola", "mailAlternativeAddress", "carla@example.test");
    slapd.replace("carola", "displayName", "Carola Kern");
    let report = sync(&server);
    assert_eq!(
        (&report["made"], &report["disabled"]),
        (&json!([]), &json!([])),
        "{report}"
    );
    let after = account(&server, "carola@example.test");
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["displayName"], "Carola Kern");
    assert_eq!(after["aliases"], json!(["carla@example.test"]), "{report}");
    let mut client = Client::connect(server.imap);
    client.ask(&format!("LOGIN carola@example.test {PASSWORD}"));
    assert!(client.ask("SELECT INBOX").iter().any(|l| l == "* 1 EXISTS"));
    // Two exchange their addresses.
    slapd.replace("carola", "mailPrimaryAddress", "dirk@example.test");
    slapd.replace("dirk", "mailPrimaryAddress", "carola@example.test");
    sync(&server);
    assert_eq!(account(&server, "dirk@example.test")["id"], before["id"]);
    assert_eq!(
        account(&server, "carola@example.test")["displayName"],
        "Dirk Depot"
    );
    // Gone: no sign-in, nothing lost; open connections end. Back: as before.
    slapd.delete(&dn("carola"));
    let report = sync(&server);
    assert_eq!(report["disabled"], json!(["dirk@example.test"]));
    assert_eq!(account(&server, "dirk@example.test")["state"], "disabled");
    assert!(login(&server, "dirk@example.test", PASSWORD).starts_with("NO [AUTHENTICATIONFAILED]"));
    assert_eq!(client.line(), "* BYE you have been signed out");
    slapd.replace("dirk", "sambaAcctFlags", "[DU         ]");
    assert_eq!(sync(&server)["remarks"], json!([]));
    assert_eq!(account(&server, "carola@example.test")["state"], "disabled");
    slapd.replace("dirk", "sambaAcctFlags", "[U          ]");
    assert_eq!(sync(&server)["enabled"], json!(["carola@example.test"]));
}

#[test]
fn passwords_are_those_of_the_directory_at_every_door() {
    let (slapd, server) = with_directory();
    let sign_in = |password: &str| {
        let web = Web::new(&server);
        let web = Web::at(web.base.clone(), server.data.path().join("tls/ca.pem"))
            .with(format!("Origin: {}", web.base));
        web.post(
            "/api/session",
            &json!({"address": "carla@example.test", "password": password}),
        )
    };
    sign_in(PASSWORD).expect(200);
    sign_in("wrong").expect(401);
    assert!(login(&server, "c.core@example.test", PASSWORD).starts_with("OK"));
    // A bind without a password succeeds for everybody.
    assert!(login(&server, "carla@example.test", "").starts_with("NO"));
    let dav = |password: &str| {
        use base64::Engine;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("carla@example.test:{password}"));
        Web::new(&server)
            .with(format!("Authorization: Basic {pair}"))
            .send("PROPFIND", "/dav/", &["Depth: 0"], b"")
            .status
    };
    assert_eq!((dav(PASSWORD), dav("wrong")), (207, 401));
    let smtp = |password: &str| {
        use base64::Engine;
        let said =
            base64::engine::general_purpose::STANDARD.encode(format!("\0carla@example.test\0{password}"));
        Talk::hello(server.submission).ask(&format!("AUTH PLAIN {said}"))
    };
    assert!(smtp(PASSWORD).starts_with("235"), "{}", smtp(PASSWORD));
    assert!(smtp("wrong").starts_with("535"));
    // Changed there: at once the new one counts, and the old one no more.
    slapd.replace("carla", "userPassword", "another-secret");
    assert!(login(&server, "carla@example.test", PASSWORD).starts_with("NO"));
    assert!(login(&server, "carla@example.test", "another-secret").starts_with("OK"));
    // Here it cannot be changed.
    let out = run_with(
        server.data.path(),
        &["account", "set", "carla@example.test", "--password-stdin"],
        "my-own-secret\n",
    );
    assert_eq!(out.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&out.stderr).contains("change it there"));
    // People who are here alone are not asked for there.
    assert!(login(&server, "ben@example.test", server::PASSWORD).starts_with("OK"));
}

#[test]
fn while_the_directory_does_not_answer_only_who_is_kept_here_comes_in() {
    let (mut slapd, server) = with_directory();
    // The administrator is somebody of the directory from now on, and has a password here too.
    slapd.add_person("anna", "Anna Admin", "");
    sync(&server);
    assert!(login(&server, "anna@example.test", PASSWORD).starts_with("OK"));
    assert!(login(&server, "anna@example.test", server::PASSWORD).starts_with("NO [AUTH"));
    slapd.stop();
    let unavailable = "NO [UNAVAILABLE] passwords cannot be checked just now";
    for (address, password) in [
        ("carla@example.test", PASSWORD),
        ("carla@example.test", "wrong"),
        ("nobody@example.test", "x"),
    ] {
        let said = login(&server, address, password);
        assert!(said.starts_with(unavailable), "{address}: {said}");
    }
    assert!(login(&server, "ben@example.test", server::PASSWORD).starts_with("OK"));
    assert!(
        login(&server, "anna@example.test", server::PASSWORD).starts_with("OK"),
        "{}",
        server.log()
    );
    let out = run_with(server.data.path(), &["directory", "ldap", "sync"], "");
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(account(&server, "carla@example.test")["state"], "active");
    slapd.start_again();
    assert!(login(&server, "carla@example.test", PASSWORD).starts_with("OK"));
}

#[test]
fn those_who_guess_cannot_tell_who_is_in_the_directory() {
    let (_slapd, server) = with_directory();
    // From fresh addresses: failures of one and the same make it wait longer.
    let time = |own: &str, address: &str| sign_in::login(&server, own, address, "not the password");
    let (known, there) = time("127.0.0.2", "carla@example.test");
    let (ours, here) = time("127.0.0.3", "ben@example.test");
    let (unknown, nobody) = time("127.0.0.4", "nobody@example.test");
    assert_eq!((&known, &ours), (&unknown, &unknown));
    assert!(
        there.abs_diff(nobody) < Duration::from_millis(500),
        "{there:?} {nobody:?}"
    );
    assert!(
        here.abs_diff(nobody) < Duration::from_millis(500),
        "{here:?} {nobody:?}"
    );
}

#[test]
fn a_directory_that_shows_nobody_or_not_everything_disables_nobody() {
    let (slapd, server) = with_directory();
    let fails = |what: &str| {
        let out = run_with(server.data.path(), &["directory", "ldap", "sync"], "");
        assert!(!out.status.success(), "{what}");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(said.contains(what), "{said}");
        assert_eq!(account(&server, "carla@example.test")["state"], "active");
    };
    set(
        server.data.path(),
        &slapd,
        &ldaps(&slapd),
        &["--person-filter", "(uid=nobody)"],
    );
    fails("shows nobody any more");
    let out = run_with(
        server.data.path(),
        &[
            "directory",
            "ldap",
            "set",
            &ldaps(&slapd),
            "--base",
            BASE,
            "--person-filter",
            "(uid=x",
        ],
        "",
    );
    assert_eq!(out.status.code(), Some(2), "a filter that is none");
    // Three entries at most for everybody but the machine account.
    for n in 0..4 {
        slapd.add_person(&format!("p{n}"), "P", "");
    }
    let ca = slapd.ca.to_str().unwrap();
    let url = ldaps(&slapd);
    let mut other = vec![
        "directory",
        "ldap",
        "set",
        &url,
        "--preset",
        "univention",
        "--base",
        BASE,
        "--ca",
        ca,
    ];
    let carla = dn("carla");
    other.extend(["--bind-dn", &carla, "--password-stdin"]);
    assert!(
        run_with(server.data.path(), &other, &format!("{PASSWORD}\n"))
            .status
            .success()
    );
    let out = run_with(server.data.path(), &["directory", "ldap", "sync"], "");
    assert!(!out.status.success());
    assert_eq!(account(&server, "dirk@example.test")["state"], "active");
    // A server that is not the one whose certificate is known.
    let url = format!("ldaps://127.0.0.2:{}", slapd.ldaps);
    set(server.data.path(), &slapd, &url, &[]);
    fails("the directory cannot be reached");
}

#[test]
fn more_people_than_fit_into_one_answer_are_read() {
    let slapd = Slapd::start();
    let person = |n: i32| {
        format!(
            "dn: {}\nobjectClass: inetOrgPerson\nobjectClass: univentionObject\nobjectClass: univentionMail\n\
             univentionObjectType: users/user\ncn: P\nsn: P\nmailPrimaryAddress: p{n}@example.test\n\n",
            dn(&format!("p{n}"))
        )
    };
    slapd.add(&(0..1100).map(person).collect::<String>());
    let data = server::Folder::new();
    server::set_up(data.path(), &[]);
    set(data.path(), &slapd, &ldaps(&slapd), &[]);
    let shown: Value = serde_json::from_str(&server::run(
        data.path(),
        &["directory", "ldap", "check", "--json"],
    ))
    .unwrap();
    assert_eq!(shown["people"].as_array().unwrap().len(), 1100);
}

#[test]
fn a_running_server_follows_at_its_start_and_at_a_hint() {
    let slapd = Slapd::start();
    slapd.add_person("carla", "Carla Core", "");
    let data = server::Folder::new();
    server::set_up(data.path(), &[]);
    set(data.path(), &slapd, &ldaps(&slapd), &[]);
    let hints = server::Folder::new();
    let folder = hints.path().to_str().unwrap();
    let server = Server::serve(data, &["--directory-hints", folder]);
    let is_there = |address: &str| {
        run_with(server.data.path(), &["account", "show", address], "")
            .status
            .success()
    };
    wait_until("the first comparison is done", Duration::from_secs(20), || {
        is_there("carla@example.test")
    });
    slapd.add_person("frida", "Frida Fresh", "");
    let hint = hints.path().join("2026-11-23-10-00-00.json");
    std::fs::write(&hint, "{\"object\": null}").unwrap();
    wait_until("the hint is followed", Duration::from_secs(20), || {
        is_there("frida@example.test")
    });
    wait_until("the hint is removed", Duration::from_secs(5), || !hint.exists());
}

#[test]
fn without_the_directory_the_accounts_stay_and_get_passwords_here() {
    let (_slapd, server) = with_directory();
    let said = server.cli(&["directory", "ldap", "remove"]);
    assert!(said.contains("2 accounts"), "{said}");
    assert!(login(&server, "carla@example.test", PASSWORD).starts_with("NO [AUTH"));
    let out = run_with(
        server.data.path(),
        &["account", "set", "carla@example.test", "--password-stdin"],
        "my-own-secret\n",
    );
    assert!(out.status.success());
    assert!(login(&server, "carla@example.test", "my-own-secret").starts_with("OK"));
    let out = run_with(server.data.path(), &["directory", "ldap", "show"], "");
    assert_eq!(out.status.code(), Some(3));
}
