//! Moving in: everything of an account, from files or from another server, however often it is tried.
//!
//! A [`Source`](source::Source) lists folders and items and reads items; everything else is here, the same for all of them. A run lists what is
//! there, asks the ledger (`store/moved.rs`) what is here already, and fetches the rest. Items and their rows of the
//! ledger go into one commit, many at a time, so that a run that is killed goes on where it was. What cannot be read is
//! kept as it came ([`quarantine`]) and listed.

pub mod dav;
pub mod files;
pub mod graph;
pub mod imap;
mod mail;
mod place;
mod plan;
mod quarantine;
mod report;
pub mod roles;
pub mod source;
mod things;
mod verify;

pub use report::{Difference, FolderReport, Report};

use crate::base::{Result, lock};
use crate::identity::Ctx;
use crate::model::{Account, FolderKind};
use place::Places;
use plan::FolderPlan;
use source::Source;
use std::sync::{Arc, Mutex};

/// How a run is made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only look, and count.
    pub is_dry_run: bool,
    /// Only these folders of the source, and where to: (there, here). Empty: all.
    pub folders: Vec<(String, Option<String>)>,
    /// A folder of ours below which everything is put.
    pub into: Option<String>,
    /// What is gone there, and was not touched here, goes here too.
    pub follow_deletions: bool,
    /// Compare every item afterwards.
    pub verify: bool,
    /// Compare only.
    pub verify_only: bool,
    /// Tell on standard error how far it is.
    pub tells_progress: bool,
    /// Who looks on from elsewhere.
    pub watch: Option<Arc<Watch>>,
}

/// How far a run is: the folder that it is in, what of it is done, all of it.
#[derive(Debug, Default)]
pub struct Watch(Mutex<(String, u64, u64)>);

impl Watch {
    pub fn look(&self) -> (String, u64, u64) {
        lock(&self.0).clone()
    }

    fn enter(&self, folder: &str, all: u64) {
        *lock(&self.0) = (folder.to_owned(), 0, all);
    }

    fn tell(&self, done: u64) {
        lock(&self.0).1 = done;
    }
}

/// Moves everything of `source` into an account. Errors: those of the source and of the store; what is wrong with a single
/// item is in the report.
pub async fn import_account<S: Source>(
    ctx: &Ctx,
    account: &Account,
    source: &mut S,
    options: &Options,
) -> Result<Report> {
    ctx.require_owner(account.id)?;
    let name = source.name();
    let mut report = Report::new(&name, account, options.is_dry_run);
    let mut places = Places::load(ctx, account, options).await?;
    let mut plans = plan::make_plans(ctx, account.id, source, &name, options, &mut places).await?;
    let run = FolderRun {
        ctx,
        account,
        source_name: &name,
        options,
    };
    let changes = !options.is_dry_run && !options.verify_only;
    for plan in &mut plans {
        report.begin(plan);
        if changes {
            run.bring(source, plan, &mut report).await?;
        }
    }
    if options.follow_deletions && changes {
        report.removed = plan::remove_gone(ctx, account.id, &name).await?;
    }
    if options.verify || options.verify_only {
        // Once everything is where it belongs: what was moved there is in two folders until then.
        for plan in &plans {
            verify::compare_folder(&run, source, plan, &mut report).await?;
        }
    }
    quarantine::list(ctx, account, &name, &mut report).await?;
    Ok(report)
}

/// What the parts of a run share.
struct FolderRun<'a> {
    ctx: &'a Ctx,
    account: &'a Account,
    source_name: &'a str,
    options: &'a Options,
}

impl FolderRun<'_> {
    async fn bring<S: Source>(
        &self,
        source: &mut S,
        plan: &mut FolderPlan,
        report: &mut Report,
    ) -> Result<()> {
        match plan.folder.kind {
            FolderKind::Mail => mail::bring_messages(self, source, plan, report).await,
            _ => things::bring_objects(self, source, plan, report).await,
        }
    }
}
