//! Sign-in for programs, with the addresses and answers that Microsoft's libraries know.

use crate::server::{PASSWORD, Server};
use crate::web::{Reply, Web, encode, register};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A verifier and its S256 challenge (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const TOKEN: &str = "/common/oauth2/v2.0/token";

pub fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub fn authorize(changes: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("client_id", "test-app"),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:53682"),
        (
            "scope",
            "openid offline_access https://graph.microsoft.com/Mail.Read",
        ),
        ("state", "a b&c"),
        ("nonce", "n1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        all.retain(|(n, _)| n != name);
        all.push((name, value));
    }
    let query: Vec<String> = all
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(n, v)| format!("{n}={}", encode(v)))
        .collect();
    format!("/common/oauth2/v2.0/authorize?{}", query.join("&"))
}

/// Signs in on the page, and agrees when asked.
fn submit(web: &Web, page: &Reply, password: &str) -> Reply {
    let next = send_form(
        web,
        page,
        &[("username", "anna@example.test"), ("password", password)],
    );
    match next.text().contains("name=\"ticket\"") {
        true => send_form(web, &next, &[("agree", "yes")]),
        false => next,
    }
}

/// Sends a page's form with what is typed into it, as a browser does.
pub fn send_form(web: &Web, page: &Reply, typed: &[(&str, &str)]) -> Reply {
    send_form_of("common", web, page, typed)
}

pub fn send_form_of(tenant: &str, web: &Web, page: &Reply, typed: &[(&str, &str)]) -> Reply {
    let text = page.text();
    let hidden = text.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| {
        let (name, rest) = rest.split_once("\" value=\"").unwrap();
        let value = rest.split_once('"').unwrap().0;
        let plain = value
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        (name.to_owned(), plain)
    });
    let mut values: Vec<(String, String)> = hidden.collect();
    values.extend(typed.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    let body: Vec<String> = values.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect();
    let cookie = format!("Cookie: {}", page.header("set-cookie").split(';').next().unwrap());
    let headers = [
        cookie.as_str(),
        "Content-Type: application/x-www-form-urlencoded",
        "Accept-Language: de",
    ];
    web.send(
        "POST",
        &format!("/{tenant}/oauth2/v2.0/authorize?"),
        &headers,
        body.join("&").as_bytes(),
    )
}

pub fn error(reply: &Reply) -> (String, Value) {
    let body = reply.json();
    let description = body["error_description"].as_str().unwrap();
    let code = &body["error_codes"][0];
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{body}");
    for member in ["timestamp", "trace_id", "correlation_id"] {
        assert!(body[member].is_string(), "{body}");
    }
    (body["error"].as_str().unwrap().to_owned(), code.clone())
}

#[test]
fn discovery_answers_under_every_name_of_the_tenant() {
    let server = Server::start();
    let web = Web::new(&server);
    let found = web
        .get("/common/v2.0/.well-known/openid-configuration")
        .expect(200)
        .json();
    let issuer = found["issuer"].as_str().unwrap();
    let tenant = issuer
        .strip_prefix(&format!("{}/", web.base))
        .and_then(|r| r.strip_suffix("/v2.0"))
        .unwrap();
    for name in ["organizations", "consumers", "Example.test", tenant] {
        let same = web
            .get(&format!("/{name}/v2.0/.well-known/openid-configuration"))
            .expect(200)
            .json();
        assert_eq!(same, found, "{name}");
    }
    for (member, path) in [
        ("authorization_endpoint", "oauth2/v2.0/authorize"),
        ("token_endpoint", "oauth2/v2.0/token"),
        ("device_authorization_endpoint", "oauth2/v2.0/devicecode"),
        ("jwks_uri", "discovery/v2.0/keys"),
        ("end_session_endpoint", "oauth2/v2.0/logout"),
    ] {
        assert_eq!(found[member], format!("{}/{tenant}/{path}", web.base));
    }
    let keys = web.get(found["jwks_uri"].as_str().unwrap()).expect(200).json();
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kty"], &key["use"], &key["alg"]),
        (&json!("RSA"), &json!("sig"), &json!("RS256"))
    );
    let foreign = web
        .get("/other.test/v2.0/.well-known/openid-configuration")
        .expect(400);
    assert_eq!(error(&foreign), ("invalid_request".into(), json!(90002)));
    let ours = web.get(&format!(
        "/common/discovery/instance?api-version=1.1&authorization_endpoint={}",
        encode(&format!("{}/common/oauth2/v2.0/authorize", web.base))
    ));
    assert_eq!(
        ours.expect(200).json()["tenant_discovery_endpoint"],
        format!("{issuer}/.well-known/openid-configuration")
    );
    web.get("/common/discovery/instance?authorization_endpoint=https%3A%2F%2Fevil.test%2Fx")
        .expect(400);
}

#[test]
fn a_person_signs_in_on_the_page_and_the_program_gets_its_tokens() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let page = web
        .send(
            "GET",
            &authorize(&[("login_hint", "anna@example.test")]),
            &["Accept-Language: de-DE,de;q=0.9"],
            b"",
        )
        .expect(200);
    let text = page.text();
    assert!(
        text.contains("<h1>Anmelden</h1>") && text.contains("<b>Test &amp; Co</b>"),
        "{text}"
    );
    assert!(
        text.contains("value=\"anna@example.test\"") && text.matches("<script").count() == 1,
        "{text}"
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'sha256-")
            && policy.contains("'; form-action 'self' http://localhost:53682;"),
        "{policy}"
    );
    let again = submit(&web, &page, "wrong").expect(401);
    assert!(again.text().contains("Adresse oder Passwort ist falsch."));
    let back = submit(&web, &again, PASSWORD).expect(303);
    let location = back.header("location");
    let query = location.strip_prefix("http://localhost:53682?").unwrap();
    let code = query
        .strip_prefix("code=")
        .and_then(|q| q.split_once('&'))
        .unwrap();
    assert_eq!(code.1, "state=a+b%26c");
    let exchange = |verifier: &str| {
        web.form(
            TOKEN,
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "test-app"),
                ("code", code.0),
                ("code_verifier", verifier),
                ("redirect_uri", "http://localhost:53682"),
                ("client_info", "1"),
            ],
        )
    };
    let tokens = exchange(VERIFIER).expect(200).json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(3599))
    );
    assert_eq!(
        tokens["scope"],
        "openid offline_access https://graph.microsoft.com/Mail.Read"
    );
    let id = claims(&tokens["id_token"]);
    let access = claims(&tokens["access_token"]);
    assert!(
        id["auth_time"].is_i64() && access["sid"].is_string(),
        "{id} {access}"
    );
    let info: Value = serde_json::from_slice(
        &URL_SAFE_NO_PAD
            .decode(tokens["client_info"].as_str().unwrap())
            .unwrap(),
    )
    .unwrap();
    assert_eq!(info, json!({"uid": id["oid"], "utid": id["tid"]}));
    assert_eq!(
        id,
        json!({
            "iss": format!("{}/{}/v2.0", web.base, id["tid"].as_str().unwrap()), "aud": "test-app", "nonce": "n1", "ver": "2.0",
            "exp": id["exp"], "iat": id["iat"], "nbf": id["iat"], "sid": access["sid"], "auth_time": id["auth_time"], "sub": id["sub"], "oid": id["oid"], "tid": id["tid"],
            "preferred_username": "anna@example.test", "unique_name": "anna@example.test", "email": "anna@example.test", "name": "anna@example.test",
        })
    );
    assert_eq!(
        (&access["aud"], &access["scp"], &access["appid"]),
        (
            &json!("https://graph.microsoft.com"),
            &json!("openid Mail.Read"),
            &json!("test-app")
        )
    );
    let me = Web::new(&server).with(format!(
        "Authorization: Bearer {}",
        tokens["access_token"].as_str().unwrap()
    ));
    me.get("/v1.0/me/messages").expect(200);
    assert_eq!(me.get("/oidc/userinfo").expect(200).json()["sub"], id["sub"]);
    // An id token is no access token, and a code serves once.
    Web::new(&server)
        .with(format!(
            "Authorization: Bearer {}",
            tokens["id_token"].as_str().unwrap()
        ))
        .get("/v1.0/me/messages")
        .expect(401);
    assert_eq!(
        error(&exchange(VERIFIER).expect(400)),
        ("invalid_grant".into(), json!(70008))
    );
}

#[test]
fn a_wrong_verifier_uses_the_code_up() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let page = web.get(&authorize(&[("response_mode", "fragment")])).expect(200);
    let back = submit(&web, &page, PASSWORD).expect(303);
    let code = back
        .header("location")
        .strip_prefix("http://localhost:53682#code=")
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let exchange = |verifier: &str| {
        web.form(
            TOKEN,
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "test-app"),
                ("code", &code),
                ("code_verifier", verifier),
            ],
        )
    };
    assert_eq!(
        error(&exchange("wrong").expect(400)),
        ("invalid_grant".into(), json!(501481))
    );
    assert_eq!(
        error(&exchange(VERIFIER).expect(400)),
        ("invalid_grant".into(), json!(70008))
    );
}

#[test]
fn wrong_requests_are_told_to_the_program_or_only_to_the_person() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    // Who is not registered is not called back.
    for (changes, number) in [
        (("client_id", "unknown"), "AADSTS700016"),
        (("redirect_uri", "http://localhost.evil.test/"), "AADSTS50011"),
        (("redirect_uri", "https://localhost:53682"), "AADSTS50011"),
        (("response_mode", "web_message"), "AADSTS70007"),
    ] {
        let reply = web.get(&authorize(&[changes])).expect(400);
        assert!(
            reply.text().contains(number) && reply.header("location").is_empty(),
            "{changes:?} {}",
            reply.text()
        );
    }
    for (changes, want) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "https://evil.test/Mail.Read"), "invalid_scope"),
        (("prompt", "none"), "login_required"),
    ] {
        let reply = web.get(&authorize(&[changes])).expect(303);
        let location = reply.header("location");
        assert!(
            location.starts_with(&format!("http://localhost:53682?error={want}&")),
            "{changes:?} {location}"
        );
        assert!(location.ends_with("&state=a+b%26c"), "{location}");
    }
    // A form that did not come from our page signs nobody in.
    let page = web.get(&authorize(&[])).expect(200);
    let stolen = Reply {
        headers: vec![("set-cookie".into(), "__Host-hauspost-sign-in=other;".into())],
        ..page
    };
    assert!(
        submit(&web, &stolen, PASSWORD)
            .expect(403)
            .text()
            .contains("zu lange offen")
    );
    // What a stranger writes into the address stays text.
    let page = web
        .get(&authorize(&[("state", "\"><script>alert(1)</script>")]))
        .expect(200);
    assert!(
        page.text().contains("&quot;&gt;&lt;script&gt;alert(1)") && !page.text().contains("<script>alert")
    );
    let posted = web.get(&authorize(&[("response_mode", "form_post")])).expect(200);
    let posted = submit(&web, &posted, PASSWORD).expect(200);
    assert!(
        posted
            .text()
            .contains("<form method=\"post\" action=\"http://localhost:53682\">"),
        "{}",
        posted.text()
    );
    assert!(
        posted.text().contains("name=\"state\" value=\"a b&amp;c\""),
        "{}",
        posted.text()
    );
}

#[test]
fn refresh_tokens_rotate_and_give_no_more_than_was_granted() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let sign_in = [
        ("grant_type", "password"),
        ("client_id", "test-app"),
        ("username", "anna@example.test"),
        ("password", PASSWORD),
        ("scope", "Mail.ReadWrite offline_access"),
    ];
    let first = web.form(TOKEN, &sign_in).expect(200).json();
    let refresh = |token: &Value, scope: &str| {
        web.form(
            TOKEN,
            &[
                ("grant_type", "refresh_token"),
                ("client_id", "test-app"),
                ("refresh_token", token.as_str().unwrap()),
                ("scope", scope),
            ],
        )
    };
    assert_eq!(
        error(&refresh(&first["refresh_token"], "Mail.Send").expect(400)),
        ("invalid_grant".into(), json!(65001))
    );
    let second = refresh(&first["refresh_token"], "https://graph.microsoft.com/Mail.Read")
        .expect(200)
        .json();
    assert_eq!(
        second["scope"],
        "https://graph.microsoft.com/Mail.Read offline_access"
    );
    assert_eq!(claims(&second["access_token"])["scp"], "Mail.Read");
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(
        refresh(&second["refresh_token"], "").expect(200).json()["scope"],
        "Mail.ReadWrite offline_access"
    );
    assert_eq!(
        error(&refresh(&json!("nonsense"), "").expect(400)),
        ("invalid_grant".into(), json!(70043))
    );
}

#[test]
fn passwords_and_secrets_are_taken_only_where_they_are_allowed() {
    let server = Server::start();
    register(&server);
    let made = server.cli(&[
        "app",
        "add",
        "--client-id",
        "secret-app",
        "--name",
        "S",
        "--redirect",
        "https://app.test/back",
        "--secret",
        "--json",
    ]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let secret = made["secret"].as_str().unwrap_or_else(|| panic!("{made}"));
    let web = Web::new(&server);
    let ask = |id: &str, more: &[(&str, &str)]| {
        let mut all = vec![
            ("client_id", id),
            ("username", "anna@example.test"),
            ("password", PASSWORD),
            ("scope", "openid"),
        ];
        all.extend(more);
        web.form(TOKEN, &all)
    };
    let password = ("grant_type", "password");
    ask("test-app", &[password]).expect(200);
    for (reply, status, want, number) in [
        (ask("secret-app", &[password]), 401, "invalid_client", 7000218),
        (
            ask("secret-app", &[password, ("client_secret", "wrong")]),
            401,
            "invalid_client",
            7000215,
        ),
        (
            ask("secret-app", &[password, ("client_secret", secret)]),
            400,
            "unauthorized_client",
            7000113,
        ),
        (
            ask("test-app", &[password, ("client_secret", "x")]),
            401,
            "invalid_client",
            700025,
        ),
        (ask("unknown", &[password]), 400, "unauthorized_client", 700016),
        (
            ask("test-app", &[("grant_type", "implicit")]),
            400,
            "unsupported_grant_type",
            70003,
        ),
        (ask("test-app", &[]), 400, "invalid_request", 900144),
    ] {
        assert_eq!(error(&reply.expect(status)), (want.to_owned(), json!(number)));
    }
    let wrong = web.form(
        TOKEN,
        &[
            password,
            ("client_id", "test-app"),
            ("username", "anna@example.test"),
            ("password", "wrong"),
        ],
    );
    assert_eq!(error(&wrong.expect(400)), ("invalid_grant".into(), json!(50126)));
    // Desktop programs with ids of their own are known.
    let thunderbird = [
        ("client_id", "9e5f94bc-e8a4-4e73-b8be-63364c29d753"),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    assert!(
        web.get(&authorize(&thunderbird))
            .expect(200)
            .text()
            .contains("<b>Mozilla Thunderbird</b>")
    );
}

#[test]
fn a_device_signs_in_by_a_code_that_is_typed_elsewhere() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let begun = web
        .form(
            "/common/oauth2/v2.0/devicecode",
            &[
                ("client_id", "test-app"),
                ("scope", "openid offline_access Mail.Read"),
            ],
        )
        .expect(200)
        .json();
    let (device, user) = (
        begun["device_code"].as_str().unwrap(),
        begun["user_code"].as_str().unwrap(),
    );
    assert!(begun["message"].as_str().unwrap().contains(user));
    assert_eq!(
        (user.len(), &begun["interval"], &begun["expires_in"]),
        (9, &json!(5), &json!(900))
    );
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let poll = |code: &str| web.form(TOKEN, &[grant, ("client_id", "test-app"), ("device_code", code)]);
    assert_eq!(error(&poll(device).expect(400)).0, "authorization_pending");
    assert_eq!(error(&poll(device).expect(400)).0, "slow_down");
    assert_eq!(error(&poll("nonsense").expect(400)).0, "bad_verification_code");
    // Typed in small letters with a blank.
    let page = begun["verification_uri"].as_str().unwrap();
    let shown = web.send("GET", page, &["Accept-Language: de"], b"").expect(200);
    assert!(shown.text().contains("Gerät anmelden"));
    let cookie = |reply: &Reply| {
        format!(
            "Cookie: {}",
            reply.header("set-cookie").split(';').next().unwrap()
        )
    };
    let token = |reply: &Reply| {
        let text = reply.text();
        let rest = text.split_once("name=\"form_token\" value=\"").unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    let send = |from: &Reply, values: &[(&str, &str)]| {
        let mut all = vec![("form_token".to_owned(), token(from))];
        all.extend(values.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let body: Vec<String> = all.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect();
        let headers = ["Content-Type: application/x-www-form-urlencoded", &cookie(from)];
        web.send("POST", page, &headers, body.join("&").as_bytes())
    };
    let typed = format!("{} {}", user[..4].to_lowercase(), &user[4..]);
    assert!(
        send(&shown, &[("user_code", "AAAAAAAAA")])
            .expect(400)
            .text()
            .contains("role=\"alert\"")
    );
    let named = send(&shown, &[("user_code", &typed)]).expect(200);
    assert!(named.text().contains("Test &amp; Co"), "{}", named.text());
    let anna = [("user_code", typed.as_str()), ("username", "anna@example.test")];
    send(&named, &[&anna[..], &[("password", "wrong")]].concat()).expect(401);
    let foreign = web.send(
        "POST",
        page,
        &["Content-Type: application/x-www-form-urlencoded"],
        format!("user_code={user}&username=anna%40example.test&password={PASSWORD}").as_bytes(),
    );
    foreign.expect(403);
    let asked = send(&named, &[&anna[..], &[("password", PASSWORD)]].concat()).expect(200);
    let text = asked.text();
    assert!(
        text.contains("<b>Test &amp; Co</b> wants to do this for you:"),
        "{text}"
    );
    assert!(text.contains("<li>read your mail</li>"), "{text}");
    // Not in yet.
    assert_eq!(error(&poll(device).expect(400)).0, "slow_down");
    let (_, ticket) = text.split_once("name=\"ticket\" value=\"").unwrap();
    let ticket = ticket.split_once('"').unwrap().0;
    send(
        &asked,
        &[("user_code", &typed), ("ticket", ticket), ("agree", "yes")],
    )
    .expect(200);
    let tokens = web
        .form(
            TOKEN,
            &[
                ("grant_type", "device_code"),
                ("client_id", "test-app"),
                ("code", device),
            ],
        )
        .expect(200)
        .json();
    assert_eq!(claims(&tokens["access_token"])["upn"], "anna@example.test");
    assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
    assert_eq!(error(&poll(device).expect(400)).0, "bad_verification_code");
}

#[test]
fn nobody_fills_the_house_with_device_codes() {
    let server = Server::start();
    register(&server);
    let web = Web::new(&server);
    let begin = || web.form("/common/oauth2/v2.0/devicecode", &[("client_id", "test-app")]);
    for _ in 0..10 {
        begin().expect(200);
    }
    let refused = begin().expect(429).json();
    assert_eq!(refused["error"], "temporarily_unavailable");
}
