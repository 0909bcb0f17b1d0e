//! What of an account lies in backups, and until when: for who has to say that somebody's data is gone.

use super::seal::Key;
use super::settings::{Destination, box_key, status};
use super::snapshot::{list_snapshots, read_listed};
use crate::base::{Error, Kind, Result, TimeMs};
use crate::delivery::Dialer;
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::model::{Account, AccountId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The longest month, and the day after it.
const MONTH_MS: TimeMs = 32 * 24 * 3600 * 1000;

/// Backups of an account at one place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remains {
    pub place: String,
    /// How many backups have it; None: the place does not answer just now.
    pub backups: Option<u64>,
    pub newest_at_ms: Option<TimeMs>,
    /// When the last of them is let go at the latest, as long as backups go on being made.
    pub until_ms: Option<TimeMs>,
    /// Why nothing is known.
    pub problem: Option<String>,
}

/// At every place that is backed up to. Errors: Forbidden.
pub async fn remains_of(ctx: &Ctx, dialer: &Arc<Dialer>, account: AccountId) -> Result<Vec<Remains>> {
    ctx.require_admin()?;
    let key = box_key(ctx.store.layout())?;
    let account = list_accounts(ctx).await?.into_iter().find(|a| a.id == account);
    let account = account.ok_or_else(|| Error::not_found("this account is not here any more"))?;
    let mut out = Vec::new();
    for (target, _) in status(ctx).await? {
        let to = Destination::known(ctx, &target.place, dialer).await?;
        let (key, account) = (key.clone(), account.clone());
        let looked = tokio::task::spawn_blocking(move || holding(&to, &key, &account)).await;
        let looked = looked.map_err(|e| Error::internal("looking was broken off").caused_by(e))?;
        let keep = target.keep;
        // Each of the kept days, weeks and months keeps its newest; months last longest.
        let longest = (keep.months as TimeMs + 1) * MONTH_MS;
        let longest = longest
            .max((keep.weeks as TimeMs + 1) * 7 * 86_400_000)
            .max((keep.days as TimeMs + 1) * 86_400_000);
        out.push(match looked {
            Ok(taken) => Remains {
                place: target.place.to_string(),
                backups: Some(taken.len() as u64),
                newest_at_ms: taken.iter().max().copied(),
                until_ms: taken.iter().max().map(|newest| newest + longest),
                problem: None,
            },
            Err(e) => Remains {
                place: target.place.to_string(),
                backups: None,
                newest_at_ms: None,
                until_ms: None,
                problem: Some(e.message().to_owned()),
            },
        });
    }
    Ok(out)
}

/// When the backups were taken that have the account; whoever had its address or number before is another.
fn holding(to: &Destination, key: &Key, account: &Account) -> Result<Vec<TimeMs>> {
    let place = to.open()?;
    let mut out = Vec::new();
    for id in list_snapshots(&*place)? {
        let mut snapshot = match read_listed(&*place, key, &id) {
            // Let go meanwhile.
            Err(e) if e.kind() == Kind::NotFound => continue,
            other => other?,
        };
        snapshot.know_owners(&*place, key)?;
        if snapshot.past_of(account).is_ok() {
            out.push(snapshot.taken_at_ms);
        }
    }
    Ok(out)
}
