//! Data files that Outlook has made, compared with what another reader of them finds (`pst-extractor`, which brings the files).

use super::import;
use crate::server::{Folder, Server, run_with};
use crate::web::Web;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pst/node_modules/pst-extractor/example/testdata")
        .join(name)
}

/// Messages by folder, as the other reader finds them.
fn expected(name: &str) -> BTreeMap<String, Vec<Value>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pst/list.mjs");
    let out = Command::new("node").arg(script).arg(file(name)).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// What a person would read, without the layout.
fn words(text: &Value) -> Vec<String> {
    let text = text.as_str().unwrap_or_default();
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn names(attachments: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = attachments
        .iter()
        .map(|a| {
            a["name"]
                .as_str()
                .unwrap_or_default()
                .trim_end_matches(".eml")
                .to_owned()
        })
        .collect();
    names.sort();
    names
}

fn hashes(attachments: &[Value]) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let mut all: Vec<String> = attachments
        .iter()
        .filter_map(|a| match a.get("sha256") {
            Some(hash) => hash.as_str().map(str::to_owned),
            None => {
                use base64::Engine;
                let raw = base64::engine::general_purpose::STANDARD
                    .decode(a["contentBytes"].as_str()?)
                    .unwrap();
                let hash = Sha256::digest(raw);
                Some(hash.iter().map(|b| format!("{b:02x}")).collect())
            }
        })
        .collect();
    all.sort();
    all
}

/// Our folder of that path.
fn folder(web: &Web, path: &str) -> String {
    let mut at = "/v1.0/me/mailFolders?$top=200&includeHiddenFolders=true".to_owned();
    let mut id = String::new();
    for level in path.split('/') {
        let all = web.get(&at).expect(200).json();
        let found = all["value"]
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["displayName"] == level);
        id = found.unwrap_or_else(|| panic!("{level} of {path} in {all}"))["id"]
            .as_str()
            .unwrap()
            .to_owned();
        at = format!("/v1.0/me/mailFolders/{id}/childFolders?$top=200");
    }
    id
}

/// Each message of a folder is there: subject, words, whether it was read, attachments to the byte.
fn compare(web: &Web, path: &str, expected: &[Value]) -> usize {
    let id = folder(web, path);
    let list = format!(
        "/v1.0/me/mailFolders/{id}/messages?$top=200&$select=subject,body,isRead,internetMessageId&$expand=attachments"
    );
    let reply = web
        .send("GET", &list, &["Prefer: outlook.body-content-type=\"text\""], b"")
        .expect(200);
    let mut ours = reply.json()["value"].as_array().unwrap().clone();
    assert_eq!(ours.len(), expected.len(), "{path}");
    for there in expected {
        let is_same = |m: &Value| {
            let (there_id, here_id) = (
                there["messageId"].as_str().unwrap_or_default(),
                &m["internetMessageId"],
            );
            words(&m["subject"]) == words(&there["subject"])
                && (there_id.is_empty() || *here_id == there_id)
                && words(&m["body"]["content"])
                    .starts_with(&words(&there["body"])[..words(&there["body"]).len().min(20)])
        };
        let at = ours.iter().position(is_same);
        let at = at.unwrap_or_else(|| panic!("{} is not in {path}", there["subject"]));
        let here = ours.remove(at);
        assert_eq!(here["isRead"], there["isRead"], "{}", there["subject"]);
        let (files, theirs) = (
            here["attachments"].as_array().unwrap(),
            there["attachments"].as_array().unwrap(),
        );
        assert_eq!(names(files), names(theirs), "{}", there["subject"]);
        let files: Vec<Value> = files
            .iter()
            .filter(|a| a["contentBytes"].is_string())
            .cloned()
            .collect();
        assert_eq!(hashes(&files), hashes(theirs), "{}", there["subject"]);
    }
    expected.len()
}

#[test]
fn a_data_file_of_outlook_comes_in_as_another_reader_finds_it() {
    let server = Server::start();
    let path = file("enron.pst");
    let came = import(
        &server,
        &[
            "files",
            path.to_str().unwrap(),
            "--account",
            "anna@example.test",
            "--verify",
        ],
    );
    super::assert_proven(&came, 71);
    let anna = Web::page(&server, "anna@example.test");
    let mut count = 0;
    for (path, messages) in expected("enron.pst") {
        count += compare(
            &anna,
            path.strip_prefix("Top of Personal Folders/").unwrap(),
            &messages,
        );
    }
    assert_eq!(count, 71);
    // Again: nothing twice.
    let again = import(
        &server,
        &["files", path.to_str().unwrap(), "--account", "anna@example.test"],
    );
    assert_eq!(super::sum(&again, "stored"), 0, "{again}");
}

#[test]
fn a_cache_of_outlook_comes_in_and_what_stays_is_named() {
    let server = Server::start();
    let name = "pstextractortest@outlook.com.ost";
    let path = file(name);
    let came = import(
        &server,
        &[
            "files",
            path.to_str().unwrap(),
            "--account",
            "anna@example.test",
            "--verify",
        ],
    );
    let one = &came["imported"][0];
    assert_eq!(
        (&one["differences"], &one["compared"]),
        (&json!([]), &json!(14)),
        "{one}"
    );
    let anna = Web::page(&server, "anna@example.test");
    let mut count = 0;
    for (path, messages) in expected(name) {
        let path = path
            .strip_prefix("Root - Mailbox/IPM_SUBTREE/")
            .unwrap_or_default();
        if ["Inbox", "Sent Items", "Deleted Items"].contains(&path) {
            let path = path
                .replace("Sent Items", "Sent")
                .replace("Deleted Items", "Trash");
            count += compare(&anna, &path, &messages);
        }
    }
    assert_eq!(count, 13);
    let problems = one["problems"].to_string();
    assert!(
        problems.contains("events stay") && problems.contains("Calendar"),
        "{problems}"
    );
}

/// Every byte of the head and some thousand elsewhere turned round, the file cut: an error or what is still there, never a crash.
#[test]
fn damaged_data_files_are_refused_or_read_as_far_as_they_go() {
    let server = Server::start();
    let place = Folder::new();
    let path = place.path().join("damaged.pst");
    let whole = fs::read(file("enron.pst")).unwrap();
    let mut seed: u64 = 7;
    let mut next = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for round in 0..12 {
        let mut raw = whole.clone();
        match round {
            0 => raw.truncate(300),
            1 => raw.truncate(whole.len() / 2),
            2 => raw[..4].copy_from_slice(b"none"),
            3 => raw[513] = 2,
            _ => {
                for _ in 0..400 << (round - 4) {
                    let at = next(raw.len());
                    raw[at] ^= 1 << next(8);
                }
                for _ in 0..8 {
                    // Where the trees of pages lie.
                    let at = 0x4000 + next(whole.len() - 0x8000);
                    let from = next(whole.len() - 512);
                    raw.copy_within(from..from + 512, at & !511);
                }
            }
        }
        fs::write(&path, &raw).unwrap();
        let out = run_with(
            server.data.path(),
            &[
                "import",
                "files",
                path.to_str().unwrap(),
                "--account",
                "anna@example.test",
                "--dry-run",
            ],
            "",
        );
        let code = out.status.code();
        assert!(
            code.is_some_and(|c| c < 10),
            "round {round}: {code:?} {}",
            String::from_utf8_lossy(&out.stderr)
        );
        let said = String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
        assert!(round > 3 || said.contains("Outlook"), "round {round}: {said}");
    }
}
