//! Digests of ordinary, of wrong and of hostile messages.

use std::time::{Duration, Instant};

use super::*;
use crate::formats::mime::part_codec::{decode_parts, encode_parts};

const ORDINARY: &str = "Date: Sun, 22 Nov 2026 20:41:05 +0100\r\nFrom: =?utf-8?Q?J=C3=B6rg?= <joerg@example.test>\r\n\
    To: Team: anna@example.test, \"Berg, B\" <b@example.test>;\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n aus Wien\r\n\
    Message-ID: <3@example.test>\r\nIn-Reply-To: <2@example.test>\r\nReferences: <1@example.test>\r\n\
    \t<2@example.test>\r\nX-Priority: 1 (Highest)\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"m\"\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
    --a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    > zitiert\r\nLiebe   Anna,\r\nsch=C3=B6n\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>Liebe Anna\r\n--a--\r\n--m\r\n\
    Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--m--\r\n";

#[test]
fn reads_what_lists_need() {
    let d = digest(ORDINARY.as_bytes());
    let person = |name: Option<&str>, address: &str| Mailbox {
        name: name.map(str::to_owned),
        address: address.to_owned(),
    };
    assert_eq!(d.subject, "Grüße aus Wien");
    assert_eq!(d.from, [person(Some("Jörg"), "joerg@example.test")]);
    assert_eq!(
        d.to,
        [
            person(None, "anna@example.test"),
            person(Some("Berg, B"), "b@example.test")
        ]
    );
    assert_eq!(d.message_id.as_deref(), Some("3@example.test"));
    assert_eq!(d.in_reply_to.as_deref(), Some("2@example.test"));
    assert_eq!(d.references, ["1@example.test", "2@example.test"]);
    assert_eq!(d.sent_at_ms, Some(1_795_376_465_000));
    assert_eq!(d.preview, "Liebe Anna, schön");
    assert_eq!(d.importance, Importance::High);
    assert!(d.has_attachments);
    let parts: Vec<_> = d
        .parts
        .iter()
        .map(|p| (&p.section[..], p.content_type(), p.decoded_size))
        .collect();
    assert_eq!(parts[4], ("2", "application/pdf".into(), 4));
    assert_eq!(
        String::from_utf8(d.imap_body).unwrap(),
        "(((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"quoted-printable\" 36 2)\
         (\"text\" \"html\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 13 0) \"alternative\")\
         (\"application\" \"pdf\" NIL NIL NIL \"base64\" 8) \"mixed\")"
    );
}

#[test]
fn an_empty_message_has_a_digest() {
    let d = digest(b"");
    assert_eq!((&d.subject[..], &d.preview[..], d.parts.len()), ("", "", 1));
    assert_eq!(d.imap_envelope, b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
}

#[test]
fn pictures_of_the_text_are_no_attachments() {
    let mail = |disposition: &str, related: &str| {
        let raw = format!(
            "Content-Type: multipart/{related}; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src=cid:x>\n--b\n\
             Content-Type: image/png; name=x.png\nContent-ID: <x>\n{disposition}\n--b--\n"
        );
        digest(raw.as_bytes()).has_attachments
    };
    assert!(!mail("Content-Disposition: inline\n", "related"));
    assert!(!mail("Content-Disposition: attachment\n", "related"));
    assert!(!mail("", "mixed"));
    assert!(mail("Content-Disposition: attachment\n", "mixed"));
}

#[test]
fn dates_are_read_or_none() {
    for (text, want) in [
        ("Sun, 22 Nov 2026 19:41:05 +0000", Some(1_795_376_465_000)),
        ("22 Nov 2026 19:41:05 GMT (x)", Some(1_795_376_465_000)),
        ("22 Nov 2026 19:41:60 Z", Some(1_795_376_519_000)),
        ("tomorrow", None),
        ("32 Foo 2026 99:99:99 +9999", None),
        ("", None),
    ] {
        assert_eq!(parse_date(text.as_bytes()), want, "{text}");
    }
}

/// A digest must come in about a second; a debug build on a busy machine gets more.
fn digest_soon(what: &str, raw: &[u8]) -> Digest {
    let started = Instant::now();
    let d = digest(raw);
    let took = started.elapsed();
    println!("{what}: {} bytes, {took:?}", raw.len());
    assert!(
        took < Duration::from_secs(if cfg!(debug_assertions) { 40 } else { 2 }),
        "{what} took {took:?}"
    );
    let derived = d.imap_structure.len() + d.imap_envelope.len() + encode_parts(&d.parts).len();
    assert!(
        derived < raw.len() * 12 + 100_000,
        "{what}: {derived} derived bytes"
    );
    assert_eq!(
        decode_parts(&encode_parts(&d.parts)).as_ref(),
        Some(&d.parts),
        "{what}"
    );
    d
}

#[test]
fn hostile_messages_are_digested_soon() {
    let nested = |head: &str| {
        (0..10_000)
            .map(|i| format!("Content-Type: {head}; boundary=b{i}\n\n--b{i}\n"))
            .collect::<String>()
    };
    digest_soon("nested multiparts", nested("multipart/mixed").as_bytes());
    digest_soon("nested digests", nested("multipart/digest").as_bytes());
    digest_soon(
        "nested messages",
        "Content-Type: message/rfc822\n\n".repeat(10_000).as_bytes(),
    );
    digest_soon("header lines", "X-A: b\r\n".repeat(1_000_000).as_bytes());
    digest_soon("known header lines", "To: a@b\r\n".repeat(1_000_000).as_bytes());
    digest_soon(
        "content types",
        "Content-Type: a/b; c=d\r\n".repeat(200_000).as_bytes(),
    );
    digest_soon(
        "one long header",
        format!("Subject: {}", "x".repeat(5_000_000)).as_bytes(),
    );
    digest_soon(
        "long recipients",
        format!("To: {}", "a@b,".repeat(1_250_000)).as_bytes(),
    );
    digest_soon(
        "long fold",
        format!("Subject: {}", "\r\n ".repeat(1_500_000)).as_bytes(),
    );
    digest_soon(
        "encoded words",
        format!("Subject: {}", "=?a?Q?xxx".repeat(500_000)).as_bytes(),
    );
    digest_soon(
        "encoded names",
        format!("To: {}", "=?a?Q?xxx".repeat(500_000)).as_bytes(),
    );
    digest_soon(
        "parameters",
        format!("Content-Type: a/b{}", "; a*1*=b".repeat(500_000)).as_bytes(),
    );
    digest_soon(
        "references",
        format!("References: {}", "<a@b>".repeat(1_000_000)).as_bytes(),
    );
    digest_soon("zeros", &vec![0; 3_000_000]);
    digest_soon("dashes", "--\n".repeat(1_000_000).as_bytes());
    let wide = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}",
        "--b\n\n".repeat(600_000)
    );
    digest_soon("many parts", wide.as_bytes());
    let boundaries = nested("multipart/mixed") + &"--b\n".repeat(500_000);
    digest_soon("boundary search", boundaries.as_bytes());
    let charset = format!(
        "Content-Type: text/html; charset=\"\u{0}x\"\n\n{}",
        "<p \u{0}\u{fffd}".repeat(300_000)
    );
    digest_soon("broken html", charset.as_bytes());
}

#[test]
fn every_prefix_and_every_flipped_byte_is_digested() {
    let raw = ORDINARY.as_bytes();
    for end in 0..raw.len() {
        digest(&raw[..end]);
    }
    for i in 0..raw.len() {
        for flip in [0x20, 0x80, raw[i]] {
            let mut broken = raw.to_vec();
            broken[i] ^= flip;
            digest(&broken);
        }
    }
}

/// Reads the folder named by HAUSPOST_CORPUS; without it there is nothing to do.
#[test]
fn corpus_is_digested() {
    let Some(folder) = std::env::var_os("HAUSPOST_CORPUS") else {
        println!("skipped: HAUSPOST_CORPUS names no folder of .eml files");
        return;
    };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let raw = std::fs::read(&path).unwrap();
        let d = digest_soon(&path.to_string_lossy(), &raw);
        assert!(!d.subject.contains(['\r', '\n']) && d.preview.chars().count() <= 255);
        count += 1;
    }
    println!("{count} messages digested");
}

/// `cargo test --release digest_of_5_kb -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn digest_of_5_kb_is_quick() {
    let body = "Ein Satz, der nicht viel sagt, aber die Zeile fuellt, so wie es ueblich ist.\r\n".repeat(55);
    let raw = ORDINARY.replace("sch=C3=B6n", &body);
    let started = Instant::now();
    for _ in 0..10_000 {
        std::hint::black_box(digest(std::hint::black_box(raw.as_bytes())));
    }
    println!("{} bytes: {:?} each", raw.len(), started.elapsed() / 10_000);
}
