//! Signing in at the page by another issuer: another Hauspost, which is a plain issuer of OpenID Connect.

use crate::oidc::send_form_of;
use crate::page::run_script;
use crate::server::{Folder, PASSWORD, Server, run_with, set_up};
use crate::web::{Reply, Web};
use serde_json::Value;
use std::path::Path;

struct Offices {
    issuer: Server,
    office: Server,
}

fn add(data: &Path, address: &str) {
    let out = run_with(
        data,
        &["account", "add", address, "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// `more`: options of `hauspost directory oidc set`.
fn offices(more: &[&str]) -> Offices {
    let issuer = Server::start();
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let office = Server::serve(data, &[]);
    let offices = Offices { issuer, office };
    let back = ["localhost", "127.0.0.1"]
        .map(|host| format!("https://{host}:{}/api/outside/back", offices.office.one.port()));
    let arguments = [
        "app",
        "add",
        "--client-id",
        "branch",
        "--name",
        "Branch",
        "--secret",
        "--trusted",
        "--json",
    ];
    let arguments = [&arguments[..], &["--redirect", &back[0], "--redirect", &back[1]]].concat();
    let registered: Value = serde_json::from_str(&offices.issuer.cli(&arguments)).unwrap();
    let secret = registered["secret"]
        .as_str()
        .unwrap_or_else(|| panic!("{registered}"))
        .to_owned();
    offices.set(&secret, more);
    offices
}

impl Offices {
    fn issuer_url(&self) -> String {
        format!("https://localhost:{}", self.issuer.one.port())
    }

    fn set(&self, secret: &str, more: &[&str]) {
        let url = self.issuer_url();
        let ca = self.issuer.data.path().join("tls/ca.pem");
        let mut arguments = vec![
            "directory",
            "oidc",
            "set",
            &url,
            "--client-id",
            "branch",
            "--name",
            "Hauptbüro",
        ];
        arguments.extend(["--ca", ca.to_str().unwrap(), "--client-secret-stdin"]);
        arguments.extend(more);
        let out = run_with(self.office.data.path(), &arguments, &format!("{secret}\n"));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(
            !String::from_utf8_lossy(&out.stdout).contains(secret),
            "the secret is shown"
        );
    }

    /// Away to the issuer: its address, and the cookie that is kept.
    fn begin(&self, to: &str) -> (String, String) {
        let gone = Web::new(&self.office)
            .get(&format!("/api/outside/begin?to={}", crate::web::encode(to)))
            .expect(303);
        let cookie = gone.header("set-cookie");
        assert!(
            cookie.contains("SameSite=Lax") && cookie.contains("HttpOnly"),
            "{cookie}"
        );
        (
            gone.header("location").to_owned(),
            cookie.split(';').next().unwrap().to_owned(),
        )
    }

    /// At the issuer: the address that the browser is led back to.
    fn sign_in_there(&self, url: &str, address: &str) -> String {
        let there = Web::new(&self.issuer);
        let form = there.get(url).expect(200);
        let done = send_form_of(
            "oidc",
            &there,
            &form,
            &[("username", address), ("password", PASSWORD)],
        );
        done.expect(303).header("location").to_owned()
    }

    fn back(&self, url: &str, cookie: &str) -> Reply {
        Web::new(&self.office).send(
            "GET",
            url,
            &[&format!("Cookie: {cookie}"), "Sec-Fetch-Site: cross-site"],
            b"",
        )
    }

    /// The whole way: where it ends, and who that is.
    fn sign_in(&self, address: &str) -> (String, Option<String>) {
        let (url, cookie) = self.begin("#/contacts");
        let reply = self.back(&self.sign_in_there(&url, address), &cookie).expect(303);
        let session = reply.headers.iter().filter(|(n, _)| n == "set-cookie");
        let session = session
            .map(|(_, v)| v.split(';').next().unwrap())
            .find(|v| v.starts_with("__Host-hauspost="));
        let who = session.map(|session| {
            let web = Web::new(&self.office).with(format!("Cookie: {session}"));
            web.get("/api/session").expect(200).json()["address"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        (reply.header("location").to_owned(), who)
    }
}

#[test]
fn people_sign_in_by_another_issuer_and_are_known_by_its_name_for_them() {
    let offices = offices(&[]);
    let checked = offices.office.cli(&["directory", "oidc", "check"]);
    assert!(checked.contains("answers and signs with 1 keys"), "{checked}");
    assert_eq!(
        Web::new(&offices.office).get("/api/outside").expect(200).json()["name"],
        "Hauptbüro"
    );
    assert_eq!(
        offices.sign_in("ben@example.test"),
        ("/#/contacts".into(), Some("ben@example.test".into()))
    );
    // Known here by another address from now on, and there as before.
    offices
        .office
        .cli(&["account", "set", "ben@example.test", "--name", "Ben B."]);
    assert_eq!(
        offices.sign_in("ben@example.test").1,
        Some("ben@example.test".into())
    );
    // Nobody here; then somebody, when that is wanted.
    add(offices.issuer.data.path(), "carla@example.test");
    assert_eq!(
        offices.sign_in("carla@example.test"),
        ("/?outside=unknown".into(), None)
    );
    let out = run_with(
        offices.office.data.path(),
        &["account", "show", "carla@example.test"],
        "",
    );
    assert_eq!(out.status.code(), Some(3));
    offices.office.cli(&["account", "disable", "ben@example.test"]);
    assert_eq!(
        offices.sign_in("ben@example.test"),
        ("/?outside=disabled".into(), None)
    );
    // An address that went over to another person there opens nothing here: the first one was somebody else.
    offices
        .issuer
        .cli(&["account", "remove", "ben@example.test", "--yes"]);
    add(offices.issuer.data.path(), "ben@example.test");
    assert_eq!(
        offices.sign_in("ben@example.test"),
        ("/?outside=unknown".into(), None)
    );
    assert!(
        offices.office.log().contains("belongs to another person"),
        "{}",
        offices.office.log()
    );
}

#[test]
fn those_whom_nobody_knows_get_an_account_when_that_is_wanted() {
    let offices = offices(&["--unknown", "make"]);
    add(offices.issuer.data.path(), "carla@example.test");
    assert_eq!(
        offices.sign_in("carla@example.test").1,
        Some("carla@example.test".into())
    );
    let made: Value =
        serde_json::from_str(
            &offices
                .office
                .cli(&["account", "show", "carla@example.test", "--json"]),
        )
        .unwrap();
    assert_eq!(
        (made["kind"].as_str(), made["isAdmin"].as_bool()),
        (Some("person"), Some(false))
    );
    // Domains that are not ours stay outside.
    offices.issuer.cli(&["domain", "add", "elsewhere.test"]);
    add(offices.issuer.data.path(), "x@elsewhere.test");
    assert_eq!(
        offices.sign_in("x@elsewhere.test"),
        ("/?outside=unknown".into(), None)
    );
}

#[test]
fn what_comes_back_counts_once_and_only_in_the_browser_that_went_away() {
    let offices = offices(&[]);
    let (url, cookie) = offices.begin("");
    let back = offices.sign_in_there(&url, "anna@example.test");
    // Another browser, none at all, another state: somebody else's sign-in is not finished for them.
    let (_, other) = offices.begin("");
    for cookie in [other.as_str(), "x=y"] {
        let reply = offices.back(&back, cookie).expect(303);
        assert_eq!(reply.header("location"), "/?outside=refused");
        assert_eq!(reply.header("set-cookie"), "");
    }
    let tampered = back.replace("state=", "state=x");
    assert_eq!(
        offices.back(&tampered, &cookie).header("location"),
        "/?outside=refused"
    );
    let elsewhere =
        format!("{back}&iss=https%3A%2F%2Fevil.test").replacen("iss=https%3A%2F%2Flocalhost", "was=", 1);
    assert_eq!(
        offices.back(&elsewhere, &cookie).header("location"),
        "/?outside=refused"
    );
    assert_eq!(offices.back(&back, &cookie).expect(303).header("location"), "/");
    // The code has been used.
    assert_eq!(
        offices.back(&back, &cookie).header("location"),
        "/?outside=refused"
    );
    // Declined there.
    let (_, cookie) = offices.begin("");
    let state = cookie.split(['=', '.']).nth(1).unwrap();
    let reply = offices.back(
        &format!("/api/outside/back?error=access_denied&state={state}"),
        &cookie,
    );
    assert_eq!(reply.header("location"), "/?outside=refused");
    // A secret that is not the right one; an issuer that does not answer; none at all.
    offices.set("not the secret", &[]);
    assert_eq!(offices.sign_in("anna@example.test").0, "/?outside=refused");
    let Offices { mut issuer, office } = offices;
    issuer.stop();
    let web = Web::new(&office);
    assert_eq!(
        web.get("/api/outside/begin").expect(303).header("location"),
        "/?outside=failed"
    );
    office.cli(&["directory", "oidc", "remove"]);
    assert!(web.get("/api/outside").expect(200).json()["name"].is_null());
    assert_eq!(
        web.get("/api/outside/begin").expect(303).header("location"),
        "/?outside=unknown"
    );
}

#[test]
fn the_page_has_a_button_and_leads_back_to_where_one_was() {
    let offices = offices(&[]);
    add(offices.issuer.data.path(), "carla@example.test");
    run_script("outside.mjs", &offices.office, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}
