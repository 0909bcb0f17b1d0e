//! Certificates by themselves (ACME, RFC 8555): what is asked for, how it goes, and when the next one is due.
//!
//! The clockwork (`jobs/certificates.rs`) calls [`tend`]; page and command line write the wish and ring.

mod account;
mod answers;
mod order;
mod zone;

use super::tls::{Tls, facts_of, is_among, public_file};
use crate::base::{Error, Kind, Result, TimeMs, hostname};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::model::certificate::{CertificateFacts, CertificateProgress, CertificateWish, Proof, ZoneKey};
use crate::store::layout::Layout;
pub use answers::{Answers, WORD_PATH};
use order::{Step, advance};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use std::time::Duration;
use url::Url;

pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

const WISH: &str = "certificate";
const PROGRESS: &str = "certificate-progress";
const MOST_NAMES: usize = 50;
const MINUTE_MS: TimeMs = 60 * 1000;
const HOUR_MS: TimeMs = 60 * MINUTE_MS;
/// Authorities forget an order after a week (RFC 8555 §7.1.3 leaves it to them); then the records are others.
const ORDER_LASTS_MS: TimeMs = 6 * 24 * HOUR_MS;
const LOOK_AT_RECORDS: Duration = Duration::from_secs(15);
const LONGEST_REST: Duration = Duration::from_secs(12 * 3600);

/// All there is to know.
pub struct Certificate {
    /// Without the key's secret.
    pub wish: Option<CertificateWish>,
    pub progress: CertificateProgress,
    /// Of the one that a public authority gave.
    pub public: Option<CertificateFacts>,
}

/// Errors: Forbidden.
pub async fn get_certificate(ctx: &Ctx) -> Result<Certificate> {
    ctx.require_admin()?;
    let (mut wish, progress) = read(ctx).await?;
    if let Some(key) = wish.as_mut().and_then(|w| w.zone_key.as_mut()) {
        key.secret.clear();
    }
    Ok(Certificate {
        wish,
        progress,
        public: public_facts(ctx.store.layout()),
    })
}

/// Wants this certificate, at once. An empty secret means: as before. Errors: Forbidden, Invalid.
pub async fn put_wish(ctx: &Ctx, mut wish: CertificateWish) -> Result<()> {
    ctx.require_admin()?;
    let (before, _) = read(ctx).await?;
    take_secret(&mut wish, before);
    check(&mut wish)?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let progress = CertificateProgress {
        is_asked_for: true,
        ..CertificateProgress::default()
    };
    ctx.store
        .directory()
        .write(move |d| {
            d.put_setting(WISH, &wish)?;
            d.put_setting(PROGRESS, &progress)?;
            let detail = json!({"names": wish.names, "authority": wish.authority, "proof": wish.proof});
            d.note_audit(now_ms, &actor, "certificate.put", &detail)
        })
        .await?;
    ctx.store.wake_server()
}

/// Wants another one now, although the one that is there lasts. Errors: Forbidden, NotFound (none is asked for).
pub async fn ask_now(ctx: &Ctx) -> Result<()> {
    ctx.require_admin()?;
    let (wish, mut progress) = read(ctx).await?;
    if wish.is_none() {
        return Err(Error::not_found(
            "no certificate of a public authority is asked for",
        ));
    }
    progress.is_asked_for = true;
    progress.next_try_at_ms = None;
    write_progress(ctx, progress).await?;
    ctx.store.wake_server()
}

/// Goes back to the own authority's certificate. Errors: Forbidden.
pub async fn remove_wish(ctx: &Ctx) -> Result<()> {
    ctx.require_admin()?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            d.remove_setting(WISH)?;
            d.remove_setting(PROGRESS)?;
            d.note_audit(now_ms, &actor, "certificate.remove", &json!({}))
        })
        .await?;
    match std::fs::remove_file(public_file(ctx.store.layout())) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        // The watch on the folder notices that it has gone.
        _ => ctx.store.wake_server(),
    }
}

async fn read(ctx: &Ctx) -> Result<(Option<CertificateWish>, CertificateProgress)> {
    let read = ctx.store.directory().read(|d| {
        let progress: Option<CertificateProgress> = d.setting(PROGRESS)?;
        Ok((d.setting(WISH)?, progress.unwrap_or_default()))
    });
    read.await
}

async fn write_progress(ctx: &Ctx, progress: CertificateProgress) -> Result<()> {
    let file = ctx.store.directory();
    file.write(move |d| d.put_setting(PROGRESS, &progress)).await
}

fn take_secret(wish: &mut CertificateWish, before: Option<CertificateWish>) {
    let known = before.and_then(|b| b.zone_key);
    if let (Some(key), Some(known)) = (wish.zone_key.as_mut(), known)
        && key.secret.is_empty()
        // The secret goes only to the server that it was given for.
        && (key.server, &key.key_name) == (known.server, &known.key_name)
    {
        key.secret = known.secret;
    }
}

/// Brings what was typed into its form. Errors: Invalid.
fn check(wish: &mut CertificateWish) -> Result<()> {
    let url = Url::parse(wish.authority.trim())
        .ok()
        .filter(|u| u.scheme() == "https");
    wish.authority = url
        .ok_or_else(|| {
            Error::invalid("the authority is an address that begins with https://")
                .with_reason("AuthorityWrong", &[])
        })?
        .into();
    if wish.names.is_empty() || wish.names.len() > MOST_NAMES {
        return Err(
            Error::invalid(format!("a certificate is for 1 to {MOST_NAMES} names"))
                .with_reason("CertificateNames", &[]),
        );
    }
    for name in &mut wish.names {
        let (star, rest) = match name.trim().strip_prefix("*.") {
            Some(rest) => ("*.", rest),
            None => ("", name.trim()),
        };
        let plain = hostname::normalize(rest)?;
        if !plain.contains('.') || (!star.is_empty() && wish.proof != Proof::Dns) {
            return Err(Error::invalid(format!(
                "»{name}« cannot be in a public certificate: it needs a domain, and with * the proof by DNS"
            ))
            .with_reason("CertificateName", &[("name", name)]));
        }
        *name = format!("{star}{plain}");
    }
    let mut seen = std::collections::HashSet::new();
    wish.names.retain(|n| seen.insert(n.clone()));
    wish.contact = wish
        .contact
        .take()
        .map(|c| c.trim().to_owned())
        .filter(|c| !c.is_empty());
    if wish.proof != Proof::Dns {
        wish.zone_key = None;
    }
    wish.zone_key.as_ref().map_or(Ok(()), check_zone_key)
}

fn check_zone_key(key: &ZoneKey) -> Result<()> {
    let checked = zone::check_key(key);
    checked.map_err(|e| {
        let why = e.message().to_owned();
        e.with_reason("ZoneKeyWrong", &[("why", &why)])
    })
}

/// Of the certificate that a public authority gave; None: there is none, or it cannot be read.
pub fn public_facts(layout: &Layout) -> Option<CertificateFacts> {
    let first = CertificateDer::from_pem_file(public_file(layout)).ok()?;
    facts_of(&first)
}

/// How a look went.
pub struct Tended {
    /// When to look again.
    pub rest: Duration,
    /// A failure that the administrators are to hear of, and when the certificate in use ends.
    pub failure: Option<(Error, Option<TimeMs>)>,
}

/// Gets a certificate when one is due. Errors: Internal, when the settings cannot be read or written.
pub async fn tend(room: &PostRoom, tls: &Tls) -> Result<Tended> {
    let ctx = room.ctx();
    let (wish, mut progress) = read(&ctx).await?;
    let rests = |rest| Ok(Tended { rest, failure: None });
    let Some(wish) = wish else {
        return rests(LONGEST_REST);
    };
    let (now_ms, facts) = (ctx.now_ms(), public_facts(ctx.store.layout()));
    if let Some(rest) = rest_until_due(&wish, &progress, facts.as_ref(), now_ms) {
        return rests(rest);
    }
    let was_asked = progress.is_asked_for;
    if progress
        .order
        .as_ref()
        .is_some_and(|o| now_ms - o.since_ms > ORDER_LASTS_MS)
    {
        progress.order = None;
    }
    progress.last_try_at_ms = Some(now_ms);
    let step = advance(room, &tls.answers, &wish, progress.order.clone()).await;
    // Somebody may have changed the wish in the meantime; then this is about nothing.
    let (wished, _) = read(&ctx).await?;
    if wished.as_ref() != Some(&wish) {
        return rests(Duration::ZERO);
    }
    let mut failure = None;
    let rest = match step {
        Ok(Step::Done) => {
            progress = CertificateProgress {
                last_try_at_ms: Some(now_ms),
                ..CertificateProgress::default()
            };
            tls.reload()?;
            Duration::ZERO
        }
        Ok(Step::Waits(order)) => {
            progress.order = Some(order);
            progress.last_error = None;
            LOOK_AT_RECORDS
        }
        Err(e) => {
            tracing::error!(error = ?e, names = ?wish.names, "no certificate came");
            note_failure(&mut progress, &e, now_ms);
            // Who has just asked sees it where they asked.
            let ends_ms = facts.map(|f| f.not_after_ms);
            failure = (!was_asked || progress.failures > 1).then_some((e, ends_ms));
            Duration::ZERO
        }
    };
    write_progress(&ctx, progress).await?;
    Ok(Tended { rest, failure })
}

fn note_failure(progress: &mut CertificateProgress, e: &Error, now_ms: TimeMs) {
    progress.failures += 1;
    progress.is_asked_for = false;
    progress.last_error = Some(e.message().to_owned());
    // An order that only could not be reached goes on; one that failed has ended (RFC 8555 §7.1.6).
    if !e.kind().is_transient() {
        progress.order = None;
    }
    progress.next_try_at_ms = Some(now_ms + pause_ms(progress.failures, e.kind()));
}

/// Five minutes, then three times as long each time, up to half a day: authorities count failures.
fn pause_ms(failures: u32, kind: Kind) -> TimeMs {
    let pause = (5 * MINUTE_MS).saturating_mul(3_i64.saturating_pow(failures.saturating_sub(1)));
    let least = if kind == Kind::Busy { HOUR_MS } else { 0 };
    pause.clamp(least, 12 * HOUR_MS)
}

/// None: something is to be done now.
fn rest_until_due(
    wish: &CertificateWish,
    progress: &CertificateProgress,
    facts: Option<&CertificateFacts>,
    now_ms: TimeMs,
) -> Option<Duration> {
    if progress.is_asked_for || progress.order.is_some() && progress.next_try_at_ms.is_none() {
        return None;
    }
    let fits = |f: &&CertificateFacts| {
        let has = |n: &String| f.names.contains(n) || is_among(&f.names, n);
        wish.names.iter().all(has)
    };
    let due_ms = facts.filter(fits).map_or(now_ms, renew_at_ms);
    let at_ms = due_ms.max(progress.next_try_at_ms.unwrap_or(due_ms));
    let rest = u64::try_from(at_ms - now_ms).ok().filter(|rest| *rest > 0)?;
    Some(Duration::from_millis(rest).min(LONGEST_REST))
}

/// When a third of its life is left.
pub fn renew_at_ms(facts: &CertificateFacts) -> TimeMs {
    facts.not_after_ms - (facts.not_after_ms - facts.not_before_ms) / 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(names: &[&str], proof: Proof) -> CertificateWish {
        CertificateWish {
            authority: LETS_ENCRYPT.into(),
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            proof,
            contact: Some(" ".into()),
            zone_key: None,
        }
    }

    #[test]
    fn what_is_typed_is_brought_into_its_form() {
        let mut good = wish(&[" Mail.Example.TEST ", "mail.example.test"], Proof::Http);
        check(&mut good).unwrap();
        assert_eq!(good.names, ["mail.example.test"]);
        assert_eq!(good.contact, None);
        check(&mut wish(&["*.example.test"], Proof::Dns)).unwrap();
        for (names, proof) in [
            (vec![], Proof::Http),
            (vec!["nas"], Proof::Http),
            (vec!["*.example.test"], Proof::TlsAlpn),
            (vec!["a b.test"], Proof::Dns),
        ] {
            assert!(check(&mut wish(&names, proof)).is_err(), "{names:?}");
        }
        let mut plain = wish(&["mail.example.test"], Proof::Http);
        plain.authority = "http://ca.example.test/".into();
        assert!(check(&mut plain).is_err());
    }

    #[test]
    fn a_new_one_is_due_when_a_third_is_left_and_failures_wait_longer_each_time() {
        let day = 24 * HOUR_MS;
        let facts = CertificateFacts {
            names: vec!["mail.example.test".into()],
            issuer: String::new(),
            not_before_ms: 0,
            not_after_ms: 90 * day,
        };
        let (mail, mut progress) = (
            wish(&["mail.example.test"], Proof::Http),
            CertificateProgress::default(),
        );
        let rest = |p: &CertificateProgress, now| rest_until_due(&mail, p, Some(&facts), now);
        assert_eq!(rest(&progress, 60 * day - 1000), Some(Duration::from_secs(1)));
        assert_eq!(rest(&progress, 60 * day), None);
        let other = wish(&["mail.example.test", "example.test"], Proof::Http);
        assert_eq!(
            rest_until_due(&other, &progress, Some(&facts), 1),
            None,
            "for another name"
        );
        assert_eq!(rest_until_due(&mail, &progress, None, 1), None);
        let e = Error::invalid("no");
        note_failure(&mut progress, &e, 60 * day);
        assert_eq!(rest(&progress, 60 * day), Some(Duration::from_secs(300)));
        note_failure(&mut progress, &e, 60 * day);
        assert_eq!(rest(&progress, 60 * day), Some(Duration::from_secs(900)));
        assert_eq!(pause_ms(40, Kind::Invalid), 12 * HOUR_MS);
        assert_eq!(pause_ms(1, Kind::Busy), HOUR_MS);
        progress.is_asked_for = true;
        assert_eq!(rest(&progress, 1), None);
    }
}
