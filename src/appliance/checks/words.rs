//! The lines as sentences, for mails and documents. The page has its own words.

use super::difference;
use crate::base::Result;
use crate::delivery::PostRoom;
use crate::delivery::notice::tell_administrators;
use crate::model::check::{CheckHealth, CheckKind, CheckLine, CheckReport, CheckWho};

/// German and English.
type Words = (&'static str, &'static str);

pub fn pick(language: &str, (german, english): Words) -> &'static str {
    if language == "de" { german } else { english }
}

pub fn title(kind: CheckKind) -> Words {
    match kind {
        CheckKind::Mx => (
            "MX: wohin E-Mail an die Domain geht",
            "MX: where mail for the domain goes",
        ),
        CheckKind::Spf => (
            "SPF: wer für die Domain senden darf",
            "SPF: who may send for the domain",
        ),
        CheckKind::Dkim => (
            "DKIM: der Schlüssel zur Unterschrift",
            "DKIM: the key of our signature",
        ),
        CheckKind::Dmarc => (
            "DMARC: was mit Fälschungen geschieht",
            "DMARC: what becomes of forgeries",
        ),
        CheckKind::Address => ("Adresse des Servers", "Address of the server"),
        CheckKind::Autoconfig => (
            "Einrichtung von Thunderbird und anderen",
            "Set-up of Thunderbird and others",
        ),
        CheckKind::Autodiscover => ("Einrichtung von Outlook", "Set-up of Outlook"),
        CheckKind::Reverse => ("PTR: der Name zur Adresse", "PTR: the name of the address"),
        CheckKind::Blocklist => ("Sperrlisten", "Lists of senders of spam"),
        CheckKind::PortOut => ("Versand nach außen (Port 25)", "Sending to others (port 25)"),
        CheckKind::PortIn => ("Empfang von außen (Port 25)", "Receiving from others (port 25)"),
        CheckKind::Smarthost => ("Versand über den Anbieter", "Sending through the provider"),
        CheckKind::Collect => ("Abholung beim Anbieter", "Collection from the provider"),
        CheckKind::Certificate => ("Zertifikat", "Certificate"),
    }
}

pub fn who(who: CheckWho) -> Words {
    match who {
        CheckWho::DnsProvider => ("beim Anbieter der Domain", "at the provider of the domain"),
        CheckWho::LineProvider => (
            "beim Anbieter des Internetanschlusses",
            "at the provider of the line",
        ),
        CheckWho::MailProvider => ("beim Anbieter der Postfächer", "at the provider of the mailboxes"),
        CheckWho::Router => ("am Router des Büros", "at the office's router"),
        CheckWho::Administrator => ("in der Verwaltung von Hauspost", "in Hauspost's administration"),
    }
}

pub fn state(health: CheckHealth) -> Words {
    match health {
        CheckHealth::Good => ("in Ordnung", "all right"),
        CheckHealth::Warn => ("besser anders", "better otherwise"),
        CheckHealth::Bad => ("zu ändern", "to be changed"),
        CheckHealth::Unknown => ("nicht zu prüfen", "cannot be told"),
    }
}

/// What stands below a title: now, should be, who.
pub fn details(line: &CheckLine, language: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut add = |words: Words, text: &str| out.push(format!("{}: {text}", pick(language, words)));
    if let Some((name, kind)) = &line.record {
        add(("Eintrag", "Record"), &format!("{name}  {kind}"));
    }
    let nothing = pick(language, ("nichts", "nothing"));
    add(("Jetzt", "Now"), line.now.as_deref().unwrap_or(nothing));
    if let Some(wanted) = &line.wanted {
        add(("Soll", "Should be"), wanted);
    }
    add(("Zu ändern", "To be changed"), pick(language, who(line.who)));
    out
}

/// Mails the administrators what has changed since; nothing when nothing has.
pub async fn tell_difference(room: &PostRoom, before: &CheckReport, now: &CheckReport) -> Result<()> {
    let (worse, better) = difference(before, now);
    if worse.is_empty() && better.is_empty() {
        return Ok(());
    }
    let name = format!("checks:{}", now.at_ms.unwrap_or_default());
    tell_administrators(room, &name, |language| mail(language, &worse, &better)).await
}

/// Subject and text.
fn mail(language: &str, worse: &[&CheckLine], better: &[&CheckLine]) -> (String, String) {
    let subject = match worse.is_empty() {
        true => (
            "Am Mailserver ist wieder alles in Ordnung, was nicht in Ordnung war",
            "What was wrong with the mail server is all right again",
        ),
        false => (
            "Am Mailserver ist etwas nicht mehr in Ordnung",
            "Something about the mail server is not all right any more",
        ),
    };
    let mut text = String::new();
    for line in worse {
        text += &format!("{}\n  {}\n", pick(language, title(line.kind)), line.about);
        for detail in details(line, language) {
            text += &format!("  {detail}\n");
        }
        text.push('\n');
    }
    for line in better {
        let good = pick(language, ("wieder in Ordnung", "all right again"));
        text += &format!("{}, {}: {good}\n", pick(language, title(line.kind)), line.about);
    }
    let more = (
        "\nMehr steht auf der Seite unter Verwaltung, Prüfungen.\n",
        "\nMore stands on the page under Administration, Checks.\n",
    );
    text += pick(language, more);
    (pick(language, subject).to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_says_now_should_be_and_who() {
        let line = CheckLine {
            kind: CheckKind::Spf,
            about: "example.test".into(),
            health: CheckHealth::Bad,
            now: None,
            wanted: Some("v=spf1 mx -all".into()),
            record: Some(("example.test".into(), "TXT".into())),
            who: CheckWho::DnsProvider,
        };
        let (subject, text) = mail("en", &[&line], &[]);
        assert_eq!(
            subject,
            "Something about the mail server is not all right any more"
        );
        assert!(
            text.starts_with(
                "SPF: who may send for the domain\n  example.test\n  Record: example.test  TXT\n  Now: nothing\n  \
                 Should be: v=spf1 mx -all\n  To be changed: at the provider of the domain\n"
            ),
            "{text}"
        );
        let (subject, text) = mail("de", &[], &[&line]);
        assert!(
            subject.contains("wieder") && text.contains("example.test: wieder in Ordnung"),
            "{text}"
        );
    }
}
