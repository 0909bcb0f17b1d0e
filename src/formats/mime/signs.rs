//! What a message that arrives is, by its header and its parts: a list's, a machine's, a report, an invitation, signed,
//! on its way around in a circle. RFC 3834 §2, RFC 3462, RFC 8098, RFC 8551, RFC 3801, RFC 2919.

use crate::formats::mime::calendar_part::calendar_parts;
use crate::formats::mime::field::{Field, fields};
use crate::formats::mime::part::{Part, from_structure};
use crate::formats::mime::structure::Structure;
use crate::formats::mime::text::decode_text;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// Every field of the header as a line, decoded, lower case.
    pub header: String,
    /// The address in Return-Path, which the last server writes; empty for reports. None: there is no such field.
    pub return_path: Option<String>,
    /// Auto-Submitted says anything but no.
    pub is_automatic: bool,
    /// Auto-Submitted: auto-replied, or a program that says so in its own way.
    pub is_automatic_reply: bool,
    pub is_automatic_forward: bool,
    /// A list, or bulk mail: nothing answers it by itself.
    pub is_list: bool,
    /// Its sender wants no automatic answer (X-Auto-Response-Suppress).
    pub wants_no_reply: bool,
    pub is_meeting_request: bool,
    pub is_meeting_response: bool,
    pub is_encrypted: bool,
    pub is_signed: bool,
    pub is_permission_controlled: bool,
    pub is_read_receipt: bool,
    pub is_non_delivery_report: bool,
    pub is_voicemail: bool,
    /// Lower case, as it stands there.
    pub sensitivity: String,
    /// What the sender asks for, lower case, as Outlook writes it: `follow up`.
    pub message_flag: Option<String>,
    /// Mailboxes that have sent it on, lower case.
    pub loops: Vec<String>,
    /// Servers that it has come through.
    pub hops: usize,
}

/// A header text behind this length is not looked at.
const MAX_HEADER: usize = 256 << 10;
/// Longer fields are cut.
const MAX_VALUE: usize = 16 << 10;

pub fn signs(raw: &[u8]) -> Signs {
    let structure = Structure::parse(raw);
    let parts = from_structure(&structure);
    let Some(root) = parts.first() else {
        return Signs::default();
    };
    let header = root.header(raw);
    let mut out = Signs::default();
    for field in fields(&header[..header.len().min(MAX_HEADER)]) {
        read_field(&field, &mut out);
    }
    read_type(&structure, &parts, &mut out);
    let methods = calendar_parts(raw).into_iter().filter_map(|p| p.method);
    for method in methods.map(|m| m.to_ascii_lowercase()) {
        out.is_meeting_request |= method == "request";
        out.is_meeting_response |= matches!(method.as_str(), "reply" | "counter");
    }
    out
}

fn read_field(field: &Field<'_>, out: &mut Signs) {
    let name = String::from_utf8_lossy(field.name).to_ascii_lowercase();
    let value = decode_text(&field.value[..field.value.len().min(MAX_VALUE)]).to_lowercase();
    let word = value.split([';', ' ', '\t']).next().unwrap_or_default();
    match name.as_str() {
        "return-path" if out.return_path.is_none() => {
            out.return_path = Some(value.trim_matches(['<', '>', ' ']).to_owned());
        }
        "auto-submitted" => {
            out.is_automatic |= word != "no";
            out.is_automatic_reply |= word == "auto-replied";
            out.is_automatic_forward |= word == "auto-forwarded";
        }
        "x-autoreply" | "x-autorespond" | "x-autoresponse" => {
            (out.is_automatic, out.is_automatic_reply) = (true, true);
        }
        // RFC 2156 §5.3.6; the others are what Exchange and Gmail write.
        "autoforwarded" | "x-autoforward" => out.is_automatic_forward |= word != "false",
        "x-forwarded-for" | "x-ms-exchange-inbox-rules-loop" => out.is_automatic_forward = true,
        "precedence" => out.is_list |= matches!(word, "bulk" | "list" | "junk"),
        "x-auto-response-suppress" => {
            let words = value.split([',', ' ']).map(str::trim);
            out.wants_no_reply |= { words }.any(|w| matches!(w, "all" | "oof" | "autoreply"));
        }
        "x-loop" => out.loops.push(value.trim_matches(['<', '>', ' ']).to_owned()),
        "received" => out.hops += 1,
        "sensitivity" => out.sensitivity = word.to_owned(),
        "x-message-flag" => out.message_flag = Some(value.clone()),
        "x-voice-message-sender" | "x-voicemessage-sender" => out.is_voicemail = true,
        _ => out.is_list |= name.starts_with("list-"),
    }
    out.header.push_str(&format!("{name}: {value}\n"));
}

fn read_type(structure: &Structure<'_>, parts: &[Part], out: &mut Signs) {
    let root = &parts[0];
    let parameter = |name: &str| {
        let text = structure.nodes.first().and_then(|n| n.content_type.text(name));
        text.unwrap_or_default().to_ascii_lowercase()
    };
    if root.is_type("multipart", "report") {
        match parameter("report-type").as_str() {
            "delivery-status" => out.is_non_delivery_report = true,
            "disposition-notification" => out.is_read_receipt = true,
            _ => {}
        }
    }
    let is_pkcs7 =
        |p: &Part| p.is_type("application", "pkcs7-mime") || p.is_type("application", "x-pkcs7-mime");
    let smime_type = parameter("smime-type");
    out.is_signed = root.is_type("multipart", "signed") || is_pkcs7(root) && smime_type == "signed-data";
    out.is_encrypted = root.is_type("multipart", "encrypted")
        || is_pkcs7(root) && !matches!(smime_type.as_str(), "signed-data" | "certs-only");
    out.is_permission_controlled = parts
        .iter()
        .any(|p| p.is_type("application", "x-microsoft-rpmsg-message"));
    out.is_voicemail |= root.is_type("multipart", "voice-message");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Signs {
        signs(text.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn what_machines_send_is_told_apart() {
        let reply =
            of("Return-Path: <Ben@Other.test>\nAuto-Submitted: auto-replied (vacation)\nSubject: x\n\ny\n");
        assert!(reply.is_automatic && reply.is_automatic_reply && !reply.is_list);
        assert_eq!(reply.return_path.as_deref(), Some("ben@other.test"));
        assert!(!of("Auto-Submitted: no\n\ny\n").is_automatic);
        assert!(of("List-Id: <a.b>\n\ny\n").is_list);
        assert!(of("Precedence: bulk\n\ny\n").is_list);
        assert!(of("X-Auto-Response-Suppress: DR, OOF\n\ny\n").wants_no_reply);
        assert!(of("Autoforwarded: TRUE\n\ny\n").is_automatic_forward);
        let looped = of("Received: a\nReceived: b\nX-Loop: Anna@Example.test\n\ny\n");
        assert_eq!((looped.hops, &looped.loops[0][..]), (2, "anna@example.test"));
    }

    #[test]
    fn reports_and_sealed_mail_are_told_apart() {
        let typed = |t: &str| of(&format!("Content-Type: {t}\n\n--b\n\nx\n--b--\n"));
        assert!(typed("multipart/report; report-type=delivery-status; boundary=b").is_non_delivery_report);
        assert!(typed("multipart/report; report-type=disposition-notification; boundary=b").is_read_receipt);
        assert!(typed("multipart/signed; boundary=b").is_signed);
        assert!(typed("application/pkcs7-mime; smime-type=enveloped-data").is_encrypted);
        let signed = typed("application/pkcs7-mime; smime-type=signed-data");
        assert!(signed.is_signed && !signed.is_encrypted);
        assert!(typed("multipart/voice-message; boundary=b").is_voicemail);
        let asked = of("Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n");
        assert!(asked.is_meeting_request && !asked.is_meeting_response);
    }

    #[test]
    fn the_header_is_read_decoded() {
        let signs = of("X-Word: =?utf-8?q?Gr=C3=BCn?=\nX-Message-Flag: Follow up\n\ny\n");
        assert!(signs.header.contains("x-word: grün\n"), "{}", signs.header);
        assert_eq!(signs.message_flag.as_deref(), Some("follow up"));
    }
}
