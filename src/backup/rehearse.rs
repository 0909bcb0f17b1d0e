//! A rehearsal: an account is made again from a backup in a scratch folder, checked like any other, and compared with the
//! box, item by item. What comes of it is remembered: the last restore that is proven.

use super::index::Index;
use super::pack::Unpacker;
use super::place::Place;
use super::restore::{describe, stage};
use super::rows::fetch_rows;
use super::seal::Key;
use super::snapshot::{Snapshot, StoredAccount};
use crate::base::{Error, Result, SystemClock, TimeMs, random};
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::mail::doctor::rebuild_account;
use crate::model::AccountId;
use crate::store::disk::{ScratchFolder, check_room};
use crate::store::layout::Layout;
use crate::store::rows::{place_bodies, place_rows};
use crate::store::{Options, Store};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    pub at_ms: TimeMs,
    pub place: String,
    /// Of the backup.
    pub id: String,
    pub address: String,
    /// Items that came back and are what they were.
    pub items: u64,
    /// Of those, how many the box still has unchanged: they were compared with it.
    pub compared: u64,
    /// In words; empty is what it should be.
    pub differences: Vec<String>,
}

/// Which differences are told; how many there are says the last line.
const MOST_TOLD: usize = 50;
/// Items that are looked at with one read.
const BATCH: usize = 1_000;

/// Makes one account of a backup again, one that chance names when `address` is None, and looks at every item.
/// Errors: NotFound; OverQuota, when there is no room for it; what place and store say.
pub async fn rehearse(
    ctx: &Ctx,
    (place, key): (&dyn Place, &Key),
    snapshot: &Snapshot,
    address: Option<&str>,
) -> Result<Rehearsal> {
    ctx.require_admin()?;
    let stored = match address {
        Some(address) => snapshot.account(address)?,
        None => by_chance(&snapshot.accounts)?,
    };
    let scratch = ctx.store.layout().backups();
    check_room(ctx.store.layout().root(), stored.bytes * 2, 1 << 30)?;
    let folder = ScratchFolder::make_in(&scratch)?;
    let mut out = Rehearsal {
        at_ms: ctx.now_ms(),
        place: place.name(),
        id: snapshot.id.clone(),
        address: stored.address.clone(),
        ..Rehearsal::default()
    };
    let id = AccountId(stored.id);
    bring(&folder, (place, key), stored, &mut out)?;
    let then = Store::open(folder.path(), Options::default(), Arc::new(SystemClock))?;
    rebuild_account(&Ctx::system(&then), id).await?;
    let file = then.account(id)?;
    let found = file
        .read(|s| {
            let mut found = s.check_file()?;
            found.extend(s.check_account()?);
            found.extend(s.check_bodies()?);
            Ok(found)
        })
        .await?;
    out.differences.extend(found.into_iter().map(|f| f.what));
    compare(ctx, &then, stored, &mut out).await?;
    if !out.differences.is_empty() {
        Index::distrust(place, ctx.store.layout())?;
    }
    let more = out.differences.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        out.differences.truncate(MOST_TOLD);
        out.differences.push(format!("and {more} more"));
    }
    Ok(out)
}

fn by_chance(all: &[StoredAccount]) -> Result<&StoredAccount> {
    let n = u64::from_be_bytes(random::bytes()) as usize;
    // Rooms and groups without anything prove little.
    let full: Vec<&StoredAccount> = all.iter().filter(|a| a.bodies > 0).collect();
    let found = full.get(n % full.len().max(1)).copied().or(all.first());
    found.ok_or_else(|| Error::not_found("the backup holds no account"))
}

fn bring(
    folder: &ScratchFolder,
    (place, key): (&dyn Place, &Key),
    stored: &StoredAccount,
    out: &mut Rehearsal,
) -> Result<()> {
    let layout = Layout::prepare(folder.path(), false)?;
    let id = AccountId(stored.id);
    let rows = layout.temporary().join("rows");
    fetch_rows(place, key, stored, &rows)?;
    place_rows(&layout, id, &rows)?;
    let index = Index::load(place, key)?;
    let mut unpacker = Unpacker::new(place, key, &index);
    let lost = place_bodies(&layout, id, |hash| stage(&layout, &mut unpacker, hash))?;
    out.differences
        .extend(lost.iter().map(|item| describe(stored, item)));
    Ok(())
}

/// Items that nobody has touched since have to be the same in the box.
async fn compare(ctx: &Ctx, then: &Store, stored: &StoredAccount, out: &mut Rehearsal) -> Result<()> {
    let then = then.account(AccountId(stored.id))?;
    let here = list_accounts(ctx).await?.into_iter().find(|a| stored.is_of(a));
    let now = here.map(|account| ctx.store.account(account.id)).transpose()?;
    let mut after = 0;
    loop {
        let items = then.read(move |s| s.items_after(after, BATCH)).await?;
        let Some(last) = items.last() else { return Ok(()) };
        after = last.0.id.0;
        out.items += items.len() as u64;
        // The account may be gone from the box.
        let Some(now) = &now else { continue };
        let (compared, wrong) = now
            .read(move |s| {
                let (mut compared, mut wrong) = (0, Vec::new());
                for (item, hash) in items {
                    let Some(same) = s.item(item.id)?.filter(|i| i.modseq == item.modseq) else {
                        continue;
                    };
                    compared += 1;
                    if s.body_hash(same.body_id)? != hash {
                        wrong.push(format!("the item {} is another one than in the box", item.id));
                    }
                }
                Ok((compared, wrong))
            })
            .await?;
        out.compared += compared;
        out.differences.extend(wrong);
    }
}
