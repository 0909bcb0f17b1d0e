//! Whether mail gets out and in, and whether the doors show a certificate that others trust.

use crate::appliance::acme::renew_at_ms;
use crate::appliance::collect::Source;
use crate::appliance::tls::Tls;
use crate::base::{TimeMs, clock::rfc3339, text};
use crate::delivery::PostRoom;
use crate::delivery::probe::probe_smarthost;
use crate::model::certificate::CertificateSource;
use crate::model::check::{CheckHealth, CheckKind, CheckLine, CheckWho};
use crate::model::outbound::Outbound;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Whom everybody writes to; who reaches one of their servers reaches the others.
const KNOWN: [&str; 3] = ["gmail.com", "gmx.net", "outlook.com"];
const PATIENCE: Duration = Duration::from_secs(8);

pub async fn check(
    room: &PostRoom,
    host: &str,
    outbound: &Outbound,
    collects: bool,
    sources: &[Source],
) -> Vec<CheckLine> {
    let mut lines = Vec::new();
    match outbound {
        Outbound::Smarthost { smarthost } => {
            let tried = tokio::time::timeout(2 * PATIENCE, probe_smarthost(room, smarthost)).await;
            let (health, now) = match tried {
                Ok(Ok(name)) => (CheckHealth::Good, Some(name)),
                Ok(Err(finding)) => (CheckHealth::Bad, Some(text::one_line(finding.detail()))),
                Err(_) => (CheckHealth::Unknown, None),
            };
            let who = CheckWho::MailProvider;
            lines.push(line(CheckKind::Smarthost, &smarthost.host, health, now, who));
        }
        Outbound::Direct => lines.extend(open_ports(room, host, collects).await),
        Outbound::Later => lines.push(line(
            CheckKind::Smarthost,
            host,
            CheckHealth::Bad,
            None,
            CheckWho::Administrator,
        )),
    }
    if !collects && *outbound != Outbound::Direct {
        lines.push(port_in(room, host).await);
    }
    lines.extend(sources.iter().filter(|s| s.is_enabled).map(collected));
    lines
}

fn line(kind: CheckKind, about: &str, health: CheckHealth, now: Option<String>, who: CheckWho) -> CheckLine {
    CheckLine {
        kind,
        about: about.to_owned(),
        health,
        now,
        wanted: None,
        record: None,
        who,
    }
}

fn collected(source: &Source) -> CheckLine {
    let health = match (&source.last_error, source.last_run_at_ms) {
        (Some(_), _) => CheckHealth::Bad,
        (None, Some(_)) => CheckHealth::Good,
        (None, None) => CheckHealth::Unknown,
    };
    let now = source.last_error.as_deref().map(text::one_line);
    line(
        CheckKind::Collect,
        &source.server.user,
        health,
        now,
        CheckWho::MailProvider,
    )
}

/// Both ways at once: where nothing answers, each takes its time.
async fn open_ports(room: &PostRoom, host: &str, collects: bool) -> Vec<CheckLine> {
    if collects {
        return vec![port_out(room).await];
    }
    let (out, back) = tokio::join!(port_out(room), port_in(room, host));
    vec![out, back]
}

/// Many lines block it, and a mail that cannot leave is told to its sender days later.
async fn port_out(room: &PostRoom) -> CheckLine {
    let port = room.options.smtp_port;
    let tried = tokio::time::timeout(PATIENCE, reach_somebody(room, port)).await;
    let (health, host) = tried.unwrap_or((CheckHealth::Unknown, None));
    let who = CheckWho::LineProvider;
    line(CheckKind::PortOut, &port.to_string(), health, host, who)
}

/// And which server that was, or which is not reached.
async fn reach_somebody(room: &PostRoom, port: u16) -> (CheckHealth, Option<String>) {
    let mut last = None;
    for domain in KNOWN {
        let Ok(hosts) = room.dialer.resolver.mail_hosts(domain).await else {
            continue;
        };
        for host in hosts.into_iter().take(2) {
            match greeting(room, &host, port).await {
                Some(said) if said.starts_with("220") => return (CheckHealth::Good, Some(host)),
                _ => last = Some(host),
            }
        }
    }
    match last {
        Some(_) => (CheckHealth::Bad, last),
        // Without a name that was found, nothing was tried.
        None => (CheckHealth::Unknown, None),
    }
}

/// From inside it can be told only that it works: many routers do not lead their own address back in.
async fn port_in(room: &PostRoom, host: &str) -> CheckLine {
    let said = greeting(room, host, room.options.smtp_port).await;
    let health = match &said {
        Some(said) if said.contains(&room.options.host_name) => CheckHealth::Good,
        Some(_) => CheckHealth::Bad,
        None => CheckHealth::Unknown,
    };
    line(CheckKind::PortIn, host, health, said, CheckWho::Router)
}

/// The first line that a mail server says; None: no connection, or no word.
async fn greeting(room: &PostRoom, host: &str, port: u16) -> Option<String> {
    let talk = async {
        for ip in room.dialer.resolver.addresses(host).await.ok()? {
            if !room.may_connect(ip) {
                continue;
            }
            let Ok(mut stream) = TcpStream::connect((ip, port)).await else {
                continue;
            };
            let mut said = [0; 200];
            let n = stream.read(&mut said).await.ok()?;
            let said = String::from_utf8_lossy(said.get(..n)?).into_owned();
            return Some(said.lines().next().unwrap_or_default().to_owned());
        }
        None
    };
    tokio::time::timeout(PATIENCE, talk).await.ok().flatten()
}

pub fn certificate(tls: &Tls, host: &str, now_ms: TimeMs) -> CheckLine {
    let (facts, source) = tls.facts();
    let ends = Some(format!("{} · {}", facts.issuer, rfc3339(facts.not_after_ms)));
    let late_ms = renew_at_ms(&facts).midpoint(facts.not_after_ms);
    let health = match source {
        _ if now_ms >= facts.not_after_ms => CheckHealth::Bad,
        // Devices in the office may trust it, others warn of it.
        CertificateSource::Own => CheckHealth::Warn,
        _ if now_ms > late_ms || !tls.is_for(host) => CheckHealth::Warn,
        _ => CheckHealth::Good,
    };
    line(
        CheckKind::Certificate,
        host,
        health,
        ends,
        CheckWho::Administrator,
    )
}
