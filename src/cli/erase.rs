//! `hauspost account data` and `hauspost account erase`: what the law of data protection asks of who keeps mailboxes.

use super::output::print_done;
use super::outside::Lines;
use super::{DataFolder, Form, with_store};
use crate::backup::{Remains, remains_of};
use crate::base::clock::rfc3339;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::accounts::{find_account, remove_account};
use crate::mail::list_folders;
use crate::model::{Account, FolderKind};
use crate::moving::personal_data::gather_personal_data;
use crate::moving::proof::write_report;
use crate::objects::collections::list_collections;
use clap::Args;
use serde::Serialize;
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

/// What was erased, and what is left where.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    address: String,
    aliases: Vec<String>,
    display_name: String,
    account: i64,
    erased_at: String,
    messages: u64,
    message_bytes: u64,
    objects: u64,
    erased: Vec<&'static str>,
    remains_in_backups: Vec<Remains>,
    remains_elsewhere: Vec<&'static str>,
}

const ERASED: [&str; 4] = [
    "all folders with their messages, calendars, task lists and address books, their files and the text index",
    "what was deleted and could still be got back",
    "settings, rules, signatures, automatic reply, picture",
    "the account with its addresses, passwords, second factor, sessions, agreements to programs, rights and memberships",
];
const ELSEWHERE: [&str; 3] = [
    "messages that the person sent to others, and events to which the person was invited, in the others' mailboxes",
    "lines of the log about what was done in the office, as they have to be kept",
    "copies that programs and other servers have fetched",
];

impl Erase {
    pub fn run(self) -> Result<()> {
        if !self.yes {
            return Err(Error::invalid(
                "this erases the account and everything in it, for good; add --yes when that is meant",
            ));
        }
        let dialer = self.lines.dialer()?;
        with_store(&self.data, async |ctx| {
            let account = find_account(&ctx, &self.address).await?;
            let mut certificate = count(&ctx, &account).await?;
            // A certificate that cannot be written is none: it is tried before anything is gone.
            let layout = ctx.store.layout();
            write_report(
                layout,
                &self.certificate,
                "erasure-begun",
                ctx.now_ms(),
                &certificate,
            )?;
            certificate.remains_in_backups = remains_of(&ctx, &dialer, account.id).await?;
            remove_account(&ctx, account.id).await?;
            certificate.erased_at = rfc3339(ctx.now_ms());
            write_report(layout, &self.certificate, "erasure", ctx.now_ms(), &certificate)?;
            let mut lines = vec![format!(
                "{}: {} messages, {} events, tasks and contacts are erased; the certificate is {}",
                certificate.address,
                certificate.messages,
                certificate.objects,
                self.certificate.display()
            )];
            lines.extend(certificate.remains_in_backups.iter().map(told));
            print_done(&self.form, &json!(certificate), &lines.join("\n"))
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

async fn count(ctx: &Ctx, account: &Account) -> Result<Certificate> {
    let folders = list_folders(ctx, account.id).await?;
    let kinds = [
        FolderKind::Calendar,
        FolderKind::TaskList,
        FolderKind::AddressBook,
    ];
    let collections = list_collections(ctx, account.id, &kinds).await?;
    let sum = |values: &mut dyn Iterator<Item = i64>| values.sum::<i64>().max(0) as u64;
    Ok(Certificate {
        address: account.address.clone(),
        aliases: account.aliases.clone(),
        display_name: account.display_name.clone(),
        account: account.id.0,
        erased_at: String::new(),
        messages: sum(&mut folders.iter().map(|(_, f)| f.total)),
        message_bytes: sum(&mut folders.iter().map(|(_, f)| f.size_bytes)),
        objects: sum(&mut collections.iter().map(|c| c.folder.total)),
        erased: ERASED.to_vec(),
        remains_in_backups: Vec::new(),
        remains_elsewhere: ELSEWHERE.to_vec(),
    })
}
