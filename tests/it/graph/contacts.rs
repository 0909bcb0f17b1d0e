//! Contacts, beside what CardDAV programs do with the same ones.

use super::code;
use crate::dav::{BOOK, put};
use crate::server::Server;
use crate::web::Web;
use serde_json::{Value, json};

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value:#}"))
}

fn names(list: &Value) -> Vec<&str> {
    let all = list["value"].as_array().unwrap();
    all.iter().map(|c| text(c, "displayName")).collect()
}

#[test]
fn a_contact_is_made_read_changed_and_removed() {
    let server = Server::start();
    let (web, dav) = (Web::page(&server, "anna@example.test"), crate::dav::anna(&server));
    let body = json!({
        "givenName": "Jörg", "surname": "Müller", "middleName": "K.", "title": "Dr.", "companyName": "Muster; GmbH", "department": "Einkauf",
        "jobTitle": "Leiter", "emailAddresses": [{"address": "joerg@other.test", "name": "J. M."}, {"address": "j@other.test"}],
        "businessPhones": ["+49 1", "+49 2"], "mobilePhone": "+49 170", "homePhones": ["+49 3"],
        "businessAddress": {"street": "Weg 1", "city": "Köln", "postalCode": "50667", "countryOrRegion": "Deutschland"},
        "birthday": "1980-05-04T11:59:00Z", "categories": ["Kunde"], "personalNotes": "eins\nzwei", "nickName": "jo",
        "spouseName": "Eva", "children": ["A", "B"], "imAddresses": ["sip:j@other.test"], "businessHomePage": "https://other.test/a,b",
    });
    let made = web.post("/v1.0/me/contacts", &body).expect(201);
    let made = made.json();
    assert_eq!(
        (text(&made, "displayName"), text(&made, "fileAs")),
        ("Jörg K. Müller", "Müller, Jörg")
    );
    for name in [
        "companyName",
        "department",
        "businessPhones",
        "mobilePhone",
        "homePhones",
        "businessAddress",
        "birthday",
        "categories",
        "personalNotes",
        "nickName",
        "spouseName",
        "children",
        "imAddresses",
        "businessHomePage",
        "title",
    ] {
        assert_eq!(made[name], body[name], "{name}");
    }
    assert_eq!(
        made["emailAddresses"][0],
        json!({"name": "J. M.", "address": "joerg@other.test"})
    );
    let path = format!("/v1.0/me/contactFolders/contacts/contacts/{}", text(&made, "id"));
    let etag = format!("If-Match: {}", text(&made, "@odata.etag"));
    let change =
        json!({"mobilePhone": null, "surname": "Meier", "businessAddress": {"city": "Bonn"}}).to_string();
    let kind = "Content-Type: application/json";
    let changed = web
        .send("PATCH", &path, &[&etag, kind], change.as_bytes())
        .expect(200)
        .json();
    assert_eq!(
        (text(&changed, "displayName"), &changed["mobilePhone"]),
        ("Jörg K. Meier", &Value::Null)
    );
    assert_eq!(
        (
            text(&changed["businessAddress"], "city"),
            text(&changed["businessAddress"], "street")
        ),
        ("Bonn", "Weg 1")
    );
    web.send("PATCH", &path, &[&etag, kind], change.as_bytes())
        .expect(412);
    let cards = crate::dav::propfind(&dav, BOOK, "1", "<D:getetag/>");
    let name = crate::dav::names(&cards)
        .into_iter()
        .find(|n| n.ends_with(".vcf"))
        .unwrap();
    let card = dav.get(&format!("{BOOK}{name}")).expect(200).text();
    for line in [
        "VERSION:3.0\r\n",
        "N:Meier;Jörg;K.;Dr.;\r\n",
        "ORG:Muster\\; GmbH;Einkauf\r\n",
        "NOTE:eins\\nzwei\r\n",
        "BDAY;VALUE=date:1980-05-04\r\n",
    ] {
        assert!(card.contains(line), "{line} in {card}");
    }
    web.delete(&path).expect(204);
    web.get(&path).expect(404);
    assert_eq!(
        code(&web.get("/v1.0/me/contacts/M1").expect(400).json()),
        "ErrorInvalidIdMalformed"
    );
}

#[test]
fn what_card_programs_say_beyond_graph_stays() {
    let server = Server::start();
    let (web, dav) = (Web::page(&server, "anna@example.test"), crate::dav::anna(&server));
    let card = "BEGIN:VCARD\nVERSION:4.0\nUID:u\nFN:Eva Alt\nN:Alt;Eva;;;\nitem1.EMAIL;PREF=1;TYPE=home:eva@other.test\nitem1.X-ABLabel:privat\n\
        TEL;TYPE=\"work,fax\":+49 9\nTEL;VALUE=uri;TYPE=cell:tel:+49 1\nTEL;TYPE=cell:+49 2\nX-OWN;P=q:r\\,s\nANNIVERSARY:20100101\n\
        PHOTO:data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAAD\nEND:VCARD\n"
        .replace('\n', "\r\n");
    put(&dav, &format!("{BOOK}u.vcf"), &card).expect(201);
    let list = web.get("/v1.0/me/contacts?$expand=photo").expect(200).json();
    let contact = &list["value"][0];
    assert_eq!(
        (text(contact, "displayName"), text(contact, "mobilePhone")),
        ("Eva Alt", "+49 1")
    );
    assert_eq!(
        (&contact["photo"]["width"], &contact["businessPhones"]),
        (&json!(2), &json!([]))
    );
    let path = format!("/v1.0/me/contacts/{}", text(contact, "id"));
    web.patch(&path, &json!({"emailAddresses": [{"address": "eva@other.test"}, {"address": "neu@other.test"}], "mobilePhone": "+49 1"})).expect(200);
    let stored = dav.get(&format!("{BOOK}u.vcf")).expect(200).text();
    for line in [
        "VERSION:4.0\r\n",
        "item1.EMAIL;PREF=1;TYPE=home:eva@other.test\r\n",
        "item1.X-ABLABEL:privat\r\n",
        "X-OWN;P=q:r\\,s\r\n",
        "TEL;TYPE=\"work,fax\":+49 9\r\n",
        "TEL;VALUE=uri;TYPE=cell:tel:+49 1\r\n",
        "TEL;TYPE=cell:+49 2\r\n",
        "ANNIVERSARY:20100101\r\n",
        "neu@other.test\r\n",
    ] {
        assert!(stored.contains(line), "{line} in {stored}");
    }
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x06";
    web.send(
        "PUT",
        &format!("{path}/photo/$value"),
        &["Content-Type: image/png"],
        png,
    )
    .expect(200);
    assert_eq!(web.get(&format!("{path}/photo/$value")).expect(200).body, png);
    assert_eq!(web.get(&format!("{path}/photo")).expect(200).json()["height"], 6);
    assert!(
        dav.get(&format!("{BOOK}u.vcf"))
            .expect(200)
            .text()
            .contains("PHOTO:data:image/png;base64,")
    );
    web.delete(&format!("{path}/photo/$value")).expect(204);
    assert_eq!(
        code(&web.get(&format!("{path}/photo/$value")).expect(404).json()),
        "ImageNotFound"
    );
}

#[test]
fn contacts_are_listed_found_and_followed() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    for name in ["Dora", "anton", "Berta", "Cäsar", "Emil"] {
        let body =
            json!({"givenName": name, "emailAddresses": [{"address": format!("{}@other.test", &name[..1])}]});
        web.post("/v1.0/me/contacts", &body).expect(201);
    }
    let first = web
        .get("/v1.0/me/contacts?$top=2&$select=displayName&$count=true")
        .expect(200)
        .json();
    assert_eq!(
        (names(&first), &first["@odata.count"]),
        (vec!["anton", "Berta"], &json!(5))
    );
    // One program reads the number at the end of the link.
    assert!(text(&first, "@odata.nextLink").ends_with("&$skip=2"));
    let second = web.get(text(&first, "@odata.nextLink")).expect(200).json();
    assert_eq!(names(&second), ["Cäsar", "Dora"]);
    let last = web.get(text(&second, "@odata.nextLink")).expect(200).json();
    assert_eq!(names(&last), ["Emil"]);
    assert!(last.get("@odata.nextLink").is_none());
    for (query, want) in [
        (
            "$filter=emailAddresses/any(a:a/address%20eq%20'B@other.test')",
            vec!["Berta"],
        ),
        ("$search=\"ber\"&$count=true", vec!["Berta"]),
        ("$orderby=displayName%20desc&$top=2", vec!["Emil", "Dora"]),
        ("$filter=startswith(displayName,'c')", vec!["Cäsar"]),
    ] {
        let query = query.replace('"', "%22");
        assert_eq!(
            names(&web.get(&format!("/v1.0/me/contacts?{query}")).expect(200).json()),
            want,
            "{query}"
        );
    }
    let folder = web
        .post("/v1.0/me/contactFolders", &json!({"displayName": "Kunden"}))
        .expect(201)
        .json();
    let inside = format!("/v1.0/me/contactFolders/{}/contacts", text(&folder, "id"));
    let made = web.post(&inside, &json!({"displayName": "X"})).expect(201).json();
    assert_eq!(made["parentFolderId"], folder["id"]);
    assert_eq!(names(&web.get(&inside).expect(200).json()), ["X"]);
    let folders = web.get("/v1.0/me/contactFolders/delta").expect(200).json();
    assert_eq!(folders["value"].as_array().unwrap().len(), 2);
    let all = web
        .get(&format!("{inside}/delta?$select=displayName"))
        .expect(200)
        .json();
    let link = text(&all, "@odata.deltaLink").to_owned();
    web.delete(&format!("/v1.0/me/contacts/{}", text(&made, "id")))
        .expect(204);
    let next = web.get(&link).expect(200).json();
    assert_eq!(
        (&next["value"][0]["id"], &next["value"][0]["@removed"]["reason"]),
        (&made["id"], &json!("deleted"))
    );
    web.delete(&format!("/v1.0/me/contactFolders/{}", text(&folder, "id")))
        .expect(204);
    let gone = web.get(text(&folders, "@odata.deltaLink")).expect(200).json();
    assert!(
        gone["value"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["id"] == folder["id"] && f["@removed"]["reason"] == "deleted")
    );
}
