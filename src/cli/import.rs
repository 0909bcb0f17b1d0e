//! `hauspost import ...`

use super::import_graph::FromGraph;
use super::output::print_done;
use super::outside::Outside;
use super::report::Signed;
use super::server_url::{self, MOVE_PASSWORD};
use super::{DataFolder, Form, read_password, with_store};
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::delivery::schedule::Schedule;
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use crate::moving::dav::collections::Service;
use crate::moving::import::dav::Dav;
use crate::moving::import::files::{Files, Kind, bring_settings, exported_accounts};
use crate::moving::import::imap::Imap;
use crate::moving::import::{Options, Report, import_account};
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::IsTerminal;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Import {
    /// Whatever lies in a file, a folder or an archive (zip, tgz): a Takeout, a Thunderbird profile, a mail server's home
    Files(FromFiles),
    /// A Maildir with its folders
    Maildir(FromFiles),
    /// An mbox file, or a folder of such
    Mbox(FromFiles),
    /// A folder of messages in files of their own
    Eml(FromFiles),
    /// A calendar or tasks
    Ics(FromFiles),
    /// Contacts
    Vcf(FromFiles),
    /// Contacts in a table, as Outlook, Google and Thunderbird write it
    Csv(FromFiles),
    /// What hauspost export has written: all its accounts, or one
    Export(FromExport),
    /// A mailbox on another server; Gmail's labels become folders and categories
    Imap(FromServer),
    /// Calendars and tasks on another server: https://user@host, or the address of one calendar
    Caldav(FromServer),
    /// Contacts on another server
    Carddav(FromServer),
    /// Mail of Microsoft 365, or of another server that speaks Microsoft Graph
    Graph(FromGraph),
}

/// What every run is told.
#[derive(Args)]
pub struct Common {
    /// Change nothing: say what would come, and how much
    #[arg(long)]
    dry_run: bool,
    /// Only this folder, calendar or address book there, with what is below it; with =NAME it goes to that one here. May be repeated
    #[arg(long = "folder", value_name = "THERE[=HERE]")]
    only: Vec<String>,
    /// Put all mail below this folder, beside what is there
    #[arg(long, value_name = "FOLDER")]
    into: Option<String>,
    /// What has been deleted there since an earlier run, and was not touched here, is deleted here too
    #[arg(long)]
    follow_deletions: bool,
    /// Compare every item afterwards: bytes, flags, date, folder
    #[arg(long, conflicts_with = "dry_run")]
    verify: bool,
    /// Bring nothing: only compare
    #[arg(long, conflicts_with_all = ["dry_run", "verify"])]
    check: bool,
    #[command(flatten)]
    signed: Signed,
    #[command(flatten)]
    pub(super) data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct FromFiles {
    /// File, folder or archive
    path: PathBuf,
    /// Whose it becomes
    #[arg(long, value_name = "ADDRESS")]
    account: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub struct FromServer {
    /// Server: imaps://user@host (imap://: STARTTLS), or https://user@host/path; an @ in the user is %40
    url: String,
    /// Whose it becomes
    #[arg(long, value_name = "ADDRESS")]
    account: String,
    /// Read its password from standard input; without it, it is taken from HAUSPOST_MOVE_PASSWORD
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub struct FromExport {
    /// The folder that was exported to
    path: PathBuf,
    /// Only this account of the export; with =ADDRESS it becomes that one's. May be repeated
    #[arg(long, value_name = "ADDRESS[=ADDRESS]")]
    account: Vec<String>,
    #[command(flatten)]
    common: Common,
}

impl Import {
    pub fn run(self) -> Result<()> {
        match self {
            Import::Files(c) => c.run(Kind::Any),
            Import::Maildir(c) => c.run(Kind::Maildir),
            Import::Mbox(c) => c.run(Kind::Mbox),
            Import::Eml(c) => c.run(Kind::Eml),
            Import::Ics(c) => c.run(Kind::Ics),
            Import::Vcf(c) => c.run(Kind::Vcf),
            Import::Csv(c) => c.run(Kind::Csv),
            Import::Export(c) => c.run(),
            Import::Imap(c) => c.run_imap(),
            Import::Caldav(c) => c.run_dav(Service::Calendars),
            Import::Carddav(c) => c.run_dav(Service::Contacts),
            Import::Graph(c) => c.run(),
        }
    }
}

/// `A=B`, or `A` alone.
pub fn pair(text: &str) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((a, b)) => (a.to_owned(), Some(b.to_owned())),
        None => (text.to_owned(), None),
    }
}

impl Common {
    pub(super) fn options(&self) -> Options {
        Options {
            is_dry_run: self.dry_run,
            folders: self.only.iter().map(|f| pair(f)).collect(),
            into: self.into.clone(),
            follow_deletions: self.follow_deletions,
            verify: self.verify,
            verify_only: self.check,
            tells_progress: !self.form.json && std::io::stderr().is_terminal(),
            watch: None,
        }
    }

    /// Prints what was done. Errors: Unavailable, when somebody has to look at it.
    pub(super) fn report(&self, reports: &[Report]) -> Result<()> {
        self.signed.write(&self.data, "import", reports)?;
        let lines: Vec<String> = reports.iter().flat_map(Report::lines).collect();
        print_done(&self.form, &json!({ "imported": reports }), &lines.join("\n"))?;
        match reports.iter().all(Report::is_whole) {
            true => Ok(()),
            false => Err(Error::unavailable(
                "not everything is here as it is there; the report names each item",
            )),
        }
    }
}

async fn import_files(ctx: &Ctx, mut files: Files, address: &str, options: &Options) -> Result<Report> {
    let account = find_account(ctx, address).await?;
    let mut report = import_account(ctx, &account, &mut files, options).await?;
    let mut problems = files.problems().to_vec();
    problems.append(&mut report.problems);
    report.problems = problems;
    Ok(report)
}

impl FromFiles {
    fn run(self, kind: Kind) -> Result<()> {
        with_store(&self.common.data, async |ctx| {
            let files = Files::open(&ctx, &self.path, kind)?;
            let report = import_files(&ctx, files, &self.account, &self.common.options()).await?;
            self.common.report(&[report])
        })
    }
}

impl FromServer {
    fn run_imap(self) -> Result<()> {
        let mut server = server_url::mailbox(&self.url)?;
        server.password = move_password(self.password_stdin)?;
        let options = self.outside.options("localhost".into(), 0, Schedule::default())?;
        with_store(&self.common.data, async |ctx| {
            let account = find_account(&ctx, &self.account).await?;
            let room = PostRoom::new(ctx.store.clone(), options);
            let mut source = Imap::open(&ctx, &room, server).await?;
            let report = import_account(&ctx, &account, &mut source, &self.common.options()).await?;
            self.common.report(&[report])
        })
    }

    fn run_dav(self, service: Service) -> Result<()> {
        let (url, user) = server_url::dav(&self.url)?;
        let password = move_password(self.password_stdin)?;
        let options = self.outside.options("localhost".into(), 0, Schedule::default())?;
        with_store(&self.common.data, async |ctx| {
            let account = find_account(&ctx, &self.account).await?;
            let room = PostRoom::new(ctx.store.clone(), options);
            let mut source = Dav::new(&ctx, &room, (url, &user, &password), service);
            let report = import_account(&ctx, &account, &mut source, &self.common.options()).await?;
            self.common.report(&[report])
        })
    }
}

/// Of the other server. Errors: Invalid, when there is none.
pub fn move_password(from_stdin: bool) -> Result<String> {
    if from_stdin {
        return read_password();
    }
    let found = std::env::var(MOVE_PASSWORD).unwrap_or_default();
    match found.is_empty() {
        true => Err(Error::invalid(format!(
            "the other server needs a password: use --password-stdin, or put it into {MOVE_PASSWORD}"
        ))),
        false => Ok(found),
    }
}

impl FromExport {
    fn run(self) -> Result<()> {
        with_store(&self.common.data, async |ctx| {
            let map: Vec<(String, Option<String>)> = self.account.iter().map(|a| pair(a)).collect();
            let mut reports = Vec::new();
            for (address, home) in exported_accounts(&self.path)? {
                let chosen = map.iter().find(|(there, _)| there.eq_ignore_ascii_case(&address));
                if !map.is_empty() && chosen.is_none() {
                    continue;
                }
                let here = chosen.and_then(|(_, here)| here.clone()).unwrap_or(address);
                let files = Files::open(&ctx, &home, Kind::Exported)?;
                let options = self.common.options();
                let mut report = import_files(&ctx, files, &here, &options).await?;
                let account = find_account(&ctx, &here).await?;
                bring_settings(&ctx, &account, &home, &options, &mut report).await?;
                reports.push(report);
            }
            if reports.is_empty() {
                return Err(Error::not_found(format!(
                    "{} holds no export of such an account",
                    self.path.display()
                )));
            }
            self.common.report(&reports)
        })
    }
}
