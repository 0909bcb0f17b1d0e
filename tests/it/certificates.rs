//! Certificates of a public authority: Pebble, the authority that Let's Encrypt tests clients with, looks at our ports and at a
//! real name server.

use crate::counterparts::{Knot, Running, certificate, wait_for_port};
use crate::mailbox::wait_for_messages;
use crate::page::run_script;
use crate::server::{Folder, PASSWORD, Server, free_port, run_with, set_up, wait_until};
use crate::web::Web;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

const NAME: &str = "mail.example.test";
const RECORDS: &str = "mail.example A 127.0.0.1\nexample A 127.0.0.1\n";

/// An authority, a name server, and an office whose one port is where the authority looks.
struct World {
    office: Server,
    names: Knot,
    authority: String,
    pebble: Option<Running>,
    folder: Folder,
}

impl World {
    /// `looks_at`: the port of the authority's question by plain HTTP; None: the office's.
    fn start(looks_at: Option<u16>) -> World {
        World::start_with(looks_at, &[])
    }

    /// `more`: of the authority's environment.
    fn start_with(looks_at: Option<u16>, more: &[(&str, &str)]) -> World {
        let (folder, names) = (Folder::new(), Knot::start(RECORDS));
        let d = folder.path();
        let (ca, cert, key) = certificate(d);
        let data = Folder::new();
        set_up(data.path(), &["--language", "de"]);
        let dns = names.address.to_string();
        let office = Server::serve(data, &["--dns", &dns, "--extra-ca", ca.to_str().unwrap()]);
        let (port, management) = (free_port(), free_port());
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": cert, "privateKey": key,
            "httpPort": looks_at.unwrap_or(office.one.port()), "tlsPort": office.one.port(),
        }});
        std::fs::write(d.join("pebble.json"), config.to_string()).unwrap();
        let mut world = World {
            office,
            names,
            authority: format!("https://localhost:{port}/dir"),
            pebble: None,
            folder,
        };
        world.start_authority(more);
        world
    }

    /// With an empty memory.
    fn start_authority(&mut self, more: &[(&str, &str)]) {
        self.pebble = None;
        let mut pebble = Command::new("pebble");
        pebble
            .arg("-config")
            .arg(self.folder.path().join("pebble.json"))
            .args(["-dnsserver", &self.names.address.to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            // Each proof is to be looked at, and every third nonce is refused.
            .env("PEBBLE_AUTHZREUSE", "0")
            .env("PEBBLE_WFE_NONCEREJECT", "30")
            .envs(more.iter().copied());
        self.pebble = Some(Running::start(pebble));
        let port = self
            .authority
            .trim_end_matches("/dir")
            .rsplit(':')
            .next()
            .unwrap();
        wait_for_port(port.parse().unwrap());
    }

    /// What is kept of the order that is under way, once the authority has given it an address.
    fn kept_order(&self) -> Value {
        let file = self.office.data.path().join("tls/order.json");
        let read = || -> Option<Value> { serde_json::from_slice(&std::fs::read(&file).ok()?).ok() };
        wait_until("there is an order", Duration::from_secs(60), || {
            read().is_some_and(|kept| kept["url"] != "")
        });
        read().unwrap()
    }

    fn request(&self, more: &[&str]) -> String {
        let mut all = vec![
            "certificate",
            "request",
            "--authority",
            &self.authority,
            "--wait",
            "60",
        ];
        all.extend(more);
        self.office.cli(&all)
    }

    fn state(&self) -> Value {
        serde_json::from_str(&self.office.cli(&["certificate", "show", "--json"])).unwrap()
    }
}

/// Issuer, serial number and names of the certificate that a port shows, as OpenSSL prints them.
fn shown(server: &Server) -> String {
    let address = server.one.to_string();
    let talk = Command::new("openssl")
        .args(["s_client", "-connect", &address, "-servername", NAME])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let mut print = Command::new("openssl")
        .args(["x509", "-noout", "-issuer", "-serial", "-ext", "subjectAltName"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    print.stdin.take().unwrap().write_all(&talk.stdout).unwrap();
    String::from_utf8(print.wait_with_output().unwrap().stdout).unwrap()
}

/// An IMAP connection that says hello.
fn imap(server: &Server) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(server.imap).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut reader = BufReader::new(stream);
    reader.read_line(&mut String::new()).unwrap();
    reader
}

#[test]
fn a_plain_question_at_our_port_brings_a_certificate_and_the_next_one() {
    let mut world = World::start(None);
    assert!(shown(&world.office).contains("Hauspost"), "its own first");
    let mut open = imap(&world.office);
    let said = world.request(&[
        "--name",
        NAME,
        "--name",
        "example.test",
        "--contact",
        "anna@example.test",
    ]);
    assert!(
        said.starts_with("mail.example.test, example.test: from "),
        "{said}"
    );
    let first = shown(&world.office);
    assert!(
        first.contains("Pebble") && first.contains("DNS:mail.example.test"),
        "{first}"
    );
    open.get_mut().write_all(b"a NOOP\r\n").unwrap();
    let mut answer = String::new();
    open.read_line(&mut answer).unwrap();
    assert!(answer.starts_with("a OK"), "what was open stays open: {answer}");
    // The account stays, the key of the certificate does not.
    let accounts = || {
        let tls = std::fs::read_dir(world.office.data.path().join("tls")).unwrap();
        let names = tls.map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|n| n.starts_with("account-")).collect::<Vec<_>>()
    };
    let before = accounts();
    assert_eq!(before.len(), 1);
    let account = || std::fs::read_to_string(world.office.data.path().join("tls").join(&before[0])).unwrap();
    assert!(account().contains("anna@example.test"));
    world.request(&[
        "--name",
        NAME,
        "--name",
        "example.test",
        "--contact",
        "ben@example.test",
    ]);
    assert!(
        account().contains("ben@example.test"),
        "the authority knows whom to write to now"
    );
    world.office.cli(&["certificate", "renew", "--wait", "60"]);
    let second = shown(&world.office);
    assert!(second.contains("Pebble") && second != first, "{second}");
    assert_eq!(accounts(), before);
    // What is asked later for the same token is answered no more.
    let state = world.state();
    assert_eq!(state["progress"]["failures"], 0);
    world.office.stop();
    world.office.start_again();
    assert_eq!(shown(&world.office), second, "it stays through a restart");
    world.office.cli(&["certificate", "remove"]);
    wait_until("its own is back", Duration::from_secs(10), || {
        shown(&world.office).contains("Hauspost")
    });
}

#[test]
fn nonces_that_are_refused_again_and_again_cost_no_certificate() {
    let world = World::start_with(None, &[("PEBBLE_WFE_NONCEREJECT", "50")]);
    world.request(&["--name", NAME]);
    assert!(shown(&world.office).contains("Pebble"));
    assert_eq!(world.state()["progress"]["failures"], 0);
}

/// The public half of a key or of what a certificate certifies, PEM.
fn public_half(arguments: &[&str], pem: &str) -> String {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(pem.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn an_order_and_its_key_survive_a_power_cut() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = World::start(Some(1));
    let data = world.office.data.path().to_owned();
    world.request(&["--name", NAME, "--proof", "dns"]);
    let kept = world.kept_order();
    let mode = std::fs::metadata(data.join("tls/order.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "it holds a key");
    let record = world.state()["progress"]["order"]["records"][0].clone();
    let text = |what: &str| record[what].as_str().unwrap().to_owned();
    world.office.kill();
    world
        .names
        .set(&format!("{RECORDS}{}. TXT \"{}\"\n", text("name"), text("value")));
    world.office.start_again();
    wait_until("the certificate comes", Duration::from_secs(60), || {
        shown(&world.office).contains("Pebble")
    });
    let installed = std::fs::read_to_string(data.join("tls/public.pem")).unwrap();
    assert_eq!(
        public_half(&["x509", "-noout", "-pubkey"], &installed),
        public_half(&["pkey", "-pubout"], kept["key"].as_str().unwrap()),
        "of the order that was made before"
    );
    wait_until("the order is forgotten", Duration::from_secs(10), || {
        !data.join("tls/order.json").exists()
    });
}

#[test]
fn a_power_cut_while_the_authority_looks_costs_no_certificate() {
    // It looks at once, or up to three seconds later: before, while and after nobody is there to answer.
    let mut world = World::start_with(None, &[("PEBBLE_VA_NOSLEEP", "0"), ("PEBBLE_VA_SLEEPTIME", "3")]);
    let data = world.office.data.path().to_owned();
    let request = [
        "certificate",
        "request",
        "--name",
        NAME,
        "--authority",
        &world.authority,
    ];
    run_with(&data, &request, "");
    let order = || std::fs::read_to_string(data.join("tls/order.json")).unwrap_or_default();
    wait_until("it may look", Duration::from_secs(60), || {
        order().contains("token")
    });
    world.office.kill();
    world.office.start_again();
    wait_until("the certificate comes", Duration::from_secs(120), || {
        shown(&world.office).contains("Pebble")
    });
    let state = world.state();
    assert_eq!(
        (&state["progress"]["failures"], &state["progress"]["lastError"]),
        (&json!(0), &Value::Null)
    );
}

#[test]
fn what_is_given_up_while_the_authority_looks_does_not_come_back() {
    let world = World::start_with(None, &[("PEBBLE_VA_NOSLEEP", "0"), ("PEBBLE_VA_SLEEPTIME", "3")]);
    let data = world.office.data.path();
    run_with(
        data,
        &[
            "certificate",
            "request",
            "--name",
            NAME,
            "--authority",
            &world.authority,
        ],
        "",
    );
    world.kept_order();
    world.office.cli(&["certificate", "remove"]);
    wait_until("the order has ended", Duration::from_secs(120), || {
        world.office.log().contains("wanted no more")
    });
    assert!(shown(&world.office).contains("Hauspost"));
    assert!(!data.join("tls/public.pem").exists() && !data.join("tls/order.json").exists());
}

#[test]
fn an_authority_that_is_overloaded_is_asked_again_when_it_says_so() {
    let folder = Folder::new();
    let (ca, cert, key) = certificate(folder.path());
    let answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 90000\r\nContent-Length: 9\r\n\r\nToo many.";
    std::fs::write(folder.path().join("dir"), answer).unwrap();
    let port = free_port();
    let mut authority = Command::new("openssl");
    authority
        .args(["s_server", "-HTTP", "-accept", &port.to_string(), "-cert"])
        .arg(cert)
        .arg("-key")
        .arg(key)
        .current_dir(folder.path());
    let _running = Running::start(authority);
    wait_for_port(port);
    let office = Server::start_with(&["--extra-ca", ca.to_str().unwrap()]);
    let ask = |arguments: &[&str]| {
        let out = run_with(office.data.path(), arguments, "");
        assert!(!out.status.success());
        String::from_utf8(out.stderr).unwrap()
    };
    let url = format!("https://localhost:{port}/dir");
    let said = ask(&[
        "certificate",
        "request",
        "--name",
        NAME,
        "--authority",
        &url,
        "--wait",
        "60",
    ]);
    assert!(said.contains("429") && said.contains("Too many."), "{said}");
    let state = |office: &Server| -> Value {
        serde_json::from_str(&office.cli(&["certificate", "show", "--json"])).unwrap()
    };
    let progress = state(&office)["progress"].clone();
    let at = |progress: &Value, what: &str| progress[what].as_i64().unwrap();
    let pause_ms = at(&progress, "nextTryAtMs") - at(&progress, "lastTryAtMs");
    assert!((89_000_000..=90_000_000).contains(&pause_ms), "{progress}");
    // Nobody can ask it sooner.
    for again in [
        vec!["certificate", "renew", "--wait", "60"],
        vec![
            "certificate",
            "request",
            "--name",
            NAME,
            "--authority",
            &url,
            "--wait",
            "60",
        ],
    ] {
        let said = ask(&again);
        assert!(said.contains("asked again from"), "{said}");
    }
    assert_eq!(state(&office)["progress"]["nextTryAtMs"], progress["nextTryAtMs"]);
}

#[test]
fn beside_certificate_files_none_is_asked_for() {
    let folder = Folder::new();
    let (_, cert, key) = certificate(folder.path());
    let office = Server::start_with(&[
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ]);
    let ask = [
        "certificate",
        "request",
        "--name",
        NAME,
        "--authority",
        "https://127.0.0.1:9/",
        "--wait",
        "60",
    ];
    let out = run_with(office.data.path(), &ask, "");
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(!out.status.success() && said.contains("--tls-cert"), "{said}");
}

#[test]
fn an_authority_that_has_forgotten_us_is_told_who_we_are_again() {
    let mut world = World::start(None);
    world.request(&["--name", NAME]);
    let first = shown(&world.office);
    world.start_authority(&[]);
    let out = run_with(
        world.office.data.path(),
        &["certificate", "renew", "--wait", "60"],
        "",
    );
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        !out.status.success() && said.contains("has forgotten our account"),
        "{said}"
    );
    assert_eq!(shown(&world.office), first, "the old one stays");
    world.office.cli(&["certificate", "renew", "--wait", "60"]);
    assert_ne!(shown(&world.office), first);
}

#[test]
fn a_handshake_at_the_one_port_brings_a_certificate() {
    let world = World::start(Some(1));
    world.request(&["--name", NAME, "--proof", "tls-alpn"]);
    assert!(shown(&world.office).contains("Pebble"));
    // Nobody is answered who comes without having been asked.
    let refused = Command::new("openssl")
        .args(["s_client", "-alpn", "acme-tls/1", "-servername", NAME, "-connect"])
        .arg(world.office.one.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!refused.status.success());
}

#[test]
fn records_that_somebody_sets_by_hand_are_waited_for() {
    let mut world = World::start(Some(1));
    let said = world.request(&["--name", NAME, "--name", "*.example.test", "--proof", "dns"]);
    assert!(said.contains("Please set these TXT records"), "{said}");
    let records = world.state()["progress"]["order"]["records"].clone();
    let lines: Vec<String> = records
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            format!(
                "{}. TXT \"{}\"\n",
                r["name"].as_str().unwrap(),
                r["value"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(lines.len(), 2);
    // It goes on after a restart, with the records that were shown.
    world.office.stop();
    world.names.set(&format!("{RECORDS}{}", lines.concat()));
    world.office.start_again();
    wait_until("the certificate comes", Duration::from_secs(60), || {
        shown(&world.office).contains("Pebble")
    });
    assert!(shown(&world.office).contains("DNS:*.example.test"));
    assert_eq!(world.state()["progress"]["order"], Value::Null);
}

#[test]
fn a_name_server_that_knows_our_key_is_told_by_itself() {
    let world = World::start(Some(1));
    let server = world.names.address.to_string();
    let request = |secret: &str| {
        let data = world.office.data.path().to_str().unwrap().to_owned();
        Command::new(env!("CARGO_BIN_EXE_hauspost"))
            .args([
                "certificate",
                "request",
                "--authority",
                &world.authority,
                "--name",
                "*.example.test",
            ])
            .args([
                "--proof",
                "dns",
                "--name-server",
                &server,
                "--zone",
                "test",
                "--key-name",
                Knot::KEY,
            ])
            .args(["--wait", "30", "--data", &data])
            .env("HAUSPOST_TSIG_SECRET", secret)
            .output()
            .unwrap()
    };
    let wrong = request("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        !wrong.status.success() && said.contains("refuses to change test"),
        "{said}"
    );
    assert!(request(Knot::SECRET).status.success());
    wait_until("the certificate comes", Duration::from_secs(60), || {
        shown(&world.office).contains("DNS:*.example.test")
    });
    wait_until("the record has gone", Duration::from_secs(10), || {
        let asked = world.state()["progress"]["order"].is_null();
        let left = std::process::Command::new("kdig")
            .args([
                "@127.0.0.1",
                "-p",
                &world.names.address.port().to_string(),
                "_acme-challenge.example.test",
                "TXT",
                "+short",
            ])
            .output();
        asked && left.is_ok_and(|out| out.stdout.is_empty())
    });
    // The secret is told to nobody.
    assert_eq!(world.state()["wish"]["zoneKey"]["secret"], "");
    assert!(!world.office.log().contains(Knot::SECRET));
}

#[test]
fn what_the_authority_refuses_is_told_and_the_old_certificate_stays() {
    let world = World::start(Some(1));
    let ask = |arguments: &[&str]| run_with(world.office.data.path(), arguments, "");
    let authority = world.authority.as_str();
    let refused = ask(&[
        "certificate",
        "request",
        "--name",
        NAME,
        "--authority",
        authority,
        "--wait",
        "60",
    ]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains(NAME), "{said}");
    assert!(shown(&world.office).contains("Hauspost"));
    let page = Web::page(&world.office, "anna@example.test");
    let seen = page.get("/api/admin/certificate").expect(200).json();
    assert_eq!(seen["source"], "own");
    assert!(
        seen["progress"]["lastError"].as_str().unwrap().contains(NAME),
        "{seen}"
    );
    assert!(seen["progress"]["nextTryAt"].is_string());
    let overview = page.get("/api/admin/overview").expect(200).json();
    assert_eq!(overview["certificate"]["error"], seen["progress"]["lastError"]);
    let again = ask(&["certificate", "renew", "--wait", "60"]);
    assert!(!again.status.success());
    assert_eq!(
        world.state()["progress"]["failures"],
        2,
        "it has really been asked again"
    );
    let mail = wait_for_messages(world.office.imap, "anna@example.test", "INBOX", 1);
    let text = String::from_utf8_lossy(&mail[0]).into_owned();
    assert!(
        text.contains("Das Zertifikat konnte nicht erneuert werden"),
        "{text}"
    );
}

#[test]
fn the_page_asks_for_one_and_wrong_wishes_say_what_is_wrong() {
    let world = World::start(None);
    let page = Web::page(&world.office, "anna@example.test");
    let before = page.get("/api/admin/certificate").expect(200).json();
    assert_eq!(before["proposal"]["names"], json!([NAME]));
    for (wish, reason, field) in [
        (json!({"names": [], "proof": "http"}), "CertificateNames", "names"),
        (
            json!({"names": ["nas"], "proof": "http"}),
            "CertificateName",
            "names",
        ),
        (
            json!({"names": [NAME], "proof": "http", "authority": "http://x.test/"}),
            "AuthorityWrong",
            "authority",
        ),
        (
            json!({"names": [NAME], "proof": "dns", "zoneKey": {"server": "x", "zone": "test", "keyName": "k", "secret": ""}}),
            "NameServerWrong",
            "zoneKey",
        ),
        (
            json!({"names": [NAME], "proof": "dns", "zoneKey": {"server": "::1", "zone": "test", "keyName": "k", "secret": "!"}}),
            "ZoneKeyWrong",
            "zoneKey",
        ),
    ] {
        let refused = page.send(
            "PUT",
            "/api/admin/certificate",
            &["Content-Type: application/json"],
            wish.to_string().as_bytes(),
        );
        let error = refused.expect(400).json()["error"].clone();
        assert_eq!(
            (&error["reason"]["code"], &error["field"]),
            (&json!(reason), &json!(field)),
            "{wish}"
        );
    }
    let wish = json!({"names": [NAME], "proof": "http", "authority": world.authority});
    page.send(
        "PUT",
        "/api/admin/certificate",
        &["Content-Type: application/json"],
        wish.to_string().as_bytes(),
    )
    .expect(200);
    wait_until("it is there", Duration::from_secs(60), || {
        shown(&world.office).contains("Pebble")
    });
    wait_until("and written down", Duration::from_secs(10), || {
        world.state()["progress"]["isAskedFor"] == false
    });
    let state = world.state();
    assert_eq!(state["public"]["names"], json!([NAME]));
    let lasts = |what: &str| state["public"][what].as_i64().unwrap();
    let (from, to) = (lasts("notBeforeMs"), lasts("notAfterMs"));
    assert_eq!(state["renewsAtMs"], to - (to - from) / 3);
}

#[test]
fn certificates_are_asked_for_on_the_page() {
    let world = World::start(None);
    let variables = [
        ("HAUSPOST_AUTHORITY", world.authority.as_str()),
        ("HAUSPOST_PASSWORD", PASSWORD),
    ];
    run_script("certificate.mjs", &world.office, &variables);
}
