//! What the DNS says, and should say, about where programs find their servers: SRV and the path for calendars and contacts
//! (RFC 6764), SRV for mail (RFC 6186, RFC 8314). An address and a password are then enough.

use super::PostRoom;
use super::records::{Record, RecordKind, health_of, in_time, text_record};

/// Where DAV begins.
pub struct Places {
    pub dav: (String, u16),
    /// The path of DAV, with a slash at its end.
    pub dav_path: String,
    pub imap: At,
    pub submission: At,
}

/// Host and port, and whether TLS begins with the first byte.
pub struct At {
    pub host: String,
    pub port: u16,
    pub is_tls: bool,
}

impl At {
    fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

pub async fn check_services(room: &PostRoom, domain: &str, places: &Places) -> Vec<Record> {
    use RecordKind::{Caldav, CaldavPath, Carddav, CarddavPath, Imap, Submission};
    let imap = if places.imap.is_tls { "_imaps" } else { "_imap" };
    let submission = if places.submission.is_tls {
        "_submissions"
    } else {
        "_submission"
    };
    let dav = |kind, service| srv(room, kind, service, domain, (&places.dav.0, places.dav.1));
    let (caldav, caldav_path, carddav, carddav_path, imap, submission) = tokio::join!(
        dav(Caldav, "_caldavs"),
        path(room, CaldavPath, "_caldavs", domain, &places.dav_path),
        dav(Carddav, "_carddavs"),
        path(room, CarddavPath, "_carddavs", domain, &places.dav_path),
        srv(room, Imap, imap, domain, places.imap.address()),
        srv(room, Submission, submission, domain, places.submission.address()),
    );
    vec![caldav, caldav_path, carddav, carddav_path, imap, submission]
}

async fn srv(
    room: &PostRoom,
    kind: RecordKind,
    service: &str,
    domain: &str,
    (host, port): (&str, u16),
) -> Record {
    let name = format!("{service}._tcp.{domain}");
    let found = in_time(room.dialer.resolver.services(&name)).await;
    let found = found.map(|all| {
        let print =
            |s: &super::resolver::Service| format!("{} {} {} {}.", s.priority, s.weight, s.port, s.host);
        let is_ours = all
            .iter()
            .any(|s| s.port == port && s.host.eq_ignore_ascii_case(host));
        (all.iter().map(print).collect(), is_ours)
    });
    let (found, health) = health_of(found);
    Record {
        kind,
        name,
        record_type: "SRV",
        wanted: Some(format!("0 1 {port} {host}.")),
        found,
        health,
        is_needed: false,
    }
}

async fn path(room: &PostRoom, kind: RecordKind, service: &str, domain: &str, path: &str) -> Record {
    let name = format!("{service}._tcp.{domain}");
    let found = in_time(room.dialer.resolver.texts(&name)).await;
    let wanted = format!("path={path}");
    let is_same = |text: &str| text == wanted;
    text_record(kind, name, Some(wanted.clone()), found, is_same, false)
}
