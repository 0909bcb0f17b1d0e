//! Mailboxes of others, programs that act for nobody, the directory, settings.

use super::{code, deliver, ids, wait_for};
use crate::server::{Folder, Server};
use crate::web::{Web, encode, register};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::process::Command;

const TOKEN: &str = "/common/oauth2/v2.0/token";

pub(super) fn secret(server: &Server, more: &[&str]) -> String {
    let mut arguments = vec![
        "app",
        "add",
        "--client-id",
        "daemon",
        "--name",
        "Daemon",
        "--json",
    ];
    arguments.extend(more);
    let made: Value = serde_json::from_str(&server.cli(&arguments)).unwrap();
    made["secret"].as_str().unwrap_or_default().to_owned()
}

pub(super) fn daemon(server: &Server, secret: &str) -> Web {
    let web = Web::new(server);
    let scope = format!(
        "https://{}/.default",
        web.base.split(':').nth(1).unwrap().trim_start_matches('/')
    );
    let token = web
        .form(
            TOKEN,
            &[
                ("grant_type", "client_credentials"),
                ("client_id", "daemon"),
                ("client_secret", secret),
                ("scope", &scope),
            ],
        )
        .expect(200)
        .json();
    assert_eq!(
        (&token["token_type"], token.get("refresh_token")),
        (&json!("Bearer"), None)
    );
    let token = token["access_token"].as_str().unwrap().to_owned();
    web.with(format!("Authorization: Bearer {token}"))
}

#[test]
fn a_colleague_may_do_what_the_level_of_access_says() {
    let server = Server::start();
    deliver(&server, "From: a@other.test\nSubject: x\n\ny\n");
    let anna = Web::page(&server, "anna@example.test");
    let id = wait_for(&anna, "inbox", 1);
    let ben = Web::page(&server, "ben@example.test");
    let inbox = "/v1.0/users/anna@example.test/mailFolders/inbox/messages";
    let message = format!("/v1.0/users/anna%40example.test/messages/{id}");
    let before = ben.get(inbox).expect(404).json();
    assert_eq!(code(&before), "ErrorInvalidUser");
    server.cli(&[
        "access",
        "set",
        "anna@example.test",
        "ben@example.test",
        "--level",
        "read",
    ]);
    let list = ben.get(inbox).expect(200).json();
    let oid = anna.get("/v1.0/me").json()["id"].as_str().unwrap().to_owned();
    assert!(
        list["@odata.context"]
            .as_str()
            .unwrap()
            .contains(&format!("users('{oid}')"))
    );
    assert_eq!(list["value"][0]["id"], json!(id));
    assert_eq!(
        code(&ben.patch(&message, &json!({"isRead": true})).expect(403).json()),
        "ErrorAccessDenied"
    );
    server.cli(&["access", "set", "anna@example.test", "ben@example.test"]);
    ben.patch(&message, &json!({"isRead": true})).expect(200);
    let mail = json!({"message": {"subject": "as anna", "toRecipients": [{"emailAddress": {"address": "ben@example.test"}}]}});
    let sending = "/v1.0/users/anna@example.test/sendMail";
    assert_eq!(
        code(&ben.post(sending, &mail).expect(403).json()),
        "ErrorAccessDenied"
    );
    server.cli(&[
        "access",
        "set",
        "anna@example.test",
        "ben@example.test",
        "--level",
        "full",
    ]);
    ben.post(sending, &mail).expect(202);
    let got = wait_for(&ben, "inbox", 1);
    let got = ben.get(&format!("/v1.0/me/messages/{got}")).json();
    assert_eq!(got["from"]["emailAddress"]["address"], "anna@example.test");
    assert_eq!(ids(&anna, "sentitems").len(), 1);
    assert!(
        server
            .cli(&["access", "list", "anna@example.test"])
            .contains("full")
    );
    server.cli(&["access", "remove", "anna@example.test", "ben@example.test"]);
    ben.get(inbox).expect(404);
}

#[test]
fn a_program_by_itself_gets_into_the_mailboxes_that_it_was_given() {
    let server = Server::start();
    deliver(&server, "From: a@other.test\nSubject: x\n\ny\n");
    let secret = secret(
        &server,
        &[
            "--secret",
            "--app-permission",
            "Mail.ReadWrite",
            "--app-permission",
            "User.Read.All",
            "--mailbox",
            "anna@example.test",
        ],
    );
    let web = daemon(&server, &secret);
    let anna = "/v1.0/users/anna@example.test";
    let list = web
        .get(&format!("{anna}/messages?$select=subject"))
        .expect(200)
        .json();
    assert_eq!(list["value"][0]["subject"], "x");
    let id = list["value"][0]["id"].as_str().unwrap();
    web.patch(&format!("{anna}/messages/{id}"), &json!({"isRead": true}))
        .expect(200);
    let batch = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/users/anna@example.test/mailFolders/inbox"},
        {"id": "2", "method": "GET", "url": "/users/ben@example.test/mailFolders/inbox"},
        {"id": "3", "method": "GET", "url": "/me"},
    ]});
    let answers = web.post("/v1.0/$batch", &batch).expect(200).json();
    let status: Vec<_> = answers["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["status"].as_u64().unwrap())
        .collect();
    assert_eq!(status, [200, 404, 400]);
    assert_eq!(
        code(
            &web.get("/v1.0/users/ben@example.test/messages")
                .expect(404)
                .json()
        ),
        "ErrorInvalidUser"
    );
    assert_eq!(
        code(
            &web.post(&format!("{anna}/sendMail"), &json!({}))
                .expect(403)
                .json()
        ),
        "ErrorAccessDenied"
    );
    assert_eq!(
        web.get("/v1.0/users?$count=true").expect(200).json()["@odata.count"],
        2
    );
    // No door of people takes it.
    web.get("/api/session").expect(401);
    web.get("/api/events").expect(401);
    let refused = |values: &[(&str, &str)]| {
        Web::new(&server).form(TOKEN, values).json()["error"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let grant = ("grant_type", "client_credentials");
    let client = ("client_id", "daemon");
    assert_eq!(
        refused(&[grant, client, ("client_secret", "wrong"), ("scope", ".default")]),
        "invalid_client"
    );
    assert_eq!(
        refused(&[grant, client, ("client_secret", &secret), ("scope", "Mail.Read")]),
        "invalid_scope"
    );
    // What is taken away counts at once, for tokens that are out there too.
    server.cli(&[
        "app",
        "add",
        "--client-id",
        "daemon",
        "--name",
        "Daemon",
        "--secret",
        "--app-permission",
        "Mail.Read",
        "--all-mailboxes",
    ]);
    assert_eq!(
        code(
            &web.patch(&format!("{anna}/messages/{id}"), &json!({"isRead": false}))
                .expect(403)
                .json()
        ),
        "ErrorAccessDenied"
    );
    server.cli(&["app", "remove", "daemon"]);
    assert_eq!(
        code(&web.get(&format!("{anna}/messages")).expect(401).json()),
        "InvalidAuthenticationToken"
    );
}

/// A statement as MSAL makes it, signed by the openssl program.
fn assertion(folder: &std::path::Path, claims: &Value) -> String {
    let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({"alg": "RS256", "typ": "JWT"})),
        part(claims)
    );
    let (input, output) = (folder.join("input"), folder.join("signature"));
    std::fs::write(&input, &signed).unwrap();
    let done = Command::new("openssl")
        .args(["dgst", "-sha256", "-sign"])
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(&output)
        .arg(&input)
        .status()
        .unwrap();
    assert!(done.success());
    format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(std::fs::read(output).unwrap())
    )
}

#[test]
fn a_program_proves_itself_with_a_certificate() {
    let server = Server::start();
    let folder = Folder::new();
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("cert.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=daemon",
            "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success());
    let file = certificate.to_str().unwrap();
    secret(
        &server,
        &[
            "--certificate",
            file,
            "--app-permission",
            "Mail.Read",
            "--all-mailboxes",
        ],
    );
    let web = Web::new(&server);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let audience = format!("{}{TOKEN}", web.base);
    let claims = json!({"aud": audience, "iss": "daemon", "sub": "daemon", "exp": now as f64 + 600.5, "nbf": now as f64 - 5.5, "jti": "1"});
    let ask = |claims: &Value, broken: bool| {
        let mut assertion = assertion(folder.path(), claims);
        if broken {
            assertion.replace_range(assertion.len() - 8..assertion.len() - 4, "AAAA");
        }
        web.form(
            TOKEN,
            &[
                ("grant_type", "client_credentials"),
                ("client_id", "daemon"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", &assertion),
                ("scope", "https://graph.microsoft.com/.default"),
            ],
        )
    };
    let token = ask(&claims, false).expect(200).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let program = Web::new(&server).with(format!("Authorization: Bearer {token}"));
    program.get("/v1.0/users/ben@example.test/messages").expect(200);
    let with = |name: &str, value: Value| {
        let mut other = claims.clone();
        other[name] = value;
        other
    };
    for wrong in [
        with("aud", json!("https://evil.test/token")),
        with("iss", json!("other")),
        with("exp", json!(now - 600)),
        with("exp", json!(now + 1_000_000)),
    ] {
        assert_eq!(
            ask(&wrong, false).expect(401).json()["error"],
            "invalid_client",
            "{wrong}"
        );
    }
    ask(&claims, true).expect(401);
}

#[test]
fn the_directory_is_listed_filtered_and_searched() {
    let server = Server::start();
    register(&server);
    server.cli(&[
        "account",
        "add",
        "info@example.test",
        "--kind",
        "shared",
        "--name",
        "Büro Info",
    ]);
    let web = Web::page(&server, "anna@example.test");
    let mails = |query: &str| {
        let list = web.get(&format!("/v1.0/users?{query}")).expect(200).json();
        let all = list["value"].as_array().unwrap().clone();
        all.iter()
            .map(|u| u["mail"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (anna, ben, info) = ("anna@example.test", "ben@example.test", "info@example.test");
    assert_eq!(mails(""), [anna, ben, info]);
    assert_eq!(
        mails(&format!("$filter={}", encode("mail eq 'BEN@example.test'"))),
        [ben]
    );
    assert_eq!(
        mails(&format!("$filter={}", encode("startswith(displayName,'b')"))),
        [ben, info]
    );
    assert_eq!(
        mails(&format!(
            "$search={}&$count=true",
            encode("\"displayName:info\" OR \"mail:ann\"")
        )),
        [anna, info]
    );
    assert_eq!(mails("$orderby=displayName%20desc&$top=1"), [info]);
    let page = web.get("/v1.0/users?$top=1&$select=id").expect(200).json();
    assert!(page["@odata.nextLink"].as_str().unwrap().ends_with("$skip=1"));
    let one = web
        .get("/v1.0/users/BEN@example.test?$select=displayName")
        .expect(200)
        .json();
    assert_eq!(one["displayName"], "ben");
    assert_eq!(
        code(&web.get("/v1.0/users/nobody@example.test").expect(404).json()),
        "Request_ResourceNotFound"
    );
    let few = Web::program(&server, "ben@example.test", "User.Read");
    assert_eq!(
        code(&few.get("/v1.0/users").expect(403).json()),
        "ErrorAccessDenied"
    );
    few.get("/v1.0/users/ben@example.test").expect(200);
    few.get("/v1.0/users/anna@example.test").expect(404);
}

#[test]
fn settings_categories_and_the_picture_are_kept() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let zone = web.get("/v1.0/me/mailboxSettings/timeZone").expect(200).json();
    assert_eq!(zone["value"], "UTC");
    let changed = web
        .patch(
            "/v1.0/me/mailboxSettings",
            &json!({"timeZone": "W. Europe Standard Time", "language": {"locale": "de-DE"},
                "workingHours": {"daysOfWeek": ["Monday"], "startTime": "09:30:00.0000000"}}),
        )
        .expect(200)
        .json();
    assert_eq!(
        (
            &changed["timeZone"],
            &changed["language"],
            &changed["workingHours"]["startTime"],
            &changed["workingHours"]["daysOfWeek"]
        ),
        (
            &json!("W. Europe Standard Time"),
            &json!({"locale": "de-DE", "displayName": "Deutsch (Deutschland)"}),
            &json!("09:30:00.0000000"),
            &json!(["monday"])
        )
    );
    let replies = web
        .get("/v1.0/me/mailboxSettings/automaticRepliesSetting")
        .expect(200)
        .json();
    assert_eq!(replies["status"], "disabled");
    for (wrong, want) in [
        (json!({"timeZone": "Moon"}), "ErrorInvalidTimeZone"),
        (
            json!({"automaticRepliesSetting": {"status": "scheduled"}}),
            "ErrorInvalidArgument",
        ),
        (json!({"workingHours": {"startTime": "25:00"}}), "BadRequest"),
    ] {
        assert_eq!(
            code(&web.patch("/v1.0/me/mailboxSettings", &wrong).expect(400).json()),
            want
        );
    }
    let list = "/v1.0/me/outlook/masterCategories";
    let made = web
        .post(list, &json!({"displayName": "Rot", "color": "preset0"}))
        .expect(201)
        .json();
    let one = format!("{list}/{}", made["id"].as_str().unwrap());
    assert_eq!(
        code(&web.post(list, &json!({"displayName": "rot"})).expect(409).json()),
        "ErrorDuplicateName"
    );
    assert_eq!(
        web.patch(&one, &json!({"color": "preset24"})).expect(200).json()["color"],
        "preset24"
    );
    web.patch(&one, &json!({"color": "preset25"})).expect(400);
    assert_eq!(web.get(list).expect(200).json()["value"][0]["displayName"], "Rot");
    web.delete(&one).expect(204);
    web.get(&one).expect(404);
    assert_eq!(
        code(&web.get("/v1.0/me/photo/$value").expect(404).json()),
        "ImageNotFound"
    );
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03";
    web.send("PUT", "/v1.0/me/photo/$value", &["Content-Type: image/png"], png)
        .expect(200);
    let photo = web.get("/v1.0/me/photos/48x48/$value").expect(200);
    assert_eq!(
        (photo.header("content-type"), &photo.body[..]),
        ("image/png", &png[..])
    );
    let ben = Web::page(&server, "ben@example.test");
    assert_eq!(
        ben.get("/v1.0/users/anna@example.test/photo/$value")
            .expect(200)
            .body,
        &png[..]
    );
    ben.send("PUT", "/v1.0/users/anna@example.test/photo/$value", &[], png)
        .expect(403);
    let one = web
        .get("/v1.0/me/mailboxSettings?$select=timezone")
        .expect(200)
        .json();
    assert_eq!(one.as_object().unwrap().len(), 2);
    let described = web.get("/v1.0/me/photo").expect(200).json();
    assert_eq!(
        (&described["width"], &described["height"]),
        (&json!(2), &json!(3))
    );
    web.send("PUT", "/v1.0/me/photo/$value", &["Content-Type: image/png"], b"x")
        .expect(400);
}

#[test]
fn rooms_people_zones_and_tips_are_found() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    server.cli(&[
        "account",
        "add",
        "saal@example.test",
        "--kind",
        "room",
        "--name",
        "Saal 1",
    ]);
    server.cli(&[
        "account",
        "set",
        "saal@example.test",
        "--capacity",
        "12",
        "--floor",
        "2",
    ]);
    let rooms = web.get("/v1.0/places/microsoft.graph.room").expect(200).json();
    let room = &rooms["value"][0];
    assert_eq!(
        (
            &room["displayName"],
            &room["capacity"],
            &room["floorNumber"],
            &room["emailAddress"]
        ),
        (
            &json!("Saal 1"),
            &json!(12),
            &json!(2),
            &json!("saal@example.test")
        )
    );
    let one = web
        .get(&format!("/v1.0/places/{}", room["id"].as_str().unwrap()))
        .expect(200)
        .json();
    assert_eq!(one["displayName"], "Saal 1");
    assert_eq!(
        web.get("/v1.0/places/microsoft.graph.room?$filter=capacity%20gt%2020")
            .expect(200)
            .json()["value"],
        json!([])
    );
    web.get("/v1.0/places/microsoft.graph.roomlist").expect(200);
    web.get("/v1.0/places/nobody").expect(404);
    let people = web.get("/v1.0/me/people?$search=ben").expect(200).json();
    assert_eq!(
        people["value"][0]["scoredEmailAddresses"][0]["address"],
        "ben@example.test"
    );
    assert_eq!(web.get("/v1.0/groups").expect(200).json()["value"], json!([]));
    web.get("/v1.0/me/memberOf").expect(200);
    let zones = web.get("/v1.0/me/outlook/supportedTimeZones").expect(200).json();
    let berlin = |z: &Value| z["alias"] == "W. Europe Standard Time";
    assert!(zones["value"].as_array().unwrap().iter().any(berlin));
    let path = "/v1.0/me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')";
    let zones = web.get(path).expect(200).json();
    assert!(
        zones["value"]
            .as_array()
            .unwrap()
            .iter()
            .any(|z| z["alias"] == "Europe/Berlin")
    );
    let tips = json!({"EmailAddresses": ["ben@example.test", "x@other.test"], "MailTipsOptions": "automaticReplies"});
    let tips = web.post("/v1.0/me/getMailTips", &tips).expect(200).json();
    assert_eq!(
        (
            &tips["value"][0]["recipientScope"],
            &tips["value"][1]["recipientScope"]
        ),
        (&json!("internal"), &json!("external"))
    );
    let ids = json!({"InputIds": ["M1"], "SourceIdType": "restId", "TargetIdType": "restImmutableEntryId"});
    let ids = web.post("/v1.0/me/translateExchangeIds", &ids).expect(200).json();
    assert_eq!(ids["value"][0]["targetId"], "M1");
}
