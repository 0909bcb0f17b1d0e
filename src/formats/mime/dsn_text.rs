//! The words of a delivery status notification, in German and English: what, to whom, why, what to do.

use crate::base::text::{cut, one_line};
use crate::formats::mime::dsn::{Action, Dsn, DsnRecipient, Language, readable_time};

pub fn sender_name(language: Language) -> &'static str {
    match language {
        Language::German => "Postdienst",
        Language::English => "Mail service",
    }
}

/// ASCII, so that no client shows it encoded.
pub fn subject(language: Language, action: Action) -> &'static str {
    match (language, action) {
        (Language::German, Action::Failed) => "Nicht zugestellt: Ihre Nachricht kam nicht an",
        (Language::German, Action::Delayed) => "Noch nicht zugestellt: Ihre Nachricht wartet",
        (Language::German, Action::Relayed) => "Weitergegeben: Ihre Nachricht ist unterwegs",
        (Language::German, Action::Delivered) => "Zugestellt: Ihre Nachricht ist angekommen",
        (Language::English, Action::Failed) => "Not delivered: your message did not arrive",
        (Language::English, Action::Delayed) => "Not delivered yet: your message is waiting",
        (Language::English, Action::Relayed) => "Passed on: your message is on its way",
        (Language::English, Action::Delivered) => "Delivered: your message has arrived",
    }
}

/// The part for people.
pub fn explain(dsn: &Dsn, mail_subject: &str) -> String {
    let is_german = dsn.language == Language::German;
    let mut out = String::new();
    out.push_str(opening(dsn.language, dsn.action));
    out.push_str("\n\n");
    out.push_str(if is_german { "  Betreff: " } else { "  Subject: " });
    let no_subject = if is_german {
        "(ohne Betreff)"
    } else {
        "(no subject)"
    };
    out.push_str(if mail_subject.is_empty() {
        no_subject
    } else {
        mail_subject
    });
    out.push('\n');
    if let Some(sent) = dsn.arrived_at_ms {
        out.push_str(if is_german {
            "  Eingeliefert: "
        } else {
            "  Submitted: "
        });
        out.push_str(&readable_time(sent));
        out.push('\n');
    }
    for recipient in dsn.recipients {
        push_recipient(&mut out, dsn, recipient);
    }
    if let (Action::Delayed, Some(until)) = (dsn.action, dsn.retry_until_ms) {
        let until = readable_time(until);
        out.push_str(&match dsn.language {
            Language::German => format!(
                "\nWir versuchen es bis {until} weiter. Sie müssen nichts tun und sollten die\nNachricht nicht noch einmal senden.\n"
            ),
            Language::English => format!(
                "\nWe keep trying until {until}. You need not do anything, and should not\nsend the message again.\n"
            ),
        });
    }
    out
}

fn opening(language: Language, action: Action) -> &'static str {
    match (language, action) {
        (Language::German, Action::Failed) => "Ihre Nachricht konnte nicht zugestellt werden.",
        (Language::German, Action::Delayed) => {
            "Ihre Nachricht konnte noch nicht zugestellt werden. Sie ist nicht verloren."
        }
        (Language::German, Action::Relayed) => {
            "Ihre Nachricht wurde an den Server des Empfängers übergeben. Dieser meldet die Zustellung nicht zurück."
        }
        (Language::German, Action::Delivered) => "Ihre Nachricht ist im Postfach des Empfängers angekommen.",
        (Language::English, Action::Failed) => "Your message could not be delivered.",
        (Language::English, Action::Delayed) => "Your message could not be delivered yet. It is not lost.",
        (Language::English, Action::Relayed) => {
            "Your message was passed to the recipient's server, which does not report delivery."
        }
        (Language::English, Action::Delivered) => "Your message has arrived in the recipient's mailbox.",
    }
}

fn push_recipient(out: &mut String, dsn: &Dsn, recipient: &DsnRecipient) {
    let is_german = dsn.language == Language::German;
    let address = one_line(&recipient.address);
    out.push_str(if is_german { "\nAn: " } else { "\nTo: " });
    out.push_str(cut(&address, 320));
    out.push('\n');
    if !matches!(dsn.action, Action::Failed | Action::Delayed) {
        return;
    }
    let (german, english) = reason(&recipient.status, dsn.action);
    out.push_str(if is_german { german } else { english });
    out.push('\n');
    if let Some(diagnostic) = &recipient.diagnostic {
        let host = recipient.remote_mta.as_deref().map(one_line).unwrap_or_default();
        let diagnostic = one_line(diagnostic);
        out.push_str(&match (is_german, host.is_empty()) {
            (true, false) => format!("Antwort des Servers {host}:\n  "),
            (true, true) => "Meldung:\n  ".to_owned(),
            (false, false) => format!("Answer of the server {host}:\n  "),
            (false, true) => "Message:\n  ".to_owned(),
        });
        out.push_str(cut(&diagnostic, 1000));
        out.push('\n');
    }
}

/// Why and what to do, by the subject and detail of the status code (RFC 3463 §3).
fn reason(status: &str, action: Action) -> (&'static str, &'static str) {
    let detail = status.split_once('.').map_or("", |(_, rest)| rest);
    match detail {
        "1.1" | "1.0" | "1.3" | "1.6" | "2.1" => (
            "Diese Adresse gibt es dort nicht (mehr). Prüfen Sie die Schreibweise, oder fragen Sie\n\
             den Empfänger auf anderem Weg nach seiner Adresse.",
            "That address does not exist there (any more). Check the spelling, or ask the recipient\n\
             for the address by other means.",
        ),
        "1.2" | "4.3" | "4.4" | "1.10" => (
            "Der Teil der Adresse hinter dem @ führt zu keinem Mailserver. Meist ist es ein Tippfehler.",
            "The part of the address behind the @ leads to no mail server. Usually it is a typing error.",
        ),
        "2.2" => (
            "Das Postfach des Empfängers ist voll. Versuchen Sie es später noch einmal, oder sagen Sie\n\
             dem Empfänger Bescheid.",
            "The recipient's mailbox is full. Try again later, or tell the recipient.",
        ),
        "3.4" | "2.3" => (
            "Die Nachricht ist zu groß für den Empfänger. Schicken Sie die Anhänge einzeln oder als Link.",
            "The message is too large for the recipient. Send the attachments one by one, or as a link.",
        ),
        _ if detail.starts_with("7.") => (
            "Der Server des Empfängers hat die Nachricht abgelehnt, meist aus Vorsicht vor Spam.\n\
             Zeigen Sie diese Nachricht der Person, die sich bei Ihnen um die Mail kümmert.",
            "The recipient's server refused the message, usually as a caution against spam.\n\
             Show this notice to the person who looks after your mail.",
        ),
        _ if detail.starts_with("4.") && action == Action::Delayed => (
            "Der Server des Empfängers ist zur Zeit nicht zu erreichen.",
            "The recipient's server cannot be reached at the moment.",
        ),
        _ if detail.starts_with("4.") => (
            "Der Server des Empfängers war trotz vieler Versuche nicht zu erreichen. Versuchen Sie es\n\
             später noch einmal, oder fragen Sie den Empfänger auf anderem Weg.",
            "The recipient's server could not be reached in spite of many attempts. Try again later,\n\
             or ask the recipient by other means.",
        ),
        _ if action == Action::Delayed => (
            "Der Server des Empfängers nimmt sie im Augenblick nicht an.",
            "The recipient's server does not take it at the moment.",
        ),
        _ => (
            "Der Server des Empfängers hat sie nicht angenommen. Die Antwort unten sagt meist, warum.",
            "The recipient's server did not take it. The answer below usually says why.",
        ),
    }
}
