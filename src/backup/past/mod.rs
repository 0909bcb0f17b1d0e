//! Looking into the days that backups hold, as somebody does at the page: what a mailbox had then, one thing of it, and getting
//! it back. People see their own; administrators everybody's, which is noted in the audit.
//!
//! A day that is open has the account's rows in a private folder of this machine for an hour after it was last looked at, so
//! that the place, which may be slow, is read once and not with each click.

mod deeds;
mod open;

use super::browse::{Sought, StoredItem};
use super::index::Index;
use super::pack::Unpacker;
use super::place::Address;
use super::settings::{Destination, box_key, status};
use super::snapshot::{Snapshot, StoredAccount, list_snapshots, read_listed};
use crate::base::text::hex;
use crate::base::{Error, Result, TimeMs, lock};
use crate::delivery::Dialer;
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
pub use crate::store::rows_look::StoredFolder;
use crate::store::rows_look::{stored_folders, stored_item, stored_items};
pub use deeds::Run;
use open::{DayName, Open};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long the list of what lies at a place counts.
const LIST_FOR: Duration = Duration::from_secs(60);
/// Larger things are not shown; they can be brought back.
const MOST_SHOWN: i64 = 32 << 20;
/// So many things are read at the same time, each of them in memory; others wait for their turn.
const READ_AT_ONCE: usize = 4;
/// So many days are fetched at the same time.
const OPENED_AT_ONCE: usize = 2;
/// Of a page of a list.
pub const MOST_LISTED: usize = 200;

/// A backup in one of the places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Stands for the place.
    pub place: String,
    /// Of the backup.
    pub id: String,
    pub at_ms: TimeMs,
}

/// The backups that can be looked into.
#[derive(Clone, Debug, Default)]
pub struct AllDays {
    /// The newest first.
    pub days: Vec<Day>,
    /// Places that do not answer just now, with the reason; for administrators.
    pub away: Vec<(String, String)>,
}

/// Somebody who was in a backup.
#[derive(Clone, Debug)]
pub struct PastAccount {
    pub address: String,
    pub bodies: u64,
    pub bytes: u64,
    /// Whether the account is here today, under whatever address; one that has its address now is another.
    pub is_here: bool,
}

/// What is to be looked at: a day, and whose.
#[derive(Clone, Debug)]
pub struct Look {
    pub place: String,
    pub id: String,
    /// An address, for administrators; None: one's own.
    pub of: Option<String>,
}

struct Inner {
    open: Mutex<HashMap<DayName, Arc<Open>>>,
    /// Whether somebody looks now and then for days to be closed.
    is_tended: AtomicBool,
    opening: Semaphore,
    reading: Semaphore,
    lists: Mutex<BTreeMap<Address, (Instant, Vec<String>)>>,
    /// With who asked for it.
    runs: Mutex<BTreeMap<String, (String, Run)>>,
}

#[derive(Clone)]
pub struct Days(Arc<Inner>);

impl Default for Days {
    fn default() -> Days {
        Days(Arc::new(Inner {
            open: Mutex::default(),
            is_tended: AtomicBool::default(),
            opening: Semaphore::new(OPENED_AT_ONCE),
            reading: Semaphore::new(READ_AT_ONCE),
            lists: Mutex::default(),
            runs: Mutex::default(),
        }))
    }
}

impl Days {
    /// All backups that can be looked into. Errors: what the store says; a place that is away is no error.
    pub async fn list(&self, ctx: &Ctx, dialer: &Arc<Dialer>) -> Result<AllDays> {
        ctx.account()?;
        let mut all = AllDays::default();
        for (target, _) in status(&ctx.as_system()).await? {
            match self.ids(ctx, &target.place, dialer).await {
                Ok(ids) => all.days.extend(ids.into_iter().filter_map(|id| {
                    let at_ms = Snapshot::time_of(&id)?;
                    let place = handle(&target.place);
                    Some(Day { place, id, at_ms })
                })),
                Err(e) => all.away.push((target.place.to_string(), e.message().to_owned())),
            }
        }
        all.days.sort_by_key(|day| std::cmp::Reverse(day.at_ms));
        if ctx.require_admin().is_err() {
            // Where backups lie is the administrators' matter.
            all.away.iter_mut().for_each(|(place, _)| place.clear());
        }
        Ok(all)
    }

    async fn ids(&self, ctx: &Ctx, place: &Address, dialer: &Arc<Dialer>) -> Result<Vec<String>> {
        let known = lock(&self.0.lists).get(place).cloned();
        if let Some((at, ids)) = known
            && at.elapsed() < LIST_FOR
        {
            return Ok(ids);
        }
        let to = Destination::known(&ctx.as_system(), place, dialer).await?;
        let ids = blocking(move || list_snapshots(&*to.open()?)).await?;
        lock(&self.0.lists).insert(place.clone(), (Instant::now(), ids.clone()));
        Ok(ids)
    }

    /// Who was in a backup. Errors: NotFound, Forbidden, what the place says.
    pub async fn accounts(
        &self,
        ctx: &Ctx,
        dialer: &Arc<Dialer>,
        place: &str,
        id: &str,
    ) -> Result<Vec<PastAccount>> {
        ctx.require_admin()?;
        let to = self.destination(ctx, place, dialer).await?;
        let (layout, id) = (ctx.store.layout().clone(), id.to_owned());
        let snapshot = blocking(move || {
            let (place, key) = (to.open()?, box_key(&layout)?);
            let mut snapshot = read_listed(&*place, &key, &id)?;
            snapshot.know_owners(&*place, &key)?;
            Ok(snapshot)
        })
        .await?;
        let here = list_accounts(&ctx.as_system()).await?;
        let one = |a: &StoredAccount| PastAccount {
            address: a.address.clone(),
            bodies: a.bodies,
            bytes: a.bytes,
            is_here: here.iter().any(|now| a.is_of(now)),
        };
        Ok(snapshot.accounts.iter().map(one).collect())
    }

    /// Errors: NotFound (the day, the account in it), Forbidden, what the place says.
    pub async fn folders(&self, ctx: &Ctx, dialer: &Arc<Dialer>, look: &Look) -> Result<Vec<StoredFolder>> {
        let open = self.open(ctx, dialer, look).await?;
        blocking(move || stored_folders(&open.rows())).await
    }

    /// The newest first. Errors: as [`Days::folders`].
    pub async fn items(
        &self,
        ctx: &Ctx,
        dialer: &Arc<Dialer>,
        look: &Look,
        sought: Sought,
        limit: usize,
    ) -> Result<Vec<StoredItem>> {
        let open = self.open(ctx, dialer, look).await?;
        let limit = limit.min(MOST_LISTED);
        let _turn = turn(&self.0.reading).await?;
        blocking(move || stored_items(&open.rows(), &sought, limit)).await
    }

    /// One thing, with its bytes. Errors: TooLarge; as [`Days::folders`].
    pub async fn item(
        &self,
        ctx: &Ctx,
        dialer: &Arc<Dialer>,
        look: &Look,
        item: i64,
    ) -> Result<(StoredItem, Vec<u8>)> {
        let open = self.open(ctx, dialer, look).await?;
        let to = self.destination(ctx, &look.place, dialer).await?;
        let layout = ctx.store.layout().clone();
        let _turn = turn(&self.0.reading).await?;
        blocking(move || {
            let item = stored_item(&open.rows(), item)?;
            if item.size_bytes > MOST_SHOWN {
                return Err(Error::too_large(
                    "this is too large to be shown here; bring it back to read it",
                ));
            }
            let (place, key) = (to.open()?, box_key(&layout)?);
            let index = Index::of_account(&*place, &key, &layout, &open.stored)?;
            let mut bytes = Vec::new();
            let is_whole = Unpacker::new(&*place, &key, &index).read(&item.hash, &mut |piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            })?;
            match is_whole {
                true => Ok((item, bytes)),
                false => Err(Error::unavailable(
                    "what this backup has of it is damaged or missing; try another day",
                )),
            }
        })
        .await
    }

    async fn destination(&self, ctx: &Ctx, place: &str, dialer: &Arc<Dialer>) -> Result<Destination> {
        let ctx = ctx.as_system();
        let all = status(&ctx).await?;
        let found = all.into_iter().find(|(t, _)| handle(&t.place) == place);
        let (target, _) =
            found.ok_or_else(|| Error::not_found("nothing is backed up to this place any more"))?;
        Destination::known(&ctx, &target.place, dialer).await
    }
}

impl std::fmt::Debug for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Days({} open)", lock(&self.0.open).len())
    }
}

async fn turn(of: &Semaphore) -> Result<tokio::sync::SemaphorePermit<'_>> {
    of.acquire()
        .await
        .map_err(|e| Error::internal("nobody is let in any more").caused_by(e))
}

/// What stands for a place where its address is nobody's business.
fn handle(place: &Address) -> String {
    hex(&blake3::hash(place.to_string().as_bytes()).as_bytes()[..8])
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("a defect broke the look into a backup off").caused_by(e))
        .flatten()
}
