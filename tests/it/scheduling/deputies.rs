//! Those who look after somebody's calendar hear of invitations to its owner.

use super::mail::{EVENT, PLAIN, calendar, deliver, mail};
use super::{calendar_of, copy, meeting, settle, wait_for};
use crate::dav::{program, put};
use crate::mailbox::{Mailbox, wait_for_messages};
use crate::server::{PASSWORD, Server, run_with};
use crate::web::Web;
use serde_json::json;

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";
const CORA: &str = "cora@example.test";
const ONCE: &str = "DTSTART:20300107T090000Z\nDTEND:20300107T100000Z";
const PERMISSIONS: &str = "/v1.0/me/calendar/calendarPermissions";

fn with_cora(server: &Server) {
    let out = run_with(
        server.data.path(),
        &["account", "add", CORA, "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

fn subjects(server: &Server, who: &str, folder: &str) -> Vec<String> {
    let all = Mailbox::open(server.imap, who).messages(folder);
    let text = all.iter().map(|m| String::from_utf8_lossy(m).into_owned());
    text.map(|m| {
        let line = m.lines().find(|l| l.starts_with("Subject: ")).unwrap();
        line["Subject: ".len()..].trim().to_owned()
    })
    .collect()
}

fn give(page: &Web, who: &str, role: &str) -> serde_json::Value {
    let body = json!({"emailAddress": {"address": who}, "role": role});
    page.post(PERMISSIONS, &body).expect(201).json()
}

#[test]
fn deputies_get_copies_of_invitations_from_inside_and_outside() {
    let server = Server::start();
    with_cora(&server);
    let page = Web::page(&server, ANNA);
    let given = give(&page, BEN, "delegateWithoutPrivateEventAccess");
    assert_eq!(given["role"], "delegateWithoutPrivateEventAccess");
    give(&page, CORA, "write");
    let listed = server.cli(&["share", "list", ANNA, "calendar", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let ben = json!({"address": BEN, "level": "write", "isDeputy": true});
    assert!(listed.as_array().unwrap().contains(&ben), "{listed}");

    // From inside: the owner has it in the calendar, the deputy as a mail about the owner.
    let cora = program(&server, CORA);
    let path = format!("{}in.ics", calendar_of(CORA));
    put(&cora, &path, &meeting("in", CORA, &[ANNA, CORA], ONCE)).expect(201);
    wait_for(&server, ANNA, "in", "invited", |_| true);
    let mails = wait_for_messages(server.imap, BEN, "INBOX", 1);
    let text = String::from_utf8_lossy(&mails[0]).into_owned();
    for part in [
        "To: <anna@example.test>",
        "Subject: Invitation: Meeting in",
        "METHOD:REQUEST",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // From outside: as it came.
    deliver(
        &server,
        "boss@other.test",
        &mail("boss@other.test", PLAIN, &calendar("METHOD:REQUEST", EVENT)),
    );
    wait_for(&server, ANNA, "q1", "invited from outside", |_| true);
    wait_for_messages(server.imap, BEN, "INBOX", 2);
    assert_eq!(subjects(&server, ANNA, "INBOX"), ["event"]);

    // What is private is not for this deputy; who is invited too hears of it as a guest.
    let private = format!("{ONCE}\nCLASS:PRIVATE");
    for (uid, guests, lines) in [
        ("secret", vec![ANNA, CORA], private.as_str()),
        ("both", vec![ANNA, BEN, CORA], ONCE),
    ] {
        let path = format!("{}{uid}.ics", calendar_of(CORA));
        put(&cora, &path, &meeting(uid, CORA, &guests, lines)).expect(201);
        wait_for(&server, ANNA, uid, "invited", |_| true);
    }
    cora.send("DELETE", &path, &[], b"").expect(204);
    wait_for(&server, ANNA, "in", "called off", |t| {
        t.contains("STATUS:CANCELLED")
    });
    wait_for_messages(server.imap, BEN, "INBOX", 3);
    settle(&server, &[ANNA, BEN, CORA]);
    let expected = ["Invitation: Meeting in", "event", "Cancelled: Meeting in"];
    assert_eq!(subjects(&server, BEN, "INBOX"), expected);
    assert!(
        copy(&program(&server, BEN), BEN, "in").is_none(),
        "it is not the deputy's event"
    );
    assert!(subjects(&server, CORA, "INBOX").is_empty());

    // With the right to see what is private, that comes too; and who is a deputy no more hears nothing.
    let one = format!("{PERMISSIONS}/{}", given["id"].as_str().unwrap());
    let role = |word: &str| page.patch(&one, &json!({"role": word})).expect(200).json()["role"].clone();
    assert_eq!(
        role("delegateWithPrivateEventAccess"),
        "delegateWithPrivateEventAccess"
    );
    let path = format!("{}secret2.ics", calendar_of(CORA));
    put(&cora, &path, &meeting("secret2", CORA, &[ANNA, CORA], &private)).expect(201);
    wait_for_messages(server.imap, BEN, "INBOX", 4);
    assert_eq!(role("write"), "write");
    let path = format!("{}later.ics", calendar_of(CORA));
    put(&cora, &path, &meeting("later", CORA, &[ANNA, CORA], ONCE)).expect(201);
    wait_for(&server, ANNA, "later", "invited", |_| true);
    settle(&server, &[ANNA, BEN, CORA]);
    assert_eq!(subjects(&server, BEN, "INBOX").len(), 4);
}

/// The owner says who looks after mail about events; nothing is lost whatever they say.
#[test]
fn the_owner_decides_where_mail_about_events_goes() {
    let server = Server::start();
    with_cora(&server);
    let page = Web::page(&server, ANNA);
    let settings = "/v1.0/me/mailboxSettings";
    let option = "delegateMeetingMessageDeliveryOptions";
    assert_eq!(
        page.get(settings).expect(200).json()[option],
        "sendToDelegateAndPrincipal"
    );
    page.patch(settings, &json!({option: "sendToNobody"})).expect(400);
    let invite = |n: usize| {
        let event = EVENT.replace("UID:q1", &format!("UID:q{n}"));
        deliver(
            &server,
            "boss@other.test",
            &mail("boss@other.test", PLAIN, &calendar("METHOD:REQUEST", &event)),
        );
        wait_for(&server, ANNA, &format!("q{n}"), "invited", |_| true);
    };
    let counts = || {
        let mut mailbox = Mailbox::open(server.imap, ANNA);
        mailbox.ok("SELECT INBOX");
        let unseen = mailbox.ok("SEARCH UNSEEN").lines.concat();
        let unseen = String::from_utf8_lossy(&unseen)
            .split_whitespace()
            .skip(2)
            .count();
        (mailbox.count("INBOX"), unseen, mailbox.count("Trash"))
    };
    let set = |word: &str| {
        assert_eq!(
            page.patch(settings, &json!({option: word})).expect(200).json()[option],
            word
        );
    };
    // Without a deputy it is all the same.
    set("sendToDelegateOnly");
    invite(1);
    assert_eq!(counts(), (1, 1, 0));
    give(&page, BEN, "delegateWithoutPrivateEventAccess");
    invite(2);
    assert_eq!(counts(), (1, 1, 1));
    set("sendToDelegateAndInformationToPrincipal");
    invite(3);
    assert_eq!(counts(), (2, 1, 1));
    set("sendToDelegateAndPrincipal");
    invite(4);
    assert_eq!(counts(), (3, 2, 1));
    wait_for_messages(server.imap, BEN, "INBOX", 3);
    // What the deputy may not see is the owner's alone.
    set("sendToDelegateOnly");
    let private = EVENT.replace("UID:q1", "UID:q5\nCLASS:PRIVATE");
    deliver(
        &server,
        "boss@other.test",
        &mail("boss@other.test", PLAIN, &calendar("METHOD:REQUEST", &private)),
    );
    wait_for(&server, ANNA, "q5", "invited", |_| true);
    settle(&server, &[ANNA, BEN]);
    assert_eq!(counts(), (4, 3, 1));
    assert_eq!(subjects(&server, BEN, "INBOX").len(), 3);
}
