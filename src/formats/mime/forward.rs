//! A message that is sent on by a rule: as it is (RFC 5322 §3.6.6), or with a header of who sends it on.

use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, compose};
use crate::formats::mime::edit::{header, is_of_the_body};

/// Who sends it on, and under which name.
pub struct Resent<'a> {
    pub from: &'a Mailbox,
    pub to: &'a [Mailbox],
    /// Without angle brackets.
    pub message_id: &'a str,
    pub date_ms: i64,
}

/// The same message with the fields of who has sent it on before it. Nothing in it changes, so its signatures hold.
pub fn redirect(raw: &[u8], resent: &Resent<'_>) -> Vec<u8> {
    // The field names are made by compose, so that names of people are encoded as everywhere.
    let composed = compose(&Outgoing {
        from: vec![resent.from.clone()],
        to: resent.to.to_vec(),
        message_id: resent.message_id.to_owned(),
        date_ms: resent.date_ms,
        ..Outgoing::default()
    });
    let mut out = Vec::with_capacity(raw.len() + 1_000);
    out.extend_from_slice(format!("X-Loop: {}\r\n", resent.from.address).as_bytes());
    for field in header(&composed).0 {
        let is_meant = [&b"From"[..], b"To", b"Date", b"Message-ID"]
            .iter()
            .any(|n| field.name.eq_ignore_ascii_case(n));
        if is_meant {
            out.extend_from_slice(b"Resent-");
            out.extend_from_slice(&composed[field.start..field.end]);
        }
    }
    let (fields, body) = header(raw);
    // The return path is that of the way it came (RFC 5321 §4.4).
    let kept = fields
        .iter()
        .filter(|f| !f.name.eq_ignore_ascii_case(b"return-path"));
    kept.for_each(|f| out.extend_from_slice(&raw[f.start..f.end]));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(raw.get(body..).unwrap_or_default());
    out
}

/// A message with the header of `new` and the text and files of `raw`, untouched.
pub fn put_under_header(raw: &[u8], new: &Outgoing) -> Vec<u8> {
    let composed = compose(new);
    let mut out = Vec::with_capacity(raw.len() + 1_000);
    for field in header(&composed).0.iter().filter(|f| !is_of_the_body(f.name)) {
        out.extend_from_slice(&composed[field.start..field.end]);
    }
    let (fields, body) = header(raw);
    for field in fields.iter().filter(|f| is_of_the_body(f.name)) {
        out.extend_from_slice(&raw[field.start..field.end]);
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(raw.get(body..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &[u8] =
        b"Return-Path: <ben@other.test>\r\nReceived: x\r\nFrom: Ben <ben@other.test>\r\nSubject: hi\r\n\
        MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n";

    fn anna() -> Mailbox {
        Mailbox {
            name: Some("Änna".into()),
            address: "anna@example.test".into(),
        }
    }

    #[test]
    fn what_is_redirected_stays_as_it_is_behind_who_has_sent_it_on() {
        let out = redirect(
            RAW,
            &Resent {
                from: &anna(),
                to: &[anna()],
                message_id: "1@example.test",
                date_ms: 0,
            },
        );
        let text = String::from_utf8(out).unwrap();
        let kept = std::str::from_utf8(&RAW[RAW.iter().position(|b| *b == b'\n').unwrap() + 1..]).unwrap();
        assert!(text.ends_with(kept), "{text}");
        assert!(text.starts_with("X-Loop: anna@example.test\r\nResent-"), "{text}");
        for field in [
            "Resent-From: ",
            "Resent-To: ",
            "Resent-Date: ",
            "Resent-Message-ID: <1@example.test>",
        ] {
            assert!(text.contains(field), "{field}: {text}");
        }
        assert!(!text.contains("Return-Path"));
    }

    #[test]
    fn what_is_forwarded_has_another_header_over_the_same_body() {
        let new = Outgoing {
            from: vec![anna()],
            subject: "FW: hi".into(),
            ..Outgoing::default()
        };
        let text = String::from_utf8(put_under_header(RAW, &new)).unwrap();
        assert!(
            text.contains("Subject: FW: hi\r\n") && !text.contains("ben@other"),
            "{text}"
        );
        assert!(
            text.ends_with("Content-Type: text/html\r\n\r\n<p>x</p>\r\n"),
            "{text}"
        );
        assert_eq!(text.matches("Content-Type").count(), 1);
    }
}
