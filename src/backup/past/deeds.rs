//! Having something of a day back, and accounts that were removed.

use super::open::note;
use super::{Days, Look, blocking};
use crate::backup::bring_back::{Brought, Wanted, bring_back};
use crate::backup::revive::{Revived, revive_account};
use crate::backup::settings::box_key;
use crate::backup::snapshot::{StoredAccount, read_listed};
use crate::base::{Error, Result, lock, random};
use crate::delivery::Dialer;
use crate::identity::Ctx;
use crate::identity::accounts::{find_account, list_accounts};
use crate::model::Account;
use std::sync::Arc;

/// How many results are remembered.
const MOST_RUNS: usize = 64;
/// So many run at the same time, of one person only one: each has a copy of what the mailbox was.
const MOST_RUNNING: usize = 4;

/// How bringing back goes.
#[derive(Clone, Debug)]
pub enum Run {
    Running,
    Done(Brought),
    Failed(String),
}

impl Days {
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
        let account = match into {
            None => same_account(ctx, &open.stored).await?,
            Some(into) => {
                ctx.require_admin()?;
                find_account(&ctx.as_system(), into).await?
            }
        };
        let (name, asker) = (random::short_id(), ctx.actor_name().to_owned());
        self.begin_run(&name, &asker)?;
        let about = (open.stored.address.as_str(), account.address.as_str());
        if let Err(e) = note(ctx, "backup.bring-back", about, &look.id).await {
            self.put_run(&name, &asker, Run::Failed(e.message().to_owned()));
            return Err(e);
        }
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

    /// Errors: Busy.
    fn begin_run(&self, name: &str, asker: &str) -> Result<()> {
        {
            let runs = lock(&self.0.runs);
            let running = runs.values().filter(|(_, run)| matches!(run, Run::Running));
            let askers: Vec<&String> = running.map(|(asker, _)| asker).collect();
            if askers.iter().any(|other| *other == asker) {
                return Err(Error::busy(
                    "what you have asked for before is still being brought back; wait until it is there",
                ));
            }
            if askers.len() >= MOST_RUNNING {
                return Err(Error::busy(
                    "others are having something brought back just now; try again in some minutes",
                ));
            }
        }
        self.put_run(name, asker, Run::Running);
        Ok(())
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
            let snapshot = read_listed(&*place, &key, &id)?;
            runtime.block_on(revive_account(&work, (&*place, &key), &snapshot, &of))
        })
        .await
    }
}

/// Where something of then comes back when nobody says more: to whoever it was. An address alone says nothing of that.
async fn same_account(ctx: &Ctx, stored: &StoredAccount) -> Result<Account> {
    let here = list_accounts(&ctx.as_system()).await?;
    here.into_iter().find(|a| stored.is_of(a)).ok_or_else(|| {
        Error::not_found(format!(
            "the mailbox that was {} then is not here any more; say into which one it is to come",
            stored.address
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Kind;

    #[tokio::test]
    async fn each_has_one_thing_brought_back_at_a_time_and_all_together_a_few() {
        let days = Days::default();
        days.begin_run("1", "anna").unwrap();
        assert_eq!(days.begin_run("2", "anna").unwrap_err().kind(), Kind::Busy);
        days.put_run("1", "anna", Run::Done(Brought::default()));
        days.begin_run("2", "anna").unwrap();
        for n in 1..MOST_RUNNING {
            days.begin_run(&format!("other {n}"), &format!("ben {n}"))
                .unwrap();
        }
        assert_eq!(days.begin_run("last", "carl").unwrap_err().kind(), Kind::Busy);
        for n in 0..2 * MOST_RUNS {
            days.put_run(&format!("old {n}"), "anna", Run::Failed(String::new()));
        }
        assert!(lock(&days.0.runs).len() <= MOST_RUNS + MOST_RUNNING);
        assert!(
            matches!(lock(&days.0.runs)["2"].1, Run::Running),
            "what runs is not forgotten"
        );
    }
}
