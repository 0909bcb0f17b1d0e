//! What is around requests: packed bodies, pages of other origins, programs that ask too much, bare counts.

use super::{code, deliver, wait_for};
use crate::server::Server;
use crate::web::{Web, encode, register};
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .arg("-c")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(content).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn packed_bodies_are_unpacked_and_unknown_packing_is_told() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let body = gzip(b"{\"displayName\": \"Gepackt\"}");
    let json = "Content-Type: application/json";
    let made = web
        .send(
            "POST",
            "/v1.0/me/mailFolders",
            &[json, "Content-Encoding: gzip"],
            &body,
        )
        .expect(201);
    assert_eq!(made.json()["displayName"], "Gepackt");
    let refused = web
        .send(
            "POST",
            "/v1.0/me/mailFolders",
            &[json, "Content-Encoding: zstd"],
            &body,
        )
        .expect(415);
    assert_eq!(code(&refused.json()), "UnsupportedMediaType");
    let broken = web
        .send(
            "POST",
            "/v1.0/me/mailFolders",
            &[json, "Content-Encoding: gzip"],
            b"nonsense",
        )
        .expect(400);
    assert_eq!(code(&broken.json()), "RequestBodyRead");
    // A small body that becomes a huge one is cut off at the size that a plain one may have.
    let bomb = gzip(&vec![b' '; 120 << 20]);
    web.send(
        "POST",
        "/v1.0/me/mailFolders",
        &[json, "Content-Encoding: gzip"],
        &bomb,
    )
    .expect(413);
}

#[test]
fn pages_of_other_origins_may_ask_with_a_token_and_never_with_our_cookie() {
    let server = Server::start();
    register(&server);
    server.cli(&[
        "app",
        "add",
        "--client-id",
        "spa",
        "--name",
        "Spa",
        "--redirect",
        "https://app.example.test/back",
    ]);
    let origin = "Origin: https://app.example.test";
    let asked = [
        origin,
        "Access-Control-Request-Method: PATCH",
        "Access-Control-Request-Headers: authorization,x-own",
    ];
    let allowed = Web::new(&server)
        .send("OPTIONS", "/v1.0/me/messages/M1", &asked, b"")
        .expect(204);
    assert_eq!(
        (
            allowed.header("access-control-allow-origin"),
            allowed.header("access-control-allow-headers")
        ),
        ("*", "authorization,x-own")
    );
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    let program = Web::program(&server, "anna@example.test", "User.Read");
    let me = program
        .send("GET", "/v1.0/me", &[origin, "Sec-Fetch-Site: cross-site"], b"")
        .expect(200);
    assert_eq!(
        (
            me.header("access-control-allow-origin"),
            me.header("access-control-allow-credentials")
        ),
        ("*", "")
    );
    let page = Web::page(&server, "anna@example.test");
    page.send("GET", "/v1.0/me", &[origin, "Sec-Fetch-Site: cross-site"], b"")
        .expect(403);
    let token = "/common/oauth2/v2.0/token";
    let preflight = |origin: &str| {
        let reply = Web::new(&server).send(
            "OPTIONS",
            token,
            &[origin, "Access-Control-Request-Method: POST"],
            b"",
        );
        reply.expect(204).header("access-control-allow-origin").to_owned()
    };
    assert_eq!(preflight(origin), "https://app.example.test");
    assert_eq!(preflight("Origin: https://evil.test"), "");
    let refused = Web::new(&server).send("POST", token, &[origin], b"grant_type=x&client_id=spa");
    assert_eq!(
        refused.header("access-control-allow-origin"),
        "https://app.example.test"
    );
}

#[test]
fn a_program_that_asks_too_much_waits_and_others_do_not() {
    let server = Server::start_with(&["--max-requests", "5"]);
    register(&server);
    let anna = Web::program(&server, "anna@example.test", "User.Read Mail.ReadWrite");
    let one = |id: &str| json!({"id": id, "method": "GET", "url": "/me"});
    // The batch itself and four of its parts.
    let batch = json!({"requests": [one("1"), one("2"), one("3"), one("4"), one("5")]});
    let answers = anna.post("/v1.0/$batch", &batch).expect(200).json();
    let last = &answers["responses"][4];
    assert_eq!(
        (&last["status"], code(&last["body"])),
        (&json!(429), "ApplicationThrottled")
    );
    let wait: u64 = last["headers"]["Retry-After"].as_str().unwrap().parse().unwrap();
    assert!((1..=121).contains(&wait), "{wait}");
    let reply = anna.get("/v1.0/me").expect(429);
    assert_eq!(code(&reply.json()), "ApplicationThrottled");
    assert!(!reply.header("retry-after").is_empty());
    Web::program(&server, "ben@example.test", "User.Read")
        .get("/v1.0/me")
        .expect(200);
    Web::page(&server, "anna@example.test")
        .get("/v1.0/me")
        .expect(200);
}

#[test]
fn a_count_can_be_all_that_is_asked_for() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    deliver(&server, "From: a@other.test\nSubject: x\n\ny\n");
    wait_for(&web, "inbox", 1);
    let count = web.get("/v1.0/me/mailFolders/inbox/messages/$count").expect(200);
    assert_eq!(
        (count.text().as_str(), count.header("content-type")),
        ("1", "text/plain")
    );
    assert_eq!(
        web.get("/v1.0/me/messages/$count?$filter=isRead%20eq%20true")
            .expect(200)
            .text(),
        "0"
    );
    let costly = encode("contains(subject,'x')");
    let refused = web
        .get(&format!("/v1.0/me/messages/$count?$filter={costly}"))
        .expect(400);
    assert_eq!(code(&refused.json()), "InefficientFilter");
}
