//! Who of us an address means.

use super::Ctx;
use crate::base::Result;
use crate::model::{Account, EmailAddress};

/// What an address is to us.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// One of ours.
    Account(Box<Account>),
    /// One of our domains, and nobody there.
    Unknown,
    /// Somewhere else.
    Foreign,
}

/// Looks up an address, its aliases, without `+detail`, and `postmaster`, which every domain must have
/// (RFC 5321 §4.5.1) and which the first administrator reads when nobody else does.
pub async fn resolve(ctx: &Ctx, address: &EmailAddress) -> Result<Resolved> {
    let (key, without_detail) = (address.key(), address.key_without_detail());
    let (domain, is_postmaster) = (
        address.domain().to_owned(),
        address.local().eq_ignore_ascii_case("postmaster"),
    );
    ctx.store
        .directory()
        .peek(move |d| {
            if let Some(a) = d.account_by_address(&key)? {
                return Ok(Resolved::Account(Box::new(a)));
            }
            if let Some(key) = without_detail
                && let Some(a) = d.account_by_address(&key)?
            {
                return Ok(Resolved::Account(Box::new(a)));
            }
            if d.domain(&domain)?.is_none() {
                return Ok(Resolved::Foreign);
            }
            let admin = || {
                d.accounts()
                    .map(|all| all.into_iter().filter(|a| a.is_admin).min_by_key(|a| a.id))
            };
            match if is_postmaster { admin()? } else { None } {
                Some(a) => Ok(Resolved::Account(Box::new(a))),
                None => Ok(Resolved::Unknown),
            }
        })
        .await
}
