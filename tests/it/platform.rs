//! Containers of platforms that say by the environment where people, mail servers and certificates are. The environment
//! differs from start to start, and any part of it may be missing.

use crate::counterparts::{Dovecot, PROVIDER_PASSWORD, certificate};
use crate::directory::slapd::{BASE, MACHINE, PASSWORD, Slapd};
use crate::server::{self, Folder, free_port, run, run_with, set_up, wait_until};
use crate::web::Web;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Inside of a container the ports are fixed: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static PORTS: Mutex<()> = Mutex::new(());
    PORTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A container that has been started.
struct Container {
    child: Child,
    said: Vec<String>,
    port: u16,
}

impl Container {
    fn start(package: &str, data: &Path, environment: &[(&str, String)]) -> Container {
        let port = free_port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_hauspost"))
            .args(["hook", package, "start"])
            .env("HAUSPOST_DATA", data)
            .env("HAUSPOST_LISTEN", format!("127.0.0.1:{port}"))
            .envs(environment.iter().map(|(n, v)| (*n, v.as_str())))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        while let Some(Ok(line)) = lines.next() {
            let is_ready = line.contains("is ready");
            said.push(line);
            if is_ready {
                break;
            }
        }
        std::thread::spawn(move || for _ in lines {});
        let container = Container { child, said, port };
        assert!(
            container.said.last().is_some_and(|l| l.contains("is ready")),
            "{:?}",
            container.said
        );
        container
    }

    /// As the proxy of the platform: plain, from an address that is trusted.
    fn get(&self, path: &str) -> String {
        let out = Command::new("curl")
            .args(["-s", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}"])
            .arg(format!("http://127.0.0.1:{}{path}", self.port))
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    }
}

impl Drop for Container {
    /// The process is the server itself: it ends like one.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn account(data: &Path, address: &str) -> Option<Value> {
    let out = run_with(data, &["account", "show", address, "--json"], "");
    out.status
        .success()
        .then(|| serde_json::from_slice(&out.stdout).unwrap())
}

fn outbound(data: &Path) -> Value {
    // What the administrator's page shows.
    let out = Command::new("python3")
        .args(["-c", "import sqlite3, sys; row = sqlite3.connect(sys.argv[1]).execute(\"SELECT value FROM setting WHERE key = 'outbound'\").fetchone(); print(row[0] if row else 'null')"])
        .arg(data.join("directory.db"))
        .output()
        .unwrap();
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn cloudrons_addons_are_taken_and_given_back_with_its_environment() {
    let _ports = alone();
    let slapd = Slapd::start();
    slapd.add_cloudron_person("u-1", "carla@example.test");
    slapd.add_cloudron_person("u-2", "outside@elsewhere.test");
    let dovecot = Dovecot::start();
    dovecot.deliver(
        "app",
        b"Delivered-To: anna@example.test\r\nFrom: x@other.test\r\nSubject: by recvmail\r\n\r\nX\r\n",
    );
    let data = Folder::new();
    let runtime = Folder::new();
    let certificates = Folder::new();
    let (ca, cert, key) = certificate(certificates.path());
    fs::rename(cert, certificates.path().join("tls_cert.pem")).unwrap();
    fs::rename(key, certificates.path().join("tls_key.pem")).unwrap();
    let tls = certificates.path().to_str().unwrap().to_owned();
    let imaps = free_port().to_string();
    let base = [
        ("CLOUDRON_APP_DOMAIN", "office.example.test".to_owned()),
        ("CLOUDRON_PROXY_IP", "127.0.0.1".to_owned()),
        (
            "HAUSPOST_RUNTIME",
            runtime.path().join("run").to_str().unwrap().to_owned(),
        ),
        ("HAUSPOST_CERTIFICATES", tls),
    ];
    let addons = [
        ("CLOUDRON_MAIL_DOMAIN", "example.test".to_owned()),
        ("CLOUDRON_LDAP_SERVER", "127.0.0.1".to_owned()),
        ("CLOUDRON_LDAP_PORT", slapd.ldap.to_string()),
        ("CLOUDRON_LDAP_USERS_BASE_DN", BASE.to_owned()),
        ("CLOUDRON_LDAP_BIND_DN", MACHINE.0.to_owned()),
        ("CLOUDRON_LDAP_BIND_PASSWORD", MACHINE.1.to_owned()),
        ("CLOUDRON_MAIL_SMTP_SERVER", "127.0.0.1".to_owned()),
        ("CLOUDRON_MAIL_SMTP_PORT", "2525".to_owned()),
        ("CLOUDRON_MAIL_SMTP_USERNAME", "app".to_owned()),
        ("CLOUDRON_MAIL_SMTP_PASSWORD", "first".to_owned()),
        ("CLOUDRON_MAIL_IMAP_SERVER", "127.0.0.1".to_owned()),
        ("CLOUDRON_MAIL_IMAP_PORT", dovecot.imap.to_string()),
        ("CLOUDRON_MAIL_IMAP_USERNAME", "app".to_owned()),
        ("CLOUDRON_MAIL_IMAP_PASSWORD", PROVIDER_PASSWORD.to_owned()),
        ("IMAPS_PORT", imaps),
    ];
    let with = |more: &[(&'static str, String)]| [&base[..], &addons[..], more].concat();
    let one = Container::start("cloudron", data.path(), &with(&[]));
    assert!(
        one.said.iter().any(|l| l.starts_with("Set-up code: ")),
        "{:?}",
        one.said
    );
    assert!(one.get("/healthz").starts_with("200"), "{}", one.get("/healthz"));
    assert!(one.get("/").starts_with("200"), "{}", one.get("/"));
    // People come before the questions are answered: the domain is known.
    wait_until("carla is there", Duration::from_secs(20), || {
        account(data.path(), "carla@example.test").is_some()
    });
    assert!(account(data.path(), "outside@elsewhere.test").is_none());
    // The platform's certificate, not our own.
    let web = Web::at(format!("https://localhost:{}", one.port), ca);
    web.get("/healthz").expect(200);
    assert!(TcpStream::connect(("127.0.0.1", 20993)).is_ok());
    assert_eq!(outbound(data.path())["smarthost"]["password"], "first");
    let copied = fs::metadata(runtime.path().join("run/tls_key.pem")).unwrap();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&copied.permissions()) & 0o777,
        0o600
    );
    drop(one);
    set_up(data.path(), &[]);
    assert_eq!(
        outbound(data.path())["mode"],
        "later",
        "the answers of the office's own set-up count"
    );
    // Another password at the next start, and a mailbox, now that there is somebody to whom its mail goes.
    let one = Container::start(
        "cloudron",
        data.path(),
        &with(&[("CLOUDRON_MAIL_SMTP_PASSWORD", "second".to_owned())]),
    );
    wait_until("mail is collected", Duration::from_secs(30), || {
        let rows = run(data.path(), &["collect", "list", "--json"]);
        rows.contains("\"lastError\": null") && dovecot.count("app") == 0
    });
    drop(one);
    assert_eq!(outbound(data.path())["smarthost"]["password"], "second");
    // All addons gone: nothing is left of them, and people keep their mail.
    let one = Container::start("cloudron", data.path(), &base);
    assert!(
        one.said
            .iter()
            .any(|l| l.starts_with("there is no directory any more")),
        "{:?}",
        one.said
    );
    assert_eq!(run(data.path(), &["collect", "list", "--json"]).trim(), "[]");
    assert_eq!(outbound(data.path())["mode"], "later");
    assert_eq!(
        run_with(data.path(), &["directory", "ldap", "show"], "")
            .status
            .code(),
        Some(3)
    );
    assert_eq!(
        account(data.path(), "carla@example.test").unwrap()["state"],
        "active"
    );
    drop(one);
    // Nothing at all, not even what the platform always says.
    let runtime = [(
        "HAUSPOST_RUNTIME",
        runtime.path().join("run").to_str().unwrap().to_owned(),
    )];
    let one = Container::start("cloudron", data.path(), &runtime);
    // Whoever is no proxy is sent to TLS; the health check is not.
    assert!(one.get("/").starts_with("308 https://"), "{}", one.get("/"));
    assert!(one.get("/healthz").starts_with("200"));
}

#[test]
fn what_people_have_chosen_here_is_not_overwritten() {
    let data = Folder::new();
    set_up(
        data.path(),
        &["--smarthost", "smtp://mine.example.test:2525?security=none"],
    );
    let environment = [
        ("CLOUDRON_MAIL_SMTP_SERVER", "127.0.0.1".to_owned()),
        ("CLOUDRON_MAIL_SMTP_PORT", "no port".to_owned()),
        (
            "HAUSPOST_RUNTIME",
            data.path().join("run").to_str().unwrap().to_owned(),
        ),
    ];
    let out = Command::new(env!("CARGO_BIN_EXE_hauspost"))
        .args(["hook", "cloudron", "start"])
        .env("HAUSPOST_DATA", data.path())
        .envs(environment.iter().map(|(n, v)| (*n, v.as_str())))
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("CLOUDRON_MAIL_SMTP_PORT is »no port«"));
    let good = [environment[0].clone(), environment[2].clone()];
    let one = Container::start("cloudron", data.path(), &good);
    drop(one);
    assert_eq!(outbound(data.path())["smarthost"]["host"], "mine.example.test");
}

#[test]
fn an_app_of_univention_is_set_up_by_its_settings_and_its_people_by_the_directory() {
    let _ports = alone();
    let slapd = Slapd::start();
    slapd.add_person("anna", "Anna Admin", "");
    slapd.add_person("carla", "Carla Core", "");
    let data = Folder::new();
    let d = Folder::new();
    fs::write(d.path().join("secret"), format!("{}\n", MACHINE.1)).unwrap();
    let path = |p: &Path| p.to_str().unwrap().to_owned();
    let environment = [
        ("LDAP_SERVER_NAME", "localhost".to_owned()),
        ("LDAP_SERVER_PORT", slapd.ldap.to_string()),
        ("LDAP_BASE", BASE.to_owned()),
        ("LDAP_HOSTDN", MACHINE.0.to_owned()),
        ("HAUSPOST_MACHINE_SECRET", path(&d.path().join("secret"))),
        ("HAUSPOST_LDAP_CA", path(&slapd.ca)),
        ("HAUSPOST_ONLY_ACTIVATED", "false".to_owned()),
        ("HAUSPOST_DOMAIN", "example.test".to_owned()),
        ("HAUSPOST_ADMIN", "anna@example.test".to_owned()),
        (
            "HAUSPOST_SMARTHOST",
            "smtp://ucs.example.test:25?security=none".to_owned(),
        ),
    ];
    let one = Container::start("univention", data.path(), &environment);
    assert!(
        !one.said.iter().any(|l| l.contains("Set-up code")),
        "{:?}",
        one.said
    );
    wait_until("the people are there", Duration::from_secs(20), || {
        account(data.path(), "carla@example.test").is_some()
            && account(data.path(), "anna@example.test").is_some_and(|a| a["displayName"] == "Anna Admin")
    });
    assert_eq!(
        account(data.path(), "anna@example.test").unwrap()["isAdmin"],
        true
    );
    assert_eq!(outbound(data.path())["smarthost"]["host"], "ucs.example.test");
    // By the path that Apache keeps, with the administrator's password of the directory.
    let sign_in = Command::new("curl")
        .args([
            "-sk",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            "Content-Type: application/json",
        ])
        .args([
            "-d",
            &format!("{{\"address\": \"anna@example.test\", \"password\": \"{PASSWORD}\"}}"),
        ])
        .args(["-H", &format!("Origin: https://localhost:{}", one.port)])
        .arg(format!("https://localhost:{}/hauspost/api/session", one.port))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&sign_in.stdout), "200");
}

#[test]
fn a_copy_of_each_night_is_a_data_folder_and_replaces_the_one_before() {
    let server = server::Server::start();
    let share = Folder::new();
    let to = share.path().join("hauspost");
    for _ in 0..2 {
        let out = run_with(
            server.data.path(),
            &["hook", "synology", "nightly", "--to", to.to_str().unwrap()],
            "",
        );
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(run(&to, &["account", "list"]).contains("ben@example.test"));
    }
    let names: Vec<_> = fs::read_dir(share.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names, ["hauspost"]);
    assert!(!server.data.path().join("backups/nightly-made").exists());
}
