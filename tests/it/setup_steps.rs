//! The wizard by its calls: what comes after the office is there stays with the server, whatever browser goes on.

use crate::server::{Folder, PASSWORD, Server};
use crate::web::Web;
use serde_json::{Value, json};

/// Sets the office up as the page does; the administrator, signed in.
fn through_the_wizard(server: &Server) -> Web {
    let code = server
        .said
        .iter()
        .find_map(|l| l.strip_prefix("Set-up code: "))
        .unwrap();
    let web = Web::new(server);
    let origin = format!("Origin: {}", web.base);
    let claimed = web
        .with(&origin)
        .post("/api/setup/claim", &json!({"code": code}))
        .expect(200);
    let cookie = claimed.header("set-cookie").split(';').next().unwrap().to_owned();
    let web = Web::new(server).with(&origin).with(format!("Cookie: {cookie}"));
    for (step, body) in [
        ("language", json!({"language": "de"})),
        (
            "office",
            json!({"officeName": "Kanzlei", "domain": "example.test"}),
        ),
        (
            "admin",
            json!({"name": "Anna", "address": "anna@example.test", "password": PASSWORD}),
        ),
        ("inbound", json!({"mode": "later"})),
        ("outbound", json!({"mode": "later"})),
        (
            "people",
            json!({"people": [{"name": "Ben", "address": "ben@example.test", "password": PASSWORD}]}),
        ),
    ] {
        put(&web, &format!("/api/setup/{step}"), &body, 200);
    }
    let done = web.post("/api/setup/finish", &json!({})).expect(200);
    assert_eq!(done.json()["isSettingUp"], true);
    Web::page(server, "anna@example.test")
}

fn put(web: &Web, path: &str, body: &Value, status: u16) -> Value {
    let json = ["Content-Type: application/json"];
    web.send("PUT", path, &json, body.to_string().as_bytes())
        .expect(status)
        .json()
}

const AT: &str = "/api/admin/setup";

#[test]
fn the_wizard_is_gone_on_with_where_it_was_left_until_it_is_over() {
    let mut server = Server::serve(Folder::new(), &[]);
    let anna = through_the_wizard(&server);
    let first = anna.get(AT).expect(200).json();
    assert_eq!(
        first,
        json!({"step": "certificate", "reached": "certificate", "isPutOff": false, "trial": null})
    );
    let trial = json!({"to": "anna@example.test", "code": "ABCD2345"});
    put(&anna, AT, &json!({"step": "backup", "trial": trial}), 200);
    let back = put(&anna, AT, &json!({"step": "rooms", "trial": trial}), 200);
    assert_eq!(back["reached"], "backup", "who goes back can go on again");
    server.stop();
    server.start_again();
    let again = Web::page(&server, "anna@example.test");
    assert_eq!(again.get(AT).expect(200).json(), back);
    assert_eq!(again.get("/api/session").expect(200).json()["isSettingUp"], true);
    // Others are not asked.
    let ben = Web::page(&server, "ben@example.test");
    assert_eq!(ben.get("/api/session").expect(200).json()["isSettingUp"], false);
    for wrong in [
        json!({"step": "office"}),
        json!({"step": "mail", "trial": {"to": "nobody", "code": "A"}}),
        json!({"step": "mail", "trial": {"to": "anna@example.test", "code": "a b"}}),
    ] {
        put(&again, AT, &wrong, 400);
    }
    put(&again, AT, &json!({"step": "rooms", "isPutOff": true}), 200);
    assert_eq!(
        again.get("/api/session").expect(200).json()["isSettingUp"],
        false,
        "it does not come by itself"
    );
    assert_eq!(again.get(AT).expect(200).json()["step"], "rooms");
    again.delete(AT).expect(204);
    assert_eq!(again.get(AT).expect(200).json(), json!({"step": null}));
    put(&again, AT, &json!({"step": "rooms"}), 404);
}
