//! Whether a mail is from whom it names: DKIM, SPF and the policy of the author's domain, as a real name server has them.

use super::mail::{EVENT, PLAIN, calendar, deliver, mail, refusals};
use super::{calendar_of, copy, meeting, settle, wait_for};
use crate::counterparts::NameServer;
use crate::dav::{anna, program, put};
use crate::mailbox::wait_for_messages;
use crate::server::{Folder, PASSWORD, Server, free_port, run_with, set_up};
use crate::web::Web;

const ANNA: &str = "anna@example.test";
const EVE: &str = "eve@other.test";
const ONCE: &str = "DTSTART:20300107T090000Z\nDTEND:20300107T100000Z";

/// Another office, whose mails are signed and whose next server is ours.
fn other_office(next: u16) -> Server {
    let data = Folder::new();
    let smarthost = format!("smtp://127.0.0.1:{next}?security=none");
    let arguments = [
        "setup",
        "--domain",
        "other.test",
        "--admin",
        EVE,
        "--password-stdin",
        "--smarthost",
        &smarthost,
    ];
    let out = run_with(data.path(), &arguments, &format!("{PASSWORD}\n"));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Server::serve(data, &["--dns", "127.0.0.1:9"])
}

/// The line of its zone with which others check its signatures.
fn key_of(office: &Server) -> String {
    let found = Web::page(office, EVE)
        .get("/api/admin/domains/other.test/records")
        .expect(200)
        .json();
    let all = found["records"].as_array().unwrap();
    let key = all.iter().find(|r| r["kind"] == "dkim").unwrap();
    let name = key["name"].as_str().unwrap().trim_end_matches(".test");
    // A string of a zone file has 255 bytes.
    let text = key["wanted"].as_str().unwrap().as_bytes();
    let strings: Vec<String> = text
        .chunks(200)
        .map(|c| format!("\"{}\"", String::from_utf8_lossy(c)))
        .collect();
    format!("{name} TXT {}\n", strings.join(" "))
}

fn with_names(records: &str, smtp: u16) -> (NameServer, Server) {
    let names = NameServer::start(records);
    let data = Folder::new();
    set_up(data.path(), &["--smarthost", "smtp://127.0.0.1:9?security=none"]);
    let options = [
        "--dns",
        &names.address.to_string(),
        "--smtp",
        &format!("127.0.0.1:{smtp}"),
        "--allow-private-mx",
    ];
    let office = Server::serve(data, &options);
    (names, office)
}

#[test]
fn who_forges_a_signing_organizer_changes_nothing() {
    let port = free_port();
    let theirs = other_office(port);
    let zone = format!(
        "{}_dmarc.other TXT \"v=DMARC1; p=reject\"\n_dmarc.lax TXT \"v=DMARC1; p=none\"\n",
        key_of(&theirs)
    );
    let (_names, ours) = with_names(&zone, port);
    let (web, eve) = (anna(&ours), program(&theirs, EVE));
    let path = format!("{}w.ics", calendar_of(EVE));
    put(&eve, &path, &meeting("w1", EVE, &[EVE, ANNA], ONCE)).expect(201);
    let (_, known) = wait_for(&ours, ANNA, "w1", "invited", |_| true);

    let newer = format!(
        "UID:w1\nDTSTAMP:20291231T000000Z\nSEQUENCE:7\nDTSTART:20300101T090000Z\nDTEND:20300101T100000Z\nSUMMARY:Elsewhere\n\
         ORGANIZER:mailto:{EVE}\nATTENDEE:mailto:{ANNA}\nATTENDEE:mailto:{EVE}"
    );
    let request = calendar("METHOD:REQUEST", &newer);
    let cancel = "Content-Type: text/calendar; method=CANCEL";
    // A mail of hers that was changed on the way is none of hers any more.
    let signed = &wait_for_messages(ours.imap, ANNA, "INBOX", 1)[0];
    let signed = String::from_utf8_lossy(signed);
    assert!(signed.contains("\r\nDKIM-Signature: v=1;"), "{signed}");
    let changed = signed
        .replace("SUMMARY:Meeting w1", "SUMMARY:Elsewhere")
        .replace("DTSTART:20300107", "DTSTART:20300101");
    let lies = [
        mail(EVE, PLAIN, &request),
        mail(EVE, cancel, &calendar("METHOD:CANCEL", &newer)),
        // Several authors: policies are about one.
        mail(&format!("{EVE}, x@lax.test"), PLAIN, &request),
        mail(&format!("{EVE}\nFrom: x@lax.test"), PLAIN, &request),
        changed,
    ];
    for lie in &lies {
        deliver(&ours, "x@evil.test", lie);
    }
    wait_for_messages(ours.imap, ANNA, "INBOX", lies.len() + 1);
    settle(&ours, &[ANNA]);
    assert_eq!(copy(&web, ANNA, "w1").unwrap().1, known);
    let log = ours.log();
    assert!(log.contains("wants mail to be proved, and this is not"), "{log}");
    assert!(log.contains("authors of several domains"), "{log}");
    assert_eq!(refusals(&ours, ANNA), vec!["unproved"; lies.len()]);

    let current = copy(&eve, EVE, "w1").unwrap().1;
    put(&eve, &path, &current.replace("20300107T", "20300109T")).expect(204);
    wait_for(&ours, ANNA, "w1", "the organizer may", |t| {
        t.contains("DTSTART:20300109T090000Z")
    });
    eve.send("DELETE", &path, &[], b"").expect(204);
    wait_for(&ours, ANNA, "w1", "she calls it off", |t| {
        t.contains("STATUS:CANCELLED")
    });
}

#[test]
fn a_server_that_may_send_for_a_domain_proves_it_and_domains_that_ask_for_nothing_need_no_proof() {
    let zone = "spf TXT \"v=spf1 ip4:127.0.0.1 -all\"\n_dmarc.spf TXT \"v=DMARC1; p=quarantine\"\n\
        _dmarc.lax TXT \"v=DMARC1; p=none\"\n";
    let (_names, ours) = with_names(zone, free_port());
    // Who, the sender of the envelope with the news, and whether it counts.
    let cases = [
        ("boss@spf.test", "boss@spf.test", true),
        // The server may send for that domain; the author's is another.
        ("chief@spf.test", "x@lax.test", false),
        ("boss@lax.test", "x@evil.test", true),
        ("boss@nothing.test", "x@evil.test", true),
        // Nobody answers for these.
        ("boss@broken.test", "x@evil.test", true),
    ];
    for (n, (boss, sender, _)) in cases.iter().enumerate() {
        let event = EVENT
            .replace("boss@other.test", boss)
            .replace("UID:q1", &format!("UID:s{n}"));
        let send = |event: &str| mail(boss, PLAIN, &calendar("METHOD:REQUEST", event));
        deliver(&ours, sender, &send(&event));
        wait_for(
            &ours,
            ANNA,
            &format!("s{n}"),
            "what is new needs no proof",
            |_| true,
        );
        deliver(
            &ours,
            sender,
            &send(&event.replace("DTSTAMP:2026", "SEQUENCE:1\nDTSTAMP:2027")),
        );
    }
    for (n, (boss, _, counts)) in cases.iter().enumerate().filter(|(_, c)| c.2) {
        wait_for(&ours, ANNA, &format!("s{n}"), boss, |t| {
            t.contains("SEQUENCE:1") == *counts
        });
    }
    settle(&ours, &[ANNA]);
    assert!(!copy(&anna(&ours), ANNA, "s1").unwrap().1.contains("SEQUENCE:1"));
}
