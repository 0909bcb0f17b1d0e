//! $batch.

use super::{code, deliver, ids, wait_for};
use crate::server::Server;
use crate::web::{Web, register};
use serde_json::json;

#[test]
fn many_requests_are_answered_in_one() {
    let server = Server::start();
    register(&server);
    deliver(&server, "From: a@other.test\nSubject: x\n\ny\n");
    let web = Web::program(&server, "anna@example.test", "Mail.ReadWrite");
    let id = wait_for(&web, "inbox", 1);
    let requests = json!({"requests": [
        {"id": 1, "method": "GET", "url": "/me/mailFolders/inbox?$select=displayName"},
        {"id": "2", "method": "patch", "url": format!("me/messages/{id}"), "body": {"isRead": true},
         "headers": {"content-type": "application/json", "Prefer": "return=minimal"}},
        {"id": "3", "method": "GET", "url": format!("{}/v1.0/me/messages/{id}/$value", web.base)},
        {"id": "4", "method": "GET", "url": "/v1.0/me/messages/M999"},
        {"id": "5", "method": "DELETE", "url": format!("/me/messages/{id}"), "dependsOn": ["4"]},
        {"id": "6", "method": "GET", "url": "/me"},
    ]});
    let reply = web.post("/v1.0/$batch", &requests).expect(200).json();
    let all = reply["responses"].as_array().unwrap();
    let short: Vec<_> = all
        .iter()
        .map(|r| {
            (
                r["id"].as_str().unwrap(),
                r["status"].as_u64().unwrap(),
                code(&r["body"]),
            )
        })
        .collect();
    assert_eq!(
        short,
        [
            ("1", 200, ""),
            ("2", 204, ""),
            ("3", 200, ""),
            ("4", 404, "ErrorItemNotFound"),
            ("5", 424, "FailedDependency"),
            ("6", 403, "ErrorAccessDenied"),
        ]
    );
    assert_eq!(all[0]["body"]["displayName"], "Inbox");
    assert_eq!(all[0]["headers"], json!({"Content-Type": "application/json"}));
    assert_eq!(
        all[1],
        json!({"id": "2", "status": 204, "headers": {"Preference-Applied": "return=minimal"}})
    );
    assert!(all[2]["body"].is_string());
    assert_eq!(ids(&web, "inbox"), [id]);
}

#[test]
fn a_malformed_batch_is_refused_as_a_whole() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let one = |id: &str| json!({"id": id, "method": "GET", "url": "/me"});
    let many: Vec<_> = (0..21).map(|n| one(&n.to_string())).collect();
    for wrong in [
        json!({}),
        json!({"requests": many}),
        json!({"requests": [one("1"), one("1")]}),
        json!({"requests": [{"method": "GET", "url": "/me"}]}),
        json!({"requests": [{"id": "1", "method": "GET", "url": "/me", "dependsOn": ["2"]}, one("2")]}),
        json!({"requests": [{"id": "1", "method": "POST", "url": "/$batch", "body": {"requests": []}}]}),
        json!({"requests": [{"id": "1", "method": "GET", "url": "https://evil.test/v1.0/me"}]}),
    ] {
        assert_eq!(
            code(&web.post("/v1.0/$batch", &wrong).expect(400).json()),
            "BadRequest",
            "{wrong}"
        );
    }
}
