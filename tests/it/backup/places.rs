//! Backups on servers of others: storage that speaks S3, a WebDAV share.

use super::{assert_sound, files_below, filled, items, key_file};
use crate::counterparts::{PROVIDER_PASSWORD, S3, WebDav};
use crate::server::{Folder, Server, run_with, wait_until};
use crate::web::Web;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Exit code, JSON, what it said. The secret comes by standard input.
fn with_secret(data: &Path, secret: &str, arguments: &[&str]) -> (i32, Value, String) {
    let out = run_with(data, &[arguments, &["--secret-stdin", "--json"]].concat(), secret);
    let json = serde_json::from_slice(&out.stdout).unwrap_or(Value::Null);
    (
        out.status.code().unwrap(),
        json,
        String::from_utf8_lossy(&out.stderr).into_owned(),
    )
}

/// Backs up twice, looks, verifies and makes the box anew from there.
fn goes_there_and_back(server: &Server, secret: &str, place: &str, extra: &[&str]) {
    let data = server.data.path();
    let keys = Folder::new();
    let key = key_file(server, keys.path());
    let ask = |arguments: &[&str]| with_secret(data, secret, &[arguments, extra].concat());
    let (code, first, said) = ask(&["backup", "run", "--to", place]);
    assert_eq!(code, 0, "{said}");
    assert!(first[0]["newBodies"].as_u64().unwrap() > 50, "{first}");
    let (_, again, said) = ask(&["backup", "run", "--to", place]);
    assert_eq!(again[0]["newBodies"], 0, "{again} {said}");
    let key = key.to_str().unwrap();
    let (_, all, said) = ask(&["backup", "ls", "--from", place]);
    assert!(!all.as_array().unwrap().is_empty(), "{said}");
    let (code, found, said) = ask(&["backup", "verify", "--from", place, "--key", key]);
    assert_eq!((code, &found["damage"]), (0, &json!([])), "{said}");
    let (code, proven, said) = ask(&["backup", "rehearse", "--from", place, "anna@example.test"]);
    assert_eq!((code, &proven["differences"]), (0, &json!([])), "{said}");
    // Another machine, with nothing but the program, the place, its secret and the key.
    let anew = Folder::new();
    let to = anew.path().to_str().unwrap();
    let (code, restored, said) = ask(&["restore", "--from", place, "--key", key, "--data", to]);
    assert_eq!((code, &restored["lost"]), (0, &json!([])), "{said}");
    assert_sound(anew.path());
    assert_eq!(
        items(anew.path(), "anna@example.test"),
        items(data, "anna@example.test")
    );
    let (code, _, said) = with_secret(
        data,
        "wrong",
        &[&["backup", "run", "--to", place], extra].concat(),
    );
    assert_ne!(code, 0);
    assert!(
        said.contains("refused") || said.contains("login is not accepted"),
        "{said}"
    );
}

#[test]
fn a_box_is_backed_up_to_storage_that_speaks_s3_and_comes_back_from_it() {
    let (server, store) = (filled(), S3::start());
    let ca = store.ca.to_str().unwrap().to_owned();
    let place = format!(
        "s3://{}@localhost:{}/office/box one?region=eu-central-1",
        S3::KEY,
        store.port
    );
    goes_there_and_back(&server, PROVIDER_PASSWORD, &place, &["--extra-ca", &ca]);
    // What is damaged there is found and named.
    let pack = files_below(&store.folder.path().join("stored/office"))
        .into_iter()
        .filter(|p| p.to_str().unwrap().ends_with("_object"))
        .max_by_key(|p| fs::metadata(p).unwrap().len())
        .unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let data = server.data.path();
    let verify = ["backup", "verify", "--from", &place, "--extra-ca", &ca];
    let (code, hurt, said) = with_secret(data, PROVIDER_PASSWORD, &verify);
    assert_eq!(code, 1, "{said}");
    assert!(hurt["damage"].to_string().contains("anna@example.test"), "{hurt}");
}

#[test]
fn a_box_is_backed_up_to_a_webdav_share_and_comes_back_from_it() {
    let (server, share) = (filled(), WebDav::start());
    let place = format!("webdav://office@127.0.0.1:{}/backup/box%20one", share.port);
    fs::create_dir_all(share.folder.path().join("share/backup/box one")).unwrap();
    goes_there_and_back(&server, PROVIDER_PASSWORD, &place, &[]);
}

#[test]
fn the_page_sets_up_a_share_keeps_its_secret_and_tells_when_it_is_away() {
    let (server, mut share) = (Server::start(), WebDav::start());
    let anna = Web::page(&server, "anna@example.test");
    let place = format!("webdav://office@127.0.0.1:{}/box/", share.port);
    fs::create_dir(share.folder.path().join("share/box")).unwrap();
    let put = |secret: &str| {
        let body = json!({"folder": place, "secret": secret, "atMinute": 90}).to_string();
        anna.send(
            "PUT",
            "/api/admin/backups",
            &["Content-Type: application/json"],
            body.as_bytes(),
        )
    };
    let refused = put("wrong").expect(400).json();
    assert_eq!(refused["error"]["field"], "folder", "{refused}");
    put(PROVIDER_PASSWORD).expect(204);
    let listed = anna.get("/api/admin/backups").expect(200);
    assert!(!listed.text().contains(PROVIDER_PASSWORD));
    let target = || anna.get("/api/admin/backups").expect(200).json()["targets"][0].clone();
    assert_eq!(target()["folder"], place);
    let run = || {
        anna.post("/api/admin/backups/run", &json!({"folder": place}))
            .expect(202);
        wait_until("the backup has ended", Duration::from_secs(90), || {
            target()["running"].is_null()
        });
    };
    run();
    assert!(target()["lastDoneAt"].is_string(), "{}", target());
    share.stop();
    run();
    assert!(
        target()["lastError"].as_str().unwrap().contains("no connection"),
        "{}",
        target()
    );
    share.go_on();
    run();
    assert_eq!(target()["lastError"], Value::Null);
    let told = server.cli(&["backup", "list", "--json"]);
    assert!(!told.contains(PROVIDER_PASSWORD));
}
