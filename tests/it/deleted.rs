//! What was deleted for good can be got back for thirty days, without any backup, and programs see it arrive.

use crate::dav::{BOOK, anna, event, names, put, sync, token};
use crate::mailbox::Mailbox;
use crate::scheduling::calendar_of;
use crate::server::Server;
use crate::web::Web;
use serde_json::{Value, json};

const ANNA: &str = "anna@example.test";

fn list(server: &Server) -> Vec<Value> {
    let said = server.cli(&["deleted", "list", ANNA, "--json"]);
    serde_json::from_str(&said).unwrap()
}

fn restore(server: &Server, deleted: &Value) -> Value {
    let id = deleted["id"].to_string();
    let said = server.cli(&["deleted", "restore", ANNA, &id, "--json"]);
    serde_json::from_str::<Value>(&said).unwrap()["restored"][0].clone()
}

#[test]
fn expunged_mail_comes_back_as_it_was() {
    let server = Server::start();
    let mut imap = Mailbox::open(server.imap, ANNA);
    imap.ok("CREATE Akten");
    let big = format!(
        "Subject: Zwei\r\nFrom: x@other.test\r\n\r\n{}\r\n",
        "text ".repeat(60_000)
    );
    for message in ["Subject: Eins\r\nFrom: x@other.test\r\n\r\nhallo wort\r\n", &big] {
        imap.ok(&format!(
            "APPEND Akten (\\Seen \\Flagged Projekt) {{{}+}}\r\n{message}",
            message.len()
        ));
    }
    let before = imap.messages("Akten");
    imap.ok("SELECT Akten");
    // A copy elsewhere: that one is not lost.
    imap.ok("COPY 1 INBOX");
    imap.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)");
    imap.ok("EXPUNGE");
    assert_eq!((imap.count("Akten"), list(&server).len()), (0, 1));
    imap.ok("SELECT INBOX");
    imap.ok("STORE 1 +FLAGS.SILENT (\\Deleted)");
    imap.ok("EXPUNGE");
    let all = list(&server);
    let titles: Vec<&str> = all.iter().map(|d| d["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Eins", "Zwei"]);
    assert_eq!(
        (&all[1]["folder"], &all[1]["from"], &all[1]["kind"]),
        (&json!("Akten"), &json!("x@other.test"), &json!("message"))
    );
    assert_eq!(restore(&server, &all[1])["folder"], "Akten");
    restore(&server, &all[0]);
    assert!(list(&server).is_empty());
    assert_eq!(imap.messages("Akten"), before[1..]);
    assert_eq!(imap.messages("INBOX"), before[..1]);
    let flags = imap.ok("SELECT Akten").lines.len();
    assert!(flags > 0);
    let flags = imap.ok("FETCH 1 (UID FLAGS)").lines.concat();
    let flags = String::from_utf8_lossy(&flags).into_owned();
    assert!(
        flags.contains("UID 3") && flags.contains("\\Flagged") && flags.contains("Projekt"),
        "{flags}"
    );
    assert!(!flags.contains("\\Deleted"), "{flags}");
    // It is found again.
    imap.ok("SELECT INBOX");
    let found = imap.ok("SEARCH TEXT wort").lines.concat();
    assert_eq!(String::from_utf8_lossy(&found).trim(), "* SEARCH 1");
    server.cli(&["doctor"]);
}

#[test]
fn a_deleted_folder_and_the_emptied_trash_come_back() {
    let server = Server::start();
    let web = Web::page(&server, ANNA);
    let mut imap = Mailbox::open(server.imap, ANNA);
    imap.ok("CREATE Projekte/2030");
    assert!(imap.append("Projekte/2030", b"Subject: plan\r\n\r\nx\r\n"));
    imap.ok("DELETE Projekte/2030");
    let draft = web
        .post("/v1.0/me/messages", &json!({"subject": "a draft"}))
        .expect(201)
        .json();
    let path = format!("/v1.0/me/messages/{}", draft["id"].as_str().unwrap());
    web.delete(&path).expect(204);
    web.post(&format!("{path}/permanentDelete"), &json!({}))
        .expect(204);
    let all = list(&server);
    let told: Vec<_> = all
        .iter()
        .map(|d| (d["title"].as_str().unwrap(), d["folder"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("a draft", "Trash"), ("plan", "Projekte/2030")]);
    // Neither the folder nor the trash is where it belongs now.
    for deleted in &all {
        assert_eq!(restore(&server, deleted)["folder"], "INBOX");
    }
    assert_eq!(imap.count("INBOX"), 2);
    let gone = crate::server::run_with(server.data.path(), &["deleted", "restore", ANNA, "12345"], "");
    assert_eq!(gone.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("12345: this is not among what was deleted"));
    server.cli(&["doctor"]);
}

#[test]
fn events_and_contacts_come_back_to_the_byte() {
    let server = Server::start();
    let anna = anna(&server);
    let calendar = calendar_of(ANNA);
    let body = event("e1", "DTSTART:20301124T090000Z\nDTEND:20301124T100000Z\nX-OWN:1");
    put(&anna, &format!("{calendar}e1.ics"), &body).expect(201);
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Cora\r\nN:Cora;;;;\r\nX-OWN:1\r\nEND:VCARD\r\n";
    put(&anna, &format!("{BOOK}c1.vcf"), card).expect(201);
    anna.send("DELETE", &format!("{calendar}e1.ics"), &[], b"")
        .expect(204);
    anna.send("DELETE", &format!("{BOOK}c1.vcf"), &[], b"")
        .expect(204);
    let since = token(&sync(&anna, &calendar, ""));
    let all = list(&server);
    let told: Vec<_> = all
        .iter()
        .map(|d| (d["kind"].as_str().unwrap(), d["title"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("contact", "Cora"), ("event", "Event e1")]);
    for deleted in &all {
        restore(&server, deleted);
    }
    assert_eq!(anna.get(&format!("{calendar}e1.ics")).expect(200).text(), body);
    assert_eq!(anna.get(&format!("{BOOK}c1.vcf")).expect(200).text(), card);
    assert_eq!(
        names(&sync(&anna, &calendar, &since)),
        ["e1.ics"],
        "a program that syncs sees it arrive"
    );
    // Deleted once more while another one has its name.
    anna.send("DELETE", &format!("{BOOK}c1.vcf"), &[], b"")
        .expect(204);
    put(&anna, &format!("{BOOK}c1.vcf"), &card.replace("Cora", "Dora")).expect(201);
    let id = list(&server)[0]["id"].to_string();
    let taken = crate::server::run_with(server.data.path(), &["deleted", "restore", ANNA, &id], "");
    assert!(String::from_utf8_lossy(&taken.stderr).contains("»Cora« is there already"));
    assert_eq!(list(&server).len(), 1, "it is not lost by that");
    server.cli(&["doctor"]);
}

#[test]
fn the_page_lists_and_restores_what_its_owner_has_deleted() {
    let server = Server::start();
    let web = Web::page(&server, ANNA);
    let mut imap = Mailbox::open(server.imap, ANNA);
    for n in 0..3 {
        assert!(imap.append(
            "INBOX",
            format!("Subject: {n}\r\nFrom: x@other.test\r\n\r\nx\r\n").as_bytes()
        ));
    }
    imap.ok("SELECT INBOX");
    for n in 0..3 {
        imap.ok("STORE 1 +FLAGS.SILENT (\\Deleted)");
        imap.ok("EXPUNGE");
        assert_eq!(imap.count("INBOX"), 2 - n);
    }
    let titles = |page: &Value| -> Vec<String> {
        let all = page["deleted"].as_array().unwrap();
        all.iter()
            .map(|d| d["title"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = web.get("/api/deleted?top=2").expect(200).json();
    assert_eq!(titles(&first), ["2", "1"]);
    let rest = web
        .get(&format!(
            "/api/deleted?top=2&after={}",
            first["next"].as_str().unwrap()
        ))
        .expect(200)
        .json();
    assert_eq!(
        (titles(&rest), &rest["next"]),
        (vec!["0".to_owned()], &Value::Null)
    );
    web.get("/api/deleted?after=x").expect(400);
    let one = &first["deleted"][0];
    assert_eq!(
        (&one["kind"], &one["folder"], &one["from"]),
        (&json!("message"), &json!("INBOX"), &json!("x@other.test"))
    );
    let path = format!("/api/deleted/{}", one["id"]);
    assert_eq!(
        web.post(&format!("{path}/restore"), &json!({}))
            .expect(200)
            .json()["folder"],
        "INBOX"
    );
    web.post(&format!("{path}/restore"), &json!({})).expect(404);
    assert_eq!(imap.count("INBOX"), 1);
    web.delete(&format!("/api/deleted/{}", first["deleted"][1]["id"]))
        .expect(204);
    assert_eq!(titles(&web.get("/api/deleted").json()), ["0"]);
    Web::new(&server).get("/api/deleted").expect(401);
}
