//! The mail domains that are ours. Each gets a DKIM key when it is added.

use super::Ctx;
use crate::base::{Error, Result, hostname};
use crate::store::directory::domains::Domain;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use serde_json::json;

/// Selector of the keys that we make; a later key gets another one.
const SELECTOR: &str = "hauspost1";

/// Adds a domain, with a DKIM key of 2048 bits (RFC 8301 §3.2). Does nothing when it is there. Returns whether it is new.
/// Errors: Invalid, Forbidden.
pub async fn add_domain(ctx: &Ctx, name: &str) -> Result<bool> {
    ctx.require_admin()?;
    let name = hostname::normalize(name)?;
    if !name.contains('.') {
        return Err(Error::invalid(format!(
            "»{name}« is not a mail domain: it needs a dot, as in example.org"
        )));
    }
    let known = name.clone();
    if ctx
        .store
        .directory()
        .peek(move |d| d.domain(&known))
        .await?
        .is_some()
    {
        return Ok(false);
    }
    let key = tokio::task::spawn_blocking(new_key)
        .await
        .map_err(|e| Error::internal("making a key was broken off").caused_by(e))??;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let domain = Domain {
        name,
        created_at_ms: now_ms,
        dkim_selector: Some(SELECTOR.to_owned()),
        dkim_key: Some(key),
    };
    ctx.store
        .directory()
        .write(move |d| {
            let is_new = d.add_domain(&domain)?;
            d.note_audit(now_ms, &actor, "domain.add", &json!({"name": domain.name}))?;
            Ok(is_new)
        })
        .await
}

/// A new RSA key of 2048 bits as PKCS#8 PEM. Blocks for up to seconds.
pub fn new_key() -> Result<String> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)
        .map_err(|e| Error::internal("no key could be made").caused_by(e))?;
    let pem = key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|e| Error::internal("a key could not be written").caused_by(e))?;
    Ok(pem.to_string())
}

/// By name, in any case.
pub async fn find_domain(ctx: &Ctx, name: &str) -> Result<Option<Domain>> {
    let name = name.to_ascii_lowercase();
    ctx.store.directory().peek(move |d| d.domain(&name)).await
}

/// Oldest first.
pub async fn list_domains(ctx: &Ctx) -> Result<Vec<Domain>> {
    ctx.store.directory().read(|d| d.domains()).await
}

/// Errors: NotFound, Conflict while it is in use, Forbidden.
pub async fn remove_domain(ctx: &Ctx, name: &str) -> Result<()> {
    ctx.require_admin()?;
    let name = hostname::normalize(name)?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            d.remove_domain(&name)?;
            d.note_audit(now_ms, &actor, "domain.remove", &json!({"name": name}))
        })
        .await
}
