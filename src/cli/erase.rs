//! `hauspost account data` and `hauspost account erase`: what the law of data protection asks of who keeps mailboxes.

use super::output::print_done;
use super::outside::Lines;
use super::{DataFolder, Form, with_store};
use crate::backup::{Remains, remains_of};
use crate::base::clock::rfc3339;
use crate::base::{Error, Result};
use crate::identity::accounts::find_account;
use crate::moving::erasure::Erasure;
use crate::moving::personal_data::gather_personal_data;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Data {
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// The zip to be written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Data {
    pub fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let account = find_account(&ctx, &self.address).await?;
            let scratch = ctx.store.layout().backups();
            let done = gather_personal_data(&ctx, &account, &scratch, &self.file).await?;
            let mut lines = vec![format!(
                "{}: {} messages, {} events, tasks and contacts, sign-ins, rights and lines of the log are in {} ({} MB)",
                done.address,
                done.messages,
                done.objects,
                done.file.display(),
                done.size_bytes.div_ceil(1 << 20)
            )];
            lines.extend(done.problems.iter().map(|p| format!("  not in it: {p}")));
            print_done(&self.form, &json!(done), &lines.join("\n"))
        })
    }
}

#[derive(Args)]
pub struct Erase {
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// The certificate: a signed report of what was erased, and of what remains in backups and until when
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// Really erase it
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    lines: Lines,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Erase {
    pub fn run(self) -> Result<()> {
        if !self.yes {
            return Err(Error::invalid(
                "this erases the account and everything in it, for good; add --yes when that is meant",
            ));
        }
        let dialer = self.lines.dialer()?;
        with_store(&self.data, async |ctx| {
            let file = &self.certificate;
            let erasure = match Erasure::unfinished(&ctx, &self.address, file)? {
                Some(unfinished) => unfinished,
                None => {
                    let account = find_account(&ctx, &self.address).await?;
                    let remains = remains_of(&ctx, &dialer, account.id).await?;
                    Erasure::begin(&ctx, &account, json!(remains), file).await?
                }
            };
            let done = erasure.finish(&ctx, file).await?;
            let mut lines = vec![format!(
                "{}: {} messages, {} events, tasks and contacts are erased; the certificate is {}",
                done.address,
                done.messages,
                done.objects,
                file.display()
            )];
            let remains: Vec<Remains> =
                serde_json::from_value(done.remains_in_backups.clone()).unwrap_or_default();
            lines.extend(remains.iter().map(told));
            lines.extend(
                done.remains_in_copies
                    .iter()
                    .map(|copy| format!("  the copy {} has it, until it is removed", copy.display())),
            );
            print_done(&self.form, &json!(done), &lines.join("\n"))
        })
    }
}

fn told(r: &Remains) -> String {
    match (r.backups, r.until_ms, &r.problem) {
        (_, _, Some(why)) => format!("  backups in {}: not known, {why}", r.place),
        (Some(n), Some(until), _) => {
            format!(
                "  {n} backups in {} have it, until {} at the latest",
                r.place,
                rfc3339(until)
            )
        }
        _ => format!("  no backup in {} has it", r.place),
    }
}
