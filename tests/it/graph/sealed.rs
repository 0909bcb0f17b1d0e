//! Notifications with contents, opened as Microsoft's documentation tells receivers to: with OpenSSL.

use super::receiver::Receiver;
use super::{deliver, wait_for};
use crate::server::{Folder, wait_until};
use crate::web::{Web, register};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const MAIL: &str = "From: Ben <ben@other.test>\nTo: anna@example.test\nSubject: Grüße, sealed\n\nthe text\n";

/// A tool of OpenSSL with something on its standard input.
fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is missing; run: make test");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(
        out.status.success(),
        "openssl {arguments:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    out.stdout
}

fn decode(text: &Value) -> Vec<u8> {
    openssl(&["base64", "-d", "-A"], text.as_str().unwrap().as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// A certificate as programs send it.
fn make_certificate(folder: &Path, bits: &str) -> String {
    let (key, cert) = (path(folder, "key.pem"), path(folder, "cert.pem"));
    let new = format!("rsa:{bits}");
    openssl(
        &[
            "req",
            "-x509",
            "-newkey",
            &new,
            "-nodes",
            "-subj",
            "/CN=receiver",
            "-days",
            "2",
            "-keyout",
            &key,
            "-out",
            &cert,
        ],
        b"",
    );
    let der = openssl(&["x509", "-in", &cert, "-outform", "DER"], b"");
    String::from_utf8(openssl(&["base64", "-A"], &der)).unwrap()
}

/// The contents of a notification.
fn open(folder: &Path, sealed: &Value) -> Value {
    let key_file = path(folder, "key.pem");
    let decrypt = [
        "pkeyutl",
        "-decrypt",
        "-inkey",
        &key_file,
        "-pkeyopt",
        "rsa_padding_mode:oaep",
    ];
    let key = openssl(&decrypt, &decode(&sealed["dataKey"]));
    assert_eq!(key.len(), 32);
    let data = decode(&sealed["data"]);
    let mac_key = format!("hexkey:{}", hex(&key));
    let mac = openssl(
        &["dgst", "-sha256", "-mac", "HMAC", "-macopt", &mac_key, "-binary"],
        &data,
    );
    assert_eq!(decode(&sealed["dataSignature"]), mac);
    let (key, vector) = (hex(&key), hex(&key[..16]));
    let plain = openssl(&["enc", "-d", "-aes-256-cbc", "-K", &key, "-iv", &vector], &data);
    serde_json::from_slice(&plain).unwrap()
}

fn wish(receiver: &Receiver, certificate: &str) -> Value {
    json!({
        "changeType": "created,deleted",
        "notificationUrl": receiver.url("/ok"),
        "resource": "me/mailFolders('inbox')/messages?$select=subject,from",
        "expirationDateTime": super::subscriptions::at(3600),
        "includeResourceData": true,
        "encryptionCertificate": certificate,
        "encryptionCertificateId": "mine-1",
    })
}

/// The bodies of all calls with notifications.
fn bodies(receiver: &Receiver) -> Vec<Value> {
    let calls = receiver.calls();
    let calls = calls.iter().filter(|c| c["path"] == "/ok");
    calls
        .map(|c| serde_json::from_str(c["body"].as_str().unwrap()).unwrap())
        .collect()
}

#[test]
fn contents_are_sealed_for_the_certificate_and_shown_to_be_ours() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    register(&server);
    let folder = Folder::new();
    let certificate = make_certificate(folder.path(), "2048");
    let anna = Web::program(&server, "anna@example.test", "Mail.ReadWrite");
    let made = anna
        .post("/v1.0/subscriptions", &wish(&receiver, &certificate))
        .expect(201)
        .json();
    assert_eq!(
        (&made["includeResourceData"], &made["encryptionCertificateId"]),
        (&json!(true), &json!("mine-1"))
    );
    deliver(&server, MAIL);
    let notice = receiver.wait_for("/ok", 1);
    let sealed = &notice["encryptedContent"];
    assert_eq!(sealed["encryptionCertificateId"], "mine-1");
    let print = openssl(
        &[
            "x509",
            "-in",
            &path(folder.path(), "cert.pem"),
            "-noout",
            "-fingerprint",
            "-sha1",
        ],
        b"",
    );
    let print = String::from_utf8(print)
        .unwrap()
        .trim()
        .rsplit('=')
        .next()
        .unwrap()
        .replace(':', "");
    assert_eq!(sealed["encryptionCertificateThumbprint"], print.as_str());
    let message = open(folder.path(), sealed);
    assert_eq!(
        (&message["subject"], &message["id"]),
        (&json!("Grüße, sealed"), &notice["resourceData"]["id"])
    );
    assert_eq!(message["from"]["emailAddress"]["address"], "ben@other.test");
    assert!(message.get("body").is_none(), "only what was selected: {message}");
    // The token names the program, is signed by the key that everybody can look up, and says who has called.
    let token = bodies(&receiver)[0]["validationTokens"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let parts: Vec<&str> = token.split('.').collect();
    let url_safe = |t: &str| {
        let mut text = t.replace('-', "+").replace('_', "/");
        text.push_str(&"=".repeat((4 - text.len() % 4) % 4));
        decode(&json!(text))
    };
    let claims: Value = serde_json::from_slice(&url_safe(parts[1])).unwrap();
    assert_eq!(
        (&claims["aud"], &claims["azp"]),
        (&json!("test-app"), &json!("0bf30f3b-4a52-48df-9a82-234910c4a086"))
    );
    let tenant = claims["tid"].as_str().unwrap();
    let found = anna
        .get(&format!("/{tenant}/v2.0/.well-known/openid-configuration"))
        .expect(200)
        .json();
    assert_eq!(claims["iss"], found["issuer"]);
    let header: Value = serde_json::from_slice(&url_safe(parts[0])).unwrap();
    let keys = anna
        .get(&format!("/{tenant}/discovery/v2.0/keys"))
        .expect(200)
        .json();
    assert_eq!(header["kid"], keys["keys"][0]["kid"]);
    // What is gone has no contents.
    let id = wait_for(&anna, "inbox", 1);
    anna.post(&format!("/v1.0/me/messages/{id}/permanentDelete"), &json!({}))
        .expect(204);
    let gone = receiver.wait_for("/ok", 2);
    assert_eq!(gone["changeType"], "deleted");
    assert!(gone.get("encryptedContent").is_none());
}

#[test]
fn contents_are_for_those_who_say_how_to_seal_them() {
    let receiver = Receiver::start();
    let server = receiver.server(&[]);
    register(&server);
    let folder = Folder::new();
    let good = wish(&receiver, &make_certificate(folder.path(), "2048"));
    let short = make_certificate(folder.path(), "1024");
    let anna = Web::program(&server, "anna@example.test", "Mail.Read");
    for (name, value, says) in [
        ("encryptionCertificate", Value::Null, "missing"),
        ("encryptionCertificate", json!("AAAA"), "no X.509 certificate"),
        ("encryptionCertificate", json!(short), "1024 bits"),
        ("encryptionCertificateId", Value::Null, "missing"),
        ("encryptionCertificateId", json!("x".repeat(129)), "128"),
        ("includeResourceData", json!(false), "includeResourceData"),
        ("resource", json!("me/messages?$select=subjekt"), "subjekt"),
        ("resource", json!("me/messages?$filter=isRead eq true"), "$filter"),
        (
            "expirationDateTime",
            json!(super::subscriptions::at(1442 * 60)),
            "1440 minutes",
        ),
    ] {
        let mut wish = good.clone();
        wish[name] = value;
        let error = anna.post("/v1.0/subscriptions", &wish).expect(400).json();
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{name}: {message}");
    }
    let page = Web::page(&server, "anna@example.test");
    let error = page.post("/v1.0/subscriptions", &good).expect(400).json();
    assert!(error["error"]["message"].as_str().unwrap().contains("programs"));
    wait_until("nobody was called", Duration::from_secs(1), || {
        receiver.calls().is_empty()
    });
    let made = anna.post("/v1.0/subscriptions", &good).expect(201).json();
    let one = format!("/v1.0/subscriptions/{}", made["id"].as_str().unwrap());
    anna.patch(
        &one,
        &json!({"expirationDateTime": super::subscriptions::at(1442 * 60)}),
    )
    .expect(400);
}
