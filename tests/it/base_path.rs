//! Behind a proxy that keeps one path of its host for us: Apache, as Univention has it in front of its apps.

use crate::counterparts::{Running, certificate, wait_for_port};
use crate::page::run_script;
use crate::server::{Folder, PASSWORD, Server, free_port, run_with, set_up};
use crate::smtp::Talk;
use crate::web::{Web, register};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

struct Apache {
    port: u16,
    ca: PathBuf,
    _running: Running,
    _folder: Folder,
}

impl Apache {
    /// TLS, and `/mail` led to the server with its path; everything else on the host is somebody else's.
    fn start(server: &Server) -> Apache {
        let folder = Folder::new();
        let d = folder.path();
        let (ca, cert, key) = certificate(d);
        let port = free_port();
        let (d_text, behind) = (d.display(), server.one.port());
        let modules = ["mpm_event", "authz_core", "ssl", "proxy", "proxy_http", "headers"];
        let modules: String = modules
            .map(|m| format!("LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n"))
            .concat();
        let text = format!(
            "{modules}ServerRoot {d_text}\nDocumentRoot {d_text}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile {d_text}/pid\n\
             ErrorLog {d_text}/log\nMutex file:{d_text}\nSSLSessionCache none\nSSLEngine on\nSSLCertificateFile {}\n\
             SSLCertificateKeyFile {}\nProxyPreserveHost On\nRequestHeader set X-Forwarded-Proto https\n\
             AllowEncodedSlashes NoDecode\n\
             ProxyPass /mail http://127.0.0.1:{behind}/mail nocanon\n",
            cert.display(),
            key.display(),
        );
        fs::write(d.join("apache.conf"), text).unwrap();
        let mut start = Command::new("/usr/sbin/apache2");
        start.arg("-DFOREGROUND").arg("-f").arg(d.join("apache.conf"));
        let running = Running::start(start);
        wait_for_port(port);
        Apache {
            port,
            ca,
            _running: running,
            _folder: folder,
        }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/mail", self.port)
    }

    fn web(&self) -> Web {
        Web::at(self.url(), self.ca.clone())
    }
}

fn behind_apache() -> (Apache, Server) {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(
        data,
        &["--base-path", "/mail/", "--trusted-proxy", "127.0.0.1/32"],
    );
    (Apache::start(&server), server)
}

/// Every request that the page makes begins with the base: the script insists on it.
#[test]
fn the_page_works_below_a_path() {
    let (apache, server) = behind_apache();
    for n in 0..5 {
        let message = format!("From: Ben <x@other.test>\r\nSubject: Angebot {n}\r\n\r\nGuten Tag.\r\n");
        let reply =
            Talk::hello(server.smtp).deliver("x@other.test", &["anna@example.test"], message.as_bytes());
        assert!(reply.starts_with("250"), "{reply}");
    }
    let url = apache.url();
    let variables = [
        ("HAUSPOST_URL", url.as_str()),
        ("HAUSPOST_ADDRESS", "anna@example.test"),
        ("HAUSPOST_PASSWORD", PASSWORD),
    ];
    run_script("mail.mjs", &server, &variables);
}

#[test]
fn the_page_is_at_the_path_alone_and_its_cookie_is_for_nobody_else() {
    let (apache, server) = behind_apache();
    let web = apache.web();
    let page = web.get("/").expect(200).text();
    assert!(
        page.contains("src=\"/mail/assets/") && page.contains("content=\"/mail/\""),
        "{page}"
    );
    assert!(
        !page.contains("=\"/assets") && !page.contains("\"/favicon"),
        "{page}"
    );
    let asset = page
        .split("src=\"/mail")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(
        web.get(asset).expect(200).header("content-type"),
        "text/javascript; charset=utf-8"
    );
    // Without the slash, relative addresses would lead beside it.
    let host = Web::at(format!("https://localhost:{}", apache.port), apache.ca.clone());
    assert_eq!(host.get("/mail").expect(308).header("location"), "/mail/");
    assert_eq!(host.get("/mailing").status, 404, "another one's");
    let sign_in = json!({"address": "anna@example.test", "password": PASSWORD});
    let origin = format!("Origin: https://localhost:{}", apache.port);
    let reply = apache
        .web()
        .with(origin.clone())
        .post("/api/session", &sign_in)
        .expect(200);
    let cookie = reply.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Secure-hauspost="), "{cookie}");
    assert!(
        cookie.contains("; Path=/mail;") && cookie.contains("; Secure"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    apache
        .web()
        .with(format!("Cookie: {pair}"))
        .get("/api/session")
        .expect(200);
    // At the port itself: sent to where the page is; what is not the page is answered.
    let direct = Web::new(&server);
    assert_eq!(
        direct.get("/settings").expect(307).header("location"),
        "/mail/settings"
    );
    direct.get("/healthz").expect(200);
    direct
        .get("/mail/config-v1.1.xml?emailaddress=anna@example.test")
        .expect(200);
}

#[test]
fn graph_and_sign_in_name_addresses_below_the_path() {
    let (apache, server) = behind_apache();
    register(&server);
    let web = apache.web();
    let base = apache.url();
    for (path, issuer) in [
        ("/.well-known/openid-configuration", base.clone()),
        (
            "/common/v2.0/.well-known/openid-configuration",
            format!("{base}/"),
        ),
    ] {
        let discovery = web.get(path).expect(200).json();
        assert!(
            discovery["issuer"].as_str().unwrap().starts_with(&issuer),
            "{discovery}"
        );
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let address = discovery[name].as_str().unwrap();
            assert!(address.starts_with(&format!("{base}/")), "{name}: {address}");
        }
        web.get(discovery["jwks_uri"].as_str().unwrap()).expect(200);
    }
    let token = web
        .form(
            "/common/oauth2/v2.0/token",
            &[
                ("grant_type", "password"),
                ("client_id", "test-app"),
                ("username", "anna@example.test"),
                ("password", PASSWORD),
                ("scope", "Mail.ReadWrite User.Read"),
            ],
        )
        .expect(200)
        .json();
    let token = token["access_token"].as_str().unwrap();
    let program = apache.web().with(format!("Authorization: Bearer {token}"));
    let list = program.get("/v1.0/me/mailFolders?$top=2").expect(200).json();
    assert!(
        list["@odata.context"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{base}/v1.0/$metadata")),
        "{list}"
    );
    let next = list["@odata.nextLink"].as_str().unwrap();
    assert!(
        next.starts_with(&format!("{base}/v1.0/me/mailFolders?")),
        "{next}"
    );
    program.get(next).expect(200);
    let answers = program.post(
        "/v1.0/$batch",
        &json!({"requests": [{"id": "1", "method": "GET", "url": "/me"}, {"id": "2", "method": "GET", "url": next}]}),
    );
    let answers: Value = answers.expect(200).json();
    for answer in answers["responses"].as_array().unwrap() {
        assert_eq!(answer["status"], 200, "{answer}");
    }
    // A token that was got below the path is one at the port as well.
    let direct = Web::new(&server).with(format!("Authorization: Bearer {token}"));
    direct.get("/v1.0/me").expect(200);
    let form = web.get(
        "/common/oauth2/v2.0/authorize?client_id=test-app&response_type=code&redirect_uri=http://localhost&scope=openid\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    );
    assert!(
        form.text().contains("<form method=\"post\" action=\"?\""),
        "{}",
        form.text()
    );
}

#[test]
fn calendars_are_found_and_written_below_the_path() {
    use base64::Engine;
    let (apache, server) = behind_apache();
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("anna@example.test:{PASSWORD}"));
    let web = || apache.web().with(format!("Authorization: Basic {pair}"));
    assert_eq!(
        web().get("/.well-known/caldav").expect(301).header("location"),
        "/mail/dav/"
    );
    let xml = ["Content-Type: application/xml", "Depth: 0"];
    let ask = "<D:propfind xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop><D:current-user-principal/>\
               <C:calendar-home-set/></D:prop></D:propfind>";
    let found = web()
        .send("PROPFIND", "/dav/", &xml, ask.as_bytes())
        .expect(207)
        .text();
    let principal = "/mail/dav/principals/anna@example.test/";
    assert!(found.contains(principal) && !found.contains(">/dav/"), "{found}");
    let host = Web::at(format!("https://localhost:{}", apache.port), apache.ca.clone())
        .with(format!("Authorization: Basic {pair}"));
    let home = host
        .send("PROPFIND", principal, &xml, ask.as_bytes())
        .expect(207)
        .text();
    assert!(
        home.contains("<D:href>/mail/dav/calendars/anna@example.test/</D:href>"),
        "{home}"
    );
    let event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261123T090000Z\r\n\
                 DTSTART:20261201T090000Z\r\nSUMMARY:X\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let calendar = "/mail/dav/calendars/anna@example.test/calendar";
    let type_of_event = ["Content-Type: text/calendar"];
    let listed = host.send(
        "PROPFIND",
        "/mail/dav/calendars/anna@example.test/",
        &["Content-Type: application/xml", "Depth: 1"],
        ask.as_bytes(),
    );
    let listed = listed.expect(207).text();
    let calendar = match listed.contains(&format!("{calendar}/")) {
        true => calendar.to_owned(),
        false => panic!("{listed}"),
    };
    host.send(
        "PUT",
        &format!("{calendar}/1.ics"),
        &type_of_event,
        event.as_bytes(),
    )
    .expect(201);
    let multiget = format!(
        "<C:calendar-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop><C:calendar-data/></D:prop>\
         <D:href>{calendar}/1.ics</D:href></C:calendar-multiget>"
    );
    let read = host.send(
        "REPORT",
        &format!("{calendar}/"),
        &["Content-Type: application/xml"],
        multiget.as_bytes(),
    );
    assert!(read.expect(207).text().contains("SUMMARY:X"));
    let to = format!("Destination: https://localhost:{}{calendar}/2.ics", apache.port);
    host.send("MOVE", &format!("{calendar}/1.ics"), &[&to], b"")
        .expect(201);
    // The client's own address counts, not the proxy's.
    let wrong = base64::engine::general_purpose::STANDARD.encode("anna@example.test:wrong");
    let guess = apache
        .web()
        .with(format!("Authorization: Basic {wrong}"))
        .with("X-Forwarded-For: 203.0.113.9");
    assert_eq!(guess.send("PROPFIND", "/dav/", &xml, b"").status, 401);
    assert!(server.log().contains("peer=127.0.0.1"), "{}", server.log());
}

#[test]
fn a_base_path_that_is_none_is_refused() {
    let out = run_with(
        std::path::Path::new("/nonexistent"),
        &["serve", "--base-path", "mail"],
        "",
    );
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("is no path; write /mail"));
}
