//! One certificate from a public authority, from the order to the file (RFC 8555 §7.4).

use super::account::{forget_account, open_account, sentence, told};
use super::answers::{Answers, Laid};
use super::kept::{KeptAnswer, KeptOrder, forget_order};
use super::tries::{PutOff, Tries, kind_of};
use super::zone::{remove_records, set_records};
use crate::appliance::tls::{certified, facts_of, is_among};
use crate::base::{Error, Result, TimeMs};
use crate::delivery::PostRoom;
use crate::model::certificate::{CertificateFacts, CertificateWish, OpenOrder, Proof, ProofRecord, ZoneKey};
use instant_acme::{
    Account, AuthorizationStatus, ChallengeHandle, ChallengeStatus, ChallengeType, Identifier, NewOrder,
    Order, OrderStatus, RetryPolicy,
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

const SURELY_SET_MS: TimeMs = 10 * 60 * 1000;

/// How far it has come.
pub enum Step {
    /// The key and the chain, PEM, looked at and ready to be used.
    Done(String),
    /// For its records.
    Waits(OpenOrder),
}

/// Orders, or goes on with the order that is under way. Errors: what the authority, or the name server, says.
pub async fn advance(
    room: &PostRoom,
    answers: &Arc<Answers>,
    wish: &CertificateWish,
    open: Option<OpenOrder>,
    put_off: &Arc<PutOff>,
) -> Result<Step> {
    let now_ms = room.store.clock().now_ms();
    if let Some(open) = &open {
        // The name server has said that they stand there; inside an office names may be other ones than outside.
        let must_be_there = wish.zone_key.is_some() && now_ms - open.since_ms > SURELY_SET_MS;
        if !must_be_there && !are_visible(room, &open.records).await {
            return Ok(Step::Waits(open.clone()));
        }
    }
    // After a restart the authority may be asking already.
    let mut early = Laid::new(answers);
    let kept = KeptOrder::read(room.store.layout(), wish, now_ms);
    for answer in kept.iter().flat_map(|k| &k.answers) {
        early.lay(wish.proof, answer)?;
    }
    let account = open_account(room, wish, put_off).await?;
    let (mut kept, mut order) = begin(room, &account, wish, open.as_ref(), now_ms).await?;
    if wish.proof == Proof::Dns && open.is_none() && order.state().status == OrderStatus::Pending {
        let records = records_of(&mut order, wish).await?;
        if let Some(key) = &wish.zone_key
            && let Err(e) = set_records(key, &records, now_ms).await
        {
            // Some may stand there already.
            take_away(key, &records, now_ms).await;
            return Err(e);
        }
        // None: the authority still remembers that all names are ours.
        if !records.is_empty() {
            return Ok(Step::Waits(OpenOrder {
                url: kept.url,
                records,
                since_ms: kept.since_ms,
            }));
        }
    }
    // It may have asked while nobody was there to answer.
    let was_begun = !kept.answers.is_empty();
    let mut done = finish(room, answers, wish, &mut order, &mut kept).await;
    if was_begun && done.as_ref().is_err_and(|e| !e.kind().is_transient()) {
        forget_order(room.store.layout());
        (kept, order) = begin(room, &account, wish, None, now_ms).await?;
        done = finish(room, answers, wish, &mut order, &mut kept).await;
    }
    let goes_on = done.as_ref().is_err_and(|e| e.kind().is_transient());
    if let (Some(key), Some(open), false) = (&wish.zone_key, &open, goes_on) {
        take_away(key, &open.records, now_ms).await;
    }
    done.map(Step::Done)
}

/// The order that is under way if the authority still knows it, else a new one.
async fn begin(
    room: &PostRoom,
    account: &Account,
    wish: &CertificateWish,
    open: Option<&OpenOrder>,
    now_ms: TimeMs,
) -> Result<(KeptOrder, Order)> {
    let layout = room.store.layout();
    let kept = KeptOrder::read(layout, wish, now_ms).filter(|k| open.is_none_or(|o| o.url == k.url));
    if let Some(kept) = kept {
        match ask_for_order(account, &kept.url).await {
            Ok(mut order) => {
                if order.state().status != OrderStatus::Invalid {
                    return Ok((kept, order));
                }
            }
            Err(e) if e.kind().is_transient() => return Err(e),
            Err(_) => {}
        }
        forget_order(layout);
    }
    // Its records are for no other order.
    if open.is_some() {
        return Err(Error::invalid(
            "the order whose records were waited for has ended at the authority; the next one has other records",
        ));
    }
    let mut kept = KeptOrder::new(wish, now_ms)?;
    // A full disk is noticed before anything is ordered.
    kept.write(layout)?;
    let order = new_order(room, account, wish).await?;
    order.url().clone_into(&mut kept.url);
    kept.write(layout)?;
    Ok((kept, order))
}

async fn ask_for_order(account: &Account, url: &str) -> Result<Order> {
    let mut tries = Tries::new();
    loop {
        match account.order(url.to_owned()).await {
            Ok(order) => return Ok(order),
            Err(e) => tries.rest(e).await?,
        }
    }
}

async fn new_order(room: &PostRoom, account: &Account, wish: &CertificateWish) -> Result<Order> {
    let names: Vec<Identifier> = wish.names.iter().cloned().map(Identifier::Dns).collect();
    let mut tries = Tries::new();
    loop {
        match account.new_order(&NewOrder::new(&names)).await {
            Ok(order) => return Ok(order),
            Err(instant_acme::Error::Api(problem))
                if kind_of(problem.r#type.as_deref()) == "accountDoesNotExist" =>
            {
                forget_account(room, wish);
                return Err(Error::unavailable(
                    "the authority has forgotten our account; another one is made at the next try",
                ));
            }
            Err(e) => tries.rest(e).await?,
        }
    }
}

async fn take_away(key: &ZoneKey, records: &[ProofRecord], now_ms: TimeMs) {
    if let Err(e) = remove_records(key, records, now_ms).await {
        tracing::warn!(error = ?e, "the records for the authority stay where they are");
    }
}

/// What has to stand in the DNS for the names that are not proved yet (RFC 8555 §8.4).
async fn records_of(order: &mut Order, wish: &CertificateWish) -> Result<Vec<ProofRecord>> {
    know_authorizations(order).await?;
    let mut records = Vec::new();
    let mut all = order.authorizations();
    while let Some(next) = all.next().await {
        let mut one = next.map_err(told)?;
        if one.status == AuthorizationStatus::Valid {
            continue;
        }
        let challenge = one.challenge(ChallengeType::Dns01).ok_or_else(no_such_proof)?;
        if let Identifier::Dns(name) = challenge.identifier().identifier {
            check_name(wish, name)?;
            records.push(ProofRecord {
                name: format!("_acme-challenge.{name}"),
                value: challenge.key_authorization().dns_value(),
            });
        }
    }
    Ok(records)
}

/// Asks for each, so that what follows asks nobody.
async fn know_authorizations(order: &mut Order) -> Result<()> {
    let mut tries = Tries::new();
    'anew: loop {
        let mut all = order.authorizations();
        while let Some(next) = all.next().await {
            if let Err(e) = next.map(drop) {
                tries.rest(e).await?;
                continue 'anew;
            }
        }
        return Ok(());
    }
}

/// Nothing is shown, and no record set, for a name that we have not asked about.
fn check_name(wish: &CertificateWish, name: &str) -> Result<()> {
    let is_ours = |wished: &String| wished.strip_prefix("*.").unwrap_or(wished) == name;
    match wish.names.iter().any(is_ours) {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "the authority asks about {}, which was not asked for",
            sentence(name)
        ))),
    }
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

/// Lets the authority look, and takes the certificate, from wherever the order stands.
async fn finish(
    room: &PostRoom,
    answers: &Arc<Answers>,
    wish: &CertificateWish,
    order: &mut Order,
    kept: &mut KeptOrder,
) -> Result<String> {
    let key = kept.key()?;
    if order.state().status == OrderStatus::Pending {
        let _laid = lay_answers(room, answers, wish, order, kept).await?;
        wait_until_ready(order).await?;
    }
    if order.state().status == OrderStatus::Ready {
        ask_to_sign(order, wish, &key).await?;
    }
    let mut tries = Tries::new();
    let chain = loop {
        match order.poll_certificate(&LOOKING).await {
            Ok(chain) => break chain,
            Err(e) => tries.rest(e).await?,
        }
    };
    prove(&chain, &key, wish, room.store.clock().now_ms())?;
    Ok(format!("{}{chain}", key.serialize_pem()))
}

async fn wait_until_ready(order: &mut Order) -> Result<()> {
    let mut tries = Tries::new();
    loop {
        match order.poll_ready(&LOOKING).await {
            Ok(OrderStatus::Ready) => return Ok(()),
            Ok(_) => return Err(why_not(order).await),
            // It says only that it has ended; what it has found stands with the names.
            Err(instant_acme::Error::Api(_)) if order.state().status == OrderStatus::Invalid => {
                return Err(why_not(order).await);
            }
            Err(e) => tries.rest(e).await?,
        }
    }
}

async fn ask_to_sign(order: &mut Order, wish: &CertificateWish, key: &KeyPair) -> Result<()> {
    let failed = |e: rcgen::Error| Error::internal("the certificate cannot be asked for").caused_by(e);
    let mut params = CertificateParams::new(wish.names.clone()).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(key).map_err(failed)?;
    let mut tries = Tries::new();
    while let Err(e) = order.finalize_csr(request.der()).await {
        tries.rest(e).await?;
        // The answer may have been lost, not the question; it signs once.
        if order
            .refresh()
            .await
            .is_ok_and(|s| s.status != OrderStatus::Ready)
        {
            break;
        }
    }
    Ok(())
}

/// Lays them all, and tells the authority.
async fn lay_answers(
    room: &PostRoom,
    answers: &Arc<Answers>,
    wish: &CertificateWish,
    order: &mut Order,
    kept: &mut KeptOrder,
) -> Result<Laid> {
    know_authorizations(order).await?;
    let kind = match wish.proof {
        Proof::Http => ChallengeType::Http01,
        Proof::TlsAlpn => ChallengeType::TlsAlpn01,
        Proof::Dns => ChallengeType::Dns01,
    };
    let mut laid = Laid::new(answers);
    let mut all = order.authorizations();
    kept.answers.clear();
    while let Some(next) = all.next().await {
        let mut one = next.map_err(told)?;
        if one.status == AuthorizationStatus::Valid {
            continue;
        }
        let challenge = one.challenge(kind.clone()).ok_or_else(no_such_proof)?;
        if let Identifier::Dns(name) = challenge.identifier().identifier {
            check_name(wish, name)?;
            let answer = KeptAnswer {
                name: name.clone(),
                token: challenge.token.clone(),
                word: challenge.key_authorization().as_str().to_owned(),
            };
            laid.lay(wish.proof, &answer)?;
            kept.answers.push(answer);
        }
    }
    if wish.proof != Proof::Dns {
        kept.write(room.store.layout())?;
    }
    let mut all = order.authorizations();
    while let Some(next) = all.next().await {
        let mut one = next.map_err(told)?;
        if one.status != AuthorizationStatus::Valid {
            say_ready(&mut one.challenge(kind.clone()).ok_or_else(no_such_proof)?).await?;
        }
    }
    Ok(laid)
}

async fn say_ready(challenge: &mut ChallengeHandle<'_>) -> Result<()> {
    // Said before a restart.
    if challenge.status != ChallengeStatus::Pending {
        return Ok(());
    }
    let (mut tries, mut was_said) = (Tries::new(), false);
    loop {
        match challenge.set_ready().await {
            Ok(()) => return Ok(()),
            // It had been heard the first time; how it went is asked for next.
            Err(instant_acme::Error::Api(p)) if was_said && kind_of(p.r#type.as_deref()) == "malformed" => {
                return Ok(());
            }
            Err(e) => tries.rest(e).await?,
        }
        was_said = true;
    }
}

/// What the authority has found where it looked.
async fn why_not(order: &mut Order) -> Error {
    let mut why = Vec::new();
    if let Err(e) = know_authorizations(order).await {
        return e;
    }
    let mut all = order.authorizations();
    while let Some(Ok(mut one)) = all.next().await {
        let name = one.identifier().to_string();
        let mut tries = Tries::new();
        while let Err(e) = one.refresh().await {
            if let Err(e) = tries.rest(e).await {
                return e;
            }
        }
        let errors = one.challenges.iter().filter_map(|c| c.error.as_ref());
        why.extend(errors.map(|e| format!("{name}: {}", e.detail.clone().unwrap_or_default())));
    }
    match why.is_empty() {
        true => Error::invalid("the authority has not found that the names are ours"),
        false => Error::invalid(sentence(&why.join("; "))),
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
