//! A new message from its parts, for sending. RFC 5322, 2045-2047, 2183, 2392.
//!
//! No value can add a header field: controls are taken out of everything that goes into one.

use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::{Address, EmailAddress};
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};

use crate::formats::mime::address::Mailbox;
use crate::formats::mime::digest::Importance;
use crate::formats::mime::line_endings::to_crlf;

#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    pub from: Vec<Mailbox>,
    /// Only when it is not the single address of `from`.
    pub sender: Option<Mailbox>,
    pub reply_to: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    /// For the envelope only; never written into the message.
    pub bcc: Vec<Mailbox>,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    /// Stands beside text and HTML.
    pub calendar: Option<OutgoingCalendar>,
    pub attachments: Vec<OutgoingAttachment>,
    /// Files to which the calendar refers by their Content-ID; programs show them as they show attachments.
    pub named_files: Vec<OutgoingAttachment>,
    /// Message ids come without angle brackets.
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub date_ms: i64,
    pub importance: Importance,
    /// Further fields, such as `X-...`; a name of ours or a wrong one is left out.
    pub extra: Vec<(String, String)>,
}

/// A message about an event (RFC 6047).
#[derive(Clone, Debug, Default)]
pub struct OutgoingCalendar {
    pub method: String,
    pub text: String,
}

#[derive(Clone, Debug, Default)]
pub struct OutgoingAttachment {
    pub name: String,
    /// `type/subtype`; anything else becomes application/octet-stream.
    pub content_type: String,
    pub content: Vec<u8>,
    /// With it the part is inline and stands beside the HTML.
    pub content_id: Option<String>,
}

/// The whole message, lines end with CRLF.
pub fn compose(outgoing: &Outgoing) -> Vec<u8> {
    let mut builder = MessageBuilder::new()
        .date(Date::new(outgoing.date_ms.div_euclid(1000)))
        .message_id(MessageId::new(clean_id(&outgoing.message_id)))
        .from(addresses(&outgoing.from));
    if let Some(sender) = &outgoing.sender {
        builder = builder.sender(addresses(std::slice::from_ref(sender)));
    }
    for (name, list) in [
        ("Reply-To", &outgoing.reply_to),
        ("To", &outgoing.to),
        ("Cc", &outgoing.cc),
    ] {
        if !list.is_empty() {
            builder = builder.header(name, HeaderType::Address(addresses(list)));
        }
    }
    if outgoing.to.is_empty() && outgoing.cc.is_empty() {
        // RFC 5322 §3.6.3 needs none, but filters dislike mail to nobody.
        builder = builder.header("To", Raw::new("undisclosed-recipients:;"));
    }
    builder = builder.subject(Text::new(clean(&outgoing.subject)));
    if let Some(id) = outgoing
        .in_reply_to
        .as_deref()
        .map(clean_id)
        .filter(|id| !id.is_empty())
    {
        builder = builder.in_reply_to(MessageId::new(id));
    }
    let references: Vec<_> = outgoing
        .references
        .iter()
        .map(|id| clean_id(id))
        .filter(|id| !id.is_empty())
        .collect();
    if !references.is_empty() {
        builder = builder.references(MessageId::from(references));
    }
    let importance = match outgoing.importance {
        Importance::Normal => None,
        Importance::Low => Some(("Low", "5")),
        Importance::High => Some(("High", "1")),
    };
    if let Some((word, number)) = importance {
        builder = builder
            .header("Importance", Raw::new(word))
            .header("X-Priority", Raw::new(number));
    }
    for (name, value) in outgoing.extra.iter().filter(|(name, _)| is_extra_name(name)) {
        builder = builder.header(name.clone(), Text::new(clean(value)));
    }
    let mut out = Vec::new();
    builder.body(body(outgoing)).serialize(&mut out);
    to_crlf(&out).into_owned()
}

/// mixed(related(alternative(text, html), inline...), attachments...), with only the layers that are needed.
fn body(outgoing: &Outgoing) -> MimePart<'_> {
    let text_part = |kind: &'static str, text: &str| MimePart::new(kind, BodyPart::Text(to_lf(text).into()));
    let mut versions = Vec::new();
    if let Some(text) = &outgoing.text {
        versions.push(text_part("text/plain", text));
    }
    if let Some(html) = &outgoing.html {
        versions.push(text_part("text/html", html));
    }
    if versions.is_empty() {
        versions.push(text_part("text/plain", ""));
    }
    if let Some(calendar) = &outgoing.calendar {
        let kind = ContentType::new("text/calendar")
            .attribute("method", clean(&calendar.method))
            .attribute("charset", "utf-8");
        versions.push(MimePart::new(kind, BodyPart::Text(to_lf(&calendar.text).into())));
    }
    let text = wrap("multipart/alternative", versions);
    let is_inline = |a: &&OutgoingAttachment| a.content_id.is_some() && outgoing.html.is_some();
    let (inline, attached): (Vec<_>, Vec<_>) = outgoing.attachments.iter().partition(is_inline);
    let related = wrap(
        "multipart/related",
        std::iter::once(text)
            .chain(inline.into_iter().map(inline_part))
            .collect(),
    );
    wrap(
        "multipart/mixed",
        std::iter::once(related)
            .chain(outgoing.named_files.iter().map(named_part))
            .chain(attached.into_iter().map(attached_part))
            .collect(),
    )
}

/// A single part needs no multipart around it.
fn wrap<'x>(kind: &'static str, mut parts: Vec<MimePart<'x>>) -> MimePart<'x> {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            MimePart::new(kind, parts)
        }
    }
}

fn inline_part(attachment: &OutgoingAttachment) -> MimePart<'_> {
    let part = MimePart::new(content_type(attachment), content(attachment));
    let disposition = ContentType::new("inline").attribute("filename", clean(&attachment.name));
    part.header("Content-Disposition", disposition)
        .cid(clean_id(attachment.content_id.as_deref().unwrap_or_default()))
}

fn named_part(attachment: &OutgoingAttachment) -> MimePart<'_> {
    attached_part(attachment).cid(clean_id(attachment.content_id.as_deref().unwrap_or_default()))
}

fn attached_part(attachment: &OutgoingAttachment) -> MimePart<'_> {
    let part =
        MimePart::new(content_type(attachment), content(attachment)).attachment(clean(&attachment.name));
    if !attachment.content_type.eq_ignore_ascii_case("message/rfc822") {
        return part;
    }
    // RFC 2046 §5.2.1: a message within a message is not encoded.
    let encoding = if attachment.content.is_ascii() {
        "7bit"
    } else {
        "8bit"
    };
    part.header("Content-Transfer-Encoding", Raw::new(encoding))
}

fn content_type(attachment: &OutgoingAttachment) -> ContentType<'static> {
    let kind = attachment
        .content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let is_type = kind.split('/').count() == 2 && kind.split('/').all(is_token);
    let kind = match is_type && !kind.to_ascii_lowercase().starts_with("multipart/") {
        true => kind.to_owned(),
        false => "application/octet-stream".to_owned(),
    };
    ContentType::new(kind).attribute("name", clean(&attachment.name))
}

fn content(attachment: &OutgoingAttachment) -> BodyPart<'_> {
    BodyPart::Binary(attachment.content.as_slice().into())
}

fn addresses(list: &[Mailbox]) -> Address<'static> {
    let one = |m: &Mailbox| {
        let name = m.name.as_deref().map(clean).filter(|n| !n.is_empty());
        let email = m
            .address
            .chars()
            .filter(|c| !c.is_control() && !"<>".contains(*c))
            .collect::<String>();
        Address::Address(EmailAddress {
            name: name.map(Into::into),
            email: email.into(),
        })
    };
    Address::new_list(list.iter().map(one).collect())
}

/// One line without controls.
fn clean(text: &str) -> String {
    crate::base::text::one_line(text).trim().to_owned()
}

/// A message id has no blanks and no brackets.
fn clean_id(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_ascii_graphic() && !"<>".contains(*c))
        .collect()
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
}

/// Fields that the message's own values make, or that are about its structure.
fn is_extra_name(name: &str) -> bool {
    const OWN: &[&str] = &[
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "importance",
        "x-priority",
        "mime-version",
        "received",
        "return-path",
    ];
    let lower = name.to_ascii_lowercase();
    is_token(name) && name.len() <= 76 && !lower.starts_with("content-") && !OWN.contains(&&lower[..])
}

/// The encoder of text wants LF and writes CRLF.
fn to_lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::digest::digest;
    use crate::formats::mime::part::from_structure;
    use crate::formats::mime::readable::{attachments, html_body, text_body};
    use crate::formats::mime::structure::Structure;

    fn mailbox(name: &str, address: &str) -> Mailbox {
        Mailbox {
            name: Some(name.into()).filter(|n: &String| !n.is_empty()),
            address: address.into(),
        }
    }

    fn outgoing() -> Outgoing {
        Outgoing {
            from: vec![mailbox("Jörg Groß", "joerg@example.test")],
            to: vec![
                mailbox("Berg, Anna", "anna@example.test"),
                mailbox("", "b@example.test"),
            ],
            bcc: vec![mailbox("", "secret@example.test")],
            subject: "Größe und Länge ".repeat(10),
            text: Some("Hallo\r\n.\nFrom hier\nÄ".into()),
            html: Some("<p>Hallo<img src=cid:x@y>".into()),
            attachments: vec![
                OutgoingAttachment {
                    name: "Übersicht 2026.pdf".into(),
                    content_type: "application/pdf".into(),
                    content: vec![0, 13, 10, 255],
                    content_id: None,
                },
                OutgoingAttachment {
                    name: "x.png".into(),
                    content_type: "image/png".into(),
                    content: vec![1; 100],
                    content_id: Some("x@y".into()),
                },
            ],
            message_id: "1@example.test".into(),
            in_reply_to: Some("0@example.test".into()),
            references: vec!["r@example.test".into(), "0@example.test".into()],
            date_ms: 1_795_376_465_000,
            importance: Importance::High,
            extra: vec![("X-Test".into(), "ja".into())],
            ..Outgoing::default()
        }
    }

    #[test]
    fn what_is_composed_reads_back() {
        let out = outgoing();
        let raw = compose(&out);
        let d = digest(&raw);
        assert_eq!((&d.from, &d.to, &d.bcc), (&out.from, &out.to, &vec![]));
        assert_eq!(d.subject, out.subject.trim());
        assert_eq!(d.sent_at_ms, Some(out.date_ms));
        assert_eq!(d.message_id.as_deref(), Some("1@example.test"));
        assert_eq!(d.in_reply_to, out.in_reply_to);
        assert_eq!(d.references, out.references);
        assert_eq!(d.importance, Importance::High);
        assert_eq!(
            text_body(&raw).as_deref().map(str::trim_end),
            Some("Hallo\n.\nFrom hier\nÄ")
        );
        assert_eq!(
            html_body(&raw).unwrap().html.trim_end(),
            "<p>Hallo<img src=cid:x@y>"
        );
        let files = attachments(&from_structure(&Structure::parse(&raw)));
        let got: Vec<_> = files
            .iter()
            .map(|a| (&a.name[..], a.size_bytes, a.is_inline))
            .collect();
        assert_eq!(got, [("x.png", 100, true), ("Übersicht 2026.pdf", 4, false)]);
        assert!(!String::from_utf8_lossy(&raw).contains("secret"));
        assert!(raw.is_ascii() && raw.split(|b| *b == b'\n').all(|l| l.len() <= 999));
        assert!(
            String::from_utf8_lossy(&raw)
                .replace("\r\n", "")
                .find(['\r', '\n'])
                .is_none()
        );
    }

    #[test]
    fn no_value_adds_a_header() {
        let bad = "a\r\nX-Evil: yes\r\n\r\nbody\nX-Evil: 2\u{0}\u{2028}X-Evil: 3\u{85}X-Evil: 4";
        let mut out = outgoing();
        let evil = || Mailbox {
            name: Some(bad.into()),
            address: format!("{bad}@x.de>\r\nX-Evil: 5"),
        };
        (out.from, out.to, out.sender) = (vec![evil()], vec![evil()], Some(evil()));
        (out.subject, out.message_id, out.in_reply_to) = (bad.into(), bad.into(), Some(bad.into()));
        out.references = vec![bad.into()];
        out.extra = vec![
            ("X-A\r\nX-Evil".into(), "b".into()),
            ("X-B".into(), bad.into()),
            ("Bcc".into(), "x@y".into()),
            ("content-type".into(), "x/y".into()),
        ];
        for a in &mut out.attachments {
            (a.name, a.content_type) = (bad.into(), format!("a/b{bad}"));
            a.content_id = a.content_id.as_ref().map(|_| bad.to_owned());
        }
        let raw = compose(&out);
        let text = String::from_utf8_lossy(&raw);
        assert!(
            !text.lines().any(|l| l.to_ascii_lowercase().starts_with("x-evil")),
            "{text}"
        );
        assert!(!text.contains("Bcc"));
    }

    #[test]
    fn a_bare_message_is_one_part() {
        let out = Outgoing {
            message_id: "1@x".into(),
            text: Some("a".into()),
            ..Outgoing::default()
        };
        let raw = compose(&out);
        assert_eq!(digest(&raw).parts.len(), 1);
        assert!(String::from_utf8_lossy(&raw).contains("To: undisclosed-recipients:;\r\n"));
    }
}
