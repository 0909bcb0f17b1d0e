//! What programs are allowed: agreements of people, registrations by administrators, keys, sign-ins that end.

use crate::oidc::{TOKEN, VERIFIER, authorize, claims, error, send_form, send_form_of};
use crate::server::{PASSWORD, Server, wait_until};
use crate::web::{Reply, Web, register};
use serde_json::{Value, json};
use std::time::Duration;

/// What is promised of everything that is taken back.
const AT_ONCE: Duration = Duration::from_secs(1);

fn sign_in(web: &Web, page: &Reply) -> Reply {
    send_form(
        web,
        page,
        &[("username", "anna@example.test"), ("password", PASSWORD)],
    )
}

/// The value that the program is called back with.
fn called_back(reply: &Reply, name: &str) -> Option<String> {
    let url = url::Url::parse(reply.header("location")).unwrap();
    url.query_pairs()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.into_owned())
}

fn exchange(web: &Web, code: &str) -> Value {
    let values = [
        ("grant_type", "authorization_code"),
        ("client_id", "test-app"),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", "http://localhost:53682"),
    ];
    web.form(TOKEN, &values).expect(200).json()
}

fn bearing(server: &Server, tokens: &Value) -> Web {
    let token = tokens["access_token"].as_str().unwrap();
    Web::new(server).with(format!("Authorization: Bearer {token}"))
}

#[test]
fn a_person_is_asked_once_and_again_when_more_is_wanted() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let german = |path: &str| web.send("GET", path, &["Accept-Language: de"], b"").expect(200);
    let wanted = authorize(&[("scope", "openid Mail.Read Mail.ReadWrite offline_access")]);
    let asked = sign_in(&web, &german(&wanted)).expect(200);
    let text = asked.text();
    for told in [
        "<h1>Zustimmen?</h1>",
        "<b>Test &amp; Co</b> möchte für Sie:",
        "<li>wissen, wer Sie sind: Ihr Name und Ihre Adresse</li>\n<li>Ihre E-Mails lesen, ändern und löschen</li>\n\
         <li>das auch tun, während Sie nicht da sind, bis Sie es zurücknehmen</li>\n</ul>",
        "<b>anna@example.test</b>",
        "<b>http://localhost:53682</b>",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    // The ticket in the page is no code.
    let ticket = text.split_once("name=\"ticket\" value=\"").unwrap().1;
    let ticket = ticket.split_once('"').unwrap().0;
    let forged = [
        ("grant_type", "authorization_code"),
        ("client_id", "test-app"),
        ("code", ticket),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(error(&web.form(TOKEN, &forged).expect(400)).0, "invalid_grant");
    let declined = send_form(&web, &asked, &[("agree", "no")]).expect(303);
    assert_eq!(called_back(&declined, "error").unwrap(), "access_denied");
    assert_eq!(called_back(&declined, "state").unwrap(), "a b&c");
    // It serves once, and for nothing else than what was shown.
    assert!(
        send_form(&web, &asked, &[("agree", "yes")])
            .expect(403)
            .text()
            .contains("zu lange offen")
    );
    let asked = sign_in(&web, &german(&wanted)).expect(200);
    let wider = Reply {
        body: asked
            .text()
            .replace("openid Mail.Read", "openid Mail.Send")
            .into_bytes(),
        ..asked
    };
    send_form(&web, &wider, &[("agree", "yes")]).expect(403);
    let asked = sign_in(&web, &german(&wanted)).expect(200);
    let agreed = send_form(&web, &asked, &[("agree", "yes")]).expect(303);
    exchange(&web, &called_back(&agreed, "code").unwrap());
    // Remembered, also for less; and asked again for more, or when the program wants it.
    let ask = |scope: &str, prompt: &str| {
        sign_in(&web, &german(&authorize(&[("scope", scope), ("prompt", prompt)])))
    };
    ask("openid Mail.Read", "").expect(303);
    let more = ask("openid Mail.Send", "").expect(200);
    assert!(more.text().contains("<li>E-Mails in Ihrem Namen senden</li>"));
    ask("openid", "consent").expect(200);
    let listed = server.cli(&["app", "agreed", "test-app", "--json"]);
    assert!(
        listed.contains("\"anna@example.test\"") && listed.contains("\"Mail.ReadWrite\""),
        "{listed}"
    );
    assert!(!listed.contains("Mail.Send"), "{listed}");
}

#[test]
fn who_is_trusted_does_not_ask_and_who_is_limited_cannot() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    server.cli(&[
        "app",
        "change",
        "test-app",
        "--trusted",
        "--permission",
        "Mail.Read",
    ]);
    let page = web.get(&authorize(&[("scope", "openid Mail.Read")])).expect(200);
    let back = sign_in(&web, &page).expect(303);
    let tokens = exchange(&web, &called_back(&back, "code").unwrap());
    assert_eq!(claims(&tokens["access_token"])["scp"], "openid Mail.Read");
    let refused = web.get(&authorize(&[("scope", "openid Mail.Send")])).expect(303);
    assert_eq!(called_back(&refused, "error").unwrap(), "invalid_scope");
    let page = web
        .get(&authorize(&[("scope", "https://graph.microsoft.com/.default")]))
        .expect(200);
    let tokens = exchange(
        &web,
        &called_back(&sign_in(&web, &page).expect(303), "code").unwrap(),
    );
    assert_eq!(claims(&tokens["access_token"])["scp"], "Mail.Read");
    assert_eq!(tokens["scope"], "https://graph.microsoft.com/.default");
    let me = bearing(&server, &tokens);
    me.get("/v1.0/me/messages").expect(200);
    // Narrowed: tokens that are out give no more than that.
    server.cli(&["app", "change", "test-app", "--permission", "Contacts.Read"]);
    me.get("/v1.0/me/messages").expect(403);
    server.cli(&["app", "change", "test-app", "--not-trusted"]);
    me.get("/v1.0/me/messages").expect(401);
}

#[test]
fn what_is_taken_back_ends_within_a_second() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let enter = || {
        let page = web.get(&authorize(&[("prompt", "consent")])).expect(200);
        let agreed = send_form(&web, &sign_in(&web, &page), &[("agree", "yes")]).expect(303);
        exchange(&web, &called_back(&agreed, "code").unwrap())
    };
    let refresh = |tokens: &Value| {
        let token = tokens["refresh_token"].as_str().unwrap();
        let values = [
            ("grant_type", "refresh_token"),
            ("client_id", "test-app"),
            ("refresh_token", token),
        ];
        web.form(TOKEN, &values)
    };
    let is_out = |tokens: &Value, how: &str| {
        let me = bearing(&server, tokens);
        wait_until(how, AT_ONCE, || me.get("/v1.0/me/messages").status == 401);
        assert_eq!(error(&refresh(tokens).expect(400)).0, "invalid_grant", "{how}");
    };
    let is_in = |tokens: &Value| bearing(&server, tokens).get("/v1.0/me/messages").expect(200);
    let anna = Web::page(&server, "anna@example.test");

    let (first, second) = (enter(), enter());
    is_in(&first);
    // A program gives a token back: that sign-in ends, the other one stays.
    let give = |token: &Value| {
        let values = [("client_id", "test-app"), ("token", token.as_str().unwrap())];
        web.form("/common/oauth2/v2.0/revoke", &values).expect(200)
    };
    give(&first["refresh_token"]);
    is_out(&first, "the refresh token was revoked");
    is_in(&second);
    give(&second["access_token"]);
    is_out(&second, "the access token was revoked");
    give(&json!("nonsense"));

    // Signing out at the program.
    let third = enter();
    let hint = third["id_token"].as_str().unwrap();
    let gone = web
        .get(&format!(
            "/common/oauth2/v2.0/logout?id_token_hint={hint}&post_logout_redirect_uri=http%3A%2F%2Flocalhost&state=x"
        ))
        .expect(303);
    assert_eq!(gone.header("location"), "http://localhost?state=x");
    is_out(&third, "the person has signed out");

    // Tokens that were exchanged for others belong to the same sign-in.
    let next = refresh(&enter()).expect(200).json();
    is_in(&next);

    // The person takes their agreement back; programs cannot.
    let list = anna.get("/api/agreements").expect(200).json();
    assert_eq!(list["agreements"][0]["clientId"], "test-app");
    bearing(&server, &next).get("/api/agreements").expect(403);
    anna.delete("/api/agreements/test-app").expect(204);
    is_out(&next, "the agreement was taken back");
    anna.delete("/api/agreements/test-app").expect(404);

    // An administrator does, from the command line, while the server runs.
    let fifth = enter();
    server.cli(&["app", "withdraw", "test-app", "--account", "anna@example.test"]);
    is_out(&fifth, "an administrator took it back");

    let sixth = enter();
    server.cli(&["app", "remove", "test-app"]);
    let me = bearing(&server, &sixth);
    wait_until("the registration is gone", AT_ONCE, || {
        me.get("/v1.0/me/messages").status == 401
    });
}

#[test]
fn an_administrator_registers_programs_at_the_page() {
    let server = Server::start();
    register(&server);
    let anna = Web::page(&server, "anna@example.test");
    let made = anna.post(
        "/api/apps",
        &json!({"clientId": "nightly", "name": "Nightly", "secret": true, "appPermissions": ["Mail.Read"],
                "mailboxes": ["ben@example.test"], "redirectUris": ["https://x.test/back"]}),
    );
    let made = made.expect(201).json();
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(
        (&made["hasSecret"], &made["mailboxes"], &made["permissions"]),
        (&json!(true), &json!(["ben@example.test"]), &Value::Null)
    );
    let enter = |secret: &str| {
        let values = [
            ("grant_type", "client_credentials"),
            ("client_id", "nightly"),
            ("client_secret", secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        Web::new(&server).form(TOKEN, &values)
    };
    let program = bearing(&server, &enter(secret).expect(200).json());
    program.get("/v1.0/users/ben@example.test/messages").expect(200);
    program.get("/v1.0/users/anna@example.test/messages").expect(404);
    anna.post("/api/apps", &json!({"clientId": "nightly", "name": "Again"}))
        .expect(409);
    // What is not named stays.
    let changed = anna
        .patch(
            "/api/apps/nightly",
            &json!({"mailboxes": null, "permissions": ["openid"]}),
        )
        .expect(200)
        .json();
    assert_eq!(
        (&changed["mailboxes"], &changed["hasSecret"]),
        (&Value::Null, &json!(true))
    );
    program.get("/v1.0/users/anna@example.test/messages").expect(200);
    enter(secret).expect(200);
    let renewed = anna
        .patch("/api/apps/nightly", &json!({"secret": true}))
        .expect(200)
        .json();
    enter(secret).expect(401);
    enter(renewed["secret"].as_str().unwrap()).expect(200);
    for wrong in [
        json!({"appPermissions": ["Mail.Destroy"]}),
        json!({"redirectUris": ["javascript:alert(1)"]}),
        json!({"certificate": "nonsense"}),
        json!({"name": ""}),
        json!({"clientId": "other"}),
        json!({"nonsense": 1}),
    ] {
        anna.patch("/api/apps/nightly", &wrong).expect(400);
    }
    let listed = anna.get("/api/apps").expect(200).json();
    let names: Vec<&str> = listed["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "DavMail",
            "GNOME Evolution",
            "Mozilla Thunderbird",
            "Nightly",
            "Test & Co"
        ]
    );
    // Not for others, and not for programs of an administrator.
    let ben = Web::page(&server, "ben@example.test");
    let annas = Web::program(
        &server,
        "anna@example.test",
        "https://graph.microsoft.com/.default",
    );
    for other in [&ben, &annas] {
        other.get("/api/apps").expect(403);
        other.post("/api/apps", &json!({"name": "x"})).expect(403);
        other.post("/api/signing-key", &json!({})).expect(403);
    }
    anna.delete("/api/apps/nightly").expect(204);
    anna.get("/api/apps/nightly").expect(404);
    program.get("/v1.0/users/ben@example.test/messages").expect(401);
}

#[test]
fn keys_change_while_the_server_runs_and_old_tokens_go_on() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let ids = || -> Vec<String> {
        let keys = web.get("/common/discovery/v2.0/keys").expect(200).json();
        let keys = keys["keys"].as_array().unwrap();
        keys.iter()
            .map(|k| k["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    let old = Web::program(&server, "ben@example.test", "Mail.Read");
    let before = ids();
    let made: Value = serde_json::from_str(&server.cli(&["app", "rotate-key", "--json"])).unwrap();
    wait_until("the new key is shown", AT_ONCE, || ids().len() == 2);
    assert_eq!(ids(), [made["keyId"].as_str().unwrap(), before[0].as_str()]);
    old.get("/v1.0/me/messages").expect(200);
    let new = Web::program(&server, "ben@example.test", "Mail.Read");
    let token = new.authorization().split(' ').next_back().unwrap().to_owned();
    let header = token.split('.').next().unwrap();
    let header = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["kid"], made["keyId"]);
    // A key that somebody else may have: nothing that it signed is believed.
    Web::page(&server, "anna@example.test")
        .post("/api/signing-key", &json!({"atOnce": true}))
        .expect(200);
    for program in [&old, &new] {
        wait_until("the old keys are gone", AT_ONCE, || {
            program.get("/v1.0/me/messages").status == 401
        });
    }
    assert_eq!(ids().len(), 1);
}

#[test]
fn a_program_of_plain_openid_connect_finds_everything_at_the_host() {
    let server = Server::start();
    register(&server);
    server.cli(&["account", "add", "office@example.test", "--kind", "group"]);
    server.cli(&[
        "account",
        "member",
        "add",
        "office@example.test",
        "anna@example.test",
    ]);
    let web = Web::new(&server);
    let found = web.get("/.well-known/openid-configuration").expect(200).json();
    assert_eq!(found["issuer"], web.base.as_str());
    assert_eq!(
        found["token_endpoint"],
        format!("{}/oidc/oauth2/v2.0/token", web.base)
    );
    web.get(found["jwks_uri"].as_str().unwrap()).expect(200);
    let path = authorize(&[("scope", "openid email groups")]).replace("/common/", "/oidc/");
    let page = web.get(&path).expect(200);
    let typed = [("username", "anna@example.test"), ("password", PASSWORD)];
    let asked = send_form_of("oidc", &web, &page, &typed).expect(200);
    let agreed = send_form_of("oidc", &web, &asked, &[("agree", "yes")]).expect(303);
    assert_eq!(called_back(&agreed, "iss").unwrap(), web.base);
    let values = [
        ("grant_type", "authorization_code"),
        ("client_id", "test-app"),
        ("code", &called_back(&agreed, "code").unwrap()),
        ("code_verifier", VERIFIER),
    ];
    let tokens = web.form("/oidc/oauth2/v2.0/token", &values).expect(200).json();
    let id = claims(&tokens["id_token"]);
    assert_eq!(
        (&id["iss"], &id["groups"], &id["email_verified"]),
        (&json!(web.base), &json!(["office@example.test"]), &json!(true))
    );
    let me = bearing(&server, &tokens).get("/oidc/userinfo").expect(200).json();
    assert_eq!(
        (&me["sub"], &me["groups"], &me["email"]),
        (&id["sub"], &id["groups"], &json!("anna@example.test"))
    );
}

/// A statement that the program signs about itself (RFC 7523).
fn statement(key: &str, web: &Web, name: &str, life_s: i64) -> String {
    let now_s = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    let claims = json!({
        "iss": "certified", "sub": "certified", "aud": format!("{}{TOKEN}", web.base), "jti": name, "exp": now_s + life_s,
    });
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(key.as_bytes()).unwrap();
    jsonwebtoken::encode(
        &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256),
        &claims,
        &key,
    )
    .unwrap()
}

#[test]
fn a_statement_of_a_program_is_taken_once() {
    let mut server = Server::start();
    let folder = server.data.path().to_owned();
    let (key, certificate) = (folder.join("app-key.pem"), folder.join("app.pem"));
    let made = std::process::Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=app", "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success());
    let key = std::fs::read_to_string(key).unwrap();
    let certificate = certificate.to_str().unwrap();
    server.cli(&[
        "app",
        "add",
        "--client-id",
        "certified",
        "--name",
        "C",
        "--certificate",
        certificate,
        "--app-permission",
        "Mail.Read",
    ]);
    let web = Web::new(&server);
    let show = |statement: &str| {
        let values = [
            ("grant_type", "client_credentials"),
            ("client_id", "certified"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", statement),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        web.form(TOKEN, &values)
    };
    let first = statement(&key, &web, "one", 300);
    show(&first).expect(200);
    assert_eq!(
        error(&show(&first).expect(401)),
        ("invalid_client".into(), json!(700027))
    );
    // Its name counts, not its bytes; and it is remembered by a server that was started again.
    server.kill();
    server.start_again();
    show(&statement(&key, &web, "one", 310)).expect(401);
    show(&statement(&key, &web, "two", 300)).expect(200);
    show(&statement(&key, &web, "three", -600)).expect(401);
    server.cli(&["app", "change", "certified", "--repeated-assertions"]);
    show(&first).expect(200);
}

#[test]
fn a_device_that_somebody_declines_is_told_so() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let wanted = [("client_id", "test-app"), ("scope", "openid Mail.Send")];
    let begun = web
        .form("/common/oauth2/v2.0/devicecode", &wanted)
        .expect(200)
        .json();
    let text = |name: &str| begun[name].as_str().unwrap();
    let hidden = |page: &Reply, name: &str| {
        let page = page.text();
        let rest = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    let send = |from: &Reply, typed: &[(&str, &str)]| {
        let token = hidden(from, "form_token");
        let mut all = vec![("form_token", token.as_str()), ("user_code", text("user_code"))];
        all.extend(typed);
        let body: Vec<String> = all
            .iter()
            .map(|(n, v)| format!("{n}={}", crate::web::encode(v)))
            .collect();
        let cookie = from.header("set-cookie").split(';').next().unwrap();
        let headers = [
            &format!("Cookie: {cookie}"),
            "Content-Type: application/x-www-form-urlencoded",
        ];
        web.send(
            "POST",
            text("verification_uri"),
            &headers,
            body.join("&").as_bytes(),
        )
    };
    let shown = web.get(text("verification_uri")).expect(200);
    let asked = send(
        &shown,
        &[("username", "anna@example.test"), ("password", PASSWORD)],
    );
    let asked = asked.expect(200);
    let ticket = hidden(&asked, "ticket");
    let told = send(&asked, &[("ticket", &ticket), ("agree", "no")]).expect(200);
    assert!(
        told.text().contains("The device is not signed in."),
        "{}",
        told.text()
    );
    let poll = || {
        let values = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "test-app"),
            ("device_code", text("device_code")),
        ];
        error(&web.form(TOKEN, &values).expect(400)).0
    };
    assert_eq!(poll(), "authorization_declined");
    assert_eq!(poll(), "bad_verification_code");
    // The ticket serves once, also for who changes their mind.
    send(&asked, &[("ticket", &ticket), ("agree", "yes")]).expect(400);
}
