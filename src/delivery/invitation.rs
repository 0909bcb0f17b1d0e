//! A message about an event as a mail that every big client understands (RFC 6047 §2.4, §3): text and HTML for people,
//! the calendar beside them with its method, and the same once more as a file.

use super::invitation_files::Enclosed;
use crate::formats::content_line::Component;
use crate::formats::html::from_text::escape_into;
use crate::formats::ical::expand::expand;
use crate::formats::ical::people::{PartStat, address_of};
use crate::formats::ical::zone::Zone;
use crate::formats::ical::{Message, Method, Series};
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, OutgoingAttachment, OutgoingCalendar, compose};
use crate::model::{Account, AccountKind};

/// What a mail is made for.
pub struct Invitation<'a> {
    pub me: &'a Account,
    pub to: &'a str,
    /// Makes the Message-ID: the same mail made again has the same.
    pub source: &'a str,
    pub host: &'a str,
    pub now_ms: i64,
}

/// Returns the From and the mail. None: there is nothing to be said.
pub fn compose_mail(
    about: &Invitation<'_>,
    messages: &[Message],
    enclosed: &Enclosed,
) -> Option<(String, Vec<u8>)> {
    let message = messages.first()?;
    let series = Series::of(message.object.clone());
    let component = &series.first()?.component;
    let words = words(about.me, message.method, component);
    let mut lines = lines(&series, component, &words);
    let name = if words.is_german {
        "Nicht beigefügt"
    } else {
        "Not enclosed"
    };
    lines.extend(enclosed.left_out.iter().map(|what| (name, what.clone())));
    let from = from_address(about.me, message.method, component);
    let summary = component.text("SUMMARY").unwrap_or_default();
    let hash = blake3::hash(format!("{}:{}", about.source, about.to).as_bytes()).to_hex();
    let calendar = String::from_utf8_lossy(&enclosed.calendar).into_owned();
    let is_automatic = matches!(about.me.kind, AccountKind::Room | AccountKind::Equipment);
    let outgoing = Outgoing {
        from: vec![Mailbox {
            name: Some(about.me.display_name.clone()).filter(|n| *n != from),
            address: from.clone(),
        }],
        to: vec![Mailbox {
            name: None,
            address: about.to.to_owned(),
        }],
        subject: format!("{}: {summary}", words.subject),
        text: Some(text(&words, &lines)),
        html: Some(html(&words, &lines)),
        calendar: Some(OutgoingCalendar {
            method: message.method.name().to_owned(),
            text: calendar.clone(),
        }),
        attachments: vec![OutgoingAttachment {
            name: "invite.ics".to_owned(),
            content_type: "application/ics".to_owned(),
            content: calendar.into_bytes(),
            content_id: None,
        }],
        named_files: enclosed.files.clone(),
        message_id: format!("{}@{}", &hash[..40], about.host),
        date_ms: about.now_ms,
        extra: match is_automatic {
            true => vec![("Auto-Submitted".to_owned(), "auto-replied".to_owned())],
            false => Vec::new(),
        },
        ..Outgoing::default()
    };
    Some((from, compose(&outgoing)))
}

/// The address under which this account is in the event: others compare it with the sender.
fn from_address(me: &Account, method: Method, component: &Component) -> String {
    let named = match method {
        Method::Reply | Method::Refresh | Method::Counter => {
            component.attendee(|a| me.owns_address(a)).map(address_of)
        }
        _ => component.organizer().map(address_of),
    };
    named
        .filter(|a| me.owns_address(a))
        .unwrap_or_else(|| me.address.clone())
}

struct Words {
    subject: &'static str,
    /// A whole sentence.
    lead: String,
    is_german: bool,
}

fn words(me: &Account, method: Method, component: &Component) -> Words {
    let (is_german, name) = (me.language == "de", &me.display_name);
    let answer = component.attendees().next().map(PartStat::of);
    let is_update = component.sequence() > 0;
    let (english, german) = match (method, answer) {
        (Method::Cancel, _) => (
            ("Cancelled", "has cancelled this event."),
            ("Abgesagt", "hat diesen Termin abgesagt."),
        ),
        (Method::Counter, _) => (
            ("New time proposed", "would like another time for this event."),
            (
                "Anderer Zeitpunkt",
                "schlägt für diesen Termin eine andere Zeit vor.",
            ),
        ),
        (Method::DeclineCounter, _) => (
            ("Proposal declined", "keeps to the time of this event."),
            ("Vorschlag abgelehnt", "bleibt bei der Zeit dieses Termins."),
        ),
        (Method::Reply, Some(PartStat::Accepted)) => (
            ("Accepted", "has accepted this invitation."),
            ("Zugesagt", "hat diese Einladung angenommen."),
        ),
        (Method::Reply, Some(PartStat::Declined)) => (
            ("Declined", "has declined this invitation."),
            ("Abgelehnt", "hat diese Einladung abgelehnt."),
        ),
        (Method::Reply, _) => (
            ("Tentative", "has tentatively accepted this invitation."),
            ("Vorläufig", "hat diese Einladung vorläufig angenommen."),
        ),
        (_, _) if is_update => (
            (
                "Updated invitation",
                "has changed an event that you are invited to.",
            ),
            (
                "Geänderte Einladung",
                "hat einen Termin geändert, zu dem Sie eingeladen sind.",
            ),
        ),
        (_, _) => (
            ("Invitation", "invites you to an event."),
            ("Einladung", "lädt Sie zu einem Termin ein."),
        ),
    };
    let (subject, sentence) = if is_german { german } else { english };
    Words {
        subject,
        lead: format!("{name} {sentence}"),
        is_german,
    }
}

/// What it is about, with a name for each; empty ones are left out.
fn lines(series: &Series, component: &Component, words: &Words) -> Vec<(&'static str, String)> {
    let name = |english, german| if words.is_german { german } else { english };
    let text = |n: &str| component.text(n).unwrap_or_default();
    let organizer = component.organizer().map(|p| {
        let address = address_of(p);
        match p.param("CN").filter(|cn| *cn != address) {
            Some(cn) => format!("{cn} <{address}>"),
            None => address,
        }
    });
    let mut when = when(series, component);
    if component.property("RRULE").is_some() {
        when.push_str(name(" (recurring)", " (Serie)"));
    }
    let all = [
        (name("What", "Was"), text("SUMMARY")),
        (name("When", "Wann"), when),
        (name("Where", "Wo"), text("LOCATION")),
        (name("Organizer", "Organisator"), organizer.unwrap_or_default()),
        (name("Comment", "Kommentar"), text("COMMENT")),
        (name("Details", "Details"), text("DESCRIPTION")),
    ];
    all.into_iter().filter(|(_, v)| !v.trim().is_empty()).collect()
}

fn when(series: &Series, component: &Component) -> String {
    let entry = series.entries().find(|e| e.component == *component);
    let Some(start) = entry.and_then(|e| e.part.start.clone()) else {
        return String::new();
    };
    let from = start.local;
    if start.is_date {
        return from.strftime("%Y-%m-%d").to_string();
    }
    let zone = start.zone.clone().unwrap_or_else(Zone::utc);
    let start_s = zone.to_utc(from);
    let end = series.object().ok().and_then(|o| {
        let all = expand(&o, &Zone::utc(), start_s, start_s + 1);
        all.into_iter().find(|o| o.start_s == start_s).map(|o| o.end_s)
    });
    let zone_name = component
        .property("DTSTART")
        .and_then(|p| p.param("TZID"))
        .unwrap_or(if start.zone.is_some() { "UTC" } else { "" });
    let to = end.map(|e| format!("-{}", zone.to_local(e).strftime("%H:%M")));
    format!(
        "{}{} {zone_name}",
        from.strftime("%Y-%m-%d %H:%M"),
        to.unwrap_or_default()
    )
    .trim_end()
    .to_owned()
}

fn text(words: &Words, lines: &[(&'static str, String)]) -> String {
    let mut out = format!("{}\n\n", words.lead);
    for (name, value) in lines {
        out.push_str(&format!("{name}: {value}\n"));
    }
    out
}

fn html(words: &Words, lines: &[(&'static str, String)]) -> String {
    let mut out = String::from("<html><body><p>");
    escape_into(&mut out, &words.lead);
    out.push_str("</p><table>");
    for (name, value) in lines {
        out.push_str(&format!("<tr><th align=\"left\" valign=\"top\">{name}</th><td>"));
        let mut escaped = String::new();
        escape_into(&mut escaped, value);
        out.push_str(&escaped.replace('\n', "<br>"));
        out.push_str("</td></tr>");
    }
    out.push_str("</table></body></html>");
    out
}
