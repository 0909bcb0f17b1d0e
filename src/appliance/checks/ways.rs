//! Whether mail gets out and in, and whether the doors show a certificate that others trust.

use crate::appliance::acme::renew_at_ms;
use crate::appliance::collect::Source;
use crate::appliance::tls::Tls;
use crate::base::{TimeMs, clock::rfc3339, text};
use crate::delivery::PostRoom;
use crate::delivery::probe::probe_smarthost;
use crate::delivery::records::in_time;
use crate::model::certificate::CertificateSource;
use crate::model::check::{CheckHealth, CheckKind, CheckLine, CheckWho};
use crate::model::outbound::Outbound;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Whom everybody writes to; who reaches one of their servers reaches the others.
const KNOWN: [&str; 3] = ["gmail.com", "gmx.net", "outlook.com"];
const PATIENCE: Duration = Duration::from_secs(8);
/// Of a greeting (RFC 5321 §4.5.3.1.5).
const MAX_LINE: usize = 512;

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
    let (health, host) = reach_somebody(room, port).await;
    let who = CheckWho::LineProvider;
    line(CheckKind::PortOut, &port.to_string(), health, host, who)
}

/// And which server that was, or which is not reached. All are tried at once: where a line swallows what is sent to the port, each of
/// them takes all of its time.
async fn reach_somebody(room: &PostRoom, port: u16) -> (CheckHealth, Option<String>) {
    let hosts = join_all(KNOWN.map(|domain| in_time(room.dialer.resolver.mail_hosts(domain)))).await;
    let hosts = hosts
        .into_iter()
        .flatten()
        .flat_map(|all| all.into_iter().take(2));
    let mut tries: FuturesUnordered<_> = hosts
        .map(async |host| match greeting(room, &host, port).await {
            Greeting::Said(said) if said.starts_with("220") => Ok(host),
            Greeting::NoName => Err(None),
            _ => Err(Some(host)),
        })
        .collect();
    let mut silent = None;
    while let Some(tried) = tries.next().await {
        match tried {
            Ok(host) => return (CheckHealth::Good, Some(host)),
            Err(host) => silent = silent.or(host),
        }
    }
    match silent {
        Some(_) => (CheckHealth::Bad, silent),
        // Without a name that was found, nothing was tried.
        None => (CheckHealth::Unknown, None),
    }
}

/// From inside it can be told only that it works: many routers do not lead their own address back in.
async fn port_in(room: &PostRoom, host: &str) -> CheckLine {
    let (health, said) = match greeting(room, host, room.options.smtp_port).await {
        Greeting::Said(said) if said.contains(&room.options.host_name) => (CheckHealth::Good, Some(said)),
        Greeting::Said(said) => (CheckHealth::Bad, Some(said)),
        Greeting::NoName | Greeting::Silence => (CheckHealth::Unknown, None),
    };
    line(CheckKind::PortIn, host, health, said, CheckWho::Router)
}

/// The first line that a mail server says.
enum Greeting {
    Said(String),
    /// No connection, or no word.
    Silence,
    /// There is no address that could be asked.
    NoName,
}

/// At all addresses at once, so that one that nothing leads to (IPv6 where the line has none) takes no time from the others.
async fn greeting(room: &PostRoom, host: &str, port: u16) -> Greeting {
    let Ok(all) = in_time(room.dialer.resolver.addresses(host)).await else {
        return Greeting::NoName;
    };
    let public = all.into_iter().filter(|ip| room.may_connect(*ip));
    let mut tries: FuturesUnordered<_> = public
        .take(4)
        .map(|ip| tokio::time::timeout(PATIENCE, first_line(ip, port)))
        .collect();
    if tries.is_empty() {
        return Greeting::NoName;
    }
    while let Some(tried) = tries.next().await {
        if let Ok(Ok(said)) = tried {
            return Greeting::Said(said);
        }
    }
    Greeting::Silence
}

/// Errors: no connection, or it ends without a word.
async fn first_line(ip: IpAddr, port: u16) -> std::io::Result<String> {
    let mut said = Vec::with_capacity(MAX_LINE);
    let mut stream = TcpStream::connect((ip, port)).await?.take(MAX_LINE as u64);
    while !said.contains(&b'\n') && stream.read_buf(&mut said).await? > 0 {}
    let text = String::from_utf8_lossy(&said);
    match text.lines().next() {
        Some(line) => Ok(line.to_owned()),
        None => Err(std::io::ErrorKind::UnexpectedEof.into()),
    }
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
