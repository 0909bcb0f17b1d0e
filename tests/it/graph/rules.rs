//! messageRules: kept, shown, and carried out on mail that arrives, as every door sees it.

use super::{code, deliver, ids, wait_for};
use crate::counterparts::{Dovecot, PROVIDER_PASSWORD};
use crate::imap::client::Client;
use crate::outgoing::{queue, start};
use crate::server::{Folder, Server, set_up, wait_until};
use crate::smtp::Talk;
use crate::web::Web;
use serde_json::{Value, json};
use std::time::Duration;

const RULES: &str = "/v1.0/me/mailFolders/inbox/messageRules";

fn add(web: &Web, name: &str, conditions: Value, actions: Value) -> Value {
    let body = json!({"displayName": name, "sequence": 1, "isEnabled": true, "conditions": conditions, "actions": actions});
    web.post(RULES, &body).expect(201).json()
}

fn folder(web: &Web, name: &str) -> String {
    let made = web.post("/v1.0/me/mailFolders", &json!({"displayName": name}));
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

fn mail(subject: &str) -> String {
    format!(
        "From: Ben <ben@other.test>\nTo: anna@example.test\nMessage-ID: <{subject}@other.test>\nSubject: {subject}\n\ntext of it\n"
    )
}

#[test]
fn rules_are_kept_shown_changed_and_removed() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let place = folder(&anna, "Bills");
    let conditions = json!({
        "subjectContains": ["bill"], "fromAddresses": [{"emailAddress": {"name": "Ben", "address": "ben@other.test"}}],
        "importance": "high", "sensitivity": "private", "messageActionFlag": "followUp", "sentToMe": true,
        "withinSizeRange": {"minimumSize": 1, "maximumSize": 100}, "categories": ["Büro"],
    });
    let actions = json!({
        "moveToFolder": place, "copyToFolder": "archive", "markAsRead": true, "markImportance": "low",
        "assignCategories": ["Rote Kategorie"], "stopProcessingRules": true,
        "forwardTo": [{"emailAddress": {"name": "X", "address": "x@other.test"}}],
    });
    let made = anna
        .post(
            RULES,
            &json!({"DisplayName": "Bills", "conditions": conditions, "actions": actions,
                "exceptions": {"bodyContains": ["no bill"]}}),
        )
        .expect(201);
    let rule = made.json();
    assert!(made.header("location").ends_with(rule["id"].as_str().unwrap()));
    assert_eq!((&rule["sequence"], &rule["isEnabled"]), (&json!(1), &json!(true)));
    assert_eq!(
        (&rule["hasError"], &rule["isReadOnly"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(rule["conditions"], conditions);
    let archive = anna.get("/v1.0/me/mailFolders/archive").expect(200).json();
    let mut shown = actions;
    shown["copyToFolder"] = archive["id"].clone();
    assert_eq!(rule["actions"], shown);
    let one = format!(
        "/v1.0/users/anna@example.test/mailFolders('inbox')/messageRules/{}",
        rule["id"].as_str().unwrap()
    );
    let changed = anna
        .patch(
            &one,
            &json!({"sequence": 7, "isEnabled": false, "exceptions": null}),
        )
        .expect(200)
        .json();
    assert_eq!(changed["conditions"], conditions);
    assert_eq!(
        (&changed["sequence"], &changed["isEnabled"]),
        (&json!(7), &json!(false))
    );
    assert_eq!(changed["exceptions"], Value::Null);
    let second = anna
        .post(
            RULES,
            &json!({"displayName": "last", "actions": {"delete": true}}),
        )
        .expect(201)
        .json();
    assert_eq!(second["sequence"], 8);
    // Its folder goes: the rule says so, and stays.
    anna.post(
        &format!("/v1.0/me/mailFolders/{place}/permanentDelete"),
        &json!({}),
    )
    .expect(204);
    let all = anna.get(RULES).expect(200).json();
    let errors: Vec<&Value> = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["hasError"])
        .collect();
    assert_eq!(errors, [&json!(true), &json!(false)]);
    anna.delete(&one).expect(204);
    anna.get(&one).expect(404);
    assert_eq!(
        anna.get(RULES).expect(200).json()["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_cannot_be_done_is_refused_and_not_kept() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let person = |a: &str| json!([{"emailAddress": {"address": a}}]);
    for (conditions, actions, says) in [
        (json!({}), json!({}), "does nothing"),
        (json!({}), Value::Null, "does nothing"),
        (
            json!({"isApprovalRequest": true}),
            json!({"delete": true}),
            "isApprovalRequest",
        ),
        (
            json!({"subjectStartsWith": ["x"]}),
            json!({"delete": true}),
            "subjectStartsWith",
        ),
        (json!({}), json!({"pinToTop": true}), "pinToTop"),
        (
            json!({"importance": "huge"}),
            json!({"delete": true}),
            "known: low, normal, high",
        ),
        (json!({"subjectContains": "x"}), json!({"delete": true}), "list"),
        (
            json!({"withinSizeRange": {"minimumSize": -1}}),
            json!({"delete": true}),
            "kilobytes",
        ),
        (
            json!({}),
            json!({"forwardTo": person("Anna+x@example.test")}),
            "this mailbox itself",
        ),
        (json!({}), json!({"redirectTo": person("nobody")}), "address"),
    ] {
        let body = json!({"displayName": "x", "conditions": conditions, "actions": actions});
        let error = anna.post(RULES, &body).expect(400).json();
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{says}: {message}");
    }
    anna.post(RULES, &json!({"actions": {"delete": true}}))
        .expect(400);
    let missing = json!({"displayName": "x", "actions": {"moveToFolder": "Fffffff"}});
    let error = anna.post(RULES, &missing).expect(404).json();
    assert_eq!(code(&error), "ErrorItemNotFound");
    anna.get("/v1.0/me/mailFolders/archive/messageRules").expect(404);
    anna.get(&format!("{RULES}/x")).expect(400);
    assert_eq!(anna.get(RULES).expect(200).json()["value"], json!([]));
    // A mailbox's rules are its owner's.
    let ben = Web::page(&server, "ben@example.test");
    ben.get("/v1.0/users/anna@example.test/mailFolders/inbox/messageRules")
        .expect(404);
}

#[test]
fn a_message_is_stored_where_the_rules_put_it_and_imap_shows_what_they_did() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let (bills, copies) = (folder(&anna, "Bills"), folder(&anna, "Copies"));
    add(
        &anna,
        "bills",
        json!({"subjectContains": ["BILL"]}),
        json!({"moveToFolder": bills, "copyToFolder": copies, "markAsRead": true, "markImportance": "high",
            "assignCategories": ["Rote Kategorie"]}),
    );
    add(
        &anna,
        "by category",
        json!({"categories": ["rote kategorie"]}),
        json!({"assignCategories": ["Zwei"], "stopProcessingRules": true}),
    );
    add(
        &anna,
        "not reached",
        json!({"subjectContains": ["bill"]}),
        json!({"delete": true, "assignCategories": ["Drei"]}),
    );
    add(
        &anna,
        "spam",
        json!({"headerContains": ["X-Spam: yes"]}),
        json!({"delete": true}),
    );
    add(
        &anna,
        "gone",
        json!({"bodyContains": ["never keep"]}),
        json!({"permanentDelete": true}),
    );
    deliver(&server, &mail("your bill"));
    deliver(&server, &mail("spam").replace("\n\n", "\nX-Spam: YES\n\n"));
    deliver(&server, &mail("gone").replace("text of it", "never keep this"));
    deliver(&server, &mail("other"));
    assert_eq!(ids(&anna, "inbox").len(), 1);
    assert_eq!(ids(&anna, "deleteditems").len(), 1);
    assert_eq!(ids(&anna, &copies).len(), 1);
    let one = ids(&anna, &bills);
    let shown = anna
        .get(&format!("/v1.0/me/messages/{}", one[0]))
        .expect(200)
        .json();
    assert_eq!(
        (&shown["isRead"], &shown["importance"]),
        (&json!(true), &json!("high"))
    );
    assert_eq!(shown["categories"], json!(["Rote Kategorie", "Zwei"]));
    let high = anna
        .get("/v1.0/me/messages?$filter=importance%20eq%20'high'&$count=true")
        .expect(200)
        .json();
    assert_eq!(high["@odata.count"], 2, "in its folder, and its copy");
    let mut imap = Client::sign_in(server.imap);
    imap.ask("SELECT Bills");
    let lines = imap
        .ask("FETCH 1 (FLAGS BODY.PEEK[HEADER.FIELDS (IMPORTANCE)])")
        .join("\n");
    assert!(
        lines.contains("\\Seen") && lines.contains("Rote=20Kategorie"),
        "{lines}"
    );
    assert!(lines.contains("Importance: High"), "{lines}");
    // Whoever is asked for everything that has gone is told nothing of what was never kept.
    let all = anna.get("/v1.0/me/messages?$count=true").expect(200).json();
    assert_eq!(all["@odata.count"], 4);
}

#[test]
fn rules_hold_for_mail_from_inside_and_end_with_their_folder() {
    let server = Server::start();
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    let place = folder(&anna, "From Ben");
    add(
        &anna,
        "ben",
        json!({"fromAddresses": [{"emailAddress": {"address": "BEN@example.test"}}]}),
        json!({"moveToFolder": place}),
    );
    let letter = json!({"message": {"subject": "in house", "body": {"content": "x"},
        "toRecipients": [{"emailAddress": {"address": "anna@example.test"}}]}});
    ben.post("/v1.0/me/sendMail", &letter).expect(202);
    wait_for(&anna, &place, 1);
    assert!(ids(&anna, "inbox").is_empty());
    anna.post(
        &format!("/v1.0/me/mailFolders/{place}/permanentDelete"),
        &json!({}),
    )
    .expect(204);
    ben.post("/v1.0/me/sendMail", &letter).expect(202);
    wait_for(&anna, "inbox", 1);
}

fn recipients(address: &str) -> Value {
    json!([{"emailAddress": {"address": address}}])
}

#[test]
fn forwarding_redirecting_and_attaching_leave_by_the_smarthost() {
    let office = start();
    let anna = Web::page(&office.server, "anna@example.test");
    add(
        &anna,
        "f",
        json!({"subjectContains": ["inline"]}),
        json!({"forwardTo": recipients("f@other.test")}),
    );
    add(
        &anna,
        "a",
        json!({"subjectContains": ["attached"]}),
        json!({"forwardAsAttachmentTo": recipients("a@other.test")}),
    );
    add(
        &anna,
        "r",
        json!({"subjectContains": ["redirected"]}),
        json!({"redirectTo": recipients("r@other.test")}),
    );
    for subject in ["inline", "attached", "redirected"] {
        deliver(&office.server, &mail(subject));
    }
    wait_until("three have left", Duration::from_secs(30), || {
        office.postfix.received().len() == 3
    });
    assert_eq!(ids(&anna, "inbox").len(), 3, "what is sent on is kept");
    let all = office.postfix.received();
    let with = |what: &str| {
        all.iter()
            .find(|m| m.contains(what))
            .unwrap_or_else(|| panic!("{what}: {all:?}"))
    };
    let inline = with("Subject: FW: inline");
    for part in [
        "anna@example.test>",
        "Ben via ",
        "Reply-To: \"Ben\" <ben@other.test>",
        "Auto-Submitted: auto-generated",
        "X-Loop: anna@example.test",
        "text of it",
    ] {
        assert!(inline.contains(part), "{part}: {inline}");
    }
    let attached = with("Subject: FW: attached");
    assert!(
        attached.contains("message/rfc822") && attached.contains("Subject: attached"),
        "{attached}"
    );
    assert!(attached.contains("DKIM-Signature"), "{attached}");
    let redirected = with("Resent-From");
    for part in [
        "From: Ben <ben@other.test>",
        "Message-ID: <redirected@other.test>",
        "X-Loop: anna@example.test",
        "Return-Path: <anna@example.test>",
    ] {
        assert!(redirected.contains(part), "{part}: {redirected}");
    }
    assert!(
        !redirected.contains("DKIM-Signature"),
        "nobody here vouches for what others wrote: {redirected}"
    );
}

#[test]
fn two_mailboxes_that_send_to_each_other_come_to_an_end() {
    let server = Server::start();
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    add(
        &anna,
        "to ben",
        json!({}),
        json!({"redirectTo": recipients("ben@example.test")}),
    );
    add(
        &ben,
        "to anna",
        json!({}),
        json!({"forwardTo": recipients("anna@example.test")}),
    );
    deliver(&server, &mail("around"));
    wait_for(&ben, "inbox", 1);
    // Ben's rule sends it back once; anna's sees that it was there already.
    wait_for(&anna, "inbox", 2);
    wait_until("nothing is on its way", Duration::from_secs(10), || {
        queue(&server).is_empty()
    });
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!((ids(&anna, "inbox").len(), ids(&ben, "inbox").len()), (2, 1));
}

#[test]
fn what_a_rule_sends_is_sent_once_although_the_server_dies() {
    let mut office = start();
    let anna = Web::page(&office.server, "anna@example.test");
    add(
        &anna,
        "r",
        json!({}),
        json!({"redirectTo": recipients("r@other.test")}),
    );
    for round in 0..5 {
        deliver(&office.server, &mail(&format!("m{round}")));
        office.server.kill();
        office.server.start_again();
    }
    wait_until("all have left", Duration::from_secs(60), || {
        office.postfix.received().len() >= 5
    });
    std::thread::sleep(Duration::from_secs(1));
    let all = office.postfix.received();
    for round in 0..5 {
        // Killed between the smarthost's 250 and our note of it, it would be sent again: that is what SMTP can promise.
        let id = format!("Message-ID: <m{round}@other.test>");
        assert!(all.iter().any(|m| m.contains(&id)), "{id} is missing");
    }
    let anna = Web::page(&office.server, "anna@example.test");
    assert_eq!(ids(&anna, "inbox").len(), 5);
}

#[test]
fn a_report_that_is_redirected_has_no_sender() {
    let office = start();
    let anna = Web::page(&office.server, "anna@example.test");
    add(
        &anna,
        "r",
        json!({}),
        json!({"redirectTo": recipients("r@other.test")}),
    );
    let report = mail("report").replace('\n', "\r\n");
    let reply = Talk::hello(office.server.smtp).deliver("", &["anna@example.test"], report.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
    wait_until("it has left", Duration::from_secs(30), || {
        office.postfix.received().len() == 1
    });
    assert!(
        office.postfix.received()[0].contains("Return-Path: <>"),
        "{}",
        office.postfix.received()[0]
    );
}

#[test]
fn rules_hold_for_mail_that_is_collected() {
    let dovecot = Dovecot::start();
    let data = Folder::new();
    let url = format!("imaps://office:{PROVIDER_PASSWORD}@localhost:{}/", dovecot.imaps);
    set_up(data.path(), &["--collect", &url]);
    let server = Server::serve(data, &["--extra-ca", dovecot.ca.to_str().unwrap()]);
    let anna = Web::page(&server, "anna@example.test");
    let place = folder(&anna, "Bills");
    add(
        &anna,
        "bills",
        json!({"subjectContains": ["bill"]}),
        json!({"moveToFolder": place, "markAsRead": true}),
    );
    dovecot.deliver("office", mail("a bill").as_bytes());
    let id = wait_for(&anna, &place, 1);
    let shown = anna.get(&format!("/v1.0/me/messages/{id}")).expect(200).json();
    assert_eq!(shown["isRead"], true);
    wait_until("the provider's mailbox is empty", Duration::from_secs(20), || {
        dovecot.count("office") == 0
    });
    assert!(ids(&anna, "inbox").is_empty());
}
