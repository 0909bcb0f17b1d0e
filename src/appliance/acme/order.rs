//! One certificate from a public authority, from the order to the file (RFC 8555 §7.4).

use super::account::{open_account, told};
use super::answers::{Answers, Laid};
use super::zone::{remove_records, set_records};
use crate::appliance::tls::{certified, facts_of, is_among, public_file};
use crate::base::{Error, Result, TimeMs};
use crate::delivery::PostRoom;
use crate::model::certificate::{CertificateFacts, CertificateWish, OpenOrder, Proof, ProofRecord};
use crate::store::disk;
use instant_acme::{
    AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use std::time::Duration;

/// How long the authority may look, and then sign.
const LOOKING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(500))
    .backoff(1.5)
    .timeout(Duration::from_secs(180));

/// How far it has come.
pub enum Step {
    Done,
    /// For its records.
    Waits(OpenOrder),
}

/// Orders, or goes on with an order whose records were waited for. Errors: what the authority, or the name server, says.
pub async fn advance(
    room: &PostRoom,
    answers: &Arc<Answers>,
    wish: &CertificateWish,
    open: Option<OpenOrder>,
) -> Result<Step> {
    if let Some(open) = &open
        && !are_visible(room, &open.records).await
    {
        return Ok(Step::Waits(open.clone()));
    }
    let account = open_account(room, wish).await?;
    let mut order = match &open {
        Some(open) => account.order(open.url.clone()).await.map_err(told)?,
        None => {
            let names: Vec<Identifier> = wish.names.iter().cloned().map(Identifier::Dns).collect();
            account.new_order(&NewOrder::new(&names)).await.map_err(told)?
        }
    };
    let now_ms = room.store.clock().now_ms();
    if wish.proof == Proof::Dns && open.is_none() {
        let records = records_of(&mut order).await?;
        if let Some(key) = &wish.zone_key {
            set_records(key, &records, now_ms).await?;
        }
        // None: the authority still remembers that all names are ours.
        if !records.is_empty() {
            return Ok(Step::Waits(OpenOrder {
                url: order.url().to_owned(),
                records,
                since_ms: now_ms,
            }));
        }
    }
    let done = finish(room, answers, wish, &mut order).await;
    if let (Some(key), Some(open)) = (&wish.zone_key, &open)
        && let Err(e) = remove_records(key, &open.records, now_ms).await
    {
        tracing::warn!(error = ?e, "the records for the authority stay where they are");
    }
    done.map(|()| Step::Done)
}

/// What has to stand in the DNS for the names that are not proved yet (RFC 8555 §8.4).
async fn records_of(order: &mut Order) -> Result<Vec<ProofRecord>> {
    let mut records = Vec::new();
    let mut all = order.authorizations();
    while let Some(next) = all.next().await {
        let mut one = next.map_err(told)?;
        if one.status == AuthorizationStatus::Valid {
            continue;
        }
        let challenge = one.challenge(ChallengeType::Dns01).ok_or_else(no_such_proof)?;
        if let Identifier::Dns(name) = challenge.identifier().identifier {
            records.push(ProofRecord {
                name: format!("_acme-challenge.{name}"),
                value: challenge.key_authorization().dns_value(),
            });
        }
    }
    Ok(records)
}

fn no_such_proof() -> Error {
    Error::invalid("the authority does not take this proof for these names; choose another one")
}

async fn are_visible(room: &PostRoom, records: &[ProofRecord]) -> bool {
    for record in records {
        let found = room.dialer.resolver.texts_anew(&record.name).await;
        if !found.is_ok_and(|all| all.contains(&record.value)) {
            return false;
        }
    }
    true
}

/// Lets the authority look, and takes the certificate; the old one stays in use until this one has been looked at.
async fn finish(
    room: &PostRoom,
    answers: &Arc<Answers>,
    wish: &CertificateWish,
    order: &mut Order,
) -> Result<()> {
    let laid = lay_answers(answers, wish.proof, order).await?;
    if order.poll_ready(&LOOKING).await.map_err(told)? != OrderStatus::Ready {
        return Err(why_not(order).await);
    }
    drop(laid);
    let failed = |e: rcgen::Error| Error::internal("the certificate cannot be asked for").caused_by(e);
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::new(wish.names.clone()).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(failed)?;
    order.finalize_csr(request.der()).await.map_err(told)?;
    let chain = order.poll_certificate(&LOOKING).await.map_err(told)?;
    prove(&chain, &key, wish, room.store.clock().now_ms())?;
    let both = format!("{}{chain}", key.serialize_pem());
    disk::write_file(&public_file(room.store.layout()), both.as_bytes())
}

async fn lay_answers(answers: &Arc<Answers>, proof: Proof, order: &mut Order) -> Result<Laid> {
    let mut laid = Laid::new(answers);
    let mut all = order.authorizations();
    while let Some(next) = all.next().await {
        let mut one = next.map_err(told)?;
        if one.status == AuthorizationStatus::Valid {
            continue;
        }
        let kind = match proof {
            Proof::Http => ChallengeType::Http01,
            Proof::TlsAlpn => ChallengeType::TlsAlpn01,
            Proof::Dns => ChallengeType::Dns01,
        };
        let mut challenge = one.challenge(kind).ok_or_else(no_such_proof)?;
        let word = challenge.key_authorization();
        match (proof, challenge.identifier().identifier) {
            (Proof::Http, _) => laid.lay_word(&challenge.token, word.as_str()),
            (Proof::TlsAlpn, Identifier::Dns(name)) => laid.lay_certificate(name, word.digest().as_ref())?,
            _ => {}
        }
        challenge.set_ready().await.map_err(told)?;
    }
    Ok(laid)
}

/// What the authority has found where it looked.
async fn why_not(order: &mut Order) -> Error {
    let mut why = Vec::new();
    let mut all = order.authorizations();
    while let Some(Ok(mut one)) = all.next().await {
        let name = one.identifier().to_string();
        let Ok(state) = one.refresh().await else { continue };
        let errors = state.challenges.iter().filter_map(|c| c.error.as_ref());
        why.extend(errors.map(|e| format!("{name}: {}", e.detail.clone().unwrap_or_default())));
    }
    match why.is_empty() {
        true => Error::invalid("the authority has not found that the names are ours"),
        false => Error::invalid(crate::base::text::one_line(&why.join("; "))),
    }
}

/// Errors: Invalid, unless it is for our key and all names, and counts now.
fn prove(chain: &str, key: &KeyPair, wish: &CertificateWish, now_ms: TimeMs) -> Result<CertificateFacts> {
    let wrong = |why: String| Error::invalid(format!("the certificate that came cannot be used: {why}"));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| wrong(e.to_string()))?;
    let facts = chain.first().and_then(facts_of);
    let facts = facts.ok_or_else(|| wrong("it is none".into()))?;
    if let Some(name) = wish
        .names
        .iter()
        .find(|n| !facts.names.contains(n) && !is_among(&facts.names, n))
    {
        return Err(wrong(format!("it is not for {name}")));
    }
    if now_ms >= facts.not_after_ms {
        return Err(wrong(
            "it has ended already; is the clock of this machine right?".into(),
        ));
    }
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    certified(chain, key).map_err(|e| wrong(e.to_string()))?;
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(names: &[&str]) -> CertificateWish {
        CertificateWish {
            authority: super::super::LETS_ENCRYPT.into(),
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            proof: Proof::Http,
            contact: None,
            zone_key: None,
        }
    }

    #[test]
    fn a_certificate_counts_only_for_our_key_all_names_and_today() {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["mail.example.test".to_owned()]).unwrap();
        params.not_after = time::OffsetDateTime::from_unix_timestamp(2_000_000_000).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let now_ms = 1_900_000_000_000;
        let good = prove(&pem, &key, &wish(&["mail.example.test"]), now_ms).unwrap();
        assert_eq!(good.not_after_ms, 2_000_000_000_000);
        let said = |e: Result<CertificateFacts>| e.unwrap_err().message().to_owned();
        let other = prove(&pem, &key, &wish(&["mail.example.test", "example.test"]), now_ms);
        assert!(said(other).contains("not for example.test"));
        let late = prove(&pem, &key, &wish(&["mail.example.test"]), 2_000_000_000_000);
        assert!(said(late).contains("ended"));
        let another = KeyPair::generate().unwrap();
        assert!(prove(&pem, &another, &wish(&["mail.example.test"]), now_ms).is_err());
        assert!(prove("nothing", &key, &wish(&["mail.example.test"]), now_ms).is_err());
    }
}
