//! Records set at the office's name server by itself (RFC 2136), signed with the key that was agreed on there (TSIG, RFC 8945).

use crate::base::{Error, Result};
use crate::model::certificate::{ProofRecord, ZoneKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hickory_resolver::proto::op::{Message, ResponseCode, update_message};
use hickory_resolver::proto::rr::rdata::TXT;
use hickory_resolver::proto::rr::rdata::tsig::TsigAlgorithm;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordSet, TSigner};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Seconds that both clocks may be apart (RFC 8945 §10).
const FUDGE_S: u16 = 300;
const TTL_S: u32 = 60;
const PATIENCE: Duration = Duration::from_secs(20);

/// Errors: Invalid, when the key or a name cannot be used.
pub fn check_key(key: &ZoneKey) -> Result<()> {
    name(&key.zone)?;
    signer(key).map(drop)
}

/// Adds the records. Errors: Unavailable, or Invalid with what the name server says.
pub async fn set_records(key: &ZoneKey, records: &[ProofRecord], now_ms: i64) -> Result<()> {
    for record in records {
        let set = RecordSet::from(txt(record)?);
        let zone = zone_of(key, set.name())?;
        exchange(key, update_message::append(set, zone, false, false), now_ms).await?;
    }
    Ok(())
}

/// Takes them away again.
pub async fn remove_records(key: &ZoneKey, records: &[ProofRecord], now_ms: i64) -> Result<()> {
    for record in records {
        let set = RecordSet::from(txt(record)?);
        let zone = zone_of(key, set.name())?;
        exchange(key, update_message::delete_by_rdata(set, zone, false), now_ms).await?;
    }
    Ok(())
}

fn name(text: &str) -> Result<Name> {
    let mut name = Name::from_ascii(text.trim())
        .map_err(|e| Error::invalid(format!("»{text}« is no name of a zone or a key")).caused_by(e))?;
    name.set_fqdn(true);
    Ok(name)
}

/// Errors: Invalid, when the record does not lie in the zone.
fn zone_of(key: &ZoneKey, record: &Name) -> Result<Name> {
    let zone = name(&key.zone)?;
    match zone.zone_of(record) {
        true => Ok(zone),
        false => Err(Error::invalid(format!(
            "{record} does not lie in the zone {zone}"
        ))),
    }
}

fn txt(record: &ProofRecord) -> Result<Record> {
    let data = RData::TXT(TXT::new(vec![record.value.clone()]));
    Ok(Record::from_rdata(name(&record.name)?, TTL_S, data))
}

fn signer(key: &ZoneKey) -> Result<TSigner> {
    let secret = STANDARD
        .decode(key.secret.trim())
        .map_err(|e| Error::invalid("the key's secret is not in base64").caused_by(e))?;
    if secret.len() < 16 {
        return Err(Error::invalid("the key's secret has less than 16 bytes"));
    }
    TSigner::new(secret, TsigAlgorithm::HmacSha256, name(&key.key_name)?, FUDGE_S)
        .map_err(|e| Error::invalid("the key cannot be used").caused_by(e))
}

/// Over TCP, where nobody has to ask twice.
async fn exchange(key: &ZoneKey, mut message: Message, now_ms: i64) -> Result<()> {
    let server = key.server;
    let gone = |e: std::io::Error| Error::unavailable(format!("the name server {server} broke off: {e}"));
    let wrong = |e: &dyn std::fmt::Display| Error::unavailable(format!("{server} answers no DNS: {e}"));
    let at_s = u64::try_from(now_ms / 1000).unwrap_or_default();
    let mut verifier = message
        .finalize(&signer(key)?, at_s)
        .map_err(|e| Error::internal("the change cannot be signed").caused_by(e))?;
    let asked = message
        .to_vec()
        .map_err(|e| Error::internal("the change cannot be written").caused_by(e))?;
    let length = u16::try_from(asked.len()).map_err(|_| Error::internal("the change is too long"))?;
    let talk = async {
        let mut stream = TcpStream::connect(server).await?;
        stream
            .write_all(&[&length.to_be_bytes()[..], &asked].concat())
            .await?;
        let mut answer = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, talk).await;
    let answer = answer
        .map_err(|_| Error::unavailable(format!("the name server {server} does not answer")))?
        .map_err(gone)?;
    let said = Message::from_vec(&answer).map_err(|e| wrong(&e))?;
    match said.metadata.response_code {
        ResponseCode::NoError => {}
        code => {
            return Err(Error::invalid(format!(
                "the name server {server} refuses to change {}: {code}",
                key.zone
            )));
        }
    }
    // Only whoever knows the key may say that it is done.
    if let Some(verifier) = verifier.as_mut() {
        verifier.verify(&answer).map_err(|e| wrong(&e))?;
    }
    Ok(())
}
