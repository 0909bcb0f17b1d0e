//! Zips of everything about themselves that people have asked for at the page; each lies in a private folder for an hour.

use super::personal_data::{Gathered, gather_personal_data};
use crate::base::panic::catch;
use crate::base::{Error, Result, lock};
use crate::identity::Ctx;
use crate::model::{Account, AccountId};
use crate::store::disk::ScratchFolder;
use std::collections::HashMap;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long one is kept.
const KEPT: Duration = Duration::from_secs(3600);

enum Bundle {
    Running,
    Ready {
        /// Goes with it.
        _folder: Arc<ScratchFolder>,
        gathered: Gathered,
    },
    Failed(String),
}

/// How it goes with one.
#[derive(Clone, Debug)]
pub enum Progress {
    Running,
    Ready(Gathered),
    Failed(String),
}

/// Of everybody, each with the number of its making: whose hour is over takes away none that came after it.
#[derive(Clone)]
pub struct Bundles {
    all: Arc<Mutex<HashMap<AccountId, (u64, Bundle)>>>,
    made: Arc<AtomicU64>,
    /// One at a time, for the disk's sake.
    turn: Arc<Semaphore>,
}

impl Default for Bundles {
    fn default() -> Self {
        Bundles {
            all: Arc::default(),
            made: Arc::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

impl std::fmt::Debug for Bundles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bundles")
    }
}

impl Bundles {
    /// Begins to put one's own together; one that is there goes. Errors: Conflict, when it is being made.
    pub async fn begin(&self, ctx: &Ctx) -> Result<()> {
        let account = ctx.account()?.clone();
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        {
            let mut all = lock(&self.all);
            if matches!(all.get(&account.id), Some((_, Bundle::Running))) {
                return Err(Error::conflict("this is being put together already"));
            }
            all.insert(account.id, (number, Bundle::Running));
        }
        let (bundles, ctx) = (self.clone(), ctx.clone());
        tokio::spawn(async move {
            let bundle = match catch(bundles.make(&ctx, &account)).await {
                Ok(bundle) => bundle,
                Err(e) => {
                    tracing::warn!(error = ?e, "somebody's data could not be put together");
                    Bundle::Failed(e.message().to_owned())
                }
            };
            lock(&bundles.all).insert(account.id, (number, bundle));
            tokio::time::sleep(KEPT).await;
            let mut all = lock(&bundles.all);
            if all.get(&account.id).is_some_and(|(n, _)| *n == number) {
                all.remove(&account.id);
            }
        });
        Ok(())
    }

    async fn make(&self, ctx: &Ctx, account: &Account) -> Result<Bundle> {
        let _turn = self.turn.acquire().await;
        let folder = Arc::new(ScratchFolder::make_in(&ctx.store.layout().backups())?);
        let zip = folder.path().join("personal-data.zip");
        let gathered = gather_personal_data(ctx, account, folder.path(), &zip).await?;
        Ok(Bundle::Ready {
            _folder: folder,
            gathered,
        })
    }

    /// One's own; None: nothing was asked for, or its hour is over.
    pub fn look(&self, ctx: &Ctx) -> Result<Option<Progress>> {
        let all = lock(&self.all);
        Ok(all.get(&ctx.account()?.id).map(|(_, bundle)| match bundle {
            Bundle::Running => Progress::Running,
            Bundle::Ready { gathered, .. } => Progress::Ready(gathered.clone()),
            Bundle::Failed(why) => Progress::Failed(why.clone()),
        }))
    }

    /// The zip, which stays readable while it is read. Errors: NotFound.
    pub fn open(&self, ctx: &Ctx) -> Result<(File, u64)> {
        let all = lock(&self.all);
        match all.get(&ctx.account()?.id) {
            Some((_, Bundle::Ready { gathered, .. })) => {
                Ok((File::open(&gathered.file)?, gathered.size_bytes))
            }
            _ => Err(Error::not_found("this is not there any more; ask for it again")),
        }
    }
}
