//! automaticRepliesSetting: who gets a reply, once, and who never does.

use super::ids;
use crate::outgoing::{Office, start};
use crate::server::{Server, wait_until};
use crate::smtp::Talk;
use crate::web::Web;
use serde_json::{Value, json};
use std::time::Duration;

const SETTINGS: &str = "/v1.0/me/mailboxSettings";

fn set(web: &Web, setting: Value) -> Value {
    let body = json!({"automaticRepliesSetting": setting});
    let changed = web.patch(SETTINGS, &body).expect(200).json();
    changed["automaticRepliesSetting"].clone()
}

fn always(audience: &str) -> Value {
    json!({"status": "alwaysEnabled", "externalAudience": audience,
        "internalReplyMessage": "<p>Colleague, I am <b>away</b></p>", "externalReplyMessage": "<p>Dear Sir</p>"})
}

fn write(office: &Office, from: &str, header: &str) {
    let message = format!(
        "From: X <{from}>\nTo: Anna <anna@example.test>\nMessage-ID: <q-{from}>\nSubject: Question\n{header}\nhello?\n"
    );
    let reply = Talk::hello(office.server.smtp).deliver(
        from,
        &["anna@example.test"],
        message.replace('\n', "\r\n").as_bytes(),
    );
    assert!(reply.starts_with("250"), "{reply}");
}

fn answers(office: &Office, count: usize) -> Vec<String> {
    wait_until("the replies have left", Duration::from_secs(30), || {
        office.postfix.received().len() >= count
    });
    std::thread::sleep(Duration::from_millis(500));
    office.postfix.received()
}

#[test]
fn whoever_writes_gets_one_reply_and_machines_get_none() {
    let office = start();
    let anna = Web::page(&office.server, "anna@example.test");
    set(&anna, always("all"));
    // None of these is a person who has written to anna.
    write(&office, "list@other.test", "List-Id: <x.other.test>\n");
    write(&office, "bulk@other.test", "Precedence: bulk\n");
    write(&office, "robot@other.test", "Auto-Submitted: auto-generated\n");
    write(&office, "quiet@other.test", "X-Auto-Response-Suppress: OOF\n");
    write(&office, "no-reply@other.test", "");
    write(&office, "owner-x@other.test", "");
    let hidden = "From: x@other.test\r\nTo: others@other.test\r\nSubject: x\r\n\r\ny\r\n";
    Talk::hello(office.server.smtp).deliver("bcc@other.test", &["anna@example.test"], hidden.as_bytes());
    let report = "From: MAILER-DAEMON@other.test\r\nTo: anna@example.test\r\nSubject: x\r\n\r\ny\r\n";
    Talk::hello(office.server.smtp).deliver("", &["anna@example.test"], report.as_bytes());
    // These are, and once is enough.
    write(&office, "ben@other.test", "");
    write(&office, "ben@other.test", "References: <old@other.test>\n");
    write(&office, "carl@other.test", "");
    let all = answers(&office, 2);
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(ids(&anna, "inbox").len(), 11, "all mail is there");
    let ben = all.iter().find(|m| m.contains("ben@other.test")).unwrap();
    for part in [
        "Return-Path: <>",
        "Auto-Submitted: auto-replied",
        "Subject: Automatic reply: Question",
        "In-Reply-To: <q-ben@other.test>",
        "References: <q-ben@other.test>",
        "DKIM-Signature",
        "From: ",
        "anna@example.test>",
    ] {
        assert!(ben.contains(part), "{part}: {ben}");
    }
    assert!(ben.contains("Dear Sir") && !ben.contains("Colleague"), "{ben}");
}

#[test]
fn a_restart_does_not_forget_who_was_answered_and_a_new_text_is_sent_again() {
    let mut office = start();
    let anna = Web::page(&office.server, "anna@example.test");
    set(&anna, always("all"));
    write(&office, "ben@other.test", "");
    answers(&office, 1);
    office.server.kill();
    office.server.start_again();
    write(&office, "ben@other.test", "");
    assert_eq!(answers(&office, 1).len(), 1);
    let anna = Web::page(&office.server, "anna@example.test");
    set(&anna, json!({"externalReplyMessage": "something new"}));
    write(&office, "ben@other.test", "");
    let all = answers(&office, 2);
    assert!(
        all.len() == 2 && all.iter().any(|m| m.contains("something new")),
        "{all:#?}"
    );
}

#[test]
fn the_audience_decides_about_strangers() {
    let office = start();
    let anna = Web::page(&office.server, "anna@example.test");
    let card = json!({"displayName": "Friend", "emailAddresses": [{"address": "Friend@other.test"}]});
    anna.post("/v1.0/me/contacts", &card).expect(201);
    set(&anna, always("none"));
    write(&office, "friend@other.test", "");
    set(&anna, always("contactsOnly"));
    write(&office, "stranger@other.test", "");
    write(&office, "friend@other.test", "");
    let all = answers(&office, 1);
    assert!(all.len() == 1 && all[0].contains("friend@other.test"), "{all:#?}");
}

#[test]
fn colleagues_get_their_own_text_and_see_it_before_they_write() {
    let server = Server::start();
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    set(&anna, always("none"));
    let tips = || {
        let wanted = json!({"EmailAddresses": ["anna@example.test"], "MailTipsOptions": "automaticReplies"});
        let tips = ben.post("/v1.0/me/getMailTips", &wanted).expect(200).json();
        tips["value"][0]["automaticReplies"].clone()
    };
    assert_eq!(tips()["message"], "<p>Colleague, I am <b>away</b></p>");
    let letter = json!({"message": {"subject": "hi", "body": {"content": "x"},
        "toRecipients": [{"emailAddress": {"address": "anna@example.test"}}]}});
    ben.post("/v1.0/me/sendMail", &letter).expect(202);
    let id = super::wait_for(&ben, "inbox", 1);
    let reply = ben.get(&format!("/v1.0/me/messages/{id}")).expect(200).json();
    assert_eq!(reply["subject"], "Automatic reply: hi");
    assert!(reply["body"]["content"].as_str().unwrap().contains("Colleague"));
    set(&anna, json!({"status": "disabled"}));
    assert_eq!(tips()["message"], "");
}

#[test]
fn settings_are_given_back_and_a_schedule_is_kept() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let time = |t: &str, zone: &str| json!({"dateTime": t, "timeZone": zone});
    let scheduled = json!({"status": "scheduled", "externalAudience": "all", "internalReplyMessage": "x", "externalReplyMessage": "y",
        "scheduledStartDateTime": time("2031-01-01T08:00:00", "W. Europe Standard Time"),
        "scheduledEndDateTime": time("2031-01-02T08:00:00", "UTC")});
    let shown = set(&anna, scheduled);
    assert_eq!(
        shown["scheduledStartDateTime"],
        time("2031-01-01T07:00:00.0000000", "UTC")
    );
    let berlin = anna.with("Prefer: outlook.timezone=\"Europe/Berlin\"");
    let again = berlin
        .get(&format!("{SETTINGS}/automaticRepliesSetting"))
        .expect(200)
        .json();
    assert_eq!(
        again["scheduledStartDateTime"],
        time("2031-01-01T08:00:00.0000000", "Europe/Berlin")
    );
    for (wrong, says) in [
        (
            json!({"status": "sometimes"}),
            "known: disabled, alwaysEnabled, scheduled",
        ),
        (
            json!({"externalAudience": "friends"}),
            "known: none, contactsOnly, all",
        ),
        (
            json!({"scheduledEndDateTime": time("2030-01-01T00:00:00", "UTC")}),
            "scheduledStartDateTime before",
        ),
        (
            json!({"scheduledEndDateTime": time("soon", "UTC")}),
            "scheduledEndDateTime",
        ),
        (json!({"internalReplyMessage": "x".repeat(200_000)}), "128 kB"),
    ] {
        let body = json!({"automaticRepliesSetting": wrong});
        let error = berlin.patch(SETTINGS, &body).expect(400).json();
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{says}: {message}");
    }
    // Not yet: nobody is answered, and nobody is told.
    let ben = Web::page(&server, "ben@example.test");
    let wanted = json!({"EmailAddresses": ["anna@example.test"], "MailTipsOptions": "automaticReplies"});
    let tips = ben.post("/v1.0/me/getMailTips", &wanted).expect(200).json();
    assert_eq!(tips["value"][0]["automaticReplies"]["message"], "");
}
