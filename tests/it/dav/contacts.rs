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

/// Every card of the corpus is stored to the byte (those of version 2.1 as 3.0) or refused with a reason, and what is
/// stored is listed.
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
                    let got = anna.get(&path).expect(200);
                    // Version 2.1 is not given out.
                    let text = String::from_utf8_lossy(&raw).to_uppercase();
                    let version = text.split("VERSION:").nth(1).unwrap_or_default();
                    match version.starts_with("2.1") {
                        true => assert!(got.text().contains("VERSION:3.0"), "{}", got.text()),
                        false => assert!(got.body == raw, "{}", got.text()),
                    }
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

#[test]
fn cards_come_in_every_version_and_go_out_in_the_one_that_is_asked_for() {
    let server = Server::start();
    let anna = anna(&server);
    let new = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:4\r\nFN:Dora\r\nKIND:individual\r\nTEL;VALUE=uri;PREF=1;TYPE=cell:tel:+49-1\r\n\
        PHOTO:data:image/png;base64,iVBORw0KGgo=\r\nEND:VCARD\r\n";
    put(&anna, &format!("{BOOK}new.vcf"), new).expect(201);
    let old = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg=\r\n;;;\r\n\
        FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg M=C3=BCller\r\nTEL;CELL:+49 2\r\nEND:VCARD\r\n";
    let stored = put(&anna, &format!("{BOOK}old.vcf"), old).expect(201);
    assert_eq!(
        stored.header("etag"),
        "",
        "its bytes are others than those that were given"
    );
    let data = |version: &str, name: &str| {
        let inner = format!(
            "<D:prop><A:address-data content-type=\"text/vcard\"{version}/></D:prop><D:href>{BOOK}{name}</D:href>"
        );
        report(&anna, BOOK, "A:addressbook-multiget", &inner)
    };
    let said = data(" version=\"3.0\"", "new.vcf");
    for line in [
        "VERSION:3.0",
        "TEL;TYPE=CELL,PREF:+49-1",
        "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert!(data("", "new.vcf").contains("VERSION:4.0"), "as it is stored");
    let said = data(" version=\"4.0\"", "old.vcf");
    for line in ["VERSION:4.0", "FN:Jörg Müller", "TEL;TYPE=cell:+49 2"] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let get = |accept: &str, name: &str| {
        anna.send("GET", &format!("{BOOK}{name}"), &[accept], b"")
            .expect(200)
    };
    let got = get("Accept: text/vcard; version=3.0", "new.vcf");
    assert_eq!(
        got.header("content-type"),
        "text/vcard; version=3.0; charset=utf-8"
    );
    assert!(got.text().contains("VERSION:3.0") && got.text().contains("N:Dora;;;;"));
    assert_eq!(get("Accept: */*", "new.vcf").text(), new);
    assert!(
        get("Accept: */*", "old.vcf")
            .text()
            .contains("VERSION:3.0\r\nN:Müller;Jörg;;;\r\n")
    );
    let found = "<D:prop><D:getetag/><A:address-data/></D:prop><A:filter><A:prop-filter name=\"FN\">\
        <A:text-match match-type=\"equals\">jörg müller</A:text-match></A:prop-filter></A:filter>";
    assert_eq!(
        names(&report(&anna, BOOK, "A:addressbook-query", found)),
        ["old.vcf"]
    );
}
