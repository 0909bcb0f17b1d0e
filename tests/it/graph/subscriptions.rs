//! subscriptions: programs are called when something changes.

use super::receiver::Receiver;
use super::{code, deliver, wait_for};
use crate::counterparts::NameServer;
use crate::imap::client::Client;
use crate::server::{Server, wait_until};
use crate::web::{Web, register};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MAIL: &str = "From: a@other.test\nSubject: x\n\ny\n";

/// A time so many seconds from now, as Graph writes it.
pub fn at(seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let out = Command::new("date")
        .args(["-u", "-d", &format!("@{}", now + seconds), "+%Y-%m-%dT%H:%M:%SZ"])
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

fn wish(receiver: &Receiver, path: &str) -> Value {
    json!({
        "changeType": "created,updated,deleted",
        "notificationUrl": receiver.url(path),
        "resource": "me/mailFolders('inbox')/messages",
        "expirationDateTime": at(3600),
        "clientState": "secret-state",
    })
}

fn subscribe(web: &Web, wish: &Value) -> Value {
    web.post("/v1.0/subscriptions", wish).expect(201).json()
}

fn refused(web: &Web, wish: &Value) -> (String, String) {
    let body = web.post("/v1.0/subscriptions", wish).expect(400).json();
    (
        code(&body).to_owned(),
        body["error"]["message"].as_str().unwrap().to_owned(),
    )
}

fn with(mut wish: Value, name: &str, value: impl Into<Value>) -> Value {
    wish[name] = value.into();
    wish
}

#[test]
fn an_address_has_to_give_the_token_back_before_it_is_subscribed() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    let anna = Web::page(&server, "anna@example.test");
    let reply = anna
        .post("/v1.0/subscriptions", &wish(&receiver, "/ok?a=b%20c"))
        .expect(201);
    let made = reply.json();
    assert!(
        reply
            .header("location")
            .ends_with(&format!("/v1.0/subscriptions/{}", made["id"].as_str().unwrap()))
    );
    assert_eq!(made["clientState"], "secret-state");
    assert_eq!(made["changeType"], "created,updated,deleted");
    assert_eq!(made["resource"], "me/mailFolders('inbox')/messages");
    let call = receiver.calls().pop().unwrap();
    assert_eq!(
        (&call["type"], &call["body"]),
        (&json!("text/plain; charset=utf-8"), &json!(""))
    );
    let path = call["path"].as_str().unwrap();
    assert!(
        path.starts_with("/ok?a=b%20c&validationToken=Validation%3A"),
        "{path}"
    );
    for (path, says) in [
        ("/wrong", "is not the value of validationToken"),
        ("/encoded", "is not the value of validationToken"),
        ("/html", "text/html"),
        ("/gone", "404"),
        ("/elsewhere", "302"),
        ("/slow", "within 10 seconds"),
    ] {
        let (code, message) = refused(&anna, &wish(&receiver, path));
        assert_eq!(code, "ValidationError");
        assert!(message.contains(says), "{path}: {message}");
    }
    // The lifecycle address is tried as well.
    let lifecycle = with(
        wish(&receiver, "/ok"),
        "lifecycleNotificationUrl",
        receiver.url("/gone"),
    );
    assert_eq!(refused(&anna, &lifecycle).0, "ValidationError");
    let all = anna.get("/v1.0/subscriptions").expect(200).json();
    assert_eq!(all["value"].as_array().unwrap().len(), 1);
}

#[test]
fn wrong_wishes_are_answered_with_what_is_wrong() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    let anna = Web::page(&server, "anna@example.test");
    let good = wish(&receiver, "/ok");
    for (name, value, says) in [
        ("changeType", json!("created,renamed"), "»renamed«"),
        ("notificationUrl", json!("http://localhost/"), "https://"),
        ("resource", json!("me/calendarView"), "cannot be subscribed to"),
        ("resource", json!("subscriptions"), "cannot be subscribed to"),
        ("resource", json!("me/messages?$filter=isRead eq true"), "$filter"),
        ("expirationDateTime", json!(at(-5)), "has passed"),
        ("expirationDateTime", json!(at(4232 * 60)), "4230 minutes"),
        ("expirationDateTime", json!("tomorrow"), "no time"),
        ("clientState", json!("x".repeat(129)), "128"),
        ("includeResourceData", json!(true), "encryptionCertificate"),
        ("latestSupportedTlsVersion", json!("v9"), "v1_2"),
    ] {
        let (_, message) = refused(&anna, &with(good.clone(), name, value));
        assert!(message.contains(says), "{name}: {message}");
    }
    let missing = with(good, "resource", "me/mailFolders('Ffff')/messages");
    anna.post("/v1.0/subscriptions", &missing).expect(404);
    assert!(receiver.calls().is_empty(), "nobody is called for a wrong wish");
}

#[test]
fn private_addresses_are_not_called() {
    let receiver = Receiver::start();
    let dns = NameServer::start("hook A 127.0.0.1\ninside A 10.0.0.1\n");
    let (address, ca) = (dns.address.to_string(), receiver.ca());
    let server = Server::start_with(&["--extra-ca", &ca, "--dns", &address]);
    let anna = Web::page(&server, "anna@example.test");
    for host in [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "hook.test",
        "inside.test",
        "2130706433",
    ] {
        let url = format!("https://{host}:{}/ok", receiver.port());
        let (code, message) = refused(&anna, &with(wish(&receiver, "/ok"), "notificationUrl", url));
        assert_eq!(code, "ValidationError");
        assert!(message.contains("private network"), "{host}: {message}");
    }
    assert!(receiver.calls().is_empty());
    let server = Server::start_with(&["--extra-ca", &ca, "--notify-to", "127.0.0.0/8"]);
    let anna = Web::page(&server, "anna@example.test");
    subscribe(&anna, &wish(&receiver, "/ok"));
}

#[test]
fn what_happens_by_smtp_and_imap_is_told() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    let anna = Web::page(&server, "anna@example.test");
    let made = subscribe(&anna, &wish(&receiver, "/ok"));
    let all = with(wish(&receiver, "/all"), "resource", "/me/messages");
    subscribe(&anna, &with(all, "changeType", "updated"));
    deliver(&server, MAIL);
    let notice = receiver.wait_for("/ok", 1);
    let id = wait_for(&anna, "inbox", 1);
    let me = anna.get("/v1.0/me").expect(200).json();
    let resource = format!("Users/{}/Messages/{id}", me["id"].as_str().unwrap());
    let message = anna.get(&format!("/v1.0/me/messages/{id}")).expect(200).json();
    assert_eq!(
        notice,
        json!({
            "subscriptionId": made["id"], "subscriptionExpirationDateTime": made["expirationDateTime"],
            "tenantId": notice["tenantId"], "clientState": "secret-state", "changeType": "created", "resource": resource,
            "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "@odata.id": resource, "id": id,
                "@odata.etag": message["@odata.etag"]},
        })
    );
    let mut imap = Client::in_inbox(server.imap);
    imap.ask("STORE 1 +FLAGS (\\Seen)");
    let notice = receiver.wait_for("/ok", 2);
    assert_eq!(
        (&notice["changeType"], &notice["resourceData"]["id"]),
        (&json!("updated"), &json!(id))
    );
    imap.ask("STORE 1 +FLAGS (\\Deleted)");
    receiver.wait_for("/ok", 3);
    imap.ask("EXPUNGE");
    let notice = receiver.wait_for("/ok", 4);
    assert_eq!(
        (&notice["changeType"], &notice["resourceData"]["id"]),
        (&json!("deleted"), &json!(id))
    );
    // Whoever wants to hear of changes only hears of nothing else.
    receiver.wait_for("/all", 2);
}

#[test]
fn events_contacts_and_tasks_are_told_whoever_stores_them() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    let (anna, dav) = (Web::page(&server, "anna@example.test"), crate::dav::anna(&server));
    for (resource, path) in [
        ("me/events", "/events"),
        ("/me/contactFolders('contacts')/contacts", "/contacts"),
        ("me/todo/lists/tasks/tasks", "/tasks"),
    ] {
        subscribe(&anna, &with(wish(&receiver, path), "resource", resource));
    }
    let stored = crate::dav::event("a", "DTSTART:20261123T090000Z");
    crate::dav::put(&dav, &format!("{}a.ics", crate::dav::CALENDAR), &stored).expect(201);
    let notice = receiver.wait_for("/events", 1);
    let event = anna.get("/v1.0/me/events").expect(200).json()["value"][0].clone();
    assert_eq!(
        (
            &notice["changeType"],
            &notice["resourceData"]["@odata.type"],
            &notice["resourceData"]["id"]
        ),
        (&json!("created"), &json!("#Microsoft.Graph.Event"), &event["id"])
    );
    assert_eq!(notice["resourceData"]["@odata.etag"], event["@odata.etag"]);
    anna.delete(&format!("/v1.0/me/events/{}", event["id"].as_str().unwrap()))
        .expect(204);
    assert_eq!(receiver.wait_for("/events", 2)["changeType"], "deleted");
    anna.post("/v1.0/me/contacts", &json!({"displayName": "C"}))
        .expect(201);
    assert_eq!(
        receiver.wait_for("/contacts", 1)["resourceData"]["@odata.type"],
        "#Microsoft.Graph.Contact"
    );
    let task = anna
        .post("/v1.0/me/todo/lists/tasks/tasks", &json!({"title": "T"}))
        .expect(201)
        .json();
    assert_eq!(receiver.wait_for("/tasks", 1)["resourceData"]["id"], task["id"]);
}

#[test]
fn a_message_that_moves_has_changed_in_the_mailbox_and_gone_from_its_folder() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    let anna = Web::page(&server, "anna@example.test");
    deliver(&server, MAIL);
    let id = wait_for(&anna, "inbox", 1);
    subscribe(&anna, &wish(&receiver, "/inbox"));
    subscribe(&anna, &with(wish(&receiver, "/all"), "resource", "me/messages"));
    subscribe(
        &anna,
        &with(wish(&receiver, "/folders"), "resource", "me/mailFolders"),
    );
    anna.post(
        &format!("/v1.0/me/messages/{id}/move"),
        &json!({"destinationId": "archive"}),
    )
    .expect(201);
    assert_eq!(receiver.wait_for("/inbox", 1)["changeType"], "deleted");
    assert_eq!(receiver.wait_for("/all", 1)["changeType"], "updated");
    let folder = anna
        .post("/v1.0/me/mailFolders", &json!({"displayName": "Neu"}))
        .expect(201)
        .json();
    let notice = receiver.wait_for("/folders", 1);
    assert_eq!(
        (&notice["changeType"], &notice["resourceData"]["id"]),
        (&json!("created"), &folder["id"])
    );
    assert_eq!(
        notice["resourceData"]["@odata.type"],
        "#Microsoft.Graph.MailFolder"
    );
}

#[test]
fn what_was_not_taken_is_told_again_also_after_a_power_cut() {
    let receiver = Receiver::start();
    let mut server = receiver.server(&[]);
    let anna = Web::page(&server, "anna@example.test");
    subscribe(&anna, &with(wish(&receiver, "/ok"), "changeType", "created"));
    receiver.answer_with(500);
    deliver(&server, MAIL);
    let tried = |n: usize| {
        wait_until("it was tried", Duration::from_secs(20), || {
            receiver.notices("/ok").len() >= n
        })
    };
    tried(2);
    server.kill();
    receiver.answer_with(202);
    let before = receiver.notices("/ok").len();
    server.start_again();
    tried(before + 1);
    let all = receiver.notices("/ok");
    assert!(
        all.iter().all(|n| n["resourceData"] == all[0]["resourceData"]),
        "{all:#?}"
    );
    // It was taken: the next one comes alone.
    deliver(&server, MAIL);
    let last = receiver.wait_for("/ok", all.len() + 1);
    assert_ne!(last["resourceData"]["id"], all[0]["resourceData"]["id"]);
}

#[test]
fn a_subscription_is_announced_renewed_and_ends() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    let anna = Web::page(&server, "anna@example.test");
    let lives = with(
        wish(&receiver, "/ok"),
        "lifecycleNotificationUrl",
        receiver.url("/life"),
    );
    let made = subscribe(&anna, &with(lives, "expirationDateTime", at(8)));
    let path = format!("/v1.0/subscriptions/{}", made["id"].as_str().unwrap());
    let notice = receiver.wait_for("/life", 1);
    assert_eq!(notice["lifecycleEvent"], "reauthorizationRequired");
    assert_eq!(
        (&notice["subscriptionId"], &notice["clientState"]),
        (&made["id"], &json!("secret-state"))
    );
    let until = at(3600);
    let renewed = anna
        .patch(&path, &json!({"expirationDateTime": until}))
        .expect(200)
        .json();
    assert_eq!(renewed["expirationDateTime"], until);
    anna.patch(&path, &json!({"expirationDateTime": at(4232 * 60)}))
        .expect(400);
    assert_eq!(anna.get(&path).expect(200).json()["expirationDateTime"], until);
    anna.patch(&path, &json!({"expirationDateTime": at(2)}))
        .expect(200);
    wait_until("it has expired", Duration::from_secs(20), || {
        anna.get(&path).status == 404
    });
    anna.patch(&path, &json!({"expirationDateTime": until}))
        .expect(404);
    assert_eq!(
        anna.get("/v1.0/subscriptions").expect(200).json()["value"],
        json!([])
    );
}

#[test]
fn subscriptions_belong_to_who_made_them() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    register(&server);
    let anna = Web::page(&server, "anna@example.test");
    let made = subscribe(&anna, &wish(&receiver, "/ok"));
    let path = format!("/v1.0/subscriptions/{}", made["id"].as_str().unwrap());
    let ben = Web::page(&server, "ben@example.test");
    let program = Web::program(&server, "anna@example.test", "Mail.Read");
    for other in [&ben, &program] {
        assert_eq!(code(&other.get(&path).expect(404).json()), "ResourceNotFound");
        other.delete(&path).expect(404);
        assert_eq!(
            other.get("/v1.0/subscriptions").expect(200).json()["value"],
            json!([])
        );
    }
    let theirs = with(
        wish(&receiver, "/ok"),
        "resource",
        "users/anna@example.test/messages",
    );
    ben.post("/v1.0/subscriptions", &theirs).expect(404);
    let poor = Web::program(&server, "anna@example.test", "User.Read");
    poor.post("/v1.0/subscriptions", &wish(&receiver, "/ok"))
        .expect(403);
    subscribe(&program, &wish(&receiver, "/program"));
    anna.delete(&path).expect(204);
    anna.get(&path).expect(404);
    deliver(&server, MAIL);
    receiver.wait_for("/program", 1);
    assert!(receiver.notices("/ok").is_empty());
}

#[test]
fn who_may_not_look_any_more_is_not_told_any_more() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    register(&server);
    server.cli(&["access", "set", "anna@example.test", "ben@example.test"]);
    let ben = Web::page(&server, "ben@example.test");
    let theirs = |path: &str| {
        let wish = with(
            wish(&receiver, path),
            "resource",
            "users/anna@example.test/messages",
        );
        with(wish, "lifecycleNotificationUrl", receiver.url("/life"))
    };
    subscribe(&ben, &theirs("/ben"));
    let program = Web::program(&server, "anna@example.test", "Mail.Read");
    subscribe(&program, &wish(&receiver, "/program"));
    let anna = Web::page(&server, "anna@example.test");
    subscribe(&anna, &wish(&receiver, "/anna"));
    server.cli(&["access", "remove", "anna@example.test", "ben@example.test"]);
    server.cli(&["app", "remove", "test-app"]);
    deliver(&server, MAIL);
    receiver.wait_for("/anna", 1);
    assert_eq!(
        receiver.wait_for("/life", 1)["lifecycleEvent"],
        "subscriptionRemoved"
    );
    server.cli(&["access", "set", "anna@example.test", "ben@example.test"]);
    subscribe(&ben, &theirs("/ben"));
    server.cli(&["account", "disable", "ben@example.test"]);
    deliver(&server, MAIL);
    receiver.wait_for("/anna", 2);
    receiver.wait_for("/life", 2);
    assert!(receiver.notices("/ben").is_empty() && receiver.notices("/program").is_empty());
}

/// Changes a file of the store while nothing runs, as time would.
fn age(server: &Server, file: &str, sql: &str) {
    let program = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db: db.execute(sys.argv[2])";
    let done = Command::new("python3")
        .args(["-c", program])
        .arg(server.data.path().join(file))
        .arg(sql)
        .status()
        .unwrap();
    assert!(done.success(), "{file}: {sql}");
}

#[test]
fn an_address_that_fails_for_hours_is_given_up_and_what_is_forgotten_is_missed() {
    let receiver = Receiver::start();
    let mut server = receiver.server(&[]);
    let anna = Web::page(&server, "anna@example.test");
    let lives = with(
        wish(&receiver, "/ok"),
        "lifecycleNotificationUrl",
        receiver.url("/life"),
    );
    let made = subscribe(&anna, &lives);
    receiver.answer_with(500);
    deliver(&server, MAIL);
    let has_tried = || !receiver.notices("/ok").is_empty();
    wait_until("it was tried", Duration::from_secs(20), has_tried);
    server.stop();
    age(
        &server,
        "accounts/1/account.db",
        "UPDATE state SET horizon = modseq",
    );
    receiver.answer_with(202);
    server.start_again();
    assert_eq!(receiver.wait_for("/life", 1)["lifecycleEvent"], "missed");
    receiver.answer_with(500);
    let before = receiver.notices("/ok").len();
    deliver(&server, MAIL);
    // Before the second attempt the first one was noted.
    let has_tried = || receiver.notices("/ok").len() > before + 1;
    wait_until("it was tried", Duration::from_secs(20), has_tried);
    server.stop();
    let ago = "UPDATE subscription SET failing_since_ms = failing_since_ms - 5 * 3600 * 1000";
    age(&server, "directory.db", ago);
    server.start_again();
    let has_ended = || receiver.notices("/life").len() > 1;
    wait_until("it was given up", Duration::from_secs(20), has_ended);
    let all = receiver.notices("/life");
    assert_eq!(all[1]["lifecycleEvent"], "subscriptionRemoved");
    assert_eq!(all[1]["subscriptionId"], made["id"]);
    let path = format!("/v1.0/subscriptions/{}", made["id"].as_str().unwrap());
    anna.get(&path).expect(404);
}

#[test]
fn a_program_by_itself_subscribes_to_the_mailboxes_that_it_is_let_into() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    let permissions = ["--app-permission", "Mail.Read", "--mailbox", "anna@example.test"];
    let more = [&["--secret"][..], &permissions].concat();
    let daemon = super::others::daemon(&server, &super::others::secret(&server, &more));
    let of = |name: &str| {
        with(
            wish(&receiver, "/ok"),
            "resource",
            format!("users/{name}/messages"),
        )
    };
    let made = subscribe(&daemon, &of("anna@example.test"));
    assert_eq!(made["applicationId"], "daemon");
    daemon
        .post("/v1.0/subscriptions", &of("ben@example.test"))
        .expect(404);
    daemon
        .post("/v1.0/subscriptions", &wish(&receiver, "/ok"))
        .expect(400);
    let all = daemon.get("/v1.0/subscriptions").expect(200).json();
    assert_eq!(all["value"][0]["id"], made["id"]);
    deliver(&server, MAIL);
    receiver.wait_for("/ok", 1);
    // Another permission, and it is told nothing more.
    secret_without_mail(&server);
    let anna = Web::page(&server, "anna@example.test");
    subscribe(&anna, &wish(&receiver, "/anna"));
    deliver(&server, MAIL);
    receiver.wait_for("/anna", 1);
    let is_gone = || daemon.get("/v1.0/subscriptions").json()["value"] == json!([]);
    wait_until("the subscription has ended", Duration::from_secs(20), is_gone);
    assert_eq!(receiver.notices("/ok").len(), 1);
}

fn secret_without_mail(server: &Server) {
    super::others::secret(server, &["--app-permission", "User.Read.All", "--all-mailboxes"]);
}

#[test]
fn a_shared_calendar_is_told_of_until_it_is_shared_no_more() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    let share = |level: &str| crate::sharing::share(&server, "calendar", "ben@example.test", level);
    let calendar = anna.get("/v1.0/me/calendar").expect(200).json()["id"].clone();
    let of_anna = format!(
        "users/anna@example.test/calendars/{}/events",
        calendar.as_str().unwrap()
    );
    let wish = |resource: &str| with(wish(&receiver, "/ok"), "resource", resource);
    ben.post("/v1.0/subscriptions", &wish(&of_anna)).expect(404);
    share("freebusy");
    ben.post("/v1.0/subscriptions", &wish(&of_anna)).expect(403);
    share("read");
    ben.post("/v1.0/subscriptions", &wish("users/anna@example.test/events"))
        .expect(404);
    let all = ben.get("/v1.0/me/calendars").expect(200).json();
    let mut all = all["value"].as_array().unwrap().iter();
    let shared = all
        .find(|c| c["owner"]["address"] == "anna@example.test")
        .unwrap();
    let id = shared["id"].as_str().unwrap();
    subscribe(&ben, &wish(&format!("me/calendars/{id}/events")));
    let event = json!({"subject": "x", "start": {"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"}});
    anna.post("/v1.0/me/events", &event).expect(201);
    let told = receiver.wait_for("/ok", 1);
    let resource = told["resourceData"]["@odata.id"].as_str().unwrap();
    assert_eq!(
        ben.get(&format!("/v1.0/{resource}")).expect(200).json()["subject"],
        "x"
    );
    share("freebusy");
    anna.post("/v1.0/me/events", &event).expect(201);
    wait_until("it has ended", Duration::from_secs(10), || {
        ben.get("/v1.0/subscriptions").json()["value"] == json!([])
    });
    receiver.wait_for("/ok", 1);
}

/// Ticks of the processor that the program has used so far; a hundred are a second.
fn ticks(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
    let behind = stat.rsplit(')').next().unwrap();
    let numbers: Vec<&str> = behind.split_ascii_whitespace().collect();
    numbers[11].parse::<u64>().unwrap() + numbers[12].parse::<u64>().unwrap()
}

#[test]
fn ten_thousand_subscriptions_cost_nothing_while_nothing_happens() {
    let receiver = Receiver::start();
    let mut server = receiver.server(&[]);
    let anna = Web::page(&server, "anna@example.test");
    subscribe(&anna, &wish(&receiver, "/ok"));
    server.stop();
    // As many rows as ten mailboxes may have, here of one: nobody else is asked when anna gets mail.
    let fill = "import sqlite3, sys, uuid
db = sqlite3.connect(sys.argv[1])
db.execute('UPDATE subscription SET retry_at_ms = NULL, wake_at_ms = expires_at_ms')
names = [r[1] for r in db.execute('PRAGMA table_info(subscription)')]
row = list(db.execute('SELECT * FROM subscription').fetchone())
for name in ('account_id', 'actor_id'):
    row[names.index(name)] = db.execute('SELECT max(id) FROM account').fetchone()[0]
for n in range(9999):
    row[names.index('id')] = str(uuid.uuid4())
    db.execute('INSERT INTO subscription VALUES (%s)' % ','.join('?' * len(row)), row)
db.commit()";
    let filled = Command::new("python3")
        .args(["-c", fill])
        .arg(server.data.path().join("directory.db"))
        .status();
    assert!(filled.unwrap().success());
    server.start_again();
    // The look at the start, at what happened before it.
    let mut last = ticks(&server);
    wait_until("the start is over", Duration::from_secs(120), || {
        std::thread::sleep(Duration::from_secs(1));
        let now = ticks(&server);
        std::mem::replace(&mut last, now) == now
    });
    let (before, for_start) = (ticks(&server), ticks(&server));
    std::thread::sleep(Duration::from_secs(5));
    let used = ticks(&server) - before;
    println!("ten thousand subscriptions: {for_start} ticks for the start, {used} in five idle seconds");
    assert!(used <= 1, "{used} ticks");
    deliver(&server, MAIL);
    receiver.wait_for("/ok", 1);
}
