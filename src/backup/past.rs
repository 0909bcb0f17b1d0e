//! Looking into the days that backups hold, as somebody does at the page: what a mailbox had then, one thing of it, and getting
//! it back. People see their own; administrators everybody's, which is noted in the audit.
//!
//! A day that is open has the account's rows in a private folder of this machine for an hour after it was last looked at, so
//! that the place, which may be slow, is read once and not with each click.

use super::bring_back::{Brought, Wanted, bring_back};
use super::browse::{Sought, StoredItem};
use super::index::Index;
use super::keep::fetch_rows;
use super::pack::Unpacker;
use super::place::Address;
use super::revive::{Revived, revive_account};
use super::settings::{Destination, box_key, status};
use super::snapshot::{Snapshot, StoredAccount, list_snapshots, read_snapshot};

use crate::base::text::hex;
use crate::base::{Error, Result, TimeMs, lock, random};
use crate::delivery::Dialer;
use crate::identity::Ctx;
use crate::identity::accounts::{find_account, list_accounts};
use crate::model::Account;
use crate::store::disk::ScratchFolder;
pub use crate::store::rows_look::StoredFolder;
use crate::store::rows_look::{prepare_look, stored_folders, stored_item, stored_items};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A day that nobody looks at is closed after so long.
const OPEN_FOR: Duration = Duration::from_secs(3600);
/// So many are open at the same time; the one that nobody has looked at for longest is closed for another.
const MOST_OPEN: usize = 16;
/// How long the list of what lies at a place counts.
const LIST_FOR: Duration = Duration::from_secs(60);
/// Larger things are not shown; they can be brought back.
const MOST_SHOWN: i64 = 32 << 20;
/// Of a page of a list.
pub const MOST_LISTED: usize = 200;
/// How many results are remembered.
const MOST_RUNS: usize = 64;

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
    /// Whether the account is here today.
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

/// How bringing back goes.
#[derive(Clone, Debug)]
pub enum Run {
    Running,
    Done(Brought),
    Failed(String),
}

struct Open {
    folder: ScratchFolder,
    stored: StoredAccount,
    used: Mutex<Instant>,
}

impl Open {
    fn rows(&self) -> PathBuf {
        self.folder.path().join("rows")
    }
}

type DayName = (String, String, i64);

#[derive(Default)]
struct Inner {
    open: Mutex<HashMap<DayName, Arc<Open>>>,
    lists: Mutex<BTreeMap<Address, (Instant, Vec<String>)>>,
    /// With who asked for it.
    runs: Mutex<BTreeMap<String, (String, Run)>>,
}

#[derive(Clone, Default)]
pub struct Days(Arc<Inner>);

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
        let snapshot = blocking(move || read_snapshot(&*to.open()?, &box_key(&layout)?, &id)).await?;
        let here = list_accounts(&ctx.as_system()).await?;
        let one = |a: &StoredAccount| PastAccount {
            address: a.address.clone(),
            bodies: a.bodies,
            bytes: a.bytes,
            is_here: here.iter().any(|now| now.id.0 == a.id),
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

    /// Begins to bring something back, into one's own account, or into the one with that address. Returns a name under which
    /// [`Days::run`] tells how it goes. Errors: as [`Days::folders`]; NotFound, when the account is not here any more.
    pub async fn bring_back(
        &self,
        ctx: &Ctx,
        dialer: &Arc<Dialer>,
        look: &Look,
        into: Option<&str>,
        wanted: Wanted,
    ) -> Result<String> {
        let open = self.open(ctx, dialer, look).await?;
        let to = self.destination(ctx, &look.place, dialer).await?;
        let account = match (&look.of, into) {
            (None, None) => Account::clone(ctx.account()?),
            (Some(of), None) => find_account(&ctx.as_system(), of).await?,
            (_, Some(into)) => {
                ctx.require_admin()?;
                find_account(&ctx.as_system(), into).await?
            }
        };
        note(
            ctx,
            "backup.bring-back",
            &open.stored.address,
            &account.address,
            &look.id,
        )
        .await?;
        let (name, asker) = (random::short_id(), ctx.actor_name().to_owned());
        self.put_run(&name, &asker, Run::Running);
        let (days, run, work, id) = (self.clone(), name.clone(), ctx.as_system(), look.id.clone());
        let runtime = tokio::runtime::Handle::current();
        tokio::spawn(async move {
            let done = blocking(move || {
                let (place, key) = (to.open()?, box_key(work.store.layout())?);
                let rows = open.rows();
                let from = (id.as_str(), &open.stored, Some(rows.as_path()));
                runtime.block_on(bring_back(&work, (&*place, &key), from, &account, &wanted))
            })
            .await;
            let told = match done {
                Ok(brought) => Run::Done(brought),
                Err(e) => {
                    tracing::warn!(error = ?e, "nothing was brought back from a backup");
                    Run::Failed(e.message().to_owned())
                }
            };
            days.put_run(&run, &asker, told);
        });
        Ok(name)
    }

    fn put_run(&self, name: &str, asker: &str, run: Run) {
        let mut runs = lock(&self.0.runs);
        while runs.len() >= MOST_RUNS && !runs.contains_key(name) {
            let over = runs.iter().find(|(_, (_, r))| !matches!(r, Run::Running));
            let Some(over) = over.map(|(name, _)| name.clone()) else {
                break;
            };
            runs.remove(&over);
        }
        runs.insert(name.to_owned(), (asker.to_owned(), run));
    }

    /// Of one that the same person has begun. Errors: NotFound.
    pub fn run(&self, ctx: &Ctx, name: &str) -> Result<Run> {
        let runs = lock(&self.0.runs);
        let found = runs.get(name).filter(|(asker, _)| asker == ctx.actor_name());
        found
            .map(|(_, run)| run.clone())
            .ok_or_else(|| Error::not_found("nothing of the kind is under way"))
    }

    /// Makes an account again that was removed. Errors: as [`revive_account`]; NotFound, Forbidden.
    pub async fn revive(&self, ctx: &Ctx, dialer: &Arc<Dialer>, look: &Look) -> Result<Revived> {
        ctx.require_admin()?;
        let of = look.of.clone();
        let of = of.ok_or_else(|| Error::invalid("whose account is to be made again?"))?;
        let to = self.destination(ctx, &look.place, dialer).await?;
        let (work, id) = (ctx.clone(), look.id.clone());
        let runtime = tokio::runtime::Handle::current();
        blocking(move || {
            let (place, key) = (to.open()?, box_key(work.store.layout())?);
            let snapshot = read_snapshot(&*place, &key, &id)?;
            runtime.block_on(revive_account(&work, (&*place, &key), &snapshot, &of))
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

    /// The rows of the account that is meant, at hand.
    async fn open(&self, ctx: &Ctx, dialer: &Arc<Dialer>, look: &Look) -> Result<Arc<Open>> {
        let own = match &look.of {
            None => Some(ctx.account()?.id.0),
            Some(_) => {
                ctx.require_admin()?;
                None
            }
        };
        let is_meant = {
            let of = look.of.clone();
            move |a: &StoredAccount| match (&of, own) {
                (Some(of), _) => a.address.eq_ignore_ascii_case(of),
                // By its number, which nobody else ever gets: an address may have been another's then.
                (None, own) => Some(a.id) == own,
            }
        };
        self.close_unused();
        let known = lock(&self.0.open)
            .iter()
            .find(|((place, id, _), open)| *place == look.place && *id == look.id && is_meant(&open.stored))
            .map(|(_, open)| open.clone());
        if let Some(open) = known {
            *lock(&open.used) = Instant::now();
            return Ok(open);
        }
        let to = self.destination(ctx, &look.place, dialer).await?;
        let (layout, id) = (ctx.store.layout().clone(), look.id.clone());
        let open = blocking(move || {
            let (place, key) = (to.open()?, box_key(&layout)?);
            let snapshot = read_snapshot(&*place, &key, &id)?;
            let stored = snapshot.accounts.iter().find(|a| is_meant(a)).cloned();
            let stored =
                stored.ok_or_else(|| Error::not_found("this mailbox was not there yet on that day"))?;
            let folder = ScratchFolder::make_in(&layout.backups())?;
            let rows = folder.path().join("rows");
            fetch_rows(&*place, &key, &stored, &rows)?;
            prepare_look(&rows)?;
            Ok(Open {
                folder,
                stored,
                used: Mutex::new(Instant::now()),
            })
        })
        .await?;
        let open = Arc::new(open);
        if look.of.is_some() {
            note(
                ctx,
                "backup.look",
                &open.stored.address,
                &open.stored.address,
                &look.id,
            )
            .await?;
        }
        let name = (look.place.clone(), look.id.clone(), open.stored.id);
        lock(&self.0.open).insert(name, open.clone());
        self.close_later();
        Ok(open)
    }

    fn close_unused(&self) {
        let mut open = lock(&self.0.open);
        open.retain(|_, day| lock(&day.used).elapsed() < OPEN_FOR);
        while open.len() >= MOST_OPEN {
            let oldest = open.iter().min_by_key(|(_, day)| *lock(&day.used));
            let Some(name) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            open.remove(&name);
        }
    }

    /// Also when nobody looks at anything again.
    fn close_later(&self) {
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(OPEN_FOR / 6).await;
                let Some(inner) = inner.upgrade() else { return };
                let days = Days(inner);
                days.close_unused();
                if lock(&days.0.open).is_empty() {
                    return;
                }
            }
        });
    }
}

impl std::fmt::Debug for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Days({} open)", lock(&self.0.open).len())
    }
}

/// What stands for a place where its address is nobody's business.
fn handle(place: &Address) -> String {
    hex(&blake3::hash(place.to_string().as_bytes()).as_bytes()[..8])
}

/// That somebody looked into, or brought back into, a mailbox.
async fn note(ctx: &Ctx, action: &'static str, of: &str, into: &str, id: &str) -> Result<()> {
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let about = serde_json::json!({"address": of, "into": into, "backup": id});
    ctx.store
        .directory()
        .write(move |d| d.note_audit(now_ms, &actor, action, &about))
        .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("a defect broke the look into a backup off").caused_by(e))
        .flatten()
}
