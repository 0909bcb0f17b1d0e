//! One port for everything, and certificates that change under way.

use crate::server::{Folder, Server, set_up, wait_until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A TLS connection by OpenSSL's own client.
struct Tls {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Tls {
    fn open(address: SocketAddr, options: &[&str]) -> Tls {
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-ign_eof", "-connect", &address.to_string()])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is missing; run: make test");
        let (input, output) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        Tls { child, input, output }
    }

    fn say(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn plain(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn alpn_decides_between_imap_and_http() {
    let server = Server::start();
    let mut imap = Tls::open(server.one, &["-alpn", "imap"]);
    assert!(imap.line().starts_with("* OK "));
    let mut http = Tls::open(server.one, &["-alpn", "http/1.1"]);
    http.say(HEALTH);
    assert_eq!(http.line(), "HTTP/1.1 200 OK");
}

#[test]
fn without_alpn_the_name_decides() {
    let server = Server::start();
    let mut imap = Tls::open(server.one, &["-servername", "imap.example.test"]);
    assert!(imap.line().starts_with("* OK "));
    let mut smtp = Tls::open(server.one, &["-servername", "smtp.example.test"]);
    assert_eq!(smtp.line(), "220 mail.example.test ESMTP Hauspost");
}

#[test]
fn without_alpn_and_name_who_speaks_first_gets_http_and_who_waits_gets_imap() {
    let server = Server::start();
    let mut http = Tls::open(server.one, &["-noservername"]);
    http.say(HEALTH);
    assert_eq!(http.line(), "HTTP/1.1 200 OK");
    let mut imap = Tls::open(server.one, &["-noservername"]);
    assert!(imap.line().starts_with("* OK "));
}

#[test]
fn plain_http_is_sent_to_tls_unless_a_trusted_proxy_brings_it() {
    let server = Server::start();
    let answer = plain(server.one, "GET /a?b=c HTTP/1.1\r\nHost: box.test:8443\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 308 Permanent Redirect\r\nLocation: https://box.test:8443/a?b=c\r\n"),
        "{answer}"
    );
    let answer = plain(server.one, "GET / HTTP/1.1\r\nHost: evil\"<x>\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let proxied = Server::start_with(&["--trusted-proxy", "127.0.0.0/8"]);
    assert!(plain(proxied.one, HEALTH).starts_with("HTTP/1.1 200 OK\r\n"));
}

fn serial(address: SocketAddr) -> String {
    let script = format!(
        "openssl s_client -connect {address} -servername x </dev/null 2>/dev/null | openssl x509 -noout -serial -ext subjectAltName"
    );
    let out = Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn a_changed_certificate_is_used_without_dropping_connections() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    let folder = Folder::new();
    let (_, cert, key) = crate::counterparts::certificate(folder.path());
    let options = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let server = Server::serve(data, &options);
    let mut open = Tls::open(server.one, &["-alpn", "imap"]);
    assert!(open.line().starts_with("* OK "));
    let before = serial(server.one);
    assert!(before.contains("serial="), "{before}");
    crate::counterparts::certificate(folder.path());
    wait_until("the new certificate is used", Duration::from_secs(20), || {
        serial(server.one) != before
    });
    open.say("a1 NOOP\r\n");
    assert!(open.line().starts_with("a1 OK"), "the old connection lives on");
    // Something that is no certificate leaves the last good one in use.
    let good = serial(server.one);
    std::fs::write(&cert, "nonsense").unwrap();
    wait_until("it is in the log", Duration::from_secs(20), || {
        server.log().contains("the old one stays")
    });
    assert_eq!(serial(server.one), good);
}

#[test]
fn the_own_certificate_is_for_the_names_of_the_office() {
    let server = Server::start();
    let names = serial(server.one);
    for name in [
        "DNS:mail.example.test",
        "DNS:imap.example.test",
        "DNS:localhost",
        "IP Address:127.0.0.1",
    ] {
        assert!(names.contains(name), "{name} in {names}");
    }
}
