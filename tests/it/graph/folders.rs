//! mailFolders.

use super::code;
use crate::server::Server;
use crate::web::Web;
use serde_json::json;

#[test]
fn every_mailbox_has_its_folders_under_every_name() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let oid = web.get("/v1.0/me").expect(200).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let inbox = web.get("/v1.0/me/mailFolders/inbox").expect(200).json();
    let id = inbox["id"].as_str().unwrap().to_owned();
    assert_eq!(
        inbox,
        json!({
            "@odata.context": format!("{}/v1.0/$metadata#users('{oid}')/mailFolders/$entity", web.base),
            "id": id, "displayName": "Inbox", "parentFolderId": "F0", "childFolderCount": 0,
            "unreadItemCount": 0, "totalItemCount": 0, "isHidden": false, "wellKnownName": "inbox",
        })
    );
    for same in [
        "/v1.0/me/MailFolders/Inbox".to_owned(),
        "/v1.0/me/mailFolders('INBOX')".to_owned(),
        format!("/v1.0//users/{oid}/mailFolders//{id}/"),
        format!("/v1.0/users('anna%40example.test')/mailFolders('{id}')"),
        format!("/v1.0/me/mailFolders/msgfolderroot/childFolders/{id}"),
    ] {
        assert_eq!(web.get(&same).expect(200).json()["id"], inbox["id"], "{same}");
    }
    for name in [
        "drafts",
        "sentitems",
        "deleteditems",
        "junkemail",
        "archive",
        "outbox",
        "msgfolderroot",
    ] {
        web.get(&format!("/v1.0/me/mailFolders/{name}?$select=id"))
            .expect(200);
    }
    let list = web.get("/v1.0/me/mailFolders?$count=true").expect(200).json();
    assert_eq!(
        (&list["@odata.count"], list["value"].as_array().unwrap().len()),
        (&json!(6), 6)
    );
    assert_eq!(list["@odata.nextLink"], json!(null));
}

#[test]
fn pages_are_linked_until_the_last_one() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let (mut next, mut seen) = (
        Some(format!(
            "{}/v1.0/me/mailFolders?top=4&$select=displayName",
            web.base
        )),
        Vec::new(),
    );
    while let Some(url) = next {
        let page = web.get(&url).expect(200).json();
        seen.extend(
            page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| f["displayName"].clone()),
        );
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["Inbox", "Archive", "Drafts", "Junk", "Sent", "Trash"]);
}

#[test]
fn folders_are_made_renamed_moved_and_removed() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let made = web
        .post("/v1.0/me/mailFolders", &json!({"DisplayName": "Projekte"}))
        .expect(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        made.header("location"),
        format!("{}/v1.0/me/mailFolders/{id}", web.base)
    );
    let again = web
        .post("/v1.0/me/mailFolders", &json!({"displayName": "Projekte"}))
        .expect(409);
    assert_eq!(code(&again.json()), "ErrorFolderExists");
    let child = web
        .post(
            &format!("/v1.0/me/mailFolders/{id}/childFolders"),
            &json!({"displayName": "A"}),
        )
        .expect(201);
    let child = child.json()["id"].as_str().unwrap().to_owned();
    let renamed = web
        .patch(
            &format!("/v1.0/me/mailFolders/{child}"),
            &json!({"displayName": "B"}),
        )
        .expect(200)
        .json();
    assert_eq!(
        (&renamed["displayName"], &renamed["parentFolderId"]),
        (&json!("B"), &json!(id))
    );
    let filtered = web.get(&format!(
        "/v1.0/me/mailFolders/{id}/childFolders?$filter=displayName%20eq%20'b'"
    ));
    assert_eq!(filtered.expect(200).json()["value"][0]["id"], json!(child));
    let moved = web.post(
        &format!("/v1.0/me/mailFolders/{child}/move"),
        &json!({"destinationId": "msgfolderroot"}),
    );
    assert_eq!(moved.expect(200).json()["parentFolderId"], "F0");
    // First into the trash, then for good.
    web.delete(&format!("/v1.0/me/mailFolders/{id}")).expect(204);
    let trash = web
        .get("/v1.0/me/mailFolders/deleteditems/childFolders")
        .expect(200)
        .json();
    assert_eq!(trash["value"][0]["id"], json!(id));
    web.delete(&format!("/v1.0/me/mailFolders/{id}")).expect(204);
    assert_eq!(
        code(&web.get(&format!("/v1.0/me/mailFolders/{id}")).expect(404).json()),
        "ErrorItemNotFound"
    );
    let needed = web.delete("/v1.0/me/mailFolders/inbox").expect(403);
    assert_eq!(code(&needed.json()), "ErrorAccessDenied");
    let nonsense = web.get("/v1.0/me/mailFolders/nonsense").expect(400);
    assert_eq!(code(&nonsense.json()), "ErrorInvalidIdMalformed");
}
