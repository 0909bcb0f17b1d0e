//! What the DNS says about the office's domains and the box's name.

use crate::base::{Kind, Result};
use crate::delivery::PostRoom;
use crate::delivery::records::{Health, Record, RecordKind, check_records, in_time};
use crate::model::check::{CheckHealth, CheckKind, CheckLine, CheckWho};
use crate::store::directory::domains::Domain;
use futures_util::future::join_all;
use std::net::IpAddr;

/// `public`: the addresses to which the box's name leads.
pub async fn check(
    room: &PostRoom,
    domains: &[Domain],
    host: &str,
    collects: bool,
    public: &Result<Vec<IpAddr>>,
) -> Vec<CheckLine> {
    let mut lines = vec![address(room, host, collects, public)];
    let of_one = async |domain: &Domain| {
        let (records, autoconfig, autodiscover) = tokio::join!(
            check_records(room, domain, collects),
            leads_to_us(room, CheckKind::Autoconfig, &domain.name, host, public),
            leads_to_us(room, CheckKind::Autodiscover, &domain.name, host, public),
        );
        let records = records.into_iter().flatten();
        let records = records.filter_map(|r| line_of(r, &domain.name));
        records.chain([autoconfig, autodiscover]).collect::<Vec<_>>()
    };
    // At once: a name server that does not answer is waited for once, not for each domain.
    lines.extend(join_all(domains.iter().map(of_one)).await.into_iter().flatten());
    lines
}

fn line_of(record: Record, domain: &str) -> Option<CheckLine> {
    let kind = match record.kind {
        RecordKind::Mx => CheckKind::Mx,
        RecordKind::Spf => CheckKind::Spf,
        RecordKind::Dkim => CheckKind::Dkim,
        RecordKind::Dmarc => CheckKind::Dmarc,
        _ => return None,
    };
    let health = match record.health {
        Health::Good => CheckHealth::Good,
        Health::Unknown => CheckHealth::Unknown,
        _ if record.is_needed => CheckHealth::Bad,
        _ => CheckHealth::Warn,
    };
    Some(CheckLine {
        kind,
        about: domain.to_owned(),
        health,
        now: (!record.found.is_empty()).then(|| record.found.join(" · ")),
        wanted: record.wanted,
        record: Some((record.name, record.record_type.to_owned())),
        who: CheckWho::DnsProvider,
    })
}

/// Without it nobody who is not in the office finds us.
fn address(room: &PostRoom, host: &str, collects: bool, public: &Result<Vec<IpAddr>>) -> CheckLine {
    let missing = if collects {
        CheckHealth::Warn
    } else {
        CheckHealth::Bad
    };
    let health = match public {
        Ok(all) if all.iter().any(|ip| room.may_connect(*ip)) => CheckHealth::Good,
        Ok(_) => missing,
        Err(e) if e.kind() == Kind::NotFound => missing,
        Err(_) => CheckHealth::Unknown,
    };
    CheckLine {
        kind: CheckKind::Address,
        about: host.to_owned(),
        health,
        now: public.as_ref().ok().map(|all| print(all)),
        wanted: None,
        record: Some((host.to_owned(), "A, AAAA".to_owned())),
        who: CheckWho::DnsProvider,
    }
}

fn print(all: &[IpAddr]) -> String {
    all.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
}

/// Where mail programs ask for their settings: `autoconfig.` and `autodiscover.` lead where the box's name leads.
async fn leads_to_us(
    room: &PostRoom,
    kind: CheckKind,
    domain: &str,
    host: &str,
    public: &Result<Vec<IpAddr>>,
) -> CheckLine {
    let label = match kind {
        CheckKind::Autoconfig => "autoconfig",
        _ => "autodiscover",
    };
    let name = format!("{label}.{domain}");
    let found = in_time(room.dialer.resolver.addresses(&name)).await;
    let health = match (&found, public) {
        (Ok(found), Ok(public)) if found.iter().any(|ip| public.contains(ip)) => CheckHealth::Good,
        (Err(e), _) if e.kind() != Kind::NotFound => CheckHealth::Unknown,
        (Ok(_), Err(_)) => CheckHealth::Unknown,
        _ => CheckHealth::Warn,
    };
    CheckLine {
        kind,
        about: domain.to_owned(),
        health,
        now: found.ok().map(|all| print(&all)),
        wanted: Some(format!("{host}.")),
        record: Some((name, "CNAME".to_owned())),
        who: CheckWho::DnsProvider,
    }
}
