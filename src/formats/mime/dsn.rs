//! Delivery status notifications: what happened to a mail, for its sender and for the sender's program.
//! RFC 3464 (multipart/report with message/delivery-status), RFC 6522, RFC 3834 (Auto-Submitted).

use mail_builder::mime::{BodyPart, MimePart};

use crate::base::clock::{rfc3339, rfc5322};
use crate::base::random::short_id;
use crate::base::text::{cut, one_line};
use crate::formats::mime::digest::digest;
use crate::formats::mime::dsn_text;
use crate::formats::mime::field::{Step, step};
use crate::formats::mime::line_endings::to_crlf;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    German,
    English,
}

/// RFC 3464 §2.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Failed,
    Delayed,
    Relayed,
    Delivered,
}

#[derive(Clone, Debug)]
pub struct Dsn<'a> {
    pub language: Language,
    /// All recipients of one notification share it.
    pub action: Action,
    /// Our host name.
    pub reporting_mta: &'a str,
    /// `postmaster@...`; shown as the sender.
    pub from: &'a str,
    /// The envelope sender of the mail it is about.
    pub to: &'a str,
    /// Without angle brackets.
    pub message_id: &'a str,
    pub now_ms: i64,
    pub arrived_at_ms: Option<i64>,
    /// Delayed: until when it will be tried.
    pub retry_until_ms: Option<i64>,
    /// RFC 3461 ENVID.
    pub envelope_id: Option<&'a str>,
    pub recipients: &'a [DsnRecipient],
    /// The mail it is about, or its header.
    pub original: &'a [u8],
    /// Return the whole mail (RFC 3461 RET=FULL) and not only its header.
    pub returns_full: bool,
}

#[derive(Clone, Debug)]
pub struct DsnRecipient {
    pub address: String,
    /// RFC 3461 ORCPT, `rfc822;anna@example.test`.
    pub original: Option<String>,
    /// Enhanced status code, `5.1.1` (RFC 3463).
    pub status: String,
    /// The other server's own words, `550 5.1.1 no such user`.
    pub diagnostic: Option<String>,
    pub remote_mta: Option<String>,
}

/// Larger originals come back as their header only.
const MAX_RETURNED: usize = 200_000;
const MAX_HEADER: usize = 50_000;

impl Dsn<'_> {
    /// The whole message, lines end with CRLF.
    pub fn build(&self) -> Vec<u8> {
        let boundary = format!("=_dsn_{}", short_id());
        let subject = digest(self.header()).subject;
        let mut out = self.outer_header(&boundary);
        let text = dsn_text::explain(self, cut(&subject, 200));
        self.push_part(&mut out, &boundary, |out| {
            MimePart::new("text/plain", BodyPart::Text(text.into())).write_part(out);
        });
        self.push_part(&mut out, &boundary, |out| {
            out.extend_from_slice(b"Content-Type: message/delivery-status\r\n\r\n");
            out.extend_from_slice(self.delivery_status().as_bytes());
        });
        self.push_part(&mut out, &boundary, |out| self.push_original(out));
        out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        to_crlf(&out).into_owned()
    }

    fn outer_header(&self, boundary: &str) -> Vec<u8> {
        let fields = [
            ("Date", rfc5322(self.now_ms)),
            (
                "From",
                format!(
                    "\"{}\" <{}>",
                    dsn_text::sender_name(self.language),
                    address(self.from)
                ),
            ),
            ("To", format!("<{}>", address(self.to))),
            (
                "Subject",
                dsn_text::subject(self.language, self.action).to_owned(),
            ),
            ("Message-ID", format!("<{}>", address(self.message_id))),
            // RFC 3834 §5: nobody's holiday notice may answer this.
            ("Auto-Submitted", "auto-replied".to_owned()),
            ("MIME-Version", "1.0".to_owned()),
            (
                "Content-Type",
                format!("multipart/report; report-type=delivery-status;\r\n\tboundary=\"{boundary}\""),
            ),
        ];
        let mut out = Vec::new();
        for (name, value) in fields {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    fn push_part(&self, out: &mut Vec<u8>, boundary: &str, write: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        write(out);
    }

    /// RFC 3464 §2.2 and §2.3.
    fn delivery_status(&self) -> String {
        let mut out = String::new();
        push_field(&mut out, "Original-Envelope-Id", self.envelope_id);
        push_field(
            &mut out,
            "Reporting-MTA",
            Some(&format!("dns; {}", self.reporting_mta)),
        );
        push_field(
            &mut out,
            "Arrival-Date",
            self.arrived_at_ms.map(rfc5322).as_deref(),
        );
        for recipient in self.recipients {
            out.push_str("\r\n");
            let action = match self.action {
                Action::Failed => "failed",
                Action::Delayed => "delayed",
                Action::Relayed => "relayed",
                Action::Delivered => "delivered",
            };
            push_field(&mut out, "Original-Recipient", recipient.original.as_deref());
            push_field(
                &mut out,
                "Final-Recipient",
                Some(&format!("rfc822; {}", recipient.address)),
            );
            push_field(&mut out, "Action", Some(action));
            push_field(&mut out, "Status", Some(&recipient.status));
            let remote = recipient.remote_mta.as_ref().map(|host| format!("dns; {host}"));
            push_field(&mut out, "Remote-MTA", remote.as_deref());
            let diagnostic = recipient.diagnostic.as_ref().map(|text| format!("smtp; {text}"));
            push_field(&mut out, "Diagnostic-Code", diagnostic.as_deref());
            push_field(&mut out, "Last-Attempt-Date", Some(&rfc5322(self.now_ms)));
            if self.action == Action::Delayed {
                push_field(
                    &mut out,
                    "Will-Retry-Until",
                    self.retry_until_ms.map(rfc5322).as_deref(),
                );
            }
        }
        out
    }

    /// The header of the original with its empty line.
    fn header(&self) -> &[u8] {
        let mut pos = 0;
        while let Step::Field(field) = step(self.original, pos) {
            if field.end > MAX_HEADER {
                break;
            }
            pos = field.end;
        }
        &self.original[..pos]
    }

    /// RFC 6522 §3: the mail, or text/rfc822-headers. Bytes above 127 are announced.
    fn push_original(&self, out: &mut Vec<u8>) {
        let is_full = self.returns_full && self.original.len() <= MAX_RETURNED;
        let (kind, content) = match is_full {
            true => ("message/rfc822", self.original),
            false => ("text/rfc822-headers", self.header()),
        };
        let encoding = if content.is_ascii() { "7bit" } else { "8bit" };
        let head = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
        out.extend_from_slice(head.as_bytes());
        out.extend(content.iter().copied().filter(|b| *b != 0));
    }
}

/// One line of ASCII; strangers' words can neither add fields nor break the 998 limit.
fn push_field(out: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let line: String = one_line(value)
            .chars()
            .map(|c| if c.is_ascii() { c } else { '?' })
            .collect();
        out.push_str(&format!("{name}: {}\r\n", cut(line.trim(), 800)));
    }
}

fn address(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !c.is_whitespace() && !"<>".contains(*c))
        .collect()
}

/// For the text: day and minute, in UTC.
pub fn readable_time(ms: i64) -> String {
    let iso = rfc3339(ms);
    format!(
        "{} {} UTC",
        iso.get(..10).unwrap_or_default(),
        iso.get(11..16).unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::readable::text_body;

    fn recipient(status: &str) -> DsnRecipient {
        DsnRecipient {
            address: "anna@example.test".into(),
            original: Some("rfc822;anna@example.test".into()),
            status: status.into(),
            diagnostic: Some("550 5.1.1 no such user\r\nX-Evil: 1".into()),
            remote_mta: Some("mx.example.test".into()),
        }
    }

    fn build(language: Language, action: Action, status: &str) -> Vec<u8> {
        Dsn {
            language,
            action,
            reporting_mta: "box.example.test",
            from: "postmaster@example.test",
            to: "joerg@example.test",
            message_id: "9@example.test",
            now_ms: 1_795_376_465_000,
            arrived_at_ms: Some(1_795_372_865_000),
            retry_until_ms: Some(1_795_808_465_000),
            envelope_id: None,
            recipients: &[recipient(status)],
            original: b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\nFrom: x\n\nbody\n",
            returns_full: false,
        }
        .build()
    }

    #[test]
    fn a_bounce_has_three_parts_and_plain_words() {
        let raw = build(Language::German, Action::Failed, "5.1.1");
        let d = digest(&raw);
        let kinds: Vec<_> = d.parts.iter().map(|p| p.content_type()).collect();
        assert_eq!(
            kinds,
            [
                "multipart/report",
                "text/plain",
                "message/delivery-status",
                "text/rfc822-headers"
            ]
        );
        let text = text_body(&raw).unwrap();
        for word in ["Grüße", "anna@example.test", "gibt es", "no such user"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert_eq!(
            String::from_utf8_lossy(d.parts[2].body(&raw)),
            "Reporting-MTA: dns; box.example.test\r\nArrival-Date: Sun, 22 Nov 2026 18:41:05 +0000\r\n\r\n\
             Original-Recipient: rfc822;anna@example.test\r\nFinal-Recipient: rfc822; anna@example.test\r\n\
             Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.example.test\r\n\
             Diagnostic-Code: smtp; 550 5.1.1 no such user  X-Evil: 1\r\n\
             Last-Attempt-Date: Sun, 22 Nov 2026 19:41:05 +0000\r\n"
        );
        assert_eq!(
            d.parts[3].body(&raw),
            b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nFrom: x\r\n"
        );
    }

    #[test]
    fn every_kind_speaks_both_languages() {
        for action in [
            Action::Failed,
            Action::Delayed,
            Action::Relayed,
            Action::Delivered,
        ] {
            for status in ["5.1.1", "5.1.2", "5.2.2", "5.3.4", "5.7.1", "4.4.1", "5.0.0", "x"] {
                let german = text_body(&build(Language::German, action, status)).unwrap();
                let english = text_body(&build(Language::English, action, status)).unwrap();
                assert!(german.contains("Betreff") && english.contains("Subject"));
                assert_ne!(german, english);
            }
        }
    }

    #[test]
    fn delays_say_until_when() {
        let raw = build(Language::English, Action::Delayed, "4.4.1");
        let text = text_body(&raw).unwrap();
        assert!(text.contains("2026-11-27 19:41 UTC"), "{text}");
        assert!(
            String::from_utf8_lossy(&raw).contains("Will-Retry-Until: Fri, 27 Nov 2026 19:41:05 +0000\r\n")
        );
    }
}
