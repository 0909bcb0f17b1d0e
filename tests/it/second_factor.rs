//! The second factor at every door: what it shuts, what still opens, and that no code counts twice.

use crate::imap::client::Client;
use crate::oidc::{authorize, send_form};
use crate::server::{PASSWORD, Server, run};
use crate::web::{Reply, Web, register};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";

/// What the app shows so many steps from now.
fn code(secret: &str, ahead: i64) -> String {
    let (mut bits, mut count, mut key) = (0u32, 0, Vec::new());
    for c in secret.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|l| *l == c);
        bits = (bits << 5) | u32::try_from(value.unwrap()).unwrap();
        count += 5;
        if count >= 8 {
            count -= 8;
            key.push((bits >> count) as u8);
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30;
    let step = i64::try_from(now).unwrap() + ahead;
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn delete(web: &Web, path: &str, body: &Value) -> Reply {
    let kind = ["Content-Type: application/json"];
    web.send("DELETE", path, &kind, body.to_string().as_bytes())
}

/// Switches it on for Ben, which ends what he began before. Returns the browser in which he goes on, the secret, and the codes
/// for paper; the code of the step before this one is used up.
fn switch_on(server: &Server, ben: &Web) -> (Web, String, Vec<String>) {
    let begun = ben
        .post("/api/second-factor/begin", &json!({"password": PASSWORD}))
        .expect(200)
        .json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert!(begun["address"].as_str().unwrap().contains(&secret));
    assert!(begun["squares"].as_array().unwrap().len() > 20);
    let elsewhere = Web::page(server, BEN);
    let made = ben
        .post("/api/second-factor/confirm", &json!({"code": code(&secret, -1)}))
        .expect(200);
    elsewhere.get("/api/session").expect(401);
    ben.get("/api/session").expect(401);
    let cookie = made.header("set-cookie").split(';').next().unwrap().to_owned();
    let ben = page(server).with(format!("Cookie: {cookie}"));
    ben.get("/api/session").expect(200);
    let made = made.json();
    let codes = made["recoveryCodes"].as_array().unwrap().iter();
    (
        ben,
        secret,
        codes.map(|c| c.as_str().unwrap().to_owned()).collect(),
    )
}

/// A browser at the page in which nobody is signed in.
fn page(server: &Server) -> Web {
    Web::new(server).with("Sec-Fetch-Site: same-origin")
}

fn ticket(server: &Server) -> String {
    let begun = sign_in(&page(server), PASSWORD).expect(202);
    assert_eq!(begun.header("set-cookie"), "", "not in yet");
    begun.json()["ticket"].as_str().unwrap().to_owned()
}

fn sign_in(web: &Web, password: &str) -> Reply {
    web.post("/api/session", &json!({"address": BEN, "password": password}))
}

fn with_code(server: &Server, ticket: &str, code: &str) -> Reply {
    page(server).post("/api/session/code", &json!({"ticket": ticket, "code": code}))
}

fn imap(server: &Server, password: &str) -> bool {
    let mut client = Client::from_stream(TcpStream::connect(server.imap).unwrap());
    let answer = client.ask(&format!("LOGIN {BEN} \"{password}\"")).remove(0);
    answer.starts_with("OK")
}

#[test]
fn the_password_alone_opens_no_door_and_no_code_counts_twice() {
    let server = Server::start();
    let ben = Web::page(&server, BEN);
    assert_eq!(ben.get("/api/second-factor").expect(200).json()["isOn"], false);
    ben.post("/api/second-factor/begin", &json!({"password": "falsch"}))
        .expect(400);
    ben.post("/api/second-factor/confirm", &json!({"code": "123456"}))
        .expect(409);
    let (ben, secret, paper) = switch_on(&server, &ben);
    ben.post("/api/second-factor/begin", &json!({"password": PASSWORD}))
        .expect(409);
    let standing = ben.get("/api/second-factor").expect(200).json();
    assert_eq!(
        (&standing["isOn"], &standing["recoveryCodesLeft"]),
        (&json!(true), &json!(10))
    );

    let first = ticket(&server);
    let wrong = with_code(&server, &first, "000000").expect(401).json();
    assert_eq!(wrong["error"]["reason"]["code"], "CodeWrong");
    with_code(&server, &first, &code(&secret, -1)).expect(401);
    let now = code(&secret, 0);
    let session = with_code(&server, &first, &now).expect(200);
    assert!(session.header("set-cookie").contains("hauspost"));
    // Neither the code nor the ticket counts again.
    let used = with_code(&server, &first, &code(&secret, 1)).expect(401).json();
    assert_eq!(used["error"]["reason"]["code"], "SignInExpired");
    let second = ticket(&server);
    with_code(&server, &second, &now).expect(401);
    with_code(&server, &second, &paper[0].to_lowercase()).expect(200);
    let third = ticket(&server);
    with_code(&server, &third, &paper[0]).expect(401);
    // Five tries, then the password again.
    for _ in 0..4 {
        with_code(&server, &third, "111111").expect(401);
    }
    let over = with_code(&server, &third, &paper[1]).expect(401).json();
    assert_eq!(over["error"]["reason"]["code"], "SignInExpired");
    // After ten wrong ones in all nobody gets further, whatever they have.
    let fourth = ticket(&server);
    for _ in 0..5 {
        with_code(&server, &fourth, "222222").expect(401);
    }
    with_code(&server, &ticket(&server), &paper[1]).expect(429);
    // A wrong password is as wrong as before.
    sign_in(&page(&server), "not the password").expect(401);
}

#[test]
fn devices_and_programs_have_passwords_of_their_own() {
    let server = Server::start();
    register(&server);
    let ben = Web::page(&server, BEN);
    let made = ben
        .post("/api/app-passwords", &json!({"label": "Telefon"}))
        .expect(201)
        .json();
    let device = made["password"].as_str().unwrap().to_owned();
    assert!(imap(&server, PASSWORD) && imap(&server, &device));
    sign_in(&page(&server), &device).expect(401);
    ben.post("/api/app-passwords", &json!({"label": " "})).expect(400);

    let (ben, _, paper) = switch_on(&server, &ben);
    // Past the second factor nobody makes a door without it.
    let more = json!({"label": "Tablet"});
    ben.post("/api/app-passwords", &more).expect(400);
    let more = json!({"label": "Tablet", "code": paper[1]});
    ben.post("/api/app-passwords", &more).expect(201);
    assert!(!imap(&server, PASSWORD) && imap(&server, &device));
    let dav = |password: &str| {
        use base64::Engine;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{BEN}:{password}"));
        let header = format!("Authorization: Basic {basic}");
        Web::new(&server)
            .send("PROPFIND", "/dav/", &[&header, "Depth: 0"], b"")
            .status
    };
    assert_eq!((dav(PASSWORD), dav(&device)), (401, 207));
    // The password grant has no place for a code.
    let refused = Web::new(&server).form(
        "/common/oauth2/v2.0/token",
        &[
            ("grant_type", "password"),
            ("client_id", "test-app"),
            ("username", BEN),
            ("password", PASSWORD),
            ("scope", "openid"),
        ],
    );
    assert_eq!(refused.status, 400, "{}", refused.text());

    let listed = ben.get("/api/app-passwords").expect(200).json();
    assert_eq!(listed["appPasswords"][0]["label"], "Telefon");
    let id = listed["appPasswords"][0]["id"].as_i64().unwrap();
    Web::page(&server, ANNA)
        .delete(&format!("/api/app-passwords/{id}"))
        .expect(404);
    let again = ben.delete(&format!("/api/app-passwords/{id}")).expect(200);
    assert!(!imap(&server, &device));
    ben.get("/api/session").expect(401);
    let cookie = again.header("set-cookie").split(';').next().unwrap().to_owned();
    let ben = page(&server).with(format!("Cookie: {cookie}"));
    ben.get("/api/session").expect(200);

    delete(&ben, "/api/second-factor", &json!({"code": "000000"})).expect(400);
    delete(&ben, "/api/second-factor", &json!({"code": paper[0]})).expect(204);
    assert!(imap(&server, PASSWORD));
    sign_in(&page(&server), PASSWORD).expect(200);
}

#[test]
fn programs_of_people_get_their_code_behind_the_second_factor_only() {
    let server = Server::start();
    register(&server);
    let (_, secret, paper) = switch_on(&server, &Web::page(&server, BEN));
    let web = Web::new(&server);
    let shown = web.get(&authorize(&[])).expect(200);
    let typed = [("username", BEN), ("password", PASSWORD)];
    let asked = send_form(&web, &shown, &typed).expect(200);
    assert!(asked.text().contains("one-time-code") && !asked.text().contains(PASSWORD));
    let wrong = send_form(&web, &asked, &[("second_code", "000000")]).expect(401);
    let next = send_form(&web, &wrong, &[("second_code", &code(&secret, 0))]);
    let agreed = send_form(&web, &next.expect(200), &[("agree", "yes")]).expect(303);
    assert!(
        agreed.header("location").contains("code="),
        "{}",
        agreed.header("location")
    );
    // A made-up ticket leads back to the beginning.
    let shown = web.get(&authorize(&[])).expect(200);
    let forged = send_form(
        &web,
        &shown,
        &[("second_ticket", "x"), ("second_code", &paper[0])],
    )
    .expect(401);
    assert!(forged.text().contains("name=\"password\""));
}

#[test]
fn administrators_take_it_away_for_who_has_lost_everything() {
    let server = Server::start();
    let (ben, ..) = switch_on(&server, &Web::page(&server, BEN));
    let anna = Web::page(&server, ANNA);
    let path = format!("/api/admin/accounts/{BEN}");
    assert_eq!(anna.get(&path).expect(200).json()["hasSecondFactor"], true);
    ben.delete(&format!("{path}/second-factor")).expect(403);
    anna.delete(&format!("{path}/second-factor")).expect(204);
    assert_eq!(anna.get(&path).expect(200).json()["hasSecondFactor"], false);
    sign_in(&page(&server), PASSWORD).expect(200);
    switch_on(&server, &Web::page(&server, BEN));
    run(
        server.data.path(),
        &["account", "set", BEN, "--reset-second-factor"],
    );
    sign_in(&page(&server), PASSWORD).expect(200);
    let audit = anna.get("/api/admin/audit?top=20").expect(200).text();
    assert!(audit.contains("second-factor.reset") && audit.contains("second-factor.on"));
}
