//! Certificates by themselves (ACME, RFC 8555): what is asked for, how it goes, and when the next one is due.
//!
//! The clockwork (`jobs/certificates.rs`) calls [`tend`]; page and command line write the wish and ring.

mod account;
mod answers;
mod due;
mod kept;
mod order;
mod tend;
mod tries;
mod zone;

use super::tls::{facts_of, public_file};
use crate::base::{Error, Result, hostname};
use crate::identity::Ctx;
use crate::model::certificate::{CertificateFacts, CertificateProgress, CertificateWish, Proof, ZoneKey};
use crate::store::layout::Layout;
pub use answers::{Answers, WORD_PATH};
pub use due::renew_at_ms;
use kept::forget_order;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use std::net::IpAddr;
pub use tend::{News, Tended, tend};
use url::Url;

pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

const WISH: &str = "certificate";
const PROGRESS: &str = "certificate-progress";
const MOST_NAMES: usize = 50;

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
    let (before, progress) = read(ctx).await?;
    take_secret(&mut wish, before.as_ref());
    check(&mut wish)?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    // What an authority has put off it has put off for these names.
    let is_same = before.is_some_and(|b| (&b.authority, &b.names) == (&wish.authority, &wish.names));
    let mut progress = CertificateProgress {
        put_off_until_ms: progress.put_off_until_ms.filter(|_| is_same),
        ..CertificateProgress::default()
    };
    due::ask(&mut progress, now_ms);
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
    due::ask(&mut progress, ctx.now_ms());
    write_progress(ctx, progress).await?;
    ctx.store.wake_server()
}

/// Goes back to the own authority's certificate. Errors: Forbidden.
pub async fn remove_wish(ctx: &Ctx) -> Result<()> {
    ctx.require_admin()?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    // First the file: without the wish nobody would renew it.
    match std::fs::remove_file(public_file(ctx.store.layout())) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
        _ => forget_order(ctx.store.layout()),
    }
    ctx.store
        .directory()
        .write(move |d| {
            d.remove_setting(WISH)?;
            d.remove_setting(PROGRESS)?;
            d.note_audit(now_ms, &actor, "certificate.remove", &json!({}))
        })
        .await?;
    // The watch on the folder notices that it has gone.
    ctx.store.wake_server()
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

fn take_secret(wish: &mut CertificateWish, before: Option<&CertificateWish>) {
    let known = before.and_then(|b| b.zone_key.as_ref());
    if let (Some(key), Some(known)) = (wish.zone_key.as_mut(), known)
        && key.secret.is_empty()
        // The secret goes only to the server that it was given for.
        && (key.server, &key.key_name) == (known.server, &known.key_name)
    {
        key.secret.clone_from(&known.secret);
    }
}

/// Brings what was typed into its form. Errors: Invalid.
fn check(wish: &mut CertificateWish) -> Result<()> {
    let url = Url::parse(wish.authority.trim())
        .ok()
        .filter(|u| u.scheme() == "https" && u.username().is_empty() && u.password().is_none());
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
        let is_address = plain.parse::<IpAddr>().is_ok();
        if is_address || !plain.contains('.') || (!star.is_empty() && wish.proof != Proof::Dns) {
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
            (vec!["192.0.2.7"], Proof::Http),
        ] {
            assert!(check(&mut wish(&names, proof)).is_err(), "{names:?}");
        }
        for authority in ["http://ca.example.test/", "https://anna:secret@ca.example.test/"] {
            let mut other = wish(&["mail.example.test"], Proof::Http);
            other.authority = authority.into();
            assert!(check(&mut other).is_err(), "{authority}");
        }
    }
}
