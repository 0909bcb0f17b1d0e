//! What a program sees of the office: groups and who is in them, rooms and lists of them, what is shared with a mailbox;
//! and under which names the box answers.

use super::code;
use crate::server::Server;
use crate::web::{Web, register};
use serde_json::{Value, json};

fn names(body: &Value) -> Vec<&str> {
    let all = body["value"].as_array().unwrap();
    all.iter().map(|v| v["displayName"].as_str().unwrap()).collect()
}

#[test]
fn groups_tell_who_is_in_them_and_rooms_stand_in_lists() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let add = |address: &str, kind: &str, name: &str| {
        server.cli(&["account", "add", address, "--kind", kind, "--name", name]);
    };
    let join = |group: &str, who: &str| {
        server.cli(&["account", "member", "add", group, who]);
    };
    add("team@example.test", "group", "Team");
    add("rooms@example.test", "group", "Erdgeschoss");
    add("saal@example.test", "room", "Saal");
    add("keller@example.test", "room", "Keller");
    join("team@example.test", "anna@example.test");
    join("team@example.test", "ben@example.test");
    join("rooms@example.test", "saal@example.test");
    let group = web.get("/v1.0/groups/team@example.test").expect(200).json();
    let id = group["id"].as_str().unwrap();
    let members = web.get(&format!("/v1.0/groups/{id}/members")).expect(200).json();
    assert_eq!(names(&members), ["anna@example.test", "ben"]);
    assert_eq!(members["value"][0]["@odata.type"], "#microsoft.graph.user");
    let page = web
        .get(&format!(
            "/v1.0/groups/{id}/transitiveMembers?$top=1&$select=displayName"
        ))
        .expect(200)
        .json();
    assert_eq!(names(&page), ["anna@example.test"]);
    let next = web
        .get(page["@odata.nextLink"].as_str().unwrap())
        .expect(200)
        .json();
    assert_eq!(names(&next), ["ben"]);
    assert_eq!(
        web.get(&format!("/v1.0/groups/{id}/members/$count"))
            .expect(200)
            .text(),
        "2"
    );
    for path in ["memberOf", "transitiveMemberOf"] {
        let mine = web.get(&format!("/v1.0/me/{path}")).expect(200).json();
        assert_eq!(names(&mine), ["Team"]);
    }
    assert_eq!(
        code(&web.get("/v1.0/groups/nobody/members").expect(404).json()),
        "Request_ResourceNotFound"
    );
    // A list of rooms is a group that has rooms in it.
    let lists = web
        .get("/v1.0/places/microsoft.graph.roomlist")
        .expect(200)
        .json();
    assert_eq!(names(&lists), ["Erdgeschoss"]);
    let path = "/v1.0/places/rooms@example.test/microsoft.graph.roomlist";
    assert_eq!(
        web.get(path).expect(200).json()["emailAddress"],
        "rooms@example.test"
    );
    let rooms = web.get(&format!("{path}/rooms")).expect(200).json();
    assert_eq!(names(&rooms), ["Saal"]);
    web.get("/v1.0/places/team@example.test/microsoft.graph.roomlist/rooms")
        .expect(404);
    let all = web.get("/v1.0/places/microsoft.graph.room").expect(200).json();
    assert_eq!(names(&all).len(), 2);
}

#[test]
fn a_program_by_itself_sees_what_is_shared_with_the_mailbox() {
    let server = Server::start();
    let made: Value = serde_json::from_str(&server.cli(&[
        "app",
        "add",
        "--client-id",
        "nightly",
        "--name",
        "N",
        "--secret",
        "--app-permission",
        "Calendars.ReadWrite",
        "--mailbox",
        "ben@example.test",
        "--json",
    ]))
    .unwrap();
    let anna = Web::page(&server, "anna@example.test");
    anna.get("/v1.0/me/calendar").expect(200);
    let right = json!({"emailAddress": {"address": "ben@example.test"}, "role": "write"});
    anna.post("/v1.0/me/calendar/calendarPermissions", &right)
        .expect(201);
    let tokens = Web::new(&server).form(
        "/common/oauth2/v2.0/token",
        &[
            ("grant_type", "client_credentials"),
            ("client_id", "nightly"),
            ("client_secret", made["secret"].as_str().unwrap()),
            ("scope", "https://graph.microsoft.com/.default"),
        ],
    );
    let tokens = tokens.expect(200).json();
    let token = tokens["access_token"].as_str().unwrap();
    let program = Web::new(&server).with(format!("Authorization: Bearer {token}"));
    let bens = "/v1.0/users/ben@example.test";
    let all = program.get(&format!("{bens}/calendars")).expect(200).json();
    let shared = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["owner"]["address"] == "anna@example.test");
    let shared = shared.unwrap_or_else(|| panic!("{all:#}"))["id"]
        .as_str()
        .unwrap();
    let event = json!({"subject": "shared", "start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"},
                       "end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "UTC"}});
    let put = program
        .post(&format!("{bens}/calendars/{shared}/events"), &event)
        .expect(201)
        .json();
    let id = put["id"].as_str().unwrap();
    assert_eq!(
        program.get(&format!("{bens}/events/{id}")).expect(200).json()["subject"],
        "shared"
    );
    let annas = anna.get("/v1.0/me/events").expect(200).json();
    assert_eq!(annas["value"][0]["subject"], "shared");
    // Nothing else of anna's, and nothing under a mailbox that it is not let into.
    program.get("/v1.0/users/anna@example.test/calendars").expect(404);
    program
        .get(&format!(
            "/v1.0/users/anna@example.test/calendars/{shared}/events"
        ))
        .expect(404);
    anna.delete(&format!(
        "/v1.0/me/calendar/calendarPermissions/{}",
        anna.get("/v1.0/me/calendar/calendarPermissions")
            .expect(200)
            .json()["value"]
            .as_array()
            .unwrap()
            .iter()
            .find(|p| p["emailAddress"]["address"] == "ben@example.test")
            .unwrap()["id"]
            .as_str()
            .unwrap()
    ))
    .expect(204);
    program.get(&format!("{bens}/events/{id}")).expect(404);
}

#[test]
fn links_carry_the_name_that_was_asked_by_when_it_is_ours() {
    let server = Server::start_with(&["--also-named", "office.example.net"]);
    register(&server);
    let port = server.one.port();
    let web = Web::new(&server);
    let issuer = |host: &str| {
        let header = format!("Host: {host}:{port}");
        let found = web.send("GET", "/.well-known/openid-configuration", &[&header], b"");
        found.expect(200).json()["issuer"].as_str().unwrap().to_owned()
    };
    // Told, in the certificate, and what nobody outside can be called.
    for ours in [
        "office.example.net",
        "mail.example.test",
        "imap.example.test",
        "box.example.test",
        "nas",
        "nas.local",
        "192.0.2.1",
    ] {
        assert_eq!(issuer(ours), format!("https://{ours}:{port}"));
    }
    for foreign in ["evil.test", "mail.example.test.evil.test", "local.evil.test"] {
        assert_eq!(
            issuer(foreign),
            format!("https://mail.example.test:{port}"),
            "{foreign}"
        );
    }
    let anna = Web::page(&server, "anna@example.test");
    let me = anna
        .send("GET", "/v1.0/me", &["Host: evil.test"], b"")
        .expect(200)
        .json();
    assert_eq!(
        me["@odata.context"],
        "https://mail.example.test/v1.0/$metadata#users/$entity"
    );
    // The authority that others have to trust.
    let pem = web.get("/hauspost-authority.crt").expect(200).text();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
}
