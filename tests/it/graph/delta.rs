//! delta: a program keeps its own copy and is told what changed.

use super::{code, deliver, ids, wait_for};
use crate::server::Server;
use crate::web::Web;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Follows the links to the end and applies what it is told, as a program that keeps a copy does.
struct Copy<'w> {
    web: &'w Web,
    held: BTreeMap<String, Value>,
    link: String,
    pages: usize,
}

impl<'w> Copy<'w> {
    fn begin(web: &'w Web, path: &str) -> Copy<'w> {
        let mut copy = Copy {
            web,
            held: BTreeMap::new(),
            link: path.to_owned(),
            pages: 0,
        };
        copy.follow();
        copy
    }

    /// What was told, in order: ids with a minus for those that are gone.
    fn follow(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let page = self
                .web
                .send("GET", &self.link, &["Prefer: odata.maxpagesize=2"], b"")
                .expect(200);
            assert!(page.header("preference-applied").contains("odata.maxpagesize=2"));
            let page = page.json();
            self.pages += 1;
            for entry in page["value"].as_array().unwrap() {
                let id = entry["id"].as_str().unwrap().to_owned();
                if entry["@removed"] == json!({"reason": "deleted"}) {
                    self.held.remove(&id);
                    told.push(format!("-{id}"));
                } else {
                    told.push(id.clone());
                    self.held.insert(id, entry.clone());
                }
            }
            let (next, last) = (
                page["@odata.nextLink"].as_str(),
                page["@odata.deltaLink"].as_str(),
            );
            assert!(next.is_some() != last.is_some(), "{page}");
            self.link = next.or(last).unwrap().to_owned();
            assert!(
                self.link
                    .starts_with(&format!("{}/v1.0/me/mailFolders", self.web.base))
            );
            if last.is_some() {
                return told;
            }
        }
    }
}

#[test]
fn a_copy_of_a_folder_follows_what_happens_through_every_door() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    for n in 0..5 {
        deliver(&server, &format!("From: a@other.test\nSubject: {n}\n\n{n}\n"));
        wait_for(&web, "inbox", n + 1);
    }
    let path = "/v1.0/me/mailFolders('Inbox')/messages/microsoft.graph.delta()?$select=isRead,subject";
    let mut copy = Copy::begin(&web, path);
    let all = ids(&web, "inbox");
    assert_eq!((copy.held.len(), copy.pages), (5, 3));
    let mut keys: Vec<_> = copy.held[&all[0]].as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["@odata.etag", "id", "isRead", "subject"]);
    assert_eq!(copy.follow(), Vec::<String>::new());
    web.patch(&format!("/v1.0/me/messages/{}", all[4]), &json!({"isRead": true}))
        .expect(200);
    web.post(
        &format!("/v1.0/me/messages/{}/move", all[0]),
        &json!({"destinationId": "archive"}),
    )
    .expect(201);
    // Out and back again is a change and no removal, however often: nothing behind it is lost.
    for to in ["archive", "inbox", "archive", "inbox", "archive", "inbox"] {
        web.post(
            &format!("/v1.0/me/messages/{}/move", all[2]),
            &json!({"destinationId": to}),
        )
        .expect(201);
    }
    web.post(
        &format!("/v1.0/me/messages/{}/permanentDelete", all[1]),
        &json!({}),
    )
    .expect(204);
    deliver(&server, "From: a@other.test\nSubject: new\n\nx\n");
    let new = wait_for(&web, "inbox", 4);
    // The token alone is enough, whatever it was asked with.
    let token = copy.link.split("$deltatoken=").nth(1).unwrap().to_owned();
    copy.link = format!(
        "{}/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken={token}",
        web.base
    );
    let told = copy.follow();
    assert_eq!(
        told,
        [
            all[4].clone(),
            format!("-{}", all[0]),
            all[2].clone(),
            format!("-{}", all[1]),
            new.clone()
        ]
    );
    let mut now = ids(&web, "inbox");
    now.sort();
    assert_eq!(copy.held.keys().cloned().collect::<Vec<_>>(), now);
    assert_eq!(copy.held[&all[4]]["isRead"], true);
    assert!(copy.held[&new].get("body").is_none());
    let mut latest = Copy::begin(
        &web,
        "/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=latest&$select=id",
    );
    assert_eq!(latest.held.len(), 0);
    web.patch(&format!("/v1.0/me/messages/{new}"), &json!({"isRead": true}))
        .expect(200);
    assert_eq!(latest.follow(), [new]);
    let future = "/v1.0/me/mailFolders/inbox/messages/delta?$filter=receivedDateTime%20ge%202199-01-01";
    assert_eq!(Copy::begin(&web, future).held.len(), 0);
    let wrong = web
        .get("/v1.0/me/mailFolders/inbox/messages/delta?$filter=isRead%20eq%20true")
        .expect(400);
    assert_eq!(code(&wrong.json()), "ErrorInvalidUrlQueryFilter");
}

#[test]
fn a_copy_of_the_tree_follows_too() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let mut copy = Copy::begin(&web, "/v1.0/me/mailFolders/delta()");
    assert_eq!(copy.held.len(), 6);
    let made = web
        .post("/v1.0/me/mailFolders", &json!({"displayName": "A"}))
        .expect(201)
        .json();
    let a = made["id"].as_str().unwrap().to_owned();
    let below = format!("/v1.0/me/mailFolders/{a}/childFolders");
    let b = web.post(&below, &json!({"displayName": "B"})).expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    // Parents first, whatever changed last.
    web.patch(
        &format!("/v1.0/me/mailFolders/{a}"),
        &json!({"displayName": "A2"}),
    )
    .expect(200);
    assert_eq!(copy.follow(), [a.clone(), b.clone()]);
    assert_eq!(
        (&copy.held[&b]["parentFolderId"], &copy.held[&a]["displayName"]),
        (&json!(a), &json!("A2"))
    );
    web.post(&format!("/v1.0/me/mailFolders/{b}/permanentDelete"), &json!({}))
        .expect(204);
    assert!(copy.follow().contains(&format!("-{b}")));
    assert_eq!(copy.held.len(), 7);
}

#[test]
fn a_token_that_is_too_old_or_of_something_else_is_410() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let inbox = Copy::begin(&web, "/v1.0/me/mailFolders/inbox/messages/delta?$select=id").link;
    let token = inbox.split("$deltatoken=").nth(1).unwrap();
    for path in [
        "/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=abc".to_owned(),
        format!("/v1.0/me/mailFolders/archive/messages/delta?$deltatoken={token}"),
        format!("/v1.0/me/mailFolders/delta?$deltatoken={token}"),
    ] {
        let gone = web.get(&path).expect(410).json();
        assert_eq!(
            (code(&gone), &gone["error"]["innerError"]["code"]),
            ("SyncStateNotFound", &json!("fullSyncRequired")),
            "{path}"
        );
    }
}

#[test]
fn a_copy_of_what_is_in_one_folder_follows() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let make = |parent: &str, name: &str| {
        let path = format!("/v1.0/me/mailFolders/{parent}/childFolders");
        let made = anna.post(&path, &json!({"displayName": name})).expect(201).json();
        made["id"].as_str().unwrap().to_owned()
    };
    let (one, two) = (make("msgfolderroot", "one"), make("msgfolderroot", "two"));
    let inner = make(&one, "inner");
    let path = format!("/v1.0/me/mailFolders/{one}/childFolders/delta()");
    let mut copy = Copy::begin(&anna, &path);
    assert_eq!(copy.held.keys().collect::<Vec<_>>(), [&inner]);
    assert!(copy.follow().is_empty());
    let second = make(&one, "second");
    make(&two, "elsewhere");
    copy.follow();
    assert_eq!(copy.held.len(), 2);
    let target = json!({"destinationId": two});
    anna.post(&format!("/v1.0/me/mailFolders/{inner}/move"), &target)
        .expect(200);
    copy.follow();
    assert_eq!(copy.held.keys().collect::<Vec<_>>(), [&second]);
    anna.post(
        &format!("/v1.0/me/mailFolders/{second}/permanentDelete"),
        &json!({}),
    )
    .expect(204);
    assert!(copy.follow().contains(&format!("-{second}")));
    assert!(copy.held.is_empty());
    // The token is of this folder, and of no other.
    let token = copy.link.split_once('?').unwrap().1.to_owned();
    anna.get(&format!("/v1.0/me/mailFolders/{two}/childFolders/delta?{token}"))
        .expect(410);
}

#[test]
fn a_copy_of_the_office_follows() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let ask = |link: &str| {
        let page = anna.get(link).expect(200).json();
        let next = page["@odata.deltaLink"].as_str().unwrap().to_owned();
        (page["value"].as_array().unwrap().clone(), next)
    };
    let (all, link) = ask("/v1.0/users/delta?$select=displayName,mail");
    let mut mails: Vec<&str> = all.iter().map(|u| u["mail"].as_str().unwrap()).collect();
    mails.sort_unstable();
    assert_eq!(mails, ["anna@example.test", "ben@example.test"]);
    assert!(ask(&link).0.is_empty());
    let (latest, from_now) = ask("/v1.0/users/delta?$deltatoken=latest");
    assert!(latest.is_empty());
    server.cli(&["account", "set", "ben@example.test", "--name", "Ben Berg"]);
    let (changed, next) = ask(&link);
    assert_eq!(
        (changed.len(), &changed[0]["displayName"]),
        (1, &json!("Ben Berg"))
    );
    assert!(
        changed[0].get("surname").is_none(),
        "as it was selected first: {changed:?}"
    );
    assert_eq!(ask(&from_now).0.len(), 1);
    let id = changed[0]["id"].clone();
    server.cli(&["account", "remove", "ben@example.test", "--yes"]);
    let (gone, _) = ask(&next);
    assert_eq!(gone, [json!({"id": id, "@removed": {"reason": "deleted"}})]);
}
