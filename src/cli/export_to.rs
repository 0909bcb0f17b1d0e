//! `hauspost export-to ...`

use super::import::move_password;
use super::output::print_done;
use super::outside::Outside;
use super::report::Signed;
use super::server_url;
use super::{DataFolder, Form, with_store};
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::delivery::schedule::Schedule;
use crate::identity::accounts::find_account;
use crate::moving::dav::collections::Service;
use crate::moving::import::Report;
use crate::moving::outward::Options;
use crate::moving::outward::dav::send_objects;
use crate::moving::outward::imap::send_mail;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Subcommand)]
pub enum ExportTo {
    /// Mail
    Imap(To),
    /// Calendars and tasks
    Caldav(To),
    /// Contacts
    Carddav(To),
}

#[derive(Args)]
pub struct To {
    /// Server: imaps://user@host (imap://: STARTTLS), or https://user@host/path; an @ in the user is %40
    url: String,
    /// Whose mail, calendars or contacts
    #[arg(long, value_name = "ADDRESS")]
    account: String,
    /// Change nothing: say what would go, and how much
    #[arg(long)]
    dry_run: bool,
    /// Only this folder, calendar or address book, with what is below it; with =NAME it goes to that one there. May be repeated
    #[arg(long = "folder", value_name = "HERE[=THERE]")]
    only: Vec<String>,
    /// What has been deleted here since an earlier run is deleted there too
    #[arg(long)]
    follow_deletions: bool,
    /// Compare every item afterwards: bytes, flags, date
    #[arg(long, conflicts_with = "dry_run")]
    verify: bool,
    /// Read its password from standard input; without it, it is taken from HAUSPOST_MOVE_PASSWORD
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    signed: Signed,
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl ExportTo {
    pub fn run(self) -> Result<()> {
        match self {
            ExportTo::Imap(c) => c.run_imap(),
            ExportTo::Caldav(c) => c.run_dav(Service::Calendars),
            ExportTo::Carddav(c) => c.run_dav(Service::Contacts),
        }
    }
}

impl To {
    fn options(&self) -> Options {
        Options {
            is_dry_run: self.dry_run,
            folders: self.only.iter().map(|f| super::import::pair(f)).collect(),
            follow_deletions: self.follow_deletions,
            verify: self.verify,
        }
    }

    fn run_imap(self) -> Result<()> {
        let mut server = server_url::mailbox(&self.url)?;
        server.password = move_password(self.password_stdin)?;
        let outside = self.outside.options("localhost".into(), 0, Schedule::default())?;
        with_store(&self.data, async |ctx| {
            let account = find_account(&ctx, &self.account).await?;
            let room = PostRoom::new(ctx.store.clone(), outside);
            let report = send_mail(&ctx, &account, (&room, &server), &self.options()).await?;
            self.report(&report)
        })
    }

    fn run_dav(self, service: Service) -> Result<()> {
        let (url, user) = server_url::dav(&self.url)?;
        let password = move_password(self.password_stdin)?;
        let outside = self.outside.options("localhost".into(), 0, Schedule::default())?;
        with_store(&self.data, async |ctx| {
            let account = find_account(&ctx, &self.account).await?;
            let room = PostRoom::new(ctx.store.clone(), outside);
            let to = (&room, &url, user.as_str(), password.as_str());
            let report = send_objects(&ctx, &account, to, service, &self.options()).await?;
            self.report(&report)
        })
    }

    fn report(&self, report: &Report) -> Result<()> {
        self.signed.write(&self.data, "export-to", report)?;
        print_done(
            &self.form,
            &json!({ "exported": [report] }),
            &report.lines().join("\n"),
        )?;
        match report.is_whole() {
            true => Ok(()),
            false => Err(Error::unavailable(
                "not everything is there as it is here; the report names each item",
            )),
        }
    }
}
