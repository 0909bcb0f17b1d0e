//! The office's own address book.

use super::{ANNA, BEN};
use crate::dav::{event, names, program, propfind, put, report, sync, token};
use crate::server::Server;

const BOOK: &str = "/dav/addressbooks/ben@example.test/~people/";

#[test]
fn everybody_reads_who_is_in_the_office_and_hears_of_changes() {
    let server = Server::start();
    let ben = program(&server, BEN);
    let home = propfind(
        &ben,
        "/dav/addressbooks/ben@example.test/",
        "1",
        "<D:displayname/><D:resourcetype/>",
    );
    assert!(
        home.contains(BOOK) && home.contains("<D:displayname>Office</D:displayname>"),
        "{home}"
    );
    let all = sync(&ben, BOOK, "");
    let before = names(&all).len();
    assert!(before >= 2, "{all}");
    assert_eq!(names(&sync(&ben, BOOK, &token(&all))), Vec::<String>::new());
    let get = |text: &str| {
        let inner = format!(
            "<D:prop><D:getetag/><A:address-data/></D:prop><A:filter><A:prop-filter name=\"EMAIL\">\
             <A:text-match match-type=\"contains\">{text}</A:text-match></A:prop-filter></A:filter>"
        );
        report(&ben, BOOK, "A:addressbook-query", &inner)
    };
    let found = get(ANNA);
    assert_eq!(names(&found).len(), 1);
    assert!(found.contains("EMAIL;TYPE=INTERNET:anna@example.test"), "{found}");
    server.cli(&[
        "account",
        "add",
        "saal@example.test",
        "--kind",
        "room",
        "--name",
        "Großer Saal; oben",
    ]);
    let news = sync(&ben, BOOK, &token(&all));
    let [room] = names(&news).try_into().unwrap();
    let card = ben
        .send("GET", &format!("{BOOK}{room}"), &[], b"")
        .expect(200)
        .text();
    assert!(
        card.contains("FN:Großer Saal\\; oben") && card.contains("CATEGORIES:Room"),
        "{card}"
    );
    let then = token(&news);
    server.cli(&[
        "account",
        "set",
        "saal@example.test",
        "--add-alias",
        "hall@example.test",
    ]);
    let news = sync(&ben, BOOK, &then);
    assert_eq!(names(&news), std::slice::from_ref(&room));
    server.cli(&["account", "disable", "saal@example.test"]);
    let gone = sync(&ben, BOOK, &token(&news));
    assert!(gone.contains(&room) && gone.contains("404 Not Found"), "{gone}");
    assert_eq!(names(&sync(&ben, BOOK, "")).len(), before);
}

#[test]
fn nobody_writes_into_the_offices_book() {
    let server = Server::start();
    let ben = program(&server, BEN);
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:x\r\nFN:X\r\nEND:VCARD\r\n";
    put(&ben, &format!("{BOOK}x.vcf"), card).expect(403);
    let all = names(&sync(&ben, BOOK, ""));
    ben.delete(&format!("{BOOK}{}", all[0])).expect(403);
    ben.delete(BOOK).expect(403);
    let set = propfind(&ben, BOOK, "0", "<D:current-user-privilege-set/>");
    assert!(set.contains("<D:read/>") && !set.contains("write"), "{set}");
    let own = format!("/dav/calendars/{BEN}/~people/x.ics");
    put(&ben, &own, &event("x", "DTSTART:20261124T090000Z")).expect(409);
}
