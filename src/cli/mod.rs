//! The command line: every step of the page for scripts, with the same functions behind it.
//!
//! Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 there is no such thing; 4 it is there already
//! or contradicts something; 5 not allowed; 6 try again later.

mod access;
mod account;
mod app;
mod backup;
mod calendar;
mod certificate;
mod collect;
mod deleted;
mod directory;
mod doctor;
mod domain;
mod erase;
mod export;
mod export_to;
mod health;
mod hook;
mod import;
mod import_graph;
mod output;
mod outside;
mod platform;
mod public;
mod queue;
mod report;
mod resource;
mod rollback;
mod serve;
mod server_url;
mod setup;
mod share;

use crate::base::{Error, Kind, Result, SystemClock};
use crate::daemon::{RunAs, become_user};
use crate::identity::Ctx;
use crate::store::{Options, Store};
use clap::{Args, Parser, Subcommand};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Parser)]
#[command(
    name = "hauspost",
    version,
    about = "Mail, calendars, contacts and tasks of a small office, on the office's own box",
    after_help = "Start with: hauspost serve --data DIR, and open the address that it prints.\n\
                  Every command takes --help. Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no such thing,\n\
                  4 exists already or contradicts something, 5 not allowed, 6 try again later."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What every command needs.
#[derive(Args, Clone, Debug)]
pub struct DataFolder {
    /// The folder that holds everything
    #[arg(long = "data", value_name = "DIR", env = "HAUSPOST_DATA")]
    folder: PathBuf,
}

/// For scripts that root runs.
#[derive(Args, Clone, Debug)]
pub struct WhoRuns {
    /// Become this user first, so that what is made belongs to whom the server runs as; for scripts that root runs
    #[arg(long, value_name = "USER|UID:GID", env = "HAUSPOST_RUN_AS")]
    run_as: Option<RunAs>,
}

impl WhoRuns {
    /// `data`: is made for that user when it is missing.
    fn assume(&self, data: &DataFolder) -> Result<()> {
        match &self.run_as {
            Some(user) => become_user(user, &data.folder),
            None => Ok(()),
        }
    }
}

#[derive(Args, Clone, Debug)]
pub struct Form {
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<serve::Serve>),
    /// Set the office up without the browser; may be repeated
    Setup(Box<setup::Setup>),
    /// People, shared mailboxes, rooms and equipment
    #[command(subcommand)]
    Account(account::Account),
    /// Who may use whose mailbox
    #[command(subcommand)]
    Access(access::Access),
    /// Who may do what with one calendar, address book or task list of somebody
    #[command(subcommand)]
    Share(share::Share),
    /// Calendars that anybody may read who knows their address
    #[command(subcommand)]
    Calendar(calendar::Calendar),
    /// Mail domains of this server
    #[command(subcommand)]
    Domain(domain::Domain),
    /// People who are kept by another system
    #[command(subcommand)]
    Directory(directory::Directory),
    /// Mailboxes at providers that mail is collected from
    #[command(subcommand)]
    Collect(collect::Collect),
    /// The certificate that the doors show, and getting one from a public authority
    #[command(subcommand)]
    Certificate(certificate::Certificate),
    /// Mail that waits to leave
    #[command(subcommand)]
    Queue(queue::Queue),
    /// Programs that may sign people in (app registrations)
    #[command(subcommand)]
    App(app::App),
    /// What somebody has deleted in the last thirty days, and getting it back
    #[command(subcommand)]
    Deleted(deleted::Deleted),
    /// Take everything away: Maildir or mbox, ICS and VCF, with a list of every item and its hash
    Export(export::Export),
    /// Take everything to another server directly: IMAP, CalDAV, CardDAV; as often as you like, nothing goes twice
    #[command(subcommand)]
    ExportTo(export_to::ExportTo),
    /// Bring everything here: from files, from an export, from another server; as often as you like, nothing comes twice
    #[command(subcommand)]
    Import(import::Import),
    /// Backups, encrypted, each night: where they go, what is in them
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Make a whole box again from a backup and the recovery key, in an empty folder
    Restore(backup::Restore),
    /// Reports of moving and erasing are signed: the key of this box, and whether a report is what it has signed
    #[command(subcommand)]
    Report(report::Report),
    /// Check every file, index and body; repair what can be computed again
    Doctor(doctor::Doctor),
    /// Go back to the copy that was made before an upgrade; what came since is put aside
    Rollback(rollback::Rollback),
    /// For the scripts of packages: what is to be done when they install, upgrade, start, stop
    Hook(hook::Hook),
    /// Check that this program can read the data, without changing anything
    Verify(doctor::Verify),
    /// Ask the server that runs here whether it can take mail
    Health(health::Health),
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(c) => c.run(),
        Command::Setup(c) => c.run(),
        Command::Account(c) => c.run(),
        Command::Access(c) => c.run(),
        Command::Share(c) => c.run(),
        Command::Calendar(c) => c.run(),
        Command::Domain(c) => c.run(),
        Command::Collect(c) => c.run(),
        Command::Certificate(c) => c.run(),
        Command::Deleted(c) => c.run(),
        Command::Directory(c) => c.run(),
        Command::Queue(c) => c.run(),
        Command::App(c) => c.run(),
        Command::Export(c) => c.run(),
        Command::ExportTo(c) => c.run(),
        Command::Import(c) => c.run(),
        Command::Backup(c) => c.run(),
        Command::Restore(c) => c.run(),
        Command::Report(c) => c.run(),
        Command::Doctor(c) => c.run(),
        Command::Verify(c) => c.run(),
        Command::Hook(c) => c.run(),
        Command::Health(c) => c.run(),
        Command::Rollback(c) => c.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("hauspost: {}", e.message());
            if let Some(cause) = e.cause() {
                eprintln!("  because: {cause}");
            }
            ExitCode::from(exit_code(e.kind()))
        }
    }
}

fn exit_code(kind: Kind) -> u8 {
    match kind {
        Kind::Invalid | Kind::TooLarge => 2,
        Kind::NotFound => 3,
        Kind::Exists | Kind::Conflict | Kind::TooOld => 4,
        Kind::Forbidden | Kind::NotAuthenticated => 5,
        Kind::Busy | Kind::OverQuota => 6,
        Kind::Unavailable | Kind::Internal => 1,
    }
}

/// Runs a command on the store, whether a server runs on it or not.
fn with_store<T, F>(data: &DataFolder, f: impl FnOnce(Ctx) -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    start_log("warn");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::internal("no runtime").caused_by(e))?;
    let store = Store::open(&data.folder, Options::default(), Arc::new(SystemClock))?;
    // Boxed: the runtime's loop is in the program once for each kind of answer, not once for each command.
    let command: std::pin::Pin<Box<dyn Future<Output = Result<T>> + '_>> = Box::pin(f(Ctx::system(&store)));
    runtime.block_on(command)
}

/// A password from standard input, without the line's end.
fn read_password() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\n', '\r']).to_owned();
    if password.is_empty() {
        return Err(Error::invalid(
            "--password-stdin was given, but nothing came on standard input",
        ));
    }
    Ok(password)
}

/// What is logged: HAUSPOST_LOG, a list like `hauspost::delivery=debug,info`, or the level `default` when it says nothing.
/// A list that cannot be read is said and not followed.
fn start_log(default: &str) {
    use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};
    let wanted = std::env::var("HAUSPOST_LOG").unwrap_or_default();
    let list = if wanted.trim().is_empty() {
        default
    } else {
        &wanted
    };
    let filter = list.parse::<Targets>().unwrap_or_else(|e| {
        eprintln!("hauspost: HAUSPOST_LOG is not followed, it cannot be read ({e}): {wanted}");
        default.parse().unwrap_or_default()
    });
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let kept = tracing_subscriber::fmt::layer()
        .with_writer(|| crate::base::log::Ring)
        .with_ansi(false)
        .with_target(false)
        .without_time();
    // A second call in one process changes nothing.
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(kept)
        .try_init();
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn every_option_is_named_once() {
        super::Cli::command().debug_assert();
    }
}
