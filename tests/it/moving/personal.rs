//! What belongs to a person beside mail, calendars and contacts: settings that go along, signed reports, everything about one
//! person as a zip, and erasing with a certificate.

use super::{assert_proven, import};
use crate::corpus::{corpus, hand_over};
use crate::dav;
use crate::mailbox::Mailbox;
use crate::server::{Folder, Server, run_with, wait_until};
use crate::web::Web;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A server where anna has set what can be set.
fn settled() -> Server {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    mailbox.ok("CREATE Kunden");
    mailbox.ok("CREATE Kunden/Neu");
    assert!(mailbox.append("Kunden/Neu", b"Subject: here\r\n\r\nit is\r\n"));
    let folders = anna.get("/v1.0/me/mailFolders/inbox/messageRules").expect(200);
    assert_eq!(folders.json()["value"], json!([]));
    let all = anna.get("/v1.0/me/mailFolders?$top=100").expect(200).json();
    let kunden = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["displayName"] == "Kunden")
        .unwrap()["id"]
        .as_str()
        .unwrap();
    let below = anna
        .get(&format!("/v1.0/me/mailFolders/{kunden}/childFolders"))
        .expect(200)
        .json();
    let new = below["value"][0]["id"].as_str().unwrap();
    for (name, action) in [
        (
            "Into a folder",
            json!({"moveToFolder": new, "stopProcessingRules": true}),
        ),
        ("Away", json!({"delete": true, "assignCategories": ["Wichtig"]})),
    ] {
        let rule = json!({"displayName": name, "sequence": 3, "conditions": {"subjectContains": [name]}, "actions": action});
        anna.post("/v1.0/me/mailFolders/inbox/messageRules", &rule)
            .expect(201);
    }
    let settings = json!({
        "timeZone": "Europe/Vienna",
        "automaticRepliesSetting": {
            "status": "alwaysEnabled", "externalAudience": "all",
            "internalReplyMessage": "<p>Bin weg</p>", "externalReplyMessage": "<p>I am away</p>"
        },
        "workingHours": {
            "daysOfWeek": ["monday", "friday"], "startTime": "07:30:00.0000000", "endTime": "12:00:00.0000000",
            "timeZone": {"name": "Europe/Vienna"}
        }
    });
    anna.patch("/v1.0/me/mailboxSettings", &settings).expect(200);
    let category = json!({"displayName": "Wichtig", "color": "preset4"});
    anna.post("/v1.0/me/outlook/masterCategories", &category)
        .expect(201);
    anna.patch(
        "/api/preferences",
        &json!({"theme": "dark", "undoSeconds": 30, "searches": [{"name": "Offen", "text": "from:ben", "folder": null}]}),
    )
    .expect(200);
    let signature = json!({"text": "Anna Berger\nKanzlei", "inReplies": true}).to_string();
    let path = "/api/preferences/signatures/anna%40example.test";
    let kind = ["content-type: application/json"];
    assert!(anna.send("PUT", path, &kind, signature.as_bytes()).status < 300);
    server
}

fn export(server: &Server, to: &Path) -> Value {
    let to = to.to_str().unwrap();
    let arguments = [
        "export",
        to,
        "--account",
        "anna@example.test",
        "--verify",
        "--json",
    ];
    serde_json::from_str(&server.cli(&arguments)).unwrap()
}

/// `settings.json`, without the numbers that each box gives.
fn settings(home: &Path) -> Value {
    let text = fs::read_to_string(home.join("anna@example.test/settings.json")).unwrap();
    let mut all: Value = serde_json::from_str(&text).unwrap();
    for rule in all["rules"].as_array_mut().unwrap() {
        let named: Vec<Value> = rule["folders"].as_object().unwrap().values().cloned().collect();
        rule["folders"] = json!(named);
        for action in ["moveTo", "copyTo"] {
            if rule["text"]["actions"][action].is_number() {
                rule["text"]["actions"][action] = json!("a folder");
            }
        }
    }
    for category in all["categories"].as_array_mut().unwrap() {
        category["id"] = json!("");
    }
    all
}

#[test]
fn settings_rules_and_signatures_go_out_and_come_in_and_what_is_set_stays() {
    let (one, two) = (settled(), Server::start());
    let (first, second) = (Folder::new(), Folder::new());
    export(&one, first.path());
    let there = settings(first.path());
    assert_eq!(there["rules"].as_array().unwrap().len(), 2, "{there}");
    assert!(
        there["availability"].as_str().unwrap().contains("VAVAILABILITY"),
        "{there}"
    );
    let from = first.path().to_str().unwrap();
    let dry = import(&two, &["export", from, "--dry-run"]);
    let expected = dry["imported"][0]["settings"].as_u64().unwrap();
    assert!(expected >= 9, "{dry}");
    assert!(
        import(&two, &["export", from, "--check"])["imported"][0]["differences"]
            .to_string()
            .contains("not here")
    );
    let came = import(&two, &["export", from, "--verify"]);
    assert_eq!(came["imported"][0]["settings"], expected, "{came}");
    assert_eq!(came["imported"][0]["settingsKept"], json!([]));
    assert_proven(&came, 1);
    export(&two, second.path());
    assert_eq!(settings(second.path()), there);
    // Again: nothing twice. And what somebody has set since stays, and is told.
    let again = import(&two, &["export", from, "--verify"]);
    assert_eq!(again["imported"][0]["settings"], 0, "{again}");
    Web::page(&two, "anna@example.test")
        .patch("/api/preferences", &json!({"theme": "light"}))
        .expect(200);
    let kept = import(&two, &["export", from]);
    assert_eq!(
        kept["imported"][0]["settingsKept"].as_array().unwrap().len(),
        1,
        "{kept}"
    );
    // A changed file is noticed.
    let file = first.path().join("anna@example.test/settings.json");
    let text = fs::read_to_string(&file).unwrap().replace("Kanzlei", "Bakery");
    fs::write(&file, text).unwrap();
    let out = run_with(one.data.path(), &["export", from, "--check"], "");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        out.status.code() == Some(1) && said.contains("settings.json is not as it was"),
        "{said}"
    );
}

#[test]
fn a_report_is_signed_and_other_programs_can_tell() {
    let server = settled();
    let (to, proofs) = (Folder::new(), Folder::new());
    let report = proofs.path().join("moved.json");
    let file = report.to_str().unwrap();
    let folder = to.path().to_str().unwrap();
    server.cli(&["export", folder, "--verify", "--report", file]);
    let told: Value = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    assert_eq!((&told["kind"], &told["format"]), (&json!("export"), &json!(1)));
    assert_eq!(told["result"]["checked"][0]["findings"], json!([]));
    server.cli(&["report", "verify", file]);
    let openssl = || {
        Command::new("openssl")
            .args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"])
            .arg(format!("{file}.pem"))
            .arg("-in")
            .arg(&report)
            .arg("-sigfile")
            .arg(format!("{file}.sig"))
            .output()
            .unwrap()
    };
    let out = openssl();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let key = server.cli(&["report", "key"]);
    assert_eq!(
        key.trim(),
        fs::read_to_string(format!("{file}.pem")).unwrap().trim()
    );
    fs::write(
        &report,
        fs::read_to_string(&report).unwrap().replace("anna@", "otto@"),
    )
    .unwrap();
    assert!(!openssl().status.success());
    let out = run_with(
        server.data.path(),
        &["report", "verify", file, "--key", &format!("{file}.pem")],
        "",
    );
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("was changed"));
}

fn read_zip(path: &Path) -> BTreeMap<String, String> {
    use std::io::Read;
    let mut zip = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut out = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        out.insert(
            file.name().to_owned(),
            String::from_utf8_lossy(&bytes).into_owned(),
        );
    }
    out
}

#[test]
fn all_about_one_person_is_a_zip_and_erasing_has_a_certificate() {
    let server = settled();
    hand_over(&server, &corpus());
    let web = dav::anna(&server);
    let event = dav::event("e1", "DTSTART:20261201T100000Z\nDTEND:20261201T110000Z");
    assert_eq!(
        dav::put(&web, &format!("{}e1.ics", dav::CALENDAR), &event).status,
        201
    );
    server.cli(&[
        "access",
        "set",
        "ben@example.test",
        "anna@example.test",
        "--level",
        "read",
    ]);
    server.cli(&["account", "set", "ben@example.test", "--admin", "yes"]);
    // Something deleted that could be got back, something put aside, and something that was dropped and has come.
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    mailbox.ok("CREATE Weg");
    assert!(mailbox.append("Weg", b"Subject: gone by then\r\n\r\nbut held\r\n"));
    mailbox.ok("SELECT Weg");
    mailbox.ok("STORE 1 +FLAGS (\\Deleted)");
    mailbox.ok("EXPUNGE");
    let import = server.data.path().join("import");
    let files = [
        "anna@example.test",
        "aside/anna@example.test",
        "done/anna@example.test-2026-11-23T101112Z",
    ]
    .map(|f| import.join(f));
    for folder in &files[1..] {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("given.txt"), "given by anna").unwrap();
    }
    let (place, out) = (Folder::new(), Folder::new());
    let zip = out.path().join("anna.zip");
    server.cli(&["account", "data", "anna@example.test", zip.to_str().unwrap()]);
    let all = read_zip(&zip);
    let holds = |name: &String, text: &String| name.contains("/mbox/") && text.contains("Subject: here");
    assert!(
        all.iter().any(|(name, text)| holds(name, text)),
        "{:?}",
        all.keys()
    );
    assert!(all.keys().any(|k| k.ends_with(".ics")), "{:?}", all.keys());
    assert!(all["anna@example.test/settings.json"].contains("Anna Berger"));
    assert_eq!(all["files/aside/given.txt"], "given by anna");
    assert_eq!(all["files/done-2026-11-23T101112Z/given.txt"], "given by anna");
    assert!(
        all.iter()
            .any(|(name, text)| name.starts_with("deleted/") && text.contains("gone by then")),
        "{:?}",
        all.keys()
    );
    let about: Value = serde_json::from_str(&all["account.json"]).unwrap();
    assert_eq!(
        about["usesMailboxes"][0]["address"], "ben@example.test",
        "{about}"
    );
    let sign_ins: Value = serde_json::from_str(&all["sign-ins.json"]).unwrap();
    assert!(!sign_ins["sessions"].as_array().unwrap().is_empty(), "{sign_ins}");
    assert!(all["audit.jsonl"].contains("anna@example.test"));
    assert!(
        !all.values().any(|text| text.contains("$argon2")),
        "nothing to sign in with"
    );
    let twice = run_with(
        server.data.path(),
        &["account", "data", "anna@example.test", zip.to_str().unwrap()],
        "",
    );
    assert_eq!(twice.status.code(), Some(4));
    // On the page, for oneself.
    let anna = Web::page(&server, "anna@example.test");
    let data = "/api/personal-data";
    assert_eq!(anna.get(data).expect(200).json()["state"], "none");
    anna.get(&format!("{data}/file")).expect(404);
    anna.post(data, &json!({})).expect(202);
    wait_until("it is put together", Duration::from_secs(60), || {
        anna.get(data).expect(200).json()["state"] == "ready"
    });
    let fetched = anna.get(&format!("{data}/file")).expect(200);
    assert_eq!(fetched.body.len() as u64, anna.get(data).json()["sizeBytes"]);
    assert!(fetched.body.starts_with(b"PK"));
    let ben = Web::page(&server, "ben@example.test");
    ben.get(&format!("{data}/file")).expect(404);
    // Erased, with what remains.
    server.cli(&["backup", "add", place.path().to_str().unwrap()]);
    server.cli(&["backup", "run"]);
    let certificate = out.path().join("erased.json");
    let file = certificate.to_str().unwrap();
    let erase = ["account", "erase", "anna@example.test", "--certificate", file];
    assert_eq!(run_with(server.data.path(), &erase, "").status.code(), Some(2));
    server.cli(&[&erase[..], &["--yes"]].concat());
    server.cli(&["report", "verify", file]);
    let told: Value = serde_json::from_str(&fs::read_to_string(&certificate).unwrap()).unwrap();
    let result = &told["result"];
    assert_eq!(
        (&told["kind"], &result["address"]),
        (&json!("erasure"), &json!("anna@example.test"))
    );
    assert!(
        result["messages"].as_u64().unwrap() > 50 && result["objects"] == 1,
        "{result}"
    );
    let remains = &result["remainsInBackups"][0];
    assert!(
        remains["backups"] == 1 && remains["untilMs"].as_i64() > remains["newestAtMs"].as_i64(),
        "{result}"
    );
    assert!(result["erased"].as_array().unwrap().len() > 4, "{result}");
    assert!(files.iter().all(|folder| !folder.exists()));
    assert!(!Path::new(&format!("{file}.begun")).exists());
    // A certificate is not written over by another one.
    let ben = [
        "account",
        "erase",
        "ben@example.test",
        "--certificate",
        file,
        "--yes",
    ];
    assert_eq!(run_with(server.data.path(), &ben, "").status.code(), Some(4));
    let accounts = server.cli(&["account", "list"]);
    assert!(!accounts.contains("anna@example.test") && accounts.contains("ben@example.test"));
}
