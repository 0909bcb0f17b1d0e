//! Zips of everything about themselves that people have asked for at the page; each lies in a private folder for an hour.

use super::personal_data::{Gathered, gather_personal_data};
use crate::base::{Error, Result, lock};
use crate::identity::Ctx;
use crate::model::AccountId;
use crate::store::disk::ScratchFolder;
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex};
use std::time::Duration;

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

#[derive(Clone, Default)]
pub struct Bundles(Arc<Mutex<HashMap<AccountId, Bundle>>>);

impl std::fmt::Debug for Bundles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bundles")
    }
}

impl Bundles {
    /// Begins to put one's own together; one that is there goes. Errors: Conflict, when it is being made.
    pub async fn begin(&self, ctx: &Ctx) -> Result<()> {
        let account = ctx.account()?.clone();
        let folder = Arc::new(ScratchFolder::make_in(&ctx.store.layout().backups())?);
        {
            let mut all = lock(&self.0);
            if matches!(all.get(&account.id), Some(Bundle::Running)) {
                return Err(Error::conflict("this is being put together already"));
            }
            all.insert(account.id, Bundle::Running);
        }
        let (bundles, ctx) = (self.clone(), ctx.clone());
        tokio::spawn(async move {
            let zip = folder.path().join("personal-data.zip");
            let made = gather_personal_data(&ctx, &account, folder.path(), &zip).await;
            let bundle = match made {
                Ok(gathered) => Bundle::Ready {
                    _folder: folder,
                    gathered,
                },
                Err(e) => {
                    tracing::warn!(error = ?e, "somebody's data could not be put together");
                    Bundle::Failed(e.message().to_owned())
                }
            };
            lock(&bundles.0).insert(account.id, bundle);
            tokio::time::sleep(KEPT).await;
            let mut all = lock(&bundles.0);
            if !matches!(all.get(&account.id), Some(Bundle::Running)) {
                all.remove(&account.id);
            }
        });
        Ok(())
    }

    /// One's own; None: nothing was asked for, or its hour is over.
    pub fn look(&self, ctx: &Ctx) -> Result<Option<Progress>> {
        let all = lock(&self.0);
        Ok(all.get(&ctx.account()?.id).map(|bundle| match bundle {
            Bundle::Running => Progress::Running,
            Bundle::Ready { gathered, .. } => Progress::Ready(gathered.clone()),
            Bundle::Failed(why) => Progress::Failed(why.clone()),
        }))
    }

    /// The zip, which stays readable while it is read. Errors: NotFound.
    pub fn open(&self, ctx: &Ctx) -> Result<(File, u64)> {
        let all = lock(&self.0);
        match all.get(&ctx.account()?.id) {
            Some(Bundle::Ready { gathered, .. }) => Ok((File::open(&gathered.file)?, gathered.size_bytes)),
            _ => Err(Error::not_found("this is not there any more; ask for it again")),
        }
    }
}
