//! Looking into the days of backups at the page, bringing back from there, and accounts that were removed.

use super::{assert_sound, backup, files_below, filled, items, key_file, without_box};
use crate::dav;
use crate::mailbox::Mailbox;
use crate::server::{Folder, PASSWORD, Server, run_with, wait_until};
use crate::web::{Web, encode};
use serde_json::{Value, json};
use std::time::Duration;

/// A box that is backed up to a folder, once so far. Returns the address of that day below `/api/past`, for the page of anna.
fn backed_up(server: &Server, place: &Folder) -> String {
    server.cli(&["backup", "add", place.path().to_str().unwrap()]);
    backup(server, place.path());
    let all = Web::page(server, "anna@example.test")
        .get("/api/past")
        .expect(200)
        .json();
    let day = &all["days"][0];
    assert_eq!(all["away"], json!([]), "{all}");
    format!(
        "/api/past/{}/{}",
        day["place"].as_str().unwrap(),
        day["id"].as_str().unwrap()
    )
}

fn wait_for(web: &Web, begun: &Value) -> Value {
    let run = format!("/api/past/runs/{}", begun["run"].as_str().unwrap());
    let mut told = Value::Null;
    wait_until("what was asked for is back", Duration::from_secs(60), || {
        told = web.get(&run).expect(200).json();
        told["state"] != "running"
    });
    assert_eq!(told["state"], "done", "{told}");
    told["brought"].clone()
}

fn all_items(web: &Web, day: &str, more: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page = web
            .get(&format!("{day}/items?top=7{more}{after}"))
            .expect(200)
            .json();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", encode(next)),
            None => return all,
        }
    }
}

#[test]
fn people_look_into_their_own_days_and_bring_back_what_they_find() {
    let server = filled();
    let place = Folder::new();
    let day = backed_up(&server, &place);
    let anna = Web::page(&server, "anna@example.test");
    let folders = anna.get(&format!("{day}/folders")).expect(200).json();
    let folder = |kind: &str, name: &str| -> Value {
        let all = folders["folders"].as_array().unwrap();
        let found = all
            .iter()
            .find(|f| f["kind"] == kind && f["name"] == name)
            .cloned();
        found.unwrap_or_else(|| panic!("no {name} in {folders}"))
    };
    let kunden = folder("message", "Kunden");
    assert_eq!(kunden["items"], 6, "{folders}");
    let inside = all_items(&anna, &day, &format!("&folder={}", kunden["id"]));
    assert_eq!(inside.len(), 6, "{inside:?}");
    let everything = all_items(&anna, &day, "");
    let events: Vec<&Value> = everything.iter().filter(|i| i["kind"] == "event").collect();
    assert_eq!(events.len(), 5);
    let mut ids: Vec<i64> = everything.iter().map(|i| i["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(
        ids.len(),
        everything.len(),
        "a page repeats nothing of the one before"
    );
    let found = all_items(&anna, &day, "&find=LARGE");
    assert!(found.iter().any(|i| i["title"] == "large"), "{found:?}");
    // One of each kind is read.
    let event = anna
        .get(&format!("{day}/items/{}", events[0]["id"]))
        .expect(200)
        .json();
    assert!(
        event["fields"].to_string().contains("20261201T100000Z"),
        "{event}"
    );
    let card = everything.iter().find(|i| i["kind"] == "contact").unwrap();
    let card = anna
        .get(&format!("{day}/items/{}", card["id"]))
        .expect(200)
        .json();
    assert_eq!(card["title"], "Carla");
    let raw = anna
        .get(&format!("{day}/items/{}/raw", events[0]["id"]))
        .expect(200);
    assert!(raw.text().contains("BEGIN:VCALENDAR") && raw.header("content-disposition").contains(".ics"));
    let message = &inside[0]["id"];
    let shown = anna.get(&format!("{day}/items/{message}")).expect(200).json();
    assert!(shown["sender"].is_array() && shown["files"].is_array(), "{shown}");
    let frame = anna.get(&format!("/ui{}/{message}", &day[4..]));
    assert!(
        frame
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
    frame.expect(200);
    // Nobody else's: ben has his own day, and anna's numbers say nothing in it.
    let ben = Web::page(&server, "ben@example.test");
    assert!(all_items(&ben, &day, "").iter().all(|i| i["title"] != "large"));
    ben.get(&format!("{day}/items?mailbox=anna%40example.test"))
        .expect(403);
    ben.get(&format!("{day}/accounts")).expect(403);
    ben.get(&format!("{day}/items/{message}")).expect(404);
    ben.post(&format!("{day}/revive"), &json!({"address": "x@example.test"}))
        .expect(403);
    ben.post(
        &format!("{day}/bring-back"),
        &json!({"into": "anna@example.test"}),
    )
    .expect(403);

    // A folder that is gone, an event that was changed, a flag that was taken away.
    let before = items(server.data.path(), "anna@example.test");
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    mailbox.ok("DELETE Kunden");
    let web = dav::anna(&server);
    let changed = dav::event("e3", "DTSTART:20261203T100000Z\nDTEND:20261203T110000Z");
    assert_eq!(
        dav::put(&web, &format!("{}e3.ics", dav::CALENDAR), &changed).status,
        204
    );
    mailbox.ok("SELECT INBOX");
    mailbox.ok("STORE 2 -FLAGS (\\Flagged)");
    let back = |wanted: Value| {
        let begun = anna
            .post(&format!("{day}/bring-back"), &wanted)
            .expect(202)
            .json();
        wait_for(&anna, &begun)
    };
    let one = back(json!({"items": [message]}));
    assert_eq!(
        (&one["messages"], &one["objects"]),
        (&json!(1), &json!(0)),
        "{one}"
    );
    let rest = back(json!({"folder": kunden["id"]}));
    assert_eq!(
        (&rest["messages"], &rest["present"]),
        (&json!(5), &json!(1)),
        "{rest}"
    );
    let beside = back(json!({"folder": kunden["id"], "beside": "Gestern"}));
    assert_eq!(beside["messages"], 6, "{beside}");
    assert_eq!(mailbox.count("Gestern/Kunden"), 6);
    mailbox.ok("SELECT INBOX");
    mailbox.ok("DELETE Gestern/Kunden");
    mailbox.ok("DELETE Gestern");
    let kept = back(json!({}));
    assert_eq!(
        (&kept["objects"], &kept["replaced"]),
        (&json!(0), &json!(0)),
        "{kept}"
    );
    assert_ne!(items(server.data.path(), "anna@example.test"), before);
    let over = back(json!({"over": true}));
    assert_eq!(over["replaced"], 2, "{over}");
    assert_eq!(items(server.data.path(), "anna@example.test"), before);
    assert_sound(server.data.path());
    // The place may be slow or gone: the day that is open is still looked at.
    std::fs::rename(place.path().join("data"), place.path().join("away")).unwrap();
    assert_eq!(all_items(&anna, &day, "").len(), everything.len());
}

#[test]
fn an_account_that_was_removed_is_here_again_with_its_address_and_rights_or_in_another() {
    let server = filled();
    let place = Folder::new();
    let cli = |arguments: &[&str]| server.cli(arguments);
    let add = |address: &str| {
        let out = run_with(
            server.data.path(),
            &["account", "add", address, "--password-stdin"],
            &format!("{PASSWORD}\n"),
        );
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    add("leaver@example.test");
    cli(&[
        "account",
        "set",
        "leaver@example.test",
        "--add-alias",
        "also@example.test",
    ]);
    cli(&[
        "access",
        "set",
        "leaver@example.test",
        "ben@example.test",
        "--level",
        "read",
    ]);
    cli(&[
        "access",
        "set",
        "anna@example.test",
        "leaver@example.test",
        "--level",
        "edit",
    ]);
    cli(&["domain", "add", "sold.test"]);
    for more in [
        ["--add-alias", "leaver@sold.test"].as_slice(),
        &["--admin", "yes"],
    ] {
        cli(&[&["account", "set", "leaver@example.test"], more].concat());
    }
    let mut leaver = Mailbox::open(server.imap, "leaver@example.test");
    leaver.ok("CREATE Projekt");
    for n in 0..5 {
        let message = format!("Subject: handed over {n}\r\n\r\n{}\r\n", "words ".repeat(200));
        assert!(leaver.append("Projekt", message.as_bytes()));
    }
    drop(leaver);
    let before = items(server.data.path(), "leaver@example.test");
    let day = backed_up(&server, &place);
    let anna = Web::page(&server, "anna@example.test");
    let revive = || {
        anna.post(
            &format!("{day}/revive"),
            &json!({"address": "leaver@example.test"}),
        )
    };
    revive().expect(409);
    cli(&["account", "remove", "leaver@example.test", "--yes"]);
    let all = anna.get(&format!("{day}/accounts")).expect(200).json();
    let gone: Vec<&Value> = all["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["isHere"] == false)
        .collect();
    assert_eq!(
        (gone.len(), &gone[0]["address"]),
        (1, &json!("leaver@example.test")),
        "{all}"
    );
    // Looked into, and noted; then into another account.
    let theirs = all_items(&anna, &day, "&mailbox=leaver%40example.test");
    assert_eq!(theirs.len(), 5);
    let audit = anna.get("/api/admin/audit").expect(200).text();
    assert!(
        audit.contains("backup.look") && audit.contains("leaver@example.test"),
        "{audit}"
    );
    let begun = anna
        .post(
            &format!("{day}/bring-back"),
            &json!({"mailbox": "leaver@example.test", "into": "ben@example.test", "beside": "From leaver"}),
        )
        .expect(202)
        .json();
    assert_eq!(wait_for(&anna, &begun)["messages"], 5);
    assert_eq!(
        Mailbox::open(server.imap, "ben@example.test").count("From leaver/Projekt"),
        5
    );
    // As themselves.
    let revived = revive().expect(200).json();
    assert_eq!(
        (&revived["rights"], &revived["lost"]),
        (&json!(2), &json!([])),
        "{revived}"
    );
    assert_eq!(items(server.data.path(), "leaver@example.test"), before);
    let out = run_with(
        server.data.path(),
        &["account", "set", "leaver@example.test", "--password-stdin"],
        "a new one for them\n",
    );
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut leaver = Mailbox::open_with(server.imap, "leaver@example.test", "a new one for them");
    assert_eq!(leaver.count("Projekt"), 5);
    assert!(cli(&["access", "list", "leaver@example.test"]).contains("ben@example.test"));
    assert!(cli(&["access", "list", "anna@example.test"]).contains("leaver@example.test"));
    assert!(cli(&["account", "show", "leaver@example.test"]).contains("also@example.test"));
    revive().expect(409);
    assert_sound(server.data.path());
    // By the command line, when somebody else has an address of theirs by now, and a domain was sold.
    cli(&["account", "remove", "leaver@example.test", "--yes"]);
    cli(&["domain", "remove", "sold.test"]);
    cli(&[
        "account",
        "set",
        "ben@example.test",
        "--add-alias",
        "also@example.test",
    ]);
    let from = place.path().to_str().unwrap();
    let said = cli(&["backup", "revive", "leaver@example.test", "--from", from]);
    for out in [
        "also@example.test",
        "leaver@sold.test",
        "the right to administer the office",
    ] {
        assert!(said.contains(&format!("left out: {out}")), "{out}: {said}");
    }
    assert_eq!(items(server.data.path(), "leaver@example.test"), before);
}

#[test]
fn nobody_looks_into_the_days_of_who_had_their_address_and_number_before() {
    let server = filled();
    let (place, keys) = (Folder::new(), Folder::new());
    let key = key_file(&server, keys.path());
    server.cli(&["backup", "add", place.path().to_str().unwrap()]);
    let first = backup(&server, place.path());
    // The second of a day takes the place of the first.
    let kept = Folder::new();
    for file in files_below(place.path()) {
        let to = kept.path().join(file.strip_prefix(place.path()).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(file, to).unwrap();
    }
    let add = |data: &std::path::Path| {
        let out = run_with(
            data,
            &["account", "add", "new@example.test", "--password-stdin"],
            &format!("{PASSWORD}\n"),
        );
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    add(server.data.path());
    let mut new = Mailbox::open(server.imap, "new@example.test");
    assert!(new.append("INBOX", b"Subject: private\r\n\r\nmine\r\n"));
    let second = backup(&server, place.path());
    drop(server);
    // The box goes back to the day before: whoever comes next gets the number again, and may get the address.
    let anew = Folder::new();
    let [from, before, key, id] = [
        place.path().to_str().unwrap(),
        kept.path().to_str().unwrap(),
        key.to_str().unwrap(),
        first["id"].as_str().unwrap(),
    ];
    let to = anew.path().to_str().unwrap();
    let (code, _, said) = without_box(&["restore", id, "--from", before, "--key", key, "--data", to]);
    assert_eq!(code, 0, "{said}");
    add(anew.path());
    let server = Server::serve(anew, &[]);
    let new = Web::page(&server, "new@example.test");
    let all = new.get("/api/past").expect(200).json();
    let day = all["days"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["id"] == second["id"])
        .unwrap();
    let day = format!(
        "/api/past/{}/{}",
        day["place"].as_str().unwrap(),
        day["id"].as_str().unwrap()
    );
    new.get(&format!("{day}/folders")).expect(404);
    new.get(&format!("{day}/items?mailbox=new%40example.test"))
        .expect(404);
    new.post(&format!("{day}/bring-back"), &json!({})).expect(404);
    // An administrator may, knows that it is somebody else's, and says into which mailbox it is to come.
    let anna = Web::page(&server, "anna@example.test");
    let accounts = anna.get(&format!("{day}/accounts")).expect(200).json();
    let there = accounts["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["address"] == "new@example.test")
        .unwrap();
    assert_eq!(there["isHere"], false, "{accounts}");
    assert_eq!(all_items(&anna, &day, "&mailbox=new%40example.test").len(), 1);
    let theirs = json!({"mailbox": "new@example.test"});
    anna.post(&format!("{day}/bring-back"), &theirs).expect(404);
    let back = |more: &[&str]| {
        let arguments = [
            "backup",
            "bring-back",
            "new@example.test",
            second["id"].as_str().unwrap(),
        ];
        run_with(
            server.data.path(),
            &[&arguments[..], &["--from", from], more].concat(),
            "",
        )
    };
    let refused = back(&[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("--of"), "{said}");
    let mut mailbox = Mailbox::open(server.imap, "new@example.test");
    assert_eq!(mailbox.count("INBOX"), 0);
    assert!(back(&["--of", "new@example.test"]).status.success());
    assert_eq!(mailbox.count("INBOX"), 1, "it was said");
    let certificate = keys.path().join("certificate.json");
    let said = server.cli(&[
        "account",
        "erase",
        "new@example.test",
        "--certificate",
        certificate.to_str().unwrap(),
        "--yes",
    ]);
    assert!(said.contains("no backup in"), "who left is another: {said}");
}

#[test]
fn each_administrator_who_looks_is_noted_also_when_the_day_is_open_already() {
    let server = filled();
    let place = Folder::new();
    let day = backed_up(&server, &place);
    let ben = Web::page(&server, "ben@example.test");
    ben.get(&format!("{day}/folders")).expect(200);
    let anna = Web::page(&server, "anna@example.test");
    anna.get(&format!("{day}/folders")).expect(200);
    let looks = || {
        let audit = anna.get("/api/admin/audit").expect(200).text();
        audit.matches("backup.look").count()
    };
    assert_eq!(looks(), 0, "everybody may look at their own");
    for _ in 0..3 {
        anna.get(&format!("{day}/folders?mailbox=ben%40example.test"))
            .expect(200);
    }
    assert_eq!(looks(), 1);
    // Only whole names of backups lead anywhere.
    for id in ["latest", "2026", "..%2f..%2fdata"] {
        let place = day.rsplit_once('/').unwrap().0;
        let other = anna.get(&format!("{place}/{id}/folders"));
        assert_eq!(other.status, 404, "{id}");
    }
}
