//! Days that are open: the rows of an account as they were, in a private folder of this machine.

use super::{Days, Look, blocking, turn};
use crate::backup::rows::fetch_rows;
use crate::backup::settings::box_key;
use crate::backup::snapshot::{StoredAccount, read_listed};
use crate::base::{Error, Result, lock};
use crate::delivery::Dialer;
use crate::identity::Ctx;
use crate::model::Account;
use crate::store::disk::{ScratchFolder, check_room};
use crate::store::rows_look::prepare_look;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A day that nobody looks at is closed after so long.
const OPEN_FOR: Duration = Duration::from_secs(3600);
/// So many are open at the same time; the one that nobody has looked at for longest is closed for another.
const MOST_OPEN: usize = 16;
/// So much room stays on the disk.
const RESERVE_BYTES: u64 = 1 << 30;

pub(super) struct Open {
    folder: ScratchFolder,
    pub stored: StoredAccount,
    used: Mutex<Instant>,
    /// Administrators of whom the audit says already that they have looked.
    noted: Mutex<HashSet<String>>,
}

impl Open {
    pub fn rows(&self) -> PathBuf {
        self.folder.path().join("rows")
    }
}

/// Place, backup, number of the account then.
pub(super) type DayName = (String, String, i64);

/// Whose past is meant.
#[derive(Clone)]
enum Whose {
    /// One's own: not that of somebody who had the same address or number before.
    Own(Arc<Account>),
    /// Of whoever had this address then.
    At(String),
}

impl Whose {
    /// Errors: Forbidden, NotAuthenticated.
    fn of(ctx: &Ctx, look: &Look) -> Result<Whose> {
        let me = ctx.account()?;
        match &look.of {
            None => Ok(Whose::Own(me.clone())),
            Some(of) if ctx.require_admin().is_err() && of.eq_ignore_ascii_case(&me.address) => {
                Ok(Whose::Own(me.clone()))
            }
            Some(of) => {
                ctx.require_admin()?;
                Ok(Whose::At(of.clone()))
            }
        }
    }

    fn is(&self, stored: &StoredAccount) -> bool {
        match self {
            Whose::Own(me) => stored.is_of(me),
            Whose::At(address) => stored.address.eq_ignore_ascii_case(address),
        }
    }
}

impl Days {
    /// The rows of the account that is meant, at hand. Errors: NotFound (the day, the account in it), Forbidden, OverQuota, what
    /// the place says.
    pub(super) async fn open(&self, ctx: &Ctx, dialer: &Arc<Dialer>, look: &Look) -> Result<Arc<Open>> {
        let whose = Whose::of(ctx, look)?;
        self.close_unused();
        let open = match self.find_open(look, &whose) {
            Some(open) => open,
            None => self.fetch(ctx, dialer, look, &whose).await?,
        };
        if !open.stored.is_of(ctx.account()?) {
            let is_new = !lock(&open.noted).contains(ctx.actor_name());
            if is_new {
                let address = open.stored.address.as_str();
                note(ctx, "backup.look", (address, address), &look.id).await?;
                lock(&open.noted).insert(ctx.actor_name().to_owned());
            }
        }
        Ok(open)
    }

    fn find_open(&self, look: &Look, whose: &Whose) -> Option<Arc<Open>> {
        let all = lock(&self.0.open);
        let (_, open) = all.iter().find(|((place, id, _), open)| {
            *place == look.place && *id == look.id && whose.is(&open.stored)
        })?;
        *lock(&open.used) = Instant::now();
        Some(open.clone())
    }

    async fn fetch(&self, ctx: &Ctx, dialer: &Arc<Dialer>, look: &Look, whose: &Whose) -> Result<Arc<Open>> {
        let _turn = turn(&self.0.opening).await?;
        // Somebody may have fetched it while others had their turn.
        if let Some(open) = self.find_open(look, whose) {
            return Ok(open);
        }
        let to = self.destination(ctx, &look.place, dialer).await?;
        let (layout, id, whose) = (ctx.store.layout().clone(), look.id.clone(), whose.clone());
        let open = blocking(move || {
            let (place, key) = (to.open()?, box_key(&layout)?);
            let mut snapshot = read_listed(&*place, &key, &id)?;
            snapshot.know_owners(&*place, &key)?;
            let stored = snapshot.accounts.into_iter().find(|a| whose.is(a));
            let stored =
                stored.ok_or_else(|| Error::not_found("this mailbox was not there yet on that day"))?;
            check_room(layout.root(), stored.rows.size * 2, RESERVE_BYTES)?;
            let folder = ScratchFolder::make_in(&layout.backups())?;
            let rows = folder.path().join("rows");
            fetch_rows(&*place, &key, &stored, &rows)?;
            prepare_look(&rows)?;
            Ok(Open {
                folder,
                stored,
                used: Mutex::new(Instant::now()),
                noted: Mutex::default(),
            })
        })
        .await?;
        let open = Arc::new(open);
        self.close_unused();
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
        if self.0.is_tended.swap(true, Ordering::AcqRel) {
            return;
        }
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(OPEN_FOR / 6).await;
                let Some(inner) = inner.upgrade() else { return };
                Days(inner).close_unused();
            }
        });
    }
}

/// That somebody looked into, or brought back from one mailbox into another.
pub(super) async fn note(ctx: &Ctx, action: &'static str, (of, into): (&str, &str), id: &str) -> Result<()> {
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let about = serde_json::json!({"address": of, "into": into, "backup": id});
    ctx.store
        .directory()
        .write(move |d| d.note_audit(now_ms, &actor, action, &about))
        .await
}
