//! $search of messages.

use super::{code, deliver, wait_for};
use crate::server::Server;
use crate::web::{Web, encode};
use serde_json::json;

#[test]
fn words_and_keys_find_messages() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    for (n, message) in [
        "From: Bob Meier <bob@other.test>\nTo: anna@example.test\nSubject: Angebot Dach\n\nZiegel rot\n",
        "From: eve@evil.test\nCc: max@example.test\nSubject: Rechnung\nImportance: high\n\nzum Angebot\n",
        "From: eve@evil.test\nSubject: Files\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee plan\n--b\n\
         Content-Disposition: attachment; filename=dachplan.pdf\n\nx\n--b--\n",
    ]
    .into_iter()
    .enumerate()
    {
        deliver(&server, message);
        wait_for(&web, "inbox", n + 1);
    }
    let find = |search: &str, more: &str| {
        let path = format!(
            "/v1.0/me/messages?$search={}&$select=subject{more}",
            encode(search)
        );
        let page = web.get(&path).expect(200).json();
        let all = page["value"].as_array().unwrap().clone();
        all.iter()
            .map(|m| m["subject"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (offer, bill, files) = ("Angebot Dach", "Rechnung", "Files");
    for (search, want) in [
        ("angebot", vec![bill, offer]),
        ("\"angebot\"", vec![bill, offer]),
        ("\"subject:angebot\"", vec![offer]),
        ("\"subject:\\\"angebot dach\\\"\"", vec![offer]),
        ("\"body:angebot\"", vec![bill]),
        ("\"from:meier ziegel\"", vec![offer]),
        ("\"from:eve NOT subject:files\"", vec![bill]),
        ("\"from:bob\" OR \"attachment:dachplan\"", vec![files, offer]),
        ("\"to:anna\"", vec![offer]),
        ("\"participants:max\"", vec![bill]),
        ("\"hasAttachments:true\"", vec![files]),
        ("\"importance:high\"", vec![bill]),
        ("\"received>=2020-01-01 angebot\"", vec![bill, offer]),
        ("\"received<2020-01-01\"", vec![]),
        ("\"size>100000\"", vec![]),
        ("\"subject:nothing\"", vec![]),
    ] {
        assert_eq!(find(search, ""), want, "{search}");
    }
    let unread = "&$filter=isRead%20eq%20true";
    assert_eq!(find("angebot", unread), Vec::<String>::new());
    let page = web
        .get("/v1.0/me/mailFolders/inbox/messages?$search=angebot&$top=1&$count=true")
        .expect(200)
        .json();
    assert_eq!(page["@odata.count"], 2);
    let next = web
        .get(page["@odata.nextLink"].as_str().unwrap())
        .expect(200)
        .json();
    assert_eq!(
        (&next["value"][0]["subject"], next.get("@odata.nextLink")),
        (&json!(offer), None)
    );
    let empty = web.get("/v1.0/me/messages?$search=%22%22").expect(400).json();
    assert_eq!(code(&empty), "BadRequest");
}
