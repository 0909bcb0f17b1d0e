//! `/api` behind the page: what administrators do, what everybody does with their own sign-ins and preferences, and what a
//! mail says of an event.

use crate::counterparts::NameServer;
use crate::server::{PASSWORD, Server, wait_until};
use crate::smtp::Talk;
use crate::web::Web;
use serde_json::{Value, json};
use std::time::Duration;

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";

/// Every route of the administration.
const ROUTES: [(&str, &str); 48] = [
    ("GET", "/overview"),
    ("GET", "/audit"),
    ("GET", "/log"),
    ("GET", "/accounts"),
    ("POST", "/accounts"),
    ("GET", "/accounts/ben@example.test"),
    ("PATCH", "/accounts/ben@example.test"),
    ("DELETE", "/accounts/ben@example.test/second-factor"),
    ("DELETE", "/accounts/anna@example.test"),
    ("PUT", "/accounts/x@example.test/members/ben@example.test"),
    ("DELETE", "/accounts/x@example.test/members/ben@example.test"),
    ("GET", "/accounts/anna@example.test/access"),
    ("PUT", "/accounts/anna@example.test/access/ben@example.test"),
    ("DELETE", "/accounts/anna@example.test/access/ben@example.test"),
    ("GET", "/accounts/x@example.test/resource"),
    ("PUT", "/accounts/x@example.test/resource"),
    ("GET", "/domains"),
    ("POST", "/domains"),
    ("DELETE", "/domains/example.test"),
    ("GET", "/domains/example.test/records"),
    ("GET", "/outbound"),
    ("PUT", "/outbound"),
    ("POST", "/outbound/check"),
    ("GET", "/queue"),
    ("POST", "/queue/retry"),
    ("POST", "/queue/1/retry"),
    ("DELETE", "/queue/1"),
    ("GET", "/collect"),
    ("DELETE", "/collect/1"),
    ("POST", "/collect/1/run"),
    ("GET", "/backups"),
    ("POST", "/backups/run"),
    ("POST", "/backups/key"),
    ("GET", "/checks"),
    ("GET", "/checks/document"),
    ("POST", "/checks/run"),
    ("GET", "/certificate"),
    ("PUT", "/certificate"),
    ("DELETE", "/certificate"),
    ("POST", "/certificate/renew"),
    ("GET", "/setup"),
    ("PUT", "/setup"),
    ("DELETE", "/setup"),
    ("GET", "/moves"),
    ("POST", "/moves"),
    ("POST", "/moves/1/again"),
    ("POST", "/moves/1/stop"),
    ("DELETE", "/moves/1"),
];

/// A body that each of the routes can read, so that the answer is about who asks.
fn body_for(route: &(&str, &str)) -> Value {
    match *route {
        ("POST", "/accounts") => json!({"kind": "person", "address": "new@example.test"}),
        ("PATCH", _) => json!({"isAdmin": true}),
        ("PUT", path) if path.contains("/access/") => json!({"level": "full"}),
        ("PUT", path) if path.ends_with("/resource") => {
            json!({"allowsRecurring": true, "bookers": "internal"})
        }
        ("PUT", "/certificate") => json!({"names": ["mail.example.test"], "proof": "http"}),
        ("PUT", "/setup") => json!({"step": "rooms"}),
        ("POST", "/domains") => json!({"name": "more.test"}),
        ("PUT", "/outbound") => json!({"mode": "direct"}),
        ("POST", "/outbound/check") => json!({"host": "localhost", "port": 1, "security": "none"}),
        ("POST", "/backups/run") => json!({"folder": "/tmp"}),
        ("POST", "/moves") => {
            json!({"password": "x", "wanted": {"kind": "import-imap", "account": "ben@example.test"}})
        }
        _ => json!({}),
    }
}

fn send(web: &Web, method: &str, path: &str, body: &Value) -> crate::web::Reply {
    let text = body.to_string();
    let body = if matches!(method, "GET" | "DELETE") {
        ""
    } else {
        &text
    };
    web.send(method, path, &["Content-Type: application/json"], body.as_bytes())
}

#[test]
fn nobody_but_administrators_gets_in() {
    let server = Server::start();
    crate::web::register(&server);
    let (ben, stranger) = (Web::page(&server, BEN), Web::new(&server));
    let program = Web::program(&server, ANNA, "User.ReadWrite.All");
    for route in &ROUTES {
        let path = format!("/api/admin{}", route.1);
        let body = body_for(route);
        send(&ben, route.0, &path, &body).expect(403);
        send(&stranger, route.0, &path, &body).expect(401);
        send(&program, route.0, &path, &body).expect(403);
    }
    let anna = Web::page(&server, ANNA);
    assert_eq!(
        anna.get("/api/admin/accounts/ben@example.test")
            .expect(200)
            .json()["isAdmin"],
        false
    );
    anna.get("/api/admin/accounts/new@example.test").expect(404);
}

#[test]
fn people_groups_and_shared_mailboxes_are_made_changed_and_removed() {
    let server = Server::start();
    let anna = Web::page(&server, ANNA);
    let accounts = "/api/admin/accounts";
    let made = anna
        .post(
            accounts,
            &json!({"kind": "person", "address": "Cora@example.test", "name": "Cora Cohn", "password": "lang-genug-1"}),
        )
        .expect(201)
        .json();
    assert_eq!(
        (made["address"].as_str(), made["isActive"].as_bool()),
        (Some("cora@example.test"), Some(true))
    );
    let wrong = anna
        .post(
            accounts,
            &json!({"kind": "person", "address": "x@example.test", "password": "kurz"}),
        )
        .expect(400);
    assert_eq!(wrong.json()["error"]["field"], "password");
    let twice = anna
        .post(
            accounts,
            &json!({"kind": "person", "address": "cora@example.test"}),
        )
        .expect(409);
    assert_eq!(twice.json()["error"]["field"], "address");

    let cora = format!("{accounts}/cora@example.test");
    let changed = anna
        .patch(
            &cora,
            &json!({"name": "Cora C.", "aliases": ["cc@example.test"], "quotaBytes": 1_000_000}),
        )
        .expect(200)
        .json();
    assert_eq!(changed["aliases"], json!(["cc@example.test"]));
    assert_eq!(changed["quotaBytes"], 1_000_000);
    let changed = anna
        .patch(&cora, &json!({"aliases": ["c@example.test"], "quotaBytes": null}))
        .expect(200)
        .json();
    assert_eq!(
        (changed["aliases"].clone(), changed["quotaBytes"].clone()),
        (json!(["c@example.test"]), Value::Null)
    );
    anna.patch(&cora, &json!({"isActive": false})).expect(200);
    let signing_in = json!({"address": "cora@example.test", "password": "lang-genug-1"});
    Web::new(&server)
        .with(format!("Origin: https://localhost:{}", server.one.port()))
        .post("/api/session", &signing_in)
        .expect(401);
    anna.patch(&format!("{accounts}/{ANNA}"), &json!({"isAdmin": false}))
        .expect(409);

    let group = json!({"kind": "group", "address": "team@example.test", "name": "Team", "members": [BEN]});
    let group = anna.post(accounts, &group).expect(201).json();
    assert_eq!(group["members"][0]["address"], BEN);
    send(
        &anna,
        "PUT",
        &format!("{accounts}/team@example.test/members/cora@example.test"),
        &json!({}),
    )
    .expect(204);
    anna.delete(&format!("{accounts}/team@example.test/members/{BEN}"))
        .expect(204);
    let group = anna
        .get(&format!("{accounts}/team@example.test"))
        .expect(200)
        .json();
    assert_eq!(
        group["members"],
        json!([{"address": "cora@example.test", "name": "Cora C."}])
    );

    let nobody = json!({"kind": "shared", "address": "info@example.test", "access": [{"address": "no@example.test", "level": "edit"}]});
    assert_eq!(
        anna.post(accounts, &nobody).expect(404).json()["error"]["field"],
        "access"
    );
    anna.get(&format!("{accounts}/info@example.test")).expect(404);
    let shared = json!({"kind": "shared", "address": "info@example.test", "name": "Info", "access": [{"address": BEN, "level": "edit"}]});
    let shared = anna.post(accounts, &shared).expect(201).json();
    assert_eq!(shared["access"][0]["level"], "edit");
    send(
        &anna,
        "PUT",
        &format!("{accounts}/info@example.test/access/{BEN}"),
        &json!({"level": "full"}),
    )
    .expect(204);
    let listed = anna
        .get(&format!("{accounts}/info@example.test/access"))
        .expect(200)
        .json();
    assert_eq!(listed["access"][0]["level"], "full");
    let all = anna
        .get(&format!("{accounts}?kind=shared,group"))
        .expect(200)
        .json();
    assert_eq!(all["accounts"].as_array().unwrap().len(), 2);
    anna.delete(&cora).expect(204);
    anna.get(&cora).expect(404);
    let audit = anna.get("/api/admin/audit?top=3").expect(200).json();
    assert_eq!(audit["entries"][0]["action"], "account.remove");
    assert_eq!(audit["entries"][0]["actor"], ANNA);
    assert_eq!(audit["entries"].as_array().unwrap().len(), 3);
    let log = anna
        .get("/api/admin/log?text=LISTENING+door%3Done")
        .expect(200)
        .json();
    assert_eq!(log["lines"].as_array().unwrap().len(), 1, "{log}");
    assert_eq!(log["lines"][0]["level"], "info");
    let worse = anna
        .get("/api/admin/log?level=error&text=listening")
        .expect(200)
        .json();
    assert_eq!(worse, json!({"lines": []}));
    anna.get("/api/admin/log?level=loud").expect(400);
}

#[test]
fn rooms_say_what_they_are_and_how_they_are_booked() {
    let server = Server::start();
    let anna = Web::page(&server, ANNA);
    let new = json!({"kind": "room", "address": "saal@example.test", "name": "Saal"});
    let room = anna.post("/api/admin/accounts", &new).expect(201).json();
    assert_eq!(room["resource"]["open"], "always");
    let path = "/api/admin/accounts/saal@example.test/resource";
    let wanted = json!({"capacity": 12, "features": ["Beamer"], "open": "mon-fri 08:00-18:00", "timeZone": "Europe/Berlin",
        "longestMinutes": 120, "allowsRecurring": false, "bookers": "named", "named": ["Ben@example.test"], "approver": ANNA});
    let stored = send(&anna, "PUT", path, &wanted).expect(200).json();
    assert_eq!(stored, anna.get(path).expect(200).json());
    for (name, value) in [
        ("capacity", json!(12)),
        ("open", json!("mon-fri 08:00-18:00")),
        ("named", json!([BEN])),
        ("approver", json!(ANNA)),
    ] {
        assert_eq!(stored[name], value, "{name}");
    }
    for (name, value) in [
        ("open", json!("morgens")),
        ("timeZone", json!("Mond")),
        ("named", json!([])),
        ("approver", json!("niemand")),
    ] {
        let mut bad = wanted.clone();
        bad[name] = value;
        assert_eq!(
            send(&anna, "PUT", path, &bad).expect(400).json()["error"]["field"],
            name
        );
    }
    anna.get(&format!("/api/admin/accounts/{BEN}/resource"))
        .expect(404);
}

#[test]
fn delivery_queue_and_collection_are_looked_after() {
    let server = Server::start_with(&["--dns", "127.0.0.1:9"]);
    let anna = Web::page(&server, ANNA);
    assert_eq!(
        anna.post("/api/admin/domains", &json!({"name": "nodot"}))
            .expect(400)
            .json()["error"]["field"],
        "name"
    );
    anna.post("/api/admin/domains", &json!({"name": "more.test"}))
        .expect(201);
    anna.post("/api/admin/domains", &json!({"name": "more.test"}))
        .expect(409);
    let records = anna
        .get("/api/admin/domains/more.test/records")
        .expect(200)
        .json();
    let dkim = records["records"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["kind"] == "dkim")
        .unwrap();
    assert!(
        dkim["wanted"]
            .as_str()
            .unwrap()
            .starts_with("v=DKIM1; k=rsa; p=MII"),
        "{dkim}"
    );
    assert_eq!(dkim["health"], "unknown");
    anna.delete("/api/admin/domains/more.test").expect(204);
    anna.delete("/api/admin/domains/example.test").expect(409);

    let smarthost = json!({"mode": "smarthost", "smarthost": {"host": "127.0.0.1", "port": 1, "security": "none", "user": "u", "password": "p"}});
    let stored = send(&anna, "PUT", "/api/admin/outbound", &smarthost)
        .expect(200)
        .json();
    assert_eq!(stored["smarthost"]["hasPassword"], true);
    assert!(!stored.to_string().contains("\"p\""), "{stored}");
    let found = anna
        .post("/api/admin/outbound/check", &smarthost["smarthost"])
        .expect(200)
        .json();
    assert_eq!(
        (found["ok"].as_bool(), found["reason"].as_str()),
        (Some(false), Some("connect"))
    );

    anna.post(
        "/v1.0/me/sendMail",
        &json!({"message": {"subject": "Hinaus", "body": {"contentType": "text", "content": "x"},
        "toRecipients": [{"emailAddress": {"address": "x@other.test"}}]}}),
    )
    .expect(202);
    let queue = || anna.get("/api/admin/queue").expect(200).json()["messages"].clone();
    wait_until("it was tried", Duration::from_secs(20), || {
        queue()[0]["recipients"][0]["lastReply"].is_string()
    });
    let id = queue()[0]["id"].as_i64().unwrap();
    let again = anna
        .post(&format!("/api/admin/queue/{id}/retry"), &json!({}))
        .expect(200)
        .json();
    assert_eq!(again["recipients"], 1);
    anna.delete(&format!("/api/admin/queue/{id}")).expect(204);
    assert_eq!(queue(), json!([]));
    anna.delete(&format!("/api/admin/queue/{id}")).expect(404);

    let source = json!({"protocol": "imap", "host": "127.0.0.1", "port": 1, "security": "none", "user": "anna", "password": "x", "account": ANNA});
    let id = anna.post("/api/admin/collect", &source).expect(201).json()["id"]
        .as_i64()
        .unwrap();
    let path = format!("/api/admin/collect/{id}");
    let listed = || anna.get("/api/admin/collect").expect(200).json()["sources"][0].clone();
    wait_until("it was tried", Duration::from_secs(20), || {
        listed()["lastError"].is_string()
    });
    let seen = anna.get("/api/admin/overview").expect(200).json();
    assert_eq!(seen["collect"]["failing"][0]["id"], id);
    assert_eq!(seen["outbound"], "smarthost");
    assert_eq!(seen["accounts"]["person"], 2);
    anna.patch(&path, &json!({"isEnabled": false, "keep": true}))
        .expect(200);
    assert_eq!(
        (listed()["isEnabled"].as_bool(), listed()["keep"].as_bool()),
        (Some(false), Some(true))
    );
    assert!(listed().get("password").is_none());
    anna.delete(&path).expect(204);
    anna.delete(&path).expect(404);
}

#[test]
fn backups_are_set_up_made_and_their_key_is_shown() {
    let (server, place) = (Server::start(), crate::server::Folder::new());
    let anna = Web::page(&server, ANNA);
    let folder = place.path().canonicalize().unwrap();
    let put = |body: &Value| send(&anna, "PUT", "/api/admin/backups", body);
    assert_eq!(
        put(&json!({"folder": "/nowhere/at/all", "atMinute": 150})).status,
        404
    );
    assert_eq!(
        put(&json!({"folder": "here", "atMinute": 150}))
            .expect(400)
            .json()["error"]["field"],
        "folder"
    );
    put(&json!({"folder": folder, "atMinute": 60, "keep": {"days": 3, "weeks": 2, "months": 1}})).expect(204);
    let target = || anna.get("/api/admin/backups").expect(200).json()["targets"][0].clone();
    assert_eq!(
        (target()["atMinute"].clone(), target()["lastDoneAt"].clone()),
        (json!(60), Value::Null)
    );
    anna.post("/api/admin/backups/run", &json!({"folder": folder}))
        .expect(202);
    wait_until("the backup is made", Duration::from_secs(60), || {
        target()["lastDoneAt"].is_string()
    });
    wait_until("it is over", Duration::from_secs(10), || {
        target()["running"].is_null()
    });
    let key = anna.post("/api/admin/backups/key", &json!({})).expect(200);
    assert_eq!(key.header("cache-control"), "no-store");
    let told = server.cli(&["backup", "key"]);
    assert_eq!(key.json()["secret"].as_str().unwrap(), told.trim());
    let place = crate::web::encode(folder.to_str().unwrap());
    anna.delete(&format!("/api/admin/backups?folder={place}"))
        .expect(204);
    anna.delete(&format!("/api/admin/backups?folder={place}"))
        .expect(404);
}

#[test]
fn somebody_changes_their_password_and_ends_their_sessions() {
    let server = Server::start();
    let (here, there) = (Web::page(&server, BEN), Web::page(&server, BEN));
    let all = here.get("/api/sessions").expect(200).json()["sessions"].clone();
    assert_eq!(all.as_array().unwrap().len(), 2);
    let other = all
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["isThis"] == false)
        .unwrap();
    let id = other["id"].as_str().unwrap();
    Web::page(&server, ANNA)
        .delete(&format!("/api/sessions/{id}"))
        .expect(404);
    here.delete(&format!("/api/sessions/{id}")).expect(204);
    there.get("/api/session").expect(401);
    let there = Web::page(&server, BEN);
    here.delete("/api/sessions/others").expect(204);
    there.get("/api/session").expect(401);

    let put = |web: &Web, before: &str, after: &str| {
        send(
            web,
            "PUT",
            "/api/password",
            &json!({"before": before, "after": after}),
        )
    };
    assert_eq!(
        put(&here, "falsch-falsch", "neu-und-lang").expect(400).json()["error"]["field"],
        "before"
    );
    assert_eq!(
        put(&here, PASSWORD, "kurz").expect(400).json()["error"]["field"],
        "after"
    );
    let there = Web::page(&server, BEN);
    let changed = put(&here, PASSWORD, "neu-und-lang").expect(200);
    there.get("/api/session").expect(401);
    here.get("/api/session").expect(401);
    let cookie = changed.header("set-cookie").split(';').next().unwrap().to_owned();
    Web::new(&server)
        .with(format!("Cookie: {cookie}"))
        .get("/api/session")
        .expect(200);
}

#[test]
fn preferences_are_kept_on_the_server() {
    let server = Server::start();
    let ben = Web::page(&server, BEN);
    assert_eq!(
        ben.get("/api/preferences").expect(200).json(),
        json!({"theme": null, "firstDayOfWeek": null, "signatures": {}, "timeFormat": null, "undoSeconds": null, "writesPlain": null, "conversations": null, "byConversation": null, "searches": [], "imageSenders": []})
    );
    ben.patch("/api/preferences", &json!({"theme": "dark"}))
        .expect(200);
    ben.patch("/api/preferences", &json!({"firstDayOfWeek": 0}))
        .expect(200);
    ben.patch("/api/preferences", &json!({"firstDayOfWeek": 7}))
        .expect(400);
    let long = ben
        .patch("/api/preferences", &json!({"undoSeconds": 61}))
        .expect(400);
    assert_eq!(long.json()["error"]["field"], "undoSeconds");
    let path = format!("/api/preferences/signatures/{BEN}");
    send(
        &ben,
        "PUT",
        &path,
        &json!({"text": "Ben Bauer\nKanzlei", "inReplies": false}),
    )
    .expect(200);
    send(
        &ben,
        "PUT",
        "/api/preferences/signatures/anna@example.test",
        &json!({"text": "x", "inReplies": true}),
    )
    .expect(404);
    ben.patch("/v1.0/me/mailboxSettings", &json!({"timeFormat": "HH:mm"}))
        .expect(200);
    ben.patch(
        "/api/preferences",
        &json!({"undoSeconds": 20, "writesPlain": true}),
    )
    .expect(200);
    let kept = Web::page(&server, BEN).get("/api/preferences").expect(200).json();
    assert_eq!(
        kept,
        json!({"theme": "dark", "firstDayOfWeek": 0, "timeFormat": "HH:mm", "undoSeconds": 20, "writesPlain": true, "conversations": null, "byConversation": null, "searches": [], "imageSenders": [],
        "signatures": {"ben@example.test": {"text": "Ben Bauer\nKanzlei", "inReplies": false}}})
    );
    ben.delete(&path).expect(200);
    assert_eq!(
        ben.get("/api/preferences").expect(200).json()["signatures"],
        json!({})
    );
}

/// A mail from outside with a message about an event in it.
fn event_mail(method: &str, sequence: u32, lines: &str) -> String {
    let calendar = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:card-1\r\nDTSTAMP:2026112{sequence}T080000Z\r\n\
         SEQUENCE:{sequence}\r\nORGANIZER;CN=Olga:mailto:olga@other.test\r\nATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{ANNA}\r\n{lines}\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    format!(
        "From: Olga <olga@other.test>\r\nTo: {ANNA}\r\nSubject: {method} {sequence}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/calendar; method={method}; charset=utf-8\r\n\r\n{calendar}"
    )
}

#[test]
fn a_mail_tells_what_it_says_of_an_event_and_what_was_said_before() {
    let server = Server::start();
    let anna = Web::page(&server, ANNA);
    let deliver = |mail: String| {
        let reply = Talk::hello(server.smtp).deliver("olga@other.test", &[ANNA], mail.as_bytes());
        assert!(reply.starts_with("250"), "{reply}");
    };
    let about = |subject: &str| {
        let path = format!(
            "/v1.0/me/mailFolders/inbox/messages?$select=id,subject&$filter=subject%20eq%20'{}'",
            subject.replace(' ', "%20")
        );
        let id = anna.get(&path).expect(200).json()["value"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        anna.get(&format!("/api/messages/{id}/invitation"))
    };
    deliver(event_mail(
        "REQUEST",
        0,
        "SUMMARY:Jour fixe\r\nLOCATION:Saal\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z",
    ));
    wait_until("it is in the calendar", Duration::from_secs(20), || {
        about("REQUEST 0").json()["eventId"].is_string()
    });
    let first = about("REQUEST 0").expect(200).json();
    assert_eq!(first["method"], "request");
    assert_eq!(
        first["event"],
        json!({"subject": "Jour fixe", "location": "Saal", "start": "2026-12-01T09:00:00",
        "end": "2026-12-01T10:00:00", "isAllDay": false, "isSeries": false})
    );
    assert_eq!(first["organizer"]["name"], "Olga");
    assert_eq!(
        (first["before"].clone(), first["isOutdated"].clone()),
        (Value::Null, json!(false))
    );
    let event = anna
        .get(&format!("/v1.0/me/events/{}", first["eventId"].as_str().unwrap()))
        .expect(200)
        .json();
    assert_eq!(event["subject"], "Jour fixe");

    deliver(event_mail(
        "REQUEST",
        1,
        "SUMMARY:Jour fixe\r\nLOCATION:Büro\r\nDTSTART:20261201T110000Z\r\nDTEND:20261201T120000Z",
    ));
    wait_until("it has moved", Duration::from_secs(20), || {
        about("REQUEST 0").json()["isOutdated"] == true
    });
    let second = about("REQUEST 1").expect(200).json();
    assert_eq!(
        (
            second["before"]["start"].as_str(),
            second["before"]["location"].as_str()
        ),
        (Some("2026-12-01T09:00:00"), Some("Saal"))
    );

    deliver(event_mail(
        "CANCEL",
        2,
        "SUMMARY:Jour fixe\r\nDTSTART:20261201T110000Z",
    ));
    wait_until("it is off", Duration::from_secs(20), || {
        about("CANCEL 2").status == 200 && about("REQUEST 1").json()["isOutdated"] == true
    });
    assert_eq!(about("CANCEL 2").expect(200).json()["method"], "cancel");

    let reply = Talk::hello(server.smtp).deliver(
        "x@other.test",
        &[ANNA],
        b"From: x@other.test\r\nSubject: plain\r\n\r\nx\r\n",
    );
    assert!(reply.starts_with("250"), "{reply}");
    about("plain").expect(404);
}

#[test]
fn the_name_server_is_asked_where_programs_find_their_servers() {
    let names = NameServer::start(
        "_caldavs._tcp.example SRV 0 1 443 mail.example.test.\n_caldavs._tcp.example TXT \"path=/dav/\"\n\
         _carddavs._tcp.example SRV 5 0 8443 old.example.test.\nexample A 127.0.0.1\n",
    );
    let server = Server::start_with(&["--dns", &names.address.to_string()]);
    let anna = Web::page(&server, ANNA);
    let answer = anna
        .get("/api/admin/domains/example.test/records")
        .expect(200)
        .json();
    let record = |kind: &str| {
        let all = answer["records"].as_array().unwrap();
        all.iter().find(|r| r["kind"] == kind).unwrap().clone()
    };
    let port = server.one.port();
    let caldav = record("caldav");
    assert_eq!(
        (&caldav["name"], &caldav["recordType"], &caldav["found"]),
        (
            &json!("_caldavs._tcp.example.test"),
            &json!("SRV"),
            &json!(["0 1 443 mail.example.test."])
        )
    );
    // Where the page is reached is where DAV is.
    assert!(
        caldav["wanted"]
            .as_str()
            .unwrap()
            .starts_with(&format!("0 1 {port} ")),
        "{caldav}"
    );
    assert_eq!(
        (&record("caldavPath")["health"], &record("caldavPath")["wanted"]),
        (&json!("good"), &json!("path=/dav/"))
    );
    assert_eq!(record("carddav")["health"], "different");
    for kind in ["carddavPath", "imap", "submission"] {
        assert_eq!(record(kind)["health"], "missing", "{answer}");
        assert_eq!(record(kind)["isNeeded"], false);
    }
}

#[test]
fn a_telephone_is_set_up_by_its_camera() {
    let server = Server::start();
    let anna = Web::page(&server, ANNA);
    let found = anna.get("/api/devices").expect(200).json();
    let address = found["profile"].as_str().unwrap();
    assert!(
        address.ends_with("/hauspost.mobileconfig?emailaddress=anna%40example.test"),
        "{address}"
    );
    let rows = found["squares"].as_array().unwrap();
    let is_square = |row: &Value| row.as_str().is_some_and(|r| r.len() == rows.len());
    assert!(rows.len() > 20 && rows.iter().all(is_square), "{found}");
    let path = &address[address.find("/hauspost").unwrap()..];
    let profile = anna.get(path).expect(200);
    assert_eq!(profile.header("content-type"), "application/x-apple-aspen-config");
    assert!(profile.text().contains("com.apple.caldav.account"));
    for name in ["imap", "submission"] {
        assert!(
            found[name]["port"].as_u64().is_some() && found[name]["security"].is_string(),
            "{found}"
        );
    }
    assert!(found["dav"].as_str().unwrap().ends_with("/dav/"));
    Web::new(&server).get("/api/devices").expect(401);
}

/// The page's files are embedded packed; who takes neither form gets them as they are.
#[test]
fn files_of_the_page_come_in_every_form() {
    let server = Server::start();
    let web = Web::new(&server);
    let index = web.get("/").expect(200).text();
    let name = index
        .split('"')
        .find(|part| part.starts_with("/assets/") && part.ends_with(".js"))
        .expect("a script");
    let form = |accepted: &str| web.send("GET", name, &[accepted], b"").expect(200);
    let plain = form("Accept-Encoding: identity");
    let zipped = form("Accept-Encoding: gzip");
    let both = form("Accept-Encoding: gzip, br");
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert_eq!(both.header("content-encoding"), "gzip");
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(&zipped.body[..]);
    std::io::Read::read_to_end(&mut reader, &mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert!(both.body == zipped.body && zipped.body.len() < plain.body.len());
    let tags = [&plain, &zipped].map(|r| r.header("etag").to_owned());
    assert!(tags[0] != tags[1], "{tags:?}");
    let known = format!("If-None-Match: {}", tags[1]);
    web.send("GET", name, &["Accept-Encoding: gzip", &known], b"")
        .expect(304);
}
