//! Cards: stored, searched, fetched.

use super::{BOOK, anna, names, put, report, sync};
use crate::server::Server;

fn card(uid: &str, name: &str, mail: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEMAIL;TYPE=WORK:{mail}\r\nEND:VCARD\r\n"
    )
}

#[test]
fn cards_are_found_by_text() {
    let server = Server::start();
    let anna = anna(&server);
    for (uid, name, mail) in [
        ("1", "Jörg Müller", "joerg@a.test"),
        ("2", "Ben Maier", "ben@b.test"),
        ("3", "Cora", "c@a.test"),
    ] {
        put(&anna, &format!("{BOOK}{uid}.vcf"), &card(uid, name, mail)).expect(201);
    }
    let find = |filter: &str| {
        let inner = format!("<D:prop><D:getetag/><A:address-data/></D:prop><A:filter>{filter}</A:filter>");
        names(&report(&anna, BOOK, "A:addressbook-query", &inner))
    };
    let text = |prop: &str, how: &str, text: &str| {
        format!(
            "<A:prop-filter name=\"{prop}\"><A:text-match match-type=\"{how}\">{text}</A:text-match></A:prop-filter>"
        )
    };
    assert_eq!(find(&text("FN", "contains", "MÜLLER")), ["1.vcf"]);
    assert_eq!(find(&text("EMAIL", "ends-with", "@a.test")), ["1.vcf", "3.vcf"]);
    assert_eq!(
        find(&format!(
            "{}{}",
            text("FN", "starts-with", "ben"),
            text("FN", "equals", "cora")
        )),
        ["2.vcf", "3.vcf"]
    );
    assert_eq!(
        find("<A:prop-filter name=\"TEL\"><A:is-not-defined/></A:prop-filter>").len(),
        3
    );
    let get = format!("<D:prop><A:address-data/></D:prop><D:href>{BOOK}2.vcf</D:href>");
    assert!(report(&anna, BOOK, "A:addressbook-multiget", &get).contains("FN:Ben Maier"));
    assert_eq!(names(&sync(&anna, BOOK, "")).len(), 3);
    let refused = put(
        &anna,
        &format!("{BOOK}x.vcf"),
        "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n",
    )
    .expect(403)
    .text();
    assert!(
        refused.contains("<A:valid-address-data/>") && refused.contains("no VERSION"),
        "{refused}"
    );
    put(
        &anna,
        &format!("{BOOK}y.vcf"),
        &super::event("y", "DTSTART:20260101"),
    )
    .expect(403);
}

/// Every card of the corpus is stored to the byte or refused with a reason, and what is stored is listed.
#[test]
fn real_cards_and_events_come_back_to_the_byte() {
    let server = Server::start();
    let anna = anna(&server);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus");
    for (folder, base) in [("contacts", BOOK), ("calendar", super::CALENDAR)] {
        let (mut stored, mut refused) = (0, 0);
        for (i, file) in std::fs::read_dir(root.join(folder)).unwrap().enumerate() {
            let raw = std::fs::read(file.unwrap().path()).unwrap();
            let path = format!("{base}{i}");
            let reply = anna.send("PUT", &path, &[], &raw);
            match reply.status {
                201 => {
                    assert_eq!(anna.get(&path).expect(200).body, raw);
                    stored += 1;
                }
                403 => refused += 1,
                other => panic!("{other}: {}", reply.text()),
            }
        }
        assert!(
            stored > 15 && refused > 0,
            "{folder}: {stored} stored, {refused} refused"
        );
        assert_eq!(names(&sync(&anna, base, "")).len(), stored);
    }
}
