//! What the DNS says about a mail domain of ours, and what it should say: the way in (MX), and by what others know mail as
//! ours (SPF, DKIM, DMARC).

use super::PostRoom;
use super::dkim::public_record;
use crate::base::{Error, Kind, Result};
use crate::model::outbound::Outbound;
use crate::store::directory::domains::Domain;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{MessageAuthenticator, SpfResult};
use serde::Serialize;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    Good,
    Missing,
    /// Something else stands there.
    Different,
    /// The name server gives no answer.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordKind {
    Mx,
    Spf,
    Dkim,
    Dmarc,
    Caldav,
    CaldavPath,
    Carddav,
    CarddavPath,
    Imap,
    Submission,
}

/// One record: now, and should be.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub kind: RecordKind,
    /// Where in the DNS it stands.
    pub name: String,
    /// `MX`, `TXT` or `SRV`.
    pub record_type: &'static str,
    /// None: the provider says what it should be (SPF behind a smarthost).
    pub wanted: Option<String>,
    pub found: Vec<String>,
    pub health: Health,
    /// Without it mail is lost or refused; the others help.
    pub is_needed: bool,
}

/// A name server that does not answer is not waited for any longer; somebody looks at the page.
const PATIENCE: Duration = Duration::from_secs(8);

/// Asks the DNS, for all of it at once. `collects`: mail is fetched from a provider, whose MX it is then.
pub async fn check_records(room: &PostRoom, domain: &Domain, collects: bool) -> Result<Vec<Record>> {
    let outbound = room.outbound().await?;
    let (mx, spf, dkim, dmarc) = tokio::join!(
        mx(room, &domain.name, collects),
        spf(room, &domain.name, &outbound),
        dkim(room, domain, outbound == Outbound::Direct),
        dmarc(room, &domain.name),
    );
    Ok([mx, spf].into_iter().chain(dkim?).chain([dmarc]).collect())
}

/// Errors: Unavailable, when the answer takes too long.
pub async fn in_time<T>(asked: impl Future<Output = Result<T>>) -> Result<T> {
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    answer.unwrap_or_else(|_| Err(Error::unavailable("the name server gives no answer")))
}

/// None: the domain has no key.
async fn dkim(room: &PostRoom, domain: &Domain, is_needed: bool) -> Result<Option<Record>> {
    let (Some(selector), Some(key)) = (&domain.dkim_selector, &domain.dkim_key) else {
        return Ok(None);
    };
    let name = format!("{selector}._domainkey.{}", domain.name);
    let wanted = public_record(&domain.name, key)?;
    let found = in_time(room.dialer.resolver.texts(&name)).await;
    let key = tag(&wanted, "p");
    let is_same = |text: &str| tag(text, "p") == key;
    let wanted = Some(wanted.clone());
    Ok(Some(text_record(
        RecordKind::Dkim,
        name,
        wanted,
        found,
        is_same,
        is_needed,
    )))
}

async fn dmarc(room: &PostRoom, domain: &str) -> Record {
    let name = format!("_dmarc.{domain}");
    let found = in_time(room.dialer.resolver.texts(&name)).await;
    let wanted = format!("v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}");
    let begins = |text: &str| text.starts_with("v=DMARC1");
    text_record(RecordKind::Dmarc, name, Some(wanted), found, begins, false)
}

async fn mx(room: &PostRoom, domain: &str, collects: bool) -> Record {
    let host = name_for_others(room, domain);
    let found = in_time(room.dialer.resolver.mail_hosts(domain)).await;
    let (found, health) = health_of(found.map(|mut hosts| {
        // The domain itself stands in for a record that is not there.
        if hosts == [domain.to_owned()] && host != domain {
            hosts.clear();
        }
        let is_ours = hosts.iter().any(|h| h.eq_ignore_ascii_case(&host));
        (hosts, is_ours || collects)
    }));
    Record {
        kind: RecordKind::Mx,
        name: domain.to_owned(),
        record_type: "MX",
        wanted: (!collects).then(|| format!("10 {host}.")),
        found,
        health,
        is_needed: !collects,
    }
}

async fn spf(room: &PostRoom, domain: &str, outbound: &Outbound) -> Record {
    let found = in_time(room.dialer.resolver.texts(domain)).await;
    let found = found.map(|all| all.into_iter().filter(|t| is_spf(t)).collect::<Vec<_>>());
    // Behind a smarthost the provider's servers send, and the provider says what they are called here.
    let wanted = (*outbound == Outbound::Direct).then(|| "v=spf1 mx -all".to_owned());
    // Two of them count as none (RFC 7208 §4.5).
    let is_one = found.as_ref().is_ok_and(|all| all.len() == 1);
    let is_ours = match is_one && wanted.is_some() {
        true => lets_us_send(room, domain).await,
        false => Ok(is_one),
    };
    let (found, health) = health_of(found.and_then(|all| is_ours.map(|good| (all, good))));
    Record {
        kind: RecordKind::Spf,
        name: domain.to_owned(),
        record_type: "TXT",
        wanted,
        found,
        health,
        is_needed: true,
    }
}

/// Whether others find that mail of the domain may come from where the box's name leads; true where that cannot be told because it
/// leads nowhere yet. Errors: Unavailable.
async fn lets_us_send(room: &PostRoom, domain: &str) -> Result<bool> {
    let unanswered = || Error::unavailable("the name server gives no answer");
    let host = name_for_others(room, domain);
    let all = match in_time(room.dialer.resolver.addresses(&host)).await {
        Ok(all) => all,
        Err(e) if e.kind() == Kind::NotFound => return Ok(true),
        Err(e) => return Err(e),
    };
    let names = MessageAuthenticator(room.dialer.resolver.shared().ok_or_else(unanswered)?);
    let sender = format!("postmaster@{domain}");
    for ip in all.into_iter().filter(|ip| room.may_connect(*ip)).take(4) {
        let asked = names.verify_spf(SpfParameters::verify_mail_from(ip, &host, &host, &sender));
        let found = tokio::time::timeout(PATIENCE, asked)
            .await
            .map_err(|_| unanswered())?;
        match found.result() {
            SpfResult::Pass => {}
            SpfResult::TempError => return Err(unanswered()),
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// A machine's bare name means nothing to others.
fn name_for_others(room: &PostRoom, domain: &str) -> String {
    match room.options.host_name.to_ascii_lowercase() {
        name if name.contains('.') => name,
        _ => format!("mail.{domain}"),
    }
}

fn is_spf(text: &str) -> bool {
    text.eq_ignore_ascii_case("v=spf1") || text.to_ascii_lowercase().starts_with("v=spf1 ")
}

/// Of what was found, and whether what is wanted is among it.
pub(super) fn health_of(found: Result<(Vec<String>, bool)>) -> (Vec<String>, Health) {
    match found {
        Ok((all, _)) if all.is_empty() => (all, Health::Missing),
        Ok((all, true)) => (all, Health::Good),
        Ok((all, false)) => (all, Health::Different),
        Err(e) if e.kind() == Kind::NotFound => (Vec::new(), Health::Missing),
        Err(_) => (Vec::new(), Health::Unknown),
    }
}

pub(super) fn text_record(
    kind: RecordKind,
    name: String,
    wanted: Option<String>,
    found: Result<Vec<String>>,
    is_good: impl Fn(&str) -> bool,
    is_needed: bool,
) -> Record {
    let (found, health) = health_of(found.map(|all| {
        let is_good = all.iter().any(|t| is_good(t));
        (all, is_good)
    }));
    Record {
        kind,
        name,
        record_type: "TXT",
        wanted,
        found,
        health,
        is_needed,
    }
}

/// The value of a tag in `v=DKIM1; k=rsa; p=...`, without blanks.
fn tag(text: &str, name: &str) -> Option<String> {
    text.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name).then(|| value.chars().filter(|c| !c.is_whitespace()).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_whatever_the_provider_made_of_its_blanks() {
        let published = "v=DKIM1;k=rsa; p=MII BIj AN";
        assert_eq!(tag(published, "p").as_deref(), Some("MIIBIjAN"));
        assert_eq!(tag("v=DKIM1", "p"), None);
        let record = text_record(
            RecordKind::Dkim,
            "x".into(),
            None,
            Ok(vec![published.into()]),
            |t| tag(t, "p").as_deref() == Some("other"),
            true,
        );
        assert_eq!(record.health, Health::Different);
    }

    #[test]
    fn only_spf_is_spf() {
        assert!(is_spf("v=spf1 mx -all") && is_spf("V=SPF1 a"));
        assert!(!is_spf("v=spf10 mx") && !is_spf("google-site-verification=v=spf1"));
    }

    #[test]
    fn the_public_half_of_a_key_is_what_others_verify_with() {
        let record = public_record("example.test", &crate::identity::domains::new_key().unwrap()).unwrap();
        let key = tag(&record, "p").unwrap();
        assert!(
            record.starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"),
            "{record}"
        );
        assert_eq!(key.len(), 392, "2048 bits");
    }
}
